/* fuzz_counters.c: counter groups and their formulas from anybody.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/fuzz/fuzz.h"

#include "tools/lib/counters/counter_groups.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	double values[PROF_MAX_COUNTERS + COUNTER_INPUTS];
	struct counter_group g;
	struct diag d = {""};

	for (unsigned i = 0; i < PROF_MAX_COUNTERS + COUNTER_INPUTS; i++)
		values[i] = i % 5;
	if (counter_group_parse(&g, (const char *)data, bytes, "input.group", &d))
		return d.text[0] == 0;
	for (unsigned i = 0; i < g.n_metrics; i++) {
		double slopes[PROF_MAX_COUNTERS];

		formula_slopes(g.metrics[i].formula, values, g.n_events, slopes);
	}
	counter_group_release(&g);
	return 0;
}
