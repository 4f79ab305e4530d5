/* code_pages.c: memory that is executed: a little of ours, and the program's.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/entry/code_pages.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/trylock.h"

#define REGION_BYTES 0x10000u
#define REGIONS_MAX  256
#define LOWEST       0x10000u             /* below it nothing can be mapped */
#define BRK_ROOM     ((uintptr_t)1 << 30) /* left to the program's heap, which grows behind it */

/* MEMBARRIER_CMD_*_PRIVATE_EXPEDITED_SYNC_CORE; older headers lack them. */
enum { SYNC_CORE = 1 << 5, REGISTER_SYNC_CORE = 1 << 6 };

/* Where code of ours lies, filled from its start. */
static struct region {
	uintptr_t low, used;
} regions[REGIONS_MAX];
static unsigned n_regions;
static uint32_t lock; /* of the regions and of writing: two copies of a page would lose a change */

static bool reaches(uintptr_t low, size_t bytes, uintptr_t near, uintptr_t reach)
{
	uintptr_t high = low + bytes;

	if (!near)
		return true;
	return (low >= near || near - low < reach) && (high <= near || high - near < reach);
}

/* A region at this very place, if nothing is there. */
static void *map_at(uintptr_t at)
{
	void *p = mmap((void *)at, REGION_BYTES, PROT_READ | PROT_EXEC,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if ((uintptr_t)p == at)
		return p;
	munmap(p, REGION_BYTES); /* a kernel that takes the address for advice */
	errno = EEXIST;
	return NULL;
}

/* From the module outwards in growing steps: below it first, since above the
 * program its heap grows. */
static void *map_near(uintptr_t near, uintptr_t reach)
{
	struct dl_find_object found;
	uintptr_t low = near & ~(uintptr_t)(REGION_BYTES - 1), high = low;

	if (_dl_find_object((void *)near, &found) == 0) {
		low = (uintptr_t)found.dlfo_map_start & ~(uintptr_t)(REGION_BYTES - 1);
		high = ((uintptr_t)found.dlfo_map_end + REGION_BYTES) & ~(uintptr_t)(REGION_BYTES - 1);
	}
	for (uintptr_t step = REGION_BYTES; step < reach;
	     step += step / 8 & ~(uintptr_t)(REGION_BYTES - 1) ? step / 8 & ~(uintptr_t)(REGION_BYTES - 1)
	                                                       : REGION_BYTES) {
		void *p = NULL;

		if (low >= step + LOWEST && reaches(low - step, REGION_BYTES, near, reach))
			p = map_at(low - step);
		if (!p && reaches(high + step + BRK_ROOM, REGION_BYTES, near, reach))
			p = map_at(high + step + BRK_ROOM);
		if (!p && reach <= BRK_ROOM && reaches(high + step, REGION_BYTES, near, reach))
			p = map_at(high + step);
		if (p || errno == EPERM || errno == EACCES)
			return p;
	}
	errno = ENOMEM;
	return NULL;
}

static struct region *new_region(uintptr_t near, uintptr_t reach)
{
	void *p;

	if (n_regions == REGIONS_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	if (near) {
		p = map_near(near, reach);
	} else {
		p = mmap(NULL, REGION_BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		p = p == MAP_FAILED ? NULL : p;
	}
	if (!p)
		return NULL;
	regions[n_regions].low = (uintptr_t)p;
	return &regions[n_regions++];
}

static void *room_in(size_t bytes, uintptr_t near, uintptr_t reach)
{
	struct region *r = NULL;
	void *room;

	bytes = (bytes + 15) & ~(size_t)15;
	for (unsigned i = 0; i < n_regions && !r; i++)
		if (REGION_BYTES - regions[i].used >= bytes
		    && reaches(regions[i].low, REGION_BYTES, near, reach))
			r = &regions[i];
	if (!r)
		r = new_region(near, reach);
	if (!r)
		return NULL;
	room = (void *)(r->low + r->used);
	r->used += bytes;
	return room;
}

void *code_room(size_t bytes, uintptr_t near, uintptr_t reach)
{
	struct guard calm;
	void *room;
	int why;

	if (!trylock_take(&lock, &calm)) {
		errno = EAGAIN;
		return NULL;
	}
	room = room_in(bytes, near, reach);
	why = errno;
	trylock_give(&lock, &calm);
	errno = why;
	return room;
}

static int replace(uintptr_t at, const void *bytes, size_t n)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = at & ~(page - 1);
	size_t whole = ((at + n + page - 1) & ~(page - 1)) - start;
	char *copy = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int why;

	if (copy == MAP_FAILED)
		return -1;
	memcpy(copy, (const void *)start, whole);
	memcpy(copy + (at - start), bytes, n);
	__builtin___clear_cache(copy, copy + whole);
	if (mprotect(copy, whole, PROT_READ | PROT_EXEC) == 0
	    && mremap(copy, whole, whole, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)start) != MAP_FAILED) {
		__builtin___clear_cache((char *)at, (char *)at + n);
		return 0;
	}
	why = errno;
	munmap(copy, whole);
	errno = why;
	return -1;
}

int code_write(uintptr_t at, const void *bytes, size_t n)
{
	struct guard calm;
	int result, why;

	if (!trylock_take(&lock, &calm)) {
		errno = EAGAIN;
		return -1;
	}
	result = replace(at, bytes, n);
	why = errno;
	trylock_give(&lock, &calm);
	errno = why;
	return result;
}

void code_written(void)
{
	static bool is_registered;

	if (!is_registered)
		is_registered = syscall(SYS_membarrier, REGISTER_SYNC_CORE, 0, 0) == 0;
	if (is_registered)
		syscall(SYS_membarrier, SYNC_CORE, 0, 0);
}
