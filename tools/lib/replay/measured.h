/* measured.h: what the recorded run itself took: time, tokens, energy.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_REPLAY_MEASURED_H
#define TOOLS_LIB_REPLAY_MEASURED_H

#include "tools/lib/arch/host.h"
#include "tools/lib/trace/trace.h"

#define MEASURED_PHASES 3u /* indexed by enum prof_phase */

struct measured_phase {
	uint64_t operations;
	uint64_t timed;        /* of those, with a time */
	double ops_ns;         /* times of operations, added up */
	double busy_ns;        /* the same over all threads */
	double between_ns;     /* times of the operations between steps, part of ops_ns */
	double wall_ns;        /* of the steps, from begin to end, and between them; 0: no steps with both */
	double tokens;         /* that went through the network; 0: unknown */
	double energy_j;       /* NaN: unknown */
	double energy_error_j; /* of measured energy, at most, from the sampling (energy.h) */
	double idle_j;         /* part of energy_j that the idle machine would have used; NaN: unknown */
};

struct measured {
	struct measured_phase phase[MEASURED_PHASES];
	bool energy_is_measured; /* by a meter; else assumed from the host profile */
	uint64_t steps;          /* with operations */
	double last_layers;      /* executions of the last layer */

	/* state of the pass over the operations */
	const struct trace *trace;
	double batch; /* sequences that shapes do not show; 1: none */
	int32_t step;
	bool want_tokens, begun;
	uint64_t first_ns, last_ns; /* from where the first operation began to the end of the last */
	double rows[MEASURED_PHASES];
	struct measured_sum {
		uint64_t ops_ns, busy_ns, between_ns;
	} sum[MEASURED_PHASES];
	uint8_t *kinds;       /* [descriptors], what the pass must know of each */
	double *recording_ns; /* by phase: taken off the steps' walls, the caller's; may be null */
	uint8_t *seen;        /* [steps of the trace], zeros at first, the caller's; may be null */
	double *desc_ns;      /* [descriptor * MEASURED_PHASES + phase], the caller's; may be null */
};

/* last_layer null: OP_LAST_LAYER. batch_size 0: as shapes say. 0, or -1 without memory. */
int measured_begin(struct measured *m, const struct trace *t, const char *last_layer, int64_t batch_size);
void measured_events(struct measured *m, const struct op_event *ev, unsigned n);

/* After the last operation. Energy comes from the trace's meters, else from
 * the host profile (null: unknown). */
void measured_end(struct measured *m, const struct host *h);
void measured_release(struct measured *m);

/* Time of a phase: of its steps and the operations between them, else of its operations. */
double measured_time_ns(const struct measured_phase *p);

/* All phases together. */
struct measured_phase measured_total(const struct measured *m);

/* Mean power of the run in watts; NaN: unknown. */
double measured_power_w(const struct measured *m);

/* Hardware threads that the recorded host showed; 1 when the trace does not say. */
double measured_visible_threads(const struct trace *t);

#endif
