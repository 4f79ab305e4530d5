/* torch_call.h: one call of a PyTorch operator: where its arguments are, what they hold.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A call is read into a key: words that hold all that its description depends
 * on. Equal keys have one descriptor; torch_describe() makes it from the key alone.
 */
#ifndef PRELOAD_TORCH_TORCH_CALL_H
#define PRELOAD_TORCH_TORCH_CALL_H

#include "preload/thunk/thunk.h"
#include "preload/torch/torch_layout.h"
#include "preload/torch/torch_scope.h"
#include "runtime/recorder.h"

enum torch_rule {
	TORCH_LINEAR,
	TORCH_PRODUCT,
	TORCH_CONV,
	TORCH_ATTENTION,
	TORCH_SCALE,
	TORCH_LIST,
	TORCH_PLAIN,
	TORCH_NONE
};

enum { TORCH_MAX_ARGUMENTS = 16, TORCH_MAX_NUMBERS = 3, TORCH_KEY_WORDS = 128 };

/* One line of hooks_torch.def. */
struct torch_op {
	const char *native;
	const char *arguments; /* letters of torch_signatures.def */
	const char *roles;     /* "result(roles)" */
	uint8_t kind, rule;
	uint8_t stack_words;
};

/* An argument that is of interest. */
struct torch_argument {
	char letter, role;
	uint16_t offset; /* from the struct hook_call, in bytes */
};

/* How a call of one operator is read. */
struct torch_plan {
	uint8_t n_arguments;
	char result; /* t r 2 3 4 5 */
	struct torch_argument argument[TORCH_MAX_ARGUMENTS];
};

/* Words of a key: the operator; site and region; the module's name, and in the
 * upper half how often it has called this operator before; then items, each a
 * head, its sizes, and its strides when it has any. */
enum { TORCH_KEY_OP, TORCH_KEY_WHERE, TORCH_KEY_CONTEXT, TORCH_KEY_ITEMS };

struct torch_key {
	uint32_t n_words;
	uint64_t word[TORCH_KEY_WORDS];
};

/* The first word of an item: an operand, numbers that come with it, or an attribute. */
struct torch_item {
	char role; /* a letter of hooks_torch.def, 'y': the result */
	uint8_t dtype, n_dims;
	uint8_t flags; /* TORCH_ITEM_... */
	uint32_t name; /* of a constant */
};
enum { TORCH_ITEM_STRIDED = 1, TORCH_ITEM_CONSTANT = 2 };
_Static_assert(sizeof(struct torch_item) == 8, "an item's head is one word");

/* A root has no name, which is not the same as no module. */
static inline uint64_t torch_key_context(const struct torch_name *module, uint64_t before)
{
	return module ? (before << 1 | 1) << 32 | module->id : 0;
}

/* Where the arguments of an operator are; returns the number of words on the
 * stack, of a call whose result comes through a hidden pointer or not. */
unsigned torch_plan_make(struct torch_plan *plan, const char *arguments, const char *roles);

/* Read a call that has returned. shapes: torch_layout_ready(); root: the network
 * it is a part of, or null. The first three words are the caller's. */
void torch_call_read(struct torch_key *key, const struct torch_plan *plan, const struct hook_call *call,
                     bool shapes, const struct torch_root *root);

/* What a key says. module: the name of the module that it was read in, or null. */
void torch_describe(struct prof_desc_spec *spec, const struct torch_op *op, const struct torch_key *key,
                    const struct torch_name *module);

#endif
