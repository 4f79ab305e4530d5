/* names.c: the functions that the shim stands in for without a file of hooks, by name.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Texts one behind the other, not pointers: the dynamic linker would have to
 * mend thousands of those in every program, and few of them ask.
 */
#include "preload/names.h"

#include <prof/nearest.h>
#include <stddef.h>

static const char blas[] =
#define BLAS_SYMBOL(name, interface, shape, op, in, out) #name "\0"
#include "preload/blas/hooks_blas.def"
#undef BLAS_SYMBOL
        ;

static const char lapack[] =
#define LAPACK_SYMBOL(name, shape, type, wide) #name "\0"
#include "preload/blas/hooks_lapack.def"
#undef LAPACK_SYMBOL
        ;

static const char ggml[] =
#define GGML_SYMBOL(name, why) #name "\0"
#include "preload/ggml/hooks_ggml.def"
#undef GGML_SYMBOL
        ;

static const char onnxruntime[] =
#define ORT_SYMBOL(name) #name "\0"
#include "preload/ort/hooks_ort.def"
#undef ORT_SYMBOL
        ;

static const char onednn[] =
#define ONEDNN_SYMBOL(name, ...) #name "\0"
#include "preload/onednn/hooks_onednn.def"
#undef ONEDNN_SYMBOL
        ;

#define TEXT(symbol)  TEXT_OF(symbol)
#define TEXT_OF(text) #text
static const char torch[] =
#define TORCH_SYMBOL(symbol, name, signature, native, kind, rule, roles) TEXT(symbol) "\0"
#include "preload/torch/hooks_torch.def"
#undef TORCH_SYMBOL
        ;

static const struct {
	const char *family, *names;
	bool can_be_like;
} tables[] = {
        {"blas", blas, true},
        {"lapack", lapack, true},
        {"ggml", ggml, false},
        {"onnxruntime", onnxruntime, false},
        {"onednn", onednn, true},
        {"torch", torch, false},
        {"functions", "__cyg_profile_func_enter\0__cyg_profile_func_exit\0", false},
};

enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

static bool has(const char *names, const char *name)
{
	for (; *names; names += strlen(names) + 1)
		if (!strcmp(names, name))
			return true;
	return false;
}

const char *names_family(const char *name)
{
	for (unsigned i = 0; i < TABLES; i++)
		if (has(tables[i].names, name))
			return tables[i].family;
	return NULL;
}

bool names_can_be_like(const char *name)
{
	for (unsigned i = 0; i < TABLES; i++)
		if (tables[i].can_be_like && has(tables[i].names, name))
			return true;
	return false;
}

const char *names_nearest_like(const char *name)
{
	const char *nearest = NULL;
	unsigned best = ~0u;

	for (unsigned i = 0; i < TABLES; i++)
		for (const char *at = tables[i].names; tables[i].can_be_like && *at; at += strlen(at) + 1) {
			unsigned edits = prof_nearest_edits(name, at);

			if (edits < best) {
				best = edits;
				nearest = at;
			}
		}
	return nearest && prof_nearest_is_meant(name, best) ? nearest : NULL;
}
