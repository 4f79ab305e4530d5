/* torch_layout.c: measuring what a PyTorch tensor looks like.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/torch/torch_layout.h"
#include "preload/resolve.h"
#include "preload/trylock.h"
#include "runtime/recorder.h"

#include <errno.h>
#include <string.h>

enum { OBJECT_BYTES = 184 }; /* no field of interest lies beyond, and no release has less */
enum { PYTHON_BYTES = 40 };  /* of a Python object that are surely its own */
enum { SMALL_DIMS = 3, LARGE_DIMS = 6 };
enum { TYPE_INT8 = 1, TYPE_FLOAT32 = 6, TYPE_BFLOAT16 = 15 }; /* c10::ScalarType */
enum { UNKNOWN, READY, ASKED, FAILED };

/* at::detail::empty_strided_cpu(IntArrayRef, IntArrayRef, ScalarType, bool) and
 * at::native::alias(const Tensor &): both return through a hidden pointer. */
typedef void *make_fn(void *result, const int64_t *sizes, size_t n, const int64_t *strides, size_t m,
                      int dtype, int pin_memory);
typedef void *alias_fn(void *result, const void *tensor);

/* The C interface; each returns 0 when it worked. */
struct asked {
	int (*dim)(const void *tensor, int64_t *n);
	int (*sizes)(const void *tensor, int64_t **sizes);
	int (*strides)(const void *tensor, int64_t **strides);
	int (*dtype)(const void *tensor, int32_t *dtype);
};

struct torch_layout torch_layout;

static struct asked asked;
static const void *sample; /* a tensor; torch_layout_measure_python() is the last to use it */
static uint32_t state, lock;
static __thread bool measuring __attribute__((tls_model("initial-exec")));

static const int64_t small_sizes[SMALL_DIMS] = {3, 5, 7};
static const int64_t small_strides[SMALL_DIMS] = {70, 14, 2};
static const int64_t large_sizes[LARGE_DIMS] = {2, 3, 4, 5, 6, 7};
static const int64_t large_strides[LARGE_DIMS] = {2520, 840, 210, 42, 7, 1};

/* c10::ScalarType to ours; what is not there is unknown. */
static const uint8_t dtypes[] = {
        [0] = PROF_DTYPE_UINT8,       [1] = PROF_DTYPE_INT8,    [2] = PROF_DTYPE_INT16,
        [3] = PROF_DTYPE_INT32,       [4] = PROF_DTYPE_INT64,   [5] = PROF_DTYPE_FLOAT16,
        [6] = PROF_DTYPE_FLOAT32,     [7] = PROF_DTYPE_FLOAT64, [9] = PROF_DTYPE_COMPLEX64,
        [10] = PROF_DTYPE_COMPLEX128, [11] = PROF_DTYPE_BOOL,   [12] = PROF_DTYPE_INT8,
        [13] = PROF_DTYPE_UINT8,      [14] = PROF_DTYPE_INT32,  [15] = PROF_DTYPE_BFLOAT16,
        [23] = PROF_DTYPE_FLOAT8,     [24] = PROF_DTYPE_FLOAT8, [25] = PROF_DTYPE_FLOAT8,
        [26] = PROF_DTYPE_FLOAT8,
};

static uint8_t dtype_of(uint32_t number)
{
	return number < sizeof(dtypes) ? dtypes[number] : PROF_DTYPE_UNKNOWN;
}

static uint64_t word_at(const void *object, uint32_t at)
{
	uint64_t v;

	memcpy(&v, (const char *)object + at, sizeof(v));
	return v;
}

static uint16_t half_at(const void *object, uint32_t at)
{
	uint16_t v;

	memcpy(&v, (const char *)object + at, sizeof(v));
	return v;
}

static void *find(const void *return_address, const char *name)
{
	struct resolve_cache cache = {0};

	return resolve_slow(&cache, name, return_address);
}

/* ---- measuring ---- */

struct samples {
	const void *small, *large, *other, *view;
};

/* Where the small one has its number of dimensions and sizes inside, the large
 * one has a pointer to sizes and strides. */
