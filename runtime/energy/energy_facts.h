/* energy_facts.h: what the trace says of the energy meters; lock held.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_ENERGY_ENERGY_FACTS_H
#define PROF_RUNTIME_ENERGY_ENERGY_FACTS_H

#include <prof/trace_format.h>

#include "runtime/energy/energy_meter.h"

/* The meters as domains 1 to n; facts energy.<id>.path, .kind, and, when
 * PROFSHIM_IDLE has it, .idle_w. */
void energy_facts_domains(const struct energy_meter *meters, unsigned n, enum prof_energy_source source);

/* Fact energy.period_ms: how often the thread reads them; 0: there is none,
 * and no fact. */
void energy_facts_period(uint64_t period_ns);

/* What is known at the end: fact energy.<id>.update_ms (when a thread read
 * them), and notes of what is missing. */
void energy_facts_end(const struct energy_meter *meters, unsigned n, double seconds);

#endif
