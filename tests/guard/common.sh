# common.sh: what the guards share; sourced by each.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A guard is run as tests/guard/NAME [BUILD]. It prints what breaks its rule,
# one line each, and ends with 1; or it ends with 0 and prints nothing.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
export LC_ALL=C
build=${1:-build}

# Files of the project by pattern: those tracked and those about to be.
files() {
	git ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r f; do
		[ -f "$f" ] && printf '%s\n' "$f"
	done
}
c_files() { files '*.c' '*.h'; }

# A guard over nothing would pass whatever happened to its subject.
at_least() { # at_least NUMBER FOUND WHAT
	[ "$2" -ge "$1" ] || { echo "only $2 $3 found, expected $1 at least: is the guard looking in the right place?"; exit 1; }
}

broken=0
bad() { echo "$*"; broken=1; }
finish() { exit $broken; }
