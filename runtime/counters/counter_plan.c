/* counter_plan.c: which counters are asked for, with groups looked up.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/counters/counter_plan.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/counters/counter_family.h"
#include "runtime/process/files.h"

#define SENTENCE_BYTES 512

/* The file being read. */
struct reading {
	struct counter_plan *plan;
	const char *group, *path;
	unsigned line;
	void (*complain)(const char *);
};

/* ---- places ---- */

static bool is_folder(const char *path, const char *sub, struct counter_places *places)
{
	char families[sizeof(places->folder) + 16];
	int n = snprintf(places->folder, sizeof(places->folder), "%s%s", path, sub);

	snprintf(families, sizeof(families), "%s/families", places->folder);
	if (n > 0 && (size_t)n < sizeof(places->folder) && access(families, R_OK) == 0)
		return true;
	places->folder[0] = 0;
	return false;
}

void counter_places_find(struct counter_places *places)
{
	char here[sizeof(places->folder)];
	Dl_info info;
	char *slash;

	places->folder[0] = 0;
	places->cpuinfo = "/proc/cpuinfo";
	if (!dladdr((void *)(uintptr_t)counter_places_find, &info) || !info.dli_fname
	    || strlen(info.dli_fname) >= sizeof(here))
		return;
	strcpy(here, info.dli_fname);
	slash = strrchr(here, '/');
	if (slash)
		*slash = 0;
	else
		strcpy(here, ".");
	/* Installed in lib/ or in lib/<architecture>/, and where it was built. */
	if (!is_folder(here, "/../share/prof/counters", places)
	    && !is_folder(here, "/../../share/prof/counters", places))
		is_folder(here, "/../arch/counters", places);
}

/* ---- words ---- */

static void wrong(const struct reading *r, const char *what, const char *word)
{
	char sentence[SENTENCE_BYTES];

	snprintf(sentence, sizeof(sentence), "%.300s:%u: %s%s%.80s%s", r->path, r->line, what,
	         *word ? " \"" : "", word, *word ? "\"" : "");
	r->complain(sentence);
}

/* The next word of a line, cut off; null at its end. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t");
	size_t bytes = strcspn(word, " \t");

	if (!bytes)
		return NULL;
	*line = word + bytes;
	if (**line)
		*(*line)++ = 0;
	return word;
}

static size_t first_bytes(const char *names)
{
	return strcspn(names, "|");
}

/* Events whose first alternative is the same are one. */
static bool has_event(const struct counter_plan *plan, const char *names)
{
	size_t bytes = first_bytes(names);

	for (unsigned i = 0; i < plan->n_events; i++)
		if (first_bytes(plan->events[i].names) == bytes
		    && memcmp(plan->events[i].names, names, bytes) == 0)
			return true;
	return false;
}

/* What is wrong, or null. */
static const char *add_event(struct counter_plan *plan, const char *names, bool is_plain)
{
	struct plan_event *e = &plan->events[plan->n_events];

	if (has_event(plan, names))
		return NULL;
	if (plan->n_events == PLAN_EVENTS)
		return "there are too many events to try";
	if (strlen(names) >= sizeof(e->names))
		return "the names of an event are too long";
	if (names[0] == '|' || strstr(names, "||") || names[strlen(names) - 1] == '|')
		return "an alternative is empty";
	strcpy(e->names, names);
	e->is_plain = is_plain;
	plan->n_events++;
	return NULL;
}

bool plan_alternative(const struct plan_event *event, unsigned i, char name[PLAN_NAME_BYTES])
{
	const char *at = event->names;

	for (; i && *at; i--) {
		at += first_bytes(at);
		at += *at == '|';
	}
	if (!*at || first_bytes(at) >= PLAN_NAME_BYTES)
		return false;
	snprintf(name, PLAN_NAME_BYTES, "%.*s", (int)first_bytes(at), at);
	return true;
}

/* ---- formulas ---- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool goes_on(char c)
{
	return is_letter(c) || is_digit(c) || c == ':' || c == '=' || c == '.';
}

/* The event whose first alternative stands at `at`, the longest of them; its
 * bytes, or 0. */
