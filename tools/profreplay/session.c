/* session.c: one run of profreplay: accelerators, mappings, the pass over the trace.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/profreplay/profreplay.h"

/* Where the profile of a name would be in our own folder: each is in a file of its name. */
static bool has_file(const char *dir, const char *name, char path[PATH_MAX])
{
	return !strchr(name, '/') && snprintf(path, PATH_MAX, "%s/%s.yaml", dir, name) < PATH_MAX
	       && access(path, R_OK) == 0;
}

/* Reading all of them takes longer than a short replay. A name without a file needs them
 * all: it may be written otherwise, or the nearest one is to be told. */
static int load_archs(struct session *s, const char *dir, struct diag *d)
{
	const struct settings *set = &s->set;
	bool all = set->archs.n == 0 || set->maps.n > 0 || set->list_archs;
	char path[PATH_MAX];

	for (unsigned i = 0; i < set->archs.n; i++)
		all = all || !has_file(dir, set->archs.items[i], path);
	if (all)
		return arch_set_load_dir(&s->archs, dir, d);
	for (unsigned i = 0; i < set->archs.n; i++)
		if (has_file(dir, set->archs.items[i], path) && arch_set_load(&s->archs, path, d))
			return -1;
	return 0;
}

int session_archs(struct session *s, struct diag *d)
{
	char dir[4096];

	if (load_archs(s, cli_data_dir("arch", dir, sizeof dir), d))
		return -1;
	for (unsigned i = 0; i < s->set.extra_archs.n; i++)
		if (arch_set_load(&s->archs, s->set.extra_archs.items[i], d))
			return -1;
	return 0;
}

static int choose_dtype(struct session *s, struct diag *d)
{
	const char *names[PROF_DTYPE_LIMIT], *nearest;
	unsigned n = 0;
	int dtype = -1;

	if (s->set.dtype) {
		dtype = op_dtype_from_name(s->set.dtype);
		for (unsigned i = 1; i < PROF_DTYPE_LIMIT; i++)
			if (op_dtype_name(i))
				names[n++] = op_dtype_name(i);
		if (dtype <= PROF_DTYPE_UNKNOWN) {
			nearest = diag_nearest(s->set.dtype, names, n);
			return diag_set(d, "--data-type: no type is called \"%.60s\"%s%s", s->set.dtype,
			                nearest ? "; the nearest is " : "", nearest ? nearest : "");
		}
	}
	s->options.model.dtype = dtype;
	return 0;
}

static int choose_options(struct session *s, struct diag *d)
{
	struct model_options *m = &s->options.model;

	m->kind = strcmp(s->set.model, "pim-ai") ? MODEL_ROOFLINE : MODEL_PIM_AI;
	m->kv_heads = s->set.kv_heads;
	m->sliding_window = s->set.sliding_window;
	m->batch_size = s->set.batch_size;
	m->experts_per_token = s->set.experts_per_token;
	m->last_layer = s->set.last_layer;
	m->moe_end = s->set.moe_end;
	m->stream_weights = s->set.stream_weights;
	m->group = s->set.group;
	m->group.topology = s->set.topology ? arch_word("switch|ring|torus|host", s->set.topology) : -1;
	m->group.collective = s->set.collective ? arch_word("ring|tree|all-to-all", s->set.collective) : -1;
	for (unsigned i = 0; i < s->set.without.n; i++) {
		int term = model_term_find(s->set.without.items[i], d);

		if (term < 0)
			return -1;
		m->without |= 1u << term;
	}
	s->options.per_desc = s->set.layers || s->set.functions || s->set.summary;
	return choose_dtype(s, d);
}

/* A file when it has no '=' or can be opened as one. */
static int read_mapping(struct session *s, struct map *m, const char *text, struct diag *d)
{
	FILE *f = strchr(text, '=') ? fopen(text, "r") : NULL;
	bool is_file = f || !strchr(text, '=');

	if (f)
		fclose(f);
	return is_file ? map_load(m, &s->archs, text, d) : map_add(m, &s->archs, text, d);
}

static int make_maps(struct session *s, struct diag *d)
{
	unsigned n = s->set.archs.n;

	s->maps = calloc(n + 1, sizeof *s->maps);
	s->names = calloc(n + 1, sizeof *s->names);
	s->replays = calloc(n + 1, sizeof(struct replay *));
	if (!s->maps || !s->names || !s->replays)
		return diag_set(d, "out of memory");
	for (unsigned i = 0; i < n; i++) {
		const struct arch *a = arch_set_find(&s->archs, s->set.archs.items[i], d);

		if (!strcmp(s->set.archs.items[i], "HOST"))
			return diag_set(d,
			                "--arch: HOST stands for the host in mappings, it is no accelerator");
		if (!a || map_everything(&s->maps[i], a, d))
			return -1;
		s->names[i] = a->name;
	}
	for (unsigned i = 0; i < s->set.maps.n; i++)
		if (read_mapping(s, &s->maps[n], s->set.maps.items[i], d))
			return -1;
	s->names[n] = "mapped";
	s->n_replays = n + (s->set.maps.n > 0);
	return 0;
}

static int make_replays(struct session *s, struct diag *d)
{
	for (unsigned i = 0; i < s->n_replays; i++) {
		s->replays[i] = replay_new(s->names[i], s->trace, &s->maps[i], &s->options);
		if (!s->replays[i])
			return diag_set(d, "out of memory");
	}
	return 0;
}

