/* thunk_entry.h: for a family's assembly file: one entry for each of its hooks.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 *	#include "preload/thunk_entry.h"
 *	HOOKS_BEGIN blas_hooks
 *	HOOK_ENTRY sgemm_, blas_hooks
 *	...
 *	HOOKS_END
 *
 * in the order of the C table blas_hooks[], whose elements are struct hook.
 */
#ifndef PRELOAD_THUNK_ENTRY_H
#define PRELOAD_THUNK_ENTRY_H

#if defined(__x86_64__)

.macro HOOKS_BEGIN table
	.text
	.hidden \table
	.hidden thunk_call
	.cfi_startproc
	.set hook_index, 0
.endm

.macro HOOK_ENTRY name, table
	.globl \name
	.type \name, @function
	.p2align 4
\name:
	endbr64
	leaq \table + 32 * hook_index(%rip), %r11
	jmp thunk_call
	.size \name, . - \name
	.set hook_index, hook_index + 1
.endm

.macro HOOKS_END
	.cfi_endproc
	.section .note.GNU-stack, "", @progbits
.endm

#else
#error "preload: no hook entries for this CPU"
#endif

#endif
