#!/bin/bash
# llama.sh: small models of every format, threads, attention: the trace is the graph.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/llama_common.sh"

for type in F32 F16 Q8_0 Q4_0 Q4_K Q6_K; do
	model tiny "$type"
	for threads in 1 2; do
		for flash in off on; do
			what="tiny $type, $threads threads, flash attention $flash"
			run_both "$what" "tiny-$type.gguf" --threads $threads --flash-attn $flash --predict 4
			graph_is "$what" $tiny threads=$threads flash=$([ $flash = on ] && echo 1 || echo 0) predict=4
		done
	done
done
for type in F32 Q4_0; do
	model moe "$type"
	for flash in off on; do
		what="experts $type, flash attention $flash"
		run_both "$what" "moe-$type.gguf" --threads 2 --flash-attn $flash --predict 3
		graph_is "$what" $moe threads=2 flash=$([ $flash = on ] && echo 1 || echo 0)
	done
done

# Several contexts at the same time: each has its steps, none is mixed up.
what="three contexts in three threads"
run_both "$what" tiny-Q8_0.gguf --threads 2 --predict 5 --parallel 3
"$build/bin/proftrace" export trace.bin >ops.out || bad "$what: no export"
holds "$what" 15 '"op": "embedding"' ops.out
holds "$what" 15 '"context": "lm_head"' ops.out
holds "$what" 30 '"context": "q_proj"' ops.out
[ "$(grep -oE '"step": [0-9]+' ops.out | sort | uniq -c | awk '{ print $1 }' | sort -u | wc -l)" = 1 ] ||
	bad "$what: steps differ in their number of operations"

# Switched off, it leaves nothing behind.
what="family switched off"
rm -f trace.bin
PROFSHIM_FAMILIES=-ggml LD_PRELOAD=$lib "$llama_run" --predict 2 tiny-Q8_0.gguf >off.out 2>off.err || bad "$what: fails"
[ ! -e trace.bin ] || bad "$what: there is a trace"
finish
