/* record_switch.h: when to record, as PROFSHIM_RECORD says it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * always                 from the first operation to the last
 * steps:10-20            in the steps of these numbers (the first pass over the
 *                        network is 0); 10- from then on, 10 that one alone
 * region:NAME            while a region of that name is open on the thread;
 *                        * and ? stand for anything and for one character
 * signal:USR2            from that signal to the next one; signal:USR2:on
 *                        begins with recording
 *
 * With commas between: of several of one kind, one must hold; of each kind, one.
 * The shim obeys it, profrun checks it: both read it here.
 */
#ifndef PROF_RECORD_SWITCH_H
#define PROF_RECORD_SWITCH_H

#include <prof/glob.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PROF_SWITCH_TERMS 8u

/* Where in a setting something is wrong, and what. */
struct prof_text_error {
	size_t at;
	const char *what;
};

struct prof_step_range {
	uint64_t first, last;
};

struct prof_switch {
	unsigned n_steps, n_regions;
	struct prof_step_range steps[PROF_SWITCH_TERMS];
	const char *region[PROF_SWITCH_TERMS]; /* in the text */
	size_t region_bytes[PROF_SWITCH_TERMS];
	int signal_number; /* 0: none */
	bool begins_on;    /* with the signal not seen yet */
};

static inline bool prof_text_is(const char *text, size_t bytes, const char *word)
{
	return strlen(word) == bytes && memcmp(text, word, bytes) == 0;
}

/* A whole number; the byte after it, or null. */
static inline const char *prof_text_number(const char *p, const char *end, uint64_t *value)
{
	const char *first = p;

	for (*value = 0; p < end && *p >= '0' && *p <= '9' && p - first < 18; p++)
		*value = *value * 10 + (uint64_t)(*p - '0');
	return p > first ? p : NULL;
}

static inline const char *prof_switch_steps(struct prof_switch *s, const char *p, const char *end)
{
	struct prof_step_range *range = &s->steps[s->n_steps];

	if (s->n_steps == PROF_SWITCH_TERMS)
		return "is one range of steps too many: there can be 8";
	p = prof_text_number(p, end, &range->first);
	if (!p)
		return "is no range of steps: it can be 10-20, 10- or 10";
	range->last = range->first;
	if (p < end && *p == '-') {
		range->last = UINT64_MAX;
		if (++p < end && !(p = prof_text_number(p, end, &range->last)))
			return "is no range of steps: it can be 10-20, 10- or 10";
	}
	if (p != end)
		return "is no range of steps: it can be 10-20, 10- or 10";
	if (range->last < range->first)
		return "is a range of steps that ends before it begins";
	s->n_steps++;
	return NULL;
}

static inline const char *prof_switch_region(struct prof_switch *s, const char *p, const char *end)
{
	if (s->n_regions == PROF_SWITCH_TERMS)
		return "is one region too many: there can be 8";
	if (p == end)
		return "names no region";
	s->region[s->n_regions] = p;
	s->region_bytes[s->n_regions++] = (size_t)(end - p);
	return NULL;
}

/* Signals that by default end or ignore, and that no system function sends. */
static inline int prof_switch_signal_number(const char *name, size_t bytes)
{
	uint64_t n;

	if (bytes > 3 && memcmp(name, "SIG", 3) == 0) {
		name += 3;
		bytes -= 3;
	}
	if (prof_text_is(name, bytes, "USR1"))
		return SIGUSR1;
	if (prof_text_is(name, bytes, "USR2"))
		return SIGUSR2;
	if (bytes > 6 && memcmp(name, "RTMIN+", 6) == 0
	    && prof_text_number(name + 6, name + bytes, &n) == name + bytes
	    && n <= (uint64_t)(SIGRTMAX - SIGRTMIN))
		return SIGRTMIN + (int)n;
	return 0;
}

static inline const char *prof_switch_signal(struct prof_switch *s, const char *p, const char *end)
{
	const char *colon = (const char *)memchr(p, ':', (size_t)(end - p));

	if (s->signal_number)
		return "is a second signal: there can be one";
	if (colon && !prof_text_is(colon, (size_t)(end - colon), ":on")
	    && !prof_text_is(colon, (size_t)(end - colon), ":off"))
		return "can have :on or :off behind the signal";
	s->signal_number = prof_switch_signal_number(p, (size_t)((colon ? colon : end) - p));
	s->begins_on = colon && colon[2] == 'n';
	return s->signal_number ? NULL
	                        : "is no signal to switch with: it can be USR1, USR2 or RTMIN+0 to +30";
}

static inline const char *prof_switch_term(struct prof_switch *s, const char *p, const char *end)
{
	const char *colon = (const char *)memchr(p, ':', (size_t)(end - p));
	size_t word = (size_t)((colon ? colon : end) - p);

	if (!colon && prof_text_is(p, word, "always"))
		return NULL;
	if (colon && prof_text_is(p, word, "steps"))
		return prof_switch_steps(s, colon + 1, end);
	if (colon && prof_text_is(p, word, "region"))
		return prof_switch_region(s, colon + 1, end);
	if (colon && prof_text_is(p, word, "signal"))
		return prof_switch_signal(s, colon + 1, end);
	return "is none of always, steps:, region: and signal:";
}

/* Read a whole setting, which must live as long as *s. False and *e when it is
 * wrong; *s then says always. */
static inline bool prof_switch_parse(const char *text, struct prof_switch *s, struct prof_text_error *e)
{
	const char *p = text;

	memset(s, 0, sizeof(*s));
	while (*p) {
		const char *end = p + strcspn(p, ",");

		e->at = (size_t)(p - text);
		e->what = prof_switch_term(s, p, end);
		if (e->what) {
			memset(s, 0, sizeof(*s));
			return false;
		}
		p = *end ? end + 1 : end;
	}
	return true;
}

static inline bool prof_switch_has_step(const struct prof_switch *s, uint64_t number)
{
	bool has = s->n_steps == 0;

	for (unsigned i = 0; i < s->n_steps && !has; i++)
		has = number >= s->steps[i].first && number <= s->steps[i].last;
	return has;
}

#endif
