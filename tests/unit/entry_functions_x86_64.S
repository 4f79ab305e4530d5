/* entry_functions_x86_64.S: functions whose first instructions are hard to move.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Each takes two numbers and returns one. FUNCTION name ... END name; the padding
 * behind one ends where the next begins.
 */
#if defined(__x86_64__)

.macro FUNCTION name
	.p2align 4
	.globl \name
	.type \name, @function
\name:
	.cfi_startproc
.endm

/* One that has no padding before it. */
.macro FUNCTION_ALONE name
	.p2align 4
	.skip 16, 0xf4
	FUNCTION \name
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
zero_to_nine:
	.quad 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
target_of_call:
	.quad helper

	.section .rodata
	.balign 8
table_back: /* one way leads into the first five bytes */
	.long .Lmiddle - table_back
	.long .Lbehind - table_back
table_fine:
	.long .Lzero - table_fine
	.long .Lone - table_fine

	.text
FUNCTION helper
	leaq 7(%rdi), %rax
	ret
END helper

FUNCTION plain_frame
	pushq %rbp
	movq %rsp, %rbp
	leaq (%rdi,%rsi,2), %rax
	popq %rbp
	ret
END plain_frame

FUNCTION with_endbr
	endbr64
	pushq %rbp
	movq %rsp, %rbp
	leaq 1(%rdi), %rax
	popq %rbp
	ret
END with_endbr

FUNCTION number_load
	movq number(%rip), %rax
	addq %rdi, %rax
	ret
END number_load

FUNCTION rip_compare_immediate
	cmpl $1000, number(%rip)
	sete %al
	movzbl %al, %eax
	addq %rdi, %rax
	ret
END rip_compare_immediate

FUNCTION rip_store_word
	movw $1000, number(%rip)
	movzwl number(%rip), %eax
	ret
END rip_store_word

FUNCTION rip_vector
	vmovsd number(%rip), %xmm0
	vmovq %xmm0, %rax
	ret
END rip_vector

FUNCTION rip_vector_three
	vpermilpd $0, number(%rip), %xmm0
	vmovq %xmm0, %rax
	ret
END rip_vector_three

FUNCTION rip_lea
	leaq zero_to_nine(%rip), %rax
	movq (%rax,%rdi,8), %rax
	ret
END rip_lea

FUNCTION short_branch
	testq %rdi, %rdi
	je 1f
	movl $5, %eax
	ret
1:	movl $6, %eax
	ret
END short_branch

FUNCTION near_branch
	cmpq %rsi, %rdi
	.byte 0x0f, 0x8f /* jg */
	.long 1f - . - 4
	movl $5, %eax
	ret
1:	movl $6, %eax
	ret
END near_branch

FUNCTION short_jump
	jmp 1f
	.skip 20, 0x90
1:	leaq 3(%rdi), %rax
	ret
END short_jump

FUNCTION near_jump
	.byte 0xe9
	.long 1f - . - 4
	.skip 20, 0x90
1:	leaq 4(%rdi), %rax
	ret
END near_jump

FUNCTION tail_jump
	.byte 0xe9
	.long helper - . - 4
END tail_jump

FUNCTION count_loop
	movq %rdi, %rcx
	loop 1f
	movl $1, %eax
	ret
1:	leaq 20(%rcx), %rax
	ret
END count_loop

FUNCTION count_zero
	movl %edi, %ecx
	jrcxz 1f
	movl $1, %eax
	ret
1:	movl $2, %eax
	ret
END count_zero

FUNCTION count_zero_short
	movl %edi, %ecx
	jecxz 1f
	movl $1, %eax
	ret
1:	movl $2, %eax
	ret
END count_zero_short

FUNCTION first_call
	call helper
	addq $1, %rax
	ret
END first_call

FUNCTION pushed_call
	pushq %rbx
	call helper
	popq %rbx
	ret
END pushed_call

FUNCTION call_memory
	call *target_of_call(%rip)
	addq $2, %rax
	ret
END call_memory

FUNCTION call_register
	leaq helper(%rip), %rax
	call *%rax
	addq $3, %rax
	ret
END call_register

FUNCTION call_register_first
	movq %rsi, %rax
	call *%rax
	addq $4, %rax
	ret
END call_register_first

FUNCTION jump_memory
	jmp *target_of_call(%rip)
