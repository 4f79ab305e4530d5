/* audit.c: the least that a library for LD_AUDIT can be.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <link.h>

unsigned la_version(unsigned version)
{
	return version;
}

unsigned la_objopen(struct link_map *map, Lmid_t id, uintptr_t *cookie)
{
	return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}
