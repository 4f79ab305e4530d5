#!/bin/bash
# linked.sh: every manner of linking is hooked.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
printf 'cblas_sgemm gemm 2 2 3\ndgemm_ gemm 2 2 3\n' >expected
[ $# -ge 7 ] || bad "only $# variants"
for variant; do
	"$bin/$variant" >plain || bad "$variant fails"
	shim "$bin/$variant" >shimmed || bad "$variant fails under the shim"
	same "$variant: output" plain shimmed
	ops >found || bad "$variant: the trace is not whole"
	same "$variant: operations" expected found
done
finish
