# energy_common.sh: meters of a machine as files, and somebody who advances them.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# To be read after common.sh.
PATH=$build/bin:$PATH
export PROFSHIM_SYSFS=$work/sys PROFSHIM_COUNTERS=none
rapl=sys/class/powercap/intel-rapl:0
range=262143328850

# put FILE TEXT: in place, as a reader may look at any time.
put() {
	printf '%s\n' "$2" 1<>"$1"
}

# domain FOLDER NAME RANGE UJ: one of RAPL's.
domain() {
	mkdir -p "$1"
	put "$1/name" "$2"
	put "$1/max_energy_range_uj" "$3"
	set_meter "$1/energy_uj" "$4"
}

# set_meter FILE VALUE: always as many digits, so that none of the old ones is left.
set_meter() {
	printf '%012d\n' "$2" 1<>"$1"
}

# csv BY [TRACE]: a table of proftrace energy.
csv() {
	proftrace energy --by "$1" --format csv "${2:-trace.bin}" | tr -d '\r'
}

# A client: the package wraps around after 5 mJ, its memory after 3 mJ.
client_tree() {
	rm -rf sys
	package=$((range - 5000)) core=1000 dram=$((65712999613 - 3000))
	domain $rapl package-0 $range $package
	domain $rapl:0 core $range $core
	domain $rapl:2 dram 65712999613 $dram
}

# spend UJ: so much of the package in ten pieces, a half of it in the cores and a tenth in memory.
spend() {
	local i piece=$(($1 / 10))
	for ((i = 0; i < 10; i++)); do
		package=$(((package + piece) % range)) core=$((core + piece / 2))
		dram=$(((dram + piece / 10) % 65712999613))
		set_meter $rapl/energy_uj $package
		set_meter $rapl:0/energy_uj $core
		set_meter $rapl:2/energy_uj $dram
		pause 0.001
	done
}

spend_at_once() {
	package=$(((package + $1) % range))
	set_meter $rapl/energy_uj $package
}

exec {never}<> <(:)
pause() {
	read -r -t "$1" -u "$never"
}

# The energy of each part of energy_run, in uJ: what a part is given is known by its number alone.
energy_of() {
	echo $((10000 + 1000 * $1))
}

# wait_for FILE...: as long as the jobs of this shell are there.
wait_for() {
	local file
	for file; do
		until [ -e "$file" ]; do
			[ -n "$(jobs -r)" ] || { bad "nobody makes $file"; return 1; }
			pause 0.002
		done
	done
	return 0
}

# advance SPEND STEPS NAME...: the meters, while programs of those names are in their
# parts. None of it is spent near the borders of a part.
advance() {
	local spend=$1 steps=$2 part
	shift 2
	for ((part = 0; part <= steps; part++)); do
		wait_for "${@/#/sync/at.$part.}" || return
		pause 0.006
		$spend "$(energy_of "$part")" "$part"
		pause 0.006
		: >sync/go.$part
	done
}

# energy_run ADVANCE STEPS [NAME]: under the shim, with meters that ADVANCE advances; of
# user $as, with libraries of $library_path first.
energy_run() {
	local name=${3:-one} user=()
	rm -rf sync trace*.bin out err
	mkdir sync
	[ -z "${as-}" ] || { user=(setpriv --reuid="$as" --clear-groups --); chmod 777 . sync; }
	"${user[@]}" env LD_PRELOAD="$lib" ${library_path:+LD_LIBRARY_PATH="$library_path"} "$bin/energy_run" sync "$name" "$2" >out 2>err &
	if [ "$name" = fork ]; then advance "$1" "$2" parent child; else advance "$1" "$2" "$name"; fi
	wait $! || bad "the program fails: $(cat err)"
	[ "$(sed "s/^\(child\|parent\): /fork: /" out | uniq)" = "$name: $2 steps" ] && [ ! -s err ] || bad "the program is not what it is without us: $(cat out err)"
	proftrace check trace.bin >check.out || bad "the trace is not sound: $(cat check.out)"
}

# column NAME FILE: of a table in CSV.
column() {
	awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$2"
}

# is_near WHAT FOUND WANTED SLACK: all of them numbers.
is_near() {
	awk -v f="$2" -v w="$3" -v s="$4" 'BEGIN { exit !(f != "" && f - w <= s && w - f <= s) }' || bad "$1: $2, not $3"
}
