/* dnnl_resnet: a small residual convolution network on oneDNN 2.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Knows nothing of its profiler: it is built as ResNet is (a 7x7 convolution and a
 * pool, three stages of blocks with shortcuts, a mean, a linear layer, a
 * softmax), from primitives that choose their own layouts of data. Run under the
 * shim it prints the same, and leaves a trace with every primitive that it ran.
 *
 *     dnnl_resnet [IMAGES [SIDE]]
 *
 * Weights and images come from a fixed generator, so the output is always the same.
 */
#include <dnnl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLASSES = 10, STEM = 16, STAGES = 3, MAX_STEPS = 64, MAX_MEMORY = 256 };

/* What is in memory, and how it lies there. */
struct tensor {
	dnnl_memory_t memory;
	dnnl_memory_desc_t desc;
};

struct step {
	dnnl_primitive_t primitive;
	dnnl_exec_arg_t args[6];
	int n_args;
};

struct net {
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	struct step steps[MAX_STEPS];
	int n_steps;
	dnnl_memory_t memory[MAX_MEMORY];
	int n_memory;
	uint32_t random;
};

static void ok(dnnl_status_t status)
{
	if (status == dnnl_success)
		return;
	fprintf(stderr, "dnnl_resnet: error: oneDNN answers with status %d\n", (int)status);
	exit(1);
}

/* ---- memory ---- */

static dnnl_memory_desc_t plain(int n, const dnnl_dims_t dims)
{
	static const dnnl_format_tag_t tags[] = {dnnl_format_tag_undef, dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd};
	dnnl_memory_desc_t desc;

	ok(dnnl_memory_desc_init_by_tag(&desc, n, dims, dnnl_f32, tags[n]));
	return desc;
}

/* In whatever layout the primitive likes best. */
static dnnl_memory_desc_t any(int n, const dnnl_dims_t dims)
{
	dnnl_memory_desc_t desc;

	ok(dnnl_memory_desc_init_by_tag(&desc, n, dims, dnnl_f32, dnnl_format_tag_any));
	return desc;
}

static struct tensor tensor(struct net *net, const dnnl_memory_desc_t *desc)
{
	struct tensor t = {.desc = *desc};

	ok(net->n_memory < MAX_MEMORY ? dnnl_success : dnnl_out_of_memory);
	ok(dnnl_memory_create(&t.memory, desc, net->engine, DNNL_MEMORY_ALLOCATE));
	net->memory[net->n_memory++] = t.memory;
	return t;
}

static float *data_of(struct tensor t)
{
	void *data;

	ok(dnnl_memory_get_data_handle(t.memory, &data));
	return data;
}

/* Numbers from low to high. */
static void fill(struct net *net, struct tensor t, float low, float high)
{
	float *data = data_of(t);
	size_t n = dnnl_memory_desc_get_size(&t.desc) / sizeof(float);

	for (size_t i = 0; i < n; i++) {
		net->random = net->random * 1664525u + 1013904223u;
		data[i] = low + (high - low) * (float)(net->random >> 8) / (float)(1u << 24);
	}
}

static struct tensor constant(struct net *net, int n, const dnnl_dims_t dims, float low, float high)
{
	dnnl_memory_desc_t desc = plain(n, dims);
	struct tensor t = tensor(net, &desc);

	fill(net, t, low, high);
	return t;
}

/* ---- primitives ---- */

static dnnl_primitive_desc_t describe(struct net *net, const_dnnl_op_desc_t op,
                                      const_dnnl_primitive_attr_t attr)
{
	dnnl_primitive_desc_t pd;

	ok(dnnl_primitive_desc_create(&pd, op, attr, net->engine, NULL));
	return pd;
}

static struct step make(dnnl_primitive_desc_t pd)
{
	struct step step = {.n_args = 0};

	ok(dnnl_primitive_create(&step.primitive, pd));
	ok(dnnl_primitive_desc_destroy(pd));
	return step;
}

static void give(struct step *step, int role, struct tensor t)
{
	step->args[step->n_args++] = (dnnl_exec_arg_t){role, t.memory};
}

