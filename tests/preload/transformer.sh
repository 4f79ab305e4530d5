#!/bin/bash
# transformer.sh: the example on OpenBLAS says the same with and without the shim,
# and its products are those of its shape.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
program=$build/bin/blas_transformer
[ -x "$program" ] || program=$build/examples/blas_transformer
"$program" >plain || bad "the example fails"
shim "$program" >shimmed || bad "the example fails under the shim"
[ -s plain ] || bad "the example says nothing"
same "output" plain shimmed
ops >found || bad "the trace is not whole"
holds "regions" "$(grep -c q_proj found)" '@layers\.[0-9]+\.q_proj$' found
grep -q '@layers\.0\.q_proj$' found || bad "no product of layer 0's q_proj"
finish
