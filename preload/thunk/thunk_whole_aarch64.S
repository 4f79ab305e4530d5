/* thunk_whole_aarch64.S: as thunk_aarch64.S, for callers that know the function.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A stub (stub.h) comes here with its struct hook in x16; x16 and x17 are nobody's
 * across a call, which a linker may lead over a veneer. What the real function
 * leaves alone is left alone: all other whole-number registers are saved on both
 * ways, and around the long ways the vector registers, 128 bits of each, with the
 * rounding mode and the flags of what happened. Longer vectors (SVE) are kept by
 * no ordinary function, so no caller counts on them.
 *
 * Offsets are those of struct hook_call and checked in thunk.h; below it are
 * SAVED bytes for the registers that are no arguments.
 */
#if defined(__aarch64__)

#define FRAME 512
#define HOOK_FAMILY 16
#define HOOK_STACK_WORDS 24
#define EXIT_SHORTLY 8
#define SAVED 128
#define STATE_BYTES 528

	/* What stub.c copies: the last two words are the hook and thunk_whole. */
	.section .rodata
	.globl stub_template
	.hidden stub_template
	.globl stub_template_end
	.hidden stub_template_end
	.balign 8
stub_template:
	hint 34 /* bti c */
	ldr x16, 0f
	ldr x17, 1f
	br x17
	.balign 8
0:	.quad 0
1:	.quad 0
stub_template_end:

	.text
	.hidden thunk_enter
	.hidden thunk_exit

	/* Nothing depends on what the processor has. */
	.globl thunk_whole_start
	.hidden thunk_whole_start
	.type thunk_whole_start, %function
thunk_whole_start:
	ret
	.size thunk_whole_start, . - thunk_whole_start

	/* Moves the stack pointer down; x9, x10 and x17 are lost. */
