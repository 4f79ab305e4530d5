/* onednn_lib.c: the oneDNN libraries met in this process.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/onednn/onednn_lib.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "preload/entry/entry.h"
#include "preload/resolve.h"
#include "preload/entry/symbols.h"
#include "preload/trylock.h"
#include "runtime/recorder.h"

enum { LIBS = 8 };

struct known_lib {
	uint32_t generation; /* of resolve.h, for which this is so */
	struct onednn_lib lib;
};

static struct known_lib libs[LIBS];
static unsigned n_libs;
static uint32_t lock;

static const struct {
	const char *name;
	uint16_t at; /* in struct onednn_lib */
	bool needed;
} functions[] = {
        {"dnnl_primitive_get_primitive_desc", offsetof(struct onednn_lib, primitive_desc), true},
        {"dnnl_primitive_desc_query", offsetof(struct onednn_lib, query), true},
        {"dnnl_primitive_desc_query_md", offsetof(struct onednn_lib, query_md), true},
        {"dnnl_prim_kind2str", offsetof(struct onednn_lib, kind_name), true},
        {"dnnl_dt2str", offsetof(struct onednn_lib, dtype_name), true},
        {"dnnl_alg_kind2str", offsetof(struct onednn_lib, alg_name), false},
        {"dnnl_prop_kind2str", offsetof(struct onednn_lib, prop_name), false},
        {"dnnl_memory_desc_query", offsetof(struct onednn_lib, md_query), false},
        {"dnnl_memory_get_memory_desc", offsetof(struct onednn_lib, memory_md), false},
        {"dnnl_primitive_desc_get_attr", offsetof(struct onednn_lib, attr), false},
        {"dnnl_primitive_attr_get_post_ops", offsetof(struct onednn_lib, post_ops), false},
        {"dnnl_post_ops_len", offsetof(struct onednn_lib, n_post_ops), false},
        {"dnnl_post_ops_get_kind", offsetof(struct onednn_lib, post_op_kind), false},
        {"dnnl_post_ops_get_params_eltwise", offsetof(struct onednn_lib, post_op_eltwise_2), false},
        {"dnnl_post_ops_get_params_eltwise", offsetof(struct onednn_lib, post_op_eltwise_3), false},
        {"dnnl_post_ops_get_params_binary", offsetof(struct onednn_lib, post_op_binary), false},
};

/* What dnnl_version() points to begins like this in releases 1 to 3. */
struct version {
	int major, minor, patch;
};

static bool is_one_module(const void *a, const void *b)
{
	struct dl_find_object in_a, in_b;

	return _dl_find_object((void *)(uintptr_t)a, &in_a) == 0
	       && _dl_find_object((void *)(uintptr_t)b, &in_b) == 0
	       && in_a.dlfo_link_map == in_b.dlfo_link_map;
}

/* Where a library's functions are found: among those that it exports, or, of one
 * that is inside of a program and exports nothing, by its symbols. */
struct place {
	const void *inside;
	bool by_symbols;
	struct symbols_module module;
};

static void *exported(const void *inside, const char *name)
{
	void *address = resolve_within(inside, name);

	return address && is_one_module(address, inside) ? address : NULL;
}

static struct place place_of(const void *inside)
{
	struct place place = {.inside = inside};
	struct dl_find_object found;

	if (exported(inside, "dnnl_primitive_desc_query")
	    || _dl_find_object((void *)(uintptr_t)inside, &found) != 0)
		return place;
	place.by_symbols = true;
	place.module.path = found.dlfo_link_map->l_name[0] ? found.dlfo_link_map->l_name : "/proc/self/exe";
	place.module.bias = found.dlfo_link_map->l_addr;
	return place;
}

static bool take_address(void *context, const struct symbols_function *f)
{
	*(uintptr_t *)context = f->address;
	return false;
}

static void *find_function(struct place *place, const char *name)
{
	uintptr_t address = 0;

	if (!place->by_symbols)
		return exported(place->inside, name);
	symbols_each(&place->module, name, take_address, &address);
	return (void *)address;
}

/* The release, 0 when it cannot be told. */
static int say_version(struct place *place)
{
	const struct version *(*ask)(void);
	void *address = find_function(place, "dnnl_version");
	const struct version *v;
	char text[48];

	if (!address)
		return 0;
	memcpy(&ask, &address, sizeof(address));
	v = ask();
	if (!v)
		return 0;
	snprintf(text, sizeof(text), "%d.%d.%d", v->major, v->minor, v->patch);
	prof_fact("onednn.version", text);
	return v->major;
}

static void learn(struct onednn_lib *lib, void *execute)
{
	struct place place = place_of(entry_origin(execute)); /* it may have been moved */
	const char *missing = NULL;
	int release = say_version(&place);

	memset(lib, 0, sizeof(*lib));
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *address = find_function(&place, functions[i].name);

		memcpy((char *)lib + functions[i].at, &address, sizeof(address));
		if (!address && functions[i].needed && !missing)
			missing = functions[i].name;
	}
	symbols_release(&place.module);
	lib->opaque = lib->md_query != NULL;
	lib->works = !missing && (lib->opaque ? release >= 3 : release == 2);
	if (missing)
		prof_note("onednn: this library has no %s, so its primitives are recorded without kind and "
		          "shapes",
		          missing);
	else if (!lib->works)
		prof_note("onednn: release %d is not known here, so its primitives are recorded without kind "
		          "and shapes",
		          release);
	lib->execute = execute;
}

static struct known_lib *find(const void *execute, uint32_t generation)
{
	unsigned n = __atomic_load_n(&n_libs, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < n; i++)
		if (libs[i].lib.execute == execute
		    && (!generation || __atomic_load_n(&libs[i].generation, __ATOMIC_ACQUIRE) == generation))
			return &libs[i];
	return NULL;
}

const struct onednn_lib *onednn_lib_get(void *execute)
{
	uint32_t generation = __atomic_load_n(&resolve_generation, __ATOMIC_ACQUIRE);
	struct known_lib *k = find(execute, generation);
	struct guard calm;

	if (!k && trylock_take(&lock, &calm)) {
		k = find(execute, 0);
		if (!k && n_libs < LIBS)
			k = &libs[n_libs];
		if (k && k->generation != generation) {
			struct onednn_lib now;

			learn(&now, execute);
			if (memcmp(&now, &k->lib, sizeof(now)) != 0)
				k->lib = now;
			__atomic_store_n(&k->generation, generation, __ATOMIC_RELEASE);
			if (k == &libs[n_libs])
				__atomic_store_n(&n_libs, n_libs + 1, __ATOMIC_RELEASE);
		}
		trylock_give(&lock, &calm);
	}
	return k ? &k->lib : NULL;
}