END jump_memory

FUNCTION next_address
	call 1f
1:	popq %rax
	leaq next_address(%rip), %rcx
	subq %rcx, %rax
	ret
END next_address

FUNCTION cleared
	xorl %eax, %eax
	ret
END cleared

FUNCTION tiny
	movl %edi, %eax
	ret
END tiny

FUNCTION nops_first
	.skip 6, 0x90
	leaq 9(%rdi), %rax
	ret
END nops_first

FUNCTION switched
	cmpl $1, %edi
	ja .Lzero
	movl %edi, %edi
	leaq table_fine(%rip), %rax
	movslq (%rax,%rdi,4), %rdx
	addq %rdx, %rax
	jmp *%rax
.Lone:
	movl $11, %eax
	ret
.Lzero:
	movl $10, %eax
	ret
END switched

/* What no other instruction is, for a decoder of today. */
FUNCTION newer
	.byte 0x62, 0xf2, 0x7d, 0x48, 0x50, 0xc1 /* vpdpbusd of AVX512-VNNI, not run */
	movl $1, %eax
	ret
END newer

/* ---- refused ---- */

FUNCTION_ALONE jumps_back
	xorl %eax, %eax
1:	addq %rdi, %rax
	decq %rdi
	jnz 1b
	ret
END jumps_back

FUNCTION jumps_to_start
	addq %rdi, %rsi
	decq %rdi
	jnz jumps_to_start
	movq %rsi, %rax
	ret
END jumps_to_start

FUNCTION_ALONE switches_back
	xorl %eax, %eax
.Lmiddle:
	addl $1, %eax
	cmpl $5, %eax
	ja .Lbehind
	leaq table_back(%rip), %rdx
	movslq (%rdx,%rdi,4), %rcx
	addq %rdx, %rcx
	jmp *%rcx
.Lbehind:
	ret
END switches_back

FUNCTION_ALONE returns_there
	call *%rsi
	xorl %eax, %eax
	ret
END returns_there

FUNCTION unknown
	movl $1, %eax
	ret
	.byte 0x06, 0x06
END unknown

FUNCTION breakpoint
	int3
	movl $1, %eax
	ret
END breakpoint

	/* Two with nothing between. */
FUNCTION_ALONE crowded
	movl %edi, %eax
	ret
END crowded
	.globl neighbour
neighbour:
	leaq 1(%rdi), %rax
	ret

	.p2align 4
	.skip 16, 0xcc
	/* The jump back leaves room for a short jump only, which padding makes possible. */
	.globl looped
	.type looped, @function
looped:
	xorl %eax, %eax
1:	addq %rdi, %rax
	decq %rdi
	jnz 1b
	ret
	.globl looped_end
looped_end:
	.size looped, . - looped

	/* Registers that a caller in the same file knows to be left alone. */
	.globl keeps_registers
	.type keeps_registers, @function
keeps_registers:
	.cfi_startproc
	pushq %rbx
	.cfi_def_cfa_offset 16
	.cfi_offset %rbx, -16
	movq %rdi, %rbx /* the function to call */
	movl $0x101, %ecx
	movl $0x102, %esi
	movl $0x103, %r8d
	movl $0x104, %r9d
	movl $0x105, %r10d
	movl $0x106, %r11d
	movq %rcx, %xmm7
	movq %rsi, %xmm15
	movl $41, %edi
	call *%rbx /* the stack is aligned to 16 here, so the function's is not */
	cmpq $48, %rax
	jne 1f
	cmpq $0x101, %rcx
	jne 1f
	cmpq $0x102, %rsi
	jne 1f
	cmpq $0x103, %r8
	jne 1f
	cmpq $0x104, %r9
	jne 1f
	cmpq $0x105, %r10
	jne 1f
	cmpq $0x106, %r11
	jne 1f
	cmpq $41, %rdi
	jne 1f
	movq %xmm7, %rax
	cmpq %rcx, %rax
	jne 1f
	movq %xmm15, %rax
	cmpq %rsi, %rax
	jne 1f
	movl $1, %eax
	popq %rbx
	.cfi_remember_state
	.cfi_def_cfa_offset 8
	ret
	.cfi_restore_state
1:	xorl %eax, %eax
	popq %rbx
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size keeps_registers, . - keeps_registers

#endif
	.section .note.GNU-stack, "", @progbits
