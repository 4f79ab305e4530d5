/* test_ort.c: what ONNX Runtime's profiler writes, and what is made of it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/ort/ort_describe.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

/* Strings get numbers from 1 in order of their coming. */
static char strings[16][256];

uint32_t prof_intern_string(const char *s, size_t bytes)
{
	for (uint32_t i = 0; bytes && i < 16; i++) {
		if (!strings[i][0])
			memcpy(strings[i], s, bytes);
		if (strlen(strings[i]) == bytes && memcmp(strings[i], s, bytes) == 0)
			return i + 1;
	}
	return 0;
}

static const char *string(uint32_t id)
{
	return id ? strings[id - 1] : "";
}

static struct prof_desc_spec described(const char *name, const char *op, const char *args)
{
	char line[2048];
	struct ort_text text = {line, 0};
	struct ort_event event;
	struct prof_desc_spec spec = {0};
	unsigned skipped = 0;

	memset(strings, 0, sizeof(strings));
	text.n = (size_t)snprintf(
	        line, sizeof(line),
	        "[\n{\"cat\" : \"Node\",\"pid\" :1,\"tid\" :2,\"dur\" :30,\"ts\" :40,\"ph\" : \"X\","
	        "\"name\" :\"%s_kernel_time\",\"args\" : {\"op_name\" : \"%s\",%s}}\n]\n",
	        name, op, args);
	CU_ASSERT_TRUE_FATAL(ort_profile_next(&text, &event, &skipped));
	CU_ASSERT_TRUE(event.is_node && event.start_us == 40 && event.time_us == 30 && event.thread == 2);
	ort_describe(&spec, &event);
	CU_ASSERT_FALSE(ort_profile_next(&text, &event, &skipped));
	CU_ASSERT_EQUAL(skipped, 0);
	return spec;
}

/* "role=dtype[dims]" of each operand. */
static const char *operands(const struct prof_desc_spec *spec)
{
	static char text[1024];
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < spec->n_operands; i++) {
		const struct prof_operand_spec *o = &spec->operands[i];

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%d=%d[", i ? " " : "", o->role,
		                      o->dtype);
		for (unsigned k = 0; k < o->n_dims; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%d", k ? "," : "",
			                      (int)o->dims[k]);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "]");
	}
	return text;
}

#define IN(...)  "\"input_type_shape\" : [" __VA_ARGS__ "]"
#define OUT(...) ",\"output_type_shape\" : [" __VA_ARGS__ "]"

/* 1 input, 2 weight, 3 output, 4 other, 5 query, 6 key, 7 value, 10 index; dtypes as in dtypes.def */
static void products(void)
{
	struct prof_desc_spec s;

	s = described("/model/layers.3/mlp/up_proj/MatMul", "MatMul",
	              IN("{\"float\":[1,5,64]}") OUT("{\"float\":[1,5,96]}"));
	CU_ASSERT_EQUAL(s.op, PROF_OP_LINEAR);
	CU_ASSERT_STRING_EQUAL(operands(&s), "1=1[1,5,64] 2=1[64,96] 3=1[1,5,96]");
	CU_ASSERT_STRING_EQUAL(string(s.context), "model.layers.3.mlp.up_proj");
	CU_ASSERT_STRING_EQUAL(string(s.name), "MatMul");
	CU_ASSERT_STRING_EQUAL(string(s.result), "/model/layers.3/mlp/up_proj/MatMul");
	CU_ASSERT_EQUAL(s.layer, 3);
	s = described("qk", "FusedMatMul",
	              IN("{\"float16\":[1,4,5,16]},{\"float16\":[1,4,7,16]}") OUT("{\"float16\":[1,4,5,7]}"));
	CU_ASSERT_EQUAL(s.op, PROF_OP_MATMUL);
	CU_ASSERT_STRING_EQUAL(operands(&s), "1=2[1,4,5,16] 4=2[1,4,16,7] 3=2[1,4,5,7]");
	s = described("xtx", "FusedMatMul",
	              IN("{\"float\":[1,2,16,6]},{\"float\":[1,2,16,9]}") OUT("{\"float\":[1,2,6,9]}"));
	CU_ASSERT_EQUAL(s.op, PROF_OP_MATMUL);
	CU_ASSERT_STRING_EQUAL(operands(&s), "1=1[1,2,6,16] 4=1[1,2,16,9] 3=1[1,2,6,9]");
	s = described("fc", "Gemm",
	              IN("{\"float\":[2,64]},{\"float\":[10,64]},{\"float\":[10]}")
	                      OUT("{\"float\":[2,10]}") ",\"parameter_size\" : \"2600\"");
	CU_ASSERT_EQUAL(s.op, PROF_OP_LINEAR);
	CU_ASSERT_STRING_EQUAL(operands(&s), "1=1[2,64] 2=1[64,10] 3=1[2,10]");
	s = described("q", "MatMulNBits",
	              IN("{\"float\":[1,64]},{\"uint8\":[96,2,16]},{\"float\":[192]}")
	                      OUT("{\"float\":[1,96]}"));
	CU_ASSERT_STRING_EQUAL(operands(&s), "1=1[1,64] 2=7[64,96] 3=1[1,96]");
	s = described("q", "DynamicQuantizeMatMul", IN("{\"float\":[1,64]}") OUT("{\"float\":[1,96]}"));
	CU_ASSERT_STRING_EQUAL(operands(&s), "1=1[1,64] 2=6[64,96] 3=1[1,96]");
}

