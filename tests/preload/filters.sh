#!/bin/bash
# filters.sh: what PROFSHIM_FILTER leaves out is neither recorded, nor read, nor lost, and counted.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
n=2000
cat >hooks.yaml <<'YAML'
own_kernel(int rows): {op: other, output: [rows, 1]}
YAML
export PROFSHIM_HOOKS=$work/hooks.yaml
"$bin/filters" $n >truth || bad "fails without the shim"

# left FILTER DOTS PRODUCTS OWN: so many of each are in the trace, all others are counted as left out.
left() {
	local what="$1 (counters: $PROFSHIM_COUNTERS, budget $PROFSHIM_BUDGET, families: $PROFSHIM_FAMILIES)"
	local out=$((4 * n - $2 - $3 - $4))
	PROFSHIM_FILTER=$1 shim "$bin/filters" $n >out 2>err || bad "$what: fails"
	same "$what: output" truth out
	[ ! -s err ] || bad "$what: $(cat err)"
	"$build/bin/proftrace" check trace.bin >check.out || bad "$what: $(cat check.out)"
	ops >ops.out || bad "$what: no operations"
	holds "$what: dots" "$2" '^cblas_ddot ' ops.out
	holds "$what: products" "$3" '^cblas_dgemm ' ops.out
	holds "$what: own" "$4" '^own_kernel ' ops.out
	"$build/bin/proftrace" info trace.bin >info.out
	[ $out = 0 ] || holds "$what: left out" 1 "^missing +$out operations were left out as asked" info.out
	holds "$what: nothing else is missing" 0 'Kinds of operations' info.out
}

# readings MOST: the counters were read no more often.
readings() {
	awk -v most="$1" '/^cost +readings = / { n = $4 } END { exit !(n > 0 && n <= most) }' info.out ||
		bad "read: $(grep readings info.out), not at most $1"
}

export PROFSHIM_FAMILIES=all PROFSHIM_BUDGET=2
for PROFSHIM_COUNTERS in none perf::TASK-CLOCK; do
	export PROFSHIM_COUNTERS
	left op=gemm 0 $n 0
	left op=dot $n 0 0
	left op=other,rows\>1 0 0 $n
	left op!=gemm $n 0 $((2 * n))
	left 'family!=blas' 0 0 $((2 * n))
done
# Where all are read those left out are not: two readings an operation, and some at the start.
export PROFSHIM_BUDGET=100
left op=gemm 0 $n 0
readings $((2 * n + 100))
left rows=2 0 0 $n
readings $((2 * n + 100))

# A family that is off is not there at all: nothing of it is left out.
PROFSHIM_FAMILIES=-blas PROFSHIM_COUNTERS=none shim "$bin/filters" $n >out || bad "without blas: fails"
same "without blas: output" truth out
ops >ops.out || bad "without blas: no operations"
holds "without blas: own" $((2 * n)) '^own_kernel ' ops.out
holds "without blas: dots and products" 0 '^cblas' ops.out
"$build/bin/proftrace" info trace.bin >info.out
holds "without blas: nothing left out" 0 'left out' info.out
finish
