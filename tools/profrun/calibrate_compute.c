/* calibrate_compute.c: rates of arithmetic: in registers, and of the libraries that are there.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Matrix products are those of OpenBLAS (float32, float64) and oneDNN (int8), opened
 * when they are installed: they are what engines on this machine would use. Without
 * them the multiply-adds in registers are what is known of the processor.
 */
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/support/cli.h"
#include "tools/profrun/calibrate_run.h"

#define SECONDS_EACH 0.3

/* Six chains of multiply-adds of 64 bytes each fill sixteen registers of 32. */
enum { CHAINS = 6, TURNS = 20000, VECTOR_BYTES = 64 };

typedef float vector_f __attribute__((vector_size(VECTOR_BYTES)));
typedef double vector_d __attribute__((vector_size(VECTOR_BYTES)));

/* ---- in registers ---- */

#if defined(__x86_64__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

#define MULTIPLY_ADDS(name, vector, number)                                                                  \
	FOR_EACH_PROCESSOR static number name(number seed)                                                   \
	{                                                                                                    \
		vector s[CHAINS] = {{0}}, x = {seed}, y = {seed};                                            \
                                                                                                             \
		for (unsigned turn = 0; turn < TURNS; turn++)                                                \
			for (unsigned k = 0; k < CHAINS; k++)                                                \
				s[k] = s[k] * x + y;                                                         \
		for (unsigned k = 1; k < CHAINS; k++)                                                        \
			s[0] += s[k];                                                                        \
		return s[0][0];                                                                              \
	}

MULTIPLY_ADDS(multiply_adds_f, vector_f, float)
MULTIPLY_ADDS(multiply_adds_d, vector_d, double)

static double registers_f(void *arg, unsigned thread)
{
	volatile float seed = 0.5F, sink = multiply_adds_f(seed);

	(void)sink;
	(void)arg;
	(void)thread;
	return 2.0 * TURNS * CHAINS * VECTOR_BYTES / sizeof(float);
}

static double registers_d(void *arg, unsigned thread)
{
	volatile double seed = 0.5, sink = multiply_adds_d(seed);

	(void)sink;
	(void)arg;
	(void)thread;
	return 2.0 * TURNS * CHAINS * VECTOR_BYTES / sizeof(double);
}

/* ---- products ---- */

typedef void sgemm_fn(const char *, const char *, const int *, const int *, const int *, const float *,
                      const float *, const int *, const float *, const int *, const float *, float *,
                      const int *);
typedef void dgemm_fn(const char *, const char *, const int *, const int *, const int *, const double *,
                      const double *, const int *, const double *, const int *, const double *, double *,
                      const int *);
typedef int int8_fn(char, char, char, int64_t, int64_t, int64_t, float, const uint8_t *, int64_t, uint8_t,
                    const int8_t *, int64_t, int8_t, float, int32_t *, int64_t, const int32_t *);
typedef int bf16_fn(char, char, int64_t, int64_t, int64_t, float, const uint16_t *, int64_t, const uint16_t *,
                    int64_t, float, float *, int64_t);

/* What a library computes with; its threads are set, ours is one. */
struct product {
	sgemm_fn *sgemm;
	dgemm_fn *dgemm;
	int8_fn *int8;
	bf16_fn *bf16;
	void (*omp_set_threads)(int); /* of the calling thread alone */
	int threads;
	int m, n, k;
	void *a, *b, *c;
};

static double product_turn(void *arg, unsigned thread)
{
	struct product *p = arg;
	float one = 1, zero = 0;
	double one_d = 1, zero_d = 0;

	(void)thread;
	if (p->omp_set_threads)
		p->omp_set_threads(p->threads);
	if (p->sgemm)
		p->sgemm("N", "N", &p->m, &p->n, &p->k, &one, p->a, &p->m, p->b, &p->k, &zero, p->c, &p->m);
	else if (p->dgemm)
		p->dgemm("N", "N", &p->m, &p->n, &p->k, &one_d, p->a, &p->m, p->b, &p->k, &zero_d, p->c,
		         &p->m);
	else if (p->bf16)
		p->bf16('N', 'N', p->m, p->n, p->k, 1, p->a, p->k, p->b, p->n, 0, p->c, p->n);
	else
		p->int8('N', 'N', 'F', p->m, p->n, p->k, 1, p->a, p->k, 0, p->b, p->n, 0, 0, p->c, p->n,
		        &(int32_t){0});
	return 2.0 * p->m * p->n * p->k;
}

static int keep(struct calibration *c, const struct calibration_compute *measured, struct diag *d)
{
	struct calibration_compute *at = measured->gflop_s > 0 ? calibration_add_compute(c) : NULL;

	if (!at)
		return diag_set(d, "%.0f threads could not be started", measured->threads);
	*at = *measured;
	return 0;
}

