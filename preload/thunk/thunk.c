/* thunk.c: what a thunk does before and after the real function, the long way.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/thunk/thunk.h"

#include "preload/entry/entry.h"

const struct thunk_world *thunk_world;

/* When the real function of one hook ends in a jump to another hooked function
 * (a tail call), that one returns into the thunk of the first, whose frame is
 * then the one that the frame pointer, restored before the jump, points to. */
static const struct hook_call *enclosing(const struct hook_call *call)
{
	const char *frame_pointer;

	__builtin_memcpy(&frame_pointer, (const char *)call + THUNK_FRAME_BYTES, sizeof(frame_pointer));
	return (const struct hook_call *)(frame_pointer - THUNK_FRAME_BYTES);
}

static void *enter(struct hook_call *call)
{
	const struct hook *hook = call->hook;
	const void *from = call->return_address;

	if (__builtin_expect(from == thunk_returned || from == thunk_whole_returned, 0)) {
		const struct hook_call *outer = enclosing(call);

		from = entry_origin(outer->real);
		call->return_address = outer->return_address;
	}
	if (hook->cache) {
		call->real = resolve_real(hook->cache, hook->name, from);
		if (__builtin_expect(!call->real, 0))
			resolve_missing(hook->name);
	}
	return hook->family->enter(call);
}

void *thunk_enter(struct hook_call *call)
{
	return thunk_world ? thunk_world->enter(call, enter) : enter(call);
}

void thunk_exit(struct hook_call *call)
{
	if (thunk_world)
		thunk_world->exit(call);
	else
		call->hook->family->exit(call);
}

void *thunk_never_enter(struct hook_call *call)
{
	return NULL;
}

bool thunk_never_exit(struct hook_call *call)
{
	return false;
}
