/* table.h: the situations of one program, by name.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TESTS_PRELOAD_MATRIX_TABLE_H
#define TESTS_PRELOAD_MATRIX_TABLE_H

#include <stdio.h>
#include <string.h>

struct situation {
	const char *name;
	int (*run)(void); /* returns the program's exit status */
};

/* Runs the situation that argv[1] names. */
static inline int situation_run(const struct situation *all, int argc, char **argv)
{
	for (; all->name; all++)
		if (argc > 1 && strcmp(argv[1], all->name) == 0)
			return all->run();
	fprintf(stderr, "there is no situation '%s'\n", argc > 1 ? argv[1] : "");
	return 2;
}

#endif
