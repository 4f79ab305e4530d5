/* fuzz.h: what a fuzz target defines and may use.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A target is one file with LLVMFuzzerTestOneInput, so that it links with
 * libFuzzer as well as with driver.c, which the tests use.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Feed one input to the parser under test. It must neither crash nor leak. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* A path under which the bytes can be opened, valid until the next call; for
 * parsers that want a file. Null without memory. */
const char *fuzz_file(const uint8_t *data, size_t bytes);

#endif