static size_t event_at(const struct counter_plan *plan, const char *at, unsigned *event)
{
	size_t found = 0;

	for (unsigned i = 0; i < plan->n_events; i++) {
		size_t bytes = first_bytes(plan->events[i].names);

		if (bytes > found && strncmp(at, plan->events[i].names, bytes) == 0 && !goes_on(at[bytes])) {
			found = bytes;
			*event = i;
		}
	}
	return found;
}

static size_t word_bytes(const char *at)
{
	size_t bytes = 0;

	while (goes_on(at[bytes]))
		bytes++;
	return bytes;
}

static bool is_known_word(const char *at, size_t bytes)
{
	static const char *const words[] = {"time", "flops", "bytes", "clock_hz", "min", "max"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == bytes && memcmp(at, words[i], bytes) == 0)
			return true;
	return false;
}

/* A number such as 64, 0.5 or 1e9. */
static size_t number_bytes(const char *at)
{
	size_t bytes = 0;

	while (is_digit(at[bytes]) || at[bytes] == '.' || (bytes && (at[bytes] == 'e' || at[bytes] == 'E'))
	       || (bytes && (at[bytes] == '-' || at[bytes] == '+')
	           && (at[bytes - 1] == 'e' || at[bytes - 1] == 'E')))
		bytes++;
	return bytes;
}

static bool put(char **out, char *end, const char *text, size_t bytes)
{
	if ((size_t)(end - *out) <= bytes)
		return false;
	memcpy(*out, text, bytes);
	*out += bytes;
	**out = 0;
	return true;
}

bool plan_formula(const struct counter_plan *plan, const struct plan_metric *metric,
                  const char *(*taken)(unsigned event), char *out, size_t bytes)
{
	const char *at = metric->formula;
	char *end = out + bytes;

	while (*at) {
		unsigned event;
		size_t n = is_letter(*at) ? event_at(plan, at, &event) : 0;
		const char *name = n ? taken(event) : at;
		size_t name_bytes;

		if (!name)
			return false;
		if (n)
			name_bytes = strlen(name);
		else
			name_bytes = n = is_letter(*at)  ? word_bytes(at)
			                 : is_digit(*at) ? number_bytes(at)
			                                 : 1;
		if (!put(&out, end, name, name_bytes))
			return false;
		at += n;
	}
	return true;
}

/* The first thing in a formula that is nothing known, or null. */
static const char *unknown_in(const struct counter_plan *plan, const char *at)
{
	while (*at) {
		unsigned event;
		size_t n = is_letter(*at) ? event_at(plan, at, &event) : 0;

		if (!n && is_letter(*at) && is_known_word(at, word_bytes(at)))
			n = word_bytes(at);
		else if (!n && is_digit(*at))
			n = number_bytes(at);
		else if (!n && strchr("+-*/(), \t", *at))
			n = 1;
		if (!n)
			return at;
		at += n;
	}
	return NULL;
}

/* ---- lines ---- */

static void read_events(struct reading *r, char *rest)
{
	const char *word;
	unsigned n = 0;

	for (; (word = next_word(&rest)); n++) {
		const char *why = add_event(r->plan, word, false);

		if (why)
			wrong(r, why, word);
	}
	if (!n)
		wrong(r, "events has no name behind it", "");
}

/* NAME UNIT = FORMULA */
static void read_metric(struct reading *r, char *rest)
{
	const char *name = next_word(&rest), *unit = next_word(&rest), *equals = next_word(&rest), *unknown;
	struct plan_metric *m = &r->plan->metrics[r->plan->n_metrics];

	rest += strspn(rest, " \t");
	if (!equals || strcmp(equals, "=") != 0 || !*rest) {
		wrong(r, "a metric is \"NAME UNIT = FORMULA\", not", name ? name : "");
		return;
	}
	if (r->plan->n_metrics == PLAN_METRICS || strlen(name) >= sizeof(m->name)
	    || strlen(unit) >= sizeof(m->unit) || strlen(rest) >= sizeof(m->formula)) {
		wrong(r, "there is no room for metric", name);
		return;
	}
	unknown = unknown_in(r->plan, rest);
	if (unknown) {
		wrong(r, "the formula has something unknown in it:", unknown);
		return;
	}
	snprintf(m->group, sizeof(m->group), "%s", r->group);
	strcpy(m->name, name);
	strcpy(m->unit, unit);
	strcpy(m->formula, rest);
	r->plan->n_metrics++;
}

