/* thunk_aarch64.S: call C before and after a function of any signature.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * AAPCS64. An entry (thunk_entry.inc) comes here with its struct hook in x16 and
 * everything else as its caller left it. The frame record is the usual one, above
 * the struct hook_call, so that a tail-called hook finds this frame. Offsets are
 * those of struct hook_call and checked in thunk.h.
 */
#if defined(__aarch64__)

#define FRAME 512
#define HOOK_FAMILY 16
#define HOOK_STACK_WORDS 24
#define EXIT_SHORTLY 8

	.text
	.hidden thunk_enter
	.hidden thunk_exit
	.globl thunk_call
	.hidden thunk_call
	.type thunk_call, %function
	.p2align 6
thunk_call:
	.cfi_startproc
	stp x29, x30, [sp, #-16]!
	.cfi_def_cfa_offset 16
	.cfi_offset 29, -16
	.cfi_offset 30, -8
	mov x29, sp
	.cfi_def_cfa_register 29
	sub sp, sp, #FRAME
	str x16, [sp]
	stp x30, x8, [sp, #16]
	stp x0, x1, [sp, #48]
	stp x2, x3, [sp, #64]
	stp x4, x5, [sp, #80]
	stp x6, x7, [sp, #96]
	mov x0, sp
	ldr x9, [x16, #HOOK_FAMILY]
	ldr x9, [x9]
	blr x9
	cbz x0, 3f

	/* The words that the caller passed on the stack, once more. */
0:	mov x16, x0
	sub x9, x29, #FRAME
	ldr x9, [x9]
	ldrh w9, [x9, #HOOK_STACK_WORDS]
	cbz w9, 2f
	add w9, w9, #1
	and w9, w9, #-2
	sub sp, sp, x9, lsl #3
	add x10, x29, #16
	mov x11, sp
1:	ldp x12, x13, [x10], #16
	stp x12, x13, [x11], #16
	subs w9, w9, #2
	b.ne 1b
2:	sub x10, x29, #FRAME
	ldr x8, [x10, #24]
	ldp x0, x1, [x10, #48]
	ldp x2, x3, [x10, #64]
	ldp x4, x5, [x10, #80]
	ldp x6, x7, [x10, #96]
	blr x16
	.globl thunk_returned
	.hidden thunk_returned
thunk_returned:
	sub sp, x29, #FRAME
	stp x0, x1, [sp, #240]
	mov x0, sp
	ldr x9, [sp]
	ldr x9, [x9, #HOOK_FAMILY]
	ldr x9, [x9, #EXIT_SHORTLY]
	blr x9
	tbz w0, #0, 5f
4:	ldp x0, x1, [sp, #240]
	.cfi_remember_state
	mov sp, x29
	ldp x29, x30, [sp], #16
	.cfi_def_cfa 31, 0
	.cfi_restore 29
	.cfi_restore 30
	ret
	.cfi_restore_state

	/* The long ways, for which the other registers are saved as well. */
3:	stp q0, q1, [sp, #112]
	stp q2, q3, [sp, #144]
	stp q4, q5, [sp, #176]
	stp q6, q7, [sp, #208]
	mov x0, sp
	bl thunk_enter
	ldp q0, q1, [sp, #112]
	ldp q2, q3, [sp, #144]
	ldp q4, q5, [sp, #176]
	ldp q6, q7, [sp, #208]
	b 0b
5:	stp q0, q1, [sp, #256]
	stp q2, q3, [sp, #288]
	mov x0, sp
	bl thunk_exit
	ldp q0, q1, [sp, #256]
	ldp q2, q3, [sp, #288]
	b 4b
	.cfi_endproc
	.size thunk_call, . - thunk_call

#endif

	.section .note.GNU-stack, "", %progbits
