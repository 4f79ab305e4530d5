#!/bin/bash
# run.sh: one situation of the matrix, without the shim and with it: the program
# must not notice, and the trace must be what the program did.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: run.sh BUILD SITUATION
# MATRIX_UNDER: what to run the shimmed program under, "valgrind" or nothing.
# situations.txt says how each is run; the functions it uses are here and in ways.sh.
here=$(cd "$(dirname "$0")" && pwd)
build=$1
name=$2
bin=$build/tests/preload/matrix
lib=$build/lib/libprofshim.so
check=$bin/matrix_check
failures=0
work=$(mktemp -d)
trap 'cleanup; rm -rf "$work"' EXIT
cleanup() { :; }
cd "$work" || exit 1
[ -f "$lib" ] || { echo "$lib: not built"; exit 1; }
unset "${!PROFSHIM_@}" "${!MATRIX_@}"
under=${MATRIX_RUN_UNDER-}

bad() {
	echo "$name: $*"
	failures=$((failures + 1))
}

# The sanitizer's own library must come first, where there is one.
preload=$lib
sanitizer=$(ldd "$bin/matrix_threads" | grep -oE '/[^ ]*lib(asan|tsan)\.so[^ ]*' | head -1)
[ -z "$sanitizer" ] || preload=$sanitizer:$lib

new_ledger() {
	rm -f "$1"
	truncate -s 8M "$1"
	export MATRIX_LEDGER=$1
}

# plain FOLDER COMMAND...: run it there, keeping stdout, stderr and status; a
# function named `before` runs in its shell first, with the folder as its argument.
before() { :; }
attempt() {
	local folder=$work/$1
	shift
	mkdir -p "$folder/cwd"
	new_ledger "$folder/ledger"
	(
		cd "$folder/cwd" || exit 1
		before "$folder/cwd"
		exec "$@"
	) >"$folder/out" 2>"$folder/err" </dev/null
	echo $? >"$folder/status"
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

traces() {
	mapfile -t found < <(find "$work/shim" -name '*.bin' -type f | sort)
}

# The command, plain and under the shim, and its traces against its ledger.
both() {
	local program=$bin/matrix_$1
	shift
	attempt plain env -u LD_PRELOAD "$program" "$@"
	attempt shim $under env LD_PRELOAD="$preload" MATRIX_SHIM="$preload" "$program" "$@"
	compare
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