static void append(struct net *net, struct step step)
{
	ok(net->n_steps < MAX_STEPS ? dnnl_success : dnnl_out_of_memory);
	net->steps[net->n_steps++] = step;
}

static void execute(struct net *net, const struct step *step)
{
	ok(dnnl_primitive_execute(step->primitive, net->stream, step->n_args, step->args));
}

static struct step reorder(struct net *net, struct tensor from, struct tensor to)
{
	dnnl_primitive_desc_t pd;
	struct step step;

	ok(dnnl_reorder_primitive_desc_create(&pd, &from.desc, net->engine, &to.desc, net->engine, NULL));
	step = make(pd);
	give(&step, DNNL_ARG_FROM, from);
	give(&step, DNNL_ARG_TO, to);
	return step;
}

/* As a primitive wants it: each time (data), or once and for all (weights). */
static struct tensor wanted(struct net *net, struct tensor have, const_dnnl_primitive_desc_t pd,
                            dnnl_query_t query, int is_weight)
{
	const dnnl_memory_desc_t *want = dnnl_primitive_desc_query_md(pd, query, 0);
	struct tensor t;
	struct step step;

	if (dnnl_memory_desc_equal(want, &have.desc))
		return have;
	t = tensor(net, want);
	step = reorder(net, have, t);
	if (!is_weight) {
		append(net, step);
		return t;
	}
	execute(net, &step);
	ok(dnnl_stream_wait(net->stream));
	ok(dnnl_primitive_destroy(step.primitive));
	return t;
}

static struct tensor result(struct net *net, const_dnnl_primitive_desc_t pd)
{
	return tensor(net, dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0));
}

/* ---- layers ---- */

static dnnl_primitive_attr_t relu_after(void)
{
	dnnl_primitive_attr_t attr;
	dnnl_post_ops_t ops;

	ok(dnnl_post_ops_create(&ops));
	ok(dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0));
	ok(dnnl_primitive_attr_create(&attr));
	ok(dnnl_primitive_attr_set_post_ops(attr, ops));
	ok(dnnl_post_ops_destroy(ops));
	return attr;
}

/* A square convolution that keeps the size, or halves it (stride 2). */
static struct tensor convolution(struct net *net, struct tensor x, int out, int kernel, int stride,
                                 const_dnnl_primitive_attr_t attr)
{
	const dnnl_dim_t *in = x.desc.dims;
	dnnl_dims_t weight_dims = {out, in[1], kernel, kernel}, bias_dims = {out};
	dnnl_dims_t out_dims = {in[0], out, (in[2] - 1) / stride + 1, (in[3] - 1) / stride + 1};
	dnnl_dims_t strides = {stride, stride}, padding = {kernel / 2, kernel / 2};
	float scale = 1.7f / (float)(kernel * kernel);
	struct tensor weight = constant(net, 4, weight_dims, -scale, scale);
	struct tensor bias = constant(net, 1, bias_dims, -0.1f, 0.1f), y;
	dnnl_memory_desc_t src = any(4, in), w = any(4, weight_dims), dst = any(4, out_dims);
	dnnl_primitive_desc_t pd;
	dnnl_convolution_desc_t d;
	struct step step;

	ok(dnnl_convolution_forward_desc_init(&d, dnnl_forward_inference, dnnl_convolution_direct, &src, &w,
	                                      &bias.desc, &dst, strides, padding, padding));
	pd = describe(net, &d, attr);
	x = wanted(net, x, pd, dnnl_query_src_md, 0);
	weight = wanted(net, weight, pd, dnnl_query_weights_md, 1);
	y = result(net, pd);
	step = make(pd);
	give(&step, DNNL_ARG_SRC, x);
	give(&step, DNNL_ARG_WEIGHTS, weight);
	give(&step, DNNL_ARG_BIAS, bias);
	give(&step, DNNL_ARG_DST, y);
	append(net, step);
	return y;
}

