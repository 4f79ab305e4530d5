/* variant.c: functions that are called as all others are, and ones marked as not.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>

__attribute__((noinline, noipa)) static long plain(long n)
{
	return n * 3;
}

__asm__(".variant_pcs marked");
__attribute__((noinline, noipa, used)) static long marked(long n) __asm__("marked");
static long marked(long n)
{
	return n * 5;
}

int main(void)
{
	printf("%ld %ld\n", plain(7), marked(7));
	return 0;
}