static void read_line(struct reading *r, char *line)
{
	const char *key;

	line[strcspn(line, "\r")] = 0;
	key = next_word(&line);
	if (!key || *key == '#')
		return;
	if (strcmp(key, "events") == 0)
		read_events(r, line);
	else if (strcmp(key, "metric") == 0)
		read_metric(r, line);
	else if (strcmp(key, "about") != 0 && strcmp(key, "source") != 0)
		wrong(r, "a line begins with about, source, events or metric, not", key);
}

static void read_group(struct reading *r)
{
	char *line = r->plan->text;

	for (r->line = 1; line; r->line++) {
		char *end = strchr(line, '\n');

		if (end)
			*end = 0;
		read_line(r, line);
		line = end ? end + 1 : NULL;
	}
}

/* ---- groups ---- */

/* Letters, digits and _ alone: a name that can be a file's. */
static bool can_be_group(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!is_letter(*c) && !is_digit(*c))
			return false;
	return *name && strlen(name) < sizeof(((struct plan_metric *)0)->group);
}

static void note_group(struct counter_plan *plan, const char *name)
{
	size_t have = strlen(plan->groups);

	if (have + strlen(name) + 2 <= sizeof(plan->groups))
		snprintf(plan->groups + have, sizeof(plan->groups) - have, "%s%.31s", have ? "," : "", name);
}

static bool find_group(struct counter_plan *plan, const char *name, const struct counter_places *places,
                       void (*complain)(const char *))
{
	const char *const folders[] = {plan->family, "generic", "software"};
	char path[sizeof(places->folder) + 96];
	struct reading r = {.plan = plan, .group = name, .path = path, .complain = complain};

	if (!places->folder[0] || !can_be_group(name))
		return false;
	for (unsigned i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		ssize_t n;

		snprintf(path, sizeof(path), "%s/%s/%.31s.group", places->folder, folders[i], name);
		n = files_read(path, plan->text, sizeof(plan->text));
		if (n < 0)
			continue;
		note_group(plan, name);
		if ((size_t)n == sizeof(plan->text) - 1)
			wrong(&r, "the file is too long", "");
		else
			read_group(&r);
		return true;
	}
	return false;
}

static void find_family(struct counter_plan *plan, const struct counter_places *places,
                        void (*complain)(const char *))
{
	char path[sizeof(places->folder) + 16];
	struct cpu_identity cpu = {.family = -1};

	if (!places->folder[0])
		return;
	if (files_read(places->cpuinfo, plan->text, sizeof(plan->text)) > 0)
		cpu_identify(&cpu, plan->text);
	snprintf(path, sizeof(path), "%s/families", places->folder);
	if (files_read(path, plan->text, sizeof(plan->text)) > 0)
		family_find(&cpu, path, plan->text, plan->family, sizeof(plan->family), complain);
}

void counter_plan_make(struct counter_plan *plan, const char *list, const struct counter_places *places,
                       void (*complain)(const char *sentence))
{
	strcpy(plan->family, "generic");
	find_family(plan, places, complain);
	while (*list) {
		char name[PLAN_ALTERNATIVES];
		size_t bytes = strcspn(list, ","), skip = strspn(list, " \t");
		const char *why = NULL;

		snprintf(name, sizeof(name), "%.*s", (int)(bytes > skip ? bytes - skip : 0), list + skip);
		name[strcspn(name, " \t")] = 0;
		list += bytes + (list[bytes] == ',');
		if (*name && !find_group(plan, name, places, complain))
			why = add_event(plan, name, true);
		if (why)
			complain(why);
	}
}
