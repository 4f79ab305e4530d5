/* checksum.h: XXH3, the checksum of the trace and the hash of the tables.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_TRACE_CHECKSUM_H
#define PROF_RUNTIME_TRACE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

uint64_t checksum_64(const void *data, size_t bytes);
void checksum_128(const void *data, size_t bytes, uint8_t out[16]);

#endif
