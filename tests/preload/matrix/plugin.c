/* plugin.c: a library that calls a kernel of a library that it came with.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/preload/matrix/kernels.h"

void plugin_run(int m, int n, int k, float *c);
void plugin_run(int m, int n, int k, float *c)
{
	cblas_sgemm(101, 111, 111, m, n, k, 1, c, 1, c, 1, 0, c, 1);
}
