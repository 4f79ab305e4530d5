/* onednn.c: every kind of primitive of oneDNN 2, for onednn.sh.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * onednn [MODE]: prints a hash of what each primitive wrote. Modes: `all`, `remake`
 * (primitives made and destroyed at the same address), `threads`, `fork`.
 */
#include <dnnl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/preload/onednn_run.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- convolutions ---- */

struct conv {
	const char *name;
	int n;
	dnnl_dims_t src, weights, dst, strides, dilations, padding;
};

static const struct conv convs[] = {
        {"2d", 4, {2, 3, 8, 10}, {16, 3, 3, 3}, {2, 16, 4, 5}, {2, 2}, {0, 0}, {1, 1}},
        {"1x1", 4, {1, 16, 5, 5}, {8, 16, 1, 1}, {1, 8, 5, 5}, {1, 1}, {0, 0}, {0, 0}},
        {"groups", 4, {1, 8, 6, 6}, {2, 2, 4, 3, 3}, {1, 4, 6, 6}, {1, 1}, {0, 0}, {1, 1}},
        {"depthwise", 4, {1, 8, 6, 6}, {8, 1, 1, 3, 3}, {1, 8, 3, 3}, {2, 2}, {0, 0}, {1, 1}},
        {"dilated", 4, {1, 4, 9, 9}, {4, 4, 3, 3}, {1, 4, 5, 5}, {1, 1}, {1, 1}, {0, 0}},
        {"1d", 3, {2, 4, 16}, {6, 4, 5}, {2, 6, 16}, {1}, {0}, {2}},
        {"3d", 5, {1, 2, 4, 5, 6}, {3, 2, 3, 3, 3}, {1, 3, 4, 5, 6}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}},
};

static void conv_descs(const struct conv *c, dnnl_memory_desc_t md[3])
{
	int n_weights = c->weights[c->n] ? c->n + 1 : c->n;

	md[0] = any(c->n, c->src);
	md[1] = any(n_weights, c->weights);
	md[2] = any(c->n, c->dst);
}

static void forward_conv(const struct conv *c, dnnl_primitive_attr_t attr)
{
	dnnl_memory_desc_t md[3], bias = plain(1, (dnnl_dims_t){c->dst[1]}, dnnl_f32);
	dnnl_convolution_desc_t d;

	conv_descs(c, md);
	ok(dnnl_dilated_convolution_forward_desc_init(&d, dnnl_forward_inference, dnnl_convolution_direct,
	                                              &md[0], &md[1], &bias, &md[2], c->strides, c->dilations,
	                                              c->padding, c->padding));
	run(c->name, &d, attr);
}

static void backward_conv(const struct conv *c)
{
	dnnl_memory_desc_t md[3], none = {0};
	dnnl_convolution_desc_t d;

	conv_descs(c, md);
	ok(dnnl_convolution_backward_data_desc_init(&d, dnnl_convolution_direct, &md[0], &md[1], &md[2],
	                                            c->strides, c->padding, c->padding));
	run("backward_data", &d, NULL);
	ok(dnnl_convolution_backward_weights_desc_init(&d, dnnl_convolution_direct, &md[0], &md[1], &none,
	                                               &md[2], c->strides, c->padding, c->padding));
	run("backward_weights", &d, NULL);
}

static void deconv(void)
{
	dnnl_memory_desc_t src = any(4, (dnnl_dims_t){1, 4, 5, 5}), dst = any(4, (dnnl_dims_t){1, 6, 11, 11});
	dnnl_memory_desc_t weights = any(4, (dnnl_dims_t){6, 4, 3, 3}), none = {0};
	dnnl_deconvolution_desc_t d;
	dnnl_dims_t strides = {2, 2}, padding = {0, 0};

	ok(dnnl_deconvolution_forward_desc_init(&d, dnnl_forward_inference, dnnl_deconvolution_direct, &src,
	                                        &weights, &none, &dst, strides, padding, padding));
	run("deconv", &d, NULL);
}