static struct tensor normalize(struct net *net, struct tensor x, int with_relu)
{
	unsigned flags = dnnl_use_global_stats | dnnl_use_scaleshift | (with_relu ? dnnl_fuse_norm_relu : 0);
	dnnl_dims_t channels = {x.desc.dims[1]}, pairs = {2, x.desc.dims[1]};
	struct tensor y = tensor(net, &x.desc);
	dnnl_batch_normalization_desc_t d;
	struct step step;

	ok(dnnl_batch_normalization_forward_desc_init(&d, dnnl_forward_inference, &x.desc, 1e-5f, flags));
	step = make(describe(net, &d, NULL));
	give(&step, DNNL_ARG_SRC, x);
	give(&step, DNNL_ARG_MEAN, constant(net, 1, channels, -0.1f, 0.1f));
	give(&step, DNNL_ARG_VARIANCE, constant(net, 1, channels, 0.5f, 1.5f));
	give(&step, DNNL_ARG_SCALE_SHIFT, constant(net, 2, pairs, 0.2f, 1));
	give(&step, DNNL_ARG_DST, y);
	append(net, step);
	return y;
}

/* a + b into a. */
static void add(struct net *net, struct tensor a, struct tensor b)
{
	dnnl_binary_desc_t d;
	struct step step;

	ok(dnnl_binary_desc_init(&d, dnnl_binary_add, &a.desc, &b.desc, &a.desc));
	step = make(describe(net, &d, NULL));
	give(&step, DNNL_ARG_SRC_0, a);
	give(&step, DNNL_ARG_SRC_1, b);
	give(&step, DNNL_ARG_DST, a);
	append(net, step);
}

static void relu(struct net *net, struct tensor x)
{
	dnnl_eltwise_desc_t d;
	struct step step;

	ok(dnnl_eltwise_forward_desc_init(&d, dnnl_forward_inference, dnnl_eltwise_relu, &x.desc, 0, 0));
	step = make(describe(net, &d, NULL));
	give(&step, DNNL_ARG_SRC, x);
	give(&step, DNNL_ARG_DST, x);
	append(net, step);
}

static struct tensor pool(struct net *net, struct tensor x, dnnl_alg_kind_t how, int kernel, int stride,
                          int pad)
{
	const dnnl_dim_t *in = x.desc.dims;
	dnnl_dim_t side = (in[2] + 2 * pad - kernel) / stride + 1;
	dnnl_dims_t out_dims = {in[0], in[1], side, side}, none = {0, 0};
	dnnl_dims_t strides = {stride, stride}, window = {kernel, kernel}, padding = {pad, pad};
	dnnl_memory_desc_t dst = any(4, out_dims);
	dnnl_primitive_desc_t pd;
	dnnl_pooling_v2_desc_t d;
	struct tensor y;
	struct step step;

	ok(dnnl_pooling_v2_forward_desc_init(&d, dnnl_forward_inference, how, &x.desc, &dst, strides, window,
	                                     none, padding, padding));
	pd = describe(net, &d, NULL);
	y = result(net, pd);
	step = make(pd);
	give(&step, DNNL_ARG_SRC, x);
	give(&step, DNNL_ARG_DST, y);
	append(net, step);
	return y;
}

static struct tensor linear(struct net *net, struct tensor x, int out)
{
	const dnnl_dim_t *in = x.desc.dims;
	dnnl_dims_t weight_dims = {out, in[1], 1, 1}, bias_dims = {out}, out_dims = {in[0], out};
	struct tensor weight = constant(net, 4, weight_dims, -0.02f, 0.02f);
	struct tensor bias = constant(net, 1, bias_dims, -0.1f, 0.1f), y;
	dnnl_memory_desc_t src = any(4, in), w = any(4, weight_dims), dst = plain(2, out_dims);
	dnnl_primitive_desc_t pd;
	dnnl_inner_product_desc_t d;
	struct step step;

