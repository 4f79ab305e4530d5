/* counter_family.c: the family of this CPU, whose folder holds its counter groups.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/counters/counter_family.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands behind "LABEL  :" at the start of a line, or null. */
static const char *value_of(const char *text, const char *label)
{
	size_t bytes = strlen(label);

	for (; text; text = strchr(text, '\n'), text += text != NULL) {
		const char *at = text + bytes;

		if (strncmp(text, label, bytes) != 0)
			continue;
		at += strspn(at, " \t");
		if (*at == ':')
			return at + 1 + strspn(at + 1, " \t");
	}
	return NULL;
}

static long number_of(const char *text, const char *label, const char *other)
{
	const char *value = value_of(text, label);

	if (!value)
		value = value_of(text, other);
	return value ? strtol(value, NULL, 0) : -1;
}

void cpu_identify(struct cpu_identity *cpu, const char *cpuinfo)
{
	const char *vendor = value_of(cpuinfo, "vendor_id");

	if (!vendor)
		vendor = value_of(cpuinfo, "CPU implementer");
	snprintf(cpu->vendor, sizeof(cpu->vendor), "%.*s", vendor ? (int)strcspn(vendor, " \t\n") : 0,
	         vendor ? vendor : "");
	cpu->family = number_of(cpuinfo, "cpu family", "CPU architecture");
	cpu->model = number_of(cpuinfo, "model", "CPU part");
}

/* Whether a list such as "0x10-0x1f,96" has the value; -1: it is no list. */
static int has_number(const char *list, long value)
{
	int has = 0;

	while (*list) {
		char *end;
		long low = strtol(list, &end, 0), high = low;

		if (end == list)
			return -1;
		if (*end == '-') {
			list = end + 1;
			high = strtol(list, &end, 0);
			if (end == list || high < low)
				return -1;
		}
		if (*end && *end != ',')
			return -1;
		has |= value >= low && value <= high;
		list = end + (*end == ',');
	}
	return has;
}

/* Whether "key=value" fits; -1: it is no such thing. */
static int fits(const struct cpu_identity *cpu, const char *word)
{
	if (strncmp(word, "vendor=", 7) == 0)
		return strcmp(word + 7, cpu->vendor) == 0;
	if (strncmp(word, "family=", 7) == 0)
		return has_number(word + 7, cpu->family);
	if (strncmp(word, "model=", 6) == 0)
		return has_number(word + 6, cpu->model);
	return -1;
}

/* The family's name when the line fits, cut off; "" when it doesn't; null when it is wrong. */
static const char *line_family(const struct cpu_identity *cpu, char *line)
{
	char *name = line + strspn(line, " \t"), *at = name + strcspn(name, " \t\r");
	bool fit = true, more = *at != 0;

	if (!*name || *name == '#' || *name == '\r')
		return "";
	*at = 0;
	while (more) {
		char *word = at + 1 + strspn(at + 1, " \t\r");
		int one;

		if (!*word || *word == '#')
			break;
		at = word + strcspn(word, " \t\r");
		more = *at != 0;
		*at = 0;
		one = fits(cpu, word);
		if (one < 0)
			return NULL;
		fit = fit && one;
	}
	return fit ? name : "";
}

void family_find(const struct cpu_identity *cpu, const char *path, char *text, char *family, size_t bytes,
                 void (*complain)(const char *sentence))
{
	unsigned number = 1;

	for (char *line = text, *end; line; line = end, number++) {
		const char *name;
		char sentence[512];

		end = strchr(line, '\n');
		if (end)
			*end++ = 0;
		name = line_family(cpu, line);
		if (!name) {
			snprintf(sentence, sizeof(sentence),
			         "%.400s:%u: a line is \"FAMILY vendor=TEXT family=NUMBERS model=NUMBERS\"",
			         path, number);
			complain(sentence);
		} else if (*name && strlen(name) < bytes) {
			strcpy(family, name);
			return;
		}
	}
}
