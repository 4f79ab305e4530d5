/* ort_channel.h: where the profile of a run comes out.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * ONNX Runtime profiles a run whose options say so into a file whose name begins
 * as they say. A channel is a set of run options with a folder of our own for its
 * files. The program's own options are told once, before their first run, since
 * several threads may use them at a time; for runs without options there are
 * options of ours, one set for each such run at a time.
 */
#ifndef PRELOAD_ORT_ORT_CHANNEL_H
#define PRELOAD_ORT_ORT_CHANNEL_H

#include <stdbool.h>

#include "preload/ort/ort_api.h"
#include "preload/ort/ort_profile.h"

struct ort_channel;

/* A channel for a run with these options (null: none), and in *used the options
 * to run with; null: this run is not profiled. wanted: it is to be recorded; the
 * program's options are told to profile no longer when it is not, but a run may
 * be profiled all the same while others with the same options are. */
struct ort_channel *ort_channel_take(void *const *api, const OrtRunOptions *options, bool wanted,
                                     const OrtRunOptions **used);
void ort_channel_give(struct ort_channel *c);

/* Whose a file is, where threads share options. */
enum ort_owner {
	ORT_MINE,   /* the calling thread's */
	ORT_OTHERS, /* another's, who will come for it */
	ORT_BROKEN, /* nobody's any more, or not written to its end */
};

/* Asked of options that several threads have run with. */
typedef enum ort_owner ort_owner_fn(struct ort_text file);

/* A thread's memory for what a file holds; kept for the next one. */
struct ort_buffer {
	char *p;
	size_t room;
};

/* The profile that the calling thread's run left, which is removed; false when
 * there is none. */
bool ort_channel_read(const struct ort_channel *c, ort_owner_fn *owner, struct ort_buffer *buffer,
                      struct ort_text *text);

/* The program's options are gone. */
void ort_channel_forget(const OrtRunOptions *options);

/* The program profiles runs with these options itself (or no longer): they are
 * left alone. */
void ort_channel_leave(const OrtRunOptions *options, bool alone);

/* Remove our folders, at the end; those of runs in progress stay. */
void ort_channels_remove(void);

#endif
