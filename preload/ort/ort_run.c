/* ort_run.c: one run of a session, recorded as a step and its nodes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/ort/ort_run.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/ort/ort_describe.h"
#include "preload/ort/ort_own.h"

enum { ENTRIES_LOG2 = 12, ENTRIES = 1 << ENTRIES_LOG2 };

/* A thread's memory of descriptors: what the profiler said of a node, in 128
 * bits, and where it was called from. */
struct entry {
	uint64_t key[2];
	uint32_t desc, known;
};

struct ort_thread {
	struct entry entry[ENTRIES];
	struct ort_buffer buffer;
};

/* ---- inputs ---- */

enum { ELEMENT_INT32 = 6, ELEMENT_INT64 = 7 }; /* ONNXTensorElementDataType */

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static void look_at(struct ort_inputs_told *told, const char *name, int type, const int64_t *dims, size_t n)
{
	bool whole = type == ELEMENT_INT64 || type == ELEMENT_INT32;

	if (n == 2 && whole && strstr(name, "mask")) {
		told->total = (uint32_t)dims[1];
	} else if (!told->tokens && ((n == 2 && whole) || (n == 3 && strstr(name, "embeds")))) {
		told->sequences = (uint32_t)dims[0];
		told->tokens = (uint32_t)(dims[0] * dims[1]);
	} else if (n == 4 && !told->past && (begins(name, "past") || begins(name, "cache"))) {
		told->past = (uint32_t)dims[2];
	}
}

void ort_run_look(struct ort_inputs_told *told, void *const *api, const struct ort_inputs *inputs)
{
	ort_type_and_shape_fn *look = (ort_type_and_shape_fn *)api[ORT_TYPE_AND_SHAPE];

	for (size_t i = 0; i < inputs->n; i++) {
		const int64_t *dims = NULL;
		size_t n = 0;
		int type = 0;
		OrtStatus *status = inputs->values[i] ? look(inputs->values[i], &type, &dims, &n) : NULL;

		if (status)
			((ort_release_fn *)api[ORT_RELEASE_STATUS])(status);
		else if (dims && inputs->names[i])
			look_at(told, inputs->names[i], type, dims, n);
	}
}

static struct prof_step_info step_of(const struct ort_inputs_told *told)
{
	struct prof_step_info info = {.tokens = told->tokens, .sequences = told->sequences};
	uint32_t each = told->sequences ? told->tokens / told->sequences : 0;

	if (each)
		info.ctx_max = told->total >= each ? told->total : told->past + each;
	/* Each token sees the cache and those of its sequence up to itself. */
	if (info.ctx_max > each)
		info.ctx_sum =
		        told->sequences * ((uint64_t)each * info.ctx_max - (uint64_t)each * (each - 1) / 2);
	return info;
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
 * same options that begin in the same millisecond write over each other: a node
 * of another thread is the other run's. */
static enum ort_owner owner_of(struct ort_text file)
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
	if (runs > 1 || (runs && skipped) || (owner == ORT_MINE && strangers))
		return ORT_BROKEN;
	return owner;
}

static bool said_beside, said_skipped, said_none, said_own, said_cost;

static void note_once(bool *said, const char *sentence)
{
	if (!__atomic_exchange_n(said, true, __ATOMIC_RELAXED))
		prof_note("%s", sentence);
}

/* Where a run's nodes are put. */
struct placing {
	uint64_t thread;  /* of all nodes so far */
	bool beside;      /* on several: they ran beside each other */
	uint64_t last_us; /* end of what was placed */
};

static bool holds_others(struct ort_text op)
{
	return ort_text_is(op, "If") || ort_text_is(op, "Loop") || ort_text_is(op, "Scan");
}

/* Events come in the order of their ends. On one thread a node that began before
 * the last one ended holds it (a loop, a branch): it gets the time behind that one,
 * so that what it holds is counted as what it is. Nodes that ran beside each
 * other go one behind the other, with their own durations. */
static uint64_t place(struct placing *p, const struct ort_event *node)
{
	uint64_t from_us = node->start_us > p->last_us ? node->start_us : p->last_us;
	uint64_t end_us = node->start_us + node->time_us;

	p->beside |= p->thread && p->thread != node->thread;
	p->thread = node->thread;
	if (p->beside)
		end_us = from_us + (holds_others(node->op) ? 0 : node->time_us);
	p->last_us = end_us > from_us ? end_us : from_us;
	return from_us;
}

