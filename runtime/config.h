/* config.h: what the environment asks of the recorder.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * include/prof/env.def is the table of variables. A value that makes no sense
 * is told on standard error, and the default is used.
 */
#ifndef PROF_RUNTIME_CONFIG_H
#define PROF_RUNTIME_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_variable {
#define PROF_ENV(id, name, fallback, meaning) CONFIG_##id,
#include <prof/env.def>
#undef PROF_ENV
	CONFIG_VARIABLES
};

struct config {
	const char *text[CONFIG_VARIABLES]; /* as set, else the default */
	bool is_set[CONFIG_VARIABLES];
	unsigned callsites;      /* frames, 0 to 64 */
	double budget;           /* percent, 0 to 100 */
	uint64_t max_size_bytes; /* of the trace, 0: no limit */
	unsigned verbose;        /* 0 to 2 */
};

/* Read the environment, keeping copies: the program may change its own. */
void config_start(void);

/* The values now in force. */
const struct config *config_get(void);

/* The name of a variable. */
const char *config_name(enum config_variable variable);

/* Parse `getenv`-like lookups into *c (whose texts are not copied): config_start
 * and its tests. Complaints go to `complain`, one sentence each. */
void config_parse(struct config *c, const char *(*lookup)(const char *name),
                  void (*complain)(const char *sentence));

/* Whether a list such as "all", "blas,ggml" or "-blas" takes `word` in. */
bool config_list_has(const char *list, const char *word);

#endif