static bool measure_sizes(struct torch_layout *at, const struct samples *s)
{
	const int64_t *outside;

	for (at->sizes = 8; at->sizes + 8 + sizeof(small_sizes) <= OBJECT_BYTES; at->sizes += 8)
		if (word_at(s->small, at->sizes) == SMALL_DIMS && word_at(s->large, at->sizes) == LARGE_DIMS
		    && memcmp((const char *)s->small + at->sizes + 8, small_sizes, sizeof(small_sizes)) == 0)
			break;
	for (at->strides = at->sizes + 8; at->strides + sizeof(small_strides) <= OBJECT_BYTES;
	     at->strides += 8)
		if (memcmp((const char *)s->small + at->strides, small_strides, sizeof(small_strides)) == 0)
			break;
	if (at->strides + sizeof(small_strides) > OBJECT_BYTES)
		return false;
	at->inside = (at->strides - at->sizes - 8) / 8;
	outside = (const int64_t *)(uintptr_t)word_at(s->large, at->sizes + 8);
	return at->inside >= SMALL_DIMS && at->inside < LARGE_DIMS && (uintptr_t)outside >= 65536
	       && (uintptr_t)outside % 8 == 0 && memcmp(outside, large_sizes, sizeof(large_sizes)) == 0
	       && memcmp(outside + LARGE_DIMS, large_strides, sizeof(large_strides)) == 0;
}

static bool in_sizes(const struct torch_layout *at, uint32_t offset)
{
	return offset >= at->sizes && offset < at->strides + 8 * at->inside;
}

/* The only place in which all differ as their types do. */
static bool measure_dtype(struct torch_layout *at, const struct samples *s)
{
	unsigned found = 0;

	for (uint32_t i = 8; i + 2 <= OBJECT_BYTES; i += 2)
		if (!in_sizes(at, i) && half_at(s->small, i) == TYPE_FLOAT32
		    && half_at(s->large, i) == TYPE_INT8 && half_at(s->other, i) == TYPE_BFLOAT16) {
			at->dtype = i;
			found++;
		}
	return found == 1;
}

/* The pointer that a view has in common with what it views, and others have not. */
static void measure_storage(struct torch_layout *at, const struct samples *s)
{
	at->storage = 0;
	for (uint32_t i = 8; s->view && i + 8 <= OBJECT_BYTES && !at->storage; i += 8) {
		uint64_t word = word_at(s->small, i);

		if (!in_sizes(at, i) && i != (at->dtype & ~7u) && word >= 65536 && word % 8 == 0
		    && word == word_at(s->view, i) && word != word_at(s->other, i))
			at->storage = i;
	}
}

static const void *make(make_fn *function, bool large, int dtype)
{
	const void *object = NULL;

	if (large)
		function(&object, large_sizes, LARGE_DIMS, large_strides, LARGE_DIMS, dtype, 0);
	else
		function(&object, small_sizes, SMALL_DIMS, small_strides, SMALL_DIMS, dtype, 0);
	return object;
}

static const char *measure(struct torch_layout *at, const void *from)
{
	make_fn *function = (make_fn *)find(
	        from, "_ZN2at6detail17empty_strided_cpuEN3c108ArrayRefIlEES3_NS1_10ScalarTypeEb");
	alias_fn *alias = (alias_fn *)find(from, "_ZN2at6native5aliasERKNS_6TensorE");
	void *const *undefined = find(from, "_ZN3c1019UndefinedTensorImpl10_singletonE");
	struct samples s = {0};

	if (!function)
		return "it has no function at::detail::empty_strided_cpu";
	s.small = make(function, false, TYPE_FLOAT32);
	s.large = make(function, true, TYPE_INT8);
	s.other = make(function, false, TYPE_BFLOAT16);
	if (!s.small || !s.large || !s.other)
		return "it made no tensors";
	if (alias)
		alias(&s.view, &s.small);
	sample = s.small;
	at->undefined = (const void *)undefined; /* the object itself is what is exported */
	if (!measure_sizes(at, &s))
		return "sizes and strides are not found in its tensors";
	if (!measure_dtype(at, &s))
		return "element types are not found in its tensors";
	measure_storage(at, &s);
	return NULL;
}

static bool find_asked(struct asked *a, const void *from)
{
	const struct {
		const char *name;
		void *where;
	} wanted[] = {{"aoti_torch_get_dim", &a->dim},
	              {"aoti_torch_get_sizes", &a->sizes},
	              {"aoti_torch_get_strides", &a->strides},
	              {"aoti_torch_get_dtype", &a->dtype}};

	for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		void *address = find(from, wanted[i].name);

		if (!address)
			return false;
		memcpy(wanted[i].where, &address, sizeof(address));
	}
	return true;
}

