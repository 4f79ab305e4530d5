#!/bin/bash
# blas_all.sh: every BLAS routine of OpenBLAS gives the same bits with and without
# the shim, and each call is in the trace with its kind and sizes.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
"$bin/blas_all" >plain || bad "blas_all fails without the shim"
shim "$bin/blas_all" >shimmed || bad "blas_all fails under the shim"
[ "$(wc -l <plain)" -ge 700 ] || bad "only $(wc -l <plain) calls were made"
grep -q 'illegal value' plain && bad "a routine refused its arguments"
same "results" plain shimmed
"$bin/blas_all" expect >expected
ops >found || bad "the trace is not whole"
same "operations" expected found
finish
