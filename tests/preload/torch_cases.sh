#!/bin/bash
# torch_cases.sh: threads, processes, compilers, exceptions and gradients are as without the shim.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/torch_common.sh"
run_both "$scripts/cases.py"
[ "$(grep -c Traceback plain)" = 5 ] || bad "the script does not fail where it should"
holds "networks in threads" 1 '^threads True$' plain
step_ops 0 >/dev/null || bad "no steps"
# An operator that throws leaves no trace of itself, nor a wrong module behind.
/usr/bin/python3 - ops.jsonl <<'PY' || bad "not as expected"
import json, sys
ops = [json.loads(line) for line in open(sys.argv[1])]
linear = [op for op in ops if op['name'] == 'aten::linear' and 'step' in op and not op.get('depth')]
wrong = [op for op in linear if op['context'] not in ('first', 'second')]
known = {(op['context'], tuple(op['weight'])) for op in linear} - {('first', (12, 24)), ('second', (24, 6))}
print(len(linear), 'linear;', wrong[:2], known)
sys.exit(len(linear) < 200 or bool(wrong) or bool(known))
PY
ls trace.*.bin >/dev/null || bad "the processes that load data left no traces"

run_both "$scripts/worker.py"
"$build/bin/proftrace" info trace.bin >info
holds "steps of a second thread" 1 '^steps +3: 1 prefill \(5 tokens\), 2 decode \(2 tokens\)' info
holds "its layers" 6 '"op": "linear".*"result": "[02]\.linear"' ops.jsonl

# A Python without the interpreter's lock (told by what only such a one exports) is left alone.
echo 'int PyUnstable_Module_SetGIL(void) { return 0; }' | cc -shared -fPIC -o unlocked.so -x c -
LD_PRELOAD="$lib ./unlocked.so" /usr/bin/python3 "$scripts/worker.py" >shimmed || bad "fails without a lock"
same "output without a lock" plain shimmed
"$build/bin/proftrace" info trace.bin >info
holds "the note without a lock" 1 'torch: .* has no interpreter lock' info
holds "steps without a lock" 1 '^steps +0' info
finish
