/* op.h: an operation as the tools see it, whether it came from a binary trace
 * or from an op list.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_TRACE_OP_H
#define TOOLS_LIB_TRACE_OP_H

#include <prof/kinds.h>
#include <prof/trace_format.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct op_operand {
	uint8_t role;  /* enum prof_operand */
	uint8_t dtype; /* enum prof_dtype */
	uint8_t n_dims;
	bool strided;
	bool shapeless;               /* only its type is known */
	const char *name;             /* of the tensor, "" when unknown */
	uint64_t dims[PROF_MAX_DIMS]; /* outermost first */
	int64_t strides_bytes[PROF_MAX_DIMS];
};

struct op_attr {
	uint16_t attr; /* enum prof_attr */
	int64_t value;
};

/* The canonical context of a network's last layer, where no other is asked for. */
#define OP_LAST_LAYER "lm_head"

/* One kind of operation that comes back: everything but time. Strings belong
 * to the trace and are "" when unknown. */
struct op_desc {
	uint32_t id;
	uint16_t op;         /* enum prof_op */
	uint32_t flags;      /* PROF_DESC_* */
	int32_t layer;       /* -1: none */
	const char *context; /* canonical: "q_proj" */
	const char *native;  /* as recorded: "blk.0.attn_q.weight" */
	const char *name;    /* native kernel: "MUL_MAT" */
	const char *result;  /* result tensor: "Qcur-0" */
	const char *region;  /* user regions: "a.b" */
	const char *family;  /* "ggml", "blas", "list" */
	const char *extra;   /* unknown op list keys, a JSON object, or "" */
	uint32_t site;       /* 0: none */
	unsigned n_operands, n_attrs;
	struct op_operand operands[PROF_MAX_OPERANDS];
	struct op_attr attrs[PROF_MAX_ATTRS];
};

/* The operand of that role, or null. */
static inline const struct op_operand *op_operand_get(const struct op_desc *d, enum prof_operand role)
{
	for (unsigned i = 0; i < d->n_operands; i++)
		if (d->operands[i].role == role)
			return &d->operands[i];
	return NULL;
}

/* The attribute, or `otherwise`. */
static inline int64_t op_attr_get(const struct op_desc *d, enum prof_attr attr, int64_t otherwise)
{
	for (unsigned i = 0; i < d->n_attrs; i++)
		if (d->attrs[i].attr == attr)
			return d->attrs[i].value;
	return otherwise;
}

/* The dimension at `from_right` (0: the last one), 1 where there is none; and their product. */
static inline double op_dim(const struct op_operand *o, unsigned from_right)
{
	return o && from_right < o->n_dims ? (double)o->dims[o->n_dims - 1 - from_right] : 1;
}

static inline double op_elements(const struct op_operand *o)
{
	double n = 1;

	for (unsigned i = 0; o && i < o->n_dims; i++)
		n *= (double)o->dims[i];
	return n;
}

/* The data type that a kernel is chosen by: the weight's, else the first
 * operand's; 0 when unknown. */
unsigned op_main_dtype(const struct op_desc *d);

/* Names of ops.def, dtypes.def, operands.def and attrs.def; null for a number
 * that is none of them. The reverse answers 0 (dtype: -1) for an unknown name. */
const char *op_name(unsigned op);
unsigned op_from_name(const char *name);
const char *op_dtype_name(unsigned dtype);
int op_dtype_from_name(const char *name);
const char *op_operand_key(unsigned role);
unsigned op_operand_from_key(const char *key);
const char *op_attr_key(unsigned attr);
unsigned op_attr_from_key(const char *key);

/* Bytes that n elements of a type take, blocks and scales included. */
double op_dtype_bytes(unsigned dtype, double elements);

/* The type of the arithmetic that a device uses for a stored type. */
unsigned op_dtype_arithmetic(unsigned dtype);

/* Whether elements share bytes, or scales, with others. */
bool op_dtype_is_blocked(unsigned dtype);

/* One execution. */
struct op_event {
	uint32_t desc; /* index into the trace's descriptors */
	int32_t step;  /* index into the trace's steps, -1: none */
	enum prof_phase phase;
	uint32_t thread;     /* of the first slice */
	uint32_t n_slices;   /* threads that shared it */
	uint32_t depth;      /* 0; 1 and more: a child of an operation below this depth that encloses it */
	uint64_t start_ns;   /* since the trace's epoch */
	uint64_t time_ns;    /* first start to last end */
	uint64_t self_ns;    /* time_ns less that of direct children */
	uint64_t busy_ns;    /* of all slices together */
	bool timed;          /* false: start_ns and time_ns are unknown (an untimed list) */
	unsigned n_counters; /* 0: not read for this one */
	/* Only where n_counters is not 0: */
	uint32_t n_counted;                   /* slices whose counters were read */
	uint64_t counted_ns;                  /* time of those, added up */
	uint64_t counters[PROF_MAX_COUNTERS]; /* deltas, summed over those slices */
};

#endif
