#!/bin/bash
# numpy.sh: an unmodified NumPy script on OpenBLAS.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
cat >script.py <<'PY'
import hashlib
import os
import numpy as np
rng = np.random.default_rng(1)
a = rng.standard_normal((37, 53)).astype(np.float32)
b = rng.standard_normal((53, 29)).astype(np.float32)
c = a.astype(np.float64) @ b.astype(np.float64)
for _ in range(3):
    d = a @ b
e = a @ b[:, 0]
s = np.linalg.solve(np.eye(8) + rng.standard_normal((8, 8)) / 10, np.ones(8))
print(os.open('/dev/null', os.O_RDONLY)) # the lowest that is free
print(*(hashlib.sha256(x.tobytes()).hexdigest() for x in (c, d, e, s)))
PY
/usr/bin/python3 script.py >plain || bad "NumPy fails: is python3-numpy installed?"
shim /usr/bin/python3 script.py >shimmed || bad "NumPy fails under the shim"
same "results" plain shimmed
PROFSHIM_COUNTERS=perf::TASK-CLOCK shim /usr/bin/python3 script.py >counted || bad "NumPy fails with counters"
same "results with counters" plain counted
ops >found || bad "the trace is not whole"
# NumPy stores rows, so BLAS sees the product of the transposes or the row-major flag.
holds "sgemm" 3 '^cblas_sgemm(64_)? gemm (37 29|29 37) 53$' found
holds "dgemm" 1 '^cblas_dgemm(64_)? gemm (37 29|29 37) 53$' found
holds "sgemv" 1 '^cblas_sgemv(64_)? gemv' found
# Nothing names these operations, so their context is who called.
"$build/bin/proftrace" stats --by context --format csv trace.bin >contexts || bad "no statistics"
holds "calling library" 1 '^_multiarray_umath[^,]*\.so,' contexts
finish
