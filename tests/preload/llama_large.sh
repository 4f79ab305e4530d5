#!/bin/bash
# llama_large.sh: the shape of TinyLlama: the operations explain the wall time.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/llama_common.sh"

model tinyllama Q4_0
for threads in 1 2; do
	for flash in off on; do
		what="tinyllama Q4_0, $threads threads, flash attention $flash"
		run_both "$what" tinyllama-Q4_0.gguf --threads $threads --flash-attn $flash --predict 3
		graph_is "$what" $tinyllama threads=$threads flash=$([ $flash = on ] && echo 1 || echo 0) explains=95
	done
done
finish
