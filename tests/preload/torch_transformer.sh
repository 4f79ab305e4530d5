#!/bin/bash
# torch_transformer.sh: a decoder with a KV cache in PyTorch: operators, shapes, modules, steps.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/torch_common.sh"
run_both "$src/examples/torch_transformer.py"
compare_with_torch "$src/examples/torch_transformer.py" 390

# The step after the prompt, by hand: one token, a context of nine.
cat >expected <<'EXPECTED'
embedding embed_tokens - weight=100x64 index=1x1 output=1x1x64
EXPECTED
for layer in 0 1; do
	cat >>expected <<EXPECTED
layernorm input_layernorm $layer input=1x1x64 weight=64 output=1x1x64
linear q_proj $layer input=1x1x64 weight=64x64 output=1x1x64
linear k_proj $layer input=1x1x64 weight=64x64 output=1x1x64
linear v_proj $layer input=1x1x64 weight=64x64 output=1x1x64
copy self_attn $layer input=1x4x8x16 other=1x4x1x16 output=1x4x9x16
copy self_attn $layer input=1x4x8x16 other=1x4x1x16 output=1x4x9x16
matmul attn_weights $layer input=1x4x1x16 other=1x4x16x9 output=1x4x1x9
scale self_attn $layer input=1x4x1x9 other= output=1x4x1x9
softmax attn_weights $layer input=1x4x1x9 output=1x4x1x9
matmul attn_output $layer input=1x4x1x9 other=1x4x9x16 output=1x4x1x16
linear o_proj $layer input=1x1x64 weight=64x64 output=1x1x64
add layer $layer input=1x1x64 other=1x1x64 output=1x1x64
layernorm post_attention_layernorm $layer input=1x1x64 weight=64 output=1x1x64
linear gate_proj $layer input=1x1x64 weight=64x192 output=1x1x192
silu act_fn $layer input=1x1x192 output=1x1x192
linear up_proj $layer input=1x1x64 weight=64x192 output=1x1x192
mul mlp $layer input=1x1x192 other=1x1x192 output=1x1x192
linear down_proj $layer input=1x1x192 weight=192x64 output=1x1x64
add layer $layer input=1x1x64 other=1x1x64 output=1x1x64
EXPECTED
done
cat >>expected <<'EXPECTED'
layernorm norm - input=1x1x64 weight=64 output=1x1x64
linear lm_head - input=1x1x64 weight=64x100 output=1x1x100
EXPECTED
step_ops 1 >found
same "the first decoded token" expected found
"$build/bin/proftrace" info trace.bin >info
holds "steps" 1 '^steps +4: 1 prefill \(8 tokens\), 3 decode \(3 tokens\)' info
# How far each token sees, from the cache among the arguments.
"$build/bin/proftrace" dump --meta trace.bin | sed -nE 's/^step .* (ctx_max=[0-9]+ ctx_sum=[0-9]+).*/\1/p' >found
same "contexts" <(printf 'ctx_max=%s ctx_sum=%s\n' 8 0 9 9 10 10 11 11) found
# BLAS is called by the operators, never beside them.
/usr/bin/python3 - ops.jsonl <<'PY' || bad "products of BLAS stand alone in a step"
import json, sys
blas = [op for op in map(json.loads, open(sys.argv[1])) if op.get('family') == 'blas' and 'step' in op]
sys.exit(len(blas) < 60 or not all(op.get('depth') for op in blas))
PY
replays prefill decode
finish
