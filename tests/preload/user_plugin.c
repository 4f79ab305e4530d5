/* user_plugin.c: a library that is opened late and calls what is hooked.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/preload/user_kernels.h"

int plugin_run(const struct sizes *s);

int plugin_run(const struct sizes *s)
{
	return product(s, 1, 5, 0);
}
