/* xray.c: functions that clang made ready to tell when they begin and end.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The functions of XRay's runtime that are used are part of its documented
 * interface, but exported only where the program was linked so. A program that
 * sets a handler of its own later takes the place of ours.
 */
#include "preload/compiler/xray.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "runtime/call_site/function_name.h"
#include "runtime/recorder.h"

enum { ENTRY, EXIT, TAIL_EXIT, ENTRY_WITH_ARGUMENT }; /* XRayEntryType */

typedef void handler_fn(int32_t function, int type);

static struct {
	int (*set_handler)(handler_fn *handler);
	int (*patch)(void);
	size_t (*max_function)(void);
	uintptr_t (*address)(int32_t function);
} runtime;

static const void **functions; /* by their numbers, which begin with 1 */
static size_t n_functions;

static void handle(int32_t function, int type)
{
	const void *address = (size_t)function < n_functions ? functions[function] : NULL;
	uintptr_t stack = (uintptr_t)__builtin_frame_address(0); /* as far from each function's own */

	if (!address)
		return;
	if (type == ENTRY || type == ENTRY_WITH_ARGUMENT)
		prof_region_enter(address, stack, stack + 1);
	else if (type == EXIT || type == TAIL_EXIT)
		prof_region_leave(address);
}

/* XRay is begun before all constructors; few programs have anything there. */
static bool may_have_runtime(void)
{
	const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	const ElfW(Dyn) *dynamic = NULL;
	uintptr_t bias = 0;

	for (unsigned long i = 0; headers && i < getauxval(AT_PHNUM); i++) {
		if (headers[i].p_type == PT_PHDR)
			bias = (uintptr_t)headers - headers[i].p_vaddr;
		if (headers[i].p_type == PT_DYNAMIC)
			dynamic = (const ElfW(Dyn) *)(bias + headers[i].p_vaddr);
	}
	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++)
		if (dynamic->d_tag == DT_PREINIT_ARRAY)
			return true;
	return false;
}

static bool find(const char *name, void *where)
{
	uintptr_t address = function_in_program(name);

	memcpy(where, &address, sizeof(address));
	return address != 0;
}

void xray_start(void)
{
	const char *options = getenv("XRAY_OPTIONS");
	size_t n;

	if ((options && *options) || !may_have_runtime() || !find("__xray_set_handler", &runtime.set_handler)
	    || !find("__xray_patch", &runtime.patch) || !find("__xray_max_function_id", &runtime.max_function)
	    || !find("__xray_function_address", &runtime.address))
		return;
	n = runtime.max_function() + 1;
	functions = prof_arena_alloc(n * sizeof(*functions));
	if (!functions)
		return;
	for (size_t i = 1; i < n; i++)
		functions[i] = (const void *)runtime.address((int32_t)i);
	n_functions = n;
	runtime.set_handler(handle);
	runtime.patch();
}
