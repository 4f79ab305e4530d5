/* known.c: operations whose number, shapes and order the ledger knows.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The ledger is mapped before main(): descriptors, limits and folders may be
 * gone later.
 */
#include "tests/preload/matrix/known.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef KNOWN_WITHOUT_KERNEL
static void call_kernel(int m, int n, int k, float *c)
{
	cblas_sgemm(101, 111, 111, m, n, k, 1, c, 1, c, 1, 0, c, 1);
}

void (*known_kernel)(int m, int n, int k, float *c) = call_kernel;
#else
void (*known_kernel)(int m, int n, int k, float *c);
#endif

static struct ledger *ledger;
static uint32_t image;
static unsigned long fewer = 1;
static __thread struct ledger_lane *mine;

void known_must(int condition, const char *what)
{
	static const char tail[] = " went wrong\n";

	if (condition)
		return;
	if (write(STDERR_FILENO, what, strlen(what)) < 0 || write(STDERR_FILENO, tail, sizeof(tail) - 1) < 0)
		syscall(SYS_exit_group, 98);
	syscall(SYS_exit_group, 99);
}

void known_child(void)
{
	uint32_t number = __atomic_add_fetch(&ledger->images, 1, __ATOMIC_RELAXED);

	known_must(number <= LEDGER_IMAGES, "number of images");
	ledger->image[number - 1].pid = (int)syscall(SYS_getpid);
	__atomic_store_n(&image, number, __ATOMIC_RELAXED);
	mine = NULL;
}

__attribute__((constructor)) static void map_ledger(void)
{
	const char *path = getenv("MATRIX_LEDGER"), *divisor = getenv("MATRIX_FEWER");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	known_must(fd >= 0 && map != MAP_FAILED, "the ledger");
	close(fd);
	if (divisor)
		fewer = strtoul(divisor, NULL, 10);
	ledger = map;
	known_child();
}

struct ledger_lane *known_lane(void)
{
	uint32_t number = __atomic_add_fetch(&ledger->lanes, 1, __ATOMIC_RELAXED);

	known_must(number <= LEDGER_LANES, "number of lanes");
	__atomic_store_n(&ledger->lane[number - 1].image, __atomic_load_n(&image, __ATOMIC_RELAXED),
	                 __ATOMIC_RELAXED);
	return &ledger->lane[number - 1];
}

struct ledger_lane *known_mine(void)
{
	if (!mine)
		mine = known_lane();
	return mine;
}

void known_call_on(struct ledger_lane *lane)
{
	int m = 1 + (int)(lane - ledger->lane), n = 1 + (int)(lane->done % LEDGER_CYCLE);
	float c = 0;

	lane->begun++;
	known_kernel(m, n, (int)lane->image, &c);
	known_must(c == (float)(m + 1000 * n) + 1e6F * (float)lane->image, "an operation's result");
	__atomic_store_n(&lane->done, lane->done + 1, __ATOMIC_RELAXED);
}

unsigned long known_fewer(unsigned long n)
{
	return (n + fewer - 1) / fewer;
}

void known_all_calls(unsigned long n)
{
	struct ledger_lane *lane = known_mine();

	while (n-- > 0)
		known_call_on(lane);
}

void known_calls(unsigned long n)
{
	known_all_calls(known_fewer(n));
}

void known_fate(enum fate fate)
{
	ledger->image[image - 1].fate = fate;
}

void known_lossy(struct ledger_lane *lane)
{
	lane->lossy = 1;
	ledger->image[image - 1].lossy = 1;
}

void known_running(void)
{
	uint32_t lanes = __atomic_load_n(&ledger->lanes, __ATOMIC_RELAXED);

	ledger->image[image - 1].running = 1;
	for (uint32_t i = 0; i < lanes; i++)
		if (__atomic_load_n(&ledger->lane[i].image, __ATOMIC_RELAXED) == image)
			ledger->lane[i].least = __atomic_load_n(&ledger->lane[i].done, __ATOMIC_RELAXED);
}
