/* thunk_whole_x86_64.S: as thunk_x86_64.S, for callers that know the function.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A stub (stub.h) comes here with its struct hook in r11, the r11 of the caller
 * in the word that the caller's is to become (16 below its stack pointer), and
 * everything else as its caller left it. What the real function leaves alone is
 * left alone: all whole-number registers are saved on both ways, and around the
 * long ways the vector registers in their full width, with the mask registers
 * and the rounding mode. The stack may be aligned to 8 only.
 *
 * Offsets are those of struct hook_call and checked in thunk.h; below it are
 * SAVED bytes for what the real function left in registers.
 */
#if defined(__x86_64__)

#define FRAME 464
#define HOOK_FAMILY 16
#define HOOK_STACK_WORDS 24
#define EXIT_SHORTLY 8
#define SAVED 64

/* The state of vectors: of which components of XCR0, in how many bytes at most
 * (Intel SDM volume 1, 13.4: the standard format up to Hi16_ZMM). */
#define STATE_COMPONENTS 0xe6
#define STATE_BYTES 2688
#define STATE_HEADER 512

	.data
	.balign 4
state_mask:
	.long 0
state_kind: /* 0: fxsave, 1: xsave, 2: xsavec */
	.long 0

	/* What stub.c copies: the last two words are the hook and thunk_whole. */
	.section .rodata
	.globl stub_template
	.hidden stub_template
	.globl stub_template_end
	.hidden stub_template_end
	.balign 8
stub_template:
	endbr64
	movq %r11, -16(%rsp)
	movq 0f(%rip), %r11
	jmp *1f(%rip)
	.balign 8
0:	.quad 0
1:	.quad 0
stub_template_end:

	.text
	.hidden thunk_enter
	.hidden thunk_exit

	/* Before the first call: how vectors are saved. */
	.globl thunk_whole_start
	.hidden thunk_whole_start
	.type thunk_whole_start, @function
thunk_whole_start:
	.cfi_startproc
	pushq %rbx
	.cfi_def_cfa_offset 16
	.cfi_offset %rbx, -16
	movl $1, %eax
	xorl %ecx, %ecx
	cpuid
	btl $27, %ecx /* OSXSAVE */
	jnc 0f
	xorl %ecx, %ecx
	xgetbv
	andl $STATE_COMPONENTS, %eax
	movl %eax, state_mask(%rip)
	movl $13, %eax
	movl $1, %ecx
	cpuid
	shrl %eax
	andl $1, %eax /* XSAVEC */
	incl %eax
	movl %eax, state_kind(%rip)
0:	popq %rbx
	.cfi_def_cfa_offset 8
	ret
	.cfi_endproc
	.size thunk_whole_start, . - thunk_whole_start

	/* Makes room on the stack; rax, rcx and rdx are lost. */
.macro SAVE_STATE
	subq $STATE_BYTES, %rsp
	andq $-64, %rsp
	xorl %eax, %eax
	movq %rax, STATE_HEADER(%rsp)
	movq %rax, STATE_HEADER + 8(%rsp)
	movq %rax, STATE_HEADER + 16(%rsp)
	movq %rax, STATE_HEADER + 24(%rsp)
	movq %rax, STATE_HEADER + 32(%rsp)
	movq %rax, STATE_HEADER + 40(%rsp)
	movq %rax, STATE_HEADER + 48(%rsp)
	movq %rax, STATE_HEADER + 56(%rsp)
	movl state_kind(%rip), %ecx
	movl state_mask(%rip), %eax
	xorl %edx, %edx
	cmpl $1, %ecx
	ja 8f
	je 7f
	fxsave64 (%rsp)
	jmp 9f
7:	xsave64 (%rsp)
	jmp 9f
8:	xsavec64 (%rsp)
9:
.endm

.macro RESTORE_STATE
	movl state_mask(%rip), %eax
	xorl %edx, %edx
	cmpl $0, state_kind(%rip)
	jne 8f
	fxrstor64 (%rsp)
	jmp 9f
8:	xrstor64 (%rsp)
9:
.endm

	.globl thunk_whole
	.hidden thunk_whole
	.type thunk_whole, @function
	.p2align 6
thunk_whole:
	.cfi_startproc
	pushq %rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq %rsp, %rbp
	.cfi_def_cfa_register %rbp
	subq $FRAME + SAVED, %rsp
	andq $-16, %rsp
	movq %rax, -FRAME + 24(%rbp)
	movq -8(%rbp), %rax /* r11, before the hook's notes take its place */
	movq %r11, -FRAME(%rbp)
	movq %rax, -FRAME + 40(%rbp)
	movq %r10, -FRAME + 32(%rbp)
	movq 8(%rbp), %rax
	movq %rax, -FRAME + 16(%rbp)
	movq %rdi, -FRAME + 48(%rbp)
	movq %rsi, -FRAME + 56(%rbp)
	movq %rdx, -FRAME + 64(%rbp)
	movq %rcx, -FRAME + 72(%rbp)
	movq %r8, -FRAME + 80(%rbp)
	movq %r9, -FRAME + 88(%rbp)
	leaq -FRAME(%rbp), %rdi
	movq HOOK_FAMILY(%r11), %rax
	call *(%rax)
	testq %rax, %rax
	jz 3f

	/* The words that the caller passed on the stack, once more. */
