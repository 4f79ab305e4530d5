#!/bin/bash
# energy_thread.sh: what the thread that reads the energy meters costs.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: tests/bench/energy_thread.sh BUILD [SECONDS]
# A program waits under the shim on a machine of four meters (files in a temporary folder:
# what the hardware behind real ones adds is not in it), and the kernel's account of the
# thread's time (schedstat: time on a processor, turns) is read twice.
seconds=${2:-10}
set -- "$(cd "$1" && pwd)"
. "$(dirname "$0")/../preload/common.sh"
. "$src/tests/preload/energy_common.sh"
client_tree
domain $rapl:1 uncore $range 1000
mkdir sync
LD_PRELOAD=$lib "$bin/energy_run" sync one 1 >out &
program=$!
wait_for sync/at.0.one
until thread=$(grep -lx prof-energy /proc/$program/task/*/comm); do pause 0.01; done
account() { cut -d' ' -f1,3 "${thread%/comm}/schedstat"; }
read -r time turns < <(account)
pause "$seconds"
read -r time2 turns2 < <(account)
: >sync/go.0
: >sync/go.1
wait $program
awk -v ns=$((time2 - time)) -v turns=$((turns2 - turns)) -v s="$seconds" 'BEGIN {
	printf "%.1f us of a round of readings, %.0f rounds a second: %.3f %% of one processor (measured)\n",
		ns / turns / 1e3, turns / s, ns / s / 1e7
}'
