/* json_out.h: JSON written as it comes, without holding it in memory.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_SUPPORT_JSON_OUT_H
#define TOOLS_LIB_SUPPORT_JSON_OUT_H

#include <stdbool.h>
#include <stdio.h>

struct json_out {
	FILE *out;
	unsigned depth;
	bool first; /* nothing yet in the object or array in progress */
};

/* `key` is null inside arrays and for the outermost value. */
void json_open(struct json_out *j, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json_out *j, char bracket);                 /* '}' or ']' */
void json_text(struct json_out *j, const char *key, const char *value);
void json_number(struct json_out *j, const char *key, double value); /* not finite: null */
void json_null(struct json_out *j, const char *key);

#endif
