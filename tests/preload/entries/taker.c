/* taker.c: a library that takes over every function of the program it is preloaded into.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * At exit it writes to the file that TAKER_REPORT names: a line "NAME CALLS SOURCE" of
 * each function taken, "NAME refused: WHY" of each that was not, and "changed: NAME" of
 * one that is not again as it was.
 */
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/entry/entry.h"
#include "preload/thunk/stub.h"
#include "preload/entry/symbols.h"

#define FUNCTIONS_MAX 4096
#define FIRST_BYTES   16

struct taken {
	struct hook hook;
	void *real, *function;
	const char *source;
	long calls;
	char before[FIRST_BYTES];
	char why[160]; /* "": it is taken */
};

static struct taken functions[FUNCTIONS_MAX];
static unsigned n_functions;
static struct symbols_module program = {.path = "/proc/self/exe"};

static void *enter(struct hook_call *call)
{
	struct taken *t = (struct taken *)(uintptr_t)call->hook;

	__atomic_fetch_add(&t->calls, 1, __ATOMIC_RELAXED);
	return t->real;
}

static void leave(struct hook_call *call)
{
}

static const struct hook_family family = {thunk_never_enter, thunk_never_exit, enter, leave};

static bool take(void *context, const struct symbols_function *f)
{
	struct taken *t = &functions[n_functions];
	struct entry_request r = {.function = (void *)f->address,
	                          .bytes = f->bytes,
	                          .room = f->room,
	                          .replacement = stub_make(&t->hook),
	                          .original = &t->real};

	if (n_functions == FUNCTIONS_MAX || !r.replacement)
		return false;
	t->hook = (struct hook){.name = f->name, .family = &family, .stack_words = 16};
	t->function = r.function;
	t->source = f->source;
	memcpy(t->before, t->function, FIRST_BYTES);
	entry_take(&r, t->why, sizeof(t->why));
	n_functions++;
	return true;
}

/* Where the program is: the distance of its program headers from where the file has them. */
static int find_bias(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	program.bias = info->dlpi_addr;
	return 1;
}

__attribute__((constructor)) static void start(void)
{
	dl_iterate_phdr(find_bias, NULL);
	if (symbols_each(&program, "*", take, NULL) != 0)
		fprintf(stderr, "taker: the program's symbols cannot be read\n");
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("TAKER_REPORT");
	FILE *out = path ? fopen(path, "w") : NULL;

	entry_return_all();
	if (!out)
		return;
	for (unsigned i = 0; i < n_functions; i++) {
		const struct taken *t = &functions[i];

		if (t->why[0])
			fprintf(out, "%s refused: %s\n", t->hook.name, t->why);
		else
			fprintf(out, "%s %ld %s\n", t->hook.name, t->calls, t->source);
	}
	for (unsigned i = 0; i < n_functions; i++)
		if (memcmp(functions[i].function, functions[i].before, FIRST_BYTES) != 0)
			fprintf(out, "changed: %s\n", functions[i].hook.name);
	fclose(out);
}
