/* cost.c: what recording itself costs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/cost.h"

#include "runtime/call_site/call_site.h"
#include "runtime/memory.h"
#include "runtime/trace/meta.h"
#include "runtime/recorder.h"
#include "runtime/recorder_state.h"
#include "runtime/thread.h"

#define REFRESH_NS 2000000000u
#define ROUNDS     5u
#define REPEATS    64u
#define DESCS      16u /* a cycle of operations, as in a network */

static double clock_ns, record_ns;

void cost_add(const char *name, double value)
{
	struct prof_meta_cost m = {.value = value};
	struct iovec text = meta_text(name, &m.name_bytes);
	struct iovec parts[] = {{&m, sizeof(m)}, text, META_ZERO};

	meta_add(PROF_META_COST, parts, 3);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t time_clock(void)
{
	uint64_t start = prof_clock(), last = start;

	for (unsigned i = 0; i < REPEATS; i++)
		last = prof_clock();
	return last - start;
}

static uint64_t time_records(struct prof_thread *t, uint8_t *buffer)
{
	uint64_t start = prof_clock();

	t->p = buffer;
	for (unsigned i = 0; i < REPEATS; i++)
		prof_record(t, i % DESCS, start + i * 1000, start + i * 1000 + 700);
	return prof_clock() - start;
}

/* Into a buffer of its own, as any thread would record. */
void cost_measure(void)
{
	size_t table_bytes = PROF_SUCCESSORS * sizeof(struct prof_successor);
	size_t buffer_bytes = (REPEATS + 1) * PROF_RECORD_MAX_BYTES;
	struct prof_thread t = {.epoch_raw = recorder.clock.epoch_raw,
	                        .tick_shift = recorder.clock.tick_shift};
	uint8_t *memory = memory_pages(table_bytes + buffer_bytes);
	uint64_t clocks = ~0ull, records = ~0ull;
	double raw_ns = clock_raw_ns(&recorder.clock) / REPEATS;

	if (!memory)
		return;
	t.stream.successors = (struct prof_successor *)memory;
	prof_stream_reset(&t.stream, recorder_ticks(prof_clock()), 0);
	t.limit = memory + table_bytes + buffer_bytes - PROF_RECORD_MAX_BYTES;
	for (unsigned i = 0; i < ROUNDS; i++) {
		clocks = least(clocks, time_clock());
		records = least(records, time_records(&t, memory + table_bytes));
	}
	memory_unpages(memory, table_bytes + buffer_bytes);
	clock_ns = (double)clocks * raw_ns;
	record_ns = (double)records * raw_ns;
	cost_add("clock_ns", clock_ns);
	cost_add("record_ns", record_ns);
}

/* How often, and what one takes on average. */
static void add_mean(const char *count_name, const char *mean_name, uint64_t count, double all_ns)
{
	if (!count)
		return;
	cost_add(count_name, (double)count);
	cost_add(mean_name, all_ns / (double)count);
}

void cost_total(const struct recorder_work *work)
{
	double raw_ns = clock_raw_ns(&recorder.clock), site_ns = call_site_ns();
	double slow_ns = (double)__atomic_load_n(&recorder.slow_raw, __ATOMIC_RELAXED) * raw_ns;
	double readings_ns = (double)work->readings_raw * raw_ns;

	add_mean("readings", "counters_ns", work->readings, readings_ns);
	add_mean("walks", "walk_ns", work->walks, (double)work->walks_raw * raw_ns);
	if (work->cheap_sites)
		cost_add("cheap_sites", (double)work->cheap_sites);
	if (work->site_hits)
		cost_add("site_hits", (double)work->site_hits);
	cost_add("slow_ns", slow_ns);
	cost_add("total_ns", slow_ns + readings_ns + (double)work->records * (2 * clock_ns + record_ns)
	                             + (double)work->site_hits * site_ns
	                             + (double)work->cheap_sites * (site_ns + clock_ns));
}

void cost_refresh(void)
{
	static uint64_t last_ns;
	uint64_t now_ns = prof_clock_monotonic();
	struct recorder_work work;

	if (recorder.state != RECORDER_OPEN || now_ns - last_ns < REFRESH_NS)
		return;
	last_ns = now_ns;
	thread_work(&work);
	cost_total(&work);
}
