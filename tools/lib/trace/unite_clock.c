/* unite_clock.c: one clock for the traces of several processes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Processes of one machine read the same counter, so that their ticks are ticks
 * of the whole; that they do is checked by their readings of CLOCK_MONOTONIC,
 * through which one straight line must go. Where it does not, or the clocks
 * differ, CLOCK_MONOTONIC joins them, and CLOCK_REALTIME those of several
 * machines.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "tools/lib/trace/unite_private.h"

/* A reading of both clocks; `from` is the first of all, so that nothing overflows. */
struct reading {
	int64_t raw;
	int64_t ns;
};

/* The readings may be so far off a line: clocks are slewed, by 500 ppm at most. */
#define ERROR_MAX_NS  1e6
#define ERROR_MAX_PPM 500.0
#define SPAN_MIN_NS   5e6

static const struct prof_file_header *header(const struct unite *u, unsigned i)
{
	return &u->parts[i].trace->priv->header;
}

static bool one_machine(const struct unite *u)
{
	const char *first = unite_fact(u->parts[0].trace, 0, "host.boot_id");

	for (unsigned i = 0; i < u->n; i++)
		for (unsigned j = 0; j < u->parts[i].trace->n_processes; j++)
			if (strcmp(unite_fact(u->parts[i].trace, j, "host.boot_id"), first) != 0)
				return false;
	return *first;
}

static bool one_counter(const struct unite *u)
{
	const struct prof_file_header *first = header(u, 0);

	if (first->clock_kind != PROF_CLOCK_TSC && first->clock_kind != PROF_CLOCK_CNTVCT)
		return false;
	for (unsigned i = 1; i < u->n; i++)
		if (header(u, i)->clock_kind != first->clock_kind
		    || header(u, i)->tick_shift != first->tick_shift)
			return false;
	return first->tick_shift < 64;
}

enum { READINGS = 3 };

/* What a trace tells of both clocks: at its start, at its first and last sync. */
static unsigned readings_of(const struct unite *u, unsigned part, struct reading r[READINGS])
{
	const struct prof_file_header *h = header(u, part);
	const struct trace_private *priv = u->parts[part].trace->priv;
	unsigned n = 1;

	r[0] = (struct reading){(int64_t)(h->epoch_raw - u->header.epoch_raw),
	                        (int64_t)(h->epoch_monotonic_ns - u->header.epoch_monotonic_ns)};
	for (; n - 1 < priv->n_syncs && n < READINGS; n++)
		r[n] = (struct reading){r[0].raw + (int64_t)(priv->sync_tick[n - 1] << h->tick_shift),
		                        (int64_t)(priv->sync_ns[n - 1] - u->header.epoch_monotonic_ns)};
	return n;
}

/* The last reading of all, and the rate from the first one to it. */
static struct reading last_reading(const struct unite *u)
{
	struct reading r[READINGS], last = {0, 0};

	for (unsigned i = 0; i < u->n; i++)
		for (unsigned n = readings_of(u, i, r); n-- > 0;)
			last = r[n].raw > last.raw ? r[n] : last;
	return last;
}

static double raw_rate(const struct unite *u, struct reading last)
{
	const struct prof_file_header *h = header(u, 0);
	double rate = h->tick_ns_estimate / (double)(1ull << h->tick_shift);

	return (double)last.ns >= SPAN_MIN_NS ? (double)last.ns / (double)last.raw : rate;
}

/* How far the readings are from one line. */
static double worst_error_ns(const struct unite *u, double rate)
{
	struct reading r[READINGS];
	double worst = 0;

	for (unsigned i = 0; i < u->n; i++)
		for (unsigned n = readings_of(u, i, r); n-- > 0;)
			worst = fmax(worst, fabs((double)r[n].ns - (double)r[n].raw * rate));
	return worst;
}

/* Ticks stay ticks. */
static bool settle_ticks(struct unite *u)
{
	struct reading last = last_reading(u);
	double rate = raw_rate(u, last), worst = worst_error_ns(u, rate);
	double estimate = header(u, 0)->tick_ns_estimate / (double)(1ull << header(u, 0)->tick_shift);

	if (!(worst <= ERROR_MAX_NS + (double)last.ns * ERROR_MAX_PPM / 1e6)
	    || fabs(rate / estimate - 1) > 0.01)
		return false;
	u->in_ticks = true;
	u->header.clock_kind = header(u, 0)->clock_kind;
	u->header.tick_shift = header(u, 0)->tick_shift;
	u->header.tick_ns_estimate = rate * (double)(1ull << u->header.tick_shift);
	for (unsigned i = 0; i < u->n; i++)
		u->parts[i].delta = (header(u, i)->epoch_raw - u->header.epoch_raw) >> u->header.tick_shift;
	snprintf(u->clock, sizeof(u->clock),
	         "the %s of one machine; the processes' readings of CLOCK_MONOTONIC beside it fit within "
	         "%.3g us (measured)",
	         u->header.clock_kind == PROF_CLOCK_TSC ? "time stamp counter" : "virtual counter",
	         worst / 1e3);
	return true;
}

