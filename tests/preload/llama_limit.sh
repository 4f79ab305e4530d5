#!/bin/bash
# llama_limit.sh: a long run in a trace of limited size, whole and killed, and what was predicted of it.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/llama_common.sh"
PATH=$build/bin:$PATH

# Little to compute and many operations: a step fills the trace with as much as a real model's.
limit=1048576
steps=1500
export PROFSHIM_COUNTERS=none
gguf_gen --layers 24 --embd 32 --heads 2 --kv-heads 2 --ff 32 --vocab 260 --type F32 deep.gguf >gen.out || bad "no model"
export PROFSHIM_MAX_SIZE=

# predicted NAME: a figure of estimate.csv.
predicted() { sed -n "s/^$1,\([^,]*\),.*/\1/p" estimate.csv | tail -1; }
# between WHAT LEAST FOUND MOST: with a tenth more on either side for times that differ between two runs.
between() {
	awk -v a="$2" -v x="$3" -v b="$4" 'BEGIN { exit !(x > 0.9 * a && x < 1.1 * b) }' || bad "$1: found $3, predicted $2 to $4"
}
# each_step TRACE: its steps with their numbers of operations.
each_step() { proftrace stats "$1" --by step --format csv | tail -n +2 | cut -d, -f1,2 | sort -n; }
# whole WHAT TRACE LAST: all its steps have all operations, the newest is there and the first is not.
whole() {
	each_step "$2" >steps.csv || bad "$1: no statistics"
	awk -F, -v per="$operations" -v last="$3" '
		NR > 1 && $1 != before + 1 { print "step", $1, "follows", before }
		$2 != per && (last != "" || NR < n) { print "step", $1, "has", $2, "operations of", per }
		{ before = $1 }
		END { if (NR < 20) print "only", NR, "steps"; if (last != "" && before != last) print "ends at step", before }
	' n="$(wc -l <steps.csv)" steps.csv >wrong
	[ ! -s wrong ] || bad "$1: $(head -3 wrong)"
	grep -q '^0,' steps.csv && bad "$1: the first step is there"
	[ "$(stat -c %s "$2")" -le $limit ] || bad "$1: has $(stat -c %s "$2") bytes"
}
# limited SHORT STEPS OPTIONS...: a run of SHORT steps, a limited one of STEPS; what was predicted and kept of it.
limited() {
	local short=$1 n=$2
	shift 2
	shim "$llama_run" --predict "$short" "$@" deep.gguf >/dev/null 2>shim.err || bad "no short run: $(tail -1 shim.err)"
	operations=$(each_step trace.bin | sed -n 's/^50,//p')
	proftrace estimate --format csv --steps "$n" --max-size 1M trace.bin >estimate.csv || bad "no estimate"
	mv trace.bin short.bin
	PROFSHIM_MAX_SIZE=1M shim "$llama_run" --predict "$n" "$@" deep.gguf >/dev/null 2>shim.err ||
		bad "fails under the shim: $(tail -1 shim.err)"
	whole "$*" trace.bin $((n - 1))
	proftrace check trace.bin >check.out || bad "$*: not sound: $(cat check.out)"
	holds "$*: check says what was given up" 1 'the first [0-9]+ records were given up' check.out
	between "$*: steps that 1M keeps" "$(predicted 'kept at least')" "$(wc -l <steps.csv)" "$(predicted 'kept at most')"
}

limited 100 330 --threads 2
limited 300 $steps --threads 1
profreplay trace.bin --arch PIM-AI-1chip --format json >replay.out || bad "no replay"
holds "replay has decode alone" 1 '"prompt_tokens": 0' replay.out
proftrace check --recover -o again.bin trace.bin >/dev/null || bad "not recovered"
proftrace dump trace.bin >ops.out
proftrace dump again.bin | cmp -s - ops.out || bad "what was recovered has other operations"

# The same without a limit has the size that the short run told.
proftrace estimate --format csv --steps $steps short.bin >estimate.csv || bad "no estimate"
shim "$llama_run" --predict $steps deep.gguf >/dev/null 2>&1 || bad "no long run"
between "MiB of the long run" "$(predicted size)" "$(awk -v b="$(stat -c %s trace.bin)" 'BEGIN { print b / 1048576 }')" "$(predicted size)"

# More threads than there are chunks: the program runs on, and what was recorded is sound.
"$llama_run" --parallel 20 --predict 20 deep.gguf >plain.out
PROFSHIM_MAX_SIZE=1M shim "$llama_run" --parallel 20 --predict 20 deep.gguf >shim.out 2>shim.err || bad "20 threads: fails"
same "20 threads: output" plain.out shim.out
holds "20 threads: recording stops" 1 'recording stops: .*open chunks alone take' shim.err
proftrace check trace.bin >check.out || bad "20 threads: not sound: $(cat check.out)"
holds "20 threads: check says why" 1 'recording stopped early' check.out

# Killed at many moments.
export PROFSHIM_MAX_SIZE=1M
for round in 1 2; do
	rm -f trace.bin
	LD_PRELOAD=$lib "$llama_run" --predict 20000 --ctx 20100 deep.gguf >/dev/null 2>&1 &
	victim=$!
	for _ in $(seq 2000); do
		[ "$(stat -c %s trace.bin 2>/dev/null || echo 0)" -ge $limit ] && break
		sleep 0.05
	done
	sleep 0.0$((round * 7 % 10))$round
	kill -KILL $victim
	wait $victim 2>/dev/null
	proftrace check trace.bin >check.out || bad "killed: not sound: $(cat check.out)"
	[ "$(stat -c %s trace.bin)" -le $limit ] || bad "killed: the trace has $(stat -c %s trace.bin) bytes"
	grep -q 'were given up' check.out && whole "killed" trace.bin ""
done
finish
