/* counter_groups.c: files that name counters and what follows from them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/counters/counter_groups.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 1 << 20 };

const char *const counter_input_names[COUNTER_INPUTS] = {"time", "flops", "bytes", "clock_hz"};

/* A place in a line. */
struct reading {
	struct counter_group *group;
	const char *file, *start, *p; /* start: of the line, which ends in a zero */
	unsigned line;
	struct diag *diag;
};

static unsigned column_of(const struct reading *r, const char *at)
{
	return (unsigned)(at - r->start) + 1;
}

#define FAIL(r, at, ...) diag_at((r)->diag, (r)->file, (r)->line, column_of(r, at), __VA_ARGS__)

static void skip_blanks(struct reading *r)
{
	r->p += strspn(r->p, " \t");
}

/* The next word, interned; null at the end of the line. */
static const char *next_word(struct reading *r, const char *ends)
{
	size_t n = strcspn(r->p, ends);
	const char *word = n ? arena_intern(&r->group->arena, r->p, n) : NULL;

	r->p += n;
	return word;
}

static int take_rest(struct reading *r, const char **text)
{
	const char *before = *text;
	size_t bytes = strlen(before) + strlen(r->p) + 3;
	char *joined = malloc(bytes);

	if (!*r->p) {
		free(joined);
		return FAIL(r, r->p, "there is no text");
	}
	if (!joined)
		return FAIL(r, r->p, "out of memory");
	snprintf(joined, bytes, "%s%s%s", before, *before ? "; " : "", r->p);
	*text = arena_copy(&r->group->arena, joined, strlen(joined));
	free(joined);
	return *text ? 0 : FAIL(r, r->p, "out of memory");
}

static int take_about(struct reading *r)
{
	if (*r->group->about)
		return FAIL(r, r->start, "about is said a second time");
	return take_rest(r, &r->group->about);
}

static bool is_event(const struct counter_group *g, const char *name)
{
	for (unsigned i = 0; i < g->n_events; i++)
		if (g->events[i].names[0] == name)
			return true;
	return false;
}

static int take_event(struct reading *r)
{
	struct counter_group *g = r->group;
	struct counter_event e = {.n_names = 0};
	const char *at = r->p;

	for (;; r->p++) {
		const char *name;

		if (e.n_names == COUNTER_ALTERNATIVES)
			return FAIL(r, r->p, "an event can have %d alternatives at most",
			            COUNTER_ALTERNATIVES);
		name = next_word(r, "| \t");
		if (!name)
			return FAIL(r, r->p, "an event's name should be here");
		if (strlen(name) > COUNTER_NAME_MAX)
			return FAIL(r, r->p, "the name before has more than %d letters", COUNTER_NAME_MAX);
		e.names[e.n_names++] = name;
		if (*r->p != '|')
			break;
	}
	if (is_event(g, e.names[0]))
		return FAIL(r, at, "event '%.100s' is named a second time", e.names[0]);
	if (g->n_events == PROF_MAX_COUNTERS)
		return FAIL(r, at, "a group can have %u events at most", PROF_MAX_COUNTERS);
	g->events[g->n_events++] = e;
	return 0;
}

static int take_events(struct reading *r)
{
	if (!*r->p)
		return FAIL(r, r->p, "there is no event");
	for (; *r->p; skip_blanks(r))
		if (take_event(r))
			return -1;
	return 0;
}

