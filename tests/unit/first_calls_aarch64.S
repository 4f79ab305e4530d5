/* first_calls_aarch64.S: functions that begin with a call, and hence do not come back.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
.macro FUNCTION name
	.p2align 4
	.globl \name
	.type \name, %function
\name:
.endm

.macro END name
	.globl \name\()_end
\name\()_end:
	.size \name, . - \name
.endm

	.text
FUNCTION first_call
	bl leave_it
	brk #1
END first_call

FUNCTION first_call_register
	blr x1
	brk #1
END first_call_register

FUNCTION first_call_link
	blr x30
	brk #1
END first_call_link

	/* Jumps to x0 with the address of leave_it in x1 and in x30. */
FUNCTION call_with_link
	mov x16, x0
	adrp x1, leave_it
	add x1, x1, :lo12:leave_it
	mov x30, x1
	br x16
END call_with_link

	/* What is called: tells its return address. */
FUNCTION leave_it
	mov x0, x30
	b left_from
END leave_it

	.section .note.GNU-stack, "", %progbits