/* Returns the raw clock when the run itself ended: what came then was the profile. */
static uint64_t record(struct ort_run *run, struct ort_thread *memory, struct ort_text file)
{
	const struct clock_pair *begin = &run->begin, *end = &run->end;
	uint64_t took_ns = end->monotonic_ns - begin->monotonic_ns, from_us, run_us = took_ns / 1000;
	double raw_per_us = took_ns ? 1e3 * (double)(end->raw - begin->raw) / (double)took_ns : 0;
	struct placing placing = {0};
	struct ort_event event;
	unsigned skipped = 0;

	while (ort_profile_next(&file, &event, &skipped)) {
		if (!event.is_node && ort_text_is(event.name, "model_run"))
			run_us = event.start_us + event.time_us;
		if (!event.is_node || !event.op.n)
			continue;
		from_us = place(&placing, &event);
		prof_record(run->thread, desc_of(run, memory, &event),
		            begin->raw + (uint64_t)((double)from_us * raw_per_us),
		            begin->raw + (uint64_t)((double)placing.last_us * raw_per_us));
	}
	if (placing.beside)
		note_once(&said_beside,
		          "ONNX Runtime ran nodes beside each other: they are recorded one after the other, "
		          "with their own durations");
	if (skipped)
		note_once(
		        &said_skipped,
		        "events of ONNX Runtime's profiler could not be read: their nodes are not recorded");
	run_us = run_us > placing.last_us ? run_us : placing.last_us;
	return run_us < took_ns / 1000 ? begin->raw + (uint64_t)((double)run_us * raw_per_us) : end->raw;
}

/* ---- runs ---- */

const OrtRunOptions *ort_run_begin(struct ort_run *run, const struct ort_call *call,
                                   const struct ort_inputs_told *told)
{
	const OrtRunOptions *used = call->options;
	bool own = ort_own_session(call->session);

	run->thread = prof_thread_get();
	run->wanted = false;
	if (run->thread) {
		struct prof_step_info info = step_of(told);

		run->site = prof_call_site(run->thread, call->return_address, __builtin_frame_address(0));
		run->step = prof_step_begin(run->thread, &info);
		run->wanted = !own && run->step != PROF_STEP_UNRECORDED && prof_wanted(run->thread);
	}
	if (own)
		note_once(
		        &said_own,
		        "the program profiles a session of ONNX Runtime itself: its nodes are not recorded");
	run->channel = ort_channel_take(call->api, call->options, run->wanted, &used);
	if (run->wanted && run->channel)
		note_once(&said_cost,
		          "ONNX Runtime's own profiler takes some microseconds of each node, which "
		          "are not in what recording cost");
	run->begin = clock_pair_read();
	return used;
}

/* Read and record what the run left; returns when it ended. */
static uint64_t collect(struct ort_run *run, bool failed)
{
	struct ort_thread *memory = prof_thread_slot(run->thread, PROF_SLOT_ORT, sizeof(*memory));
	uint64_t ended = run->end.raw;
	struct ort_text text;

	if (!memory)
		return ended;
	if (!ort_channel_read(run->channel, owner_of, &memory->buffer, &text)) {
		if (run->wanted && !failed)
			note_once(
			        &said_none,
			        "a run of ONNX Runtime left no profile of its own, as when two with the same "
			        "options begin in the same millisecond: its nodes are not recorded");
		return ended;
	}
	if (run->wanted) {
		prof_group_enter(run->thread, prof_group_new(), 0, 1, run->step);
		ended = record(run, memory, text);
		prof_group_leave(run->thread);
	}
	return ended;
}

void ort_run_end(struct ort_run *run, bool failed)
{
	/* Otherwise recording has stopped meanwhile. */
	if (run->thread && run->thread == prof_thread_current) {
		run->end = clock_pair_read();
		prof_step_end_at(run->thread, run->step, run->channel ? collect(run, failed) : run->end.raw);
	}
	if (run->channel)
		ort_channel_give(run->channel);
}
