/* ort_run.c: one run of a session, recorded as a step and its nodes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/ort_run.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/ort_describe.h"
#include "preload/ort_own.h"

enum { ENTRIES_LOG2 = 12, ENTRIES = 1 << ENTRIES_LOG2 };

/* A thread's memory of descriptors: what the profiler said of a node, in 128
 * bits, and where it was called from. */
struct entry {
	uint64_t key[2];
	uint32_t desc, known;
};

struct ort_thread {
	struct entry entry[ENTRIES];
};

/* ---- inputs ---- */

enum { ELEMENT_INT32 = 6, ELEMENT_INT64 = 7 }; /* ONNXTensorElementDataType */

static bool begins(const char *s, const char *with)
{
	return s && strncmp(s, with, strlen(with)) == 0;
}

void ort_run_look(struct prof_step_info *info, void *const *api, const struct ort_inputs *inputs)
{
	ort_type_and_shape_fn *look = (ort_type_and_shape_fn *)api[ORT_TYPE_AND_SHAPE];
	uint64_t past = 0, tokens;

	for (size_t i = 0; i < inputs->n; i++) {
		const int64_t *dims = NULL;
		size_t n_dims = 0;
		int type = 0;
		OrtStatus *status = inputs->values[i] ? look(inputs->values[i], &type, &dims, &n_dims) : NULL;

		if (status) {
			((ort_release_fn *)api[ORT_RELEASE_STATUS])(status);
			continue;
		}
		if (n_dims == 2 && dims && (type == ELEMENT_INT64 || type == ELEMENT_INT32)
		    && !info->tokens) {
			info->sequences = (uint32_t)dims[0];
			info->tokens = (uint32_t)(dims[0] * dims[1]);
		}
		if (n_dims == 4 && dims && !past
		    && (begins(inputs->names[i], "past") || begins(inputs->names[i], "cache")))
			past = (uint64_t)dims[2];
	}
	if (!info->tokens || !info->sequences)
		return;
	tokens = info->tokens / info->sequences;
	info->ctx_max = (uint32_t)(past + tokens);
	/* Each token sees the cache and those up to itself. Several sequences have a dimension of
	 * their own, by which readers would divide once more: theirs stays unknown. */
	if (past && info->sequences == 1)
		info->ctx_sum = tokens * info->ctx_max - tokens * (tokens - 1) / 2;
}

/* ---- nodes ---- */

static void mix(uint64_t key[2], const void *data, size_t bytes)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < bytes; i++) {
		key[0] = (key[0] ^ p[i]) * 0x100000001b3; /* FNV-1a, and once more with another prime */
		key[1] = (key[1] ^ p[i]) * 0x9e3779b97f4a7c15;
		key[1] ^= key[1] >> 29;
	}
}

static uint32_t describe(const struct ort_run *run, const struct ort_event *node)
{
	struct prof_desc_spec spec;

	ort_describe(&spec, node);
	spec.site = run->site;
	return prof_intern_desc(run->thread, &spec);
}

static uint32_t desc_of(const struct ort_run *run, struct ort_thread *memory, const struct ort_event *node)
{
	uint64_t key[2] = {0xcbf29ce484222325, 0x84222325cbf29ce4};
	uint64_t where = run->site | (uint64_t)prof_region_current(run->thread) << 32;
	struct entry *e;

	mix(key, node->name.p, node->name.n);
	mix(key, node->op.p, node->op.n);
	mix(key, node->inputs.p, node->inputs.n);
	mix(key, node->outputs.p, node->outputs.n);
	mix(key, &where, sizeof(where));
	e = &memory->entry[key[0] >> (64 - ENTRIES_LOG2)];
	if (!e->known || e->key[0] != key[0] || e->key[1] != key[1]) {
		e->known = 0;
		e->desc = describe(run, node);
		memcpy(e->key, key, sizeof(key));
		e->known = 1;
	}
	return e->desc;
}

/* One that another run cut off while it was written begins with a hole. */
static bool is_whole(struct ort_text file)
{
	return file.n && *file.p == '[' && !memchr(file.p, '\0', file.n);
}

/* Whether the calling thread ran the one run that a file is of. Two runs with the
 * same options that begin in the same millisecond write over each other: where
 * threads share options a node of another thread is the other run's. */
