/* carrier_threads.c: the program's threads in the carrier's world.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A strand joins a thread of the program, known by its thread pointer, to one
 * of the carrier that sleeps as long and whose thread pointer it borrows. The
 * C library gives the memory of an ended thread to a new one, thread pointer
 * and all: so the kernel's number is compared as well. It is read where the
 * program's C library keeps it, a place that is found by looking once and
 * checked with every new thread; and asked for where there is none such.
 *
 * Threads end unseen. When the thread pointer of one comes back with another
 * number, its sleeper is woken and ends, and with it what the shim kept.
 */
#include "preload/carrier/carrier.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "preload/carrier/carrier_cpu.h"

#define STRANDS_MAX   1024u /* at once; a power of two */
#define SLEEPER_BYTES ((size_t)256 << 10)
#define SEARCH_BYTES  0x400u /* behind the thread pointer */
#define YIELDS        1000
#define NAPS          5000 /* of a millisecond */

enum { OFFSET_UNKNOWN = -1, OFFSET_NONE = -2 };

struct carrier_strand {
	uintptr_t program; /* thread pointers; 0: a free place */
	uintptr_t carrier; /* 0: none, the thread is not seen */
	pid_t thread;
	uint32_t busy;   /* somebody is on the carrier's side */
	uint32_t *leave; /* the sleeper's word; null: the carrier's main thread */
};

/* What a new sleeper tells. */
struct birth {
	uintptr_t pointer;
	uint32_t *leave;
	uint32_t is_told;
};

static struct carrier_strand strands[STRANDS_MAX];
static uintptr_t main_pointer;
static uint32_t main_busy;
static pid_t process;     /* that all of this is about */
static uint32_t settling; /* the process that one of whose threads settles */
static bool is_quick, is_broken;
static int tid_offset = OFFSET_UNKNOWN;

#define FAULTS                                                                                               \
	(1ull << (SIGILL - 1) | 1ull << (SIGTRAP - 1) | 1ull << (SIGBUS - 1) | 1ull << (SIGFPE - 1)          \
	 | 1ull << (SIGSEGV - 1) | 1ull << (SIGSYS - 1))
static const uint64_t blocked = ~FAULTS;

static pid_t own_thread(void)
{
	return (pid_t)CPU_CALL(SYS_gettid, 0);
}

static pid_t own_process(void)
{
	return (pid_t)CPU_CALL(SYS_getpid, 0);
}

void carrier_threads_start(void)
{
	is_quick = cpu_is_quick(getauxval(AT_HWCAP2));
	main_pointer = cpu_thread_pointer(is_quick);
	process = own_process();
}

/* Whoever has it gives it back soon, when it is let run. */
static bool take(uint32_t *word, uint32_t value)
{
	static const struct timespec nap = {0, 1000000};

	for (int i = 0; i < YIELDS + NAPS; i++) {
		uint32_t expected = 0;

		if (__atomic_compare_exchange_n(word, &expected, value, false, __ATOMIC_ACQUIRE,
		                                __ATOMIC_RELAXED))
			return true;
		if (i < YIELDS)
			CPU_CALL(SYS_sched_yield, 0);
		else
			CPU_CALL(SYS_nanosleep, (long)&nap, 0);
	}
	return false;
}

static void give(uint32_t *word)
{
	__atomic_store_n(word, 0, __ATOMIC_RELEASE);
}

static uint32_t *busy_word(struct carrier_strand *s)
{
	return s->leave ? &s->busy : &main_busy;
}

static void futex(uint32_t *word, int what, uint32_t value)
{
	CPU_CALL(SYS_futex, (long)word, what, (long)value);
}

/* ---- sleepers ---- */

/* Its thread pointer is another's from the moment that it is told. */
static void *sleep_on(void *arg)
{
	struct birth *birth = arg;
	uint32_t leave = 0;

	birth->leave = &leave;
	birth->pointer = cpu_thread_pointer(is_quick);
	__atomic_store_n(&birth->is_told, 1, __ATOMIC_RELEASE);
	futex(&birth->is_told, FUTEX_WAKE_PRIVATE, 1);
	while (!__atomic_load_n(&leave, __ATOMIC_ACQUIRE))
		futex(&leave, FUTEX_WAIT_PRIVATE, 0);
	return NULL;
}

static bool make_sleeper(struct birth *birth)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	if (pthread_attr_init(&attr) != 0)
		return false;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, SLEEPER_BYTES);
	error = pthread_create(&thread, &attr, sleep_on, birth);
	pthread_attr_destroy(&attr);
	while (!error && !__atomic_load_n(&birth->is_told, __ATOMIC_ACQUIRE))
		futex(&birth->is_told, FUTEX_WAIT_PRIVATE, 0);
	return error == 0;
}

/* By a thread that has no thread pointer here yet: in the main thread's name. */
static bool borrow_and_make(uintptr_t program, struct birth *birth)
{
	bool made;

	if (is_broken || !take(&main_busy, 1))
		return false;
	cpu_set_thread_pointer(is_quick, main_pointer);
	made = make_sleeper(birth);
	cpu_set_thread_pointer(is_quick, program);
	give(&main_busy);
	return made;
}

/* ---- the number of a thread ---- */

