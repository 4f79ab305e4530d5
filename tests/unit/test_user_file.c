/* test_user_file.c: files of hooks, right and wrong, and the values they ask of calls.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "preload/user/user_file.h"

static const struct user_yaml_api linked = {yaml_parser_initialize, yaml_parser_set_input_string,
                                            yaml_parser_parse, yaml_event_delete, yaml_parser_delete};

static char memory[1 << 20];
static struct user_file file;
static char told[512];

/* Parse a text; `told` is "line:column: sentence", or nothing. */
static bool parse(const char *text)
{
	struct user_memory m = {memory, sizeof(memory)};
	struct user_text all = {text, strlen(text)};
	struct user_error e = {0};
	bool ok;

	memset(memory, 0, sizeof(memory));
	ok = user_file_parse(&linked, &m, &all, &file, &e);
	snprintf(told, sizeof(told), "%u:%u: %s", e.line, e.column, e.text);
	return ok;
}

/* The text is refused with exactly this. */
static void refused(const char *text, const char *expected)
{
	CU_ASSERT_FALSE(parse(text));
	CU_ASSERT_STRING_EQUAL(told, expected);
	if (strcmp(told, expected) != 0)
		printf("\n  %s\n  not %s\n", told, expected);
}

/* ---- a call with known values ---- */

static struct {
	uint64_t struct_call[THUNK_STACK_OFFSET / 8]; /* struct hook_call, and up to the stack's words */
	uint64_t words[32];
} frame;

static struct hook_call *call_of(void)
{
	return (struct hook_call *)(void *)&frame;
}

static void set_argument(unsigned i, uint64_t value)
{
	memcpy((char *)&frame + thunk_argument_offset(i), &value, sizeof(value));
}

static int64_t value_of(const struct user_value *v)
{
	struct user_input in = {.call = call_of(), .calls = 5};
	int64_t value = -1;

	return user_expr_value(&v->expr, &in, &value) ? value : -999;
}

/* The value of an expression beside some parameters. */
static int64_t value(const char *parameters, const char *expr)
{
	char text[512];

	snprintf(text, sizeof(text), "f%s: {op: other, bytes: \"%s\"}", parameters, expr);
	if (!parse(text)) {
		printf("\n  %s: %s\n", expr, told);
		return -12345;
	}
	return value_of(&file.hooks->rules->values[0]);
}

/* ---- what is understood ---- */

static void the_six_lines_of_the_manual(void)
{
	CU_ASSERT_TRUE_FATAL(parse("# a transformer\n"
	                           "matmul(xout, x, w, n, d): {op: linear, input: [1, n], weight: [n, d]}\n"
	                           "rmsnorm(o, x, weight, size): {op: rmsnorm, input: [size]}\n"
	                           "softmax(x, size): {op: softmax, input: [size]}\n"
	                           "forward(transformer, token, pos): {step: 1, position: pos}\n"));
	CU_ASSERT_EQUAL(file.n_hooks, 4);
	CU_ASSERT_STRING_EQUAL(file.hooks->pattern, "matmul");
	CU_ASSERT_EQUAL(file.hooks->rules->op, PROF_OP_LINEAR);
	CU_ASSERT_EQUAL(file.hooks->rules->n_operands, 2);
	CU_ASSERT_EQUAL(file.hooks->rules->operands[1].role, PROF_OPERAND_WEIGHT);
	CU_ASSERT_EQUAL(file.hooks->rules->operands[1].n_dims, 2);
	CU_ASSERT_EQUAL(file.hooks->rules->operands[1].dtype.dtype, PROF_DTYPE_FLOAT32);
	CU_ASSERT_EQUAL(file.hooks->next->next->next->rules->kind, USER_STEP);
	set_argument(3, 288);
	set_argument(4, 0xdeadbeef00000300);
	CU_ASSERT_EQUAL(value_of(&file.hooks->rules->values[2]), 288);
	CU_ASSERT_EQUAL(value_of(&file.hooks->rules->values[3]), 768);
}

