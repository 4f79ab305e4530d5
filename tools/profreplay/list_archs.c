/* list_archs.c: profreplay --list-archs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <math.h>
#include <string.h>

#include "tools/lib/support/json_out.h"
#include "tools/lib/support/table.h"
#include "tools/profreplay/profreplay.h"

static const char *const keys[] = {
#define ARCH_KEY(id, key, unit, required, bound, max, good, meaning) key,
#include "tools/lib/arch/arch_keys.def"
};
static const char *const rates[] = {
#define ARCH_RATES(id, key, unit, bound, max, good, meaning) key,
#include "tools/lib/arch/arch_keys.def"
};
static const char *const levels[] = {
#define ARCH_LEVEL(id, key, unit, required, bound, max, good, meaning) key,
#include "tools/lib/arch/arch_keys.def"
};
static const struct {
	const char *key, *words;
} choices[] = {
#define ARCH_CHOICE(id, key, words, meaning) {key, words},
#include "tools/lib/arch/arch_keys.def"
};

/* ---- JSON: everything a profile has, and where it is from ---- */

static void put_rates(const struct arch *a, struct json_out *j)
{
	for (unsigned i = 0; i < ARCH_N_RATES; i++) {
		bool begun = false;

		for (unsigned k = 0; k < PROF_DTYPE_LIMIT; k++) {
			if (isnan(a->rate[i][k]))
				continue;
			if (!begun)
				json_open(j, rates[i], '{');
			begun = true;
			json_number(j, op_dtype_name(k), a->rate[i][k]);
		}
		if (begun)
			json_close(j, '}');
	}
}

static void put_levels(const struct arch *a, struct json_out *j)
{
	if (!a->n_levels)
		return;
	json_open(j, "memory_levels", '[');
	for (unsigned i = 0; i < a->n_levels; i++) {
		json_open(j, NULL, '{');
		for (unsigned k = 0; k < ARCH_N_LEVEL_KEYS; k++)
			json_number(j, levels[k], a->level[i][k]);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* The word at a place of "a|b|c". */
static void put_choice(struct json_out *j, const char *key, const char *words, int place)
{
	char word[32];

	for (; place > 0; place--)
		words = strchr(words, '|') + 1;
	snprintf(word, sizeof word, "%.*s", (int)strcspn(words, "|"), words);
	json_text(j, key, word);
}

static void put_text(struct json_out *j, const char *key, const char *text)
{
	if (*text)
		json_text(j, key, text);
}

static void put_origins(const struct arch *a, struct json_out *j)
{
	if (!a->n_origins)
		return;
	json_open(j, "origins", '{');
	for (unsigned i = 0; i < a->n_origins; i++) {
		const struct arch_origin *o = &a->origins[i];

		json_open(j, o->key, '{');
		json_text(j, "unit", o->unit);
		if (o->lo < o->hi) {
			json_open(j, "range", '[');
			json_number(j, NULL, o->lo);
			json_number(j, NULL, o->hi);
			json_close(j, ']');
		}
		put_text(j, "source", o->source);
		put_text(j, "scope", o->scope);
		put_text(j, "process", o->process);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void list_json(const struct arch_set *archs)
{
	struct json_out j = {.out = stdout, .first = true};

	json_open(&j, NULL, '[');
	for (unsigned i = 0; i < archs->n; i++) {
		const struct arch *a = &archs->archs[i];

		json_open(&j, NULL, '{');
		json_text(&j, "name", a->name);
		for (unsigned k = 0; k < ARCH_N_KEYS; k++)
			json_number(&j, keys[k], a->value[k]);
		put_rates(a, &j);
		put_levels(a, &j);
		for (unsigned k = 0; k < ARCH_N_CHOICES; k++)
			if (a->choice[k] >= 0)
				put_choice(&j, choices[k].key, choices[k].words, a->choice[k]);
		json_text(&j, "source", a->source);
		put_text(&j, "notes", a->notes);
		json_text(&j, "path", a->path);
		put_origins(a, &j);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	fputc('\n', stdout);
}

/* ---- tables ---- */

/* Every number of its own: what has types or levels is JSON's. */
static const struct table_column all_columns[] = {
        {"name", "name", TABLE_TEXT},
#define ARCH_KEY(id, key, unit, required, bound, max, good, meaning) {key, key, TABLE_NUMBER},
#include "tools/lib/arch/arch_keys.def"
        {"source", "source", TABLE_TEXT},
};

static void list_csv(const struct arch_set *archs)
{
	struct table *t = table_new(all_columns, sizeof all_columns / sizeof *all_columns);

	for (unsigned i = 0; t && i < archs->n; i++) {
		table_row(t);
		table_text(t, archs->archs[i].name);
		for (unsigned k = 0; k < ARCH_N_KEYS; k++)
			table_number(t, archs->archs[i].value[k]);
		table_text(t, archs->archs[i].source);
	}
	if (t)
		table_print(t, TABLE_CSV, 0, stdout);
	table_free(t);
}

static void list_text(const struct arch_set *archs)
{
	static const struct table_column columns[] = {
	        {"name", "name", TABLE_TEXT},
	        {"TFLOP/s", "tflops", TABLE_NUMBER},
	        {"memory GB/s", "mem_bw_GBs", TABLE_NUMBER},
	        {"pJ/bit", "mem_pj_per_bit", TABLE_NUMBER},
	        {"memory GB", "mem_capacity_GB", TABLE_NUMBER},
	        {"to device GB/s", "host_to_device_bw_GBs", TABLE_NUMBER},
	        {"back GB/s", "device_to_host_bw_GBs", TABLE_NUMBER},
	};
	static const enum arch_key shown[] = {ARCH_TFLOPS,      ARCH_MEM_BW, ARCH_MEM_PJ,
	                                      ARCH_CAPACITY_GB, ARCH_H2D_BW, ARCH_D2H_BW};
	struct table *t = table_new(columns, sizeof columns / sizeof *columns);

	for (unsigned i = 0; t && i < archs->n; i++) {
		table_row(t);
		table_text(t, archs->archs[i].name);
		for (unsigned k = 0; k < sizeof shown / sizeof *shown; k++)
			table_number(t, archs->archs[i].value[shown[k]]);
	}
	if (t)
		table_print(t, TABLE_FOR_PEOPLE, cli_colour(), stdout);
	table_free(t);
}

void session_list_archs(const struct session *s)
{
	if (!strcmp(s->set.format, "json"))
		list_json(&s->archs);
	else if (!strcmp(s->set.format, "csv"))
		list_csv(&s->archs);
	else
		list_text(&s->archs);
}
