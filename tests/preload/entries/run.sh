#!/bin/bash
# run.sh: programs built in many ways, with every function of theirs taken over at its
# entry, behave as without; what was called is counted; at the end all is as it was.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: run.sh BUILD COMPILER
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../common.sh"
compiler=$1
taker=$bin/entries/libtaker.so
compile=("$compiler")
prefix= # of the tools for the compiler's CPU
levels=(-O0 -O2 -O3)
start() { env "$@" ./program; } # start NAME=VALUE...
guest=$here/../../../.deps/aarch64
if [ -n "${PROF_EMULATED:-}" ]; then
	compile+=("--sysroot=$guest")
	prefix=aarch64-linux-gnu-
	# Signed return addresses and landing pads.
	levels+=("-O2 -mbranch-protection=standard")
	start() {
		local set=() each
		for each; do set+=(-E "$each"); done
		qemu-aarch64 -L "$guest" "${set[@]}" ./program
	}
fi
expected="$here/program.out"

# The report, with C++ names as the source has them.
read_report() {
	c++filt <report.raw | sed -E 's/\([^)]*\)//; s/ \[clone [^]]*\]//g' >report
}

# run HOW: the program with all functions taken over.
run() {
	rm -f report*
	start LD_PRELOAD="$taker" TAKER_REPORT=report.raw >out 2>err
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

for level in "${levels[@]}"; do
	for pie in pie no-pie; do
		how="$compiler $level $pie"
		"${compile[@]}" -g $level "-f$pie" "-$pie" -Wl,--build-id -o program "$here/program.cc" -pthread ||
			bad "$how: does not compile"
		start A=B >out
		[ $? = 3 ] || bad "$how: fails by itself"
		same "$how: by itself" "$expected" out
		check "$how" .symtab
	done
done
cp program whole

# Its symbols in a file beside it, known by its build-id.
"${prefix}objcopy" --only-keep-debug whole program.debug
"${prefix}strip" program
check "$compiler stripped, build-id" "debug file $work/program.debug"

# Another's is not believed.
rm program.debug
"${compile[@]}" -o other -Wl,--build-id -x c++ - <<<'int main() {}'
"${prefix}objcopy" --only-keep-debug other program.debug
run "$compiler stripped, with another's debug file"
grep -q leaf report && bad "a debug file of another program is believed"
rm program.debug

# A name and a check sum.
"${compile[@]}" -O2 -Wl,--build-id=none -o program "$here/program.cc" -pthread
mkdir .debug
"${prefix}objcopy" --only-keep-debug program .debug/linked
"${prefix}strip" program
"${prefix}objcopy" --add-gnu-debuglink=.debug/linked program
check "$compiler stripped, debug link" "debug file $work/.debug/linked"
echo >>.debug/linked
run "$compiler stripped, with a changed debug file"
grep -q leaf report && bad "a debug file of another check sum is believed"
finish
