#!/bin/bash
# host.sh: the program's own affairs: closed files, families switched off, call
# sites, forked children.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
program=$bin/linked_lazy
"$program" >plain

shim "$program" 2>&- >shimmed || bad "closed stderr: another status"
same "closed stderr" plain shimmed
ops >found || bad "closed stderr: the trace is not whole"
holds "closed stderr" 2 gemm found

shim "$program" >&- 2>&- <&- || bad "closed files: another status"
ops >found || bad "closed files: the trace is not whole"
holds "closed files" 2 gemm found

PROFSHIM_FAMILIES=-blas shim "$program" >shimmed 2>err || bad "family off: another status"
same "family off" plain shimmed
[ -s err ] && bad "family off: something on stderr"
[ -e trace.bin ] && bad "family off: a trace of nothing"

PROFSHIM_CALLSITES=0 shim "$program" >shimmed || bad "no call sites: another status"
ops >found || bad "no call sites: the trace is not whole"
holds "no call sites" 2 gemm found

PROFSHIM_OUTPUT=/nonexistent/trace.bin shim "$program" >shimmed 2>err || bad "no output folder: another status"
same "no output folder" plain shimmed
[ "$(wc -l <err)" = 1 ] || bad "no output folder: not one line on stderr"

shim bash -c "'$program'; '$program'" >shimmed || bad "children: another status"
cat trace*.bin >/dev/null || bad "children: no trace"
n=0
for trace in trace*.bin; do
	ops "$trace" >found || bad "children: $trace is not whole"
	n=$((n + $(grep -c gemm found)))
done
[ $n = 4 ] || bad "children: $n operations in all traces, not 4"
finish
