#!/bin/bash
# system_calls.sh: a call that comes again makes no system call, whatever the budget allows of call sites, and whatever is left out.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
command -v strace >/dev/null || { echo "there is no strace; scripts/deps puts it there"; exit 1; }
export PROFSHIM_COUNTERS=none PROFSHIM_ENERGY=none

# system_calls N: how many the program makes with 2 N kernels.
system_calls() {
	rm -f trace.bin*
	LD_PRELOAD=$lib strace -f -o calls "$bin/filters" "$1" >out 2>err || bad "fails: $(tail -1 err)"
	[ -s trace.bin ] || [ -n "${PROFSHIM_FILTER:-}" ] || bad "there is no trace"
	grep -c '(' calls
}

# none_more WHAT [VARIABLE=VALUE]...: 8000 kernels more, and as many system calls.
none_more() {
	local what=$1 few many
	shift
	few=$(export "$@"; system_calls 1000)
	many=$(export "$@"; system_calls 5000)
	[ "$many" -lt $((few + 200)) ] || bad "$what: $((many - few)) system calls more for 8000 kernels"
}

none_more "as it is" PROFSHIM_BUDGET=2
none_more "no walks" PROFSHIM_BUDGET=0
none_more "hardly any walks" PROFSHIM_BUDGET=0.0001
none_more "all walks" PROFSHIM_BUDGET=100
none_more "no call sites" PROFSHIM_CALLSITES=0
none_more "left out" PROFSHIM_FILTER=op=conv2d
none_more "by duration" PROFSHIM_FILTER='time>=1us'
finish
