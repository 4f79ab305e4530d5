/* entry_plugin.S: a library with one function, of 9 bytes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
	.text
	.globl plugged
	.type plugged, @function
plugged:
#if defined(__x86_64__)
	imulq %rsi, %rdi
	leaq 1(%rdi), %rax
	ret
#endif
	.size plugged, . - plugged
	.section .note.GNU-stack, "", @progbits
