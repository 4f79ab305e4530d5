/* intern.c: strings, and other records that are stored once.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A table's values are the records themselves, as meta.c keeps them.
 */
#include "runtime/trace/intern.h"

#include <string.h>

#include "runtime/trace/checksum.h"
#include "runtime/guard.h"
#include "runtime/trace/meta.h"
#include "runtime/recorder.h"

#define STRING_BYTES_MAX 4096u
#define CONTENTS         (sizeof(struct prof_meta) + sizeof(uint32_t)) /* where they begin */

struct key {
	const uint8_t *record;
	uint32_t bytes;
};

static bool same_contents(const void *value, const void *arg)
{
	const struct prof_meta *record = value;
	const struct key *key = arg;

	return record->size_bytes == key->bytes
	       && memcmp((const uint8_t *)value + CONTENTS, key->record + CONTENTS, key->bytes - CONTENTS)
	                  == 0;
}

static uint32_t id_of(const void *record)
{
	uint32_t id;

	memcpy(&id, (const uint8_t *)record + sizeof(struct prof_meta), sizeof(id));
	return id;
}

uint32_t intern_record(struct intern *in, void *record, uint32_t bytes)
{
	struct key key = {record, bytes};
	uint64_t hash = checksum_64(key.record + CONTENTS, bytes - CONTENTS);
	const void *known = lookup_find(&in->table, hash, same_contents, &key);
	uint32_t id = in->first_id + (uint32_t)in->table.count;
	struct iovec part = {record, bytes};

	if (known)
		return id_of(known);
	if (id >= in->limit || !lookup_reserve(&in->table))
		return INTERN_FAILED;
	memcpy((uint8_t *)record + sizeof(struct prof_meta), &id, sizeof(id));
	known = meta_add(in->type, &part, 1);
	if (!known)
		return INTERN_FAILED;
	lookup_add(&in->table, hash, known);
	return id;
}

uint32_t intern_string(const char *s, size_t bytes)
{
	static struct intern strings = {.type = PROF_META_STRING, .first_id = 1, .limit = INTERN_FAILED};
	static _Alignas(8) uint8_t record[sizeof(struct prof_meta_string) + STRING_BYTES_MAX]; /* lock held */
	struct prof_meta_string *m = (void *)record;
	uint32_t id, total;

	if (!s || !bytes)
		return 0;
	if (bytes > STRING_BYTES_MAX)
		bytes = STRING_BYTES_MAX;
	total = (uint32_t)((sizeof(*m) + bytes + 7) & ~(size_t)7);
	memset(record + total - 8, 0, 8);
	m->bytes = (uint32_t)bytes;
	memcpy(m + 1, s, bytes);
	id = intern_record(&strings, record, total);
	return id == INTERN_FAILED ? 0 : id;
}

uint32_t prof_intern_string(const char *s, size_t bytes)
{
	struct guard g;
	uint32_t id;

	if (!s || !bytes || !guard_enter(&g))
		return 0;
	id = intern_string(s, bytes);
	guard_leave(&g);
	return id;
}
