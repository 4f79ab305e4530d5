/* object.c: a few functions for an ELF file to begin fuzzing with.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
extern int object_value;
int object_value = 3;
int object_sum(const int *numbers, int n);
int object_choose(int n);

static int twice(int n)
{
	return 2 * n + object_value;
}

int object_sum(const int *numbers, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		sum += twice(numbers[i]);
	return sum;
}

int object_choose(int n)
{
	static const char *const names[] = {"none", "one", "two"};

	return n >= 0 && n < 3 ? names[n][0] : object_value;
}
