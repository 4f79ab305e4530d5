/* onednn_calls.c: from oneDNN calls to operations.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/onednn/onednn_calls.h"

#include <errno.h>
#include <string.h>

#include "preload/call_table.h"
#include "preload/onednn/onednn_describe.h"

enum {
	PLACES_LOG2 = 10, /* counters of destroyed primitives, by their address */
};

static uint32_t destroyed[1u << PLACES_LOG2];
static bool recording;

static uint32_t *place_of(const void *primitive)
{
	return &destroyed[((uintptr_t)primitive * 0x9e3779b97f4a7c15u) >> (64 - PLACES_LOG2)];
}

void *onednn_enter_destroy(struct hook_call *call)
{
	const void *primitive = (const void *)(uintptr_t)call->integer[0];

	__atomic_fetch_add(place_of(primitive), 1, __ATOMIC_RELEASE);
	return call->real;
}

void onednn_exit_destroy(struct hook_call *call)
{
}

/* Not recorded. */
static void *skip(struct hook_call *call)
{
	call_drop(call);
	return call->real;
}

void onednn_exit(struct hook_call *call)
{
	if ((int)call->result[0] != 0) /* nothing was computed */
		call_drop(call);
	call_exit(call);
}

static uint32_t intern(struct hook_call *call, const struct call_key *key, struct prof_desc_spec *spec)
{
	spec->family = prof_intern_string("onednn", 6);
	return call_intern(call, key, spec);
}

/* ---- primitives ---- */

/* Ask the library what this is. */
static __attribute__((noinline)) uint32_t learn(struct hook_call *call, const struct call_key *key,
                                                struct onednn_asked *asked)
{
	struct prof_desc_spec spec = {.op = PROF_OP_OTHER};
	int saved = errno;
	uint32_t desc;

	if (asked->desc)
		onednn_describe(asked, &spec);
	else
		spec.name = prof_intern_string(call->hook->name, strlen(call->hook->name));
	desc = intern(call, key, &spec);
	errno = saved;
	return desc;
}

/* A primitive is told by its address, its descriptor, the real function and two counters. */
void *onednn_enter_primitive(struct hook_call *call)
{
	const void *primitive = (const void *)(uintptr_t)call->integer[0];
	struct call_key key = {.hook = call->hook};
	struct call_table *table = recording ? call_begin(call, &key) : NULL;
	const struct onednn_lib *lib = table ? onednn_lib_get(call->real) : NULL;
	struct onednn_asked asked = {.lib = lib};
	const struct call_entry *found;
	uint32_t desc;

	if (!table)
		return skip(call);
	if (lib && lib->works && lib->primitive_desc(primitive, &asked.desc) != 0)
		asked.desc = NULL; /* the call is going to fail */
	key.word[1] = (uintptr_t)primitive;
	key.word[2] = (uintptr_t)asked.desc;
	key.word[3] = (uintptr_t)call->real;
	key.word[4] = __atomic_load_n(place_of(primitive), __ATOMIC_ACQUIRE);
	key.word[5] = __atomic_load_n(&resolve_generation, __ATOMIC_RELAXED);
	found = call_find(table, &key);
	if (__builtin_expect(found && !found->late, 1))
		return call_start(call, found->desc);
	asked.n_args = (int)call->integer[2];
	asked.args = (const struct onednn_arg *)(uintptr_t)call->integer[3];
	desc = learn(call, &key, &asked);
	call_keep(table, &key, desc, asked.late);
	return call_start(call, desc);
}

/* ---- products ---- */

static int64_t argument(const struct hook_call *call, unsigned i)
{
	return (int64_t)call_argument(call, i);
}

static bool is_transposed(const struct hook_call *call, unsigned i)
{
	return ((int)argument(call, i) & 0xdf) == 'T'; /* a letter of either case */
}

static void *enter_product(struct hook_call *call, const struct onednn_product *p)
{
	struct call_key key = {.hook = call->hook};
	struct call_table *table = recording ? call_begin(call, &key) : NULL;
	struct prof_desc_spec spec = {.op = PROF_OP_GEMM};
	const struct call_entry *found;

	if (!table)
		return skip(call);
	key.word[1] = (uint64_t)p->m;
	key.word[2] = (uint64_t)p->n;
	key.word[3] = (uint64_t)p->k;
	key.word[4] = (uint64_t)p->lda;
	key.word[5] = (uint64_t)p->ldb;
	key.word[6] = (uint64_t)p->ldc;
	key.word[7] = (uint64_t)p->trans_a | (uint64_t)p->trans_b << 1;
	found = call_find(table, &key);
	if (!found) {
		onednn_describe_product(p, &spec);
		spec.name = prof_intern_string(call->hook->name, strlen(call->hook->name));
		found = call_keep(table, &key, intern(call, &key, &spec), false);
	}
	return call_start(call, found->desc);
}

/* transa, transb, m, n, k, A, lda, B, ldb, C, ldc; scalars come by other ways. */
void *onednn_enter_gemm(struct hook_call *call)
{
	const uint8_t *detail = call->hook->detail;
	struct onednn_product p = {.trans_a = is_transposed(call, 0),
	                           .trans_b = is_transposed(call, 1),
	                           .m = argument(call, 2),
	                           .n = argument(call, 3),
	                           .k = argument(call, 4),
	                           .lda = argument(call, 6),
	                           .ldb = argument(call, 8),
	                           .ldc = argument(call, 10),
	                           .a = detail[ONEDNN_DETAIL_A],
	                           .b = detail[ONEDNN_DETAIL_B],
	                           .c = detail[ONEDNN_DETAIL_C]};

	return enter_product(call, &p);
}

/* transa, transb, offsetc, m, n, k, A, lda, ao, B, ldb, bo, C, ldc, co. */
void *onednn_enter_quantized(struct hook_call *call)
{
	const uint8_t *detail = call->hook->detail;
	struct onednn_product p = {.trans_a = is_transposed(call, 0),
	                           .trans_b = is_transposed(call, 1),
	                           .m = argument(call, 3),
	                           .n = argument(call, 4),
	                           .k = argument(call, 5),
	                           .lda = argument(call, 7),
	                           .ldb = argument(call, 10),
	                           .ldc = argument(call, 13),
	                           .a = detail[ONEDNN_DETAIL_A],
	                           .b = detail[ONEDNN_DETAIL_B],
	                           .c = detail[ONEDNN_DETAIL_C]};

	return enter_product(call, &p);
}

void onednn_calls_start(void)
{
	recording = true;
}
