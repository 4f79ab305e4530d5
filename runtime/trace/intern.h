/* intern.h: strings and other records that are stored once; lock held.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_TRACE_INTERN_H
#define PROF_RUNTIME_TRACE_INTERN_H

#include <prof/trace_format.h>

#include "runtime/lookup.h"

#define INTERN_FAILED (~0u)

/* Records of one type, which differ in what follows their id. */
struct intern {
	uint16_t type; /* enum prof_meta_type */
	uint32_t first_id;
	uint32_t limit; /* ids are below this */
	struct lookup table;
};

/* The id of the record that equals record[bytes] (a multiple of 8; a struct
 * prof_meta, the id in the next four bytes, then the contents), added when
 * there is none; INTERN_FAILED when it can't be. record's head is filled in. */
uint32_t intern_record(struct intern *in, void *record, uint32_t bytes);

/* As prof_intern_string; 0 on failure. */
uint32_t intern_string(const char *s, size_t bytes);

#endif
