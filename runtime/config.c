/* config.c: what the environment asks of the recorder.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/config.h"

#include <prof/size_text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/memory.h"
#include "runtime/recorder.h"
#include "runtime/say.h"

#define VERBOSE_MAX 2
#define BUDGET_MAX  100

static const struct {
	const char *name, *fallback;
} variables[CONFIG_VARIABLES] = {
#define PROF_ENV(id, variable, text, meaning) {variable, text},
#include <prof/env.def>
#undef PROF_ENV
};

static struct config current;

const char *config_name(enum config_variable variable)
{
	return variables[variable].name;
}

const struct config *config_get(void)
{
	return &current;
}

/* The number in a variable, or in its default when that makes no sense. */
static double number(struct config *c, enum config_variable v, double max, bool whole,
                     void (*complain)(const char *))
{
	char sentence[256], *end;
	double value = strtod(c->text[v], &end);

	if (end != c->text[v] && !*end && value >= 0 && value <= max
	    && (!whole || value == (double)(unsigned)value))
		return value;
	snprintf(sentence, sizeof(sentence), "%s is \"%.64s\": it can be a %snumber from 0 to %g; %s is used",
	         config_name(v), c->text[v], whole ? "whole " : "", max, variables[v].fallback);
	complain(sentence);
	c->text[v] = variables[v].fallback;
	c->is_set[v] = false;
	return strtod(c->text[v], NULL);
}

static uint64_t max_size(struct config *c, void (*complain)(const char *))
{
	const char *name = config_name(CONFIG_MAX_SIZE);
	char sentence[256];
	uint64_t bytes;

	if (!*c->text[CONFIG_MAX_SIZE])
		return 0;
	if (!prof_size_parse(c->text[CONFIG_MAX_SIZE], &bytes)) {
		snprintf(sentence, sizeof(sentence),
		         "%s is \"%.64s\": it can be a number of bytes, or one with K, M or G; the size of "
		         "the trace is not limited",
		         name, c->text[CONFIG_MAX_SIZE]);
		complain(sentence);
		c->text[CONFIG_MAX_SIZE] = variables[CONFIG_MAX_SIZE].fallback;
		c->is_set[CONFIG_MAX_SIZE] = false;
		return 0;
	}
	if (bytes > 0 && bytes < PROF_MAX_SIZE_LEAST) {
		snprintf(sentence, sizeof(sentence), "%s is \"%.64s\": the least is %uM, which is used", name,
		         c->text[CONFIG_MAX_SIZE], PROF_MAX_SIZE_LEAST >> 20);
		complain(sentence);
		return PROF_MAX_SIZE_LEAST;
	}
	return bytes;
}

static void check_path(struct config *c, enum config_variable v, void (*complain)(const char *))
{
	char sentence[256];

	if (*c->text[v])
		return;
	snprintf(sentence, sizeof(sentence), "%s is empty: it can be a path; %s is used", config_name(v),
	         variables[v].fallback);
	complain(sentence);
	c->text[v] = variables[v].fallback;
	c->is_set[v] = false;
}

static bool is_family(const char *word, size_t bytes)
{
	static const char *const words[] = {
	        "all",
#define PROF_FAMILY(name) name,
#include <prof/words.def>
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == bytes && memcmp(word, words[i], bytes) == 0)
			return true;
	return bytes == 0;
}

static void check_families(const struct config *c, void (*complain)(const char *sentence))
{
	const char *list = c->text[CONFIG_FAMILIES];
	char sentence[256];

	for (size_t bytes; *list; list += bytes + (list[bytes] == ',')) {
		bytes = strcspn(list, ",");
		if (is_family(list + (*list == '-'), bytes - (*list == '-')))
			continue;
		snprintf(sentence, sizeof(sentence), "%s: there is no family \"%.*s\"",
		         config_name(CONFIG_FAMILIES), bytes < 64 ? (int)bytes : 64, list);
		complain(sentence);
	}
}

void config_parse(struct config *c, const char *(*lookup)(const char *name),
                  void (*complain)(const char *sentence))
{
	memset(c, 0, sizeof(*c));
	for (unsigned i = 0; i < CONFIG_VARIABLES; i++) {
		const char *text = lookup(variables[i].name);

		c->is_set[i] = text != NULL;
		c->text[i] = text ? text : variables[i].fallback;
	}
	c->callsites = (unsigned)number(c, CONFIG_CALLSITES, PROF_MAX_FRAMES, true, complain);
	c->verbose = (unsigned)number(c, CONFIG_VERBOSE, VERBOSE_MAX, true, complain);
	c->budget = number(c, CONFIG_BUDGET, BUDGET_MAX, false, complain);
	c->max_size_bytes = max_size(c, complain);
	check_path(c, CONFIG_OUTPUT, complain);
	check_path(c, CONFIG_SYSFS, complain);
	check_families(c, complain);
}

static const char *environment(const char *name)
{
	return getenv(name);
}

static void complain_aloud(const char *sentence)
{
	say_line(sentence);
}

void config_start(void)
{
	config_parse(&current, environment, complain_aloud);
	for (unsigned i = 0; i < CONFIG_VARIABLES; i++) {
		size_t bytes = strlen(current.text[i]) + 1;
		char *copy = current.is_set[i] ? memory_alloc(bytes) : NULL;

		if (copy)
			current.text[i] = memcpy(copy, current.text[i], bytes);
		else
			current.text[i] = variables[i].fallback;
	}
}

bool config_list_has(const char *list, const char *word)
{
	size_t word_bytes = strlen(word);
	bool has = *list == '-' || !*list;

	while (*list) {
		size_t bytes = strcspn(list, ",");
		bool out = *list == '-';
		const char *item = list + out;
		size_t item_bytes = bytes - out;

		if ((item_bytes == word_bytes && memcmp(item, word, word_bytes) == 0)
		    || (item_bytes == 3 && memcmp(item, "all", 3) == 0))
			has = !out;
		list += bytes;
		list += *list == ',';
	}
	return has;
}

bool prof_family_enabled(const char *family)
{
	return config_list_has(current.text[CONFIG_FAMILIES], family);
}
