/* process.c: whose memory this is.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/process/process.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/memory.h"

#define AREA_BYTES ((size_t)8 << 20) /* room for some thousand threads; only what is used is had */

static struct process_state before_start = {.alive = 1};
struct process_state *process_state = &before_start;

static uint8_t *area, *area_free;
static pid_t owner;

void process_start(void)
{
	uint8_t *fresh = memory_pages(AREA_BYTES);

	process_is_mine_now();
	if (!fresh)
		return;
	if (madvise(fresh, AREA_BYTES, MADV_WIPEONFORK) < 0) {
		memory_unpages(fresh, AREA_BYTES);
		return;
	}
	area = fresh;
	area_free = fresh + 64;
	((struct process_state *)fresh)->alive = 1;
	((struct process_state *)fresh)->lock = process_state->lock;
	process_state = (struct process_state *)fresh;
}

void *process_alloc(size_t bytes)
{
	uint8_t *p = area_free;

	bytes = (bytes + 63) & ~(size_t)63;
	if (!area || bytes > (size_t)(area + AREA_BYTES - area_free))
		return NULL;
	area_free += bytes;
	return p;
}

void process_keep(bool keep)
{
	if (area)
		madvise(area, AREA_BYTES, keep ? MADV_KEEPONFORK : MADV_WIPEONFORK);
}

bool process_is_mine(void)
{
	return (pid_t)syscall(SYS_getpid) == owner;
}

void process_is_mine_now(void)
{
	owner = (pid_t)syscall(SYS_getpid);
}
