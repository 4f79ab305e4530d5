/* hooks_ort.c: ONNX Runtime, through its own table of functions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A program gets a copy of the table in which the entries that run a session are
 * ours. The copy goes as far as the memory that the real one lies in, since its
 * length is not told.
 */
#include <errno.h>
#include <link.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "preload/families.h"
#include "preload/ort/ort_own.h"
#include "preload/ort/ort_run.h"
#include "preload/resolve.h"

#define HOOK __attribute__((visibility("default")))

const struct ort_base *OrtGetApiBase(void);

enum { ENTRIES_MAX = 1024, BINDINGS = 256 };

enum state { NONE, COPYING, COPIED, FAILED };

/* The one ONNX Runtime of the process. */
static struct {
	const struct ort_base *real_base;
	void *const *real; /* its table */
	int state;         /* enum state: of the copy */
	void *copy[ENTRIES_MAX];
} ort;

/* What the inputs bound to a binding say of its runs. */
static struct binding {
	const OrtIoBinding *of;
	struct ort_inputs_told told;
} bindings[BINDINGS];

/* ---- runs ---- */

static OrtStatus *run(OrtSession *session, const OrtRunOptions *options, const char *const *names,
                      const OrtValue *const *inputs, size_t n_inputs, const char *const *outputs,
                      size_t n_outputs, OrtValue **values)
{
	struct ort_call call = {ort.real, session, options, __builtin_return_address(0)};
	int saved = errno;
	struct ort_inputs_told told = {0};
	struct ort_run r;
	const OrtRunOptions *used;
	OrtStatus *status;

	if (names && inputs)
		ort_run_look(&told, ort.real, &(struct ort_inputs){names, inputs, n_inputs});
	used = ort_run_begin(&r, &call, &told);
	errno = saved;
	status = ((ort_run_fn *)ort.real[ORT_RUN])(session, used, names, inputs, n_inputs, outputs, n_outputs,
	                                           values);
	saved = errno;
	ort_run_end(&r, status != NULL);
	errno = saved;
	return status;
}

static struct binding *binding_of(const OrtIoBinding *of)
{
	for (unsigned i = 0; i < BINDINGS; i++)
		if (__atomic_load_n(&bindings[i].of, __ATOMIC_ACQUIRE) == of)
			return &bindings[i];
	return NULL;
}

/* A binding is one thread's at a time. */
static struct binding *binding_new(const OrtIoBinding *of)
{
	for (unsigned i = 0; i < BINDINGS; i++) {
		const OrtIoBinding *none = NULL;

		if (__atomic_compare_exchange_n(&bindings[i].of, &none, of, false, __ATOMIC_ACQ_REL,
		                                __ATOMIC_RELAXED)) {
			memset(&bindings[i].told, 0, sizeof(bindings[i].told));
			return &bindings[i];
		}
	}
	return NULL;
}

/* The latest of each kind holds: inputs are bound anew for every run. */
static void rebind(struct ort_inputs_told *all, const struct ort_inputs_told *one)
{
	if (one->tokens) {
		all->tokens = one->tokens;
		all->sequences = one->sequences;
	}
	all->past = one->past ? one->past : all->past;
	all->total = one->total ? one->total : all->total;
}

static OrtStatus *bind_input(OrtIoBinding *binding, const char *name, const OrtValue *value)
{
	struct ort_inputs_told told = {0};
	struct binding *b = binding_of(binding);

	ort_run_look(&told, ort.real, &(struct ort_inputs){&name, &value, 1});
	if (!b && (told.tokens || told.total || told.past))
		b = binding_new(binding);
	if (b)
		rebind(&b->told, &told);
	return ((ort_bind_input_fn *)ort.real[ORT_BIND_INPUT])(binding, name, value);
}

static void release_binding(void *binding)
{
	struct binding *b = binding_of(binding);

	if (b && binding)
		__atomic_store_n(&b->of, NULL, __ATOMIC_RELEASE);
	((ort_release_fn *)ort.real[ORT_RELEASE_IO_BINDING])(binding);
}

static OrtStatus *run_with_binding(OrtSession *session, const OrtRunOptions *options,
                                   const OrtIoBinding *binding)
{
	const struct binding *b = binding_of(binding);
	struct ort_call call = {ort.real, session, options, __builtin_return_address(0)};
	int saved = errno;
	struct ort_inputs_told told = {0};
	struct ort_run r;
	const OrtRunOptions *used;
	OrtStatus *status;

	if (b)
		told = b->told;
	used = ort_run_begin(&r, &call, &told);
	errno = saved;
	status = ((ort_run_with_binding_fn *)ort.real[ORT_RUN_WITH_BINDING])(session, used, binding);
	saved = errno;
	ort_run_end(&r, status != NULL);
	errno = saved;
	return status;
}

