/* test_torch.c: where the arguments of PyTorch's operators are, and what they mean.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/torch/torch_call.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *id, *letters;
	unsigned words;
} signatures[] = {
#define TORCH_SIGNATURE(id, letters, words) {#id, letters, words},
#include "preload/torch/torch_signatures.def"
#undef TORCH_SIGNATURE
};

static const struct {
	const char *op, *signature, *native, *roles;
	uint8_t kind, rule;
} ops[] = {
#define TORCH_SYMBOL(symbol, name, signature, native, kind, rule, roles)                                     \
	{#name, #signature, native, roles, PROF_OP_##kind, TORCH_##rule},
#include "preload/torch/hooks_torch.def"
#undef TORCH_SYMBOL
};

/* ---- what the runtime would do ---- */

static char interned[64][128];
static uint32_t n_interned;

uint32_t prof_intern_string(const char *s, size_t bytes)
{
	snprintf(interned[n_interned % COUNT(interned)], sizeof(interned[0]), "%.*s", (int)bytes, s);
	return n_interned++ % COUNT(interned) + 1;
}

bool torch_layout_read(const void *tensor, struct torch_shape *shape)
{
	return false;
}

const struct torch_name *torch_names_get(const struct torch_names *names, const void *address)
{
	return NULL;
}

/* ---- the table ---- */

static const char *letters_of(const char *signature)
{
	for (unsigned i = 0; i < COUNT(signatures); i++)
		if (strcmp(signatures[i].id, signature) == 0)
			return signatures[i].letters;
	CU_FAIL("no such signature");
	return "";
}

static void table_knows_the_stack(void)
{
	for (unsigned s = 0; s < COUNT(signatures); s++) {
		struct torch_plan plan;
		unsigned words = torch_plan_make(&plan, signatures[s].letters, "t()");

		if (words != signatures[s].words)
			fprintf(stderr, "signature %s: %u words\n", signatures[s].id, words);
		CU_ASSERT_EQUAL(words, signatures[s].words);
	}
}

/* Roles are as many as arguments at most, and each fits its argument. */
static void roles_fit_arguments(void)
{
	static const struct {
		char role;
		const char *letters;
	} fits[] = {{'i', "toO"}, {'o', "toO"}, {'w', "toO"}, {'b', "toO"}, {'q', "t"}, {'k', "t"},
	            {'v', "t"},   {'m', "toO"}, {'x', "toO"}, {'n', "na"},  {'s', "l"}, {'p', "l"},
	            {'d', "l"},   {'K', "l"},   {'g', "ip"},  {'c', "i"},   {'T', "i"}};

	for (unsigned o = 0; o < COUNT(ops); o++) {
		const char *letters = letters_of(ops[o].signature), *role = ops[o].roles + 2;
		bool fit = strchr("tr2345", ops[o].roles[0]) && ops[o].roles[1] == '(';

		for (; fit && *role != ')'; role++, letters++) {
			fit = *role == '.' && *letters;
			for (unsigned i = 0; i < COUNT(fits); i++)
				fit = fit
				      || (*role == fits[i].role && *letters
				          && strchr(fits[i].letters, *letters));
		}
		if (!fit)
			fprintf(stderr, "%s %s\n", ops[o].op, ops[o].roles);
		CU_ASSERT(fit);
	}
}

static unsigned place(const struct torch_plan *plan, char role)
{
	for (unsigned i = 0; i < plan->n_arguments; i++)
		if (plan->argument[i].role == role)
			return plan->argument[i].offset;
	CU_FAIL("no such role");
	return 0;
}

/* A struct of two words that does not fit into the registers left goes to the
 * stack as a whole, and what follows takes those registers. */
static void arguments_are_found(void)
{
	struct torch_plan plan;

	CU_ASSERT_EQUAL(torch_plan_make(&plan, "ttollliii", "t(iwbspdgcT)"), 7);
	CU_ASSERT_EQUAL(place(&plan, 'i'), thunk_argument_offset(1));
	CU_ASSERT_EQUAL(place(&plan, 'b'), thunk_argument_offset(3));
	CU_ASSERT_EQUAL(place(&plan, 's'), thunk_argument_offset(4));
	CU_ASSERT_EQUAL(place(&plan, 'p'), thunk_argument_offset(6));
	CU_ASSERT_EQUAL(place(&plan, 'd'), thunk_argument_offset(8));
	CU_ASSERT_EQUAL(place(&plan, 'g'), thunk_argument_offset(10));
	CU_ASSERT_EQUAL(torch_plan_make(&plan, "toolddi", "t(i.ws..g)"), 1);
	CU_ASSERT_EQUAL(place(&plan, 's'), thunk_argument_offset(4));
	CU_ASSERT_EQUAL(torch_plan_make(&plan, "toooli", "t(i...sc)"), 2);
	CU_ASSERT_EQUAL(place(&plan, 's'), thunk_argument_offset(6));
	CU_ASSERT_EQUAL(place(&plan, 'c'), thunk_argument_offset(5));
	CU_ASSERT_EQUAL(torch_plan_make(&plan, "tzi", "r(i.c)"), 3);
	CU_ASSERT_EQUAL(place(&plan, 'i'), thunk_argument_offset(0));
	CU_ASSERT_EQUAL(place(&plan, 'c'), thunk_argument_offset(1));
}

