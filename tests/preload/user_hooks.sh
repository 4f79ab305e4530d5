#!/bin/bash
# user_hooks.sh: what a file of hooks may say wrongly costs the program nothing;
# functions by each of their names, inside of libraries, and in libraries that come late.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/user_common.sh"
variant=$1
"$bin/$variant" "$plugin" >plain || bad "$variant fails"

# A wrong offset costs the shapes, nothing else.
printf 'product(s, float scale, rows): {op: softmax, input: [s->24->99999999]}\n' >hooks.yaml
shim "$bin/$variant" >shimmed || bad "a wrong offset hurts the program"
head -5 plain | cmp -s - shimmed || bad "a wrong offset changes the output"
told >found
grep -q '^product other main None None None' found || bad "a wrong offset: $(cat found)"
"$tools/proftrace" info trace.bin | grep -q 'hooks.yaml:1: a call of product has values that can' ||
	bad "a wrong offset is not told"

# A broken file stops recording, with one line; the program runs.
printf 'product: {op: sofmax}\n' >hooks.yaml
shim "$bin/$variant" >shimmed 2>errors || bad "a broken file hurts the program"
head -5 plain | cmp -s - shimmed || bad "a broken file changes the output"
[ ! -e trace.bin ] || bad "a broken file leaves a trace"
echo "libprofshim: recording stops: $work/hooks.yaml:1:15: 'sofmax' is no kind of operation; did you mean 'softmax'?" >expected
same "a broken file" expected errors
PROFSHIM_HOOKS=$work/none.yaml shim "$bin/$variant" >shimmed 2>errors
echo "libprofshim: recording stops: $work/none.yaml: No such file or directory" >expected
same "a missing file" expected errors

# A function of several names is found by each of them.
cat >names.c <<'EOF2'
#include <stdio.h>
__attribute__((noinline)) int zeta(int n) { __asm__ volatile("" ::: "memory"); return n * n * 3 + 1; }
int alpha(int n) __attribute__((alias("zeta")));
int main(void) { printf("%d %d\n", zeta(2), alpha(5)); return 0; }
EOF2
"${CC:-cc}" -O1 -o names names.c || bad "names.c does not compile"
for name in zeta alpha; do
	echo "$name(n): {op: other, bytes: n}" >hooks.yaml
	shim ./names >shimmed || bad "$name hurts the program"
	told >found
	grep -q "^$name other main None None None None 5" found || bad "$name: $(cat found)"
	"$tools/profrun" --hooks hooks.yaml --explain $name --format csv ./names >explained ||
		bad "$name is not explained"
	grep -q "^defined,$name,names,.*,2,in .symtab: its entry can be taken over" explained &&
		grep -q "^hooked,$name,names,.*,as other by line 1" explained || bad "$name: $(cat explained)"
done

# Inside a library that is named all calls are seen, those of itself too, and by a
# pointer; also in a library that is opened late, when no other thread runs.
kernels=$bin/libuser_kernels.so
echo 'again(n): {op: other, bytes: n, in: "libuser_kernels.so*", by: entry}' >hooks.yaml
shim "$bin/$variant" >shimmed || bad "an entry in a library hurts the program"
head -5 plain | cmp -s - shimmed || bad "an entry in a library changes the output"
told | awk '{ print $1, $2, $8 }' | sort >found
printf 'again other %s\n' 0 1 2 >expected
same "entries of a library" expected found
cat >late.py <<'EOF2'
import ctypes, sys, threading
done = threading.Event()
others = [threading.Thread(target=done.wait) for _ in range(int(sys.argv[2]))]
for other in others:
    other.start()
print(ctypes.CDLL(sys.argv[1]).again(2))
done.set()
EOF2
shim /usr/bin/python3 late.py "$kernels" 0 >shimmed || bad "a late library hurts the program"
[ "$(cat shimmed)" = 3 ] && [ "$(told | wc -l)" = 3 ] || bad "a late library: $(cat shimmed; told)"
shim /usr/bin/python3 late.py "$kernels" 2 >shimmed 2>errors || bad "a late library hurts the threads"
[ "$(cat shimmed)" = 3 ] && [ ! -s errors ] || bad "a late library with threads: $(cat shimmed errors)"
PROFSHIM_VERBOSE=1 shim /usr/bin/python3 late.py "$kernels" 2 >shimmed 2>errors
[ -e trace.bin ] || grep -q 'again is hooked in vain: other threads run' errors ||
	bad "a late library with threads: $(cat errors)"

# The family can be left out.
PROFSHIM_FAMILIES=-user shim "$bin/$variant" >shimmed 2>errors
[ ! -s errors ] && [ ! -e trace.bin ] || bad "PROFSHIM_FAMILIES=-user: $(cat errors)"
finish