static void nothing_is_a_file_too(void)
{
	CU_ASSERT_TRUE(parse(""));
	CU_ASSERT_TRUE(parse("# nothing yet\n"));
	CU_ASSERT_EQUAL(file.n_hooks, 0);
}

static void every_way_of_saying_what(void)
{
	CU_ASSERT_TRUE(parse("'gemm_*': {op: gemm, m: arg0, n: arg1, k: arg2, in: 'libx.so*', by: plt}\n"
	                     "0x11c0: {op: other, by: entry}\n"
	                     "decode(s, n): {step: n}\n"
	                     "layer(l): {region: \"layers.{l}\"}\n"
	                     "'scipy_*': {like: '*'}\n"
	                     "mm(n, t): [{when: n == 0, off: true}, {op: softmax, input: n,\n"
	                     "  dtype: {of: t, 0: float32, 1: float16}, dtypes: {input: int8},\n"
	                     "  layer: calls / 7, context: [a, 'b{n}.{string t}.{function}']}]\n"));
	CU_ASSERT_EQUAL(file.n_hooks, 6);
	CU_ASSERT_EQUAL(file.hooks->by, USER_BY_PLT);
	CU_ASSERT_STRING_EQUAL(file.hooks->module, "libx.so*");
	CU_ASSERT_TRUE(file.hooks->is_glob);
	CU_ASSERT_EQUAL(file.hooks->next->offset, 0x11c0);
}

/* A call is told by the words that its rules ask for, if these say all of it. */
static void what_tells_a_call(void)
{
	const struct user_plan *plan;

	CU_ASSERT_TRUE_FATAL(parse("f(x, w, short n, long d, s): [{when: s == 0, off: true},\n"
	                           "  {op: linear, input: [1, n], weight: [2 * n, d]}]\n"));
	plan = &file.hooks->plan;
	CU_ASSERT_TRUE(plan->is_short && !plan->counts);
	CU_ASSERT_EQUAL_FATAL(plan->n, 3);
	CU_ASSERT_EQUAL(plan->word[0].offset, thunk_argument_offset(4));
	CU_ASSERT_EQUAL(plan->word[0].mask, 0xffffffff);
	CU_ASSERT_EQUAL(plan->word[1].offset, thunk_argument_offset(2));
	CU_ASSERT_EQUAL(plan->word[1].mask, 0xffff);
	CU_ASSERT_EQUAL(plan->word[2].mask, ~0ull);
	CU_ASSERT_TRUE_FATAL(parse("f(n): {op: softmax, input: n, context: [a, b]}"));
	CU_ASSERT_TRUE(file.hooks->plan.is_short && file.hooks->plan.counts);
	CU_ASSERT_TRUE_FATAL(parse("f(n): {op: softmax, input: n, layer: calls / 2}"));
	CU_ASSERT_TRUE(file.hooks->plan.is_short && file.hooks->plan.counts);
}

static void what_words_can_not_tell(void)
{
	static const char *const texts[] = {
	        "f(t): {op: softmax, input: t->8}",
	        "f(float n): {op: softmax, input: n}",
	        "f(n): {op: softmax, input: return}",
	        "f(n, s): {op: softmax, input: n, context: '{string s}'}",
	        "f(n): {step: n}",
	        "f(n): [{when: n == 1, region: a}, {op: softmax, input: n}]",
	        "f(a, b, c, d, e, f, g, h, i): {op: other, m: a, n: b, k: c, bytes: d + e + f + g + h + i}",
	};

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CU_ASSERT_TRUE(parse(texts[i]));
		CU_ASSERT_FALSE(file.hooks->plan.is_short);
	}
}

static void a_choice_of_types(void)
{
	const struct user_dtype *d;

	CU_ASSERT_TRUE_FATAL(
	        parse("f(n, t): {op: softmax, input: [n], dtype: {of: t, 0: float32, 7: q4_0}}"));
	d = &file.hooks->rules->operands[0].dtype;
	CU_ASSERT_EQUAL_FATAL(d->n_choices, 2);
	CU_ASSERT_EQUAL(d->choices[1].number, 7);
	CU_ASSERT_EQUAL(d->choices[1].dtype, PROF_DTYPE_Q4_0);
}

