#!/bin/bash
# blas_libraries.sh: the same programs on every BLAS and LAPACK that Debian has.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Libraries are named by their paths, so that the alternatives stay as they are.
. "$(dirname "$0")/common.sh"
libs=/usr/lib/$(gcc -print-multiarch)

# all NAME LIBRARY CALLS CHILDREN: at least so many routines, and so many calls that they make of others.
all() {
	[ -f "$libs/$2" ] || { bad "$1: there is no $libs/$2 (scripts/deps)"; return; }
	"$bin/blas_all" run "$libs/$2" >plain || bad "$1: fails without the shim"
	shim "$bin/blas_all" run "$libs/$2" >shimmed || bad "$1: fails under the shim"
	[ "$(wc -l <plain)" -ge "$3" ] || bad "$1: only $(wc -l <plain) calls were made"
	same "$1: results" plain shimmed
	"$bin/blas_all" expect "$libs/$2" >expected
	ops >all || bad "$1: the trace is not whole"
	grep -v '^ ' all >found
	same "$1: operations" expected found
	[ "$(grep -c '^ ' all)" -ge "$4" ] || bad "$1: only $(grep -c '^ ' all) calls inside others"
}
all "reference BLAS" blas/libblas.so.3 580 290
all ATLAS atlas/libblas.so.3 580 0
all "ATLAS, CBLAS" libcblas.so.3 290 0
all BLIS blis-pthread/libblis.so.4 600 300
all OpenBLAS openblas-pthread/libblas.so.3 580 0

# A front that opens a library of its own: its call is seen, the library's is not a second one.
for back in openblas-pthread/libblas.so.3 blis-pthread/libblis.so.4; do
	export BLAS_BACK=$libs/$back
	"$bin/blas_all" run "$bin/libblas_front.so" >plain || bad "front of $back: fails without the shim"
	shim "$bin/blas_all" run "$bin/libblas_front.so" >shimmed || bad "front of $back: fails under the shim"
	same "front of $back: results" plain shimmed
	"$bin/blas_all" expect "$bin/libblas_front.so" >expected
	ops | grep -v '^  [cs]' >found
	same "front of $back: operations" expected found
	holds "front of $back: calls" 4 '^cblas_s' found
done

# LAPACK's routines are the parents of their BLAS calls, which are all within them.
for library in lapack/liblapack.so.3 openblas-pthread/libopenblas.so.0 atlas/liblapack.so.3; do
	[ -f "$libs/$library" ] || { bad "there is no $libs/$library (scripts/deps)"; continue; }
	"$bin/lapack" "$libs/$library" >plain || bad "$library: fails without the shim"
	shim "$bin/lapack" "$libs/$library" >shimmed || bad "$library: fails under the shim"
	same "$library: results" plain shimmed
	grep -qv ' 0$' plain && bad "$library: a routine refused its arguments"
	ops >all || bad "$library: the trace is not whole"
	cut -d' ' -f1 plain >expected
	grep -v '^ ' all | cut -d' ' -f1 >found
	same "$library: operations" expected found
	[ "$(grep -c '^ ' all)" -ge 500 ] || bad "$library: only $(grep -c '^ ' all) calls inside"
	grep -qx 'dgelsd_ other 9 7 3' all || bad "$library: dgelsd_ has other sizes"
done
"$build/bin/proftrace" export trace.bin -o list.jsonl
holds "flops of dgesv" 1 '"name": "dgesv_".*"n": 7, "k": 3, "lda": 12, "flops": 522' list.jsonl
PROFSHIM_FAMILIES=-lapack shim "$bin/lapack" "$libs/lapack/liblapack.so.3" >shimmed
ops | grep -q 'other' && bad "the family cannot be switched off"
finish
