#!/bin/bash
# counter_families.sh: operations of every family are counted, each of them where the budget does not matter.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/llama_common.sh"
export PROFSHIM_BUDGET=100 PROFSHIM_COUNTERS=perf::PAGE-FAULTS

# counts FAMILY LEAST COMMAND...: all slices of its operations are, and there are so many.
counts() {
	local family=$1 least=$2 slices counted faults
	shift 2
	shim "$@" >out 2>err || bad "$family: $1 fails: $(tail -1 err)"
	"$build/bin/proftrace" export trace.bin 2>err | grep -c "\"family\": \"$family\"" >operations
	"$build/bin/proftrace" stats --counters --format csv trace.bin >csv || bad "$family: no statistics"
	read -r slices counted faults < <(awk -F, '
		NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
		NR > 1 { s += $column["slices"]; c += $column["counted_slices"]; f += $column["perf::PAGE-FAULTS"] }
		END { print s + 0, c + 0, f + 0 }' csv)
	[ "$(cat operations)" -ge "$least" ] || bad "$family: only $(cat operations) operations"
	[ "$counted" = "$slices" ] || bad "$family: $counted of $slices slices were counted"
	[ "$faults" -gt 0 ] || bad "$family: all of it without a page fault"
}

model tiny F32
counts ggml 100 "$llama_run" --threads 2 --predict 4 tiny-F32.gguf
PROFSHIM_HOOKS=$src/examples/plain_llama.hooks.yaml counts user 50 "$bin/plain_O0_pie" 3 4
PROFSHIM_FAMILIES=lapack counts lapack 10 "$bin/lapack" "/usr/lib/$(gcc -print-multiarch)/lapack/liblapack.so.3"
counts onednn 50 "$build/bin/dnnl_resnet"
counts torch 5 /usr/bin/python3 -c 'import torch
print(torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 8))(torch.ones(4, 64)).softmax(1).shape)'
finish
