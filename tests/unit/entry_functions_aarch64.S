/* entry_functions_aarch64.S: functions whose first instructions are hard to move.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Each takes two numbers and returns one. FUNCTION name ... END name. What older
 * assemblers do not know is written as a number.
 */
#if defined(__aarch64__)

#define BTI_C 0xd503245f
#define BTI_J 0xd503249f
#define PACIASP 0xd503233f
#define AUTIASP 0xd50323bf
#define PACIBSP 0xd503237f
#define AUTIBSP 0xd50323ff

.macro FUNCTION name
	.p2align 4
	.globl \name
	.type \name, %function
\name:
	.cfi_startproc
.endm

.macro END name
	.cfi_endproc
	.globl \name\()_end
\name\()_end:
	.size \name, . - \name
.endm

	.data
	.balign 8
number:
	.quad 1000

	.text
	.balign 16
quad_literal:
	.quad 1000, 2000
negative_literal:
	.word -5, 77

FUNCTION helper
	add x0, x0, #7
	ret
END helper

FUNCTION plain_frame
	stp x29, x30, [sp, #-16]!
	mov x29, sp
	add x0, x0, x1, lsl #1
	ldp x29, x30, [sp], #16
	ret
END plain_frame

FUNCTION with_bti
	.inst BTI_C
	add x0, x0, #1
	ret
END with_bti

FUNCTION with_bti_jump
	.inst BTI_J
	add x0, x0, #2
	ret
END with_bti_jump

FUNCTION with_pac
	.inst PACIASP
	stp x29, x30, [sp, #-16]!
	mov x29, sp
	add x0, x0, #3
	ldp x29, x30, [sp], #16
	.inst AUTIASP
	ret
END with_pac

FUNCTION with_pac_b
	.inst PACIBSP
	stp x29, x30, [sp, #-16]!
	mov x29, sp
	add x0, x0, #4
	ldp x29, x30, [sp], #16
	.inst AUTIBSP
	ret
END with_pac_b

FUNCTION with_bti_and_pac
	.inst BTI_C
	.inst PACIASP
	stp x29, x30, [sp, #-16]!
	bl helper
	ldp x29, x30, [sp], #16
	.inst AUTIASP
	ret
END with_bti_and_pac

FUNCTION number_load
	ldr x2, quad_literal
	add x0, x0, x2
	ret
END number_load

FUNCTION load_word
	ldr w0, negative_literal
	ret
END load_word

FUNCTION load_signed
	ldrsw x0, negative_literal
	ret
END load_signed

FUNCTION load_single
	ldr s0, negative_literal + 4
	fmov x0, d0
	ret
END load_single

FUNCTION load_double
	ldr d0, quad_literal + 8
	fmov x0, d0
	ret
END load_double

FUNCTION load_quad
	ldr q0, quad_literal
	mov x0, v0.d[1]
	fmov x1, d0
	sub x0, x0, x1, lsl #2
	ret
END load_quad

FUNCTION load_prefetch
	prfm pldl1keep, quad_literal
	add x0, x0, #5
	ret
END load_prefetch

FUNCTION page_address
	adrp x2, number
	ldr x2, [x2, :lo12:number]
	add x0, x0, x2
	ret
END page_address

FUNCTION address
	adr x2, quad_literal
	ldr x2, [x2, #8]
	add x0, x0, x2
	ret
END address

FUNCTION address_behind
	adr x2, 1f
	ldr w2, [x2]
	add x0, x0, x2
	ret
	.skip 3 * 4
1:	.word 99
END address_behind

FUNCTION first_branch
	b 1f
	.skip 20
1:	add x0, x0, #6
	ret
END first_branch

FUNCTION tail_branch
	b helper
END tail_branch

	/* The flags at the entry are nobody's, but what is asked here is asked of both. */
FUNCTION branch_if
	.inst BTI_C
	b.al 1f
	mov x0, #5
	ret
1:	cmp x0, x1
	cset x0, gt
	ret
END branch_if

FUNCTION branch_zero
	cbz x0, 1f
	mov x0, #5
	ret
1:	mov x0, #6
	ret
END branch_zero

FUNCTION branch_not_zero_word
	cbnz w0, 1f
	mov x0, #5
	ret
1:	mov x0, #6
	ret
END branch_not_zero_word

FUNCTION branch_bit
	tbnz x0, #40, 1f
	mov x0, #5
	ret
1:	mov x0, #6
	ret
END branch_bit

FUNCTION branch_not_bit
	tbz w0, #3, 1f
	mov x0, #5
	ret
1:	mov x0, #6
	ret
END branch_not_bit

FUNCTION branch_register
	br x1
END branch_register

FUNCTION tiny
	mov w0, w1
	ret
END tiny

FUNCTION nothing_more
	ret
END nothing_more

FUNCTION system_register
	mrs x2, tpidr_el0
	cmp x2, #0
	cset x0, eq
	ret
END system_register

FUNCTION calls_inside
	mov x9, x30
	bl helper
	ret x9
END calls_inside

/* What no other instruction is, for a decoder of today. */
FUNCTION newer
	.inst 0x19020440 /* cpyfp of FEAT_MOPS, not run */
	mov x0, #1
	ret
END newer

/* ---- refused ---- */

FUNCTION jumps_back
	add x2, x2, x0
	subs x0, x0, #1
	b.ne jumps_back
	mov x0, x2
	ret
END jumps_back

FUNCTION jumps_to_pad
	.inst BTI_J
	add x2, x2, x0
	subs x0, x0, #1
	cbnz x0, jumps_to_pad
	mov x0, x2
	ret
END jumps_to_pad

FUNCTION breakpoint
	brk #0
	ret
END breakpoint

FUNCTION breakpoint_behind_pad
	.inst PACIASP
	hlt #0
	ret
END breakpoint_behind_pad

FUNCTION undefined
	udf #0
	ret
END undefined

FUNCTION signs_place
	.inst 0xdac1a3fe /* paciasppc */
	ret
END signs_place

FUNCTION authenticated
	.inst 0xd71f0822 /* braa x1, x2 */
	ret
END authenticated

FUNCTION newer_branch
	.inst 0x74010000 /* cbgt w0, w1, . of FEAT_CMPBR */
	ret
END newer_branch

FUNCTION vector_prefetch
	.inst 0xdc000000 /* no instruction: prfm of a vector register */
	ret
END vector_prefetch

FUNCTION pad_alone
	.inst BTI_C
END pad_alone
	ret

.macro DIFFERS found, expected
	cmp \found, \expected
	cset x29, ne
	orr x0, x0, x29
.endm

	/* Registers that a caller in the same file knows to be left alone. */
FUNCTION keeps_registers
	stp x29, x30, [sp, #-16]!
	.cfi_def_cfa_offset 16
	.cfi_offset 29, -16
	.cfi_offset 30, -8
	mov x9, x0 /* the function to call */
	.irp n, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15
	mov x\n, #0x100 + \n
	.endr
	fmov d0, x1
	fmov d7, x2
	mov v16.d[0], x3
	mov v16.d[1], x4
	mov v31.d[0], x5
	mov v31.d[1], x6
	mov x0, #41
	blr x9
	cmp x0, #48
	cset x0, ne
	fmov x29, d0
	DIFFERS x29, x1
	fmov x29, d7
	DIFFERS x29, x2
	mov x29, v16.d[0]
	DIFFERS x29, x3
	mov x29, v16.d[1]
	DIFFERS x29, x4
	mov x29, v31.d[1]
	DIFFERS x29, x6
	.irp n, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15
	mov x29, #0x100 + \n
	DIFFERS x29, x\n
	.endr
	cmp x0, #0
	cset x0, eq
	ldp x29, x30, [sp], #16
	ret
END keeps_registers

#endif
	.section .note.GNU-stack, "", %progbits
