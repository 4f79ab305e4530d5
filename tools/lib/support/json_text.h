/* json_text.h: a text as a JSON string, whatever bytes it holds.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_SUPPORT_JSON_TEXT_H
#define TOOLS_LIB_SUPPORT_JSON_TEXT_H

#include <stdio.h>

/* With quotes; bytes that are not UTF-8 become U+FFFD. */
void json_text_put(FILE *out, const char *s);

#endif