0:	movq %rax, -FRAME + 8(%rbp)
	movq -FRAME(%rbp), %r11
	movzwl HOOK_STACK_WORDS(%r11), %ecx
	testl %ecx, %ecx
	jz 2f
	incl %ecx
	andl $-2, %ecx
	leal (,%rcx,8), %edx
	subq %rdx, %rsp
1:	movq 8(%rbp,%rcx,8), %rax
	movq %rax, -8(%rsp,%rcx,8)
	decl %ecx
	jnz 1b
2:	movq -FRAME + 24(%rbp), %rax
	movq -FRAME + 40(%rbp), %r11
	movq -FRAME + 32(%rbp), %r10
	movq -FRAME + 48(%rbp), %rdi
	movq -FRAME + 56(%rbp), %rsi
	movq -FRAME + 64(%rbp), %rdx
	movq -FRAME + 72(%rbp), %rcx
	movq -FRAME + 80(%rbp), %r8
	movq -FRAME + 88(%rbp), %r9
	call *-FRAME + 8(%rbp)
	.globl thunk_whole_returned
	.hidden thunk_whole_returned
thunk_whole_returned:
	movq %rax, -FRAME + 224(%rbp)
	movq %rdx, -FRAME + 232(%rbp)
	movq %rcx, -FRAME - 8(%rbp)
	movq %rsi, -FRAME - 16(%rbp)
	movq %rdi, -FRAME - 24(%rbp)
	movq %r8, -FRAME - 32(%rbp)
	movq %r9, -FRAME - 40(%rbp)
	movq %r10, -FRAME - 48(%rbp)
	movq %r11, -FRAME - 56(%rbp)
	leaq -FRAME(%rbp), %rdi
	movq (%rdi), %rax
	movq HOOK_FAMILY(%rax), %rax
	call *EXIT_SHORTLY(%rax)
	testb %al, %al
	jz 5f
4:	movq -FRAME + 224(%rbp), %rax
	movq -FRAME + 232(%rbp), %rdx
	movq -FRAME - 8(%rbp), %rcx
	movq -FRAME - 16(%rbp), %rsi
	movq -FRAME - 24(%rbp), %rdi
	movq -FRAME - 32(%rbp), %r8
	movq -FRAME - 40(%rbp), %r9
	movq -FRAME - 48(%rbp), %r10
	movq -FRAME - 56(%rbp), %r11
	.cfi_remember_state
	leave
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_restore_state

	/* The long ways. */
3:	movups %xmm0, -FRAME + 96(%rbp)
	movups %xmm1, -FRAME + 112(%rbp)
	movups %xmm2, -FRAME + 128(%rbp)
	movups %xmm3, -FRAME + 144(%rbp)
	movups %xmm4, -FRAME + 160(%rbp)
	movups %xmm5, -FRAME + 176(%rbp)
	movups %xmm6, -FRAME + 192(%rbp)
	movups %xmm7, -FRAME + 208(%rbp)
	SAVE_STATE
	leaq -FRAME(%rbp), %rdi
	call thunk_enter
	movq %rax, -FRAME + 8(%rbp)
	RESTORE_STATE
	movq -FRAME + 8(%rbp), %rax
	leaq -FRAME - SAVED(%rbp), %rsp
	andq $-16, %rsp
	jmp 0b
5:	movups %xmm0, -FRAME + 240(%rbp)
	movups %xmm1, -FRAME + 256(%rbp)
	SAVE_STATE
	leaq -FRAME(%rbp), %rdi
	call thunk_exit
	RESTORE_STATE
	jmp 4b
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
	.long 1f - 0f
0:	.long 0
	.byte 1
	.asciz "zR"
	.byte 1, 0x78, 16 /* factors 1 and -8; the return address is column 16 */
	.byte 1, 0        /* addresses are absolute */
	.byte 0x0c, 6, 16 /* the frame is at rbp + 16, */
	.byte 0x90, 1     /* the return address 8 */
	.byte 0x86, 2     /* and rbp 16 below it */
	.balign 8, 0
1:	.long 3f - 2f
2:	.long 2b - thunk_whole_frames
	.quad thunk_whole
	.quad thunk_whole_frames_end - thunk_whole
	.byte 0
	.balign 8, 0
3:	.long 0

#endif

	.section .note.GNU-stack, "", @progbits
