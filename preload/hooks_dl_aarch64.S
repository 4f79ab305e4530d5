/* hooks_dl_aarch64.S: dlsym() and dlopen(), without standing between them and their callers.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * As hooks_dl_x86_64.S: the real ones are jumped to with the caller's return
 * address in x30, after hooks_dl.c has said where they are.
 */
#if defined(__aarch64__)

	.text

	/* Call a function of ours with the arguments as they came, and the caller as the third;
	 * what it returns comes in x16 and x17. */
	.macro ASK function
	hint 34 /* bti c */
	stp x29, x30, [sp, #-32]!
	.cfi_def_cfa_offset 32
	.cfi_offset 29, -32
	.cfi_offset 30, -24
	mov x29, sp
	stp x0, x1, [sp, #16]
	mov x2, x30
	bl \function
	mov x16, x0
	mov x17, x1
	ldp x0, x1, [sp, #16]
	ldp x29, x30, [sp], #32
	.cfi_def_cfa_offset 0
	.cfi_restore 29
	.cfi_restore 30
	.endm

	.hidden hooks_dl_lookup
	.globl dlsym
	.type dlsym, %function
	.p2align 4
dlsym:
	.cfi_startproc
	ASK hooks_dl_lookup
	cbnz x17, 1f
	br x16
1:	mov x0, x17
	ret
	.cfi_endproc
	.size dlsym, . - dlsym

	.hidden hooks_dl_open
	.globl dlopen
	.type dlopen, %function
	.p2align 4
dlopen:
	.cfi_startproc
	ASK hooks_dl_open
	br x16
	.cfi_endproc
	.size dlopen, . - dlopen

#endif

	.section .note.GNU-stack, "", %progbits
