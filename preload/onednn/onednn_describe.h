/* onednn_describe.h: from a oneDNN primitive to an operation of ours.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PRELOAD_ONEDNN_ONEDNN_DESCRIBE_H
#define PRELOAD_ONEDNN_ONEDNN_DESCRIBE_H

#include "preload/onednn/onednn_query.h"

/* Fill in everything but the call site and the family. */
void onednn_describe(struct onednn_asked *a, struct prof_desc_spec *spec);

/* A product called by itself, with matrices stored by rows. */
struct onednn_product {
	bool trans_a, trans_b;
	int64_t m, n, k, lda, ldb, ldc;
	enum prof_dtype a, b, c;
};
void onednn_describe_product(const struct onednn_product *p, struct prof_desc_spec *spec);

#endif
