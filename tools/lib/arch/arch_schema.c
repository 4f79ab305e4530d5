/* arch_schema.c: what accelerator files may hold, and whether one does.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/arch/arch_schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/lib/arch/arch_read.h"
#include "tools/lib/calibration/calibration.h"
#include "tools/lib/support/json_out.h"
#include "tools/lib/trace/op.h"

enum { REQUIRED = 1, OPTIONAL = 0, ABOVE_ZERO = 1, NOT_NEGATIVE = 0 };

/* A number with what a schema says of it. */
struct entry {
	struct arch_number n;
	const char *meaning;
};

static const struct entry keys[] = {
#define ARCH_KEY(id, key, unit, required, bound, max, good, meaning)                                         \
	{{key, unit, required, bound, max, ARCH_GOOD_##good}, meaning},
#include "tools/lib/arch/arch_keys.def"
};

static const struct entry rates[] = {
#define ARCH_RATES(id, key, unit, bound, max, good, meaning)                                                 \
	{{key, unit, false, bound, max, ARCH_GOOD_##good}, meaning},
#include "tools/lib/arch/arch_keys.def"
};

static const struct entry levels[] = {
#define ARCH_LEVEL(id, key, unit, required, bound, max, good, meaning)                                       \
	{{key, unit, required, bound, max, ARCH_GOOD_##good}, meaning},
#include "tools/lib/arch/arch_keys.def"
};

/* Texts and choices: key, words or null, meaning. */
static const char *const others[][3] = {
#define ARCH_TEXT(id, key, meaning)          {key, NULL, meaning},
#define ARCH_CHOICE(id, key, words, meaning) {key, words, meaning},
#include "tools/lib/arch/arch_keys.def"
};

static void nothing_else(struct json_out *j)
{
	json_open(j, "additionalProperties", '{');
	json_open(j, "not", '{');
	json_close(j, '}');
	json_close(j, '}');
}

static void words(struct json_out *j, const char *list)
{
	char word[64];

	json_open(j, "enum", '[');
	while (*list) {
		size_t n = strcspn(list, "|");

		snprintf(word, sizeof word, "%.*s", (int)n, list);
		json_text(j, NULL, word);
		list += n + (list[n] == '|');
	}
	json_close(j, ']');
}

static void plain_number(struct json_out *j, const char *key, const struct arch_number *n)
{
	json_open(j, key, '{');
	json_text(j, "type", "number");
	json_number(j, n->above_zero ? "exclusiveMinimum" : "minimum", 0);
	json_number(j, "maximum", n->max);
	json_close(j, '}');
}

static void text(struct json_out *j, const char *key, const char *meaning)
{
	json_open(j, key, '{');
	json_text(j, "type", "string");
	if (meaning)
		json_text(j, "description", meaning);
	json_close(j, '}');
}

static void fact(struct json_out *j, const struct arch_number *n)
{
	json_open(j, NULL, '{');
	json_text(j, "type", "object");
	json_open(j, "required", '[');
	json_text(j, NULL, "value");
	json_close(j, ']');
	nothing_else(j);
	json_open(j, "properties", '{');
	plain_number(j, "value", n);
	if (n->good != ARCH_GOOD_NEITHER) {
		json_open(j, "range", '{');
		json_text(j, "type", "array");
		json_number(j, "minItems", 2);
		json_number(j, "maxItems", 2);
		plain_number(j, "items", n);
		json_close(j, '}');
	}
	text(j, "source", "where the number is from; assumed: no public source");
	json_open(j, "scope", '{');
	words(j, arch_scopes);
	json_close(j, '}');
	text(j, "process", "manufacturing process");
	json_close(j, '}');
	json_close(j, '}');
}

/* A number, plain or with its pedigree. */
static void number(struct json_out *j, const char *key, const struct entry *e)
{
	char meaning[400];

	snprintf(meaning, sizeof meaning, "%s (%s)", e->meaning, e->n.unit);
	json_open(j, key, '{');
	json_text(j, "description", meaning);
	json_open(j, "anyOf", '[');
	plain_number(j, NULL, &e->n);
	fact(j, &e->n);
	json_close(j, ']');
	json_close(j, '}');
}

static void rates_by_type(struct json_out *j, const struct entry *e)
{
	json_open(j, e->n.name, '{');
	json_text(j, "type", "object");
	json_text(j, "description", e->meaning);
	nothing_else(j);
	json_open(j, "properties", '{');
	for (unsigned i = 1; i < PROF_DTYPE_LIMIT; i++)
		if (op_dtype_name(i))
			number(j, op_dtype_name(i), e);
	json_close(j, '}');
	json_close(j, '}');
}

static void required(struct json_out *j, const struct entry *e, unsigned n)
{
	json_open(j, "required", '[');
	for (unsigned i = 0; i < n; i++)
		if (e[i].n.required)
			json_text(j, NULL, e[i].n.name);
	json_close(j, ']');
}

static void memory_levels(struct json_out *j)
{
	json_open(j, "memory_levels", '{');
	json_text(j, "type", "array");
	json_text(j, "description", "memories on the chip, the innermost first");
	json_number(j, "maxItems", ARCH_MAX_LEVELS);
	json_open(j, "items", '{');
	json_text(j, "type", "object");
	nothing_else(j);
	required(j, levels, sizeof levels / sizeof *levels);
	json_open(j, "properties", '{');
	text(j, "name", "for readers");
	for (unsigned i = 0; i < sizeof levels / sizeof *levels; i++)
		number(j, levels[i].n.name, &levels[i]);
	json_close(j, '}');
	json_close(j, '}');
	json_close(j, '}');
}

/* profrun --calibrate writes it; its lists' items are checked when it is read. */
static void calibration(struct json_out *j)
{
	json_open(j, "calibration", '{');
	json_text(j, "type", "object");
	json_text(j, "description", "what profrun --calibrate measured and fitted on this host");
	nothing_else(j);
	json_open(j, "properties", '{');
	for (unsigned i = 0; calibration_keys[i]; i++) {
		bool is_list = i >= CALIBRATION_FIRST_LIST;

		json_open(j, calibration_keys[i], '{');
		json_text(j, "type", is_list ? "array" : "number");
		json_close(j, '}');
	}
	json_close(j, '}');
	json_close(j, '}');
}

static void properties(struct json_out *j)
{
	for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++)
		number(j, keys[i].n.name, &keys[i]);
	for (unsigned i = 0; i < sizeof rates / sizeof *rates; i++)
		rates_by_type(j, &rates[i]);
	memory_levels(j);
	calibration(j);
	for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
		if (!others[i][1]) {
			text(j, others[i][0], others[i][2]);
			continue;
		}
		json_open(j, others[i][0], '{');
		json_text(j, "description", others[i][2]);
		words(j, others[i][1]);
		json_close(j, '}');
	}
}

void arch_schema_print(FILE *out)
{
	struct json_out j = {.out = out};

	json_open(&j, NULL, '{');
	json_text(&j, "title", "Accelerator files of profreplay: names with their profiles");
	json_text(&j, "type", "object");
	json_open(&j, "additionalProperties", '{');
	json_text(&j, "type", "object");
	nothing_else(&j);
	required(&j, keys, sizeof keys / sizeof *keys);
	json_open(&j, "properties", '{');
	properties(&j);
	json_close(&j, '}');
	json_close(&j, '}');
	json_close(&j, '}');
}

/* ---- pedigree ---- */

static void count(struct arch_pedigree *p, double value, enum arch_good good)
{
	p->numbers += !isnan(value);
	p->may_range += !isnan(value) && good != ARCH_GOOD_NEITHER;
}

struct arch_pedigree arch_pedigree_of(const struct arch *a)
{
	struct arch_pedigree p = {0, 0, 0, 0, 0, 0};

	for (unsigned i = 0; i < ARCH_N_KEYS; i++)
		count(&p, a->value[i], keys[i].n.good);
	for (unsigned i = 0; i < ARCH_N_RATES; i++)
		for (unsigned k = 0; k < PROF_DTYPE_LIMIT; k++)
			count(&p, a->rate[i][k], rates[i].n.good);
	for (unsigned i = 0; i < a->n_levels; i++)
		for (unsigned k = 0; k < ARCH_N_LEVEL_KEYS; k++)
			count(&p, a->level[i][k], levels[k].n.good);
	for (unsigned i = 0; i < a->n_origins; i++) {
		const struct arch_origin *o = &a->origins[i];

		p.sourced += *o->source != 0;
		p.assumed += !strncmp(o->source, "assumed", 7) || strstr(o->source, "; assumed") != NULL;
		p.ranged += o->lo < o->hi;
		p.scoped += *o->scope != 0;
	}
	return p;
}