/* What does not fit into its memory is not priced: it could not run. */
static int refuse(struct session *s, struct diag *d)
{
	unsigned kept = 0;

	s->refusals = calloc(s->n_replays + 1, sizeof *s->refusals);
	if (!s->refusals)
		return diag_set(d, "out of memory");
	for (unsigned i = 0; i < s->n_replays; i++) {
		struct map map = s->maps[kept];

		if (replay_refused(s->replays[i])) {
			struct report_refusal *r = &s->refusals[s->n_refusals++];

			r->name = s->names[i];
			replay_capacity(s->replays[i], r->text, sizeof r->text);
			replay_free(s->replays[i]);
			continue;
		}
		s->maps[kept] = s->maps[i];
		s->maps[i] = map;
		s->names[kept] = s->names[i];
		s->replays[kept] = s->replays[i];
		s->replays[kept]->map = &s->maps[kept];
		kept++;
	}
	s->n_replays = kept;
	if (!kept)
		return diag_set(d, "%.400s; --stream-weights prices it with weights over the host's link",
		                s->refusals[0].text);
	return 0;
}

static void free_replays(struct session *s)
{
	for (unsigned i = 0; i < s->n_replays; i++) {
		replay_free(s->replays[i]);
		s->replays[i] = NULL;
	}
}

static int take(struct session *s, struct op_event *ev, unsigned n, struct diag *d)
{
	for (unsigned i = 0; s->set.net && i < n; i++)
		recording_net_apply(&s->net, &ev[i]);
	measured_events(&s->measured, ev, n);
	for (unsigned i = 0; s->counters.phases && i < n; i++)
		if (replay_counters_event(&s->counters, &ev[i]))
			return diag_set(d, "out of memory");
	for (unsigned i = 0; i < s->n_replays; i++)
		replay_events(s->replays[i], ev, n);
	return 0;
}

/* One pass: every operation to the measured side and to each replay. */
static int pass(struct session *s, struct diag *d)
{
	struct trace_cursor *c = trace_cursor_open(s->trace);
	struct op_event ev[TRACE_TOGETHER];
	int n = -1;

	if (!c)
		return diag_set(d, "out of memory");
	while ((n = trace_cursor_read(c, ev, TRACE_TOGETHER, d)) > 0)
		if ((n = take(s, ev, (unsigned)n, d)))
			break;
	trace_cursor_close(c);
	return n;
}

/* The host profile says what the CPU's meters do not. */
static int choose_host(struct session *s, struct diag *d)
{
	char dir[4096];

	cli_data_dir("arch/hosts", dir, sizeof dir);
	if (host_find(&s->host, dir, s->set.host, trace_fact_get(s->trace, "host.cpu"), d))
		return -1;
	s->has_host = true;
	return 0;
}

static int open_trace(struct session *s, struct diag *d)
{
	struct trace_options options = {.last_layer = s->set.last_layer};
	size_t n;

	if (trace_open(s->set.path, &options, &s->trace, d))
		return -1;
	s->seen = calloc((size_t)s->trace->n_steps + 1, 1);
	if (!s->seen)
		return diag_set(d, "out of memory");
	n = (size_t)s->trace->n_descs * MEASURED_PHASES;
	if (s->options.per_desc) {
		s->desc_ns = calloc(n ? n : 1, sizeof *s->desc_ns);
		if (!s->desc_ns)
			return diag_set(d, "out of memory");
	}
	return 0;
}

int session_run(struct session *s, struct diag *d)
{
	if (choose_options(s, d) || make_maps(s, d) || open_trace(s, d) || choose_host(s, d)
	    || make_replays(s, d) || refuse(s, d))
		return -1;
	if (measured_begin(&s->measured, s->trace, s->set.last_layer, s->set.batch_size))
		return diag_set(d, "out of memory");
	s->measured.desc_ns = s->desc_ns;
	s->measured.seen = s->seen;
	if (s->set.net && recording_net_make(&s->net, s->set.path, s->set.last_layer, d))
		return -1;
	s->measured.recording_ns = s->set.net ? s->net.steps_ns : NULL;
	if (replay_counters_begin(&s->counters, s->trace))
		return diag_set(d, "out of memory");
	if (pass(s, d))
		return -1;
	if (replay_counters_end(&s->counters))
		return diag_set(d, "out of memory");
	measured_end(&s->measured, &s->host);
	s->host_w = measured_power_w(&s->measured);
	for (unsigned i = 0; i < s->n_replays; i++)
		replay_end(s->replays[i], isnan(s->host_w) ? 0 : s->host_w);
	if (measured_total(&s->measured).operations == 0)
		return diag_set(d, "%s: holds no operations", s->set.path);
	return 0;
}

void session_release(struct session *s)
{
	free_replays(s);
	measured_release(&s->measured);
	replay_counters_release(&s->counters);
	recording_net_release(&s->net);
	for (unsigned i = 0; s->maps && i <= s->set.archs.n; i++)
		map_release(&s->maps[i]);
	free(s->maps);
	free(s->names);
	free((void *)s->replays);
	free(s->refusals);
	free(s->desc_ns);
	free(s->seen);
	trace_close(s->trace);
	arch_set_release(&s->archs);
	free(s->set.archs.items);
	free(s->set.maps.items);
	free(s->set.without.items);
	free(s->set.extra_archs.items);
}
