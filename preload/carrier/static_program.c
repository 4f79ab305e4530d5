/* static_program.c: the shim in a program that is linked statically.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What runs here before enter() and after leave() of the carrier is in the
 * program's world, and may not ask the C library for anything that is a thread's
 * own: CMakeLists.txt has it compiled without the stack protector.
 */
#include "preload/carrier/static_program.h"

#include <stdint.h>
#include <sys/types.h>

#include "preload/carrier/carrier.h"
#include "preload/entry/entry.h"
#include "preload/families.h"
#include "preload/user/hooks_user.h"
#include "preload/look.h"
#include "preload/thunk/stub.h"
#include "preload/entry/symbols.h"
#include "preload/user/user_modules.h"
#include "runtime/recorder.h"

#define STACK_WORDS_MAX 64

/* ---- exceptions ---- */

/* The unwinder in the program knows the program's frames alone; it is told of
 * the thunk's, as the C runtime's start tells it of the program's. */
static void (*register_frames)(const void *frames, void *object);

static bool take_register(void *context, const struct symbols_function *f)
{
	register_frames = (void (*)(const void *, void *))f->address;
	return false;
}

/* Any frame that the program's unwinder meets stands at the call of the real
 * function, where the frame pointer is set. */
static void tell_unwinder(void)
{
	static bool told;
	static uint64_t object[16]; /* libgcc's own, of six words today */

	if (register_frames && !__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
		register_frames(thunk_whole_frames, object);
}

/* ---- what becomes of the process ---- */

struct process_hook {
	struct hook hook;
	void *original; /* follows the hook (stub.h) */
};

static bool is_exiting; /* by exit(), not by _exit() alone */

static void *original_of(const struct hook_call *call)
{
	return ((const struct process_hook *)(const void *)call->hook)->original;
}

static void *on_exit_begin(struct hook_call *call)
{
	__atomic_store_n(&is_exiting, true, __ATOMIC_RELAXED);
	return original_of(call);
}

static void *on_exit_now(struct hook_call *call)
{
	hooks_user_end();
	if (__atomic_load_n(&is_exiting, __ATOMIC_RELAXED))
		prof_runtime_stop();
	else
		prof_runtime_leave();
	return original_of(call);
}

static void *on_exec(struct hook_call *call)
{
	call->note[0] = prof_runtime_exec_begin();
	return original_of(call);
}

static void on_exec_failed(struct hook_call *call)
{
	if (call->note[0])
		prof_runtime_exec_failed();
}

static void *on_fork(struct hook_call *call)
{
	prof_runtime_fork_begin();
	return original_of(call);
}

static void on_forked(struct hook_call *call)
{
	if ((pid_t)call->result[0] == 0)
		prof_runtime_fork_child();
	else
		prof_runtime_fork_parent();
}

static void nothing(struct hook_call *call)
{
}

static const struct hook_family exit_begins = {thunk_never_enter, thunk_never_exit, on_exit_begin, nothing};
static const struct hook_family exits = {thunk_never_enter, thunk_never_exit, on_exit_now, nothing};
static const struct hook_family execs = {thunk_never_enter, thunk_never_exit, on_exec, on_exec_failed};
static const struct hook_family forks = {thunk_never_enter, thunk_never_exit, on_fork, on_forked};

/* fork() calls _Fork() between the handlers of pthread_atfork(), which may call
 * what is hooked; it is taken where that is not known. */
static struct process_hook process_hooks[] = {
        {{.name = "_Fork", .family = &forks}, NULL},      {{.name = "fork", .family = &forks}, NULL},
        {{.name = "exit", .family = &exit_begins}, NULL}, {{.name = "_exit", .family = &exits}, NULL},
        {{.name = "_Exit", .family = &exits}, NULL},      {{.name = "execve", .family = &execs}, NULL},
        {{.name = "execveat", .family = &execs}, NULL},
};

/* One address may have two names, _exit and _Exit. */
static bool take_process(void *context, const struct symbols_function *f)
{
	struct process_hook *h = context;
	struct entry_request r = {
	        .function = (void *)f->address,
	        .bytes = f->bytes,
	        .room = f->room,
	        .original = &h->original,
	};
	char why[120];

	r.replacement = stub_make(&h->hook);
	if (r.replacement)
		entry_take(&r, why, sizeof(why));
	return false;
}

/* ---- calls ---- */

static bool skipped_exit(struct hook_call *call)
{
	return true;
}

/* Takes the place of the hook of a call that cannot be seen: after it there is
 * nothing to do. */
static const struct hook_family skipped_family = {thunk_never_enter, skipped_exit, NULL, NULL};
static struct hook skipped[STACK_WORDS_MAX + 1];

static void *skip(struct hook_call *call)
{
	void *const *follows = (void *const *)(const void *)(call->hook + 1);

	call->real = __atomic_load_n(follows, __ATOMIC_ACQUIRE);
	call->hook = &skipped[call->hook->stack_words];
	return call->real;
}

/* Around fork() signals wait until both processes are in order. */
static bool is_fork(const struct hook_call *call)
{
	return call->hook->family == &forks;
}

static void *enter_world(struct hook_call *call, void *(*enter)(struct hook_call *call))
{
	struct carrier_visit visit;
	void *real;

	if (!prof_carrier.enter(&visit))
		return skip(call);
	real = enter(call);
	if (is_fork(call)) {
		call->note[0] = visit.signals;
		visit.signals = ~(uint64_t)0;
	}
	prof_carrier.leave(&visit);
	tell_unwinder();
	return real;
}

/* A thread that was let in is let in again, unless it became another process. */
static void exit_world(struct hook_call *call)
{
	struct carrier_visit visit;

	if (!prof_carrier.enter(&visit))
		return;
	call->hook->family->exit(call);
	if (is_fork(call))
		visit.signals = call->note[0];
	prof_carrier.leave(&visit);
}

static const struct thunk_world world = {enter_world, exit_world};

static void start_families(void)
{
	hooks_blas_start();
	hooks_lapack_start();
	hooks_user_start();
	look_start();
}

void static_program_start(void)
{
	struct user_module *program;

	for (unsigned i = 0; i <= STACK_WORDS_MAX; i++)
		skipped[i] = (struct hook){.family = &skipped_family, .stack_words = (uint16_t)i};
	thunk_world = &world;
	start_families();
	user_modules_look();
	program = user_modules_first();
	if (!program)
		return;
	for (unsigned i = 0; i < sizeof(process_hooks) / sizeof(process_hooks[0]); i++)
		if (i == 0 || process_hooks[i].hook.family != &forks || !process_hooks[0].original)
			symbols_each(&program->symbols, process_hooks[i].hook.name, take_process,
			             &process_hooks[i]);
	symbols_each(&program->symbols, "__register_frame_info", take_register, NULL);
	symbols_release(&program->symbols);
}
