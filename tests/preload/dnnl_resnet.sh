#!/bin/bash
# dnnl_resnet.sh: the convolution network on Debian's oneDNN: what it prints, what the
# library reports of it, its shapes by hand, and its price on other machines.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
program=$build/bin/dnnl_resnet
check() {
	/usr/bin/python3 "$src/tests/preload/dnnl_resnet.py" "$@"
}
export OMP_NUM_THREADS=2
"$program" >plain || bad "the example fails"
shim "$program" >shimmed || bad "the example fails under the shim"
[ "$(wc -l <plain)" = 2 ] || bad "the example says $(wc -l <plain) lines"
same "output" plain shimmed

# One by one as ONEDNN_VERBOSE says.
ONEDNN_VERBOSE=1 shim "$program" >verbose || bad "the example fails with ONEDNN_VERBOSE"
"$build/bin/proftrace" export trace.bin -o list.jsonl || bad "the trace is not whole"
/usr/bin/python3 "$src/tests/preload/onednn_verbose.py" verbose list.jsonl >compared || bad "$(cat compared)"

# By hand: two images of 64 x 64 pixels, three stages of two blocks. Reorders are
# left out: they depend on the layouts that oneDNN likes on this machine.
check shapes list.jsonl >found || bad "no shapes"
same "shapes" "$src/tests/preload/dnnl_resnet.expected" found

"$build/bin/profreplay" trace.bin --arch PIM-AI-1chip --arch H100 --print-log --format json >replay ||
	bad "no replay"
check prices replay "$(wc -l <list.jsonl)" PIM-AI-1chip H100 || bad "see above"
finish
