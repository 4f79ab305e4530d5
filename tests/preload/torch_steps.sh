#!/bin/bash
# torch_steps.sh: which calls of modules are steps, and how far their tokens see.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/torch_common.sh"
run_both "$scripts/steps.py"
"$build/bin/proftrace" dump --meta trace.bin | sed -nE 's/^step .*(tokens=[0-9]+ sequences=[0-9]+ ctx_max=[0-9]+ ctx_sum=[0-9]+).*/\1/p' >found
cat >expected <<'EXPECTED'
tokens=6 sequences=1 ctx_max=6 ctx_sum=0
tokens=1 sequences=1 ctx_max=7 ctx_sum=7
tokens=1 sequences=1 ctx_max=8 ctx_sum=8
tokens=1 sequences=1 ctx_max=9 ctx_sum=9
tokens=3 sequences=1 ctx_max=12 ctx_sum=33
tokens=1 sequences=1 ctx_max=1 ctx_sum=0
tokens=2 sequences=2 ctx_max=5 ctx_sum=10
tokens=5 sequences=1 ctx_max=5 ctx_sum=0
tokens=3 sequences=0 ctx_max=0 ctx_sum=0
EXPECTED
same "steps" expected found
finish
