/* entry_plugin.S: a library with one function, and how long that is.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
	.text
	.globl plugged
	.type plugged, %function
plugged:
#if defined(__x86_64__)
	imulq %rsi, %rdi
	leaq 1(%rdi), %rax
	ret
#elif defined(__aarch64__)
	mul x0, x0, x1
	add x0, x0, #1
	ret
#endif
plugged_end:
	.size plugged, . - plugged
	.section .rodata
	.balign 8
	.globl plugged_bytes
	.type plugged_bytes, %object
plugged_bytes:
	.quad plugged_end - plugged
	.size plugged_bytes, 8
	.section .note.GNU-stack, "", %progbits
