#!/bin/bash
# plain_llama.sh: functions inside one executable are the operations of its shape,
# however it was compiled; what the compiler left no call of is told.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
tools=$build/bin
whole=$src/examples/plain_llama.hooks.yaml
python() { /usr/bin/python3 -S "$@"; }
[ $# -ge 6 ] || bad "only $# variants"

# The first example of the document, as a reader would copy it.
short=$work/short.yaml
awk '/^    /{ print substr($0, 5); seen = 1 } !/^    / && seen { exit }' "$src/docs/hook_files.md" >"$short"
[ "$(wc -l <"$short")" -le 6 ] && grep -q '^matmul(' "$short" || bad "docs/hook_files.md begins with '$(cat "$short")'"

# Functions that are hooked in vain are told by --list-hooks, each in a sentence by
# --explain, and in the trace if there is one.
find_gone() { # find_gone HOW PROGRAM HOOKS
	local name
	mapfile -t gone < <("$tools/profrun" --hooks "$3" --list-hooks --format csv "$2" |
		awk -F, 'NR > 1 && $6 == 0 { print $1 }')
	: >info
	[ ! -e trace.bin ] || "$tools/proftrace" info trace.bin | grep 'is hooked in vain' >info
	for name in "${gone[@]}"; do
		"$tools/profrun" --hooks "$3" --explain "$name" "$2" >explained || bad "$1: $name is not explained"
		grep -q 'no call of it is left: it is inlined' explained || bad "$1: $name: $(cat explained)"
		[ ! -e trace.bin ] || grep -q ": $name is hooked in vain: no call of it is left: it is inlined" info ||
			bad "$1: the trace does not tell of $name"
	done
	[ ! -e trace.bin ] || [ "$(wc -l <info)" = ${#gone[@]} ] || bad "$1: told in vain: $(cat info)"
}

# The output is as without, the operations are those of the shape.
check() { # check HOW PROGRAM HOOKS [--unnamed]
	"$2" 3 4 >plain || bad "$1 fails"
	[ -s plain ] || bad "$1 says nothing"
	PROFSHIM_HOOKS=$3 shim "$2" 3 4 >shimmed 2>errors || bad "$1 fails under the shim"
	same "$1: output" plain shimmed
	[ ! -s errors ] || bad "$1: $(cat errors)"
	find_gone "$1" "$2" "$3"
	python "$src/tests/preload/plain_llama.py" 3 4 $4 "${gone[@]}" \
		< <([ ! -e trace.bin ] || "$tools/proftrace" export trace.bin) || bad "$1: see above"
}

# Every operation is on the machine, and has a price there.
replayed() { # replayed HOW
	local arch
	for arch in PIM-AI-1chip H100; do
		"$tools/profreplay" trace.bin --arch $arch --format json >replay.$arch || bad "$1: no replay on $arch"
	done
	python - replay.* <<-'END' || bad "$1: see above"
		import json, sys
		for path in sys.argv[1:]:
		    replay = json.load(open(path))
		    on = replay["replays"][0]
		    if f"replay.{on['arch']}" != path or not on["decode"]["time_ns"] > 0:
		        sys.exit(f"{path}: {on}")
		    if [note for note in replay["notes"] if "not priced" in note]:
		        sys.exit(f"{path}: {replay['notes']}")
		    if on["total"]["operations"] != replay["trace"]["operations"]:
		        sys.exit(f"{path}: {on['total']['operations']} of {replay['trace']['operations']}")
	END
}

for variant; do
	program=$bin/$variant
	check "$variant, short file" "$program" "$short" --unnamed
	check "$variant" "$program" "$whole"
	replayed "$variant"
	case $variant in
	*_O0_*) [ ${#gone[@]} = 0 ] || bad "$variant: there are no calls of ${gone[*]}" ;;
	*) [ ${#gone[@]} -lt 4 ] || bad "$variant: there are no calls of ${gone[*]}" ;;
	esac
	# As distributions have it: without its symbols, which are in a file of their own.
	objcopy --only-keep-debug "$program" "$variant.debug"
	objcopy --strip-all --add-gnu-debuglink="$variant.debug" "$program" "$variant"
	nm "$variant" 2>&1 | grep -q 'no symbols' || bad "$variant is not stripped"
	check "$variant, stripped" "./$variant" "$whole"
done

# profrun says at once what the file of hooks says in vain.
sed 's/^softmax(/softmaks(/' "$short" >misspelt.yaml
"$tools/profrun" --hooks misspelt.yaml -o told.bin -- "$bin/$1" 3 4 >told 2>told.err || bad "profrun fails"
grep -q '^profrun: note: misspelt.yaml:[0-9]: softmaks is hooked in vain: there is no such function' told.err ||
	bad "profrun: $(cat told.err)"

# Another compiler, which leaves fewer calls.
for level in 0 2; do
	clang -O$level -o by_clang "$src/examples/plain_llama.c" -lm || bad "clang does not compile it"
	check "clang -O$level, short file" ./by_clang "$short" --unnamed
	check "clang -O$level" ./by_clang "$whole"
done

# Without symbols and without a debug file there are addresses.
cp "$bin/$1" addressed
strip addressed
matmul=$(nm "$bin/$1" | awk '$3 == "matmul" { print $1 }')
echo "0x$matmul(out, x, w, n, d): {op: linear, input: [1, n], weight: [n, d], context: \"{function}\"}" >address.yaml
PROFSHIM_HOOKS=$work/address.yaml shim ./addressed 3 4 >shimmed || bad "an address hurts the program"
"$tools/proftrace" export trace.bin | grep -c "\"op\": \"linear\".*\"context\": \"0x$matmul\"" >found
[ "$(cat found)" = 132 ] || bad "by its address $(cat found) calls of matmul are found, not 132"
"$tools/profrun" --explain matmul ./addressed >explained 2>&1 && bad "a stripped program has a matmul"
grep -q 'static in a stripped file' explained || bad "a stripped program: $(cat explained)"

# Beside the program, without a word.
cp "$bin/$1" copy
cp "$whole" copy.hooks.yaml
shim ./copy >shimmed
ops | grep -q '^matmul linear' || bad "the file beside the program is not found"
PROFSHIM_HOOKS=none shim ./copy >shimmed
[ ! -e trace.bin ] || bad "PROFSHIM_HOOKS=none takes the file beside the program"
finish