/* Ticks become nanoseconds since the first epoch. */
static void settle_monotonic(struct unite *u, bool doubtful)
{
	u->header.clock_kind = PROF_CLOCK_MONOTONIC;
	u->header.epoch_raw = u->header.epoch_monotonic_ns;
	for (unsigned i = 0; i < u->n; i++)
		u->parts[i].delta = header(u, i)->epoch_monotonic_ns - u->header.epoch_monotonic_ns;
	snprintf(u->clock, sizeof(u->clock),
	         "CLOCK_MONOTONIC of one machine, which each process read beside its own clock within a "
	         "microsecond (assumed)%s",
	         doubtful ? "; their counters do not agree with it well enough to be used" : "");
}

static int settle_realtime(struct unite *u)
{
	u->header.clock_kind = PROF_CLOCK_NONE;
	u->header.epoch_raw = u->header.epoch_monotonic_ns = 0;
	for (unsigned i = 0; i < u->n; i++) {
		if (!header(u, i)->epoch_realtime_ns)
			return diag_set(u->diag,
			                "%s: was imported: there is no clock to put it beside others by",
			                u->parts[i].trace->path);
		u->parts[i].delta = header(u, i)->epoch_realtime_ns - u->header.epoch_realtime_ns;
	}
	snprintf(u->clock, sizeof(u->clock),
	         "CLOCK_REALTIME, of machines that are different or not known: as right as their clocks "
	         "agree (assumed)");
	return 0;
}

/* The earliest epoch is that of the whole. */
static void take_epoch(struct unite *u)
{
	const struct prof_file_header *first = header(u, 0);

	for (unsigned i = 1; i < u->n; i++)
		if (header(u, i)->epoch_realtime_ns < first->epoch_realtime_ns)
			first = header(u, i);
	u->header.epoch_raw = first->epoch_raw;
	u->header.epoch_realtime_ns = first->epoch_realtime_ns;
	u->header.epoch_monotonic_ns = first->epoch_monotonic_ns;
}

/* On one machine by a clock that nobody sets. */
static void take_machine_epoch(struct unite *u, bool by_raw)
{
	const struct prof_file_header *first = header(u, 0);

	for (unsigned i = 1; i < u->n; i++) {
		const struct prof_file_header *h = header(u, i);

		if (by_raw ? h->epoch_raw < first->epoch_raw
		           : h->epoch_monotonic_ns < first->epoch_monotonic_ns)
			first = h;
	}
	u->header.epoch_raw = first->epoch_raw;
	u->header.epoch_realtime_ns = first->epoch_realtime_ns;
	u->header.epoch_monotonic_ns = first->epoch_monotonic_ns;
}

static bool all_monotonic(const struct unite *u)
{
	for (unsigned i = 0; i < u->n; i++)
		if (header(u, i)->clock_kind == PROF_CLOCK_NONE || !header(u, i)->epoch_monotonic_ns)
			return false;
	return true;
}

int unite_clock_settle(struct unite *u)
{
	bool same = one_machine(u), counter = same && one_counter(u);

	for (unsigned i = 0; i < u->n; i++)
		u->parts[i].scale = trace_tick_scale(u->parts[i].trace);
	u->header.tick_ns_estimate = 1;
	if (counter) {
		take_machine_epoch(u, true);
		if (settle_ticks(u))
			return 0;
	}
	if (same && all_monotonic(u)) {
		take_machine_epoch(u, false);
		settle_monotonic(u, counter);
		return 0;
	}
	take_epoch(u);
	return settle_realtime(u);
}

int unite_clock_write(struct unite *u)
{
	struct prof_meta_clock_sync m = {.head = {.type = PROF_META_CLOCK_SYNC},
	                                 .monotonic_ns = u->header.epoch_monotonic_ns};
	struct reading last;

	if (!u->in_ticks)
		return 0;
	if (trace_file_meta(u->file, &m.head, sizeof(m), NULL, 0))
		return -1;
	last = last_reading(u);
	m.tick = (uint64_t)last.raw >> u->header.tick_shift;
	m.monotonic_ns += (uint64_t)last.ns;
	return trace_file_meta(u->file, &m.head, sizeof(m), NULL, 0);
}

uint64_t unite_tick(const struct unite *u, const struct unite_part *p, uint64_t tick)
{
	return (u->in_ticks ? tick : trace_ticks_to_ns(p->scale, tick)) + p->delta;
}

/* The reader's nanoseconds are a tick's, rounded down: back to that tick. */
uint64_t unite_ns(const struct unite *u, const struct unite_part *p, uint64_t ns)
{
	if (!u->in_ticks)
		return ns + p->delta;
	return (uint64_t)((((unsigned __int128)ns << 40) + p->scale - 1) / p->scale) + p->delta;
}