/* ---- descriptions ---- */

static struct torch_key key;

static void begin(void)
{
	memset(&key, 0, sizeof(key));
	key.n_words = TORCH_KEY_ITEMS;
}

/* An item: sizes as text, "2 3 4"; flags of enum TORCH_ITEM_*. */
static void put(char role, const char *sizes, uint8_t flags)
{
	struct torch_item item = {.role = role, .dtype = PROF_DTYPE_FLOAT32, .flags = flags, .name = 7};
	long long v;
	int used;

	for (const char *s = sizes; sscanf(s, "%lld%n", &v, &used) == 1; s += used)
		key.word[key.n_words + ++item.n_dims] = (uint64_t)v;
	if (item.flags & TORCH_ITEM_STRIDED)
		item.n_dims /= 2;
	memcpy(&key.word[key.n_words], &item, sizeof(item));
	key.n_words += 1u + item.n_dims * (item.flags & TORCH_ITEM_STRIDED ? 2u : 1u);
}

/* "KIND role=sizes ..." of what the key says under a rule. */
static const char *describe(enum prof_op kind, enum torch_rule rule)
{
	static const char *const roles[PROF_OPERAND_LIMIT] = {
#define PROF_OPERAND(number, id, text) [number] = text,
#include <prof/operands.def>
#undef PROF_OPERAND
	};
	static char text[512];
	const struct torch_op op = {"aten::test", "", "", (uint8_t)kind, (uint8_t)rule, 0};
	struct prof_desc_spec spec;
	int n;

	torch_describe(&spec, &op, &key, NULL);
	n = snprintf(text, sizeof(text), "%u", spec.op);
	for (unsigned i = 0; i < spec.n_operands; i++) {
		n += snprintf(text + n, sizeof(text) - (size_t)n, " %s=", roles[spec.operands[i].role]);
		for (unsigned d = 0; d < spec.operands[i].n_dims; d++)
			n += snprintf(text + n, sizeof(text) - (size_t)n, d ? "x%d" : "%d",
			              (int)spec.operands[i].dims[d]);
		for (unsigned d = 0; spec.operands[i].strided && d < spec.operands[i].n_dims; d++)
			n += snprintf(text + n, sizeof(text) - (size_t)n, d ? ",%d" : "/%d",
			              (int)spec.operands[i].strides_bytes[d]);
	}
	return text;
}

static void says(enum prof_op kind, enum torch_rule rule, const char *expected)
{
	const char *found = describe(kind, rule);

	if (strcmp(found, expected) != 0)
		fprintf(stderr, "\n%s, not\n%s\n", found, expected);
	CU_ASSERT_STRING_EQUAL(found, expected);
}

static void weights_are_turned(void)
{
	begin();
	put('i', "2 3 8", 0);
	put('w', "5 8", TORCH_ITEM_CONSTANT);
	put('b', "5", TORCH_ITEM_CONSTANT);
	put('y', "2 3 5", 0);
	says(PROF_OP_LINEAR, TORCH_LINEAR, "1 input=2x3x8 weight=8x5 bias=5 output=2x3x5");
}

static void products_are_told_apart(void)
{
	begin();
	put('i', "3 8", 0);
	put('w', "8 5 1 8", TORCH_ITEM_CONSTANT | TORCH_ITEM_STRIDED);
	put('y', "3 5", 0);
	says(PROF_OP_LINEAR, TORCH_PRODUCT, "1 input=3x8 weight=8x5/4,32 output=3x5");
	begin();
	put('i', "2 3 8", 0);
	put('w', "2 8 5", 0);
	put('y', "2 3 5", 0);
	says(PROF_OP_LINEAR, TORCH_PRODUCT, "2 input=1x2x3x8 other=1x2x8x5 output=1x2x3x5");
	begin();
	put('b', "5", 0);
	put('i', "3 8", 0);
	put('w', "8 5", 0);
	put('y', "3 5", 0);
	says(PROF_OP_LINEAR, TORCH_PRODUCT, "1 bias=5 input=3x8 weight=8x5 output=3x5");
}

