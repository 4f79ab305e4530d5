/* trace_size.h: what a trace's bytes are for, and what a longer one would weigh.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A trace has a part that comes once (names, shapes, the host), a part for
 * each step (operations, the step's own records, now and then new shapes) and
 * a part that goes with time (clock and energy readings). In a short trace
 * each is measured: the steady step is the mean of the later half of the
 * decode steps, or, where there are no steps, the mean operation of the later
 * half. The file grows by chunks of 64 KiB, of which each thread has one open.
 */
#ifndef TOOLS_LIB_TRACE_TRACE_SIZE_H
#define TOOLS_LIB_TRACE_TRACE_SIZE_H

#include "tools/lib/trace/trace.h"

/* Of a short trace, measured. Bytes are of records, without chunk headers and
 * without what a chunk leaves unused. */
struct trace_size {
	bool has_steps;           /* "step" is a decode step; else it is one operation */
	unsigned n_steady;        /* steps (operations) that the mean is of */
	double once_bytes;        /* names and all else that comes once */
	double before_bytes;      /* operations and steps before the first decode step */
	double before_s;          /* how long these took */
	double before_steps;      /* steps among them */
	double before_operations; /* operations among them */
	double before_tokens;     /* tokens of the prompt */
	double step_bytes;        /* operations' bytes of a step, all threads */
	double lighter,
	        heavier;        /* the mean of the lighter and the heavier half of the steps, to step_bytes */
	double step_head_bytes; /* the step's own records */
	double step_name_bytes; /* new names and shapes a step */
	double step_records;    /* operation records (slices) a step */
	double step_operations;
	double step_tokens;
	double step_s;
	double relearn_bytes;    /* more that the first step of a chunk takes: its predictions start anew */
	double timed_bytes_s;    /* clock and energy readings a second */
	double counter_bytes;    /* of step_bytes: what counters take */
	unsigned n_counters;     /* of a counted operation */
	double counted_fraction; /* of operations */
	unsigned n_threads;      /* that write operations in a steady step */
};

/* -1 and d when the trace can't tell: an op list, one whose start was given
 * up, or too short. */
int trace_size_measure(struct trace *t, struct trace_size *s, struct diag *d);

/* A run to be predicted: so many steps, `before` included. */
struct trace_size_run {
	double steps, operations, tokens, seconds;
	double bytes;       /* of the file */
	double step_bytes;  /* of the file, that a step makes it grow by on the average */
	double limit_bytes; /* PROFSHIM_MAX_SIZE, or 0 */
	double kept_steps, kept_s;
	double kept_least, kept_most; /* steps: how full chunks are at the end is chance */
};

/* How long a run of `steps` is, in everything else. */
void trace_size_run_of(const struct trace_size *s, double steps, struct trace_size_run *run);

/* The size of the file of that run, and what would be kept of it under
 * run->limit_bytes. */
void trace_size_predict(const struct trace_size *s, struct trace_size_run *run);

#endif