.macro SAVE_STATE
	sub sp, sp, #STATE_BYTES
	stp q0, q1, [sp, #0]
	stp q2, q3, [sp, #32]
	stp q4, q5, [sp, #64]
	stp q6, q7, [sp, #96]
	stp q8, q9, [sp, #128]
	stp q10, q11, [sp, #160]
	stp q12, q13, [sp, #192]
	stp q14, q15, [sp, #224]
	stp q16, q17, [sp, #256]
	stp q18, q19, [sp, #288]
	stp q20, q21, [sp, #320]
	stp q22, q23, [sp, #352]
	stp q24, q25, [sp, #384]
	stp q26, q27, [sp, #416]
	stp q28, q29, [sp, #448]
	stp q30, q31, [sp, #480]
	mrs x9, fpcr
	mrs x10, fpsr
	add x17, sp, #512
	stp x9, x10, [x17]
.endm

.macro RESTORE_STATE
	ldp q0, q1, [sp, #0]
	ldp q2, q3, [sp, #32]
	ldp q4, q5, [sp, #64]
	ldp q6, q7, [sp, #96]
	ldp q8, q9, [sp, #128]
	ldp q10, q11, [sp, #160]
	ldp q12, q13, [sp, #192]
	ldp q14, q15, [sp, #224]
	ldp q16, q17, [sp, #256]
	ldp q18, q19, [sp, #288]
	ldp q20, q21, [sp, #320]
	ldp q22, q23, [sp, #352]
	ldp q24, q25, [sp, #384]
	ldp q26, q27, [sp, #416]
	ldp q28, q29, [sp, #448]
	ldp q30, q31, [sp, #480]
	add x17, sp, #512
	ldp x9, x10, [x17]
	msr fpcr, x9
	msr fpsr, x10
	add sp, sp, #STATE_BYTES
.endm

	/* The registers that are neither arguments nor kept by every function. */
.macro SAVE_OTHERS
	sub x17, x29, #FRAME + SAVED
	stp x9, x10, [x17]
	stp x11, x12, [x17, #16]
	stp x13, x14, [x17, #32]
	stp x15, x18, [x17, #48]
.endm

.macro RESTORE_OTHERS
	sub x17, x29, #FRAME + SAVED
	ldp x9, x10, [x17]
	ldp x11, x12, [x17, #16]
	ldp x13, x14, [x17, #32]
	ldp x15, x18, [x17, #48]
.endm

	.globl thunk_whole
	.hidden thunk_whole
	.type thunk_whole, %function
	.p2align 6
thunk_whole:
	.cfi_startproc
	hint 34 /* bti c */
	stp x29, x30, [sp, #-16]!
	.cfi_def_cfa_offset 16
	.cfi_offset 29, -16
	.cfi_offset 30, -8
	mov x29, sp
	.cfi_def_cfa_register 29
	sub sp, sp, #FRAME + SAVED
	SAVE_OTHERS
	add x17, sp, #SAVED
	str x16, [x17]
	stp x30, x8, [x17, #16]
	stp x0, x1, [x17, #48]
	stp x2, x3, [x17, #64]
	stp x4, x5, [x17, #80]
	stp x6, x7, [x17, #96]
	mov x0, x17
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
2:	RESTORE_OTHERS
	sub x17, x29, #FRAME
	ldr x8, [x17, #24]
	ldp x0, x1, [x17, #48]
	ldp x2, x3, [x17, #64]
	ldp x4, x5, [x17, #80]
	ldp x6, x7, [x17, #96]
	blr x16
	.globl thunk_whole_returned
	.hidden thunk_whole_returned
thunk_whole_returned:
	SAVE_OTHERS
	mov sp, x17
	add x17, x17, #SAVED
	stp x0, x1, [x17, #240]
	stp x2, x3, [sp, #64]
	stp x4, x5, [sp, #80]
	stp x6, x7, [sp, #96]
	str x8, [sp, #112]
	mov x0, x17
	ldr x9, [x17]
	ldr x9, [x9, #HOOK_FAMILY]
	ldr x9, [x9, #EXIT_SHORTLY]
	blr x9
	tbz w0, #0, 5f
4:	RESTORE_OTHERS
	ldp x0, x1, [x17, #SAVED + 240]
	ldp x2, x3, [x17, #64]
	ldp x4, x5, [x17, #80]
	ldp x6, x7, [x17, #96]
	ldr x8, [x17, #112]
	.cfi_remember_state
	mov sp, x29
	ldp x29, x30, [sp], #16
	.cfi_def_cfa 31, 0
	.cfi_restore 29
	.cfi_restore 30
	ret
	.cfi_restore_state

	/* The long ways. */
3:	add x17, sp, #SAVED
	stp q0, q1, [x17, #112]
	stp q2, q3, [x17, #144]
	stp q4, q5, [x17, #176]
	stp q6, q7, [x17, #208]
	SAVE_STATE
	sub x0, x29, #FRAME
	bl thunk_enter
	RESTORE_STATE
	b 0b
5:	add x17, sp, #SAVED
	stp q0, q1, [x17, #256]
	stp q2, q3, [x17, #288]
	SAVE_STATE
	sub x0, x29, #FRAME
	bl thunk_exit
	RESTORE_STATE
	b 4b
thunk_whole_frames_end:
	.cfi_endproc
	.size thunk_whole, . - thunk_whole

	/* How to unwind it at the call of the real function, for an unwinder that is
	 * told by hand (DWARF 4, 6.4; LSB core, .eh_frame). */
	.section .data.rel.ro, "aw"
	.globl thunk_whole_frames
	.hidden thunk_whole_frames
	.balign 8
thunk_whole_frames:
	.4byte 1f - 0f
0:	.4byte 0
	.byte 1
	.asciz "zR"
	.byte 1, 0x78, 30 /* factors 1 and -8; the return address is column 30 */
	.byte 1, 0         /* addresses are absolute */
	.byte 0x0c, 29, 16 /* the frame is at x29 + 16, */
	.byte 0x9e, 1      /* the return address 8 */
	.byte 0x9d, 2      /* and x29 16 below it */
	.balign 8, 0
1:	.4byte 3f - 2f
2:	.4byte 2b - thunk_whole_frames
	.8byte thunk_whole
	.8byte thunk_whole_frames_end - thunk_whole
	.byte 0
	.balign 8, 0
3:	.4byte 0

#endif

	.section .note.GNU-stack, "", %progbits
