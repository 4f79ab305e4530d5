/* ort_own.c: sessions that the program profiles itself.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/ort/ort_own.h"

#include <string.h>

#include "runtime/recorder.h"

enum { POINTERS = 1024 };

/* A few pointers; adding and taking away by any thread at any time. */
struct set {
	const void *in[POINTERS];
	unsigned n; /* that were ever in use */
};

static struct set options, sessions;
static void *const *api;

static const void **find(struct set *s, const void *p)
{
	unsigned n = __atomic_load_n(&s->n, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < n; i++)
		if (__atomic_load_n(&s->in[i], __ATOMIC_RELAXED) == p)
			return &s->in[i];
	return NULL;
}

static void add(struct set *s, const void *p)
{
	if (!p || find(s, p))
		return;
	for (unsigned i = 0; i < POINTERS; i++) {
		const void *none = NULL;
		unsigned n = __atomic_load_n(&s->n, __ATOMIC_RELAXED);

		if (!__atomic_compare_exchange_n(&s->in[i], &none, p, false, __ATOMIC_RELEASE,
		                                 __ATOMIC_RELAXED))
			continue;
		while (n < i + 1
		       && !__atomic_compare_exchange_n(&s->n, &n, i + 1, false, __ATOMIC_RELEASE,
		                                       __ATOMIC_RELAXED))
			;
		return;
	}
	prof_note("more than %d sessions of ONNX Runtime with profiles of the program's own: some are taken "
	          "for others",
	          POINTERS);
}

static void take_away(struct set *s, const void *p)
{
	const void **at = p ? find(s, p) : NULL;

	if (at)
		__atomic_store_n(at, NULL, __ATOMIC_RELEASE);
}

bool ort_own_session(const OrtSession *session)
{
	return find(&sessions, session) != NULL;
}

/* ---- entries of the table ---- */

#define REAL(type, entry) ((type *)api[entry])

static OrtStatus *enable_profiling(OrtSessionOptions *o, const char *prefix)
{
	add(&options, o);
	return REAL(ort_enable_session_profiling_fn, ORT_ENABLE_SESSION_PROFILING)(o, prefix);
}

static OrtStatus *disable_profiling(OrtSessionOptions *o)
{
	take_away(&options, o);
	return REAL(ort_disable_session_profiling_fn, ORT_DISABLE_SESSION_PROFILING)(o);
}

static OrtStatus *clone_options(const OrtSessionOptions *o, OrtSessionOptions **out)
{
	OrtStatus *status = REAL(ort_clone_session_options_fn, ORT_CLONE_SESSION_OPTIONS)(o, out);

	if (!status && out && find(&options, o))
		add(&options, *out);
	return status;
}

static void release_options(void *o)
{
	take_away(&options, o);
	REAL(ort_release_fn, ORT_RELEASE_SESSION_OPTIONS)(o);
}

static void release_session(void *session)
{
	take_away(&sessions, session);
	REAL(ort_release_fn, ORT_RELEASE_SESSION)(session);
}

static OrtStatus *made(OrtStatus *status, const OrtSessionOptions *o, OrtSession **out)
{
	if (!status && o && find(&options, o))
		add(&sessions, *out);
	return status;
}

static OrtStatus *create(const OrtEnv *env, const char *path, const OrtSessionOptions *o, OrtSession **out)
{
	return made(REAL(ort_create_session_fn, ORT_CREATE_SESSION)(env, path, o, out), o, out);
}

static OrtStatus *create_from_array(const OrtEnv *env, const void *model, size_t bytes,
                                    const OrtSessionOptions *o, OrtSession **out)
{
	return made(REAL(ort_create_session_from_array_fn, ORT_CREATE_SESSION_FROM_ARRAY)(env, model, bytes,
	                                                                                  o, out),
	            o, out);
}

static OrtStatus *create_packed(const OrtEnv *env, const char *path, const OrtSessionOptions *o, void *packed,
                                OrtSession **out)
{
	return made(REAL(ort_create_session_packed_fn, ORT_CREATE_SESSION_PACKED)(env, path, o, packed, out),
	            o, out);
}

static OrtStatus *create_packed_from_array(const OrtEnv *env, const void *model, size_t bytes,
                                           const OrtSessionOptions *o, void *packed, OrtSession **out)
{
	return made(REAL(ort_create_session_packed_from_array_fn,
	                 ORT_CREATE_SESSION_PACKED_FROM_ARRAY)(env, model, bytes, o, packed, out),
	            o, out);
}

void ort_own_take(void *const *real, void **copy)
{
	api = real;
	copy[ORT_ENABLE_SESSION_PROFILING] = (void *)enable_profiling;
	copy[ORT_DISABLE_SESSION_PROFILING] = (void *)disable_profiling;
	copy[ORT_CLONE_SESSION_OPTIONS] = (void *)clone_options;
	copy[ORT_RELEASE_SESSION_OPTIONS] = (void *)release_options;
	copy[ORT_RELEASE_SESSION] = (void *)release_session;
	copy[ORT_CREATE_SESSION] = (void *)create;
	copy[ORT_CREATE_SESSION_FROM_ARRAY] = (void *)create_from_array;
	copy[ORT_CREATE_SESSION_PACKED] = (void *)create_packed;
	copy[ORT_CREATE_SESSION_PACKED_FROM_ARRAY] = (void *)create_packed_from_array;
}
