/* counter_metrics.c: figures derived from a trace's counters.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/counters/counter_metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "counters.metric."

static struct formula_names all_names(const struct metrics *m)
{
	return (struct formula_names){m->names, m->n_counters + COUNTER_INPUTS};
}

static void problem(struct metrics *m, const char *key, unsigned column, const char *what)
{
	char text[1024];

	if (m->n_problems == sizeof(m->problems) / sizeof(*m->problems))
		return;
	snprintf(text, sizeof(text), "%.200s: column %u: %.700s", key, column, what);
	m->problems[m->n_problems] = arena_copy(&m->arena, text, strlen(text));
	m->n_problems += m->problems[m->n_problems] != NULL;
}

static int add(struct metrics *m, const char *name, const char *unit, const char *text,
               const struct formula *f)
{
	struct metric **grown = array_grow(m->list, &m->capacity, m->n, sizeof(struct metric *));
	struct metric *metric = arena_alloc(&m->arena, sizeof(*metric));

	m->list = grown ? grown : m->list;
	if (!grown || !metric)
		return -1;
	*metric = (struct metric){.name = arena_intern(&m->arena, name, strlen(name)),
	                          .unit = arena_intern(&m->arena, unit, strlen(unit)),
	                          .text = arena_intern(&m->arena, text, strlen(text)),
	                          .formula = *f};
	if (!metric->name || !metric->unit || !metric->text)
		return -1;
	grown[m->n++] = metric;
	return 0;
}

static const struct metric *named(const struct metrics *m, const char *name)
{
	for (unsigned i = 0; i < m->n; i++)
		if (!strcmp(m->list[i]->name, name))
			return m->list[i];
	return NULL;
}

/* "GROUP.NAME": the name alone does where no other formula has it. */
static int add_fact(struct metrics *m, const char *key, const char *unit, const char *text,
                    const struct formula *f)
{
	const char *dot = strchr(key, '.'), *name = dot ? dot + 1 : key;
	const struct metric *same = named(m, name);

	if (!same)
		return add(m, name, unit, text, f);
	return strcmp(same->text, text) ? add(m, key, unit, text, f) : 0;
}

static int take_fact(struct metrics *m, const struct trace_fact *fact)
{
	const char *equals = strstr(fact->value, " = ");
	struct formula_names names = all_names(m);
	struct formula f;
	struct diag d;
	char unit[64];
	unsigned column;

	if (!equals) {
		problem(m, fact->key, 1, "it should be \"UNIT = FORMULA\"");
		return 0;
	}
	snprintf(unit, sizeof(unit), "%.*s", (int)(equals - fact->value < 60 ? equals - fact->value : 60),
	         fact->value);
	if (formula_parse(&f, equals + 3, &names, &column, &d)) {
		problem(m, fact->key, column, d.text);
		return 0;
	}
	return add_fact(m, fact->key + strlen(PREFIX), unit, equals + 3, &f);
}

int metrics_of_trace(struct metrics *m, const struct trace *t)
{
	memset(m, 0, sizeof(*m));
	m->n_counters = t->n_counters < PROF_MAX_COUNTERS ? t->n_counters : PROF_MAX_COUNTERS;
	for (unsigned i = 0; i < m->n_counters; i++)
		m->names[i] = t->counters[i].name;
	memcpy(m->names + m->n_counters, counter_input_names, sizeof(counter_input_names));
	for (unsigned i = 0; i < t->n_facts; i++)
		if (!strncmp(t->facts[i].key, PREFIX, strlen(PREFIX)) && take_fact(m, &t->facts[i]))
			return -1;
	return 0;
}

int metrics_add(struct metrics *m, const char *definition, struct diag *d)
{
	const char *equals = strchr(definition, '=');
	struct formula_names names = all_names(m);
	struct diag inner;
	struct formula f;
	char name[64];
	unsigned column;

	if (!equals || equals == definition || equals - definition >= (long)sizeof(name))
		return diag_set(d, "a metric is NAME=FORMULA, not '%.100s'", definition);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - definition), definition);
	if (named(m, name))
		return diag_set(d, "there is a metric '%s' already", name);
	if (formula_parse(&f, equals + 1, &names, &column, &inner))
		return diag_set(d, "metric %s: column %u: %s", name, column, inner.text);
	return add(m, name, "", equals + 1, &f) ? diag_set(d, "out of memory") : 0;
}

void metrics_release(struct metrics *m)
{
	free(m->list);
	arena_release(&m->arena);
	memset(m, 0, sizeof(*m));
}

struct estimate metric_estimate(const struct metrics *m, const struct metric *metric, const struct totals *s,
                                unsigned group, const double *inputs)
{
	double values[PROF_MAX_COUNTERS + COUNTER_INPUTS], slopes[PROF_MAX_COUNTERS];
	struct estimate e;

	for (unsigned i = 0; i < m->n_counters; i++)
		values[i] = metric->formula.uses >> i & 1 ? totals_value(s, group, i) : 0;
	memcpy(values + m->n_counters, inputs, COUNTER_INPUTS * sizeof(*inputs));
	e.value = formula_slopes(&metric->formula, values, m->n_counters, slopes);
	e.error = isnan(e.value) ? NAN : s ? totals_error(s, group, slopes) : 0;
	return e;
}
