#!/bin/bash
# torch_operators.sh: operators of every signature compute what they do without the shim.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/torch_common.sh"
run_both "$scripts/operators.py"
kinds=$(grep -o '"name": "aten::[a-z0-9_]*"' ops.jsonl | sort -u | wc -l)
[ "$kinds" -ge 120 ] || bad "only $kinds different operators were recorded"
finish
