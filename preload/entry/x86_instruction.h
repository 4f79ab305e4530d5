/* x86_instruction.h: what moving code needs to know of an x86-64 instruction.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_ENTRY_X86_INSTRUCTION_H
#define PRELOAD_ENTRY_X86_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum x86_kind {
	X86_PLAIN,         /* may stand anywhere as it is */
	X86_PADDING,       /* does nothing: NOPs of all lengths */
	X86_RIP,           /* has an operand relative to the instruction pointer */
	X86_JUMP,          /* to target, always */
	X86_JUMP_IF,       /* to target, by the flags */
	X86_LOOP,          /* to target, by rcx: loop, loope, loopne, jrcxz */
	X86_BEGIN,         /* xbegin: to target when the transaction fails */
	X86_CALL,          /* of target */
	X86_JUMP_INDIRECT, /* perhaps with an operand relative to the instruction pointer */
	X86_CALL_INDIRECT, /* likewise */
	X86_RETURN,
	X86_TRAP, /* int3, in the place of which something else may stand */
	X86_FAR,  /* far jumps and calls, and others of which no compiler makes use */
};

struct x86_instruction {
	enum x86_kind kind;
	uint8_t length;
	uint8_t opcode_at; /* offset of the first opcode byte, behind the prefixes */
	uint8_t modrm_at;  /* offset of ModRM, 0: none */
	bool is_rip;       /* its memory operand is relative to rip, disp32 behind ModRM */
	uintptr_t target;  /* of a direct branch, or the address that rip makes */
};

/* Load Capstone; false with why when it can't be had. */
bool x86_instruction_start(char *why, size_t why_bytes);

/* The instruction at code, of which n bytes may be read; false when it is not
 * known. One thread at a time. */
bool x86_instruction_read(const uint8_t *code, size_t n, struct x86_instruction *insn);

#endif
