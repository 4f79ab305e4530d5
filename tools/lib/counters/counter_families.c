/* counter_families.c: which CPU has which counter groups.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/counters/counter_families.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_LIMIT = 1024 };

struct reading {
	const char *file, *start, *p;
	unsigned line;
	struct diag *diag;
};

#define FAIL(r, at, ...)                                                                                     \
	diag_at((r)->diag, (r)->file, (r)->line, (unsigned)((at) - (r)->start) + 1, __VA_ARGS__)

static int take_number(struct reading *r, unsigned long *number)
{
	char *end;

	if (!isdigit((unsigned char)*r->p))
		return FAIL(r, r->p, "a number should be here");
	*number = strtoul(r->p, &end, 0);
	r->p = end;
	return 0;
}

/* 1,4-7,0x10-0x1f */
static int take_ranges(struct reading *r, struct counter_range *ranges, unsigned *n)
{
	for (*n = 0;; r->p++) {
		struct counter_range range;

		if (*n == COUNTER_RANGES)
			return FAIL(r, r->p, "at most %d ranges can be given", COUNTER_RANGES);
		if (take_number(r, &range.first))
			return -1;
		range.last = range.first;
		if (*r->p == '-') {
			r->p++;
			if (take_number(r, &range.last))
				return -1;
		}
		if (range.last < range.first)
			return FAIL(r, r->p, "the range ends before it begins");
		ranges[(*n)++] = range;
		if (*r->p != ',')
			break;
	}
	return !*r->p || *r->p == ' ' || *r->p == '\t' ? 0 : FAIL(r, r->p, "',' or '-' should be here");
}

static int take_word(struct reading *r, char *out, size_t bytes, const char *what)
{
	size_t n = strcspn(r->p, " \t");

	if (!n || n >= bytes)
		return FAIL(r, r->p, "%s should be here, of at most %zu letters", what, bytes - 1);
	memcpy(out, r->p, n);
	out[n] = 0;
	r->p += n;
	return 0;
}

static int take_key(struct reading *r, struct counter_family *f)
{
	static const char *const keys[] = {"vendor", "family", "model"};
	const char *at = r->p, *nearest;
	size_t n = strcspn(r->p, "= \t");
	char key[32];

	snprintf(key, sizeof(key), "%.*s", (int)(n < 31 ? n : 31), r->p);
	r->p += n;
	if (*r->p != '=')
		return FAIL(r, r->p, "'=' should be here: a key is KEY=VALUE");
	r->p++;
	if (!strcmp(key, "vendor"))
		return take_word(r, f->vendor, sizeof(f->vendor), "a vendor");
	if (!strcmp(key, "family"))
		return take_ranges(r, f->families, &f->n_families);
	if (!strcmp(key, "model"))
		return take_ranges(r, f->models, &f->n_models);
	nearest = diag_nearest(key, keys, 3);
	return FAIL(r, at, "unknown key '%s'%s%s%s", key, nearest ? "; did you mean '" : "",
	            nearest ? nearest : "", nearest ? "'?" : "");
}

static int take_line(struct reading *r, struct counter_families *all)
{
	struct counter_family f = {.line = r->line};

	r->p += strspn(r->p, " \t");
	if (!*r->p || *r->p == '#')
		return 0;
	if (all->n == COUNTER_FAMILIES)
		return FAIL(r, r->p, "at most %d families can be given", COUNTER_FAMILIES);
	if (take_word(r, f.name, sizeof(f.name), "a family's name"))
		return -1;
	for (r->p += strspn(r->p, " \t"); *r->p; r->p += strspn(r->p, " \t"))
		if (take_key(r, &f))
			return -1;
	all->list[all->n++] = f;
	return 0;
}

int counter_families_parse(struct counter_families *all, const char *text, size_t bytes, const char *file,
                           struct diag *d)
{
	struct reading r = {.file = file, .diag = d};
	const char *end = text + bytes;
	char line[LINE_LIMIT];

	memset(all, 0, sizeof(*all));
	for (const char *p = text; p < end;) {
		const char *newline = memchr(p, '\n', (size_t)(end - p)), *last = newline ? newline : end;

		r.line++;
		if (last - p >= LINE_LIMIT || memchr(p, 0, (size_t)(last - p)))
			return diag_at(d, file, r.line, 0, "the line is too long, or no text");
		snprintf(line, sizeof(line), "%.*s", (int)(last - p), p);
		r.start = r.p = line;
		if (take_line(&r, all))
			return -1;
		p = last + 1;
	}
	return 0;
}

static bool fits(const struct counter_range *ranges, unsigned n, unsigned long value)
{
	for (unsigned i = 0; i < n; i++)
		if (value >= ranges[i].first && value <= ranges[i].last)
			return true;
	return n == 0;
}

const struct counter_family *counter_families_find(const struct counter_families *all, const char *vendor,
                                                   unsigned long family, unsigned long model)
{
	for (unsigned i = 0; i < all->n; i++) {
		const struct counter_family *f = &all->list[i];

		if ((!*f->vendor || !strcmp(f->vendor, vendor)) && fits(f->families, f->n_families, family)
		    && fits(f->models, f->n_models, model))
			return f;
	}
	return NULL;
}
