#!/bin/bash
# llama_large.sh: the shape of TinyLlama: the operations explain the wall time.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/llama_common.sh"

# runs TYPE: every way to run the model; a type at a time on the disk.
runs() {
	model tinyllama "$1"
	for threads in 1 2; do
		for flash in off on; do
			what="tinyllama $1, $threads threads, flash attention $flash"
			run_both "$what" "tinyllama-$1.gguf" --threads $threads --flash-attn $flash --predict 3
			graph_is "$what" $tinyllama threads=$threads flash=$([ $flash = on ] && echo 1 || echo 0) explains=95
		done
	done
	rm -f "tinyllama-$1.gguf"
}
runs Q4_0
runs Q8_0
runs F32
finish
