#!/bin/bash
# llama_switch.sh: recording some steps of llama.cpp, and switching it by a signal.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/llama_common.sh"

model tiny Q4_0

# steps_are WHAT NUMBERS...: the trace is whole and has exactly these steps.
steps_are() {
	local what=$1
	shift
	"$build/bin/proftrace" check trace.bin >check.out || bad "$what: $(cat check.out)"
	"$build/bin/proftrace" export trace.bin >ops.out || bad "$what: no export"
	grep '"op": "embedding"' ops.out | grep -oE '"step": [0-9]+' | grep -oE '[0-9]+' | tr '\n' ' ' >steps.out
	[ "$(cat steps.out)" = "$* " ] || bad "$what: steps are $(cat steps.out)"
}

for threads in 1 2; do
	export PROFSHIM_RECORD=steps:3-5,steps:8-
	run_both "some steps, $threads threads" tiny-Q4_0.gguf --predict 10 --threads $threads
	steps_are "some steps, $threads threads" 3 4 5 8 9
	holds "prefill was not recorded" 0 '"phase": "prefill"' ops.out
	[ $threads = 1 ] || holds "operations without all of their slices" 0 '"op": "linear".*"thread": [0-9]+}' ops.out
	[ "$(grep -c '"op": "linear"' ops.out)" = $((5 * 15)) ] || bad "not 15 products a step"
done
export PROFSHIM_RECORD=steps:0
run_both "the first step" tiny-Q4_0.gguf --predict 4
steps_are "the first step" 0
holds "it is prefill" 45 '"phase": "prefill"' ops.out
"$build/bin/proftrace" info trace.bin >info.out
left='3 steps and [0-9]+ operations of the program were left out as asked \(switch, filters\)'
holds "what was left out" 1 "^missing +$left\$" info.out
"$build/bin/proftrace" stats trace.bin >stats.out
holds "statistics tell it" 1 "^not in the trace: $left\$" stats.out
"$build/bin/profreplay" trace.bin --arch PIM-AI-1chip >replay.out
holds "the replay tells it" 1 "^note: $left\$" replay.out
"$build/bin/proftrace" check --recover -o again.bin trace.bin >again.out
"$build/bin/proftrace" check again.bin >again.out
holds "what was recovered tells it" 1 "; $left\$" again.out
export PROFSHIM_RECORD=region:nowhere
run_both "no region" tiny-Q4_0.gguf --predict 4
[ ! -e trace.bin ] || bad "there is a trace of a region that is never open"

# Off until the signal, then on; the program runs on as if there were none.
export PROFSHIM_RECORD=signal:USR2
rm -f trace.bin
LD_PRELOAD=$lib "$llama_run" --predict 100000 --ctx 100016 tiny-Q4_0.gguf >/dev/null 2>signal.err &
victim=$!
for _ in $(seq 100); do
	grep -q llama_run /proc/$victim/cmdline && grep -q libllama /proc/$victim/maps && break
	sleep 0.05
done
sleep 0.5
[ ! -e trace.bin ] || bad "recorded before the signal"
kill -USR2 $victim
for _ in $(seq 100); do
	[ -e trace.bin ] && break
	sleep 0.05
done
kill -USR2 $victim
sleep 0.2
first=$("$build/bin/proftrace" info --format json trace.bin | grep -oE '"operations": [0-9]+')
sleep 0.3
second=$("$build/bin/proftrace" info --format json trace.bin | grep -oE '"operations": [0-9]+')
[ "$first" = "$second" ] || bad "recorded after the second signal: $first, then $second"
[ "$first" != '"operations": 0' ] || bad "nothing recorded between the signals"
kill -0 $victim || bad "the program is gone: $(cat signal.err)"
kill -KILL $victim
wait $victim 2>/dev/null
finish
