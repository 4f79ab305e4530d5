/* facts.h: what is known of host, process and run; lock held.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_PROCESS_FACTS_H
#define PROF_RUNTIME_PROCESS_FACTS_H

/* As prof_fact, from inside the runtime. */
void facts_add(const char *key, const char *value);

/* Host, process and run, as they are now. */
void facts_collect(void);

#endif
