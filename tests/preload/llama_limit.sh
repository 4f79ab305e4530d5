#!/bin/bash
# llama_limit.sh: a long run in a trace of limited size, whole and killed.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/llama_common.sh"

limit=1048576
model tiny Q4_0
export PROFSHIM_MAX_SIZE=1M PROFSHIM_COUNTERS=none

# whole WHAT: every step in ops.out has its operations, and none is the first.
whole() {
	local begun ended
	begun=$(grep -c '"op": "embedding"' ops.out)
	ended=$(grep -c '"context": "lm_head"' ops.out)
	[ "$begun" -gt 100 ] || bad "$1: only $begun steps are left"
	[ $((begun - ended)) -le "$2" ] && [ "$begun" -ge "$ended" ] || bad "$1: $begun steps begun and $ended ended"
	holds "$1: prefill is gone" 0 '"phase": "prefill"' ops.out
}

shim "$llama_run" --predict 7600 --ctx 7700 tiny-Q4_0.gguf >/dev/null 2>shim.err || bad "fails under the shim: $(tail -1 shim.err)"
[ "$(stat -c %s trace.bin)" -le $limit ] || bad "the trace has $(stat -c %s trace.bin) bytes"
"$build/bin/proftrace" check trace.bin >check.out || bad "not sound: $(cat check.out)"
holds "check says what was given up" 1 'the first [0-9]+ records were given up' check.out
"$build/bin/proftrace" export trace.bin >ops.out || bad "no export"
whole "whole run" 0
holds "the last step" 1 '"context": "lm_head".*"step": 7599,' ops.out
"$build/bin/profreplay" trace.bin --arch PIM-AI-1chip --format json >replay.out || bad "no replay"
holds "replay has decode alone" 1 '"prompt_tokens": 0' replay.out
"$build/bin/proftrace" check --recover -o again.bin trace.bin >/dev/null || bad "not recovered"
"$build/bin/proftrace" export again.bin >again.out || bad "what was recovered does not open"
cmp -s ops.out again.out || bad "what was recovered has other operations"

# What proftrace estimate makes of a short run, and what is there.
kept=$(grep -c '"op": "embedding"' ops.out)
PROFSHIM_MAX_SIZE= shim "$llama_run" --predict 100 tiny-Q4_0.gguf >/dev/null 2>&1 || bad "no short run"
"$build/bin/proftrace" estimate --format csv --steps 7600 --max-size 1M trace.bin >estimate.csv || bad "no estimate"
predicted=$(sed -n 's/^kept of it,\([^,]*\),steps.*/\1/p' estimate.csv)
awk -v p="$predicted" -v k="$kept" 'BEGIN { exit !(p > 0.8 * k && p < 1.25 * k) }' ||
	bad "a limit of 1M: predicted $predicted steps, kept are $kept"

# Killed at many moments; watched while it runs.
for round in 1 2; do
	rm -f trace.bin
	LD_PRELOAD=$lib "$llama_run" --predict 100000 --ctx 100016 tiny-Q4_0.gguf >/dev/null 2>&1 &
	victim=$!
	for _ in $(seq 2000); do
		[ "$(stat -c %s trace.bin 2>/dev/null || echo 0)" -ge $limit ] && break
		sleep 0.05
	done
	sleep 0.0$((round * 7 % 10))$round
	[ "$(stat -c %s trace.bin)" -le $limit ] || bad "the trace has $(stat -c %s trace.bin) bytes"
	kill -KILL $victim
	wait $victim 2>/dev/null
	"$build/bin/proftrace" check trace.bin >check.out || bad "killed: not sound: $(cat check.out)"
done
"$build/bin/proftrace" export trace.bin >ops.out || bad "killed: no export"
grep -q '"step": 0,' ops.out || whole "killed" 1
finish
