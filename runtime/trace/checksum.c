/* checksum.c: XXH3, the checksum of the trace and the hash of the tables.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The header is included whole, so that the shim needs no library for it and
 * exports none of its names.
 */
#include "runtime/trace/checksum.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t checksum_64(const void *data, size_t bytes)
{
	return XXH3_64bits(data, bytes);
}

void checksum_128(const void *data, size_t bytes, uint8_t out[16])
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, bytes));
	memcpy(out, canonical.digest, sizeof(canonical.digest));
}
