#!/bin/bash
# energy_sources.sh: which meters are taken, and what becomes of those that give trouble.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$src/tests/preload/energy_common.sh"
steady() { :; }

# notes_are WHAT PATTERN...: the trace has these notes of energy, and no others.
notes_are() {
	local what=$1 pattern
	shift
	proftrace info trace.bin | grep -E '^missing .*(energy m|ENERGY)' >notes
	for pattern; do grep -qE -- "$pattern" notes || bad "$what: no note is '$pattern'"; done
	[ "$(wc -l <notes)" = $# ] || bad "$what: not $# notes: $(cat notes)"
}

# source_is WHAT SOURCE: of all meters; "" when there are none.
source_is() {
	[ "$(csv domain | tail -n +2 | cut -d, -f3 | sort -u)" = "$2" ] || bad "$1: not source '$2': $(csv domain)"
}

joules_are() {
	is_near "$1" "$(column energy_j <(csv domain) | head -1)" "$2" 1e-9
}

# ---- choice ----

all_trees() {
	client_tree
	mkdir -p sys/class/hwmon/hwmon0 sys/class/power_supply/BAT0
	put sys/class/hwmon/hwmon0/name acpi_power_meter
	put sys/class/hwmon/hwmon0/power1_input 20000000
	put sys/class/power_supply/BAT0/type Battery
	put sys/class/power_supply/BAT0/status Discharging
	put sys/class/power_supply/BAT0/power_now 9000000
}
all_trees
for source in auto "" powercap hwmon battery steps none coal; do
	PROFSHIM_ENERGY=$source energy_run steady 1
	case $source in
	hwmon | battery) source_is "$source" $source ;;
	none | coal) source_is "$source" "" ;;
	*) source_is "$source" powercap ;;
	esac
	case $source in
	coal) notes_are coal 'PROFSHIM_ENERGY is "coal", which is no source of energy' ;;
	*) notes_are "$source" ;;
	esac
done
rm -r sys/class/powercap
PROFSHIM_ENERGY=auto energy_run steady 1
source_is "no powercap" hwmon
rm -r sys/class/hwmon
PROFSHIM_ENERGY=auto energy_run steady 1
source_is "a battery alone" battery
PROFSHIM_ENERGY=powercap energy_run steady 1
source_is "no powercap, but asked for" ""
notes_are "no powercap" "no energy meters below .*/sys/class of the kind powercap"

# Without any the host's profile is assumed.
rm -rf sys
energy_run steady 2
notes_are "no meter" "The machine has no energy meters below .*/sys/class"
csv step >found
holds "assumed" 2 ',assumed$' found
proftrace energy --host default trace.bin >found || bad "no assumed energy"
holds "the profile" 1 '^energy is time x power, assumed from host profile default$' found
proftrace energy --by op --host default --format csv trace.bin | tr -d '\r' >found || bad "no assumed energy of operations"
[ "$(column provenance found | sort -u)" = assumed ] || bad "operations are not assumed: $(cat found)"

# ---- trouble ----

# A file that is no meter from the beginning is none; the others are.
client_tree
printf 'nonsense\n' >$rapl/energy_uj
energy_run steady 1
source_is "nonsense" powercap
holds "the rest" 2 '^(core|dram),' <(csv domain)
notes_are nonsense "intel-rapl:0/energy_uj holds no number"

# Nonsense in the second part: what was spent meanwhile is known by the next reading.
spend_with_nonsense() {
	case $2 in
	1) printf 'nonsense\n' 1<>$rapl/energy_uj; pause 0.03; spend "$1" ;;
	2) spend $(($1 / 2)); : >$rapl/energy_uj; pause 0.03; spend $(($1 / 2)) ;;
	3) printf '99999999999999999999\n' 1<>$rapl/energy_uj; pause 0.03; : >$rapl/energy_uj; spend "$1" ;;
	*) spend "$1" ;;
	esac
}
client_tree
energy_run spend_with_nonsense 4
joules_are "nonsense in the middle" 0.06
notes_are "nonsense in the middle" "intel-rapl:0/energy_uj could not be read [0-9]+ times: its energy of then is known in sum alone"

# A meter goes away.
spend_and_vanish() {
	if [ "$2" = 2 ]; then rm -r $rapl $rapl:2; elif [ "$2" -lt 2 ]; then spend "$1"; fi
}
client_tree
energy_run spend_and_vanish 3
joules_are "vanished" 0.021
notes_are vanished "intel-rapl:0/energy_uj could not be read" "intel-rapl:0:2/energy_uj could not be read"

# A driver is loaded anew, and its counter begins at zero.
spend_and_restart() {
	if [ "$2" = 2 ]; then package=0; put $rapl/max_energy_range_uj $range; set_meter $rapl/energy_uj 0; else spend "$1"; fi
}
client_tree
package=200000000000
set_meter $rapl/energy_uj $package
energy_run spend_and_restart 3
joules_are "restarted" 0.034
notes_are restarted "intel-rapl:0/energy_uj began anew 1 times: energy is missing"

# What only root may read, of somebody else's program.
client_tree
chmod 755 "$work"; chmod 400 $rapl*/energy_uj
as=nobody energy_run steady 1
source_is "forbidden" ""
notes_are "forbidden" "that this user may not read"
finish
