/* unite_energy.c: each meter of a machine once, whoever read it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A meter is told by its machine and its path. Every process counts from its
 * own beginning: where two overlap, the mean of their differences puts the
 * later one on the first one's scale; in between them, when nobody read it,
 * nothing is counted.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/trace/unite_private.h"

struct energy_meter {
	const char *machine, *path, *name;
	const struct unite_part *first; /* that has it, and as which domain */
	unsigned first_domain;
	enum prof_energy_source source;
	uint32_t parent;
	struct trace_energy_sample *samples; /* times in ticks of the whole, ascending */
	unsigned n_samples, capacity;
};

#define PREFIX "energy."

/* A fact of a domain, "" when there is none. */
static const char *domain_fact(const struct trace *t, unsigned domain, const char *what)
{
	char key[64];

	snprintf(key, sizeof(key), PREFIX "%u.%s", domain + 1, what);
	return trace_fact_get(t, key);
}

static const char *machine_of(const struct trace *t, unsigned domain)
{
	const char *known = domain_fact(t, domain, "boot_id"); /* of a merged trace */

	return *known ? known : unite_machine(t, 0);
}

/* Without a path the names, of the domain and of those around it, must do. */
static const char *path_of(struct unite *u, const struct trace *t, unsigned domain)
{
	const char *path = domain_fact(t, domain, "path");
	char text[512];
	size_t n = 0;

	if (*path)
		return path;
	for (unsigned depth = 0; domain < t->n_domains && depth < 8 && n < sizeof(text); depth++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%d %s/", (int)t->domains[domain].source,
		                      t->domains[domain].name);
		domain = t->domains[domain].parent - 1;
	}
	return arena_copy(&u->arena, text, strlen(text));
}

static int find_meter(struct unite *u, const struct unite_part *p, unsigned domain, uint32_t *id)
{
	const struct trace *t = p->trace;
	const char *machine = machine_of(t, domain), *path = path_of(u, t, domain);
	struct energy_meter *grown;

	if (!path)
		return unite_no_memory(u);
	for (unsigned i = 0; i < u->n_meters; i++) {
		*id = i + 1;
		if (!strcmp(u->meters[i].machine, machine) && !strcmp(u->meters[i].path, path))
			return 0;
	}
	grown = array_grow(u->meters, &u->meter_capacity, u->n_meters, sizeof(*grown));
	if (!grown)
		return unite_no_memory(u);
	u->meters = grown;
	grown[u->n_meters] = (struct energy_meter){.machine = machine,
	                                           .path = path,
	                                           .name = t->domains[domain].name,
	                                           .first = p,
	                                           .first_domain = domain,
	                                           .source = t->domains[domain].source};
	*id = ++u->n_meters;
	return 0;
}

/* The meter's energy at a moment inside its samples. */
static double energy_at(const struct energy_meter *m, uint64_t time)
{
	unsigned low = 0, high = m->n_samples - 1;
	const struct trace_energy_sample *a, *b;

	while (high - low > 1) {
		unsigned middle = low + (high - low) / 2;

		if (m->samples[middle].time_ns <= time)
			low = middle;
		else
			high = middle;
	}
	a = &m->samples[low];
	b = &m->samples[high];
	if (b->time_ns <= a->time_ns)
		return (double)a->energy_uj;
	return (double)a->energy_uj
	       + ((double)b->energy_uj - (double)a->energy_uj) * (double)(time - a->time_ns)
	                 / (double)(b->time_ns - a->time_ns);
}

/* What is to be added to a series that begins at zero of its own. */
static double find_offset(const struct energy_meter *m, const struct trace_energy_sample *s, unsigned n)
{
	const struct trace_energy_sample *last = m->n_samples ? &m->samples[m->n_samples - 1] : NULL;
	unsigned common = 0;
	double sum = 0;

	if (!last)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		if (s[i].time_ns < m->samples[0].time_ns || s[i].time_ns > last->time_ns)
			continue;
		sum += energy_at(m, s[i].time_ns) - (double)s[i].energy_uj;
		common++;
	}
	return common ? sum / common : (double)last->energy_uj - (double)s[0].energy_uj;
}

static int by_time(const void *a, const void *b)
{
	const struct trace_energy_sample *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->energy_uj < y->energy_uj ? -1 : x->energy_uj > y->energy_uj;
}

/* A series joins the meter's; a counter does not go back, so what the offset's
 * error makes smaller than what is before it is as large as that. */
static int join(struct unite *u, struct energy_meter *m, const struct trace_energy_sample *s, unsigned n)
{
	double offset = n ? find_offset(m, s, n) : 0;

	for (unsigned i = 0; i < n; i++) {
		struct trace_energy_sample *grown =
		        array_grow(m->samples, &m->capacity, m->n_samples, sizeof(*grown));
		double energy = (double)s[i].energy_uj + offset;

		if (!grown)
			return unite_no_memory(u);
		m->samples = grown;
		grown[m->n_samples++] = (struct trace_energy_sample){
		        .time_ns = s[i].time_ns, .energy_uj = energy > 0 ? (uint64_t)(energy + 0.5) : 0};
	}
	if (m->n_samples)
		qsort(m->samples, m->n_samples, sizeof(*m->samples), by_time);
	for (unsigned i = 1; i < m->n_samples; i++)
		if (m->samples[i].energy_uj < m->samples[i - 1].energy_uj)
			m->samples[i].energy_uj = m->samples[i - 1].energy_uj;
	return 0;
}

