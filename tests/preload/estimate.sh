#!/bin/bash
# estimate.sh: proftrace estimate of a short recording against a longer one.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"

export PROFSHIM_COUNTERS=none
estimate() { "$build/bin/proftrace" estimate --format csv "$@"; }
# near WHAT PREDICTED MEASURED: within 10 %.
near() {
	awk -v p="$2" -v m="$3" 'BEGIN { exit !(p > 0.9 * m && p < 1.1 * m) }' || bad "$1: predicted $2, recorded $3"
}
checked() { "$build/bin/proftrace" check trace.bin | sed -nE "s/.*[^0-9]$1.*/\\1/p"; }
mib() { awk -v b="$(stat -c %s "$1")" 'BEGIN { print b / 1048576 }'; }

shim "$build/bin/blas_transformer" 24 16 40 >/dev/null || bad "no short run"
mv trace.bin short.bin
shim "$build/bin/blas_transformer" 24 16 250 >/dev/null || bad "no long run"
steps=$(checked '([0-9]+) steps')
operations=$(checked '([0-9]+) operations in')
estimate --steps "$steps" short.bin >steps.csv || bad "no estimate"
near "size by steps" "$(sed -n 's/^size,\([^,]*\),.*/\1/p' steps.csv)" "$(mib trace.bin)"
near "operations by steps" "$(sed -n 's/^operations of the run,\([^,]*\),.*/\1/p' steps.csv)" "$operations"
estimate --operations "$operations" short.bin >operations.csv
near "size by operations" "$(sed -n 's/^size,\([^,]*\),.*/\1/p' operations.csv)" "$(mib trace.bin)"
estimate --tokens $((steps - 1)) short.bin >tokens.csv
near "size by tokens" "$(sed -n 's/^size,\([^,]*\),.*/\1/p' tokens.csv)" "$(mib trace.bin)"

# Every step has new shapes here, and those alone are more than 2M.
estimate --steps "$steps" --max-size 2M short.bin >kept.csv
holds "a limit below what the names take" 1 '^kept of it,0,steps' kept.csv
PROFSHIM_MAX_SIZE=2M shim "$build/bin/blas_transformer" 24 16 250 >/dev/null 2>stopped.err || bad "no limited run"
holds "recording stopped" 1 'recording stops: .*names, shapes' stopped.err
[ "$(stat -c %s trace.bin)" -le 2097152 ] || bad "the limited trace has $(stat -c %s trace.bin) bytes"
estimate --steps "$steps" trace.bin 2>err.out && bad "estimated from a trace without its start"
holds "why not" 1 'its start was given up' err.out
finish
