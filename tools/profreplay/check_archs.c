/* check_archs.c: profreplay --check-arch.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <string.h>

#include "tools/lib/arch/arch_schema.h"
#include "tools/lib/support/table.h"
#include "tools/profreplay/profreplay.h"

static const struct table_column columns[] = {
        {"name", "name", TABLE_TEXT},
        {"numbers", "numbers", TABLE_COUNT},
        {"with a source", "sourced", TABLE_COUNT},
        {"assumed", "assumed", TABLE_COUNT},
        {"can have a range", "may_range", TABLE_COUNT},
        {"have one", "ranged", TABLE_COUNT},
        {"a scope", "scoped", TABLE_COUNT},
        {"file", "file", TABLE_TEXT},
};

static void add_rows(struct table *t, const struct arch_set *set)
{
	for (unsigned i = 0; i < set->n; i++) {
		struct arch_pedigree p = arch_pedigree_of(&set->archs[i]);

		table_row(t);
		table_text(t, set->archs[i].name);
		table_number(t, p.numbers);
		table_number(t, p.sourced);
		table_number(t, p.assumed);
		table_number(t, p.may_range);
		table_number(t, p.ranged);
		table_number(t, p.scoped);
		table_text(t, set->archs[i].path);
	}
}

int check_archs(const struct settings *s)
{
	struct table *t = table_new(columns, sizeof columns / sizeof *columns);
	enum table_format format = !strcmp(s->format, "json")  ? TABLE_JSON
	                           : !strcmp(s->format, "csv") ? TABLE_CSV
	                                                       : TABLE_FOR_PEOPLE;
	int rc = t ? CLI_OK : cli_error("profreplay", "out of memory");

	for (unsigned i = 0; t && i < s->n_files; i++) {
		struct arch_set set = {NULL, 0};
		struct diag d = {""};

		if (arch_set_load(&set, s->files[i], &d))
			rc = cli_error("profreplay", d.text);
		else
			add_rows(t, &set);
		arch_set_release(&set);
	}
	if (rc == CLI_OK)
		table_print(t, format, cli_colour(), stdout);
	table_free(t);
	return rc;
}
