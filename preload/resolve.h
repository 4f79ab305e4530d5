/* resolve.h: which function a hook stands in for.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A preloaded name is bound before every other, so a hook has to find what the
 * caller would have got without us: the next definition in the global scope,
 * else one in the libraries that the caller came along with (load_order.h). The
 * answer therefore depends on who calls, and on which libraries are loaded at
 * the moment; it is cached by the caller's module and a generation number that
 * every dlclose() moves on.
 *
 * A hook written in C uses it like this:
 *
 *	static struct resolve_cache cache;
 *	const void *outer;
 *	real = resolve_real(&cache, "ggml_barrier", __builtin_return_address(0));
 *	outer = resolve_enter(real);
 *	real(arguments);
 *	resolve_leave(outer);
 *
 * Nothing here changes errno.
 */
#ifndef PRELOAD_RESOLVE_H
#define PRELOAD_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#define RESOLVE_WAYS 4 /* calling modules remembered of each hook */

/* One answer: callers in [low, low + size) get `real`. Written by one thread
 * at a time (seq is odd meanwhile) and read without a lock. */
struct resolve_entry {
	uint32_t seq;
	uint32_t generation;
	uintptr_t low, size; /* of the calling module; size 0: empty */
	void *real;
};

/* What is known of one hooked name. Zero-initialised, static. */
struct resolve_cache {
	struct resolve_entry way[RESOLVE_WAYS];
};

extern uint32_t resolve_generation __attribute__((visibility("hidden")));
extern __thread const void *resolve_inside __attribute__((tls_model("initial-exec")));

/* As resolve_real(), the long way. */
void *resolve_slow(struct resolve_cache *cache, const char *name, const void *return_address);

static inline bool resolve_match(const struct resolve_entry *e, const void *return_address, void **real)
{
	uint32_t seq = __atomic_load_n(&e->seq, __ATOMIC_ACQUIRE);
	uintptr_t low = __atomic_load_n(&e->low, __ATOMIC_RELAXED);
	uintptr_t size = __atomic_load_n(&e->size, __ATOMIC_RELAXED);
	uint32_t generation = __atomic_load_n(&e->generation, __ATOMIC_RELAXED);

	*real = __atomic_load_n(&e->real, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return (uintptr_t)return_address - low < size
	       && generation == __atomic_load_n(&resolve_generation, __ATOMIC_RELAXED)
	       && seq == __atomic_load_n(&e->seq, __ATOMIC_RELAXED) && !(seq & 1);
}

/* The function that a caller at return_address would have reached under this
 * name; null when there is none at all (see resolve_missing). A return address
 * inside the shim (the hooked function before this one jumped here at its end)
 * stands for the module of that function. Hot. */
static inline void *resolve_real(struct resolve_cache *cache, const char *name, const void *return_address)
{
	void *real;

	if (__builtin_expect(resolve_match(&cache->way[0], return_address, &real), 1))
		return real;
	return resolve_slow(cache, name, return_address);
}

/* Whether that answer is in the cache, so that it will be the same for as long
 * as resolve_generation is. */
static inline bool resolve_is_kept(const struct resolve_cache *cache, const void *return_address,
                                   const void *real)
{
	void *known;

	for (int i = 0; i < RESOLVE_WAYS; i++)
		if (resolve_match(&cache->way[i], return_address, &known))
			return known == real;
	return false;
}

/* A hook written in C puts these around its call of the real function, so that
 * a hook reached by a tail call from it knows where it comes from. */
static inline const void *resolve_enter(const void *real)
{
	const void *outer = resolve_inside;

	resolve_inside = real;
	return outer;
}

static inline void resolve_leave(const void *outer)
{
	resolve_inside = outer;
}

/* There is no such function: the program would have ended here without the
 * shim as well. Says so in the loader's words and ends it as the loader does. */
void resolve_missing(const char *name) __attribute__((noreturn, cold));

/* What stands for a function that was found; null, or a function that takes no lock. */
extern void *(*resolve_substitute)(void *function) __attribute__((visibility("hidden")));

/* Addresses of the shim itself, not of a program's module. */
bool resolve_is_own(const void *address);

/* Once, by the constructor. */
void resolve_start(void);

/* Around the real dlclose(): answers found while a library may be going are
 * not kept. */
void resolve_close_begin(void);
void resolve_close_end(void);

/* The real dlsym(): the shim has one of its own. */
typedef void *resolve_dlsym_fn(void *handle, const char *name);
resolve_dlsym_fn *resolve_dlsym(void);

/* What the module at an address would be bound to under this name, the shim's
 * own functions included; null when there is none. May wait for the loader. */
void *resolve_as_module(const char *name, const void *inside);

/* The next definition of a name after the shim's in the global scope, or null. */
void *resolve_next(const char *name);

/* The definition of a name in the module that holds this address, or in what
 * that was linked to; null when there is none. */
void *resolve_within(const void *address, const char *name);

#endif
