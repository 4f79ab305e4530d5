/* hooks_lapack.c: the LAPACK routines that are hooked (hooks_lapack.def).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * They are the parents of the BLAS calls that they make, where the library makes
 * these through its PLT; otherwise they are all that is seen.
 */
#include <string.h>

#include "preload/call_table.h"
#include "preload/families.h"
#include "preload/known.h"
#include "preload/blas/lapack.h"

enum lapack_number {
#define LAPACK_SYMBOL(name, shape, type, wide) LAPACK_NUMBER_##name,
#include "preload/blas/hooks_lapack.def"
#undef LAPACK_SYMBOL
	LAPACK_NUMBERS
};

/* struct hook's detail[], for this family. */
enum { DETAIL_SHAPE, DETAIL_TYPE, DETAIL_WIDE };

static struct resolve_cache caches[LAPACK_NUMBERS];
static const struct hook_family family;

extern const struct hook lapack_hooks[];
const struct hook lapack_hooks[LAPACK_NUMBERS] = {
#define LAPACK_SYMBOL(name, shape, type, wide)                                                               \
	{#name,                                                                                              \
	 &caches[LAPACK_NUMBER_##name],                                                                      \
	 &family,                                                                                            \
	 LAPACK_WORDS_##shape,                                                                               \
	 {LAPACK_SHAPE_##shape, PROF_DTYPE_##type, wide}},
#include "preload/blas/hooks_lapack.def"
#undef LAPACK_SYMBOL
};

const struct known_table lapack_table = {"lapack", lapack_hooks, LAPACK_NUMBERS};

static bool recording;

static uint64_t argument(const void *call, unsigned i)
{
	return call_argument(call, i);
}

static uint32_t intern(struct hook_call *call, const struct call_key *key, const struct lapack_call *c)
{
	struct prof_desc_spec spec = {.op = PROF_OP_OTHER};

	lapack_describe(c, &spec);
	spec.family = prof_intern_string("lapack", 6);
	spec.name = prof_intern_string(call->hook->name, strlen(call->hook->name));
	return call_intern(call, key, &spec);
}

static void *enter(struct hook_call *call)
{
	const uint8_t *detail = call->hook->detail;
	struct lapack_call c = {.shape = (enum lapack_shape)detail[DETAIL_SHAPE],
	                        .dtype = (enum prof_dtype)detail[DETAIL_TYPE]};
	struct call_key key = {.hook = call->hook};
	struct call_table *table = recording ? call_begin(call, &key) : NULL;
	const struct call_entry *found;

	if (table)
		lapack_read(&c, detail[DETAIL_WIDE], argument, call);
	if (!table || c.asks) {
		call_drop(call);
		return call->real;
	}
	key.word[1] = (uint64_t)c.m;
	key.word[2] = (uint64_t)c.n;
	key.word[3] = (uint64_t)c.k;
	key.word[4] = (uint64_t)c.r;
	key.word[5] = (uint64_t)c.lda;
	key.word[6] = (uint64_t)(unsigned char)c.job | (uint64_t)(unsigned char)c.left << 8
	              | (uint64_t)(unsigned char)c.side << 16;
	found = call_find(table, &key);
	if (!found)
		found = call_keep(table, &key, intern(call, &key, &c), false);
	return call_start(call, found->desc);
}

static const struct hook_family family = {thunk_never_enter, thunk_never_exit, enter, call_exit};

void hooks_lapack_start(void)
{
	recording = prof_family_enabled("lapack");
}
