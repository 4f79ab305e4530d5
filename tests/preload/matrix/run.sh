#!/bin/bash
# run.sh: one situation of the matrix, without the shim and with it: the program
# must not notice, and the trace must be what the program did.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: run.sh BUILD SITUATION
# MATRIX_RUN_UNDER: what to run the shimmed program under, "valgrind" or nothing.
# MATRIX_RUN_FEWER: what to divide numbers of operations, threads and children by, where code is watched.
# MATRIX_RUN_LIMIT: seconds after which a program hangs; it is told where then.
# situations.txt says how each is run; the functions it uses are here and in ways.sh.
here=$(cd "$(dirname "$0")" && pwd)
build=$1
name=$2
root=$(cd "$here/../../.." && pwd)
bin=$build/tests/preload/matrix
lib=$build/lib/libprofshim.so
check=$bin/matrix_check
failures=0
work=$(mktemp -d)
# A child of this shell may still have the trap when it is killed at once.
trap '[ "$BASHPID" != $$ ] || { cleanup; rm -rf "$work"; }' EXIT
cleanup() { :; }
cd "$work" || exit 1
[ -f "$lib" ] || { echo "$lib: not built"; exit 1; }
under=${MATRIX_RUN_UNDER-}
limit=${MATRIX_RUN_LIMIT:-60}
fewer=${MATRIX_RUN_FEWER:-1}
unset "${!PROFSHIM_@}" "${!MATRIX_@}" LD_PRELOAD
export MATRIX_FEWER=$fewer

bad() {
	echo "$name: $*"
	failures=$((failures + 1))
}

# The sanitizer's own library must come first, where there is one. Faults are left to the program, whose
# end by them is compared; leaks are not looked for, as the shim takes no memory of malloc.
preload=$lib
sanitizer=$(ldd "$bin/matrix_threads" | grep -oE '/[^ ]*lib(asan|tsan)\.so[^ ]*' | head -1)
[ -z "$sanitizer" ] || preload=$sanitizer:$lib
sanitizer_options() { # sanitizer_options FOLDER: reports go there
	local common=log_path=$1/report:handle_segv=0:handle_sigbus=0:handle_abort=0:use_sigaltstack=0
	mkdir -p "$1"
	chmod 777 "$1"
	export ASAN_OPTIONS=$common:detect_leaks=0:verify_asan_link_order=0
	export VALGRIND_OPTS="-q --vgdb=no --run-libc-freeres=no --trace-children=yes --fair-sched=try --log-file=$1/report.%p \
--suppressions=$root/tests/valgrind.supp"
	export UBSAN_OPTIONS=$common:print_stacktrace=1 TSAN_OPTIONS=$common:exitcode=0:report_thread_leaks=0:report_signal_unsafe=0:suppressions=$here/tsan.supp
}

new_ledger() {
	rm -f "$1"
	truncate -s 8M "$1"
	chmod 666 "$1"
	export MATRIX_LEDGER=$1
}

# ---- a program that hangs ----

# The processes of this run: those that know its ledger, and all that this shell began.
processes() {
	local known all pid parent
	mapfile -t known < <(grep -lsaF "MATRIX_LEDGER=$work/" /proc/[0-9]*/environ | cut -d/ -f3)
	mapfile -t all < <(ps -e -o pid=,ppid=)
	for ((i = 0; i < ${#all[@]}; i++)); do
		read -r pid parent <<<"${all[i]}"
		case " $$ ${known[*]} " in *" $parent "*) known+=("$pid") ;; esac
	done
	for pid in "${known[@]}"; do
		case $(readlink "/proc/$pid/exe") in */bash | */ps | */grep | */cut | "") ;; *) echo "$pid" ;; esac
	done | sort -nu
}