/* From a vector (n = 1) to a square product; the weights are m x k. */
static int measure_shapes(struct calibration *c, struct product *p, unsigned dtype, unsigned threads,
                          double scale, struct diag *d)
{
	static const int rows[] = {1, 4, 16, 64, 256, 1024};
	size_t most = (size_t)1024 * 1024 * sizeof(double);
	int rc = 0;

	p->m = p->k = 1024;
	p->a = calloc(1, most);
	p->b = calloc(1, most);
	p->c = calloc(1, most);
	if (!p->a || !p->b || !p->c)
		rc = diag_set(d, "out of memory");
	for (unsigned i = 0; !rc && i < sizeof rows / sizeof *rows; i++) {
		p->n = rows[i];
		rc = keep(c,
		          &(struct calibration_compute){
		                  threads, dtype, p->m, p->n, p->k,
		                  calibrate_rate(product_turn, p, 1, SECONDS_EACH * scale) / 1e9},
		          d);
	}
	free(p->a);
	free(p->b);
	free(p->c);
	return rc;
}

/* The libraries are left open: their threads wait inside them. */
static void *open_first(const char *const *names)
{
	void *library = NULL;

	for (unsigned i = 0; names[i] && !library; i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	return library;
}

/* Whether this processor has it: it is one product of one element. */
static bool has_bf16(bf16_fn *bf16)
{
	uint16_t one = 0x3f80;
	float c = 0;

	return bf16 && bf16('N', 'N', 1, 1, 1, 1, &one, 1, &one, 1, 0, &c, 1) == 0;
}

static int measure_onednn(struct calibration *c, void *dnnl, unsigned threads, double scale, struct diag *d)
{
	struct product p = {.threads = (int)threads};
	int rc = 0;

	p.omp_set_threads = (void (*)(int))dlsym(dnnl, "omp_set_num_threads"); /* of what it needs */
	p.int8 = (int8_fn *)dlsym(dnnl, "dnnl_gemm_u8s8s32");
	if (p.int8)
		rc = measure_shapes(c, &p, PROF_DTYPE_INT8, threads, scale, d);
	p.int8 = NULL;
	p.bf16 = (bf16_fn *)dlsym(dnnl, "dnnl_gemm_bf16bf16f32");
	if (!rc && has_bf16(p.bf16))
		rc = measure_shapes(c, &p, PROF_DTYPE_BFLOAT16, threads, scale, d);
	return rc;
}

static int measure_products(struct calibration *c, unsigned threads, double scale, struct diag *d)
{
	static const char *const blas_names[] = {"libopenblas.so.0", NULL};
	static const char *const dnnl_names[] = {"libdnnl.so.3", "libdnnl.so.2", NULL};
	void *blas = open_first(blas_names), *dnnl = open_first(dnnl_names);
	void (*set_threads)(int) = blas ? (void (*)(int))dlsym(blas, "openblas_set_num_threads") : NULL;
	struct product p = {.sgemm = blas ? (sgemm_fn *)dlsym(blas, "sgemm_") : NULL};
	int rc = 0;

	if (set_threads)
		set_threads((int)threads);
	if (p.sgemm)
		rc = measure_shapes(c, &p, PROF_DTYPE_FLOAT32, threads, scale, d);
	p = (struct product){.dgemm = blas ? (dgemm_fn *)dlsym(blas, "dgemm_") : NULL};
	if (!rc && p.dgemm)
		rc = measure_shapes(c, &p, PROF_DTYPE_FLOAT64, threads, scale, d);
	return !rc && dnnl ? measure_onednn(c, dnnl, threads, scale, d) : rc;
}

static int measure_registers(struct calibration *c, unsigned threads, double scale, struct diag *d)
{
	struct calibration_compute f = {threads, PROF_DTYPE_FLOAT32, 0, 0, 0, 0}, g = f;

	f.gflop_s = calibrate_rate(registers_f, NULL, threads, SECONDS_EACH * scale) / 1e9;
	g.dtype = PROF_DTYPE_FLOAT64;
	g.gflop_s = calibrate_rate(registers_d, NULL, threads, SECONDS_EACH * scale) / 1e9;
	return keep(c, &f, d) || keep(c, &g, d) ? -1 : 0;
}

int calibrate_compute(struct calibration *c, unsigned threads, double scale, struct diag *d)
{
	unsigned n = 0, t;

	while (calibrate_threads(n, threads))
		n++;
	for (unsigned i = 0; (t = calibrate_threads(i, threads)); i++) {
		cli_progress("arithmetic", i, n);
		if (measure_registers(c, t, scale, d) || measure_products(c, t, scale, d))
			return -1;
	}
	cli_progress("arithmetic", 1, 1);
	return 0;
}
