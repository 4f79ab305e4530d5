#!/bin/bash
# energy_idle.sh: the idle machine's power, which profrun measures before the run.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/energy_common.sh"

# The package uses 1 mJ again and again, before the run and in it.
tick() {
	until [ -e "$work/stop" ]; do spend_at_once 1000; pause 0.002; done
}
: >go; mkdir sync; cp go sync/go.0; cp go sync/go.1; cp go sync/go.2

# recorded BUSY OPTION...: on a machine that is so busy, in percent.
recorded() {
	local busy=$1
	shift
	client_tree
	rm -f stop trace*.bin
	tick &
	STAT_FILE_BUSY=$busy LD_PRELOAD=$bin/libstat_file.so profrun "$@" -- "$bin/energy_run" sync one 2 >out 2>err || bad "profrun fails: $(cat err)"
	: >stop
	wait
	holds "the program" 1 '^one: 2 steps$' out
	proftrace info trace.bin >info
}

# A counter that wraps around meanwhile; what does not move tells nothing.
recorded 3 --idle 0.1
holds "the package's watts" 1 '^energy.1.idle_w +[0-9.]+$' info
awk '/^energy.1.idle_w/ && $2 > 0 && $2 < 10 { ok = 1 } END { exit !ok }' info || bad "1 mJ each 2 ms or more is not: $(grep idle_w info)"
holds "the cores' watts" 0 '^energy.2.idle_w' info
holds "warnings" 0 'warning' err
proftrace energy trace.bin >found
holds "it is told" 1 '^the idle machine took [0-9.]+ m?W before the run \(measured\); net is without that$' found
csv step >steps.csv
awk -F, -v watts="$(awk '/^energy.1.idle_w/ { print $2 }' info)" 'NR > 1 {
	off = $6 - watts * $5 - $8
	if (off > 1e-9 || off < -1e-9) print "net of step", $1, "is", $8, "not", $6 - watts * $5
}' steps.csv >found
[ ! -s found ] || bad "$(cat found)"

recorded 40 --idle 0.1
holds "a busy machine" 1 "^profrun: warning: the machine's idle power is not known: its processors were busy 40 % " err
holds "its watts" 0 'idle_w' info
recorded 40 --idle 0.1 --quiet
holds "a busy machine, quietly" 0 'warning' err
recorded 40 --idle 0
holds "not asked for" 0 'warning|idle_w' <(cat err info)
recorded 40 --energy none
holds "no energy" 0 'warning|idle_w' <(cat err info)
PROFSHIM_IDLE=$PROFSHIM_SYSFS/class/powercap/intel-rapl:0/energy_uj=2.5 recorded 40
holds "measured by somebody else" 1 '^energy.1.idle_w +2.5$' info
holds "and not again" 0 'warning' err

# Readings of power, and nothing to wait for when there is no meter.
chip() {
	client_tree
	rm -r sys/class/powercap
	mkdir -p sys/class/hwmon/hwmon0
	put sys/class/hwmon/hwmon0/name acpi_power_meter
	put sys/class/hwmon/hwmon0/power1_average 20000000
}
chip
STAT_FILE_BUSY=0 LD_PRELOAD=$bin/libstat_file.so profrun -- "$bin/energy_run" sync one 2 >out 2>err || bad "profrun fails: $(cat err)"
holds "a chip's watts" 1 '^energy.1.idle_w +20$' <(proftrace info trace.bin)
csv step >steps.csv
for net in $(column net_energy_j steps.csv); do is_near "a machine that does nothing more" "$net" 0 1e-6; done
finish
