#!/bin/bash
# llama_unknown.sh: a fused kernel that no hook sees is inferred, not dropped.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/llama_common.sh"

model tiny Q4_0
for threads in 1 2; do
	what="unknown kernel, $threads threads"
	"$llama_run" --threads $threads --predict 3 tiny-Q4_0.gguf >plain.out 2>/dev/null || bad "$what: fails without the shim"
	rm -f trace.bin
	LD_PRELOAD="$bin/libhidden_kernel.so $lib" "$llama_run" --threads $threads --predict 3 tiny-Q4_0.gguf \
		>shim.out 2>shim.err || bad "$what: fails under the shim: $(tail -1 shim.err)"
	same "$what: output" plain.out shim.out
	"$build/bin/proftrace" export trace.bin >ops.out || bad "$what: no export"
	# Each step has a normalization before and after attention and one at the
	# end, each with its multiplication: both are there, and the rest as ever.
	holds "$what" 15 '"op": "rmsnorm"' ops.out
	holds "$what" 15 '"op": "mul"' ops.out
	holds "$what" 30 '"inferred": (true|1)' ops.out
	holds "$what" 45 '"op": "linear"' ops.out
	holds "$what" 150 '"op"' ops.out
done
finish
