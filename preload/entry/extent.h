/* extent.h: where a function ends that has no symbol.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_ENTRY_EXTENT_H
#define PRELOAD_ENTRY_EXTENT_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the function that begins at an address, from the tables by which
 * exceptions find their way (.eh_frame_hdr, which stripping leaves alone); 0
 * when no function begins there or the tables don't say. Allocates nothing. */
size_t extent_of(uintptr_t function);

#endif
