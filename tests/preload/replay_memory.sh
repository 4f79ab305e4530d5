#!/bin/bash
# replay_memory.sh: reading a long trace takes no more memory than reading a short one.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"

# peak COMMAND...: the most memory that it had, in KiB.
peak() {
	/usr/bin/python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"
}

tiny=$build/tests/bench/bench_tiny
for calls in 10000 1000000; do
	PROFSHIM_COUNTERS=none shim "$tiny" $calls >calls.out || bad "$tiny fails"
	mv trace.bin $calls.bin
done
bytes=$(stat -c %s 1000000.bin)
[ "$bytes" -gt 16000000 ] || bad "the long trace has only $bytes bytes"
for tool in "profreplay --arch PIM-AI-1chip" "profreplay --arch H100 --model pim-ai" "proftrace stats" "proftrace check"; do
	# shellcheck disable=SC2086
	short=$(peak "$build/bin/"$tool 10000.bin) long=$(peak "$build/bin/"$tool 1000000.bin)
	[ "$long" -lt $((short + 4096)) ] || bad "$tool: $short KiB for the short trace, $long KiB for the long one"
done
finish