	ok(dnnl_inner_product_forward_desc_init(&d, dnnl_forward_inference, &src, &w, &bias.desc, &dst));
	pd = describe(net, &d, NULL);
	x = wanted(net, x, pd, dnnl_query_src_md, 0);
	weight = wanted(net, weight, pd, dnnl_query_weights_md, 1);
	y = result(net, pd);
	step = make(pd);
	give(&step, DNNL_ARG_SRC, x);
	give(&step, DNNL_ARG_WEIGHTS, weight);
	give(&step, DNNL_ARG_BIAS, bias);
	give(&step, DNNL_ARG_DST, y);
	append(net, step);
	return y;
}

static void softmax(struct net *net, struct tensor x)
{
	dnnl_softmax_desc_t d;
	struct step step;

	ok(dnnl_softmax_forward_desc_init(&d, dnnl_forward_inference, &x.desc, 1));
	step = make(describe(net, &d, NULL));
	give(&step, DNNL_ARG_SRC, x);
	give(&step, DNNL_ARG_DST, x);
	append(net, step);
}

static struct tensor block(struct net *net, struct tensor x, int channels, int stride)
{
	struct tensor y = normalize(net, convolution(net, x, channels, 3, stride, NULL), 1);

	y = normalize(net, convolution(net, y, channels, 3, 1, NULL), 0);
	if (stride > 1)
		x = normalize(net, convolution(net, x, channels, 1, stride, NULL), 0);
	add(net, y, x);
	relu(net, y);
	return y;
}

/* ---- the network ---- */

/* From images to the probabilities of classes. */
static struct tensor build(struct net *net, struct tensor x)
{
	dnnl_primitive_attr_t attr = relu_after();

	x = convolution(net, x, STEM, 7, 2, attr);
	ok(dnnl_primitive_attr_destroy(attr));
	x = pool(net, x, dnnl_pooling_max, 3, 2, 1);
	for (int stage = 0; stage < STAGES; stage++) {
		x = block(net, x, STEM << stage, stage ? 2 : 1);
		x = block(net, x, STEM << stage, 1);
	}
	x = pool(net, x, dnnl_pooling_avg_exclude_padding, (int)x.desc.dims[2], 1, 0);
	x = linear(net, x, CLASSES);
	softmax(net, x);
	return x;
}

static void forward(struct net *net)
{
	for (int i = 0; i < net->n_steps; i++)
		execute(net, &net->steps[i]);
	ok(dnnl_stream_wait(net->stream));
}

static void release(struct net *net)
{
	for (int i = 0; i < net->n_steps; i++)
		ok(dnnl_primitive_destroy(net->steps[i].primitive));
	for (int i = 0; i < net->n_memory; i++)
		ok(dnnl_memory_destroy(net->memory[i]));
	ok(dnnl_stream_destroy(net->stream));
	ok(dnnl_engine_destroy(net->engine));
}

static int argument(int argc, char **argv, int index, int otherwise, int low, int high)
{
	char *end;
	long v;

	if (index >= argc)
		return otherwise;
	v = strtol(argv[index], &end, 10);
	if (*end || end == argv[index] || v < low || v > high) {
		fprintf(stderr, "dnnl_resnet: error: '%s' is no whole number from %d to %d\n", argv[index],
		        low, high);
		exit(2);
	}
	return (int)v;
}

int main(int argc, char **argv)
{
	int images = argument(argc, argv, 1, 2, 1, 1000), side = argument(argc, argv, 2, 64, 32, 1024);
	dnnl_dims_t dims = {1, 3, side, side};
	struct net net = {.random = 1};
	struct tensor image, classes;

	ok(dnnl_engine_create(&net.engine, dnnl_cpu, 0));
	ok(dnnl_stream_create(&net.stream, net.engine, dnnl_stream_default_flags));
	image = constant(&net, 4, dims, 0, 1);
	classes = build(&net, image);
	for (int i = 0; i < images; i++) {
		fill(&net, image, 0, 1);
		forward(&net);
		for (int k = 0; k < CLASSES; k++)
			printf("%.6g%c", (double)data_of(classes)[k], k + 1 < CLASSES ? ' ' : '\n');
	}
	release(&net);
	return 0;
}
