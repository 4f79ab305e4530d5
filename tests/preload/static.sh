#!/bin/bash
# static.sh: programs that are linked statically run as without profrun, and are recorded.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
tools=$build/bin
llama_hooks=$src/examples/plain_llama.hooks.yaml
echo 'scale(x, n, by): {op: scale, input: [n]}' >scale.yaml
ulimit -c 0

# run HOOKS COMMAND...: with and without; the same output and status. Says what profrun says.
run() {
	local hooks=$1 before after
	shift
	rm -rf trace*.bin trace.d
	timeout 60 "$@" >plain
	before=$?
	timeout 60 "$tools/profrun" --hooks "$hooks" -o trace.bin -- "$@" >shimmed 2>said
	after=$?
	[ $before = $after ] || bad "$*: ends with $after, not $before: $(cat said)"
	[ -s plain ] || bad "$*: says nothing"
	same "$*: output" plain shimmed
} 2>/dev/null # bash tells of programs that were killed

# recorded WHAT NUMBERS: the operations of every trace, sorted.
recorded() {
	local found all=(trace.d/*.bin)
	[ -d trace.d ] || all=(trace*.bin)
	found=$(for t in "${all[@]}"; do "$tools/proftrace" export "$t" | grep -c '"op": "scale"'; done | sort -n | xargs)
	[ "$found" = "$2" ] || bad "$1: the traces hold $found operations, not $2: $(cat said)"
}

for program in static_cases static_cases_pie; do
	while read -r case expected; do
		run scale.yaml "$bin/$program" "$case"
		recorded "$program $case" "$expected"
	done <<-'CASES'
		plain 10
		threads 420
		forks 5 7 420
		forks_in_thread 6 7 420
		memory 200
		killed 4
		spawns 2
		execs 4
		exit_in_thread 2
	CASES
	run scale.yaml "$bin/$program" signals
	n=$("$tools/proftrace" export trace.bin | grep -c '"op": "scale"')
	[ "$n" -gt 200 ] || bad "$program signals: only $n operations"
done
for program in static_throws static_throws_pie; do
	run scale.yaml "$bin/$program"
	recorded $program 50
done

# The trace's end is written, however the program ends by itself.
run scale.yaml "$bin/static_cases" plain
"$tools/proftrace" info trace.bin >info
grep -q '^file .*, complete$' info || bad "plain: the trace has no end: $(cat info)"

# The list computed by hand, from the entry's call sites too; and two replays.
for program in plain_static plain_static_pie plain_static_stripped; do
	run "$llama_hooks" "$bin/$program" 3 4
	mapfile -t left_out < <("$tools/profrun" --hooks "$llama_hooks" --list-hooks --format csv "$bin/$program" |
		awk -F, 'NR > 1 && $6 == 0 { print $1 }')
	"$tools/proftrace" export trace.bin >list.jsonl || bad "$program: the trace can't be read"
	/usr/bin/env python3 "$src/tests/preload/plain_llama.py" 3 4 "${left_out[@]}" <list.jsonl || bad "$program: see above"
	site="forward \\($bin/$program\\+0x[0-9a-f]+\\)"
	grep -qE "\"callsite\": \[\"$site\", \"" list.jsonl || bad "$program: no call site in forward"
	for arch in PIM-AI-1chip H100; do
		"$tools/profreplay" trace.bin --arch $arch >replay || bad "$program: no replay on $arch"
		grep -q "$arch" replay || bad "$program: the replay says nothing of $arch"
	done
done

# BLAS inside of it, without a file of hooks.
run none "$bin/reach_static"
[ "$(ops)" = "cblas_sgemm gemm 2 2 3" ] || bad "reach_static: recorded is $(ops)"
"$tools/profrun" --list-hooks --format csv -- "$bin/reach_static" >listed
grep -qE '^cblas_sgemm,reach_static,0x[0-9a-f]+,blas,"built in, entry"' listed || bad "not listed: $(cat listed)"

# A signal that comes while the shim is brought in ends the program afterwards.
for try in 1 2 3; do
	"$tools/profrun" --hooks scale.yaml -o trace.bin -- "$bin/static_cases" waits >shimmed 2>said &
	child='' name=''
	until [ "$name" = "$bin/static_cases" ] || ! kill -0 $!; do
		read -r child <"/proc/$!/task/$!/children" # the line has no end
		[ -n "$child" ] && read -r -d '' name <"/proc/${child% }/cmdline"
	done
	kill -TERM "$child"
	wait $!
	status=$?
	[ $status = 143 ] || bad "a signal during the injection, try $try: ends with $status: $(cat said)"
done 2>/dev/null

# Where it is forbidden, the program runs all the same, and a line says why.
rm -f trace*.bin
"$bin/refuse_ptrace" "$tools/profrun" --hooks scale.yaml -- "$bin/static_cases" plain >shimmed 2>said
[ $? = 3 ] || bad "refused: another status"
echo plain | cmp -s - shimmed || bad "refused: another output: $(cat shimmed)"
grep -qx "profrun: warning: $bin/static_cases is not recorded: it is linked statically, so no library can be loaded before it, and ptrace(2) is refused: Operation not permitted" said || bad "refused: $(cat said)"
[ ! -e trace.bin ] || bad "refused: there is a trace"
cp "$lib" . && "$tools/profrun" --library libprofshim.so -- "$bin/static_cases" plain >shimmed 2>said
[ $? = 3 ] || bad "without the carrier: another status"
grep -q "profshim-carrier: No such file" said || bad "without the carrier: $(cat said)"
finish
