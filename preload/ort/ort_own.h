/* ort_own.h: sessions that the program profiles itself.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * ONNX Runtime does not profile a run of such a session once more, and complains
 * when told to. The entries of its table here keep count of them.
 */
#ifndef PRELOAD_ORT_ORT_OWN_H
#define PRELOAD_ORT_ORT_OWN_H

#include <stdbool.h>

#include "preload/ort/ort_api.h"

/* Put them into a copy of the table, once. */
void ort_own_take(void *const *real, void **copy);

bool ort_own_session(const OrtSession *session);

#endif
