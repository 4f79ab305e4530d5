/* kinds.h: the enums made from ops.def, dtypes.def, operands.def, attrs.def.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_KINDS_H
#define PROF_KINDS_H

enum prof_op {
#define PROF_OP(number, id, name, cls, flops, special, note) PROF_OP_##id = number,
#include <prof/ops.def>
#undef PROF_OP
	PROF_OP_LIMIT = 100 /* numbers are below this */
};

enum prof_op_class {
	PROF_CLASS_LINEAR,
	PROF_CLASS_MATMUL,
	PROF_CLASS_ATTENTION,
	PROF_CLASS_CONV,
	PROF_CLASS_GEMM,
	PROF_CLASS_ELEMENT,
	PROF_CLASS_ROWS,
	PROF_CLASS_MOVE,
	PROF_CLASS_OTHER
};

enum prof_dtype {
#define PROF_DTYPE(number, id, name, block, bytes, compute) PROF_DTYPE_##id = number,
#include <prof/dtypes.def>
#undef PROF_DTYPE
	PROF_DTYPE_LIMIT = 64
};

enum prof_operand {
#define PROF_OPERAND(number, id, key) PROF_OPERAND_##id = number,
#include <prof/operands.def>
#undef PROF_OPERAND
	PROF_OPERAND_LIMIT = 32
};

enum prof_attr {
#define PROF_ATTR(number, id, key, meaning) PROF_ATTR_##id = number,
#include <prof/attrs.def>
#undef PROF_ATTR
	PROF_ATTR_LIMIT = 64
};

#endif