static bool is_metric_name(const char *name)
{
	if (!islower((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!islower((unsigned char)*name) && !isdigit((unsigned char)*name) && *name != '_')
			return false;
	return true;
}

/* NAME UNIT = FORMULA */
static int take_metric(struct reading *r)
{
	struct counter_group *g = r->group;
	struct counter_metric m = {.line = r->line};
	const char *at = r->p;

	m.name = next_word(r, " \t");
	if (!m.name || !is_metric_name(m.name))
		return FAIL(r, at, "a metric's name is of small letters, digits and '_'");
	for (unsigned i = 0; i < g->n_metrics; i++)
		if (g->metrics[i].name == m.name)
			return FAIL(r, at, "metric '%.60s' is defined a second time", m.name);
	if (g->n_metrics == COUNTER_METRICS)
		return FAIL(r, at, "a group can have %d metrics at most", COUNTER_METRICS);
	skip_blanks(r);
	m.unit = next_word(r, " \t");
	if (!m.unit || !strcmp(m.unit, "="))
		return FAIL(r, r->p, "a metric is NAME UNIT = FORMULA; 1 is the unit of a mere number");
	skip_blanks(r);
	if (*r->p != '=')
		return FAIL(r, r->p, "'=' should be here");
	r->p++;
	skip_blanks(r);
	m.column = column_of(r, r->p);
	if (strlen(r->p) > COUNTER_FORMULA_MAX)
		return FAIL(r, r->p, "the formula has more than %d letters", COUNTER_FORMULA_MAX);
	m.text = arena_copy(&g->arena, r->p, strlen(r->p));
	if (!m.text)
		return FAIL(r, r->p, "out of memory");
	g->metrics[g->n_metrics++] = m;
	return 0;
}

static int take_line(struct reading *r)
{
	static const char *const keywords[] = {"about", "source", "events", "metric"};
	const char *at, *word, *nearest;

	skip_blanks(r);
	if (!*r->p || *r->p == '#')
		return 0;
	at = r->p;
	word = next_word(r, " \t");
	if (!word)
		return FAIL(r, at, "out of memory");
	skip_blanks(r);
	if (!strcmp(word, "about"))
		return take_about(r);
	if (!strcmp(word, "source"))
		return take_rest(r, &r->group->source);
	if (!strcmp(word, "events"))
		return take_events(r);
	if (!strcmp(word, "metric"))
		return take_metric(r);
	nearest = diag_nearest(word, keywords, 4);
	return FAIL(r, at, "unknown keyword '%.60s'%s%s%s", word, nearest ? "; did you mean '" : "",
	            nearest ? nearest : "", nearest ? "'?" : "");
}

static int parse_metrics(struct counter_group *g, const char *file, struct diag *d)
{
	const char *names[PROF_MAX_COUNTERS + COUNTER_INPUTS];
	struct formula_names all = {names, g->n_events + COUNTER_INPUTS};
	struct diag inner;

	for (unsigned i = 0; i < g->n_events; i++)
		names[i] = g->events[i].names[0];
	memcpy(names + g->n_events, counter_input_names, sizeof(counter_input_names));
	for (unsigned i = 0; i < g->n_metrics; i++) {
		struct counter_metric *m = &g->metrics[i];
		unsigned column;

		m->formula = arena_alloc(&g->arena, sizeof(*m->formula));
		if (!m->formula)
			return diag_at(d, file, 0, 0, "out of memory");
		if (formula_parse(m->formula, m->text, &all, &column, &inner))
			return diag_at(d, file, m->line, m->column + column - 1, "%s", inner.text);
	}
	return 0;
}

static int check_whole(const struct counter_group *g, const char *file, struct diag *d)
{
	if (!*g->about)
		return diag_at(d, file, 0, 0, "nothing is said about the group");
	if (!*g->source)
		return diag_at(d, file, 0, 0, "no source is given");
	return g->n_events ? 0 : diag_at(d, file, 0, 0, "the group has no events");
}

static int read_lines(struct counter_group *g, char *text, size_t bytes, const char *file, struct diag *d)
{
	struct reading r = {.group = g, .file = file, .diag = d};
	char *end = text + bytes;

	for (char *line = text, *next; line < end; line = next) {
		char *newline = memchr(line, '\n', (size_t)(end - line)), *last = newline ? newline : end;

		next = last + 1;
		while (last > line && (last[-1] == ' ' || last[-1] == '\t' || last[-1] == '\r'))
			last--;
		*last = 0;
		r.start = r.p = line;
		r.line++;
		if (strlen(line) != (size_t)(last - line))
			return FAIL(&r, line + strlen(line), "a zero character");
		if (take_line(&r))
			return -1;
	}
	return 0;
}

int counter_group_parse(struct counter_group *g, const char *text, size_t bytes, const char *file,
                        struct diag *d)
{
	char *copy;

	memset(g, 0, sizeof(*g));
	g->about = g->source = "";
	copy = arena_copy(&g->arena, text, bytes);
	if (copy && !read_lines(g, copy, bytes, file, d) && !parse_metrics(g, file, d)
	    && !check_whole(g, file, d))
		return 0;
	if (!copy)
		diag_at(d, file, 0, 0, "out of memory");
	counter_group_release(g);
	return -1;
}

int counter_group_load(struct counter_group *g, const char *file, struct diag *d)
{
	FILE *f = fopen(file, "re");
	char *text = malloc(FILE_LIMIT);
	size_t bytes = f && text ? fread(text, 1, FILE_LIMIT, f) : 0;
	int result = -1;

	if (!f || !text || ferror(f))
		diag_at(d, file, 0, 0, "cannot be read: %s", strerror(errno));
	else if (bytes == FILE_LIMIT)
		diag_at(d, file, 0, 0, "too large for a counter group");
	else
		result = counter_group_parse(g, text, bytes, file, d);
	if (f)
		fclose(f);
	free(text);
	return result;
}

void counter_group_release(struct counter_group *g)
{
	arena_release(&g->arena);
	memset(g, 0, sizeof(*g));
}