static void fused_conv(void)
{
	dnnl_primitive_attr_t attr;
	dnnl_post_ops_t ops;

	ok(dnnl_primitive_attr_create(&attr));
	ok(dnnl_post_ops_create(&ops));
	ok(dnnl_post_ops_append_sum(ops, 1.0F));
	ok(dnnl_post_ops_append_eltwise(ops, 1.0F, dnnl_eltwise_relu, 0.0F, 0.0F));
	ok(dnnl_primitive_attr_set_post_ops(attr, ops));
	forward_conv(&convs[0], attr);
	ok(dnnl_post_ops_destroy(ops));
	ok(dnnl_primitive_attr_destroy(attr));
}

static void all_convs(void)
{
	for (int i = 0; i < COUNT(convs); i++)
		forward_conv(&convs[i], NULL);
	fused_conv();
	backward_conv(&convs[0]);
	deconv();
}

/* ---- products ---- */

static void inner(dnnl_data_type_t in, dnnl_data_type_t weight, dnnl_data_type_t out, bool spatial)
{
	dnnl_dims_t shallow = {7, 48}, deep = {7, 3, 4, 4}, shallow_weight = {20, 48},
	            deep_weight = {20, 3, 4, 4};
	dnnl_memory_desc_t src = plain(spatial ? 4 : 2, spatial ? deep : shallow, in);
	dnnl_memory_desc_t weights = plain(spatial ? 4 : 2, spatial ? deep_weight : shallow_weight, weight);
	dnnl_memory_desc_t bias = plain(1, (dnnl_dims_t){20}, in == dnnl_f32 ? dnnl_f32 : dnnl_s32);
	dnnl_memory_desc_t dst = plain(2, (dnnl_dims_t){7, 20}, out);
	dnnl_inner_product_desc_t d;

	ok(dnnl_inner_product_forward_desc_init(&d, dnnl_forward_inference, &src, &weights, &bias, &dst));
	run("inner", &d, NULL);
}

static void matmul(int n, const dnnl_dims_t a, const dnnl_dims_t b, const dnnl_dims_t c, bool transposed)
{
	dnnl_memory_desc_t src = plain(n, a, dnnl_f32), weights = plain(n, b, dnnl_f32),
	                   dst = plain(n, c, dnnl_f32);
	dnnl_matmul_desc_t d;

	if (transposed) {
		dnnl_dims_t strides = {1, b[0]};

		ok(dnnl_memory_desc_init_by_strides(&weights, 2, b, dnnl_f32, strides));
	}
	ok(dnnl_matmul_desc_init(&d, &src, &weights, NULL, &dst));
	run("matmul", &d, NULL);
}

/* Sizes that are known when it runs, twice with others. */
static void late_matmul(void)
{
	dnnl_dims_t unknown = {DNNL_RUNTIME_DIM_VAL, DNNL_RUNTIME_DIM_VAL};
	dnnl_memory_desc_t md = plain(2, unknown, dnnl_f32);
	dnnl_primitive_desc_t pd;
	dnnl_primitive_t primitive;
	dnnl_matmul_desc_t d;

	dnnl_dims_t strides = {DNNL_RUNTIME_DIM_VAL, 1};

	ok(dnnl_memory_desc_init_by_strides(&md, 2, unknown, dnnl_f32, strides));
	ok(dnnl_matmul_desc_init(&d, &md, &md, NULL, &md));
	ok(dnnl_primitive_desc_create(&pd, &d, NULL, engine, NULL));
	ok(dnnl_primitive_create(&primitive, pd));
	for (int m = 3; m < 5; m++) {
		dnnl_memory_desc_t late[3] = {plain(2, (dnnl_dims_t){m, 6}, dnnl_f32),
		                              plain(2, (dnnl_dims_t){6, 9}, dnnl_f32),
		                              plain(2, (dnnl_dims_t){m, 9}, dnnl_f32)};
		int roles[3] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};

		run_with("late", primitive, roles, late, 3);
	}
	ok(dnnl_primitive_destroy(primitive));
	ok(dnnl_primitive_desc_destroy(pd));
}