static void convolutions(void)
{
	struct prof_desc_spec s;

	s = described("/layer1/conv2/Conv", "Conv",
	              IN("{\"float\":[1,8,20,22]},{\"float\":[16,4,3,3]},{\"float\":[16]}")
	                      OUT("{\"float\":[1,16,18,20]}"));
	CU_ASSERT_EQUAL(s.op, PROF_OP_CONV2D);
	CU_ASSERT_STRING_EQUAL(operands(&s), "1=1[1,8,20,22] 2=1[16,4,3,3] 3=1[1,16,18,20]");
	CU_ASSERT_TRUE(s.n_attrs == 1 && s.attrs[0].attr == PROF_ATTR_GROUPS && s.attrs[0].value == 2);
	CU_ASSERT_STRING_EQUAL(string(s.context), "layer1.conv2");
	CU_ASSERT_EQUAL(s.layer, -1);
	s = described("Conv_7", "Conv",
	              IN("{\"float\":[1,8,20]},{\"float\":[16,8,3]}") OUT("{\"float\":[1,16,18]}"));
	CU_ASSERT_STRING_EQUAL(operands(&s), "1=1[1,8,1,20] 2=1[16,8,1,3] 3=1[1,16,1,18]");
	CU_ASSERT_STRING_EQUAL(string(s.context), "Conv_7");
	s = described("Conv_8", "Conv",
	              IN("{\"float\":[1,2,3,4,5]},{\"float\":[2,2,1,1,1]}") OUT("{\"float\":[1,2,3,4,5]}"));
	CU_ASSERT_EQUAL(s.op, PROF_OP_OTHER);
}

static void attention(void)
{
	struct prof_desc_spec s;

	s = described("/attn/GroupQueryAttention", "GroupQueryAttention",
	              IN("{\"float\":[1,1,64]},{\"float\":[1,1,32]},{\"float\":[1,1,32]},{\"float\":[1,2,9,"
	                 "16]},{\"float\":[1,2,9,16]}")
	                      OUT("{\"float\":[1,1,64]},{\"float\":[1,2,10,16]},{\"float\":[1,2,10,16]}"));
	CU_ASSERT_EQUAL(s.op, PROF_OP_ATTENTION);
	CU_ASSERT_STRING_EQUAL(operands(&s), "5=1[1,4,1,16] 6=1[1,2,10,16] 7=1[1,2,10,16] 3=1[1,4,1,16]");
	CU_ASSERT_TRUE(s.n_attrs == 1 && s.attrs[0].attr == PROF_ATTR_HEADS_KV && s.attrs[0].value == 2);
}

static void others(void)
{
	struct prof_desc_spec s;

	s = described("/embed/Gather", "Gather",
	              IN("{\"float\":[100,64]},{\"int64\":[1,5]}")
	                      OUT("{\"float\":[1,5,64]}") ",\"parameter_size\" : \"25600\"");
	CU_ASSERT_EQUAL(s.op, PROF_OP_EMBEDDING);
	CU_ASSERT_STRING_EQUAL(operands(&s), "2=1[100,64] 10=10[1,5] 3=1[1,5,64]");
	s = described("", "NeverHeardOf",
	              IN("{\"string\":[1,1,2,2,2,2,3]},{\"float\":[]}") OUT("{\"bool\":[0]}"));
	CU_ASSERT_EQUAL(s.op, PROF_OP_OTHER);
	CU_ASSERT_STRING_EQUAL(operands(&s), "1=0[1,2,2,2,2,3] 4=1[] 3=14[0]");
	CU_ASSERT_STRING_EQUAL(string(s.context), "NeverHeardOf");
}

/* What can't be read costs its own line only. */
static void broken_lines(void)
{
	const char *file =
	        "[\n{\"cat\" : \"Node\",\"name\" :\"a\"quote\",\"ts\" :1},\n"
	        "{\"cat\" : \"Session\",\"name\" :\"run\",\"ts\" :2,\"dur\" :99999999999999999999999},\n"
	        "{\"cat\" : \"Node\",\"name\" :\"back\\\\slash\",\"ts\" :3,\"x\" : [1,{\"y\" : "
	        "\"]\"}],\"args\" : {}},\n"
	        "{\"cat\" : \"Node\",\"name\" :\"cut";
	struct ort_text text = {file, strlen(file)};
	struct ort_event event;
	unsigned skipped = 0;

	CU_ASSERT_TRUE_FATAL(ort_profile_next(&text, &event, &skipped));
	CU_ASSERT_TRUE(event.start_us == 3 && event.is_node && ort_text_is(event.name, "back\\\\slash"));
	CU_ASSERT_EQUAL(skipped, 2);
	CU_ASSERT_FALSE(ort_profile_next(&text, &event, &skipped));
	CU_ASSERT_EQUAL(skipped, 3);
}

int main(void)
{
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("ort", NULL, NULL);
	CU_add_test(suite, "products", products);
	CU_add_test(suite, "convolutions", convolutions);
	CU_add_test(suite, "attention", attention);
	CU_add_test(suite, "others", others);
	CU_add_test(suite, "broken lines", broken_lines);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
