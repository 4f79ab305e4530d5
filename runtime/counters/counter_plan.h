/* counter_plan.h: which counters are asked for, with groups looked up.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * PROFSHIM_COUNTERS names events as PAPI does and groups, mixed. A group is a
 * file of arch/counters (docs/counters.md): events with their alternatives, and
 * metrics, which are formulas over them. It is looked for in the folder of this
 * CPU's family, then in generic/, then in software/.
 */
#ifndef PROF_RUNTIME_COUNTERS_COUNTER_PLAN_H
#define PROF_RUNTIME_COUNTERS_COUNTER_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#define PLAN_EVENTS        48u /* more than can be counted at once: the rest is told as missing */
#define PLAN_METRICS       64u
#define PLAN_ALTERNATIVES  256u /* bytes of an event's names, with | between */
#define PLAN_FORMULA_BYTES 1024u
#define PLAN_NAME_BYTES    128u

struct plan_event {
	char names[PLAN_ALTERNATIVES];
	bool is_plain; /* a name of the user's that no group has */
};

struct plan_metric {
	char group[32], name[48], unit[48];
	char formula[PLAN_FORMULA_BYTES];
};

struct counter_plan {
	char family[32];  /* of the CPU; "generic" when no line of `families` fits */
	char groups[128]; /* found, with commas between */
	unsigned n_events, n_metrics;
	struct plan_event events[PLAN_EVENTS];
	struct plan_metric metrics[PLAN_METRICS];
	char text[65536]; /* of the file being read */
};

/* Where the data lie, and what the CPU says of itself. */
struct counter_places {
	char folder[1024]; /* with `families` and a folder a family; "" when there is none */
	const char *cpuinfo;
};

/* The places of this machine: the folder is found from the shim's own path. */
void counter_places_find(struct counter_places *places);

/* Fill a zeroed plan from a list such as "FLOPS,MEM,perf::PAGE-FAULTS".
 * What is wrong in a file goes to `complain`, a sentence with file and line
 * each; the rest of the file still counts. */
void counter_plan_make(struct counter_plan *plan, const char *list, const struct counter_places *places,
                       void (*complain)(const char *sentence));

/* The i-th alternative of an event, from 0; false when there is none. */
bool plan_alternative(const struct plan_event *event, unsigned i, char name[PLAN_NAME_BYTES]);

/* A metric's formula with the events as they were taken: taken(i) is the name
 * taken for the plan's i-th event, null when it is missing. False when the formula
 * needs a missing one, or does not fit. */
bool plan_formula(const struct counter_plan *plan, const struct plan_metric *metric,
                  const char *(*taken)(unsigned event), char *out, size_t bytes);

#endif
