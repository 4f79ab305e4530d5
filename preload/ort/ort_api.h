/* ort_api.h: the entries of ONNX Runtime's function table that we use or stand in for.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The table only ever grows at its end, so an entry's place is the same in all
 * releases that have it. Places counted in the public header
 * (onnxruntime_c_api.h, struct OrtApi) of release 1.30.
 */
#ifndef PRELOAD_ORT_ORT_API_H
#define PRELOAD_ORT_ORT_API_H

#include <stddef.h>
#include <stdint.h>

typedef struct OrtEnv OrtEnv;
typedef struct OrtStatus OrtStatus;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtSession OrtSession;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtValue OrtValue;
typedef struct OrtIoBinding OrtIoBinding;

enum ort_entry {
	ORT_CREATE_SESSION = 7,
	ORT_CREATE_SESSION_FROM_ARRAY = 8,
	ORT_RUN = 9,
	ORT_CLONE_SESSION_OPTIONS = 12,
	ORT_ENABLE_SESSION_PROFILING = 14,
	ORT_DISABLE_SESSION_PROFILING = 15,
	ORT_CREATE_RUN_OPTIONS = 39,
	ORT_RELEASE_STATUS = 93,
	ORT_RELEASE_SESSION = 95,
	ORT_RELEASE_RUN_OPTIONS = 97,
	ORT_RELEASE_SESSION_OPTIONS = 100,
	ORT_RUN_WITH_BINDING = 133,
	ORT_RELEASE_IO_BINDING = 135,
	ORT_BIND_INPUT = 136,
	ORT_CREATE_SESSION_PACKED = 168, /* CreateSessionWithPrepackedWeightsContainer */
	ORT_CREATE_SESSION_PACKED_FROM_ARRAY = 169,
	ORT_RUN_ASYNC = 260,
	ORT_TYPE_AND_SHAPE = 414, /* GetTensorElementTypeAndShapeDataReference */
	ORT_ENABLE_PROFILING = 415,
	ORT_DISABLE_PROFILING = 416,
	ORT_ENTRIES = 417
};

/* The first release that profiles single runs: 1.25. */
#define ORT_MINOR_NEEDED 25

struct ort_base {
	void *const *(*get_api)(uint32_t version);
	const char *(*version)(void);
};

struct ort_inputs {
	const char *const *names;
	const OrtValue *const *values;
	size_t n;
};

typedef OrtStatus *ort_run_fn(OrtSession *, const OrtRunOptions *, const char *const *,
                              const OrtValue *const *, size_t, const char *const *, size_t, OrtValue **);
typedef OrtStatus *ort_run_with_binding_fn(OrtSession *, const OrtRunOptions *, const OrtIoBinding *);
typedef OrtStatus *ort_bind_input_fn(OrtIoBinding *, const char *, const OrtValue *);
typedef void ort_async_done_fn(void *, OrtValue **, size_t, OrtStatus *);
typedef OrtStatus *ort_run_async_fn(OrtSession *, const OrtRunOptions *, const char *const *,
                                    const OrtValue *const *, size_t, const char *const *, size_t, OrtValue **,
                                    ort_async_done_fn *, void *);
typedef OrtStatus *ort_create_run_options_fn(OrtRunOptions **);
typedef void ort_release_fn(void *);
typedef OrtStatus *ort_type_and_shape_fn(const OrtValue *, int *type, const int64_t **dims, size_t *n_dims);
typedef OrtStatus *ort_enable_profiling_fn(OrtRunOptions *, const char *prefix);
typedef OrtStatus *ort_disable_profiling_fn(OrtRunOptions *);

typedef OrtStatus *ort_enable_session_profiling_fn(OrtSessionOptions *, const char *prefix);
typedef OrtStatus *ort_disable_session_profiling_fn(OrtSessionOptions *);
typedef OrtStatus *ort_clone_session_options_fn(const OrtSessionOptions *, OrtSessionOptions **);
typedef OrtStatus *ort_create_session_fn(const OrtEnv *, const char *path, const OrtSessionOptions *,
                                         OrtSession **);
typedef OrtStatus *ort_create_session_from_array_fn(const OrtEnv *, const void *model, size_t bytes,
                                                    const OrtSessionOptions *, OrtSession **);
typedef OrtStatus *ort_create_session_packed_fn(const OrtEnv *, const char *path, const OrtSessionOptions *,
                                                void *packed, OrtSession **);
typedef OrtStatus *ort_create_session_packed_from_array_fn(const OrtEnv *, const void *model, size_t bytes,
                                                           const OrtSessionOptions *, void *packed,
                                                           OrtSession **);

#endif
