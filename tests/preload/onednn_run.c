/* onednn_run.c: run one primitive of oneDNN 2 on made-up data.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/preload/onednn_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARGS = 24 };

dnnl_engine_t engine;
static dnnl_stream_t stream;

void ok(dnnl_status_t status)
{
	if (status == dnnl_success)
		return;
	fprintf(stderr, "onednn: error: status %d\n", (int)status);
	exit(1);
}

void run_begin(void)
{
	ok(dnnl_engine_create(&engine, dnnl_cpu, 0));
	ok(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
}

void run_end(void)
{
	ok(dnnl_stream_destroy(stream));
	ok(dnnl_engine_destroy(engine));
}

dnnl_memory_desc_t plain(int n, const dnnl_dims_t dims, dnnl_data_type_t type)
{
	static const dnnl_format_tag_t tags[] = {
	        dnnl_format_tag_undef, dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde};
	dnnl_memory_desc_t md;

	ok(dnnl_memory_desc_init_by_tag(&md, n, dims, type, tags[n]));
	return md;
}

dnnl_memory_desc_t any(int n, const dnnl_dims_t dims)
{
	dnnl_memory_desc_t md;

	ok(dnnl_memory_desc_init_by_tag(&md, n, dims, dnnl_f32, dnnl_format_tag_any));
	return md;
}

void fill(void *data, size_t bytes, dnnl_data_type_t type)
{
	for (size_t i = 0; type == dnnl_f32 && i < bytes / 4; i++)
		((float *)data)[i] = (float)((i * 7 + bytes) % 17 + 1) / 16;
	for (size_t i = 0; type != dnnl_f32 && i < bytes; i++)
		((unsigned char *)data)[i] = (unsigned char)((i * 5 + bytes) % 11);
}

void say(const char *what, const void *data, size_t bytes)
{
	const unsigned char *p = data;
	unsigned long long hash = 1469598103934665603u;

	for (size_t i = 0; i < bytes; i++)
		hash = (hash ^ p[i]) * 1099511628211u;
	printf("%s %zu %016llx\n", what, bytes, hash);
}

static dnnl_memory_t memory_new(const dnnl_memory_desc_t *md)
{
	dnnl_memory_t memory;
	void *data;

	ok(dnnl_memory_create(&memory, md, engine, DNNL_MEMORY_ALLOCATE));
	ok(dnnl_memory_get_data_handle(memory, &data));
	if (data)
		fill(data, dnnl_memory_desc_get_size(md), md->data_type);
	return memory;
}

static void say_memory(const char *what, dnnl_memory_t memory, const dnnl_memory_desc_t *md)
{
	void *data;

	ok(dnnl_memory_get_data_handle(memory, &data));
	say(what, data, dnnl_memory_desc_get_size(md));
}

static void execute(const char *what, dnnl_primitive_t primitive, dnnl_exec_arg_t *args,
                    const dnnl_memory_desc_t **mds, int n, int written)
{
	ok(dnnl_primitive_execute(primitive, stream, n, args));
	ok(dnnl_stream_wait(stream));
	say_memory(what, args[written].memory, mds[written]);
	for (int i = 0; i < n; i++)
		ok(dnnl_memory_destroy(args[i].memory));
}

void run_with(const char *what, dnnl_primitive_t primitive, const int *roles, const dnnl_memory_desc_t *md,
              int n)
{
	const dnnl_memory_desc_t *mds[MAX_ARGS];
	dnnl_exec_arg_t args[MAX_ARGS];

	for (int i = 0; i < n; i++) {
		mds[i] = &md[i];
		args[i] = (dnnl_exec_arg_t){roles[i], memory_new(&md[i])};
	}
	execute(what, primitive, args, mds, n, n - 1);
}

void run_desc(const char *what, dnnl_primitive_desc_t pd)
{
	static const int roles[] = {1,  2,  3,  4,  17, 18,  19,  33,  34,  35,   36,   41,  49,
	                            50, 51, 52, 64, 80, 129, 145, 161, 169, 1024, 1025, 1026};
	static const int outputs[] = {DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_SRC, DNNL_ARG_DST};
	const dnnl_memory_desc_t *mds[MAX_ARGS];
	dnnl_exec_arg_t args[MAX_ARGS];
	dnnl_primitive_t primitive;
	int n = 0, written = -1;

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]) && n < MAX_ARGS; i++) {
		mds[n] = dnnl_primitive_desc_query_md(pd, dnnl_query_exec_arg_md, roles[i]);
		if (!mds[n] || mds[n]->ndims == 0)
			continue;
		for (int k = 0; k < 3; k++)
			if (roles[i] == outputs[k] && (written < 0 || roles[i] != DNNL_ARG_DST))
				written = n;
		args[n] = (dnnl_exec_arg_t){roles[i], memory_new(mds[n])};
		n++;
	}
	ok(written < 0 ? dnnl_invalid_arguments : dnnl_success);
	ok(dnnl_primitive_create(&primitive, pd));
	execute(what, primitive, args, mds, n, written);
	ok(dnnl_primitive_destroy(primitive));
	ok(dnnl_primitive_desc_destroy(pd));
}

void run(const char *what, const_dnnl_op_desc_t op, const_dnnl_primitive_attr_t attr)
{
	dnnl_primitive_desc_t pd;

	ok(dnnl_primitive_desc_create(&pd, op, attr, engine, NULL));
	run_desc(what, pd);
}
