/* hooks_onednn.c: the functions of oneDNN that are hooked (hooks_onednn.def).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/families.h"
#include "preload/known.h"
#include "preload/onednn/onednn_calls.h"
#include "runtime/recorder.h"

enum onednn_number {
#define ONEDNN_SYMBOL(name, is, stack_words, a, b, c) ONEDNN_NUMBER_##name,
#include "preload/onednn/hooks_onednn.def"
#undef ONEDNN_SYMBOL
	ONEDNN_NUMBERS
};

static struct resolve_cache caches[ONEDNN_NUMBERS];

static const struct hook_family family_PRIMITIVE = {thunk_never_enter, thunk_never_exit,
                                                    onednn_enter_primitive, onednn_exit};
static const struct hook_family family_DESTROY = {thunk_never_enter, thunk_never_exit, onednn_enter_destroy,
                                                  onednn_exit_destroy};
static const struct hook_family family_GEMM = {thunk_never_enter, thunk_never_exit, onednn_enter_gemm,
                                               onednn_exit};
static const struct hook_family family_QUANTIZED = {thunk_never_enter, thunk_never_exit,
                                                    onednn_enter_quantized, onednn_exit};

extern const struct hook onednn_hooks[];
const struct hook onednn_hooks[ONEDNN_NUMBERS] = {
#define ONEDNN_SYMBOL(name, is, stack_words, a, b, c)                                                        \
	{#name,                                                                                              \
	 &caches[ONEDNN_NUMBER_##name],                                                                      \
	 &family_##is,                                                                                       \
	 stack_words,                                                                                        \
	 {PROF_DTYPE_##a, PROF_DTYPE_##b, PROF_DTYPE_##c}},
#include "preload/onednn/hooks_onednn.def"
#undef ONEDNN_SYMBOL
};

const struct known_table onednn_table = {"onednn", onednn_hooks, ONEDNN_NUMBERS};

void hooks_onednn_start(void)
{
	if (prof_family_enabled("onednn"))
		onednn_calls_start();
}
