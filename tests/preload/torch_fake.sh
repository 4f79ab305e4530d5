#!/bin/bash
# torch_fake.sh: names and arguments of PyTorch 2.x, tensors of a layout never seen before.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
cat >expected <<'EXPECTED'
aten::linear bfloat16 input=4x8 weight=8x6 bias=6 output=4x6
aten::conv2d float32 groups=2 input=1x4x9x8 weight=10x2x3x3 output=1x10x5x6 stride=2x1 padding=1x0
aten::scaled_dot_product_attention float16 causal=1 heads_kv=2 output=1x8x3x16 query=1x8x3x16 key=1x2x7x16
aten::relu_ float32 input=2x1x3x1x2x5 output=2x1x3x1x2x5
EXPECTED
sed -E 's/^(aten::[a-z0-9_]+) .*/\1/' expected >without_shapes

operators() {
	"$build/bin/proftrace" export trace.bin | /usr/bin/python3 -c '
import json, sys
for op in map(json.loads, sys.stdin):
    words = [op["name"]] + [t for t in [op.get("dtype") or op.get("dtypes", {}).get("input")] if t]
    words += [f"{k}={op[k]}" for k in ("groups", "causal", "heads_kv") if k in op]
    for k in "input", "weight", "bias", "output", "query", "key", "stride", "padding":
        words += [f"{k}={chr(120).join(map(str, op[k]))}"] if k in op else []
    print(*words)'
}

for way in measured asked unknown; do
	program=$bin/torch_fake_program_$way
	"$program" >plain || bad "the program fails"
	holds "plain run" 1 '^attention 5: 1 8 3 16 of 4$' plain
	shim "$program" >shimmed || bad "$way: the program fails under the shim"
	same "$way: output" plain shimmed
	operators >found
	"$build/bin/proftrace" info trace.bin >info
	case $way in
	measured)
		same "$way" expected found
		holds "$way: notes" 0 'torch:' info
		;;
	asked)
		same "$way" expected found
		holds "$way: notes" 1 'torch: .*C interface is asked' info
		;;
	unknown)
		same "$way" without_shapes found
		holds "$way: notes" 1 'torch: operations are recorded without shapes' info
		;;
	esac
done
PROFSHIM_FAMILIES=-torch shim "$bin/torch_fake_program_measured" >shimmed || bad "fails with the family off"
same "output with the family off" plain shimmed
[ ! -e trace.bin ] || bad "the family is off, and yet there is a trace"
finish
