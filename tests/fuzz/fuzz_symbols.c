/* fuzz_symbols.c: the symbols of an ELF file of any content.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <string.h>
#include <sys/mman.h>

#include "preload/symbols_file.h"
#include "tests/fuzz/fuzz.h"
