#!/bin/bash
# wheel_names.sh: BLAS and LAPACK under the names that NumPy's wheels give them, in a
# library that Python opens, are what they are with examples/numpy_wheel.hooks.yaml.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
tools=$build/bin
hooks=$src/examples/numpy_wheel.hooks.yaml

cat >script.py <<'EOF2'
import ctypes
import sys
module = ctypes.CDLL(sys.argv[1])
result = (ctypes.c_double * 4)()
print(module.wheel_run(result), *result)
EOF2
run=(/usr/bin/python3 script.py "$bin/libwheel_module.so")
"${run[@]}" >plain || bad "the script fails"
[ "$(cat plain)" = "1 42.0 14.0 14.0 1.4" ] || bad "the script says '$(cat plain)'"
PROFSHIM_HOOKS=$hooks shim "${run[@]}" >shimmed 2>errors || bad "the script fails under the shim"
same "output" plain shimmed
[ ! -s errors ] || bad "$(cat errors)"

"$tools/proftrace" export trace.bin | python3 -c '
import json, sys
for line in sys.stdin:
    op = json.loads(line)
    print(op["name"], op["op"], op["family"], *(op.get(key) for key in ("dtype", "input", "other", "output", "m", "n", "k")))
' >found
cat >expected <<'EOF2'
scipy_cblas_sgemm64_ gemm blas float32 [2, 3] [3, 4] [2, 4] 2 4 3
scipy_cblas_ddot64_ dot blas float64 [3] [3] [1] None 3 None
scipy_dgemv_64_ gemv blas float64 [2, 3] [3] [2] 2 3 None
scipy_dgesv_64_ other lapack float64 [2, 2] [2, 1] [2, 1] None 2 1
EOF2
same "operations" expected found
for arch in PIM-AI-1chip H100; do
	"$tools/profreplay" trace.bin --arch $arch >replay || bad "no replay on $arch"
	grep -q 'not priced' replay && bad "$arch: $(grep 'not priced' replay)"
done
finish
