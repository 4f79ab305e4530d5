#!/bin/bash
# cases.sh: exceptions, longjmp, recursion, threads, errno, rounding, tail calls and
# batches pass through the hooks unharmed.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"

# run NAME...: plain and under the shim; leaves the operations in `found`.
run() {
	"$bin/cases" "$@" >plain
	[ $? = 7 ] || bad "$*: fails without the shim"
	shim "$bin/cases" "$@" >shimmed
	[ $? = 7 ] || bad "$*: another status under the shim"
	[ -s plain ] || bad "$*: says nothing"
	same "$*" plain shimmed
	ops >found || bad "$*: the trace is not whole"
}

run exceptions
holds exceptions 1 '^cblas_sdot dot - 3 -$' found
"$build/bin/proftrace" stats --by callsite trace.bin >stats || bad "exceptions: no report by call site"
holds "C++ names" 1 '\(anonymous namespace\)::exceptions\(\) < main' stats
run longjumps
holds longjumps 1 '^cblas_sdot dot - 4 -$' found
run recursion
holds recursion 2001 'cblas_dnrm2 nrm2' found
holds "recursion: children" 2000 '^ +cblas_dnrm2 nrm2' found
run threads
holds threads 80000 '^cblas_sdot dot - [1-7] -$' found
run environment
grep -q '^errno 55, then 66$' shimmed || bad "errno is disturbed"
grep -q '^rounding kept$' shimmed || bad "the rounding mode is disturbed"
run tail_calls
grep -q '^tail call 254.5$' shimmed || bad "a tail call loses arguments"
holds "tail calls" 1 '^cblas_sgemv gemv 10 20 -$' found
holds "tail calls" 1 '^ +cblas_sger ger 10 20 -$' found
run batches
holds "batch of unlike groups" 1 '^cblas_sgemm_batch gemm 2 3 4 x2$' found
holds "batch of unlike groups" 1 '^cblas_sgemm_batch gemm 4 5 6 x3$' found
holds "batch of groups alike" 1 '^cblas_sgemm_batch gemm 2 2 2 x5$' found
holds "batches" 3 . found
finish
