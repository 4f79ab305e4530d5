/* stub.c: hooks that are made while the program runs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A stub is a copy of a few instructions of thunk_whole_<cpu>.S, behind which
 * lie two addresses: the hook and the thunk.
 */
#include "preload/thunk/stub.h"

#include <errno.h>
#include <string.h>

#include "preload/entry/code_pages.h"

#define STUB_MAX 64

void *stub_make(const struct hook *hook)
{
	static bool is_started;
	size_t bytes = (size_t)(stub_template_end - stub_template);
	uintptr_t words[2] = {(uintptr_t)hook, (uintptr_t)thunk_whole};
	uint8_t code[STUB_MAX];
	void *stub;

	if (bytes > sizeof(code)) {
		errno = ENOMEM;
		return NULL;
	}
	if (!__atomic_load_n(&is_started, __ATOMIC_ACQUIRE))
		thunk_whole_start();
	__atomic_store_n(&is_started, true, __ATOMIC_RELEASE);
	memcpy(code, stub_template, bytes);
	memcpy(code + bytes - sizeof(words), words, sizeof(words));
	stub = code_room(bytes, 0, 0);
	if (stub && code_write((uintptr_t)stub, code, bytes) != 0)
		stub = NULL;
	return stub;
}