/* ---- values ---- */

static void numbers_and_operators(void)
{
	CU_ASSERT_EQUAL(value("", "2 + 3 * 4"), 14);
	CU_ASSERT_EQUAL(value("", "(2 + 3) * 4"), 20);
	CU_ASSERT_EQUAL(value("", "20 - 5 - 3"), 12);
	CU_ASSERT_EQUAL(value("", "20 / 5 / 2 * 3"), 6);
	CU_ASSERT_EQUAL(value("", "0x10 % 7"), 2);
	CU_ASSERT_EQUAL(value("", "-3 + 5"), 2);
	CU_ASSERT_EQUAL(value("", "1 < 2 && !(2 <= 1) || 0"), 1);
	CU_ASSERT_EQUAL(value("", "3 == 3 && 3 != 4"), 1);
	CU_ASSERT_EQUAL(value("", "calls * 2"), 10);
	CU_ASSERT_EQUAL(value("(n)", "1 / (n - n)"), -999);
}

static void arguments_by_type(void)
{
	set_argument(0, 0xffffffffffffff85u);
	CU_ASSERT_EQUAL(value("(char c)", "c"), -123);
	CU_ASSERT_EQUAL(value("(unsigned char c)", "c"), 0x85);
	CU_ASSERT_EQUAL(value("(c)", "c"), -123);
	CU_ASSERT_EQUAL(value("(unsigned c)", "c"), 0xffffff85);
	CU_ASSERT_EQUAL(value("(const unsigned short int c)", "c"), 0xff85);
	CU_ASSERT_EQUAL(value("", "uint16_t arg0"), 0xff85);
	set_argument(0, 1ull << 40);
	CU_ASSERT_EQUAL(value("(size_t n)", "n"), 1ll << 40);
	CU_ASSERT_EQUAL(value("(long long n)", "n"), 1ll << 40);
	CU_ASSERT_EQUAL(value("", "long arg0"), 1ll << 40);
	CU_ASSERT_EQUAL(value("", "arg0"), 0);
}

/* Vectors and whole numbers are counted apart, the stack's words together. */
static void arguments_by_place(void)
{
	float narrow = 7.9f;
	double wide = -3.5;

	for (unsigned i = 0; i < 10; i++)
		set_argument(i, 100 + i);
	memcpy(call_of()->vector[0], &narrow, sizeof(narrow));
	memcpy(call_of()->vector[1], &wide, sizeof(wide));
	CU_ASSERT_EQUAL(value("(int a, float x, int b, double y)", "b"), 101);
	CU_ASSERT_EQUAL(value("(int a, float x, int b, double y)", "x"), 7);
	CU_ASSERT_EQUAL(value("(int a, float x, int b, double y)", "y"), -3);
	CU_ASSERT_EQUAL(value("(a, b, c, d, e, f, g, h)", "h"), 107);
	CU_ASSERT_EQUAL(value("(float *p, struct s *q, const T &r, int n)", "n"), 103);
	CU_ASSERT_EQUAL(value("(float *, int, int n, ...)", "n"), 102);
	CU_ASSERT_EQUAL(value("(a, b, c)", "arg2"), 102);
	wide = 1e300;
	memcpy(call_of()->vector[1], &wide, sizeof(wide));
	CU_ASSERT_EQUAL(value("(float x, double y)", "y"), -999);
}

static void fields_of_structs(void)
{
	struct inner {
		int64_t wide;
		int32_t narrow;
	} inner = {1ll << 33, -5};
	struct outer {
		char name[16];
		const struct inner *inner;
	} outer = {"blk.0", &inner};

	set_argument(0, (uintptr_t)&outer);
	CU_ASSERT_EQUAL(value("(struct outer *o)", "o->16->8"), -5);
	CU_ASSERT_EQUAL(value("(o)", "long o->16->0"), 1ll << 33);
	CU_ASSERT_EQUAL(value("(o)", "char o->0"), 'b');
	CU_ASSERT_EQUAL(value("", "2 * arg0->16->8"), -10);
	call_of()->result[0] = (uintptr_t)&inner;
	CU_ASSERT_EQUAL(value("", "return->8"), -5);
	CU_ASSERT_TRUE(file.hooks->rules->needs_result);
}

