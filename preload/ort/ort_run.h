/* ort_run.h: one run of a session, recorded as a step and its nodes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The nodes' times are those of ONNX Runtime's own profiler: whole microseconds,
 * with some two of its own in each node. Its clock starts with the run.
 */
#ifndef PRELOAD_ORT_ORT_RUN_H
#define PRELOAD_ORT_ORT_RUN_H

#include "preload/ort/ort_channel.h"
#include "runtime/clock/clock.h"
#include "runtime/recorder.h"

/* What is to be run. */
struct ort_call {
	void *const *api; /* the real table */
	const OrtSession *session;
	const OrtRunOptions *options;
	const void *return_address;
};

/* What its inputs tell of a run. */
struct ort_inputs_told {
	uint32_t tokens, sequences;
	uint32_t past, total; /* of context: before these tokens; all of it */
};

struct ort_run {
	struct prof_thread *thread; /* null: nothing is recorded */
	struct ort_channel *channel;
	bool wanted;
	uint32_t step, site;
	struct clock_pair begin, end;
};

/* Before a run: its step begins, from what its inputs say. Returns the options
 * to run with. */
const OrtRunOptions *ort_run_begin(struct ort_run *run, const struct ort_call *call,
                                   const struct ort_inputs_told *told);
/* failed: the program is told so, and need not be told that there are no nodes. */
void ort_run_end(struct ort_run *run, bool failed);

/* The tokens are the first input of whole numbers and shape [batch, tokens], or
 * else one called ...embeds... of shape [batch, tokens, width]; the context is the
 * second dimension of one called ...mask... with such a shape, or the tokens
 * and the third dimension of the first called past... or cache.... What
 * these inputs don't tell stays as it is in *told. */
void ort_run_look(struct ort_inputs_told *told, void *const *api, const struct ort_inputs *inputs);

#endif
