/* table.c: the same rows as aligned text, JSON or CSV.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/support/table.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/lib/support/json_text.h"

struct cell {
	bool given;
	char *text; /* of a TABLE_TEXT cell */
	double number;
};

struct table {
	const struct table_column *columns;
	unsigned n_columns;
	unsigned n_rows, next; /* next: column of the next cell */
	size_t capacity;       /* cells */
	struct cell *cells;    /* n_rows x n_columns */
};

struct table *table_new(const struct table_column *columns, unsigned n)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t) {
		t->columns = columns;
		t->n_columns = n;
	}
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < (size_t)t->n_rows * t->n_columns; i++)
		free(t->cells[i].text);
	free(t->cells);
	free(t);
}

void table_row(struct table *t)
{
	size_t need = ((size_t)t->n_rows + 1) * t->n_columns;

	if (need > t->capacity) {
		size_t capacity = need * 2;
		struct cell *cells = realloc(t->cells, capacity * sizeof(*cells));

		if (!cells)
			abort(); /* a table of some screens: there is no going on */
		t->cells = cells;
		t->capacity = capacity;
	}
	memset(&t->cells[(size_t)t->n_rows * t->n_columns], 0, t->n_columns * sizeof(*t->cells));
	t->n_rows++;
	t->next = 0;
}

static struct cell *next_cell(struct table *t)
{
	return &t->cells[((size_t)t->n_rows - 1) * t->n_columns + t->next++];
}

void table_text(struct table *t, const char *s)
{
	struct cell *c = next_cell(t);

	c->text = strdup(s);
	c->given = c->text != NULL;
}

void table_number(struct table *t, double v)
{
	struct cell *c = next_cell(t);

	c->number = v;
	c->given = !isnan(v);
}

/* Three significant figures, no exponent for what people meet: 1234, 12.3, 0.00456. */
static void three_figures(double v, const char *unit, char *buf, unsigned bytes)
{
	double size = fabs(v);
	int decimals = 0;

	if (size != 0 && (size < 1e-4 || size >= 1e15)) {
		snprintf(buf, bytes, "%.2e%s", v, unit);
		return;
	}
	if (size != 0 && size < 999.5) {
		decimals = 2 - (int)floor(log10(size));
		if (size * pow(10, decimals) >= 999.5)
			decimals--;
	}
	snprintf(buf, bytes, "%.*f%s", decimals < 0 ? 0 : decimals, v, unit);
}

struct prefix {
	double factor;
	const char *unit;
};

static void with_prefix(double v, const struct prefix *prefixes, char *buf, unsigned bytes)
{
	const struct prefix *p = prefixes;

	while (p[1].unit && fabs(v) < p->factor * 0.9995)
		p++;
	three_figures(v / p->factor, p->unit, buf, bytes);
}

const char *table_format_value(enum table_kind kind, double v, char *buf, unsigned bytes)
{
	static const struct prefix seconds[] = {
	        {1, " s"}, {1e-3, " ms"}, {1e-6, " us"}, {1e-9, " ns"}, {0, NULL}};
	static const struct prefix joules[] = {{1e3, " kJ"},  {1, " J"},      {1e-3, " mJ"}, {1e-6, " uJ"},
	                                       {1e-9, " nJ"}, {1e-12, " pJ"}, {0, NULL}};
	static const struct prefix watts[] = {
	        {1e3, " kW"}, {1, " W"}, {1e-3, " mW"}, {1e-6, " uW"}, {0, NULL}};
	static const struct prefix sizes[] = {{1099511627776.0, " TiB"},
	                                      {1073741824.0, " GiB"},
	                                      {1048576.0, " MiB"},
	                                      {1024.0, " KiB"},
	                                      {1, " B"},
	                                      {0, NULL}};

	if (isnan(v)) {
		snprintf(buf, bytes, "-");
		return buf;
	}
	switch (kind) {
	case TABLE_SECONDS:
		with_prefix(v, v == 0 ? &seconds[0] : seconds, buf, bytes);
		break;
	case TABLE_JOULES:
		with_prefix(v, v == 0 ? &joules[1] : joules, buf, bytes);
		break;
	case TABLE_WATTS:
		with_prefix(v, v == 0 ? &watts[1] : watts, buf, bytes);
		break;
	case TABLE_BYTES:
		with_prefix(v, sizes, buf, bytes);
		break;
	case TABLE_PERCENT:
		snprintf(buf, bytes, "%.1f %%", v * 100);
		break;
	case TABLE_COUNT:
		snprintf(buf, bytes, "%.0f", v);
		break;
	default:
		three_figures(v, "", buf, bytes);
	}
	return buf;
}

static const struct cell *cell_at(const struct table *t, unsigned row, unsigned column)
{
	return &t->cells[(size_t)row * t->n_columns + column];
}

/* The widest cell that people are shown. */
enum { CELL_BYTES = 100 };

/* People get no more of a text than a line has room for, but in the last column;
 * JSON and CSV all. */
