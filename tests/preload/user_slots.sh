#!/bin/bash
# user_slots.sh: calls of a library's functions are what a file of hooks says, however
# the caller is linked, and also from a library that is opened later.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/user_common.sh"
[ $# -ge 6 ] || bad "only $# variants"

cat >hooks.yaml <<'EOF'
product(const struct sizes *s, float scale, int rows, double shift):
  {op: linear, input: [rows * scale, s->24->8], weight: [s->24->8, 2], context: "{string s}.{rows}"}
reduce_many(long a, long b, long c, long d, long e, long f, long n, const char *name):
  {op: reduce, input: [a, n], dtype: {of: b, 1: int8, 2: float16}, context: "{function}-{string name}", layer: c}
again(n): [{when: n == 0, off: true}, {op: other, bytes: return * 4}]
make_sizes: {op: embedding, bytes: return->24->8, by: plt}
leave_by: {region: lost}
"my_*": {like: "*"}
EOF

cat >expected <<'EOF'
product linear blk.0.attn_q.3 None [6, 12] [12, 2] float32 None None None None None
reduce_many reduce reduce_many-blk.0.attn_q 3 [1, 7] None float16 None None None None None
again other main None None None None 12 None None None None
make_sizes embedding main None None None None 12 None None None None
my_cblas_sgemm gemm multiply None [2, 3] None float32 None None 2 4 3
product linear blk.0.attn_q.5 None [5, 12] [12, 2] float32 None None None None None
EOF
for variant; do
	"$bin/$variant" "$plugin" >plain || bad "$variant fails"
	shim "$bin/$variant" "$plugin" >shimmed 2>errors || bad "$variant fails under the shim"
	same "$variant: output" plain shimmed
	[ ! -s errors ] || bad "$variant: $(cat errors)"
	told >found
	same "$variant: operations" expected found
done
finish