static void wrong_addresses_are_not_read(void)
{
	char *three = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *pages = three + 4096;

	CU_ASSERT_PTR_NOT_EQUAL_FATAL(three, MAP_FAILED);
	munmap(three, 4096);
	munmap(pages + 4096, 4096);
	set_argument(0, (uintptr_t)pages);
	CU_ASSERT_EQUAL(value("(p)", "p->4092"), 0);
	CU_ASSERT_EQUAL(value("(p)", "p->4093"), -999);
	CU_ASSERT_EQUAL(value("(p)", "p->4096"), -999);
	CU_ASSERT_EQUAL(value("(p)", "p->0->8"), -999);
	CU_ASSERT_EQUAL(value("(p)", "p->-4"), -999);
	set_argument(0, ~0ull);
	CU_ASSERT_EQUAL(value("(p)", "p->0"), -999);
	set_argument(0, 0x8000000000000000u);
	CU_ASSERT_EQUAL(value("(p)", "p->0"), -999);
	munmap(pages, 4096);
}

/* ---- what is refused ---- */

static void mistyped_words_get_the_nearest(void)
{
	refused("f: {op: sofmax, input: [1]}",
	        "1:9: 'sofmax' is no kind of operation; did you mean 'softmax'?");
	refused("f: {op: softmax, imput: [1]}", "1:18: 'imput' is no key of a hook; did you mean 'input'?");
	refused("f: {op: softmax, input: [1], dtype: flot32}",
	        "1:37: 'flot32' is no data type; did you mean 'float32'?");
	refused("f: {op: softmax, input: [1], dtypes: {inptu: int8}}",
	        "1:39: 'inptu' is no operand; did you mean 'input'?");
	refused("f(size): {op: softmax,\n  input: [1, sise]}",
	        "2:14: 'sise' is no parameter of this function; did you mean 'size'?");
	refused("f: {op: softmax, input: [1], by: etnry}",
	        "1:34: 'etnry' is no way to take calls over: auto, entry or plt; did you mean 'entry'?");
}

static void values_that_can_not_be(void)
{
	refused("f: {op: softmax, input: [\"2 * (1 + 3\"]}", "1:37: a ) is missing");
	refused("f: {op: softmax, input: [1 +]}", "1:29: a value is missing here");
	refused("f: {op: softmax, input: [1 2]}", "1:28: '2' can't follow here");
	refused("f: {op: softmax, input: [calls->3]}",
	        "1:26: 'calls' is no address, so there is nothing behind it");
	refused("f: {op: softmax, input: [arg0->x]}",
	        "1:32: 'x' is no number of bytes, which must follow ->");
	refused("f: {op: softmax, input: [99999999999999999999]}",
	        "1:26: '99999999999999999999' is no whole number that can be used here");
	refused("f(a): {op: softmax, input: [arg1]}",
	        "1:29: 'arg1' is an argument that the function does not have");
	refused("f: {op: softmax, input: [n]}",
	        "1:26: 'n' is nothing that is known here: arguments are arg0, arg1, ..., or have names when "
	        "the key is written name(parameter, ...)");
	refused("f: {op: softmax, input: [1,1,1,1,1,1,1]}", "1:38: a shape of more than 6 dimensions");
}

