/* calibrate_run.c: work on several threads for a while, and how much was done.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/profrun/calibrate_run.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum { PARTS = 3, WARM_UP = 1 };

struct worker {
	pthread_t thread;
	struct crew *crew;
	unsigned number;
	double rate[PARTS + WARM_UP];
};

struct crew {
	calibrate_work *work;
	void *arg;
	double until[PARTS + WARM_UP]; /* moments at which the parts end */
	bool go;
};

double calibrate_now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

unsigned calibrate_threads(unsigned n, unsigned most)
{
	unsigned before = n ? 1u << (n - 1) : 0;

	if (n >= 31 || before >= most)
		return 0;
	return 1u << n < most ? 1u << n : most;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct crew *c = w->crew;

	while (!__atomic_load_n(&c->go, __ATOMIC_ACQUIRE))
		sched_yield();
	for (unsigned part = 0; part < PARTS + WARM_UP; part++) {
		double begin = calibrate_now_s(), end, done = 0;

		do {
			done += c->work(c->arg, w->number);
			end = calibrate_now_s();
		} while (end < c->until[part]);
		w->rate[part] = done / (end - begin);
	}
	return NULL;
}

static int by_number(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

double calibrate_rate(calibrate_work *work, void *arg, unsigned threads, double seconds)
{
	struct crew crew = {.work = work, .arg = arg};
	struct worker *workers = calloc(threads, sizeof *workers);
	double rates[PARTS] = {0}, part = seconds / (PARTS + WARM_UP), begin;
	unsigned started = 0;

	while (workers && started < threads) {
		workers[started].crew = &crew;
		workers[started].number = started;
		if (pthread_create(&workers[started].thread, NULL, worker_main, &workers[started]))
			break;
		started++;
	}
	begin = calibrate_now_s();
	for (unsigned i = 0; i < PARTS + WARM_UP; i++)
		crew.until[i] = begin + (i + 1) * part;
	__atomic_store_n(&crew.go, true, __ATOMIC_RELEASE);
	for (unsigned t = 0; t < started; t++) {
		pthread_join(workers[t].thread, NULL);
		for (unsigned i = 0; i < PARTS; i++)
			rates[i] += workers[t].rate[i + WARM_UP];
	}
	free(workers);
	qsort(rates, PARTS, sizeof *rates, by_number);
	return started == threads && threads ? rates[PARTS / 2] : 0;
}

/* ---- meetings ---- */

enum { ROUNDS = 20000, PATIENCE = 2000 };

struct meeting {
	unsigned arrived, round, threads;
	bool go;
};

static void meet(struct meeting *m)
{
	unsigned round = __atomic_load_n(&m->round, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&m->arrived, 1, __ATOMIC_ACQ_REL) == m->threads) {
		__atomic_store_n(&m->arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&m->round, round + 1, __ATOMIC_RELEASE);
		return;
	}
	for (unsigned turn = 0; __atomic_load_n(&m->round, __ATOMIC_ACQUIRE) == round; turn++)
		if (turn > PATIENCE)
			sched_yield(); /* more threads than processors */
}

static void *meeting_main(void *arg)
{
	struct meeting *m = arg;

	while (!__atomic_load_n(&m->go, __ATOMIC_ACQUIRE))
		sched_yield();
	for (unsigned i = 0; i < ROUNDS; i++)
		meet(m);
	return NULL;
}

double calibrate_barrier_ns(unsigned threads)
{
	struct meeting m = {.threads = threads};
	pthread_t *others = calloc(threads, sizeof *others);
	unsigned started = 0;
	double begin;

	while (others && started + 1 < threads && !pthread_create(&others[started], NULL, meeting_main, &m))
		started++;
	m.threads = started + 1;
	__atomic_store_n(&m.go, true, __ATOMIC_RELEASE);
	begin = calibrate_now_s();
	meeting_main(&m);
	for (unsigned i = 0; i < started; i++)
		pthread_join(others[i], NULL);
	free(others);
	return (calibrate_now_s() - begin) / ROUNDS * 1e9;
}
