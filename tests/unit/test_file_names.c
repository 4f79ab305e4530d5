/* test_file_names.c: the names of the functions in ELF files, whole and not.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/entry/file_names.h"

static const char own[] = "/proc/self/exe";

int file_names_seen(int n);
__attribute__((noinline)) int file_names_seen(int n)
{
	return n + 1;
}

static __attribute__((noinline, used)) int file_names_static(int n)
{
	return n - 1;
}

struct found {
	unsigned n, seen, within, elsewhere;
};

static void count(void *context, const struct file_names_function *f)
{
	struct found *found = context;

	found->n += strlen(f->name) > 0;
	found->seen += !strcmp(f->name, "file_names_seen") && !f->is_bound;
	found->within += !strcmp(f->name, "file_names_static") && f->is_bound;
	found->elsewhere += !strncmp(f->name, "CU_initialize_registry", 22);
}

static void whole(void)
{
	struct found found = {0};

	file_names_each(own, true, count, &found);
	CU_ASSERT(found.seen >= 1);
	CU_ASSERT_EQUAL(found.within, 1);
	CU_ASSERT_EQUAL(found.elsewhere, 0); /* what a program only calls is not in it */
	CU_ASSERT_EQUAL(file_names_static(file_names_seen(3)), 3);
}

static void none(void)
{
	struct found found = {0};

	file_names_each("/no/such/file", true, count, &found);
	file_names_each("/proc/self", true, count, &found);
	file_names_each("/proc/self/cmdline", true, count, &found);
	CU_ASSERT_EQUAL(found.n, 0);
}

/* A file that ends early has no more functions than the whole one. */
static void cut(void)
{
	char path[] = "/tmp/test_file_names.XXXXXX", buffer[65536];
	struct found all = {0}, part;
	FILE *from = fopen(own, "rb");
	int to = mkstemp(path);
	long bytes = 0;
	size_t n;

	CU_ASSERT_FATAL(from && to >= 0);
	while ((n = fread(buffer, 1, sizeof(buffer), from)) > 0) {
		CU_ASSERT_EQUAL_FATAL(write(to, buffer, n), (ssize_t)n);
		bytes += (long)n;
	}
	fclose(from);
	file_names_each(path, true, count, &all);
	CU_ASSERT(all.n > 0);
	for (int i = 60; i >= 0; i--) {
		memset(&part, 0, sizeof(part));
		CU_ASSERT_EQUAL(ftruncate(to, bytes * i / 61), 0);
		file_names_each(path, true, count, &part);
		CU_ASSERT(part.n <= all.n);
	}
	CU_ASSERT_EQUAL(part.n, 0);
	close(to);
	unlink(path);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"a whole file", whole},
	        {"no file", none},
	        {"a file cut off", cut},
	        CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{"file_names", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
