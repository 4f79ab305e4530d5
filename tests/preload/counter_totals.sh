#!/bin/bash
# counter_totals.sh: totals from a sample are those of every operation, within the error they are shown with.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
calls=8000
truth=$("$bin/known_faults" $calls)

# totals BUDGET: sets faults, error, counted, slices of the products.
totals() {
	PROFSHIM_BUDGET=$1 PROFSHIM_COUNTERS=perf::PAGE-FAULTS shim "$bin/known_faults" $calls >out || bad "budget $1: fails"
	[ "$(cat out)" = "$truth" ] || bad "budget $1: the program's own figure is $(cat out), not $truth"
	"$build/bin/proftrace" stats --counters --format csv trace.bin >csv || bad "budget $1: no statistics"
	IFS=, read -r faults error counted slices < <(awk -F, '
		NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
		NR == 2 { print $column["perf::PAGE-FAULTS"] "," $column["perf::PAGE-FAULTS_error"] "," \
			$column["counted_slices"] "," $column["slices"] }' csv)
	[ "$slices" = $((calls + 1)) ] || bad "budget $1: $slices slices, not $((calls + 1))"
}

# within WHAT LIMIT: the total differs from the truth by no more.
within() {
	awk -v f="$faults" -v t="$truth" -v limit="$2" 'BEGIN { d = f - t; exit (d < 0 ? -d : d) > limit }' ||
		bad "$1: $faults faults (error $error), not $truth within $2"
}

# Beside those in the matrix some are the library's: its code and buffers.
totals 100
[ "$counted" = "$slices" ] || bad "with a budget of 100 $counted of $slices were read"
[ "$error" = 0 ] || bad "all was counted, and yet there is an error of $error"
within "all counted" 100
for budget in 10 2; do
	totals $budget
	[ "$counted" -lt "$slices" ] && [ "$counted" -gt 10 ] || bad "budget $budget: $counted of $slices were read"
	within "budget $budget" "$(awk -v e="$error" 'BEGIN { print 5 * e + 100 }')"
	awk -v e="$error" -v t="$truth" 'BEGIN { exit e <= 0 || e > t / 2 }' || bad "budget $budget: an error of $error says nothing"
done

# Nothing is read where nothing may be spent, and the trace has no counters.
PROFSHIM_BUDGET=0 PROFSHIM_COUNTERS=perf::PAGE-FAULTS shim "$bin/known_faults" 100 >out || bad "budget 0: fails"
"$build/bin/proftrace" info trace.bin >info.out
holds "budget 0" 0 '^counter' info.out

# By default they wait until a run has lasted ten seconds, and then take what the machine has.
unset PROFSHIM_BUDGET PROFSHIM_COUNTERS
shim "$bin/known_faults" 100 >out || bad "a short run: fails"
"$build/bin/proftrace" info trace.bin >info.out
holds "a short run" 0 '^counter +' info.out
holds "a short run" 1 'The run was too short for counters to be worth their start' info.out
shim "$bin/known_faults" 1200 10000 >out || bad "a long run: fails"
"$build/bin/proftrace" info trace.bin >info.out
holds "a long run" 0 'The run was too short' info.out
grep -qE '^counter +(perf::TASK-CLOCK|PAPI_TOT_CYC)' info.out || bad "a long run has no counters: $(cat info.out)"
"$build/bin/proftrace" stats --counters --format csv trace.bin >csv || bad "a long run: no statistics"
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
	NR == 2 { exit !($column["counted_slices"] > 0 && $column["counted_slices"] < 1201) }' csv ||
	bad "a long run: not some of its operations were counted: $(cat csv)"

# A name that is none is told, and does not keep the others from being counted.
PROFSHIM_COUNTERS=FLOP,perf::PAGE-FAULTS,NOSUCH shim "$bin/known_faults" 100 >out 2>err || bad "unknown names: fails"
holds "unknown names" 1 '^libprofshim: PROFSHIM_COUNTERS has "FLOP", which is no counter group of ' err
holds "unknown names" 1 '^libprofshim: PROFSHIM_COUNTERS has "NOSUCH", which is no counter group of ' err
"$build/bin/proftrace" info trace.bin >info.out
holds "unknown names: the other one" 1 '^counter +perf::PAGE-FAULTS' info.out
finish
