#!/bin/bash
# routed.sh: products of experts say how many experts their rows really went to.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/llama_common.sh"

libs=("$LLAMA_LIB_DIR/libggml-base.so" "$LLAMA_LIB_DIR/libggml-cpu-x64.so")
for threads in 1 2; do
	what="routed, $threads threads"
	"$bin/routed" "${libs[@]}" $threads >plain.out 2>plain.err || bad "$what: fails without the shim: $(tail -1 plain.err)"
	shim "$bin/routed" "${libs[@]}" $threads >shim.out 2>shim.err || bad "$what: fails under the shim: $(tail -1 shim.err)"
	same "$what: output" plain.out shim.out
	"$build/bin/proftrace" export trace.bin >ops.out || bad "$what: no export"
	grep -oE '"experts_hit": [0-9]+' ops.out >hit.out
	printf '"experts_hit": %d\n' 2 5 5 8 >hit.expected
	same "$what: experts" hit.expected hit.out
done

# Weights through memory are those experts' and no others': 64 x 32 float32 each.
"$build/bin/profreplay" trace.bin --arch H100-SXM --without residency --explain --format csv >explain.out ||
	bad "no explanation"
[ "$(awk -F, '$6 == "weights" { sum += $9 } END { print sum }' explain.out)" = $((20 * 64 * 32 * 4)) ] ||
	bad "weights are not those of 20 experts: $(grep ,weights, explain.out)"
finish
