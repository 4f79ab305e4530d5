#!/bin/bash
# instrumented.sh: functions that their compiler made tell when they begin and end are contexts.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"

# runs NAME: its output is the same with and without; operations are in `found`.
runs() {
	"$bin/instrumented_$1" >plain || bad "$1: fails without the shim"
	shim "$bin/instrumented_$1" >shimmed || bad "$1: fails under the shim"
	same "$1: output" plain shimmed
	ops | sed 's/^cblas_sgemm gemm //' >found || bad "$1: the trace is not whole"
}

cat >expected <<'TEXT'
2 2 3 @main.network.attention.multiply
2 2 3 @main.network.attention.multiply
4 2 3 @main.network.feed_forward.multiply
5 2 3 @main.recursive.recursive.recursive.multiply
6 2 3 @main.jumped_over.multiply
4 2 3 @main.feed_forward.multiply
2 2 3 @network.attention.multiply
2 2 3 @network.attention.multiply
4 2 3 @network.feed_forward.multiply
7 2 3 @main.multiply
TEXT
for program in gcc clang xray library; do
	runs $program
	# Only what XRay tells says for sure that a function was left by longjmp().
	[ $program = xray ] || sed -i 's/jumped_over.jumps.multiply/jumped_over.multiply/' found
	same "$program: regions" expected found
done
grep -q '^[1-9][0-9]* entered' shimmed || bad "the hook of the program's library was not called"

# A hook in the program itself is bound before ours.
sed 's/ @.*//' expected >without
runs own
same "own hook: no regions" without found
PROFSHIM_FAMILIES=-functions runs gcc
same "switched off: no regions" without found
PROFSHIM_FAMILIES=-functions runs xray
same "switched off: no regions" without found
XRAY_OPTIONS='patch_premain=true xray_mode=none' runs xray
same "somebody else listens: no regions" without found

cat >expected <<'TEXT'
2 2 3 @main.net::Layer::forward.net::Layer::multiply
3 2 3 @main.net::Layer::forward.net::Layer::multiply
4 2 3 @main.net::Layer::multiply
TEXT
for program in gxx clangxx xrayxx; do
	runs $program
	# clang's -finstrument-functions does not tell when an exception leaves a function.
	[ $program = clangxx ] && sed -i -E '2s/(\.net::Layer::fails)+//' found
	same "$program: regions" expected found
done

# By the linker's names, while the program runs.
PROFSHIM_RECORD='region:attention,region:jumped_over' runs gcc
[ "$(grep -c attention found) $(wc -l <found)" = "4 5" ] || bad "PROFSHIM_RECORD: $(cat found)"

# Paths in which nothing is recorded leave nothing in the trace.
shim "$bin/instrumented_gcc" 100000 >/dev/null 2>&1
grep -aq leaf trace.bin && bad "a function without operations is in the trace"
finish
