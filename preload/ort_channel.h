/* ort_channel.h: where the profile of a run comes out.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * ONNX Runtime profiles a run whose options say so into a file whose name begins
 * as they say. A channel is a set of run options with a folder of our own for its
 * files. The program's own options are told once, before their first run, since
 * several threads may use them at a time; for runs without options there are
 * options of ours, one set for each such run at a time.
 */
#ifndef PRELOAD_ORT_CHANNEL_H
#define PRELOAD_ORT_CHANNEL_H

#include <stdbool.h>

#include "preload/ort_api.h"
#include "preload/ort_profile.h"

struct ort_channel;

/* A channel for a run with these options (null: none), and in *used the options
 * to run with; null: this run is not profiled. */
struct ort_channel *ort_channel_take(void *const *api, const OrtRunOptions *options,
                                     const OrtRunOptions **used);
void ort_channel_give(struct ort_channel *c);

/* Whose a file is, where threads share options. */
enum ort_owner {
	ORT_MINE,   /* the calling thread's */
	ORT_OTHERS, /* another's, who will come for it */
	ORT_BROKEN, /* nobody's any more, or not written to its end */
};

/* `shared`: several threads have run with these options. */
typedef enum ort_owner ort_owner_fn(struct ort_text file, bool shared);

/* What a file held, in memory of ours. */
struct ort_file {
	struct ort_text text;
	size_t room;
};

/* The profile that the calling thread's run left, which is removed; false when
 * there is none. */
bool ort_channel_open(struct ort_channel *c, ort_owner_fn *owner, struct ort_file *file);
void ort_channel_close(struct ort_file file);

/* The program's options are gone. */
void ort_channel_forget(const OrtRunOptions *options);

/* The program profiles runs with these options itself (or no longer): they are
 * left alone. */
void ort_channel_leave(const OrtRunOptions *options, bool alone);

/* Remove our folders, at the end. */
void ort_channels_remove(void);

#endif
