#!/bin/bash
# user_exceptions.sh: every function of a program is a region or an operation, and it
# does as without: exceptions, longjmp(), recursion, threads, arguments of all sorts.
# What an exception or a longjmp() left is over for those that come after.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
source=$src/tests/preload/entries/program.cc
expected=$src/tests/preload/entries/program.out

# run HOW: ./program with hooks.yaml.
run() {
	PROFSHIM_HOOKS=$work/hooks.yaml shim ./program >out 2>err
	[ $? = 3 ] || bad "$1: ends in another way: $(head -3 err)"
	same "$1: output" "$expected" out
	[ ! -s err ] || bad "$1: $(head -3 err)"
	# clang gives names of its own to static functions, gcc does not
	"$build/bin/proftrace" export trace.bin | /usr/bin/python3 -S -c '
import collections, json, re, sys
def plain(name):
    return re.sub(r"\([^()]*\)", "", re.sub(r"_ZL(\d+)(\w+)", lambda m: m[2][: int(m[1])], name))
found = collections.Counter()
for line in sys.stdin:
    op = json.loads(line)
    found[plain(op["name"]), plain(op.get("region", "-")), "in a step" if "step" in op else "-"] += 1
for key, n in sorted(found.items()):
    print(*key, n)' >found
}

for compiler in g++ clang++; do
	for level in 0 2; do
		how="$compiler -O$level"
		"$compiler" "-O$level" -o program "$source" -pthread || bad "$how: does not compile"

		# _start and the dynamic linker's functions are left alone, the rest is hooked.
		cat >hooks.yaml <<-'END'
			"*leaf*(x, y, n)": {op: dot, n: n}
			"*passed*": {op: other}
			"*": {region: "{function}"}
		END
		cat >regions <<-'END'
			leaf main.matmul - 4
			leaf threaded - 3000
			passed main - 1
		END
		run "$how, regions"
		same "$how, regions" regions found

		# The thrower never ends by itself, nor does what jumps.
		cat >hooks.yaml <<-'END'
			"*through*": {step: 1}
			"*jumper*": {step: 1}
			"*thrower*": {op: other}
			"*passed*": {op: other}
		END
		cat >steps <<-'END'
			passed - - 1
			thrower - in a step 1
		END
		run "$how, steps"
		same "$how, steps" steps found

		# Everything an operation, with a value that mostly can't be read.
		echo '"*": {op: other, bytes: arg0->0}' >hooks.yaml
		run "$how, operations"
		grep -q '^leaf - - 3004$' found || bad "$how, operations: $(grep leaf found)"
		grep -q '^catcher - - 2$' found || bad "$how, operations: $(grep catcher found)"
		grep -q '^thrower - - 1$' found || bad "$how, operations: $(grep thrower found)"
	done
done

# What returns twice can't be called by another, whoever asks for it.
printf '_setjmp: {op: other}\n' >hooks.yaml
PROFSHIM_HOOKS=$work/hooks.yaml shim ./program >out
same "setjmp: output" "$expected" out
"$build/bin/profrun" --hooks hooks.yaml --list-hooks --format csv ./program >listed
grep -q '^_setjmp,.*,no,.*it returns twice' listed || bad "setjmp: $(cat listed)"
finish
