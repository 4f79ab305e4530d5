#!/bin/bash
# energy.sh: the energy of a program's steps, from meters that are advanced by known amounts.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/energy_common.sh"

# steps_are STEPS SLACK: each has the joules that it was given, and all of them, and what was
# spent before them, are what the meter counted. The latter is worked out from the samples.
steps_are() {
	local part total=0
	csv step >steps.csv || bad "no energy by step"
	csv sample >samples.csv || bad "no energy by sample"
	csv domain >domains.csv || bad "no energy by domain"
	for ((part = 0; part <= $1; part++)); do total=$((total + $(energy_of $part))); done
	is_near "the meter's joules" "$(column energy_j domains.csv | head -1)" ${total}e-6 1e-12
	for ((part = 1; part <= $1; part++)); do
		is_near "joules of step $part" "$(column energy_j steps.csv | sed -n ${part}p)" "$(energy_of $part)e-6" "$2"
	done
	holds "measured steps" "$1" ',measured$' steps.csv
	# Of each sample's interval, what lies in no step; intervals are even in themselves.
	awk -F, 'FNR == 1 { file++; next }
	file == 1 { begin[FNR] = $4; end[FNR] = $4 + $5; inside += $6; next }
	{
		all += $3; in_steps = 0
		for (i in begin) {
			low = $1 - $2 > begin[i] ? $1 - $2 : begin[i]
			high = $1 < end[i] ? $1 : end[i]
			if (high > low) in_steps += high - low
		}
		outside += $3 * (1 - in_steps / $2)
	} END { print inside + outside, all, outside }' steps.csv samples.csv >sums
	read -r parts all outside <sums
	is_near "steps and what is outside" "$parts" "$all" 1e-9
	is_near "samples" "$all" ${total}e-6 1e-9
	is_near "what is outside" "$outside" "$(energy_of 0)e-6" "$2"
}

# ---- powercap, whose counters wrap around meanwhile ----

client_tree
PROFSHIM_ENERGY=steps energy_run spend 3
steps_are 3 1e-9
csv domain | cut -d, -f1-3,6,10 >found
printf '%s\n' domain,part_of,source,energy_j,provenance package-0,,powercap,0.045999999999999999,measured \
	core,package-0,powercap,0.023,measured dram,package-0,powercap,0.0045999999999999999,measured >wanted
same "domains" wanted found
csv phase >found || bad "no energy by phase"
is_near "the prefill" "$(column energy_j found | head -1)" 0.011 1e-9
holds "measured phases, what is in no step, and all" 4 ',measured$' found
proftrace energy trace.bin >found
holds "whose energy it is" 1 '^energy is the whole machine.s, of everything that ran on it, by package-0 \(powercap\): measured$' found
client_tree
PROFSHIM_ENERGY=auto energy_run spend 3
steps_are 3 0.006
holds "the thread" 1 '^energy.period_ms' <(proftrace info trace.bin)
# Operations are modelled, and their parts and the idle machine's add up to the meter.
client_tree
PROFSHIM_ENERGY=steps energy_run spend_at_once 20
csv op >found || bad "no energy by operation"
[ -z "$(column provenance found | grep -v '^modelled$')" ] || bad "operations are not modelled: $(cat found)"
holds "operations" 3 '^(gemm|axpy|\(static power\)),' found
is_near "the parts" "$(column energy_j found | awk '{ sum += $1 } END { print sum }')" 0.42 1e-6

# ---- a forked child: one machine, whose energy counts once ----

client_tree
energy_run spend 3 fork
[ "$(ls trace*.bin | wc -l)" = 2 ] || bad "not a trace for each of the two processes: $(ls)"
for trace in trace*.bin; do
	csv domain $trace >domains.csv
	is_near "the joules that $trace knows of" "$(column energy_j domains.csv | head -1)" 0.046 1e-9
done
proftrace merge trace*.bin -o merged.bin >said || bad "the merge fails: $(cat said)"
csv domain merged.bin >domains.csv
holds "each meter once" 3 ',powercap,' domains.csv
# By less than what one interval had, of those tens of them that both have read.
is_near "the machine's joules" "$(column energy_j domains.csv | head -1)" 0.046 0.005
csv step merged.bin >steps.csv
holds "steps of both" 7 ',measured$' steps.csv
sum=$(column energy_j steps.csv | awk '{ sum += $1 } END { printf "%.9f", sum }')
is_near "the steps' joules" "$sum" "$(column energy_j domains.csv | head -1)" 1e-6

# ---- other meters ----

steady() { :; }
rm -rf sys; mkdir -p sys/class/hwmon/hwmon0
put sys/class/hwmon/hwmon0/name acpi_power_meter
put sys/class/hwmon/hwmon0/power1_average 20000000
energy_run steady 2
csv step >steps.csv
for power in $(column power_w steps.csv); do is_near "a chip's watts" "$power" 20 0.01; done
holds "measured" 2 ',measured$' steps.csv
holds "the chip" 1 '^acpi_power_meter:power1,,hwmon,' <(csv domain)

spend_of_socket() {
	package=$((package + $1))
	set_meter sys/class/hwmon/hwmon0/energy1_input $package
}
rm -rf sys; mkdir -p sys/class/hwmon/hwmon0
put sys/class/hwmon/hwmon0/name amd_energy
put sys/class/hwmon/hwmon0/energy1_label Esocket0
package=0; set_meter sys/class/hwmon/hwmon0/energy1_input 0
PROFSHIM_ENERGY=hwmon energy_run spend_of_socket 3
steps_are 3 0.006

battery() {
	rm -rf sys; mkdir -p sys/class/power_supply/BAT0
	put sys/class/power_supply/BAT0/type Battery
	put sys/class/power_supply/BAT0/status "Discharging "
	put sys/class/power_supply/BAT0/power_now 9000000
}
# The plug is put in in the second step, when the first one's end has long been read.
plug() {
	[ "$2" != 2 ] || { pause 0.1; put sys/class/power_supply/BAT0/status "Charging    "; }
}
battery
PROFSHIM_ENERGY=battery energy_run plug 3
csv step >steps.csv
is_near "a battery's watts" "$(column power_w steps.csv | sed -n 1p)" 9 0.01
is_near "a battery that is charged" "$(column energy_j steps.csv | sed -n 3p)" 0 1e-12
holds "the battery" 1 '^BAT0,,battery,' <(csv domain)
finish
