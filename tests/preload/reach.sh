#!/bin/bash
# reach.sh: what is recorded of a product, in each way that leads to it (reach.txt).
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
export PROFSHIM_VERBOSE=2
cat >own.yaml <<'YAML'
"scipy_*": {like: "*", in: "libreach_*"}
cblas_sgemm: {like: cblas_sgemm, in: "libreach_functions*"}
YAML

# How the product is recorded, by what the shim says on standard error.
recorded_by() {
	[ -f trace.bin ] && ops >operations || { echo no; return; }
	if [ "$(grep -v '^ ' operations)" != "$symbol gemm 2 2 3" ]; then # BLIS has a child
		echo "something else: $(cat operations)"
	elif [ "$hooks" != none ]; then
		echo file
	elif grep -q 'cblas_sgemm.* is taken over at its slot' said; then
		echo slot
	elif grep -q 'cblas_sgemm is taken over where its address is asked for' said; then
		echo pointer
	elif grep -q 'cblas_sgemm in the middle of .* is taken over at its entry' said; then
		echo entry
	else
		echo name
	fi
}

"$build/bin/profrun" --list-hooks --format csv -- "$bin/reach_inside" >listed
grep -qE '^cblas_sgemm,reach_inside,0x[0-9a-f]+,blas,"built in, entry",1,,' listed || bad "not listed: $(cat listed)"

n=0
while read -r way library program by; do
	case $library in
	reach_*) path=$bin/lib$library.so ;;
	*) path=$library ;;
	esac
	symbol=cblas_sgemm
	hooks=none
	[ "$library" = reach_renamed ] && symbol=scipy_cblas_sgemm64_
	[ "$by" = file ] && hooks=$work/own.yaml
	name="$program, $way, $library"
	"$bin/$program" "$way" "$path" "$symbol" >plain || bad "$name: fails without the shim"
	PROFSHIM_HOOKS=$hooks shim "$bin/$program" "$way" "$path" "$symbol" >shimmed 2>said ||
		bad "$name: fails under the shim"
	same "$name: output" plain shimmed
	found=$(recorded_by)
	[ "$found" = "$by" ] || { bad "$name: recorded by: $found, not $by"; tail -5 said; }
	n=$((n + 1))
done < <(grep -v '^#' "$src/tests/preload/reach.txt")
[ $n -ge 32 ] || bad "only $n ways"
finish