static void called_products(void)
{
	static float a[12 * 8], b[12 * 9], c[8 * 9];
	static uint8_t ua[12 * 8];
	static int8_t sa[12 * 8], sb[12 * 9];
	static int32_t sc[8 * 9], offset[1];

	fill(a, sizeof(a), dnnl_f32);
	fill(b, sizeof(b), dnnl_f32);
	fill(ua, sizeof(ua), dnnl_u8);
	fill(sa, sizeof(sa), dnnl_s8);
	fill(sb, sizeof(sb), dnnl_s8);
	ok(dnnl_sgemm('N', 'N', 8, 9, 12, 1.0F, a, 12, b, 9, 0.0F, c, 9));
	say("sgemm", c, sizeof(c));
	ok(dnnl_sgemm('t', 'T', 8, 9, 12, 1.0F, a, 8, b, 12, 0.5F, c, 9));
	say("sgemm", c, sizeof(c));
	ok(dnnl_gemm_u8s8s32('N', 'N', 'F', 8, 9, 12, 1.0F, ua, 12, 3, sb, 9, 2, 0.0F, sc, 9, offset));
	say("u8s8s32", sc, sizeof(sc));
	ok(dnnl_gemm_s8s8s32('N', 'N', 'F', 8, 9, 12, 1.0F, sa, 12, 0, sb, 9, 0, 0.0F, sc, 9, offset));
	say("s8s8s32", sc, sizeof(sc));
}

static void all_products(void)
{
	inner(dnnl_f32, dnnl_f32, dnnl_f32, false);
	inner(dnnl_f32, dnnl_f32, dnnl_f32, true);
	inner(dnnl_u8, dnnl_s8, dnnl_s32, false);
	matmul(2, (dnnl_dims_t){5, 7}, (dnnl_dims_t){7, 11}, (dnnl_dims_t){5, 11}, false);
	matmul(2, (dnnl_dims_t){5, 7}, (dnnl_dims_t){7, 11}, (dnnl_dims_t){5, 11}, true);
	matmul(4, (dnnl_dims_t){2, 3, 5, 7}, (dnnl_dims_t){2, 3, 7, 11}, (dnnl_dims_t){2, 3, 5, 11}, false);
	late_matmul();
	called_products();
}

/* ---- element by element, row by row ---- */

static void all_eltwise(const dnnl_memory_desc_t *md)
{
	static const dnnl_alg_kind_t algs[] = {
	        dnnl_eltwise_relu,     dnnl_eltwise_tanh,  dnnl_eltwise_elu,  dnnl_eltwise_linear,
	        dnnl_eltwise_logistic, dnnl_eltwise_exp,   dnnl_eltwise_abs,  dnnl_eltwise_gelu_tanh,
	        dnnl_eltwise_gelu_erf, dnnl_eltwise_swish, dnnl_eltwise_clip, dnnl_eltwise_hardswish,
	};
	dnnl_eltwise_desc_t d;

	for (int i = 0; i < COUNT(algs); i++) {
		ok(dnnl_eltwise_forward_desc_init(&d, dnnl_forward_inference, algs[i], md, 0.5F, 1.5F));
		run("eltwise", &d, NULL);
	}
	ok(dnnl_eltwise_backward_desc_init(&d, dnnl_eltwise_relu, md, md, 0.0F, 0.0F));
	run("eltwise", &d, NULL);
}

static void all_softmax(const dnnl_memory_desc_t *md)
{
	dnnl_softmax_desc_t d;
	dnnl_logsoftmax_desc_t log;
	dnnl_softmax_v2_desc_t v2;

	ok(dnnl_softmax_forward_desc_init(&d, dnnl_forward_inference, md, 1));
	run("softmax", &d, NULL);
	ok(dnnl_logsoftmax_forward_desc_init(&log, dnnl_forward_inference, md, 3));
	run("logsoftmax", &log, NULL);
	ok(dnnl_softmax_v2_forward_desc_init(&v2, dnnl_forward_inference, dnnl_softmax_log, md, md, 3));
	run("softmax_v2", &v2, NULL);
	ok(dnnl_softmax_v2_forward_desc_init(&v2, dnnl_forward_inference, dnnl_softmax_accurate, md, md, 3));
	run("softmax_v2", &v2, NULL);
}

