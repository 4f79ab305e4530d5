/* torch_call.c: reading the arguments and the result of an operator.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Everything is read after the call, when there is a result; arguments are
 * references, and what they refer to outlives the call.
 */
#include "preload/torch/torch_call.h"

#include <string.h>

/* c10::IListRef: pointer and length, then what kind of list it is. */
enum { LIST_TAG_OFFSET = 16, LIST_OF_TENSORS = 0 };

/* An optional of c10's has its flag first; the standard library's has it last. */
enum { C10_VALUE_OFFSET = 8 };

/* ---- the plan ---- */

/* Words of an argument in registers, and on the stack when these are full. */
static unsigned register_words(char letter)
{
	switch (letter) {
	case 'd':
	case 'z':
		return 0;
	case 'l':
	case 'a':
		return 2;
	default:
		return 1;
	}
}

static unsigned stack_words(char letter)
{
	return letter == 'z' ? 3 : strchr("laD", letter) ? 2 : letter == 'd' ? 0 : 1;
}

unsigned torch_plan_make(struct torch_plan *plan, const char *arguments, const char *roles)
{
	unsigned used, stack = 0;
	const char *role = roles + 2; /* "t(..." */

	memset(plan, 0, sizeof(*plan));
	plan->result = roles[0];
	used = roles[0] == 'r' ? 0 : 1; /* the hidden pointer */
	for (const char *a = arguments; *a; a++) {
		unsigned words = register_words(*a), at;
		char r = *role && *role != ')' ? *role++ : '.';

		if (*a == 'd')
			continue;
		if (words && used + words <= THUNK_REGISTERS) {
			at = thunk_argument_offset(used);
			used += words;
		} else {
			at = thunk_argument_offset(THUNK_REGISTERS + stack);
			stack += stack_words(*a);
		}
		if (r != '.' && plan->n_arguments < TORCH_MAX_ARGUMENTS)
			plan->argument[plan->n_arguments++] = (struct torch_argument){*a, r, (uint16_t)at};
	}
	return stack;
}

/* ---- the key ---- */

static void put_words(struct torch_key *key, const struct torch_item *item, const int64_t *dims,
                      const int64_t *strides)
{
	unsigned n = 1 + item->n_dims * (item->flags & TORCH_ITEM_STRIDED ? 2u : 1u);
	uint64_t *w = key->word + key->n_words;

	if (key->n_words + n > TORCH_KEY_WORDS)
		return;
	memcpy(w, item, sizeof(*item));
	for (unsigned i = 0; i < item->n_dims; i++)
		w[1 + i] = (uint64_t)dims[i];
	for (unsigned i = 0; i < item->n_dims && item->flags & TORCH_ITEM_STRIDED; i++)
		w[1 + item->n_dims + i] = (uint64_t)strides[i];
	key->n_words += n;
}

/* Tensors that are read, and what of a list did not find room. */
struct reader {
	struct torch_key *key;
	const struct torch_root *root;
	unsigned operands;
	bool crowded;
};

static void put_tensor(struct reader *r, char role, const void *tensor)
{
	struct torch_shape shape;
	struct torch_item item = {.role = role};
	const struct torch_name *constant = NULL;

	if (r->operands == PROF_MAX_OPERANDS || !torch_layout_read(tensor, &shape))
		return;
	item.dtype = shape.dtype;
	item.n_dims = shape.n_dims;
	item.flags = shape.strided ? TORCH_ITEM_STRIDED : 0;
	if (r->root && role != 'y' && shape.storage)
		constant = torch_names_get(r->root->constants, shape.storage);
	if (constant) {
		item.flags |= TORCH_ITEM_CONSTANT;
		item.name = constant->id;
	}
	put_words(r->key, &item, shape.dims, shape.strides);
	r->operands++;
}

static void put_optional(struct reader *r, const struct torch_argument *a, const char *optional)
{
	bool is_c10 = a->letter == 'o';

	if (optional[is_c10 ? 0 : C10_VALUE_OFFSET] == 1)
		put_tensor(r, a->role, optional + (is_c10 ? C10_VALUE_OFFSET : 0));
}

/* Two have roles of their own; more are one operand as large as the result. */
static void put_tensors(struct reader *r, const char *tensors, uint64_t n)
{
	if (n > 2) {
		r->crowded = true;
		return;
	}
	for (uint64_t i = 0; i < n; i++)
		put_tensor(r, i == 0 ? 'i' : 'o', tensors + i * sizeof(void *));
}

static void put_numbers(struct reader *r, char role, const int64_t *numbers, uint64_t n)
{
	struct torch_item item = {.role = role, .n_dims = (uint8_t)n};

	if (n >= 1 && n <= TORCH_MAX_NUMBERS)
		put_words(r->key, &item, numbers, NULL);
}

static void put_argument(struct reader *r, const struct torch_argument *a, const uint64_t *word)
{
	const char *pointer = (const char *)(uintptr_t)word[0];
	int64_t number;

	switch (a->letter) {
	case 't':
		put_tensor(r, a->role, pointer);
		break;
	case 'o':
	case 'O':
		put_optional(r, a, pointer);
		break;
	case 'n':
		if (pointer[LIST_TAG_OFFSET] == LIST_OF_TENSORS) {
			uint64_t list[2];

			memcpy(list, pointer, sizeof(list));
			put_tensors(r, (const char *)(uintptr_t)list[0], list[1]);
		} else {
			r->crowded = true;
		}
		break;
	case 'a':
		put_tensors(r, pointer, word[1]);
		break;
	case 'l':
		put_numbers(r, a->role, (const int64_t *)(const void *)pointer, word[1]);
		break;
	case 'p': /* a symbolic size that is a plain number is that number */
		memcpy(&number, pointer, sizeof(number));
		put_numbers(r, a->role, &number, 1);
		break;
	case 'i': /* a boolean fills the low byte only */
		number = strchr("cT", a->role) ? (int64_t)(word[0] & 1) : (int64_t)word[0];
		put_numbers(r, a->role, &number, 1);
		break;
	default:
		break;
	}
}

/* The first tensor of a tuple lies last in memory, as libstdc++ has it. */
static const void *result_of(const struct torch_plan *plan, const struct hook_call *call)
{
	uint64_t address;

	if (plan->result == 'r')
		return (const void *)(uintptr_t)call->result[0];
	address = call->integer[0];
	if (plan->result != 't')
		address += 8u * (unsigned)(plan->result - '1');
	return (const void *)(uintptr_t)address;
}

void torch_call_read(struct torch_key *key, const struct torch_plan *plan, const struct hook_call *call,
                     bool shapes, const struct torch_root *root)
{
	struct reader r = {key, root, 0, false};

	key->n_words = TORCH_KEY_ITEMS;
	if (!shapes)
		return;
	for (unsigned i = 0; i < plan->n_arguments; i++) {
		const struct torch_argument *a = &plan->argument[i];

		put_argument(&r, a, (const uint64_t *)(const void *)((const char *)call + a->offset));
	}
	if (r.crowded)
		put_tensor(&r, 'i', result_of(plan, call));
	put_tensor(&r, 'y', result_of(plan, call));
}
