/* counters_papi.h: PAPI, loaded into a scope of its own.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_COUNTERS_COUNTERS_PAPI_H
#define PROF_RUNTIME_COUNTERS_COUNTERS_PAPI_H

#include <papi.h>

/* The functions of PAPI in use; null until papi_open(). */
struct papi {
	int (*library_init)(int);
	int (*multiplex_init)(void);
	int (*thread_init)(unsigned long (*)(void));
	int (*register_thread)(void);
	int (*unregister_thread)(void);
	int (*create_eventset)(int *);
	int (*assign_eventset_component)(int, int);
	int (*set_multiplex)(int);
	int (*add_named_event)(int, const char *);
	int (*query_named_event)(const char *);
	int (*event_name_to_code)(const char *, int *);
	int (*get_event_component)(int);
	const PAPI_component_info_t *(*get_component_info)(int);
	int (*start)(int);
	int (*stop)(int, long long *);
	int (*read)(int, long long *);
	int (*cleanup_eventset)(int);
	int (*destroy_eventset)(int *);
	char *(*strerror)(int);
};

extern struct papi papi;

/* Load PAPI and start it; null, or why that can't be, in a few words. May
 * wait for the loader: lock not held. */
const char *papi_open(void);

/* The component of PAPI that counts an event, or -1. */
int papi_component_of(const char *event);

#endif