static void all_norms(const dnnl_memory_desc_t *md)
{
	dnnl_batch_normalization_desc_t batch;
	dnnl_layer_normalization_desc_t layer;
	dnnl_memory_desc_t rows = plain(3, (dnnl_dims_t){2, 5, 32}, dnnl_f32);
	dnnl_lrn_desc_t lrn;

	ok(dnnl_batch_normalization_forward_desc_init(&batch, dnnl_forward_inference, md, 1e-5F,
	                                              dnnl_use_global_stats | dnnl_use_scaleshift));
	run("batchnorm", &batch, NULL);
	ok(dnnl_layer_normalization_forward_desc_init(&layer, dnnl_forward_inference, &rows, NULL, 1e-5F,
	                                              dnnl_use_scale | dnnl_use_shift));
	run("layernorm", &layer, NULL);
	ok(dnnl_lrn_forward_desc_init(&lrn, dnnl_forward_inference, dnnl_lrn_across_channels, md, 5, 1e-4F,
	                              0.75F, 1.0F));
	run("lrn", &lrn, NULL);
}

static void all_binary(const dnnl_memory_desc_t *md)
{
	static const dnnl_alg_kind_t algs[] = {dnnl_binary_add, dnnl_binary_mul, dnnl_binary_sub,
	                                       dnnl_binary_div, dnnl_binary_max};
	dnnl_memory_desc_t row = plain(4, (dnnl_dims_t){1, 8, 1, 1}, dnnl_f32);
	dnnl_binary_desc_t d;

	for (int i = 0; i < COUNT(algs); i++) {
		ok(dnnl_binary_desc_init(&d, algs[i], md, i % 2 ? &row : md, md));
		run("binary", &d, NULL);
	}
}

static void all_reduced(const dnnl_memory_desc_t *md)
{
	static const dnnl_alg_kind_t algs[] = {dnnl_reduction_sum, dnnl_reduction_mean, dnnl_reduction_max};
	dnnl_memory_desc_t small = plain(4, (dnnl_dims_t){2, 8, 1, 1}, dnnl_f32);
	dnnl_memory_desc_t large = plain(4, (dnnl_dims_t){2, 8, 8, 8}, dnnl_f32);
	float factors[] = {2.0F, 2.0F};
	dnnl_resampling_desc_t resampled;
	dnnl_reduction_desc_t d;

	for (int i = 0; i < COUNT(algs); i++) {
		ok(dnnl_reduction_desc_init(&d, algs[i], md, &small, 0.0F, 0.0F));
		run("reduction", &d, NULL);
	}
	ok(dnnl_resampling_forward_desc_init(&resampled, dnnl_forward_inference, dnnl_resampling_linear,
	                                     factors, md, &large));
	run("resampling", &resampled, NULL);
}

static void all_pools(const dnnl_memory_desc_t *md)
{
	dnnl_memory_desc_t dst = plain(4, (dnnl_dims_t){2, 8, 2, 2}, dnnl_f32);
	dnnl_dims_t strides = {2, 2}, kernel = {2, 2}, padding = {0, 0}, wide = {1, 1}, none = {0, 0};
	dnnl_pooling_v2_desc_t v2;
	dnnl_pooling_desc_t d;

	ok(dnnl_pooling_forward_desc_init(&d, dnnl_forward_inference, dnnl_pooling_max, md, &dst, strides,
	                                  kernel, padding, padding));
	run("max", &d, NULL);
	ok(dnnl_pooling_forward_desc_init(&d, dnnl_forward_inference, dnnl_pooling_avg_exclude_padding, md,
	                                  &dst, strides, kernel, padding, padding));
	run("avg", &d, NULL);
	ok(dnnl_pooling_v2_forward_desc_init(&v2, dnnl_forward_inference, dnnl_pooling_avg_include_padding,
	                                     md, &dst, wide, kernel, wide, none, none));
	run("dilated", &v2, NULL);
}

/* ---- moved ---- */