static enum ort_owner owner_of(struct ort_text file, bool shared)
{
	uint64_t self = (uint64_t)syscall(SYS_gettid);
	enum ort_owner owner = ORT_BROKEN;
	struct ort_event event;
	unsigned skipped = 0, runs = 0, strangers = 0;

	if (!is_whole(file))
		return ORT_BROKEN;
	while (ort_profile_next(&file, &event, &skipped)) {
		strangers += event.is_node && event.thread != self;
		if (event.is_node || !ort_text_is(event.name, "model_run"))
			continue;
		owner = event.thread == self ? ORT_MINE : ORT_OTHERS;
		runs++;
	}
	if (runs > 1 || (runs && skipped) || (owner == ORT_MINE && shared && strangers))
		return ORT_BROKEN;
	return owner;
}

static bool said_beside, said_skipped, said_none, said_own;

static void note_once(bool *said, const char *sentence)
{
	if (!__atomic_exchange_n(said, true, __ATOMIC_RELAXED))
		prof_note("%s", sentence);
}

/* Nodes that ran beside each other would look as if one were in the other: only
 * their durations are kept then. */
static void record(struct ort_run *run, struct ort_thread *memory, struct ort_text file)
{
	const struct clock_pair *begin = &run->begin, *end = &run->end;
	uint64_t took_ns = end->monotonic_ns - begin->monotonic_ns;
	double raw_per_us = took_ns ? 1e3 * (double)(end->raw - begin->raw) / (double)took_ns : 0;
	uint64_t last_us = 0;
	struct ort_event event;
	unsigned skipped = 0, beside = 0;

	while (ort_profile_next(&file, &event, &skipped)) {
		uint64_t from_us = event.start_us > last_us ? event.start_us : last_us;

		if (!event.is_node || !event.op.n)
			continue;
		beside += event.start_us < last_us;
		last_us = from_us + event.time_us;
		prof_record(run->thread, desc_of(run, memory, &event),
		            begin->raw + (uint64_t)((double)from_us * raw_per_us),
		            begin->raw + (uint64_t)((double)last_us * raw_per_us));
	}
	if (beside)
		note_once(&said_beside,
		          "ONNX Runtime ran nodes beside each other: they are recorded one after the other, "
		          "with their own durations");
	if (skipped)
		note_once(
		        &said_skipped,
		        "events of ONNX Runtime's profiler could not be read: their nodes are not recorded");
}

/* ---- runs ---- */

const OrtRunOptions *ort_run_begin(struct ort_run *run, const struct ort_call *call,
                                   const struct prof_step_info *info)
{
	const OrtRunOptions *used = call->options;

	run->thread = prof_thread_get();
	run->channel = NULL;
	if (!run->thread)
		return used;
	run->site = prof_call_site(run->thread, call->return_address, __builtin_frame_address(0));
	run->step = prof_step_begin(run->thread, info);
	if (ort_own_session(call->session))
		note_once(
		        &said_own,
		        "the program profiles a session of ONNX Runtime itself: its nodes are not recorded");
	else if (run->step != PROF_STEP_UNRECORDED && prof_wanted(run->thread))
		run->channel = ort_channel_take(call->api, call->options, &used);
	run->begin = clock_pair_read();
	return used;
}

void ort_run_end(struct ort_run *run)
{
	struct ort_thread *memory;
	struct ort_file file;

	if (!run->thread || run->thread != prof_thread_current)
		return; /* recording has stopped */
	run->end = clock_pair_read();
	prof_step_end(run->thread, run->step);
	if (!run->channel)
		return;
	memory = prof_thread_slot(run->thread, PROF_SLOT_ORT, sizeof(*memory));
	if (ort_channel_open(run->channel, owner_of, &file)) {
		/* The step has ended, so that reading this is no part of it. */
		prof_group_enter(run->thread, prof_group_new(), 0, 1, run->step);
		if (memory)
			record(run, memory, file.text);
		prof_group_leave(run->thread);
		ort_channel_close(file);
	} else {
		note_once(&said_none, "a run of ONNX Runtime left no profile of its own, as when two with "
		                      "the same options begin in "
		                      "the same millisecond: its nodes are not recorded");
	}
	ort_channel_give(run->channel);
}
