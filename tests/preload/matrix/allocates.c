/* allocates.c: programs whose malloc is their own.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <errno.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/preload/matrix/known.h"
#include "tests/preload/matrix/table.h"

#define HEAP_BYTES ((size_t)64 << 20)

static alignas(64) char heap[HEAP_BYTES];
static size_t used;
static __thread unsigned long mine; /* requests by this thread */
static __thread int within;
static struct ledger_lane *from_malloc;

/* A product in every malloc, when the situation wants it. */
static void compute(void)
{
	if (!from_malloc || within)
		return;
	within = 1;
	known_call_on(from_malloc);
	within = 0;
}

static void *take(size_t alignment, size_t bytes)
{
	size_t whole = (bytes + alignment + 64 + 63) & ~(size_t)63;
	char *p = heap + __atomic_fetch_add(&used, whole, __ATOMIC_RELAXED);

	mine++;
	if (p + whole > heap + HEAP_BYTES) {
		errno = ENOMEM;
		return NULL;
	}
	p = (char *)(((uintptr_t)p + 16 + alignment - 1) & ~(uintptr_t)(alignment - 1));
	memcpy(p - sizeof(bytes), &bytes, sizeof(bytes));
	compute();
	return p;
}

void *malloc(size_t bytes)
{
	return take(16, bytes);
}

void free(void *p)
{
	mine += p != NULL;
}

void *calloc(size_t n, size_t bytes)
{
	return take(16, n * bytes); /* never given out before, so zero */
}

void *realloc(void *p, size_t bytes)
{
	void *fresh = take(16, bytes);
	size_t old = 0;

	if (p)
		memcpy(&old, (char *)p - sizeof(old), sizeof(old));
	if (fresh && p)
		memcpy(fresh, p, old < bytes ? old : bytes);
	return fresh;
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
	return take(alignment, bytes);
}

void *memalign(size_t alignment, size_t bytes);
void *memalign(size_t alignment, size_t bytes)
{
	return take(alignment, bytes);
}

int posix_memalign(void **p, size_t alignment, size_t bytes)
{
	*p = take(alignment, bytes);
	return *p ? 0 : ENOMEM;
}

static void *record(void *ignored)
{
	for (int round = 0; round < 2; round++) {
		unsigned long before = mine;

		known_calls(25000);
		known_must(round == 0 || mine == before, "a hook that allocates");
	}
	return ignored;
}

/* A thread's first operation from some place may make the loader allocate, as for libunwind and
 * its thread-local memory; none after it does. */
static int nothing_allocated(void)
{
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		known_must(pthread_create(&thread[i], NULL, record, NULL) == 0, "pthread_create");
	record(NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	puts("no request");
	return 3;
}

/* The loader's requests inside the first call come in the middle of a record. */
static int malloc_computes(void)
{
	from_malloc = known_lane();
	known_lossy(from_malloc);
	for (int i = 0; i < 2000; i++) {
		known_calls(10);
		known_must(malloc(100) != NULL, "malloc");
	}
	from_malloc = NULL;
	return 3;
}

int main(int argc, char **argv)
{
	static const struct situation all[] = {
	        {"nothing_allocated", nothing_allocated}, {"malloc_computes", malloc_computes}, {0}};

	return situation_run(all, argc, argv);
}