static uint32_t learn(const void *from)
{
	struct torch_layout at = {0};
	const char *trouble = measure(&at, from);

	if (!trouble) {
		torch_layout = at;
		return READY;
	}
	torch_layout.undefined = at.undefined;
	if (find_asked(&asked, from)) {
		prof_note("torch: %s, so its C interface is asked for every tensor, and parameters "
		          "are not told from activations",
		          trouble);
		return ASKED;
	}
	prof_note("torch: operations are recorded without shapes: %s", trouble);
	return FAILED;
}

bool torch_layout_busy(void)
{
	return measuring;
}

bool torch_layout_ready(const void *return_address)
{
	uint32_t s = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
	struct guard calm;
	int saved = errno;

	if (__builtin_expect(s == UNKNOWN && !measuring, 0) && trylock_take(&lock, &calm)) {
		s = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
		if (s == UNKNOWN) {
			measuring = true;
			s = learn(return_address);
			measuring = false;
			__atomic_store_n(&state, s, __ATOMIC_RELEASE);
		}
		trylock_give(&lock, &calm);
		errno = saved;
	}
	return s == READY || s == ASKED;
}

void *torch_layout_measure_python(void *(*wrap)(void *tensor))
{
	const void *tensor = sample;
	void *object;

	if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) != READY || torch_layout.python)
		return NULL;
	object = wrap(&tensor);
	for (uint32_t i = 16; object && i + 8 <= PYTHON_BYTES; i += 8)
		if (word_at(object, i) == (uintptr_t)sample)
			torch_layout.python = i;
	return object;
}

/* ---- reading ---- */

/* Into what we keep; further leading dimensions go into the first. */
static void take(struct torch_shape *shape, const int64_t *sizes, const int64_t *strides, uint64_t n)
{
	uint64_t extra = n > PROF_MAX_DIMS ? n - PROF_MAX_DIMS : 0;
	int64_t expected = 1;

	shape->n_dims = (uint8_t)(n - extra);
	shape->strided = false;
	for (uint64_t i = n; i-- > 0;) {
		if (sizes[i] != 1 && strides[i] != expected)
			shape->strided = true;
		expected *= sizes[i];
		if (i >= extra) {
			shape->dims[i - extra] = sizes[i];
			shape->strides[i - extra] = strides[i];
		} else {
			shape->dims[0] *= sizes[i];
		}
	}
	if (extra || expected == 0)
		shape->strided = false;
}

static bool ask(const void *tensor, struct torch_shape *shape)
{
	int64_t n = 0, *sizes = NULL, *strides = NULL;
	int32_t dtype = 0;

	if (asked.dim(tensor, &n) != 0 || n < 0 || n > 64 || asked.sizes(tensor, &sizes) != 0
	    || asked.strides(tensor, &strides) != 0 || asked.dtype(tensor, &dtype) != 0)
		return false;
	shape->dtype = dtype_of((uint32_t)dtype);
	shape->storage = NULL;
	take(shape, sizes, strides, (uint64_t)n);
	return true;
}

bool torch_layout_read_object(const void *object, struct torch_shape *shape)
{
	const struct torch_layout *at = &torch_layout;
	const int64_t *sizes = (const int64_t *)(const void *)((const char *)object + at->sizes + 8);
	const int64_t *strides = (const int64_t *)(const void *)((const char *)object + at->strides);
	uint64_t n;

	if (!object || object == at->undefined)
		return false;
	n = word_at(object, at->sizes);
	if (n > at->inside) {
		sizes = (const int64_t *)(uintptr_t)word_at(object, at->sizes + 8);
		strides = sizes + n;
	}
	if (n > 64)
		return false;
	shape->dtype = dtype_of(half_at(object, at->dtype));
	shape->storage = at->storage ? (const void *)(uintptr_t)word_at(object, at->storage) : object;
	take(shape, sizes, strides, n);
	return true;
}

bool torch_layout_read(const void *tensor, struct torch_shape *shape)
{
	const void *object;

	memcpy(&object, tensor, sizeof(object));
	if (!object || object == torch_layout.undefined)
		return false;
	return torch_layout.inside ? torch_layout_read_object(object, shape) : ask(tensor, shape);
}