static void find_offset(uintptr_t program, pid_t thread)
{
	static pid_t words[SEARCH_BYTES / sizeof(pid_t)];
	struct iovec to = {words, sizeof(words)};
	struct iovec from[2];
	uintptr_t border = (program | 4095) + 1, end = program + SEARCH_BYTES;
	unsigned n = border < end ? 2 : 1;
	long got;

	from[0] = (struct iovec){(void *)program, (border < end ? border : end) - program};
	from[1] = (struct iovec){(void *)border, border < end ? end - border : 0};
	got = CPU_CALL(SYS_process_vm_readv, own_process(), (long)&to, 1, (long)from, n, 0);
	tid_offset = OFFSET_NONE;
	for (long i = 0; i < got / (long)sizeof(words[0]) && tid_offset < 0; i++)
		if (words[i] == thread)
			tid_offset = (int)(i * (long)sizeof(words[0]));
}

static bool is_same(const struct carrier_strand *s)
{
	int offset = __atomic_load_n(&tid_offset, __ATOMIC_RELAXED);

	return s->thread == (offset >= 0 ? *(const pid_t *)(s->program + (uintptr_t)offset) : own_thread());
}

/* ---- strands ---- */

static struct carrier_strand *place_of(uintptr_t program)
{
	unsigned at = (unsigned)((program * 0x9e3779b97f4a7c15u) >> 54);

	for (unsigned i = 0; i < STRANDS_MAX; i++) {
		struct carrier_strand *s = &strands[(at + i) % STRANDS_MAX];
		uintptr_t there = __atomic_load_n(&s->program, __ATOMIC_ACQUIRE);

		if (there == program || !there)
			return s;
	}
	return NULL;
}
_Static_assert(STRANDS_MAX == 1u << 10, "place_of takes ten bits");

/* In a forked child: none of the other threads came along, sleepers neither. */
static void adopt(const struct carrier_strand *own, pid_t child)
{
	for (unsigned i = 0; i < STRANDS_MAX; i++)
		if (&strands[i] != own) {
			strands[i].thread = 0;
			strands[i].carrier = 0;
			strands[i].leave = NULL;
		}
	main_busy = 0;
	process = child;
}

/* The place of a thread that is new in it. */
static void fill(struct carrier_strand *s, uintptr_t program, pid_t thread)
{
	struct birth birth = {0, NULL, 0};

	if (s->leave) {
		__atomic_store_n(s->leave, 1, __ATOMIC_RELEASE);
		futex(s->leave, FUTEX_WAKE_PRIVATE, 1);
	}
	s->carrier = 0;
	s->busy = 0;
	s->thread = thread;
	if (thread == process)
		s->carrier = main_pointer;
	else if (borrow_and_make(program, &birth))
		s->carrier = birth.pointer;
	s->leave = birth.leave;
	__atomic_store_n(&s->program, program, __ATOMIC_RELEASE);
}

static bool lock_settling(pid_t own)
{
	uint32_t other;

	if (take(&settling, (uint32_t)own))
		return true;
	other = __atomic_load_n(&settling, __ATOMIC_RELAXED);
	if (other == (uint32_t)own || !other)
		return false;
	/* Of the process that this one was forked from, amid the making of a thread. */
	is_broken = true;
	__atomic_store_n(&settling, (uint32_t)own, __ATOMIC_RELEASE);
	return true;
}

/* The strand of a thread that is new, or in a new process; null: none can be had. */
static struct carrier_strand *settle(uintptr_t program)
{
	pid_t thread = own_thread(), own = own_process();
	struct carrier_strand *s;

	if (!lock_settling(own))
		return NULL;
	s = place_of(program);
	if (tid_offset == OFFSET_UNKNOWN)
		find_offset(program, thread);
	else if (tid_offset >= 0 && *(const pid_t *)(program + (uintptr_t)tid_offset) != thread)
		__atomic_store_n(&tid_offset, OFFSET_NONE, __ATOMIC_RELAXED);
	if (own != process) {
		adopt(s, own);
		if (s && s->program)
			s->thread = thread;
	}
	if (s && s->thread != thread)
		fill(s, program, thread);
	give(&settling);
	return s;
}

bool carrier_enter(struct carrier_visit *v)
{
	struct carrier_strand *s;

	v->program = cpu_thread_pointer(is_quick);
	if (!v->program)
		return false;
	CPU_CALL(SYS_rt_sigprocmask, SIG_BLOCK, (long)&blocked, (long)&v->signals, sizeof(blocked));
	s = place_of(v->program);
	if (s && (!s->program || !is_same(s)))
		s = settle(v->program);
	if (s && s->carrier && take(busy_word(s), 1)) {
		v->strand = s;
		cpu_set_thread_pointer(is_quick, s->carrier);
		return true;
	}
	CPU_CALL(SYS_rt_sigprocmask, SIG_SETMASK, (long)&v->signals, 0, sizeof(blocked));
	return false;
}

void carrier_leave(const struct carrier_visit *v)
{
	cpu_set_thread_pointer(is_quick, v->program);
	give(busy_word(v->strand));
	CPU_CALL(SYS_rt_sigprocmask, SIG_SETMASK, (long)&v->signals, 0, sizeof(blocked));
}
