/* replay_report.h: what profreplay prints.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Every figure goes out with where it is from: measured, modelled or assumed.
 */
#ifndef TOOLS_LIB_REPLAY_REPLAY_REPORT_H
#define TOOLS_LIB_REPLAY_REPLAY_REPORT_H

#include <stdio.h>

#include "tools/lib/support/json_out.h"
#include "tools/lib/replay/measured.h"
#include "tools/lib/replay/replay.h"
#include "tools/lib/replay/replay_counters.h"

/* A replay that was not made, because the run does not fit. */
struct report_refusal {
	const char *name;
	char text[512];
};

struct report {
	const struct trace *trace;
	const struct measured *measured;
	const struct host *host; /* null: no profile was needed */
	struct replay *const *replays;
	unsigned n_replays;
	const struct replay_options *options;
	const double *desc_ns;                  /* measured times per descriptor and phase; for groups */
	const struct replay_counters *counters; /* of the recorded run */
	const struct report_refusal *refusals;
	unsigned n_refusals;
	int colour;
};

/* One phase as reports show it, of the CPU or of a device. Times in ns,
 * energies in pJ; NaN: unknown. */
struct report_figures {
	double time_ns, energy_pj, power_w, tokens, tokens_per_s;
	double energy_error_pj; /* of measured energy, at most, from the sampling; NaN: does not apply */
	double idle_pj;         /* part of it that the idle machine would have used; NaN: unknown */
	/* The interval that the ranges of the profile's numbers give; NaN: no ranges. */
	double low_ns, high_ns, low_pj, high_pj;
	const char *time_from, *energy_from; /* "measured", "modelled", "assumed" */
};

struct report_figures report_of_measured(const struct report *r, const struct measured_phase *p);
struct report_figures report_of_replay(const struct report *r, const struct replay *replay,
                                       const struct cost *c, double tokens);

/* "prefill", "decode", "unknown". */
const char *report_phase_name(enum prof_phase phase);

/* "float16", or "trace" where no data type was chosen; "pim-ai", "roofline". */
const char *report_dtype(const struct report *r);
const char *report_model(const struct report *r);

/* Devices of each profile that share the run (--tensor, --pipeline, --expert). */
double report_devices(const struct report *r);

/* What limits most of the time. */
enum cost_limit report_limit(const struct replay_totals *t);

/* Tokens of a phase, from the measured side. */
double report_tokens(const struct report *r, int phase); /* -1: all */

/* Things the reader must know: what the rules don't price, what doesn't fit,
 * what had no time. Calls `say` for each sentence. */
void report_notes(const struct report *r, void (*say)(void *arg, const char *text), void *arg);

/* ---- a log: operation by operation, in a second pass over the trace ---- */
struct report_log {
	const struct report *report;
	FILE *out;
	uint64_t index;
	struct json_out *json; /* null: text or CSV */
	bool csv;
};
void report_log_header(const struct report_log *l);
void report_log_event(struct report_log *l, const struct replay *r, const struct op_event *ev,
                      const struct replay_price *price);

/* How the price of an operation came about: its shapes, its work, its parts. */
void report_explain(const struct replay *r, const struct op_event *ev, const struct replay_price *price,
                    FILE *out);

/* ---- groups: layers, functions, contexts ---- */
enum report_by { REPORT_BY_LAYER, REPORT_BY_FUNCTION, REPORT_BY_CONTEXT };
struct report_group {
	char name[64];
	int order; /* layer number; for sorting */
	enum prof_phase phase;
	double operations;
	double cpu_ns;                 /* measured; NaN: no times */
	double *device_ns, *device_pj; /* per replay */
};
struct report_groups {
	struct report_group *groups;
	unsigned n;
	double *cells; /* what the groups point into */
};

/* 0, or -1 without memory. Layers in order, everything else with what takes
 * longest first (on the first device). */
int report_groups_make(const struct report *r, enum report_by by, struct report_groups *g);
void report_groups_release(struct report_groups *g);
void report_groups_text(const struct report *r, enum report_by by, const struct report_groups *g, FILE *out);
void report_groups_csv(const struct report *r, enum report_by by, const struct report_groups *g, FILE *out);
void report_groups_json(const struct report *r, enum report_by by, const struct report_groups *g,
                        struct json_out *j);

/* Which part of the steps' wall time the recorded operations explain; NaN:
 * not known. */
double report_explained(const struct report *r);

/* ---- formats ---- */
void report_text(const struct report *r, FILE *out);
void report_csv(const struct report *r, FILE *out);

/* time_ns, performance_ns, energy_pj, transfer_bytes into the object in progress. */
void report_json_price(struct json_out *j, const struct cost *c);

/* Everything but the log and the closing bracket, so that the log can follow. */
void report_json(const struct report *r, struct json_out *j);

#endif