# Which thread waits where.
tell_hang() {
	local pid
	echo "$name: the program did not end within $1 s"
	for pid in $(processes); do
		echo "process $pid, $(tr '\0' ' ' <"/proc/$pid/cmdline")"
		grep -H . /proc/"$pid"/task/*/{wchan,syscall} 2>/dev/null
		gdb -p "$pid" -batch -ex "thread apply all backtrace 12" 2>/dev/null | grep -E '^(Thread|#)'
		kill -KILL "$pid"
	done
}

# A builtin that waits, so that no process is left when it is killed.
watch_over() {
	exec {never}<> <(:)
	read -r -t "$1" -u "$never" || tell_hang "$1" >"$work/hang" 2>&1
}

# plain FOLDER COMMAND...: run it there, keeping stdout, stderr and status; a
# function named `before` runs in its shell first, with the folder as its argument.
before() { :; }
attempt() {
	local folder=$work/$1 watcher
	shift
	mkdir -p "$folder/cwd"
	new_ledger "$folder/ledger"
	watch_over "$limit" &
	watcher=$!
	(
		cd "$folder/cwd" || exit 1
		sanitizer_options "$folder/reports"
		before "$folder/cwd"
		exec "$@"
	) >"$folder/out" 2>"$folder/err" </dev/null
	echo $? >"$folder/status"
	if [ ! -e "$work/hang" ]; then
		kill "$watcher"
		wait "$watcher" 2>/dev/null
	else
		wait "$watcher"
		bad "$(cat "$work/hang")"
		rm "$work/hang"
	fi
}

# What the program must not notice. Where $note is set, lines of ours on standard
# error are expected, each of which matches it; $note_optional: or none.
note=
note_optional=
compare() {
	local what
	if [ -n "$note" ]; then
		grep '^libprofshim: ' shim/err >shim/notes
		sed -i '/^libprofshim: /d' shim/err
		[ -s shim/notes ] || [ -n "$note_optional" ] || bad "nothing on stderr tells: $note"
		grep -vE -- "$note" shim/notes && bad "not what stderr was to tell: $note"
	fi
	for what in out err status; do
		cmp -s "plain/$what" "shim/$what" && continue
		bad "$what differs:"
		diff "plain/$what" "shim/$what" | head -15
	done
}

# What a sanitizer found, under the shim or in the program by itself; without valgrind's remarks on
# system calls that it does not know, on the overflow that is the situation `stack_ends`, and on how
# the program ended, which is compared.
reports() {
	local report found
	for report in "$work"/*/reports/*; do
		[ -s "$report" ] || continue
		found=$(sed -E '/^==[0-9]+== Process terminating/,$d; /^--[0-9]+-- /d; /Stack overflow in thread #1/d; /^==[0-9]+== *$/d' "$report")
		[ -z "$found" ] || bad "a sanitizer found: $(head -c 6000 <<<"$found")"
	done
}

traces() {
	mapfile -t found < <(find "$work/shim" -name '*.bin' -type f | sort)
}

# The command, plain and under the shim, and its traces against its ledger. Both
# run under $wrap, with the preload libraries $ahead of ours and $behind it.
wrap=
ahead=
behind=
both() {
	local program=${program_folder:-$bin}/matrix_$1 ours=$ahead${ahead:+:}$preload${behind:+:}$behind
	local theirs=$ahead$behind
	shift
	attempt plain $wrap env ${theirs:+LD_PRELOAD="$theirs"} "$program" "$@"
	attempt shim $wrap env LD_PRELOAD="$ours" MATRIX_SHIM="$ours" $under "$program" "$@"
	compare
	reports
	traces
	"$check" "$work/shim/ledger" "${found[@]}" || bad "the traces are not what was done"
	case $(cat shim/status) in
	98 | 99 | 126 | 127 | 2) bad "the situation did not come about: $(cat shim/err)" ;;
	esac
}

. "$here/ways.sh"
how=$(awk -F ' [|] ' -v name="$name" '$1 == name { print $2 }' "$here/situations.txt")
[ -n "$how" ] || { echo "$name: there is no such situation"; exit 1; }
eval "$how"
[ $failures = 0 ] || { echo "$failures failures"; exit 1; }