static void vectors_are_rows_and_columns(void)
{
	begin();
	put('i', "6 8", 0);
	put('w', "8", 0);
	put('y', "6", 0);
	says(PROF_OP_LINEAR, TORCH_PRODUCT, "2 input=1x1x6x8 other=1x1x8x1 output=1x1x6x1");
	begin();
	put('i', "8", 0);
	put('w', "4 8 5", 0);
	put('y', "4 5", 0);
	says(PROF_OP_LINEAR, TORCH_PRODUCT, "2 input=1x1x1x8 other=1x4x8x5 output=1x4x1x5");
	begin();
	put('i', "2 3 4 6 8", 0);
	put('w', "2 3 4 8 5", 0);
	put('y', "2 3 4 6 5", 0);
	says(PROF_OP_LINEAR, TORCH_PRODUCT, "2 input=6x4x6x8 other=6x4x8x5 output=6x4x6x5");
}

static void convolutions_are_of_two_dimensions(void)
{
	begin();
	put('i', "3 9 8", 0);
	put('w', "4 3 3 3", 0);
	put('s', "2", 0);
	put('y', "4 4 3", 0);
	says(PROF_OP_CONV2D, TORCH_CONV, "4 input=1x3x9x8 weight=4x3x3x3 stride=2x2 output=1x4x4x3");
	begin();
	put('i', "2 3 9", 0);
	put('w', "4 3 5", 0);
	put('s', "2", 0);
	put('p', "1", 0);
	put('y', "2 4 4", 0);
	says(PROF_OP_CONV2D, TORCH_CONV,
	     "4 input=2x3x1x9 weight=4x3x1x5 stride=1x2 padding=0x1 output=2x4x1x4");
	begin();
	put('i', "1 3 5 9 8", 0);
	put('w', "4 3 2 3 3", 0);
	put('s', "1 2 2", 0);
	put('y', "1 4 4 4 3", 0);
	says(PROF_OP_CONV2D, TORCH_CONV, "4 input=1x3x45x8 weight=4x3x6x3 stride=2x2 output=1x4x16x3");
	begin();
	put('i', "1 3 9 8", 0);
	put('T', "1", 0);
	says(PROF_OP_CONV2D, TORCH_CONV, "99 input=1x3x9x8");
}

static void attention_has_a_batch_and_heads(void)
{
	begin();
	put('q', "8 3 16", 0);
	put('k', "8 7 16", 0);
	put('v', "8 7 16", 0);
	put('y', "8 3 16", 0);
	says(PROF_OP_ATTENTION, TORCH_ATTENTION,
	     "3 query=1x8x3x16 key=1x8x7x16 value=1x8x7x16 output=1x8x3x16");
}

static void single_numbers_scale(void)
{
	begin();
	put('i', "3 4", 0);
	put('o', "", 0);
	says(PROF_OP_MUL, TORCH_SCALE, "59 input=3x4 other=");
	begin();
	put('i', "3 4", 0);
	put('o', "4", TORCH_ITEM_CONSTANT);
	says(PROF_OP_MUL, TORCH_SCALE, "58 input=3x4 weight=4");
	begin();
	put('i', "3 4", 0);
	put('o', "4", TORCH_ITEM_CONSTANT);
	says(PROF_OP_ADD, TORCH_PLAIN, "57 input=3x4 bias=4");
}

/* No shapes, no guesses. */
static void nothing_is_made_up(void)
{
	begin();
	says(PROF_OP_LINEAR, TORCH_PRODUCT, "1");
	says(PROF_OP_CONV2D, TORCH_CONV, "4");
	says(PROF_OP_ATTENTION, TORCH_ATTENTION, "3");
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"the table knows the stack", table_knows_the_stack},
	        {"roles fit arguments", roles_fit_arguments},
	        {"arguments are found", arguments_are_found},
	        {"weights are turned", weights_are_turned},
	        {"products are told apart", products_are_told_apart},
	        {"vectors are rows and columns", vectors_are_rows_and_columns},
	        {"convolutions are of two dimensions", convolutions_are_of_two_dimensions},
	        {"attention has a batch and heads", attention_has_a_batch_and_heads},
	        {"single numbers scale", single_numbers_scale},
	        {"nothing is made up", nothing_is_made_up},
	        CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{"torch", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
