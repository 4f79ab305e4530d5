/* trace_open.c: open a trace, whatever kind it is, and let go of it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Content decides: the magic of a binary trace, or a first character '{' for
 * an op list. The file is mapped; a page of zeros follows it, so that a record
 * at the very end can be read eight bytes at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/lib/trace/trace_folder.h"
#include "tools/lib/trace/trace_private.h"

enum { PROBLEMS_MAX = 50 };

void trace_problem(struct trace *t, const char *format, ...)
{
	struct trace_private *priv = t->priv;
	char text[512];
	const char **grown;
	va_list ap;

	if (t->n_problems == PROBLEMS_MAX) {
		priv->more_problems++;
		return;
	}
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	grown = array_grow(t->problems, &priv->problem_capacity, t->n_problems, sizeof(*grown));
	if (!grown)
		return;
	t->problems = grown;
	grown[t->n_problems] = arena_copy(&priv->arena, text, strlen(text));
	t->n_problems += grown[t->n_problems] != NULL;
}

const char *trace_problems_text(const struct trace *t, char *buf, size_t bytes)
{
	unsigned more = t->n_problems ? t->n_problems - 1 + t->priv->more_problems : 0;

	if (!t->n_problems)
		snprintf(buf, bytes, "%s", "");
	else if (!more)
		snprintf(buf, bytes, "%s", t->problems[0]);
	else
		snprintf(buf, bytes, "%s; proftrace check lists %u more", t->problems[0], more);
	return buf;
}

/* The recorder's own words on why it stopped. */
static const char *stop_note(const struct trace *t)
{
	static const char begin[] = "recording stops: ";

	for (unsigned i = t->n_notes; i-- > 0;)
		if (!strncmp(t->notes[i], begin, sizeof(begin) - 1))
			return t->notes[i] + sizeof(begin) - 1;
	return "nobody says why";
}

const char *trace_end_text(const struct trace *t, char *buf, size_t bytes)
{
	if (t->state == PROF_STATE_STOPPED)
		snprintf(buf, bytes, "recording stopped early, because %s", stop_note(t));
	else if (t->state == PROF_STATE_OPEN)
		snprintf(buf, bytes, "%s",
		         "not closed: the program was killed, left by a system call of its own, or is "
		         "running still");
	else if (t->end_reason == PROF_END_QUICK_EXIT)
		snprintf(buf, bytes, "%s", "complete: the program left by _exit() or quick_exit()");
	else if (t->end_reason == PROF_END_EXEC)
		snprintf(buf, bytes, "%s", "complete: the process became another program");
	else
		snprintf(buf, bytes, "%s", "complete");
	return buf;
}

/* Say how many more problems there were than are kept. */
static void close_problems(struct trace *t)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "and %u more of these", t->priv->more_problems);
	const char *copy = t->priv->more_problems ? arena_copy(&t->priv->arena, text, (size_t)n) : NULL;

	if (copy)
		t->problems[t->n_problems - 1] = copy;
}

/* Map the file with a readable page after it. */
static int map_file(struct trace *t, int fd, struct diag *d)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t rounded = (t->size_bytes + page - 1) / page * page;
	uint8_t *area =
	        mmap(NULL, rounded + page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (area == MAP_FAILED)
		return diag_set(d, "%s: %s", t->path, strerror(errno));
	t->priv->map = area;
	t->priv->map_bytes = rounded + page;
	if (mmap(area, t->size_bytes, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		return diag_set(d, "%s: %s", t->path, strerror(errno));
	return 0;
}

void trace_let_go(const struct trace *t, const uint8_t *begin, const uint8_t *end)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), from = (size_t)(begin - t->priv->map);
	size_t to = (size_t)(end - t->priv->map) / page * page;
	uint8_t *map = t->priv->map;

	/* Reading on has brought some of the pages before these back. */
	from = from > PROF_CHUNK_ALIGN ? (from - PROF_CHUNK_ALIGN) / page * page : 0;

	if (from < to)
		madvise(map + from, to - from, MADV_DONTNEED);
}

