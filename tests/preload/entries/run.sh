#!/bin/bash
# run.sh: programs built in many ways, with every function of theirs taken over at its
# entry, behave as without; what was called is counted; at the end all is as it was.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: run.sh BUILD COMPILER
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../common.sh"
compiler=$1
taker=$bin/entries/libtaker.so
expected="$here/program.out"

# The report, with C++ names as the source has them.
read_report() {
	c++filt <report.raw | sed -E 's/\([^)]*\)//; s/ \[clone [^]]*\]//g' >report
}

# run HOW: the program with all functions taken over.
run() {
	rm -f report*
	LD_PRELOAD=$taker TAKER_REPORT=report.raw ./program >out 2>err
	[ $? = 3 ] || bad "$1: ends in another way: $(head -3 err)"
	same "$1" "$expected" out
	[ -s err ] && bad "$1: $(head -3 err)"
	read_report
	grep -q ^changed report && bad "$1: not as it was at the end: $(grep ^changed report)"
}

# check HOW SOURCE: that, and what was called how often.
check() {
	local name n found
	run "$1"
	while read -r name n; do
		found=$(grep "^$name " report)
		[ "$found" = "$name $n $2" ] || bad "$1: '$found', expected '$name $n $2'"
	done <<-END
		leaf 3004
		matmul 1
		catcher 2
		through 2
		thrower 2
		jumper 20
		switched 8
		summed 1
		returned 2
		passed 1
		threaded 3
		widened 1
		main 1
	END
	# crt1.o's frame_dummy is a jump of two bytes in a program that is not PIE
	grep ' refused: ' report | grep -v ^frame_dummy >refused && bad "$1: $(cat refused)"
}

for level in 0 2 3; do
	for pie in pie no-pie; do
		how="$compiler -O$level $pie"
		"$compiler" -g "-O$level" "-f$pie" "-$pie" -Wl,--build-id -o program "$here/program.cc" -pthread ||
			bad "$how: does not compile"
		./program >out
		[ $? = 3 ] || bad "$how: fails by itself"
		same "$how: by itself" "$expected" out
		check "$how" .symtab
	done
done
cp program whole

# Its symbols in a file beside it, known by its build-id.
objcopy --only-keep-debug whole program.debug
strip program
check "$compiler stripped, build-id" "debug file $work/program.debug"

# Another's is not believed.
rm program.debug
g++ -o other -Wl,--build-id -x c++ - <<<'int main() {}'
objcopy --only-keep-debug other program.debug
run "$compiler stripped, with another's debug file"
grep -q leaf report && bad "a debug file of another program is believed"
rm program.debug

# A name and a check sum.
"$compiler" -O2 -Wl,--build-id=none -o program "$here/program.cc" -pthread
mkdir .debug
objcopy --only-keep-debug program .debug/linked
strip program
objcopy --add-gnu-debuglink=.debug/linked program
check "$compiler stripped, debug link" "debug file $work/.debug/linked"
echo >>.debug/linked
run "$compiler stripped, with a changed debug file"
grep -q leaf report && bad "a debug file of another check sum is believed"
finish
