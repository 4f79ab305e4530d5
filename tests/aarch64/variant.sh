#!/bin/bash
# variant.sh: a function with a calling convention of its own is left alone.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/../preload/common.sh"
printf '%s\n' 'plain(n): {op: scale, input: [n]}' 'marked(n): {op: scale, input: [n]}' >hooks.yaml
PROFSHIM_HOOKS=hooks.yaml shim "$bin/variant" >out 2>errors || bad "fails: $(cat errors)"
[ "$(cat out)" = "21 35" ] || bad "says $(cat out)"
"$build/bin/proftrace" export trace.bin >list.jsonl || bad "the trace cannot be read"
holds "the other function" 1 '"name": "plain"' list.jsonl
holds "the marked function" 0 '"name": "marked"' list.jsonl
finish
