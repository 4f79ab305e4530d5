/* hooks_dl_x86_64.S: dlsym() and dlopen(), without standing between them and their callers.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What they do depends on who calls them, so the real ones are jumped to with
 * the caller's return address on the stack, after hooks_dl.c has said where they
 * are. dlsym() may have an answer instead.
 */
#if defined(__x86_64__)

	.text

	/* Call a function of ours with the arguments as they came, and the caller as the third. */
	.macro ASK function
	pushq %rdi
	.cfi_adjust_cfa_offset 8
	pushq %rsi
	.cfi_adjust_cfa_offset 8
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	movq 24(%rsp), %rdx
	call \function
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	popq %rsi
	.cfi_adjust_cfa_offset -8
	popq %rdi
	.cfi_adjust_cfa_offset -8
	.endm

	.hidden hooks_dl_lookup
	.globl dlsym
	.type dlsym, @function
	.p2align 4
dlsym:
	.cfi_startproc
	endbr64
	ASK hooks_dl_lookup
	testq %rdx, %rdx
	jnz 1f
	jmp *%rax
1:	movq %rdx, %rax
	ret
	.cfi_endproc
	.size dlsym, . - dlsym

	.hidden hooks_dl_open
	.globl dlopen
	.type dlopen, @function
	.p2align 4
dlopen:
	.cfi_startproc
	endbr64
	ASK hooks_dl_open
	jmp *%rax
	.cfi_endproc
	.size dlopen, . - dlopen

#endif

	.section .note.GNU-stack, "", @progbits