static int take_file(struct trace *t, int fd, struct diag *d)
{
	struct stat st;

	if (fstat(fd, &st))
		return diag_set(d, "%s: %s", t->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return diag_set(d, "%s: is not a regular file", t->path);
	if (st.st_size == 0)
		return diag_set(d, "%s: the file is empty: no operation was recorded", t->path);
	t->size_bytes = (uint64_t)st.st_size;
	return map_file(t, fd, d);
}

/* Read a trace that is damaged or was not closed to its end: what is wrong inside
 * its chunks is to be known before anything is answered, and the last moment. */
static int survey(struct trace *t, struct diag *d)
{
	bool children = t->priv->options.children, limited = t->priv->cut_tick > 0;
	struct trace_cursor *c;
	struct op_event ev;

	if (!t->n_problems && t->state != PROF_STATE_OPEN && !t->priv->cut_tick)
		return 0;
	t->priv->options.children |= limited; /* all records are to be counted */
	c = trace_cursor_open(t);
	t->priv->options.children = children;
	if (!c)
		return diag_set(d, "%s: out of memory", t->path);
	while (trace_cursor_next(c, &ev, d) == 1)
		t->end_ns = ev.start_ns + ev.time_ns > t->end_ns ? ev.start_ns + ev.time_ns : t->end_ns;
	if (c->undescribed)
		trace_problem(t, "%" PRIu64 " operations have lost their description and are left out",
		              c->undescribed);
	t->records -= c->cut;
	t->dropped += c->cut;
	trace_cursor_close(c);
	return 0;
}

static int read_binary(struct trace *t, struct diag *d)
{
	if (trace_chunks_read(t, d) || trace_meta_read(t, d) || survey(t, d))
		return -1;
	return 0;
}

static int read_content(struct trace *t, struct diag *d)
{
	const char *text = (const char *)t->priv->map;
	size_t n = t->size_bytes, blanks = 0, magic = strlen(PROF_TRACE_MAGIC);

	if (!memcmp(text, PROF_TRACE_MAGIC, n < magic ? n : magic))
		return read_binary(t, d);
	while (blanks < n && blanks < 65536 && strchr(" \t\r\n", text[blanks]) && text[blanks])
		blanks++;
	if (blanks == n)
		return diag_set(d, "%s: the file is blank: an op list has one JSON object a line", t->path);
	if (text[blanks] == '{')
		return trace_list_read(t, d);
	return diag_set(
	        d,
	        "%s: is no trace: neither does it begin with the magic of one nor with the '{' of an op list",
	        t->path);
}

static int keep_options(struct trace *t, const struct trace_options *options)
{
	struct trace_options *mine = &t->priv->options;
	struct arena *a = &t->priv->arena;

	if (options)
		*mine = *options;
	if (mine->last_layer
	    && !(mine->last_layer = arena_copy(a, mine->last_layer, strlen(mine->last_layer))))
		return -1;
	return 0;
}

int trace_open_fd(int fd, const char *path, const struct trace_options *options, struct trace **out,
                  struct diag *d)
{
	struct trace *t = calloc(1, sizeof(*t));
	int result;

	if (t)
		t->priv = calloc(1, sizeof(*t->priv));
	if (!t || !t->priv || !(t->path = arena_copy(&t->priv->arena, path, strlen(path)))
	    || keep_options(t, options)) {
		trace_close(t);
		return diag_set(d, "%s: out of memory", path);
	}
	result = take_file(t, fd, d);
	if (!result)
		result = read_content(t, d);
	if (!result && t->is_list)
		result = trace_processes_settle(t, d);
	if (!result)
		result = trace_phases_decide(t, d);
	close_problems(t);
	if (!result && t->priv->options.strict && t->n_problems)
		result = diag_set(d, "%s: %s", path, t->problems[0]);
	if (result) {
		trace_close(t);
		return -1;
	}
	*out = t;
	return 0;
}

int trace_open(const char *path, const struct trace_options *options, struct trace **out, struct diag *d)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result;
	struct stat st;

	if (fd < 0)
		return diag_set(d, "%s: %s", path, strerror(errno));
	if (!fstat(fd, &st) && S_ISDIR(st.st_mode)) {
		close(fd);
		return trace_folder_open(path, options, out, d);
	}
	result = trace_open_fd(fd, path, options, out, d);
	close(fd);
	return result;
}

static void free_streams(struct trace_private *priv)
{
	for (unsigned i = 0; i < priv->n_streams; i++) {
		free(priv->streams[i].chunks);
		free(priv->streams[i].groups);
	}
	free(priv->streams);
}

void trace_close(struct trace *t)
{
	struct trace_private *priv = t ? t->priv : NULL;

	if (priv) {
		if (priv->map)
			munmap(priv->map, priv->map_bytes);
		free_streams(priv);
		free(priv->metas);
		free(priv->timelines);
		free(priv->strings);
		free(priv->events);
		free(priv->unsound);
		free(priv->list_counters);
		free(priv->desc_slots);
		arena_release(&priv->arena);
		free(priv);
	}
	if (!t)
		return;
	free(t->processes);
	free(t->descs);
	free(t->steps);
	free(t->modules);
	free(t->sites);
	free(t->threads);
	free(t->facts);
	free(t->counters);
	free(t->missing);
	free(t->domains);
	free(t->samples);
	free(t->costs);
	free(t->notes);
	free(t->problems);
	free(t);
}

const char *trace_fact_get(const struct trace *t, const char *key)
{
	for (unsigned i = 0; i < t->n_facts; i++)
		if (!strcmp(t->facts[i].key, key))
			return t->facts[i].value;
	return "";
}
