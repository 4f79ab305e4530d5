#!/bin/bash
# run.sh: a test of tests/preload with programs and a shim for aarch64, under qemu-user.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: run.sh BUILD TEST [ARGUMENT]...
#
# The test finds a build whose tools are this machine's, and whose programs are
# scripts that start those of aarch64.
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$1
test=$2
shift 2
guest=$build/aarch64
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
mkdir -p "$made/lib" "$made/tests/preload"
ln -s "$build/bin" "$made/bin"
ln -s "$guest/lib/libprofshim.so" "$made/lib/libprofshim.so"
for file in "$guest"/tests/preload/*; do
	name=${file##*/}
	case $name in
	*.so) ln -s "$file" "$made/tests/preload/$name" ;;
	*)
		[ -f "$file" ] && [ -x "$file" ] || continue
		cat >"$made/tests/preload/$name" <<-END
			#!/bin/sh
			exec qemu-aarch64 -L "$root/.deps/aarch64" -E LD_LIBRARY_PATH=/usr/lib/aarch64-linux-gnu/openblas-pthread \\
				\${GUEST_PRELOAD:+-E LD_PRELOAD="\$GUEST_PRELOAD"} "$file" "\$@"
		END
		chmod +x "$made/tests/preload/$name"
		;;
	esac
done
ln -s "$guest/tests/preload/entries" "$made/tests/preload/entries"
ln -s "$build/tests/preload/ops" "$made/tests/preload/ops"
export PROF_EMULATED=1
export PROFSHIM_BUDGET=100 # an emulated walk of the stack takes milliseconds
for script in "$here/$test.sh" "$root/tests/preload/$test.sh" "$root/tests/preload/$test/run.sh"; do
	[ ! -x "$script" ] || break
done
"$script" "$made" "$@"
