# llama_common.sh: models, and runs of llama.cpp with and without the shim.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# To be read after common.sh.
LLAMA_LIB_DIR=${LLAMA_LIB_DIR:-$src/.deps/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64}
export LLAMA_LIB_DIR
[ -d "$LLAMA_LIB_DIR" ] || { echo "there is no llama.cpp in $LLAMA_LIB_DIR; scripts/deps puts it there"; exit 1; }
llama_run=$build/bin/llama_run

# Shapes of the presets of gguf_gen, in the words of `graph`.
tiny="layers=2 embd=256 heads=8 kv=4 ff=512 vocab=512"
moe="layers=2 embd=256 heads=8 kv=4 ff=256 vocab=512 experts=8 used=2"
tinyllama="layers=22 embd=2048 heads=32 kv=4 ff=5632 vocab=32000"

# model PRESET TYPE: writes PRESET-TYPE.gguf
model() {
	"$build/bin/gguf_gen" --preset "$1" --type "$2" "$1-$2.gguf" >gen.out || bad "gguf_gen --preset $1 --type $2 failed"
}

# run_both WHAT MODEL OPTIONS...: with the shim the output is what it is without.
run_both() {
	local what=$1 model=$2
	shift 2
	"$llama_run" "$@" "$model" >plain.out 2>plain.err || bad "$what: fails without the shim: $(tail -1 plain.err)"
	shim "$llama_run" "$@" "$model" >shim.out 2>shim.err || bad "$what: fails under the shim: $(tail -1 shim.err)"
	same "$what: output" plain.out shim.out
	same "$what: messages" plain.err shim.err
}

# graph_is WHAT NUMBERS...: the trace is exactly that of such a model and run.
graph_is() {
	local what=$1
	shift
	"$bin/graph" trace.bin "$@" >graph.out || { bad "$what:"; head -20 graph.out; }
}
