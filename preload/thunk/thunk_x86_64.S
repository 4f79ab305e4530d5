/* thunk_x86_64.S: call C before and after a function of any signature.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * System V ABI for x86-64. An entry (thunk_entry.inc) comes here with its struct
 * hook in r11 and everything else as its caller left it. The frame pointer is
 * kept, so that unwinding needs no more than the three rules below whatever
 * number of words is copied, and so that a tail-called hook finds this frame.
 * Offsets are those of struct hook_call and checked in thunk.h.
 */
#if defined(__x86_64__)

#define FRAME 464
#define HOOK_FAMILY 16
#define HOOK_STACK_WORDS 24
#define EXIT_SHORTLY 8

	.text
	.hidden thunk_enter
	.hidden thunk_exit
	.globl thunk_call
	.hidden thunk_call
	.type thunk_call, @function
	.p2align 6
thunk_call:
	.cfi_startproc
	pushq %rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq %rsp, %rbp
	.cfi_def_cfa_register %rbp
	subq $FRAME, %rsp
	movq %r11, (%rsp)
	movq %rax, 24(%rsp)
	movq %r10, 32(%rsp)
	movq 8(%rbp), %rax
	movq %rax, 16(%rsp)
	movq %rdi, 48(%rsp)
	movq %rsi, 56(%rsp)
	movq %rdx, 64(%rsp)
	movq %rcx, 72(%rsp)
	movq %r8, 80(%rsp)
	movq %r9, 88(%rsp)
	movq %rsp, %rdi
	movq HOOK_FAMILY(%r11), %rax
	call *(%rax)
	testq %rax, %rax
	jz 3f

	/* The words that the caller passed on the stack, once more. */
0:	movq -FRAME(%rbp), %r11
	movzwl HOOK_STACK_WORDS(%r11), %ecx
	movq %rax, %r11
	testl %ecx, %ecx
	jz 2f
	incl %ecx /* two at a time: xmm8 carries no argument */
	andl $-2, %ecx
	leal (,%rcx,8), %edx
	subq %rdx, %rsp
1:	movups (%rbp,%rcx,8), %xmm8
	movups %xmm8, -16(%rsp,%rcx,8)
	subl $2, %ecx
	jnz 1b
2:	movq -FRAME + 24(%rbp), %rax
	movq -FRAME + 32(%rbp), %r10
	movq -FRAME + 48(%rbp), %rdi
	movq -FRAME + 56(%rbp), %rsi
	movq -FRAME + 64(%rbp), %rdx
	movq -FRAME + 72(%rbp), %rcx
	movq -FRAME + 80(%rbp), %r8
	movq -FRAME + 88(%rbp), %r9
	call *%r11
	.globl thunk_returned
	.hidden thunk_returned
thunk_returned:
	movq %rax, -FRAME + 224(%rbp)
	movq %rdx, -FRAME + 232(%rbp)
	leaq -FRAME(%rbp), %rdi
	movq (%rdi), %rax
	movq HOOK_FAMILY(%rax), %rax
	call *EXIT_SHORTLY(%rax)
	testb %al, %al
	jz 5f
4:	movq -FRAME + 224(%rbp), %rax
	movq -FRAME + 232(%rbp), %rdx
	.cfi_remember_state
	leave
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_restore_state

	/* The long ways, for which the other registers are saved as well. */
3:	movaps %xmm0, 96(%rsp)
	movaps %xmm1, 112(%rsp)
	movaps %xmm2, 128(%rsp)
	movaps %xmm3, 144(%rsp)
	movaps %xmm4, 160(%rsp)
	movaps %xmm5, 176(%rsp)
	movaps %xmm6, 192(%rsp)
	movaps %xmm7, 208(%rsp)
	movq %rsp, %rdi
	call thunk_enter
	movaps -FRAME + 96(%rbp), %xmm0
	movaps -FRAME + 112(%rbp), %xmm1
	movaps -FRAME + 128(%rbp), %xmm2
	movaps -FRAME + 144(%rbp), %xmm3
	movaps -FRAME + 160(%rbp), %xmm4
	movaps -FRAME + 176(%rbp), %xmm5
	movaps -FRAME + 192(%rbp), %xmm6
	movaps -FRAME + 208(%rbp), %xmm7
	jmp 0b
5:	movaps %xmm0, -FRAME + 240(%rbp)
	movaps %xmm1, -FRAME + 256(%rbp)
	leaq -FRAME(%rbp), %rdi
	call thunk_exit
	movaps -FRAME + 240(%rbp), %xmm0
	movaps -FRAME + 256(%rbp), %xmm1
	jmp 4b
	.cfi_endproc
	.size thunk_call, . - thunk_call

#endif

	.section .note.GNU-stack, "", @progbits
