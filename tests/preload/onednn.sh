#!/bin/bash
# onednn.sh: every kind of primitive of oneDNN, as the library itself reports it.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
export OMP_NUM_THREADS=2
list() {
	"$build/bin/proftrace" export "$1" -o list.jsonl || bad "$1 is not whole"
}

# Release 2: what it wrote is the same, and each primitive is as ONEDNN_VERBOSE says.
"$bin/onednn" >plain || bad "onednn fails without the shim"
shim "$bin/onednn" >shimmed || bad "onednn fails under the shim"
same "results" plain shimmed
[ "$(wc -l <plain)" -ge 60 ] || bad "only $(wc -l <plain) primitives were run"
ONEDNN_VERBOSE=1 shim "$bin/onednn" >verbose || bad "onednn fails with ONEDNN_VERBOSE"
list trace.bin
/usr/bin/python3 "$src/tests/preload/onednn_verbose.py" verbose list.jsonl >compared || bad "$(cat compared)"
grep -qE '^([6-9][0-9]|5[5-9]) compared' compared || bad "too little was compared: $(tail -1 compared)"
sed -i 's/conv2d/linear/' list.jsonl
/usr/bin/python3 "$src/tests/preload/onednn_verbose.py" verbose list.jsonl >compared && bad "the comparison sees nothing"
grep -o '"name": "dnnl_[^,]*\|"m": 8, "n": 9, "k": 12.*"ldc": 9' list.jsonl | paste - - >products
cat >expected <<'TEXT'
"name": "dnnl_sgemm"	"m": 8, "n": 9, "k": 12, "lda": 12, "ldb": 9, "ldc": 9
"name": "dnnl_sgemm"	"m": 8, "n": 9, "k": 12, "trans_a": 1, "trans_b": 1, "lda": 8, "ldb": 12, "ldc": 9
"name": "dnnl_gemm_u8s8s32"	"m": 8, "n": 9, "k": 12, "lda": 12, "ldb": 9, "ldc": 9
"name": "dnnl_gemm_s8s8s32"	"m": 8, "n": 9, "k": 12, "lda": 12, "ldb": 9, "ldc": 9
TEXT
same "products" expected products
"$build/bin/proftrace" info trace.bin | grep -q 'onednn.version.*2\.' || bad "the release is not in the trace"

# In a library that the shim's names do not reach: the same operations.
ops | sed 's/ @.*//' >expected
deep=$bin/libonednn_deep.so
shim "$bin/deep" "$deep" >shimmed || bad "fails in a library opened with RTLD_DEEPBIND"
same "RTLD_DEEPBIND: results" plain shimmed
ops | sed 's/ @.*//' >found
same "RTLD_DEEPBIND: operations" expected found
shim "$bin/deep" "$deep" remake >shimmed || bad "RTLD_DEEPBIND: remake fails"
list trace.bin
[ "$(grep -c '"input": \[4, 8\]' list.jsonl)" = 20 ] || bad "RTLD_DEEPBIND: remade primitives are taken for others"

# By its interface of C++ the context is who called that.
"$bin/onednn_cpp" >plain || bad "onednn_cpp fails without the shim"
shim "$bin/onednn_cpp" >shimmed || bad "onednn_cpp fails under the shim"
same "C++: results" plain shimmed
list trace.bin
grep -oE '"op": "[a-z]*"|"context": "[^"]*"' list.jsonl | paste - - >found
printf '%s\n' '"op": "relu"	"context": "net::Block::activate"' '"op": "relu"	"context": "net::Block::activate"' \
	'"op": "copy"	"context": "void net::Block::laid_out<dnnl::memory::format_tag>"' >expected
same "C++: contexts" expected found

# An address that is another primitive's is not taken for the first one's.
shim "$bin/onednn" remake >shimmed || bad "remake fails"
ops | sort | uniq -c | sort -n >found
list trace.bin
[ "$(grep -c '"input": \[4, 8\]' list.jsonl)" = 20 ] || bad "remade primitives are taken for others"
[ "$(grep -c '"input": \[8, 4\]' list.jsonl)" = 20 ] || bad "remade primitives are taken for others"
shim "$bin/onednn" threads | sort >shimmed
"$bin/onednn" threads | sort >plain
same "threads: results" plain shimmed
[ "$(ops | grep -c '^matmul matmul')" = 160 ] || bad "threads: operations are missing"
export OMP_NUM_THREADS=1 # what libgomp had started is gone in a child
"$bin/onednn" fork >plain
shim "$bin/onednn" fork >shimmed || bad "fork fails"
same "fork: results" plain shimmed
n=0
for trace in trace*.bin; do
	[ "$(ops "$trace" | grep -c '^matmul matmul')" = 40 ] || bad "fork: operations are missing in $trace"
	n=$((n + 1))
done
[ $n = 2 ] || bad "fork: $n traces"
PROFSHIM_FAMILIES=-onednn shim "$bin/onednn" >shimmed
ops 2>/dev/null | grep -q . && bad "the family cannot be switched off"

# Release 3's names; in a library, and inside of the program.
for program in onednn3 onednn3_inside; do
	"$bin/$program" >plain || bad "$program fails without the shim"
	shim "$bin/$program" >shimmed || bad "$program fails under the shim"
	same "$program: results" plain shimmed
	list trace.bin
	sed -E 's/, "family".*//; s/^\{//' list.jsonl >found
	same "$program: operations" "$src/tests/preload/onednn3.expected" found
done
finish
