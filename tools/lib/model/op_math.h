/* op_math.h: what an operation computes and moves, from its shapes alone.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * True counts: a multiply-add is 2, weights take their quantized size, every
 * operand is moved once. Formulas: docs/cost_models.md, "Work".
 */
#ifndef TOOLS_LIB_MODEL_OP_MATH_H
#define TOOLS_LIB_MODEL_OP_MATH_H

#include "tools/lib/trace/op.h"

struct op_work {
	double flops;        /* additions and multiplications, see ops.def */
	double matrix_flops; /* of those, in matrix products */
	double special;      /* exp, tanh, rsqrt, sin, cos evaluated */
	double read_bytes;   /* operands read, each once */
	double weight_bytes; /* of those, constant weights (experts: those expected to be touched) */
	double kv_bytes;     /* of those, keys and values of the cache */
	double write_bytes;  /* results written, each once */
};

/* ctx: length of the context that somebody needs, 0: as the shapes say. Engines pad the
 * cache; a model of another device prices what is used. */
void op_work(const struct op_desc *d, double ctx, struct op_work *w);

/* The class that ops.def gives a kind of operation. */
enum prof_op_class op_class(unsigned op);

/* Which product of unfused attention this is, or beside which: the softmax is with the
 * weights. One of its dimensions is the context. */
enum op_attention { OP_ATTENTION_NOT, OP_ATTENTION_WEIGHTS, OP_ATTENTION_OUTPUT };
enum op_attention op_attention_of(const struct op_desc *d);

/* Whether the context matters to this operation: attention, and the products
 * and the softmax of attention that is not fused. */
bool op_sees_context(const struct op_desc *d);

/* The dimension of such an operation that is the context, and how many of them
 * lie side by side: 1 where all sequences are in one cache. */
struct op_context {
	double length, planes;
};
struct op_context op_context_of(const struct op_desc *d);

/* Part of an operand of keys or values that memory holds: shapes may repeat
 * heads for the queries that share them (attribute heads_kv). */
double op_heads_stored(const struct op_desc *d, const struct op_operand *o);

/* Whether it is of one expert, or of all in one kernel. */
bool op_is_of_experts(const struct op_desc *d);

/* Expected number of distinct experts that `tokens` tokens touch, each taking
 * `used` of `experts` at random: E (1 - (1 - U/E)^tokens). */
double op_experts_touched(double experts, double used, double tokens);

/* Matrices of the weight's shape that a device must hold: all experts, where one
 * kernel has them all and the shape is that of one; else 1. */
double op_experts_held(const struct op_desc *d);

#endif