static const char *text_for_people(const char *text, char *buf, unsigned bytes)
{
	unsigned room = bytes - sizeof("...");

	if (strlen(text) < bytes)
		return text;
	while (room && ((unsigned char)text[room] & 0xc0) == 0x80)
		room--;
	snprintf(buf, bytes, "%.*s...", (int)room, text);
	return buf;
}

static bool is_text(enum table_kind kind)
{
	return kind == TABLE_TEXT || kind == TABLE_FIGURE;
}

static const char *cell_for_people(const struct table *t, unsigned row, unsigned column, char *buf,
                                   unsigned bytes)
{
	const struct cell *c = cell_at(t, row, column);

	if (!c->given)
		return t->columns[column].kind == TABLE_TEXT ? "" : "-";
	if (is_text(t->columns[column].kind) && column + 1 == t->n_columns)
		return c->text; /* nothing has to stand behind it */
	if (is_text(t->columns[column].kind))
		return text_for_people(c->text, buf, bytes);
	return table_format_value(t->columns[column].kind, c->number, buf, bytes);
}

/* Columns on a terminal that a UTF-8 text takes, near enough: one a character. */
static unsigned width_of(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void put_padded(FILE *out, const char *s, unsigned width, bool right, bool last)
{
	unsigned used = width_of(s);
	int pad = used < width ? (int)(width - used) : 0;

	if (right)
		fprintf(out, "%*s%s", pad, "", s);
	else
		fprintf(out, "%s%*s", s, last ? 0 : pad, "");
}

static void print_for_people(const struct table *t, int colour, FILE *out)
{
	unsigned *widths = calloc(t->n_columns + 1, sizeof(*widths));
	char buf[CELL_BYTES];

	if (!widths)
		return;
	for (unsigned j = 0; j < t->n_columns; j++) {
		widths[j] = width_of(t->columns[j].title);
		for (unsigned i = 0; i < t->n_rows; i++) {
			unsigned w = width_of(cell_for_people(t, i, j, buf, sizeof(buf)));

			widths[j] = w > widths[j] ? w : widths[j];
		}
	}
	if (colour)
		fputs("\033[1m", out);
	for (unsigned j = 0; j < t->n_columns; j++) {
		fputs(j ? "  " : "", out);
		put_padded(out, t->columns[j].title, widths[j], t->columns[j].kind != TABLE_TEXT,
		           j + 1 == t->n_columns);
	}
	fputs(colour ? "\033[0m\n" : "\n", out);
	for (unsigned i = 0; i < t->n_rows; i++) {
		for (unsigned j = 0; j < t->n_columns; j++) {
			fputs(j ? "  " : "", out);
			put_padded(out, cell_for_people(t, i, j, buf, sizeof(buf)), widths[j],
			           t->columns[j].kind != TABLE_TEXT, j + 1 == t->n_columns);
		}
		fputc('\n', out);
	}
	free(widths);
}

static void print_number(FILE *out, enum table_kind kind, double v, const char *otherwise)
{
	if (isinf(v))
		fputs(otherwise, out);
	else if (kind == TABLE_COUNT)
		fprintf(out, "%.0f", v);
	else
		fprintf(out, "%.17g", v);
}

static void print_json(const struct table *t, FILE *out)
{
	fputs("[", out);
	for (unsigned i = 0; i < t->n_rows; i++) {
		fputs(i ? ",\n {" : "\n {", out);
		for (unsigned j = 0; j < t->n_columns; j++) {
			const struct cell *c = cell_at(t, i, j);

			fputs(j ? ", " : "", out);
			json_text_put(out, t->columns[j].key);
			fputs(": ", out);
			if (!c->given)
				fputs("null", out);
			else if (is_text(t->columns[j].kind))
				json_text_put(out, c->text);
			else
				print_number(out, t->columns[j].kind, c->number, "null");
		}
		fputs("}", out);
	}
	fputs(t->n_rows ? "\n]\n" : "]\n", out);
}

static void print_csv_text(FILE *out, const char *s)
{
	if (!strpbrk(s, ",\"\r\n")) {
		fputs(s, out);
		return;
	}
	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"')
			fputc('"', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

static void print_csv(const struct table *t, FILE *out)
{
	for (unsigned j = 0; j < t->n_columns; j++) {
		fputs(j ? "," : "", out);
		print_csv_text(out, t->columns[j].key);
	}
	fputs("\r\n", out);
	for (unsigned i = 0; i < t->n_rows; i++) {
		for (unsigned j = 0; j < t->n_columns; j++) {
			const struct cell *c = cell_at(t, i, j);

			fputs(j ? "," : "", out);
			if (c->given && is_text(t->columns[j].kind))
				print_csv_text(out, c->text);
			else if (c->given)
				print_number(out, t->columns[j].kind, c->number, "");
		}
		fputs("\r\n", out);
	}
}

void table_print(const struct table *t, enum table_format format, int colour, FILE *out)
{
	switch (format) {
	case TABLE_JSON:
		print_json(t, out);
		break;
	case TABLE_CSV:
		print_csv(t, out);
		break;
	default:
		print_for_people(t, colour, out);
	}
}
