/* json_out.c: a JSON writer.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/support/json_out.h"

#include <math.h>

/* Bytes of the UTF-8 sequence at p, 0 when it is none. */
static int utf8_bytes(const unsigned char *p)
{
	int n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : (*p & 0xf0) == 0xe0 ? 3 : 0;

	if (*p >= 0xf0 && *p < 0xf5)
		n = 4;
	for (int i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static void quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		int n = utf8_bytes(p);

		if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else if (*p < 0x20)
			fprintf(out, "\\u%04x", *p);
		else if (n)
			fwrite(p, 1, (size_t)n, out);
		else
			fputs("\\ufffd", out);
		p += n ? n : 1;
	}
	fputc('"', out);
}

/* Two levels are laid out for people; deeper ones stay on their line. */
static void begin(struct json_out *j, const char *key)
{
	if (j->depth)
		fputs(j->first ? "" : ",", j->out);
	if (j->depth == 1 || j->depth == 2)
		fprintf(j->out, "\n%*s", (int)j->depth * 2, "");
	else if (!j->first && j->depth)
		fputc(' ', j->out);
	j->first = false;
	if (key) {
		quoted(j->out, key);
		fputs(": ", j->out);
	}
}

void json_open(struct json_out *j, const char *key, char bracket)
{
	begin(j, key);
	fputc(bracket, j->out);
	j->depth++;
	j->first = true;
}

void json_close(struct json_out *j, char bracket)
{
	j->depth--;
	if (!j->first && j->depth < 2)
		fprintf(j->out, "\n%*s", (int)j->depth * 2, "");
	fputc(bracket, j->out);
	j->first = false;
	if (j->depth == 0)
		fputc('\n', j->out);
}

void json_text(struct json_out *j, const char *key, const char *value)
{
	begin(j, key);
	quoted(j->out, value);
}

void json_number(struct json_out *j, const char *key, double value)
{
	begin(j, key);
	if (isfinite(value))
		fprintf(j->out, "%.17g", value);
	else
		fputs("null", j->out);
}

void json_null(struct json_out *j, const char *key)
{
	begin(j, key);
	fputs("null", j->out);
}
