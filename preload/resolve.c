/* resolve.c: find the function that a hook stands in for.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The slow path asks the loader: dlsym(RTLD_NEXT) for the global scope, a
 * handle of the library that the calling module came along with (dlopen with
 * RTLD_NOLOAD, given back at once; load_order.h), one of the module itself, and
 * as the last resort every loaded module.
 * It may block on the loader's lock, as the first call of any function may.
 */
#include "preload/resolve.h"
#include "preload/load_order.h"
#include "runtime/foreign.h"
#include "runtime/recorder.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

uint32_t resolve_generation = 1;
__thread const void *resolve_inside;
void *(*resolve_substitute)(void *function);

static uint32_t closing;            /* dlclose() calls in progress, */
static pid_t closing_in;            /* in this process; atomic both */
static uintptr_t own_low, own_high; /* where the shim itself is mapped */

/* The module that an address belongs to. */
struct module {
	uintptr_t low, size;
	const char *path; /* "": the program itself; null: no module at all */
};

static struct module module_of(const void *address)
{
	uintptr_t page = (uintptr_t)address & ~(uintptr_t)4095;
	struct dl_find_object found;

	if (_dl_find_object((void *)(uintptr_t)address, &found) != 0)
		return (struct module){page, 4096, NULL}; /* code made at run time */
	return (struct module){(uintptr_t)found.dlfo_map_start,
	                       (uintptr_t)found.dlfo_map_end - (uintptr_t)found.dlfo_map_start,
	                       found.dlfo_link_map->l_name};
}

void resolve_start(void)
{
	struct module own = module_of((const void *)(uintptr_t)resolve_start);

	own_low = own.low;
	own_high = own.low + own.size;
}

bool resolve_is_own(const void *address)
{
	if (!own_high)
		resolve_start(); /* called before our constructor */
	return (uintptr_t)address - own_low < own_high - own_low;
}

/* Its version is a newer one since all of libdl is in libc. A sanitizer comes here before it is
 * ready to check any code. */
__attribute__((no_sanitize("address", "thread"))) resolve_dlsym_fn *resolve_dlsym(void)
{
	static const char *const versions[] = {"GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_2.17"};
	static void *cached;
	void *found = __atomic_load_n(&cached, __ATOMIC_RELAXED);

	for (unsigned i = 0; !found && i < sizeof(versions) / sizeof(versions[0]); i++)
		found = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
	__atomic_store_n(&cached, found, __ATOMIC_RELAXED);
	return (resolve_dlsym_fn *)found;
}

/* The program must not find an error of ours in dlerror(). */
static void *symbol_in(void *handle, const char *name)
{
	void *found = resolve_dlsym()(handle, name);

	if (!found)
		(void)dlerror();
	return found && !resolve_is_own(found) ? found : NULL;
}

void *resolve_next(const char *name)
{
	return symbol_in(RTLD_NEXT, name);
}

static void *symbol_of_module(const char *path, const char *name)
{
	static void *cached;
	int (*real_close)(void *);
	void *handle = dlopen(path[0] ? path : NULL, RTLD_LAZY | RTLD_NOLOAD);
	void *found;

	if (!handle) {
		(void)dlerror();
		return NULL;
	}
	found = symbol_in(handle, name);
	real_close = (int (*)(void *))__atomic_load_n(&cached, __ATOMIC_RELAXED);
	if (!real_close)
		real_close = (int (*)(void *))resolve_next("dlclose");
	__atomic_store_n(&cached, (void *)(uintptr_t)real_close, __ATOMIC_RELAXED);
	if (real_close)
		real_close(handle);
	return found;
}

void *resolve_within(const void *address, const char *name)
{
	struct module module = module_of(address);

	return module.path ? symbol_of_module(module.path, name) : NULL;
}

struct nth_module {
	int remaining;
	char path[4096];
};

static int take_nth(struct dl_phdr_info *info, size_t size, void *data)
{
	struct nth_module *nth = data;
	size_t length = strlen(info->dlpi_name);

	if (length == 0 || length >= sizeof(nth->path) || nth->remaining-- > 0)
		return 0;
	memcpy(nth->path, info->dlpi_name, length + 1);
	return 1;
}

/* The loader's lock must not be held while another of its functions is called,
 * so modules are taken one at a time, by number. */
static __attribute__((noinline)) void *symbol_anywhere(const char *name)
{
	struct nth_module nth;

	for (int i = 0;; i++) {
		void *found;

		nth.remaining = i;
		if (!dl_iterate_phdr(take_nth, &nth))
			return NULL;
		found = symbol_of_module(nth.path, name);
		if (found)
			return found;
	}
}

/* Of what was opened when the module came along, and what that is linked to. */
static __attribute__((noinline)) void *symbol_of_root(const char *name, const struct module *caller,
                                                      uint32_t generation)
{
	char root[LOAD_ORDER_PATH_BYTES];

	return load_order_root(caller->low, generation, root) ? symbol_of_module(root, name) : NULL;
}

