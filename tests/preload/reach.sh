#!/bin/bash
# reach.sh: what is recorded of a product, in each way that leads to it (reach.txt).
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
n=0
while read -r way library program seen; do
	case $library in
	reach_*) path=$bin/lib$library.so ;;
	*) path=$library ;;
	esac
	symbol=cblas_sgemm
	[ "$library" = reach_renamed ] && symbol=scipy_cblas_sgemm64_
	name="$program, $way, $library"
	"$bin/$program" "$way" "$path" "$symbol" >plain || bad "$name: fails without the shim"
	shim "$bin/$program" "$way" "$path" "$symbol" >shimmed || bad "$name: fails under the shim"
	same "$name: output" plain shimmed
	found=no
	[ -f trace.bin ] && ops >operations && [ "$(cat operations)" = 'cblas_sgemm gemm 2 2 3' ] && found=yes
	[ "$found" = "$seen" ] || bad "$name: recorded: $found, not $seen"
	n=$((n + 1))
done < <(grep -v '^#' "$src/tests/preload/reach.txt")
[ $n -ge 18 ] || bad "only $n ways"
finish
