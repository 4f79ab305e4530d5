/* table.h: a table for people, JSON or CSV from the same rows.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_LIB_SUPPORT_TABLE_H
#define TOOLS_LIB_SUPPORT_TABLE_H

#include <stdio.h>

enum table_kind {
	TABLE_TEXT,    /* const char * */
	TABLE_FIGURE,  /* const char *, a figure in words: to the right as numbers are */
	TABLE_COUNT,   /* double, printed as a whole number */
	TABLE_NUMBER,  /* double, three significant figures for people, %.17g else */
	TABLE_SECONDS, /* double, seconds; "12.3 ms" for people */
	TABLE_JOULES,  /* double, joules */
	TABLE_WATTS,   /* double, watts */
	TABLE_BYTES,   /* double, bytes; "1.2 GiB" for people */
	TABLE_PERCENT, /* double, a fraction; "12.3 %" for people */
};

enum table_format { TABLE_FOR_PEOPLE, TABLE_JSON, TABLE_CSV };

struct table_column {
	const char *title; /* for people: "time" */
	const char *key;   /* for JSON and CSV, unit in the name: "time_s" */
	enum table_kind kind;
};

struct table;

/* columns[0..n) must outlive the table. Null only without memory. */
struct table *table_new(const struct table_column *columns, unsigned n);
void table_free(struct table *t);

/* Start a row, then give its cells from left to right; a cell left out is
 * empty (null in JSON). Text is copied. NaN is an empty cell. */
void table_row(struct table *t);
void table_text(struct table *t, const char *s);
void table_number(struct table *t, double v);

/* Numbers to the right, columns as wide as needed, a header (bold when
 * `colour`); JSON: an array of objects; CSV: RFC 4180 with a header. */
void table_print(const struct table *t, enum table_format format, int colour, FILE *out);

/* One value for people, "12.3 ms", "4.56 J", into buf; returns buf. */
const char *table_format_value(enum table_kind kind, double v, char *buf, unsigned bytes);

#endif
