/* torch_table.c: the tables of PyTorch's operators as lines, for torch/signatures.py.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>

#define STRING_(x) #x
#define STRING(x)  STRING_(x)

static const struct {
	const char *symbol, *signature, *roles;
} ops[] = {
#define TORCH_SYMBOL(symbol, name, signature, native, kind, rule, roles) {STRING(symbol), #signature, roles},
#include "preload/torch/hooks_torch.def"
#undef TORCH_SYMBOL
};

static const struct {
	const char *id, *letters;
	int words;
} signatures[] = {
#define TORCH_SIGNATURE(id, letters, words) {#id, letters, words},
#include "preload/torch/torch_signatures.def"
#undef TORCH_SIGNATURE
};

int main(void)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
		printf("signature %s %s %d\n", signatures[i].id, signatures[i].letters, signatures[i].words);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		printf("operator %s %s %s\n", ops[i].symbol, ops[i].signature, ops[i].roles);
	return 0;
}