static int join_domain(struct unite *u, const struct unite_part *p, unsigned domain, struct energy_meter *m)
{
	const struct trace *t = p->trace;
	struct trace_energy_sample *own = calloc(t->n_samples + 1, sizeof(*own));
	unsigned n = 0;
	int result;

	if (!own)
		return unite_no_memory(u);
	for (unsigned i = 0; i < t->n_samples; i++) {
		if (t->samples[i].domain != domain + 1)
			continue;
		own[n] = t->samples[i];
		own[n++].time_ns = unite_ns(u, p, t->samples[i].time_ns);
	}
	if (n)
		qsort(own, n, sizeof(*own), by_time);
	result = join(u, m, own, n);
	free(own);
	return result;
}

static int join_part(struct unite *u, struct unite_part *p)
{
	const struct trace *t = p->trace;

	p->domains = arena_alloc(&u->arena, (t->n_domains + 1) * sizeof(*p->domains));
	if (!p->domains)
		return unite_no_memory(u);
	for (unsigned i = 0; i < t->n_domains; i++)
		if (find_meter(u, p, i, &p->domains[i])
		    || join_domain(u, p, i, &u->meters[p->domains[i] - 1]))
			return -1;
	for (unsigned i = 0; i < t->n_domains; i++) {
		uint32_t parent = t->domains[i].parent;

		if (parent && parent <= t->n_domains && parent != i + 1)
			u->meters[p->domains[i] - 1].parent = p->domains[parent - 1];
	}
	return 0;
}

static bool are_machines_several(const struct unite *u)
{
	for (unsigned i = 1; i < u->n_meters; i++)
		if (strcmp(u->meters[i].machine, u->meters[0].machine) != 0)
			return true;
	return false;
}

/* Several machines have a package-0 each. */
static const char *full_name(struct unite *u, const struct energy_meter *m)
{
	const char *host = unite_fact(m->first->trace, 0, "host.name");
	char text[512];

	if (!are_machines_several(u) || *domain_fact(m->first->trace, m->first_domain, "boot_id"))
		return m->name;
	snprintf(text, sizeof(text), "%.200s/%.250s", *host ? host : m->machine, m->name);
	return arena_copy(&u->arena, text, strlen(text));
}

static int write_meter(struct unite *u, const struct energy_meter *m, uint32_t id)
{
	const char *name = full_name(u, m);
	struct trace_piece piece = {name, name ? strlen(name) + 1 : 0};
	struct prof_meta_energy_domain d = {.head = {.type = PROF_META_ENERGY_DOMAIN},
	                                    .id = id,
	                                    .source = m->source,
	                                    .parent = m->parent,
	                                    .name_bytes = (uint32_t)piece.n};

	if (!name)
		return unite_no_memory(u);
	return trace_file_meta(u->file, &d.head, sizeof(d), &piece, 1);
}

static int write_samples(struct unite *u, const struct energy_meter *m, uint32_t id)
{
	for (unsigned i = 0; i < m->n_samples; i++) {
		struct prof_meta_energy_sample s = {.head = {.type = PROF_META_ENERGY_SAMPLE},
		                                    .tick = m->samples[i].time_ns,
		                                    .domain = id,
		                                    .energy_uj = m->samples[i].energy_uj};

		if (trace_file_meta(u->file, &s.head, sizeof(s), NULL, 0))
			return -1;
	}
	return 0;
}

/* Facts of a meter's first domain, under the meter's number. */
static int write_facts(struct unite *u)
{
	for (unsigned i = 0; i < u->n_meters; i++) {
		const struct energy_meter *m = &u->meters[i];
		const struct trace *t = m->first->trace;
		char prefix[64], key[512];
		size_t n = (size_t)snprintf(prefix, sizeof(prefix), PREFIX "%u.", m->first_domain + 1);

		for (unsigned j = 0; j < t->n_facts; j++) {
			if (strncmp(t->facts[j].key, prefix, n) != 0
			    || !strcmp(t->facts[j].key + n, "boot_id"))
				continue;
			snprintf(key, sizeof(key), PREFIX "%u.%.400s", i + 1, t->facts[j].key + n);
			if (unite_fact_write(u, key, t->facts[j].value))
				return -1;
		}
		snprintf(key, sizeof(key), PREFIX "%u.boot_id", i + 1);
		if (*m->machine && unite_fact_write(u, key, m->machine))
			return -1;
	}
	return 0;
}

static int by_beginning(const void *a, const void *b)
{
	const struct unite_part *x = *(struct unite_part *const *)a, *y = *(struct unite_part *const *)b;

	if (x->delta != y->delta)
		return x->delta < y->delta ? -1 : 1;
	return x < y ? -1 : x > y;
}

int unite_energy_write(struct unite *u)
{
	struct unite_part **order = arena_alloc(&u->arena, u->n * sizeof(struct unite_part *));

	if (!order)
		return unite_no_memory(u);
	for (unsigned i = 0; i < u->n; i++)
		order[i] = &u->parts[i];
	qsort(order, u->n, sizeof(struct unite_part *), by_beginning);
	for (unsigned i = 0; i < u->n; i++)
		if (join_part(u, order[i]))
			return -1;
	for (unsigned i = 0; i < u->n_meters; i++)
		if (write_meter(u, &u->meters[i], i + 1) || write_samples(u, &u->meters[i], i + 1))
			return -1;
	return write_facts(u);
}

void unite_energy_release(struct unite *u)
{
	for (unsigned i = 0; i < u->n_meters; i++)
		free(u->meters[i].samples);
	free(u->meters);
}