/* When such a run begins and ends is not told. */
static OrtStatus *run_async(OrtSession *session, const OrtRunOptions *options, const char *const *names,
                            const OrtValue *const *inputs, size_t n_inputs, const char *const *outputs,
                            size_t n_outputs, OrtValue **values, ort_async_done_fn *done, void *user)
{
	static bool said;

	if (!__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		prof_note("runs that the program gave to ONNX Runtime's RunAsync are not recorded");
	return ((ort_run_async_fn *)ort.real[ORT_RUN_ASYNC])(session, options, names, inputs, n_inputs,
	                                                     outputs, n_outputs, values, done, user);
}

/* ---- the program's options ---- */

static void release_run_options(void *options)
{
	ort_channel_forget(options);
	((ort_release_fn *)ort.real[ORT_RELEASE_RUN_OPTIONS])(options);
}

static OrtStatus *enable_profiling(OrtRunOptions *options, const char *prefix)
{
	ort_channel_leave(options, true);
	return ((ort_enable_profiling_fn *)ort.real[ORT_ENABLE_PROFILING])(options, prefix);
}

static OrtStatus *disable_profiling(OrtRunOptions *options)
{
	ort_channel_leave(options, false);
	return ((ort_disable_profiling_fn *)ort.real[ORT_DISABLE_PROFILING])(options);
}

/* ---- the table ---- */

struct extent {
	uintptr_t address, end;
};

static int find_extent(struct dl_phdr_info *module, size_t size, void *arg)
{
	struct extent *e = arg;

	(void)size;
	for (unsigned i = 0; i < module->dlpi_phnum; i++) {
		uintptr_t low = module->dlpi_addr + module->dlpi_phdr[i].p_vaddr;
		uintptr_t high = low + module->dlpi_phdr[i].p_memsz;

		if (module->dlpi_phdr[i].p_type == PT_LOAD && e->address >= low && e->address < high)
			e->end = high;
	}
	return e->end != 0;
}

static bool copy_table(void *const *real)
{
	struct extent e = {(uintptr_t)real, 0};
	size_t n;

	dl_iterate_phdr(find_extent, &e);
	n = (e.end - e.address) / sizeof(*real); /* 0 when it is in no module */
	n = n < ENTRIES_MAX ? n : ENTRIES_MAX;
	if (!e.end || n < ORT_ENTRIES)
		return false;
	memcpy(ort.copy, real, n * sizeof(*real));
	ort_own_take(real, ort.copy);
	ort.copy[ORT_RUN] = (void *)run;
	ort.copy[ORT_RUN_WITH_BINDING] = (void *)run_with_binding;
	ort.copy[ORT_RUN_ASYNC] = (void *)run_async;
	ort.copy[ORT_BIND_INPUT] = (void *)bind_input;
	ort.copy[ORT_RELEASE_IO_BINDING] = (void *)release_binding;
	ort.copy[ORT_RELEASE_RUN_OPTIONS] = (void *)release_run_options;
	ort.copy[ORT_ENABLE_PROFILING] = (void *)enable_profiling;
	ort.copy[ORT_DISABLE_PROFILING] = (void *)disable_profiling;
	ort.real = real;
	return true;
}

static bool is_new_enough(const struct ort_base *base)
{
	const char *version = base->version();

	if (version && strncmp(version, "1.", 2) == 0 && strtol(version + 2, NULL, 10) >= ORT_MINOR_NEEDED)
		return true;
	prof_note(
	        "ONNX Runtime %s cannot profile single runs: its nodes are not recorded (1.%d and later can)",
	        version ? version : "without a version", ORT_MINOR_NEEDED);
	return false;
}

static void *const *get_api(uint32_t version)
{
	void *const *real = ort.real_base->get_api(version);
	int state = NONE;

	if (!real || !is_new_enough(ort.real_base))
		return real;
	if (__atomic_compare_exchange_n(&ort.state, &state, COPYING, false, __ATOMIC_ACQUIRE,
	                                __ATOMIC_ACQUIRE)) {
		state = copy_table(real) ? COPIED : FAILED;
		__atomic_store_n(&ort.state, state, __ATOMIC_RELEASE);
	}
	while (state == COPYING) { /* a few kilobytes */
		sched_yield();
		state = __atomic_load_n(&ort.state, __ATOMIC_ACQUIRE);
	}
	return state == COPIED && real == ort.real ? ort.copy : real;
}

static const char *get_version(void)
{
	return ort.real_base->version();
}

HOOK const struct ort_base *OrtGetApiBase(void)
{
	static const struct ort_base ours = {get_api, get_version};
	static struct resolve_cache cache;
	const struct ort_base *(*real)(void) = (const struct ort_base *(*)(void))resolve_real(
	        &cache, "OrtGetApiBase", __builtin_return_address(0));
	const struct ort_base *base, *none = NULL;

	if (!real)
		resolve_missing("OrtGetApiBase");
	base = real();
	if (!base || !prof_family_enabled("onnxruntime"))
		return base;
	if (__atomic_compare_exchange_n(&ort.real_base, &none, base, false, __ATOMIC_RELEASE,
	                                __ATOMIC_ACQUIRE)
	    || none == base)
		return &ours;
	prof_note("a second ONNX Runtime in this process is not recorded");
	return base;
}

__attribute__((destructor)) static void remove_folders(void)
{
	ort_channels_remove();
}
