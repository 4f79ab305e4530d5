/* cost.h: what recording itself costs.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_COST_H
#define PROF_RUNTIME_COST_H

#include <stdint.h>

/* A COST record. Lock held. */
void cost_add(const char *name, double value);

/* Measure a reading of the clock and a record, and add both. Lock held. */
void cost_measure(void);

/* Add the estimate of the whole: slow paths as measured; `records` operations
 * with two readings of the clock each, and `sites` call sites found in the
 * cache, at the costs measured. Lock held. */
void cost_total(uint64_t records, uint64_t sites, double site_ns);

#endif
