/* settings.c: what is asked of the shim, checked before the program starts.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/profrun/settings.h"

#include <prof/record_filter.h>
#include <prof/record_switch.h>
#include <prof/size_text.h>
#include <math.h>
#include <prof/trace_format.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int settings_check_max_size(const char *text, struct diag *d)
{
	uint64_t bytes = 0;

	if (!*text)
		return 0;
	if (!prof_size_parse(text, &bytes))
		return diag_set(
		        d,
		        "--max-size: '%.100s' is no size: it can be a number of bytes, or one with K, M or G",
		        text);
	if (bytes > 0 && bytes < PROF_MAX_SIZE_LEAST)
		return diag_set(d, "--max-size: '%.100s' is too small: the least is %uM", text,
		                PROF_MAX_SIZE_LEAST >> 20);
	return 0;
}

int settings_check_record(const char *text, struct diag *d)
{
	struct prof_text_error e;
	struct prof_switch s;

	if (prof_switch_parse(text, &s, &e))
		return 0;
	return diag_set(d, "--record: column %zu: '%.*s' %s", e.at + 1, (int)strcspn(text + e.at, ","),
	                text + e.at, e.what);
}

/* The name that the wrong part of a filter was meant to be, or null. */
static const char *nearest(const char *text, const struct prof_filter_error *e)
{
	const char *names[PROF_OP_LIMIT + PROF_DTYPE_LIMIT];
	char word[64];
	unsigned n = 0;

	snprintf(word, sizeof(word), "%.*s", (int)e->bytes, text + e->at);
	for (unsigned i = 0; e->words == PROF_FILTER_KEY_WORDS && prof_filter_keys[i]; i++)
		names[n++] = prof_filter_keys[i];
	for (unsigned i = 0; e->words == PROF_FILTER_OP_WORDS && i < PROF_OP_LIMIT; i++)
		if (prof_filter_op_name(i))
			names[n++] = prof_filter_op_name(i);
	for (unsigned i = 0; e->words == PROF_FILTER_DTYPE_WORDS && i < PROF_DTYPE_LIMIT; i++)
		if (prof_filter_dtype_name(i))
			names[n++] = prof_filter_dtype_name(i);
	return *word ? diag_nearest(word, names, n) : NULL;
}

int settings_check_filter(const char *text, struct diag *d)
{
	struct prof_filter_error e;
	struct prof_filter f;
	const char *meant;

	if (prof_filter_parse(text, &f, &e))
		return 0;
	meant = nearest(text, &e);
	return diag_set(d, "--filter: column %zu: '%.*s' %s%s%s%s", e.at + 1, (int)e.bytes, text + e.at,
	                e.what, meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
}

static int check_number(const char *option, const char *text, double most, bool whole, struct diag *d)
{
	char *end;
	double value = strtod(text, &end);

	if (*text && !*end && value >= 0 && value <= most && (!whole || value == floor(value)))
		return 0;
	return diag_set(d, "--%s: '%.100s' is no %snumber from 0 to %g", option, text, whole ? "whole " : "",
	                most);
}

int settings_check_budget(const char *text, struct diag *d)
{
	return check_number("budget", text, 100, false, d);
}

int settings_check_callsites(const char *text, struct diag *d)
{
	return check_number("callsites", text, PROF_MAX_FRAMES, true, d);
}

/* That a word is one of these. */
static int check_word(const char *option, const char *word, const char *const *words, unsigned n,
                      struct diag *d)
{
	const char *meant = diag_nearest(word, words, n);
	char all[256] = "";

	for (unsigned i = 0; i < n; i++) {
		if (!strcmp(word, words[i]))
			return 0;
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
		         !i          ? ""
		         : i + 1 < n ? ", "
		                     : " and ",
		         words[i]);
	}
	if (meant)
		return diag_set(d, "--%s: there is no '%.60s'; did you mean '%s'?", option, word, meant);
	return diag_set(d, "--%s: there is no '%.60s'; there are %s", option, word, all);
}

int settings_check_energy(const char *text, struct diag *d)
{
	static const char *const words[] = {
#define PROF_ENERGY_WORD(name) name,
#include <prof/words.def>
	};

	return check_word("energy", text, words, sizeof(words) / sizeof(words[0]), d);
}

int settings_check_families(const char *text, struct diag *d)
{
	static const char *const words[] = {
	        "all",
#define PROF_FAMILY(name) name,
#include <prof/words.def>
	};
	char word[64];

	for (size_t bytes; *text; text += bytes + (text[bytes] == ',')) {
		bytes = strcspn(text, ",");
		snprintf(word, sizeof(word), "%.*s", (int)bytes, text);
		if (check_word("families", word + (*word == '-'), words, sizeof(words) / sizeof(words[0]), d)
		    != 0)
			return -1;
	}
	return 0;
}
