# common.sh: what every test under the shim needs; read by the others.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# After it: $src, $build, $bin (the tests' programs), $work (an empty folder, the
# current one), and the functions below. A test ends with `finish`.
src=$(cd "$(dirname "$0")/../.." && pwd)
build=$1
shift
bin=$build/tests/preload
lib=$build/lib/libprofshim.so
export OPENBLAS_NUM_THREADS=1
failures=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
[ -f "$lib" ] || { echo "$lib: not built"; exit 1; }

# Run a command under the shim; its trace is trace.bin, an older one is removed.
# Programs of another CPU are started by scripts, which are told what to preload.
shim() {
	rm -f trace.bin*
	if [ -n "${PROF_EMULATED:-}" ]; then
		GUEST_PRELOAD=$lib "$@"
	else
		LD_PRELOAD=$lib "$@"
	fi
}

# The operations of trace.bin, one a line.
ops() {
	"$bin/ops" "${1:-trace.bin}"
}

bad() {
	echo "$*"
	failures=$((failures + 1))
}

# same WHAT EXPECTED-FILE FOUND-FILE
same() {
	cmp -s "$2" "$3" || { bad "$1: not as expected:"; diff "$2" "$3" | head -20; }
}

# holds WHAT NUMBER PATTERN FILE: so many lines of it match.
holds() {
	local n
	n=$(grep -cE -- "$3" "$4")
	[ "$n" = "$2" ] || bad "$1: $n lines match '$3', not $2"
}

finish() {
	[ $failures = 0 ] || { echo "$failures failures"; exit 1; }
	exit 0
}
