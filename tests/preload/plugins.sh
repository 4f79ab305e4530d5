#!/bin/bash
# plugins.sh: libraries opened RTLD_LOCAL each get their own routines, also when
# they come and go at the same address, and when they end in a jump.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
plugins="$bin/libplugin_100.so $bin/libplugin_200.so"
"$bin/plugins" $plugins >plain || bad "plugins fails"
shim "$bin/plugins" $plugins >shimmed || bad "plugins fails under the shim"
grep -q '^both 101 201 103 203$' plain || bad "the plugins do not answer as they should"
same "answers" plain shimmed
ops >found || bad "the trace is not whole"
holds "calls" 106 '^cblas_sdot dot' found
holds "calls that end in a jump" 106 '^ *cblas_sscal scal' found
holds "what they jump to" 106 '^ *cblas_saxpy axpy' found

# A library that came along with another is bound to what that one is linked to first.
for before in "" "$bin/libplugin_200.so" "$bin/libplugin_100.so"; do
	"$bin/plugins" order $before "$bin/liborder.so" >plain || bad "plugins order fails"
	shim "$bin/plugins" order $before "$bin/liborder.so" >shimmed || bad "plugins order fails under the shim"
	grep -qx 'order 107' plain || bad "the library below is not bound to its sibling: $(cat plain)"
	same "order, after ${before##*/}" plain shimmed
done

# What nobody defines ends the program as the loader would have.
shim "$bin/plugins" missing >out 2>err
[ $? = 127 ] || bad "a missing routine does not end the program with 127"
holds "a missing routine" 1 'undefined symbol: cblas_sbgemm$' err
finish
