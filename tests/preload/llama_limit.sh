#!/bin/bash
# llama_limit.sh: a long run in a trace of limited size, whole and killed.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/llama_common.sh"

limit=1048576
model tiny Q4_0
export PROFSHIM_MAX_SIZE=1M

# whole WHAT: every step in ops.out has its operations, and none is the first.
whole() {
	local begun ended
	begun=$(grep -c '"op": "embedding"' ops.out)
	ended=$(grep -c '"context": "lm_head"' ops.out)
	[ "$begun" -gt 100 ] || bad "$1: only $begun steps are left"
	[ $((begun - ended)) -le "$2" ] && [ "$begun" -ge "$ended" ] || bad "$1: $begun steps begun and $ended ended"
	holds "$1: prefill is gone" 0 '"phase": "prefill"' ops.out
}

run_both "limit" tiny-Q4_0.gguf --predict 2600 --ctx 2700 --threads 2
[ "$(stat -c %s trace.bin)" -le $limit ] || bad "the trace has $(stat -c %s trace.bin) bytes"
"$build/bin/proftrace" check trace.bin >check.out || bad "not sound: $(cat check.out)"
holds "check says what was given up" 1 'the first [0-9]+ records were given up' check.out
"$build/bin/proftrace" export trace.bin >ops.out || bad "no export"
whole "whole run" 0
holds "the last step" 1 '"context": "lm_head".*"step": 2599,' ops.out
holds "operations without all of their slices" 0 '"op": "linear".*"thread": [0-9]+}' ops.out
"$build/bin/profreplay" trace.bin --arch PIM-AI-1chip --format json >replay.out || bad "no replay"
holds "replay has decode alone" 1 '"prompt_tokens": 0' replay.out
"$build/bin/proftrace" check --recover -o again.bin trace.bin >/dev/null || bad "not recovered"
"$build/bin/proftrace" export again.bin >again.out || bad "what was recovered does not open"
cmp -s ops.out again.out || bad "what was recovered has other operations"

# Killed at many moments; watched while it runs.
for round in 1 2 3 4; do
	rm -f trace.bin
	LD_PRELOAD=$lib "$llama_run" --predict 100000 --ctx 100016 --threads 2 tiny-Q4_0.gguf >/dev/null 2>&1 &
	victim=$!
	for _ in $(seq 100); do
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
