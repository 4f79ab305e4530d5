/* ort_profile.h: what ONNX Runtime's profiler writes of a run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A file is a JSON array, an event a line, ordered by end. Names in it are
 * written as they are, without escapes, so an event that cannot be read is left
 * out and reading goes on at the next line. Nothing is copied or allocated.
 */
#ifndef PRELOAD_ORT_ORT_PROFILE_H
#define PRELOAD_ORT_ORT_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORT_DIMS 6 /* more are folded into the first */

/* A piece of the file. */
struct ort_text {
	const char *p;
	size_t n;
};

struct ort_event {
	bool is_node;
	struct ort_text name;            /* of a node: with the profiler's ending taken off */
	struct ort_text op;              /* operator type of a node */
	struct ort_text inputs, outputs; /* lists of types and shapes, for ort_profile_tensor() */
	uint64_t start_us, time_us;      /* since the profiler's start; whole microseconds */
	uint64_t weight_bytes;           /* of constant inputs that the node still reads */
	uint64_t thread;                 /* the system's number */
};

/* A tensor as the profiler tells it. dtype: enum prof_dtype, PROF_DTYPE_UNKNOWN for
 * strings and what is new. */
struct ort_tensor {
	uint8_t dtype, n_dims;
	uint64_t dims[ORT_DIMS];
};

/* The next event of *rest, which moves on; false at the end. *skipped counts
 * what could not be read. */
bool ort_profile_next(struct ort_text *rest, struct ort_event *event, unsigned *skipped);

/* The next tensor of a list, which moves on; false at its end. */
bool ort_profile_tensor(struct ort_text *list, struct ort_tensor *tensor);

static inline bool ort_text_is(struct ort_text t, const char *s)
{
	size_t i = 0;

	while (i < t.n && s[i] && t.p[i] == s[i])
		i++;
	return i == t.n && !s[i];
}

#endif
