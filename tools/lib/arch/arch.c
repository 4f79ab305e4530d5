/* arch.c: the set of known accelerators.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/arch/arch.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/calibration/calibration.h"

int arch_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (int i = 0; words; i++) {
		const char *end = strchrnul(words, '|');

		if ((size_t)(end - words) == n && !memcmp(words, word, n))
			return i;
		words = *end ? end + 1 : NULL;
	}
	return -1;
}

void arch_release(struct arch *a)
{
	free(a->text);
	free(a->best);
	free(a->worst);
	free(a->origins);
	calibration_free(a->calibration);
	memset(a, 0, sizeof *a);
}

void arch_set_release(struct arch_set *s)
{
	for (unsigned i = 0; i < s->n; i++)
		arch_release(&s->archs[i]);
	free(s->archs);
	memset(s, 0, sizeof *s);
}

bool arch_same_name(const char *a, const char *b)
{
	for (;; a++, b++) {
		char x = *a == '_' ? '-' : *a, y = *b == '_' ? '-' : *b;

		if (x != y)
			return false;
		if (!x)
			return true;
	}
}

const struct arch *arch_set_find(const struct arch_set *s, const char *name, struct diag *d)
{
	const char **names;
	const char *nearest = NULL;

	for (unsigned i = 0; i < s->n; i++)
		if (arch_same_name(s->archs[i].name, name))
			return &s->archs[i];
	names = calloc(s->n + 1, sizeof *names);
	if (names) {
		for (unsigned i = 0; i < s->n; i++)
			names[i] = s->archs[i].name;
		names[s->n] = "HOST";
		nearest = diag_nearest(name, names, s->n + 1);
	}
	if (nearest)
		diag_set(d, "no accelerator is called \"%.80s\"; the nearest name is %s", name, nearest);
	else
		diag_set(d, "no accelerator is called \"%.80s\"; --list-archs lists those known", name);
	free(names);
	return NULL;
}

static int is_yaml(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && e->d_name[0] != '.' && !strcmp(e->d_name + n - 5, ".yaml");
}

int arch_set_load_dir(struct arch_set *s, const char *dir, struct diag *d)
{
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_yaml, alphasort), rc = 0;

	if (n < 0)
		return diag_set(d, "%s: the accelerator files are not there: %s", dir, strerror(errno));
	for (int i = 0; i < n; i++) {
		char path[4096];

		if (rc == 0) {
			snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
			rc = arch_set_load(s, path, d);
		}
		free(entries[i]);
	}
	free(entries);
	return rc;
}
