#!/bin/bash
# plain_llama.sh: functions inside one executable are the operations of its shape,
# however it was compiled; what the compiler left no call of is told.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
tools=$build/bin
hooks=$src/examples/plain_llama.hooks.yaml
[ $# -ge 7 ] || bad "only $# variants"

# Functions that are hooked in vain.
gone() {
	"$tools/profrun" --hooks "$hooks" --list-hooks --format csv "$bin/$1" |
		awk -F, 'NR > 1 && $6 == 0 { print $1 }'
}

for variant; do
	"$bin/$variant" 3 4 >plain || bad "$variant fails"
	PROFSHIM_HOOKS=$hooks shim "$bin/$variant" 3 4 >shimmed || bad "$variant fails under the shim"
	[ -s plain ] || bad "$variant says nothing"
	same "$variant: output" plain shimmed
	mapfile -t left_out < <(gone "$variant")
	case $variant in
	*_O0_*) [ ${#left_out[@]} = 0 ] || bad "$variant: without optimization there are no calls of ${left_out[*]}" ;;
	esac
	[ ${#left_out[@]} -lt 6 ] || bad "$variant: no function is hooked"
	"$tools/proftrace" export trace.bin >list.jsonl || bad "$variant: the trace can't be read"
	python3 "$src/tests/preload/plain_llama.py" 3 4 "${left_out[@]}" <list.jsonl || bad "$variant: see above"
	for arch in PIM-AI-1chip H100; do
		"$tools/profreplay" trace.bin --arch $arch >replay || bad "$variant: no replay on $arch"
		grep -q "$arch" replay || bad "$variant: the replay says nothing of $arch"
	done
done

# Beside the program, without a word.
cp "$bin/plain_O0_pie" copy
cp "$hooks" copy.hooks.yaml
shim ./copy >shimmed
ops | grep -q '^matmul linear' || bad "the file beside the program is not found"
PROFSHIM_HOOKS=none shim ./copy >shimmed
[ ! -e trace.bin ] || bad "PROFSHIM_HOOKS=none takes the file beside the program"
finish