/* What is not in the global scope. generation 0: libraries may be going. */
static void *find_local(const char *name, const struct module *caller, uint32_t generation)
{
	void *found = caller->path ? symbol_of_root(name, caller, generation) : NULL;

	if (!found && caller->path)
		found = symbol_of_module(caller->path, name);
	return found ? found : symbol_anywhere(name);
}

static void *find(const char *name, const struct module *caller, uint32_t generation)
{
	void *found = resolve_next(name);

	return found ? found : find_local(name, caller, generation);
}

void *resolve_as_module(const char *name, const void *inside)
{
	void *found = resolve_dlsym()(RTLD_DEFAULT, name);
	struct module caller;

	if (found)
		return found;
	(void)dlerror();
	caller = module_of(inside);
	return find_local(name, &caller, 0);
}

/* Where an answer goes: an entry that is empty or out of date, else any. */
static struct resolve_entry *choose_way(struct resolve_cache *cache, uint32_t generation)
{
	static uint32_t turn;

	for (int i = 0; i < RESOLVE_WAYS; i++) {
		struct resolve_entry *e = &cache->way[i];

		if (!__atomic_load_n(&e->size, __ATOMIC_RELAXED)
		    || __atomic_load_n(&e->generation, __ATOMIC_RELAXED) != generation)
			return e;
	}
	return &cache->way[__atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % RESOLVE_WAYS];
}

static void publish(struct resolve_cache *cache, const struct module *caller, uint32_t generation, void *real)
{
	struct resolve_entry *e = choose_way(cache, generation);
	uint32_t seq = __atomic_load_n(&e->seq, __ATOMIC_RELAXED);

	if (seq & 1
	    || !__atomic_compare_exchange_n(&e->seq, &seq, seq + 1, false, __ATOMIC_ACQUIRE,
	                                    __ATOMIC_RELAXED))
		return; /* another thread is at it: this one asks again next time */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&e->low, caller->low, __ATOMIC_RELAXED);
	__atomic_store_n(&e->size, caller->size, __ATOMIC_RELAXED);
	__atomic_store_n(&e->generation, generation, __ATOMIC_RELAXED);
	__atomic_store_n(&e->real, real, __ATOMIC_RELAXED);
	__atomic_store_n(&e->seq, seq + 2, __ATOMIC_RELEASE);
}

/* A child made while another thread of its parent closed a library has nobody
 * who would finish that. */
static bool is_closing(void)
{
	if (__atomic_load_n(&closing, __ATOMIC_SEQ_CST) == 0)
		return false;
	if (__atomic_load_n(&closing_in, __ATOMIC_RELAXED) == getpid())
		return true;
	__atomic_store_n(&closing, 0, __ATOMIC_SEQ_CST);
	return false;
}

static void *look_up(struct resolve_cache *cache, const char *name, const void *return_address)
{
	uint32_t generation = __atomic_load_n(&resolve_generation, __ATOMIC_SEQ_CST);
	bool keep = !is_closing();
	struct module caller = module_of(return_address);
	void *real;

	real = find(name, &caller, keep ? generation : 0);
	if (real && resolve_substitute)
		real = resolve_substitute(real);
	prof_say(2, "%s, called from %s, is at %p", name,
	         !caller.path     ? "no module"
	         : caller.path[0] ? caller.path
	                          : "the program",
	         real);
	if (real && keep)
		publish(cache, &caller, generation, real);
	return real;
}

void *resolve_slow(struct resolve_cache *cache, const char *name, const void *return_address)
{
	struct guard calm;
	bool entered;
	void *real;

	if (resolve_is_own(return_address) && resolve_inside)
		return_address = resolve_inside;
	for (int i = 0; i < RESOLVE_WAYS; i++)
		if (resolve_match(&cache->way[i], return_address, &real))
			return real;
	entered = foreign_enter(&calm);
	if (!entered)
		guard_calm(&calm); /* the program needs it, whatever becomes of the recording */
	real = look_up(cache, name, return_address);
	if (entered)
		foreign_leave(&calm);
	else
		guard_uncalm(&calm);
	return real;
}

void resolve_close_begin(void)
{
	is_closing(); /* which forgets what was begun in another process */
	__atomic_store_n(&closing_in, getpid(), __ATOMIC_RELAXED);
	__atomic_fetch_add(&closing, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&resolve_generation, 1, __ATOMIC_SEQ_CST);
}

void resolve_close_end(void)
{
	if (is_closing())
		__atomic_fetch_sub(&closing, 1, __ATOMIC_SEQ_CST);
}

void resolve_missing(const char *name)
{
	static const char text[] = "libprofshim: symbol lookup error: undefined symbol: ";
	struct iovec parts[3] = {{(void *)(uintptr_t)text, sizeof(text) - 1},
	                         {(void *)(uintptr_t)name, strlen(name)},
	                         {(void *)(uintptr_t) "\n", 1}};

	if (writev(STDERR_FILENO, parts, 3) < 0)
		_exit(127); /* nobody to tell */
	_exit(127);
}
