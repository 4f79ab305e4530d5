/* disassembler.h: Capstone, loaded privately.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_ENTRY_DISASSEMBLER_H
#define PRELOAD_ENTRY_DISASSEMBLER_H

#include <capstone/capstone.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Load it for this kind of code, once; false with why when it can't be had. May
 * wait for the loader's lock. */
bool disassembler_start(cs_arch arch, cs_mode mode, char *why, size_t why_bytes);

/* The instruction in [code, code + n), as if it were at that address too; null
 * when it is not known. Valid until the next call. One thread at a time. */
const cs_insn *disassembler_read(const uint8_t *code, size_t n);

#endif
