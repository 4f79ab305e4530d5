/* unite_private.h: what the files that unite traces share.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_TRACE_UNITE_PRIVATE_H
#define TOOLS_LIB_TRACE_UNITE_PRIVATE_H

#include "tools/lib/trace/trace_names.h"
#include "tools/lib/trace/trace_private.h"
#include "tools/lib/trace/trace_unite.h"

/* One of the traces, and where what is in it comes to be. */
struct unite_part {
	struct trace *trace;
	uint64_t scale, delta; /* of its ticks */
	uint32_t first_process, first_step, first_thread, first_group;
	uint32_t *modules, *sites, *descs, *domains; /* new ids, by the old one's place */
	unsigned counters[PROF_MAX_COUNTERS];        /* by the place of a common counter: its place here */
};

struct unite {
	struct unite_part *parts;
	unsigned n;
	struct trace_file *file;
	struct diag *diag;
	struct arena arena;
	struct prof_file_header header;
	bool in_ticks;   /* else nanoseconds */
	char clock[512]; /* how they came onto one clock, and with which error */
	struct trace_names names;
	struct interner modules, sites, descs;
	unsigned n_counters;
	struct energy_meter *meters;
	unsigned n_meters, meter_capacity;
	uint64_t records, end_tick;
};

int unite_no_memory(struct unite *u);

/* A fact of one of a trace's processes, or of all of them; "" when not known. */
const char *unite_fact(const struct trace *t, uint32_t process, const char *key);

/* What tells the machine of a process from others. */
const char *unite_machine(const struct trace *t, uint32_t process);

/* A moment in ticks, or in nanoseconds, of a part, in ticks of the whole. */
uint64_t unite_tick(const struct unite *u, const struct unite_part *p, uint64_t tick);
uint64_t unite_ns(const struct unite *u, const struct unite_part *p, uint64_t ns);

/* unite_clock.c: find the clock that all parts have, fill u->header's clock and
 * each part's scale and delta; then the clock's records. */
int unite_clock_settle(struct unite *u);
int unite_clock_write(struct unite *u);

/* unite_names.c: write names, modules, call sites, descriptors. */
int unite_names_write(struct unite *u);

/* unite_energy.c: the meters, what was read of them, what facts tell of them. */
int unite_energy_write(struct unite *u);
void unite_energy_release(struct unite *u);

/* unite_meta.c: facts, counters, costs; then each process with what is its own. */
int unite_fact_write(struct unite *u, const char *key, const char *value);
int unite_common_write(struct unite *u);
int unite_processes_write(struct unite *u);

/* unite_ops.c: the operations. */
int unite_ops_write(struct unite *u);

#endif
