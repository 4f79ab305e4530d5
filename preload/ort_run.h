/* ort_run.h: one run of a session, recorded as a step and its nodes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The nodes' times are those of ONNX Runtime's own profiler: whole microseconds,
 * with some two of its own in each node. Its clock starts with the run.
 */
#ifndef PRELOAD_ORT_RUN_H
#define PRELOAD_ORT_RUN_H

#include "preload/ort_channel.h"
#include "runtime/clock.h"
#include "runtime/recorder.h"

/* What is to be run. */
struct ort_call {
	void *const *api; /* the real table */
	const OrtSession *session;
	const OrtRunOptions *options;
	const void *return_address;
};

struct ort_run {
	struct prof_thread *thread; /* null: nothing is recorded */
	struct ort_channel *channel;
	uint32_t step, site;
	struct clock_pair begin, end;
};

/* Before a run: its step begins, from what its inputs say. Returns the options
 * to run with. */
const OrtRunOptions *ort_run_begin(struct ort_run *run, const struct ort_call *call,
                                   const struct prof_step_info *info);
void ort_run_end(struct ort_run *run);

/* Tokens and context that a run's inputs tell: whole numbers of shape [batch,
 * tokens] are the tokens (the first such input), and the third dimension of the first input
 * called past... or cache... is the context before them. */
void ort_run_look(struct prof_step_info *info, void *const *api, const struct ort_inputs *inputs);

#endif
