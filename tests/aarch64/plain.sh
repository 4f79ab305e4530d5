#!/bin/bash
# plain.sh: functions inside an executable of aarch64, taken over at their entries, are the
# operations of its shape, and this machine reads and replays the trace.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/../preload/common.sh"
hooks=$src/examples/plain_llama.hooks.yaml
[ $# -ge 6 ] || bad "only $# variants"
for variant; do
	"$bin/$variant" 3 4 >plain || bad "$variant fails"
	[ -s plain ] || bad "$variant says nothing"
	PROFSHIM_HOOKS=$hooks shim "$bin/$variant" 3 4 >shimmed 2>errors || bad "$variant fails under the shim"
	same "$variant: output" plain shimmed
	[ ! -s errors ] || bad "$variant: $(cat errors)"
	"$build/bin/proftrace" info trace.bin >info || bad "$variant: the trace cannot be read"
	grep -qE '^clock +virtual counter' info || bad "$variant: the clock is not the CPU's own: $(grep ^clock info)"
	mapfile -t gone < <(sed -n 's/.*: \([a-z]*\) is hooked in vain: no call of it is left: it is inlined.*/\1/p' info)
	case $variant in
	*_O0_*) [ ${#gone[@]} = 0 ] || bad "$variant: there are no calls of ${gone[*]}" ;;
	*) [ ${#gone[@]} -lt 4 ] || bad "$variant: there are no calls of ${gone[*]}" ;;
	esac
	"$build/bin/proftrace" export trace.bin >list.jsonl
	/usr/bin/env python3 -S "$src/tests/preload/plain_llama.py" 3 4 "${gone[@]}" <list.jsonl || bad "$variant: see above"
	"$build/bin/profreplay" trace.bin --arch PIM-AI-1chip >replay || bad "$variant: no replay"
	grep -q PIM-AI-1chip replay || bad "$variant: the replay says nothing: $(cat replay)"
done
finish
