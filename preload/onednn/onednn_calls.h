/* onednn_calls.h: from oneDNN calls to operations.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What a call is, is kept in a table of the thread's own: a primitive by its
 * address, as long as nobody destroyed one there; a product by its sizes.
 */
#ifndef PRELOAD_ONEDNN_ONEDNN_CALLS_H
#define PRELOAD_ONEDNN_ONEDNN_CALLS_H

#include "preload/thunk/thunk.h"

/* struct hook's detail[], for this family. */
enum { ONEDNN_DETAIL_A, ONEDNN_DETAIL_B, ONEDNN_DETAIL_C };

/* For struct hook_family. */
void *onednn_enter_primitive(struct hook_call *call);
void *onednn_enter_gemm(struct hook_call *call);
void *onednn_enter_quantized(struct hook_call *call);
void onednn_exit(struct hook_call *call);
void *onednn_enter_destroy(struct hook_call *call);
void onednn_exit_destroy(struct hook_call *call);

/* Begin to record. */
void onednn_calls_start(void);

#endif
