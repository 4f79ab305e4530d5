#!/bin/bash
# replay_memory.sh: reading a long trace takes no more memory than reading a short one, and a profile
# little more than what is to be known of each kind of operation.
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

# A cache that grows makes kinds of its own in each step.
kinds=20000
/usr/bin/python3 -c 'import sys
for i in range(int(sys.argv[1])):
    shapes = "\"query\": [1, 1, 64], \"key\": [1, %d, 64], \"value\": [1, %d, 64]" % (i + 1, i + 1)
    print("{\"op\": \"attention\", \"context\": \"attn\", \"step\": %d, \"time_ns\": 1000, \"dtype\": \"float16\", %s}" % (i, shapes))
' $kinds >growing.ndjson
mapfile -t archs < <("$build/bin/profreplay" --list-archs --format csv | awk -F, 'NR > 1 && NR < 23 { print "--arch=" $1 }')
one=$(peak "$build/bin/profreplay" growing.ndjson "${archs[0]}") all=$(peak "$build/bin/profreplay" growing.ndjson "${archs[@]}")
[ ${#archs[@]} = 21 ] || bad "there are ${#archs[@]} profiles to compare with"
[ $((all - one)) -lt $((20 * 6144)) ] || bad "$kinds kinds: $one KiB for a profile, $all KiB for 21"
echo "$kinds kinds: $one KiB for a profile, $all KiB for 21"
finish
