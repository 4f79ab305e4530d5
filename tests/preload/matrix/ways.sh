# ways.sh: how the situations that need more than a program are made; read by run.sh.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# A file system of 1 MiB for the trace; needs root, as the tests have.
small_disk() {
	mkdir -p "$work/small"
	mount -t tmpfs -o size=1m none "$work/small" || { bad "mount: this test needs root"; return; }
	cleanup() { umount "$work/small"; }
	export PROFSHIM_OUTPUT=$work/small/trace.bin
	note="recording stops: .*No space left on device"
	traces() { found=("$work/small/trace.bin"); }
	both limits much
}

# limited LIMIT... -- SITUATION: with these limits, of both runs.
limited() {
	local limits=()
	while [ "$1" != -- ]; do limits+=("$1"); shift; done
	before() { ulimit "${limits[@]}"; }
	both limits "$2"
}

no_folder() {
	export PROFSHIM_OUTPUT=/nonexistent/trace.bin
	note="recording stops: .*No such file or directory"
	both limits nothing_kept
}

sealed_folder() {
	before() { chmod 555 "$1" && chown 65534 "$1"; }
	note="recording stops: .*Permission denied"
	wrap="setpriv --reuid=65534 --regid=65534 --clear-groups --"
	chmod 755 "$work"
	both limits nothing_kept
}

# Standard error is a pipe that is full and that nobody reads; lines of ours were to go there.
deaf_error() {
	export PROFSHIM_VERBOSE=1
	before() {
		mkfifo "$1/pipe"
		exec {reader}<>"$1/pipe"
		dd if=/dev/zero of="$1/pipe" oflag=nonblock bs=4096 status=none 2>"$1/full" && exit 98
		exec 2>&"$reader"
	}
	both limits all_kept
	"$build/bin/proftrace" info "${found[0]}" >"$work/info"
	grep -qE '^missing +Standard error was full: [1-9][0-9]* lines' "$work/info" || bad "the trace does not tell of dropped lines"
}

# Run as somebody who is nobody.
as_nobody() {
	chmod 755 "$work"
	wrap="setpriv --reuid=54321 --regid=54321 --clear-groups --"
	before() { chmod 777 "$1"; }
}

few_processes() {
	as_nobody
	wrap="prlimit --nproc=1 $wrap"
	both limits no_children
}

# A program of root's that anybody runs as root: the loader leaves us out.
setuid_program() {
	program_folder=$work/setuid
	mkdir "$program_folder"
	cp "$bin/matrix_limits" "$program_folder"
	chmod 4755 "$program_folder/matrix_limits"
	as_nobody
	both limits nothing_kept
}

# A root folder that holds nothing but the program, its libraries and the shim.
in_small_root() {
	local file files root=$work/root
	files=$(ldd "$bin/matrix_limits" "$lib" | grep -oE '/[^ ]+\.so[^ :]*' | sort -u)
	for file in /usr/bin/env "$bin/matrix_limits" $files; do
		mkdir -p "$root/${file%/*}"
		cp -n "$file" "$root/$file"
	done
	before() { mkdir -p "$work/root/${1%/*}" && ln -f "$MATRIX_LEDGER" "$work/root$MATRIX_LEDGER"; }
	wrap="chroot $root"
	traces() { mapfile -t found < <(find "$work/root" -name '*.bin' -type f); }
	both limits "$1"
}

no_folder_in_root() {
	export PROFSHIM_OUTPUT=/tmp/trace/trace.bin
	note="recording stops: .*No such file or directory"
	in_small_root nothing_kept
}

# The one thing that can end the program: it is told in robustness.md.
trace_emptied() {
	attempt shim env LD_PRELOAD="$preload" $under "$bin/matrix_limits" trace_emptied
	[ "$(cat shim/status)" = 135 ] || bad "the program ended with $(cat shim/status), not by SIGBUS"
}

# A machine with energy meters; their thread reads them every 10 ms.
meters() {
	local rapl=$work/sys/class/powercap/intel-rapl:0
	mkdir -p "$rapl"
	echo package-0 >"$rapl/name"
	echo 262143328850 >"$rapl/max_energy_range_uj"
	echo 1000000 >"$rapl/energy_uj"
	chmod -R a+rX "$work/sys"
	export PROFSHIM_SYSFS=$work/sys
}

# told PATTERN: each trace has the meter, and one says this of it; "": none says anything.
told() {
	local trace
	for trace in "${found[@]}"; do
		"$build/bin/proftrace" info "$trace" >>"$work/info" || bad "$trace: no information"
	done
	[ "$(grep -c '^energy  *package-0:' "$work/info")" = ${#found[@]} ] || bad "a trace lacks the meter"
	if [ -n "$1" ]; then
		grep -qE "^missing .*$1" "$work/info" || bad "not told: $1"
	else
		grep -E '^missing .*meter' "$work/info" && bad "something is told of the meter"
	fi
}

# PROF_STRESS_SECONDS and PROF_STRESS_SEED choose; the seed is told when it fails.
stress() {
	export MATRIX_SECONDS=${PROF_STRESS_SECONDS:-8} MATRIX_SEED=${PROF_STRESS_SEED:-$RANDOM}
	limit=$((limit + MATRIX_SECONDS))
	both stress run
	[ $failures = 0 ] || bad "PROF_STRESS_SEED=$MATRIX_SEED"
}