static void all_moved(const dnnl_memory_desc_t *md)
{
	dnnl_memory_desc_t bytes = plain(4, md->dims, dnnl_s8), blocked, both[3] = {*md, *md, *md};
	float scales[3] = {1.0F, 2.0F, 3.0F};
	dnnl_shuffle_desc_t shuffle;
	dnnl_primitive_desc_t pd;
	dnnl_prelu_desc_t prelu;

	ok(dnnl_memory_desc_init_by_tag(&blocked, 4, md->dims, dnnl_f32, dnnl_nChw8c));
	ok(dnnl_reorder_primitive_desc_create(&pd, md, engine, &bytes, engine, NULL));
	run_desc("cast", pd);
	ok(dnnl_reorder_primitive_desc_create(&pd, md, engine, &blocked, engine, NULL));
	run_desc("blocked", pd);
	ok(dnnl_concat_primitive_desc_create(&pd, NULL, 2, 1, both, NULL, engine));
	run_desc("concat", pd);
	ok(dnnl_sum_primitive_desc_create(&pd, NULL, 3, scales, both, NULL, engine));
	run_desc("sum", pd);
	ok(dnnl_shuffle_forward_desc_init(&shuffle, dnnl_forward_inference, md, 1, 4));
	run("shuffle", &shuffle, NULL);
	both[0] = plain(4, (dnnl_dims_t){1, 8, 1, 1}, dnnl_f32);
	ok(dnnl_prelu_forward_desc_init(&prelu, dnnl_forward_inference, md, &both[0]));
	run("prelu", &prelu, NULL);
}

/* ---- recurrent ---- */

static void all_recurrent(void)
{
	dnnl_memory_desc_t src = any(3, (dnnl_dims_t){5, 2, 12}), dst = any(3, (dnnl_dims_t){5, 2, 12});
	dnnl_memory_desc_t state = any(4, (dnnl_dims_t){2, 1, 2, 12}), none = {0};
	dnnl_memory_desc_t lstm_w = any(5, (dnnl_dims_t){2, 1, 12, 4, 12}),
	                   gru_w = any(5, (dnnl_dims_t){2, 1, 12, 3, 12});
	dnnl_memory_desc_t lstm_b = any(4, (dnnl_dims_t){2, 1, 4, 12}),
	                   gru_b = any(4, (dnnl_dims_t){2, 1, 3, 12});
	dnnl_rnn_desc_t d;

	ok(dnnl_lstm_forward_desc_init(&d, dnnl_forward_inference, dnnl_unidirectional_left2right, &src,
	                               &state, &state, &lstm_w, &lstm_w, &lstm_b, &dst, &state, &state, 0));
	run("lstm", &d, NULL);
	ok(dnnl_gru_forward_desc_init(&d, dnnl_forward_inference, dnnl_unidirectional_left2right, &src, &none,
	                              &gru_w, &gru_w, &gru_b, &dst, &none, 0));
	run("gru", &d, NULL);
}

static void all(void)
{
	dnnl_memory_desc_t md = plain(4, (dnnl_dims_t){2, 8, 4, 4}, dnnl_f32);

	all_convs();
	all_products();
	all_eltwise(&md);
	all_softmax(&md);
	all_norms(&md);
	all_binary(&md);
	all_reduced(&md);
	all_pools(&md);
	all_moved(&md);
	all_recurrent();
}

/* Primitives of two sizes in turn: the allocator gives the one's address to the other. */
static void remake(void)
{
	dnnl_dims_t a = {4, 8}, b = {8, 4}, c = {4, 4}, d = {8, 8};

	for (int i = 0; i < 20; i++) {
		matmul(2, a, b, c, false);
		matmul(2, b, a, d, false);
	}
}

static void *in_thread(void *unused)
{
	remake();
	return unused;
}

static void threads(void)
{
	pthread_t thread[4];

	for (int i = 0; i < COUNT(thread); i++)
		if (pthread_create(&thread[i], NULL, in_thread, NULL) != 0)
			exit(1);
	for (int i = 0; i < COUNT(thread); i++)
		pthread_join(thread[i], NULL);
}

static void forked(void)
{
	int status = 1;
	pid_t child;

	remake();
	fflush(stdout);
	child = fork();
	if (child == 0) {
		remake();
		exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		exit(1);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "all";

	run_begin();
	if (strcmp(mode, "remake") == 0)
		remake();
	else if (strcmp(mode, "threads") == 0)
		threads();
	else if (strcmp(mode, "fork") == 0)
		forked();
	else
		all();
	run_end();
	return 0;
}
