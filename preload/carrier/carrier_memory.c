/* carrier_memory.c: malloc() for the carrier, that leaves the break alone.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Two C libraries that each think the break theirs would hand out the same memory
 * twice. Here it comes from mmap(), in powers of two; what is given back waits
 * for the next of its size. A lock that is not had soon is done without: it may
 * have been another thread's when the process was forked, and is held for ever.
 */
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SMALLEST_BITS 6u  /* with the head */
#define LARGEST_BITS  16u /* more is mapped by itself */
#define REGION_BYTES  ((size_t)1 << 20)
#define ALIGNMENT     16u
#define LOCK_TRIES    1000

/* In front of every piece. */
struct head {
	uint64_t bytes;  /* of the whole, heads included */
	uint32_t offset; /* of this head in it */
	uint32_t bits;   /* of a mapped one 0 */
};
_Static_assert(sizeof(struct head) == ALIGNMENT, "what follows is aligned as it is");

struct piece {
	struct head head;
	struct piece *next;
};

static struct piece *given_back[LARGEST_BITS + 1];
static uint8_t *region, *region_end;
static uint32_t lock;

static bool take_lock(void)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
			return true;
		sched_yield();
	}
	return false;
}

static void give_lock(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static void *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void *small(unsigned bits)
{
	size_t bytes = (size_t)1 << bits;
	struct piece *p;

	if (!take_lock())
		return map(bytes);
	p = given_back[bits];
	if (p) {
		given_back[bits] = p->next;
	} else {
		if ((size_t)(region_end - region) < bytes) {
			region = map(REGION_BYTES);
			region_end = region ? region + REGION_BYTES : NULL;
		}
		p = (struct piece *)(void *)region;
		region += p ? bytes : 0;
	}
	give_lock();
	return p;
}

static void *obtain(size_t bytes, bool *is_clear)
{
	struct head *h;
	unsigned bits = SMALLEST_BITS;

	if (bytes > PTRDIFF_MAX - 2 * sizeof(*h)) {
		errno = ENOMEM;
		return NULL;
	}
	bytes += sizeof(*h);
	while (bits <= LARGEST_BITS && (size_t)1 << bits < bytes)
		bits++;
	*is_clear = bits > LARGEST_BITS;
	h = *is_clear ? map(bytes) : small(bits);
	if (!h) {
		errno = ENOMEM;
		return NULL;
	}
	h->bytes = *is_clear ? bytes : (size_t)1 << bits;
	h->offset = 0;
	h->bits = *is_clear ? 0 : bits;
	return h + 1;
}

void *malloc(size_t bytes)
{
	bool is_clear;

	return obtain(bytes, &is_clear);
}

void *calloc(size_t n, size_t bytes)
{
	size_t all;
	bool is_clear;
	void *p;

	if (__builtin_mul_overflow(n, bytes, &all))
		all = SIZE_MAX;
	p = obtain(all, &is_clear);
	return p && !is_clear ? memset(p, 0, all) : p;
}

void free(void *memory)
{
	struct head *h = (struct head *)memory - 1;
	struct piece *p;
	int saved = errno;

	if (!memory)
		return;
	p = (struct piece *)(void *)((char *)h - h->offset);
	if (!p->head.bits) {
		munmap(p, p->head.bytes);
	} else if (take_lock()) {
		p->next = given_back[p->head.bits];
		given_back[p->head.bits] = p;
		give_lock();
	}
	errno = saved;
}

size_t malloc_usable_size(void *memory)
{
	const struct head *h = (const struct head *)memory - 1;

	return memory ? h->bytes - h->offset - sizeof(*h) : 0;
}

void *realloc(void *memory, size_t bytes)
{
	size_t room = malloc_usable_size(memory);
	void *p;

	if (memory && !bytes) {
		free(memory);
		return NULL;
	}
	if (memory && bytes <= room)
		return memory;
	p = malloc(bytes);
	if (p && memory) {
		memcpy(p, memory, room);
		free(memory);
	}
	return p;
}

void *memalign(size_t alignment, size_t bytes)
{
	char *p, *aligned;
	struct head *h;

	if (alignment <= ALIGNMENT)
		return malloc(bytes);
	p = bytes > PTRDIFF_MAX - alignment ? NULL : malloc(bytes + alignment);
	if (!p)
		return NULL;
	aligned = (char *)(((uintptr_t)p + alignment - 1) & ~(uintptr_t)(alignment - 1));
	h = (struct head *)(void *)aligned - 1;
	if (aligned != p) {
		h->bytes = ((struct head *)(void *)p - 1)->bytes;
		h->bits = ((struct head *)(void *)p - 1)->bits;
		h->offset = (uint32_t)(aligned - p);
	}
	return aligned;
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
	return memalign(alignment, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
	int saved = errno;
	void *p;

	if (alignment % sizeof(void *) || alignment & (alignment - 1) || !alignment)
		return EINVAL;
	p = memalign(alignment, bytes);
	errno = saved;
	if (!p)
		return ENOMEM;
	*memory = p;
	return 0;
}

void *valloc(size_t bytes)
{
	return memalign(4096, bytes);
}

void *pvalloc(size_t bytes)
{
	return memalign(4096, (bytes + 4095) & ~(size_t)4095);
}
