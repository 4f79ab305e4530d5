/* hooks_dlsym_x86_64.S: dlsym(), without standing between it and its caller.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What dlsym() finds depends on who calls it, so the real one is jumped to with
 * the caller's return address on the stack, after hooks_dl_lookup() has said where
 * it is.
 */
#if defined(__x86_64__)

	.text
	.hidden hooks_dl_lookup
	.globl dlsym
	.type dlsym, @function
	.p2align 4
dlsym:
	.cfi_startproc
	endbr64
	pushq %rdi
	.cfi_adjust_cfa_offset 8
	pushq %rsi
	.cfi_adjust_cfa_offset 8
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	call hooks_dl_lookup
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	popq %rsi
	.cfi_adjust_cfa_offset -8
	popq %rdi
	.cfi_adjust_cfa_offset -8
	jmp *%rax
	.cfi_endproc
	.size dlsym, . - dlsym

#endif

	.section .note.GNU-stack, "", @progbits
