/* reach_static.c: one product in a program without a loader.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
void reach_multiply(void);

int main(void)
{
	reach_multiply();
	return 0;
}
