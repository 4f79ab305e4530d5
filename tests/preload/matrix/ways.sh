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
	under="setpriv --reuid=65534 --regid=65534 --clear-groups --"
	chmod 755 "$work"
	both limits nothing_kept
}

# PROF_STRESS_SECONDS and PROF_STRESS_SEED choose; the seed is told when it fails.
stress() {
	export MATRIX_SECONDS=${PROF_STRESS_SECONDS:-8} MATRIX_SEED=${PROF_STRESS_SEED:-$RANDOM}
	limit=$((limit + MATRIX_SECONDS))
	both stress run
	[ $failures = 0 ] || bad "PROF_STRESS_SEED=$MATRIX_SEED"
}
