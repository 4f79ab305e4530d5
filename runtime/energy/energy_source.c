/* energy_source.c: where energy meters are found.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/energy/energy_source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/config.h"
#include "runtime/process/files.h"
#include "runtime/trace/note.h"

void energy_path(char *path, size_t bytes, const char *below)
{
	snprintf(path, bytes, "%s/%s", config_get()->text[CONFIG_SYSFS], below);
}

struct energy_meter *energy_new(struct energy_find *f, const char *folder)
{
	struct energy_meter *m = &f->meters[f->n];

	if (f->n == f->max
	    || strlen(config_get()->text[CONFIG_SYSFS]) + strlen(folder) + 2 > METER_FOLDER_BYTES)
		return NULL;
	memset(m, 0, sizeof(*m));
	energy_path(m->folder, sizeof(m->folder), folder);
	return m;
}

bool energy_found(struct energy_find *f)
{
	const struct energy_meter *m = &f->meters[f->n];
	uint64_t value;

	for (int i = METER_VALUE; i <= METER_FACTOR; i++) {
		if (!m->file[i][0] || energy_number(m, m->file[i], &value) == 0)
			continue;
		f->unreadable |= errno == EACCES || errno == EPERM;
		if (errno == 0)
			note_add("The energy meter %.300s/%.39s holds no number: it is left out.", m->folder,
			         m->file[i]);
		return false;
	}
	f->n++;
	return true;
}

static int read_file(const struct energy_meter *m, const char *file, char *text, size_t bytes)
{
	char path[METER_FOLDER_BYTES + METER_FILE_BYTES + 2];

	snprintf(path, sizeof(path), "%s/%.39s", m->folder, file);
	errno = 0;
	return (int)files_read_line(path, text, bytes);
}

int energy_number(const struct energy_meter *m, const char *file, uint64_t *value)
{
	char text[32];
	unsigned long long v;

	if (read_file(m, file, text, sizeof(text)) <= 0)
		return -1;
	if (sscanf(text, "%llu", &v) != 1 && sscanf(text, "-%llu", &v) != 1)
		return -1;
	*value = v;
	return 0;
}

long energy_text(const struct energy_meter *m, const char *file, char *text, size_t bytes)
{
	return read_file(m, file, text, bytes);
}

/* By insertion: there are a handful, and qsort() may call malloc. */
void energy_sort(struct energy_find *f)
{
	struct energy_meter *all = f->meters;

	for (unsigned i = 1; i < f->n; i++)
		for (unsigned j = i; j > 0 && strcmp(all[j - 1].folder, all[j].folder) > 0; j--) {
			struct energy_meter swap = all[j];

			all[j] = all[j - 1];
			all[j - 1] = swap;
		}
}
