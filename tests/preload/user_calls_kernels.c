/* user_calls_kernels.c: call the library's functions directly, and by a plugin.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdio.h>

#include "tests/preload/user_kernels.h"

static jmp_buf back;

static void jump(void)
{
	longjmp(back, 1);
}

static __attribute__((noinline)) void multiply(void)
{
	float a[6] = {1, 2, 3, 4, 5, 6}, b[12] = {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 7}, c[8] = {1, 1};

	my_cblas_sgemm(101, 111, 111, 2, 4, 3, 2, a, 3, b, 4, 1, c, 4);
	printf("%g %g\n", (double)c[0], (double)c[7]);
}

static int run_plugin(const char *path, const struct sizes *s)
{
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	int (*run)(const struct sizes *);

	if (!plugin)
		return 1;
	run = (int (*)(const struct sizes *))dlsym(plugin, "plugin_run");
	printf("%d\n", run ? run(s) : -1);
	return dlclose(plugin);
}

int main(int argc, char **argv)
{
	struct sizes s = {.name = "blk.0.attn_q"};
	__typeof__(*s.inner) inner = {7, 12};
	int (*volatile pointer)(int) = again;

	s.inner = &inner;
	if (!setjmp(back))
		leave_by(jump);
	printf("%d\n", product(&s, 2, 3, 0.5));
	printf("%ld\n", reduce_many(1, 2, 3, 4, 5, 6, 7, s.name));
	printf("%d %d\n", again(2), pointer == again);
	printf("%s %d\n", make_sizes(&s)->name, next_is_missing());
	multiply();
	return argc > 1 ? run_plugin(argv[1], &s) : 0;
}
