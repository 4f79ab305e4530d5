/* known.c: the functions that the tables of BLAS, LAPACK and oneDNN describe, by name.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/known.h"

#include <string.h>

#include "preload/carrier/static_program.h"
#include "runtime/recorder.h"

#define PLACES_LOG2 13
#define PLACES      (1u << PLACES_LOG2)

static const struct known_table *const tables[] = {&blas_table, &lapack_table, &onednn_table};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

/* By the names' hashes, at most half full; null: empty. */
static const struct hook *places[PLACES];
static unsigned n_places;
static bool is_wanted[TABLES];

/* Where a name is, or would be. */
static unsigned place_of(const char *name)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */
	unsigned at;

	for (const char *p = name; *p; p++)
		h = (h ^ (uint8_t)*p) * 1099511628211u;
	for (at = (unsigned)((h * 0x9e3779b97f4a7c15u) >> (64 - PLACES_LOG2)); places[at];
	     at = (at + 1) % PLACES)
		if (strcmp(places[at]->name, name) == 0)
			break;
	return at;
}

void known_start(void)
{
	for (unsigned t = 0; t < TABLES; t++) {
		/* oneDNN is asked about its primitives, which in a static program is another world. */
		is_wanted[t] = prof_family_enabled(tables[t]->family)
		               && !(tables[t] == &onednn_table && static_program_is());
		for (unsigned i = 0; i < tables[t]->n && n_places < PLACES / 2; i++, n_places++)
			places[place_of(tables[t]->hooks[i].name)] = &tables[t]->hooks[i];
	}
}

const struct hook *known_find(const char *name)
{
	return places[place_of(name)];
}

static unsigned table_of(const struct hook *hook)
{
	unsigned t = 0;

	while (t < TABLES - 1 && !(hook >= tables[t]->hooks && hook < tables[t]->hooks + tables[t]->n))
		t++;
	return t;
}

const char *known_family(const struct hook *hook)
{
	return tables[table_of(hook)]->family;
}

bool known_is_wanted(const struct hook *hook)
{
	return is_wanted[table_of(hook)];
}