static void keys_that_can_not_be(void)
{
	refused("f: {op: softmax}", "1:4: a 'softmax' needs the shape of its 'input'");
	refused("f: {op: linear, input: [1]}", "1:4: a 'linear' needs the shape of its 'weight'");
	refused("f: {input: [1]}", "1:4: this hook needs one of op, step, region, like or off");
	refused("f: {op: add, step: 1}", "1:14: calls can't be both 'op' and 'step'");
	refused("f: {step: 1, layer: 2}", "1:14: 'layer' has no meaning beside 'step'");
	refused("f: {step: 1, input: 2}", "1:14: 'input' has no meaning beside 'step'");
	refused("f: {op: other, op: other}", "1:16: 'op' is given twice; first in line 1");
	refused("f: {op: other}\nf: {op: other}", "2:1: 'f' is given twice; first in line 1");
	refused("f: {step: return}", "1:4: a 'step' begins before there is a result");
	refused("f: [{op: other}, {op: other}]",
	        "1:5: the rules after this one are never used: it has no `when`");
	refused("f(n, x: {op: other}", "1:1: the parameters of 'f(n, x' have no ) at their end");
	refused("f(struct big x): {op: other}",
	        "1:1: the type of 'struct big x' is not known, so where it and those after it are can't be: "
	        "write the C type behind the typedef, or a * for a pointer");
	refused("0xzz: {op: other}", "1:1: '0xzz' is no address: it can be 0x and hexadecimal digits");
}

static void likes_that_can_not_be(void)
{
	CU_ASSERT_TRUE(parse("my_gemm: {like: cblas_sgemm}\nmy_qr: {like: dgeqrf_64_}\n"));
	refused("my_gemm: {like: cblas_sgeemm}",
	        "1:10: 'cblas_sgeemm' is no function that the shim can describe "
	        "others as; did you mean 'cblas_sgemm'?");
	refused("my_gemm: {like: ggml_barrier}",
	        "1:10: 'ggml_barrier' is no function that the shim can describe others as");
	refused("my_gemm: {like: cblas_*}",
	        "1:10: the * of 'cblas_*' stands for the first * of the function's name");
}

static void yaml_that_can_not_be(void)
{
	refused("f: {op: other", "2:1: this is not valid YAML: did not find expected ',' or '}'");
	refused("- f\n", "1:1: a file of hooks has entries FUNCTION: {op: ...}");
	refused("*_gemm: {op: other}",
	        "1:1: a * in front is an alias of YAML: a pattern that begins so must be in quotation marks");
	refused("f: &x {op: other}", "1:4: anchors (&) have no use here");
	refused("f: {op: other}\n---\ng: {op: other}\n", "2:1: a second document begins here");
	refused("f: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "1:19: this is nested more than 16 deep");
}

static void names_that_can_not_be(void)
{
	refused("f(l): {op: other, context: \"a.{l\"}", "1:31: a { without a } behind it");
	refused("f(l): {op: other, context: \"a.{m}\"}", "1:32: 'm' is no parameter of this function");
	refused("f(l): {op: other, context: {l}}", "1:28: a name, or a list of names, must follow; one that "
	                                           "begins with { must be in quotation marks");
	refused("f(l): {op: other, context: ''}", "1:28: a name must follow, not nothing");
}

int main(void)
{
	CU_pSuite s;

	CU_initialize_registry();
	s = CU_add_suite("user_file", NULL, NULL);
	CU_ADD_TEST(s, the_six_lines_of_the_manual);
	CU_ADD_TEST(s, nothing_is_a_file_too);
	CU_ADD_TEST(s, every_way_of_saying_what);
	CU_ADD_TEST(s, what_tells_a_call);
	CU_ADD_TEST(s, what_words_can_not_tell);
	CU_ADD_TEST(s, a_choice_of_types);
	CU_ADD_TEST(s, numbers_and_operators);
	CU_ADD_TEST(s, arguments_by_type);
	CU_ADD_TEST(s, arguments_by_place);
	CU_ADD_TEST(s, fields_of_structs);
	CU_ADD_TEST(s, wrong_addresses_are_not_read);
	CU_ADD_TEST(s, mistyped_words_get_the_nearest);
	CU_ADD_TEST(s, values_that_can_not_be);
	CU_ADD_TEST(s, keys_that_can_not_be);
	CU_ADD_TEST(s, likes_that_can_not_be);
	CU_ADD_TEST(s, yaml_that_can_not_be);
	CU_ADD_TEST(s, names_that_can_not_be);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
