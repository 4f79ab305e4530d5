/* counters_papi.c: PAPI, loaded into a scope of its own.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A program with its own copy of PAPI keeps it.
 */
#include "runtime/counters/counters_papi.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "runtime/private_library.h"

struct papi papi;

/* Debian names it by version and revision, PAPI itself by version alone. */
static void *open_library(void)
{
	char name[64];
	void *handle;

	snprintf(name, sizeof(name), "libpapi.so.%d.%d", PAPI_VERSION_MAJOR(PAPI_VERSION),
	         PAPI_VERSION_MINOR(PAPI_VERSION));
	handle = private_library_open(name);
	if (handle)
		return handle;
	snprintf(name, sizeof(name), "libpapi.so.%d", PAPI_VERSION_MAJOR(PAPI_VERSION));
	return private_library_open(name);
}

static bool find_functions(void *handle)
{
	const struct {
		void *function;
		const char *name;
	} wanted[] = {
	        {&papi.library_init, "PAPI_library_init"},
	        {&papi.multiplex_init, "PAPI_multiplex_init"},
	        {&papi.thread_init, "PAPI_thread_init"},
	        {&papi.register_thread, "PAPI_register_thread"},
	        {&papi.unregister_thread, "PAPI_unregister_thread"},
	        {&papi.create_eventset, "PAPI_create_eventset"},
	        {&papi.assign_eventset_component, "PAPI_assign_eventset_component"},
	        {&papi.set_multiplex, "PAPI_set_multiplex"},
	        {&papi.add_named_event, "PAPI_add_named_event"},
	        {&papi.query_named_event, "PAPI_query_named_event"},
	        {&papi.event_name_to_code, "PAPI_event_name_to_code"},
	        {&papi.get_event_component, "PAPI_get_event_component"},
	        {&papi.get_component_info, "PAPI_get_component_info"},
	        {&papi.start, "PAPI_start"},
	        {&papi.stop, "PAPI_stop"},
	        {&papi.read, "PAPI_read"},
	        {&papi.cleanup_eventset, "PAPI_cleanup_eventset"},
	        {&papi.destroy_eventset, "PAPI_destroy_eventset"},
	        {&papi.strerror, "PAPI_strerror"},
	};

	for (unsigned i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		void *function = dlsym(handle, wanted[i].name);

		if (!function)
			return false;
		memcpy(wanted[i].function, &function, sizeof(function));
	}
	return true;
}

static unsigned long thread_number(void)
{
	return (unsigned long)pthread_self();
}

const char *papi_open(void)
{
	static void *handle;

	if (!handle && !(handle = open_library()))
		return "libpapi can't be loaded";
	if (!find_functions(handle))
		return "libpapi lacks a function";
	if (papi.library_init(PAPI_VER_CURRENT) != PAPI_VER_CURRENT)
		return "libpapi is of another version, or can't start";
	if (papi.thread_init(thread_number) != PAPI_OK)
		return "libpapi can't work with threads";
	return NULL;
}

int papi_component_of(const char *event)
{
	int code;

	if (papi.event_name_to_code(event, &code) != PAPI_OK)
		return -1;
	return papi.get_event_component(code);
}
