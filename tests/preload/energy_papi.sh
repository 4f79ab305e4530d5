#!/bin/bash
# energy_papi.sh: energy by PAPI, whose library is a stand-in with the events of machines that are not here.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/energy_common.sh"
library_path=$build/tests/unit/stand_in
[ -f "$library_path/libpapi.so.7.0" ] || { echo "the stand-in for libpapi is not built"; exit 1; }
export PROFSHIM_ENERGY=papi STAND_IN_PAPI=$work/events

# The values that the events have; a package, and its memory, in units of the event.
meters() {
	set_meter package.value 1000000
	set_meter dram.value 500000
	package=1000000 dram=500000
}

# spend_units UJ: in units of $unit uJ.
spend_units() {
	package=$((package + $1 * per / of)) dram=$((dram + $1 * per / of / 10))
	set_meter package.value $package
	set_meter dram.value $dram
}

steady() { :; }

steps_are() {
	csv step >steps.csv
	for part in 1 2 3; do
		is_near "$1: joules of step $part" "$(column energy_j steps.csv | sed -n ${part}p)" "$(energy_of $part)e-6" "$2"
	done
	holds "$1: measured" 3 ',measured$' steps.csv
	is_near "$1: all joules" "$(column energy_j <(csv domain) | head -1)" 0.046 2e-6
	csv domain | tail -n +2 | cut -d, -f1-3 >found
	same "$1: domains" <(printf '%s\n' package-0,,PAPI "$3",package-0,PAPI) found
}

note_is() {
	proftrace info "${3:-trace.bin}" | grep -E '^missing .*(PAPI|energy meter)' >notes
	grep -qE -- "$2" notes || bad "$1: no note is '$2': $(cat notes)"
}

# Each of PAPI's components that know RAPL, in its unit; $per / $of of them are 1 uJ.
per=1 of=1; meters
printf 'meter %s %s\n' powercap:::ENERGY_UJ:ZONE0 "$work/package.value" powercap:::ENERGY_UJ:ZONE0_SUBZONE1 "$work/dram.value" >events
energy_run spend_units 3
steps_are powercap 0.001 package-0-part-1
per=1000; meters
printf 'meter %s %s\n' rapl:::PACKAGE_ENERGY:PACKAGE0 "$work/package.value" rapl:::DRAM_ENERGY:PACKAGE0 "$work/dram.value" >events
energy_run spend_units 3
steps_are rapl 0.001 dram-0
# The kernel's PMU counts in 2^-32 J, by the processor that stands for the package; and what
# it has may be asked of PAPI where nothing else is known.
per=4294967296 of=1000000; meters
printf 'meter %s %s\n' rapl::RAPL_ENERGY_PKG:cpu=3 "$work/package.value" rapl::RAPL_ENERGY_DRAM:cpu=3 "$work/dram.value" >events
mkdir -p sys/bus/event_source/devices/power
put sys/bus/event_source/devices/power/type 9
put sys/bus/event_source/devices/power/cpumask 3
PROFSHIM_ENERGY=auto energy_run spend_units 3
steps_are perf_event_uncore 0.001 dram-0

# A forked child leaves the meters to its parent, and says so.
energy_run spend_units 3 fork
child=$(ls trace.*.bin)
note_is "a child" 'The energy that PAPI reads is in the trace of the process alone that forked this one' "$child"
is_near "the parent's joules" "$(column energy_j <(csv domain) | head -1)" 0.046 2e-6
proftrace merge trace*.bin -o merged.bin >said || bad "the merge fails: $(cat said)"
is_near "the machine's joules" "$(column energy_j <(csv domain merged.bin) | head -1)" 0.046 2e-6

# Trouble: no such events, readings that fail, no library.
echo 'event PAPI_TOT_CYC 1' >events
energy_run steady 1
note_is "no event" 'PAPI gives no energy: PAPI has no energy events here'
printf 'meter %s %s\n' powercap:::ENERGY_UJ:ZONE0 "$work/package.value" >events
echo 'fail 2' >>events
energy_run spend_units 3
note_is "failing" 'powercap:::ENERGY_UJ:ZONE0 could not be read [0-9]+ times: its energy of then is known in sum alone'
unset STAND_IN_PAPI
energy_run steady 1
note_is "no PAPI" 'PAPI gives no energy: libpapi is of another version, or can.t start'
finish
