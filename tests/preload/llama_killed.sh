#!/bin/bash
# llama_killed.sh: SIGKILL in mid-run: what was recorded is in the trace.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/llama_common.sh"

model tiny Q4_0
rm -f trace.bin
LD_PRELOAD=$lib "$llama_run" --predict 100000 --ctx 100016 tiny-Q4_0.gguf >/dev/null 2>&1 &
victim=$!
for _ in $(seq 100); do
	[ "$(stat -c %s trace.bin 2>/dev/null || echo 0)" -gt 500000 ] && break
	sleep 0.1
done
kill -KILL $victim
wait $victim 2>/dev/null
"$build/bin/proftrace" export trace.bin >ops.out 2>ops.err || bad "the trace does not open: $(cat ops.err)"
steps=$(grep -c '"context": "lm_head"' ops.out)
[ "$steps" -gt 100 ] || bad "only $steps whole steps in the trace of a killed program"
# Every step but the last, which was under way, is whole.
begun=$(grep -c '"op": "embedding"' ops.out)
[ $((begun - steps)) -le 1 ] && [ "$begun" -ge "$steps" ] || bad "$begun steps begun and $steps ended"
holds "layer 0 of every step" "$begun" '"context": "input_layernorm", "layer": 0' ops.out
finish
