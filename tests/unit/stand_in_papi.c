/* stand_in_papi.c: a libpapi that counts what a text file says, for machines that are not here.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The file is named by STAND_IN_PAPI; tests/unit/machines/README.md says what is in
 * it. What is counted is the program's `stand_in_work`, times the event's count.
 */
#include <papi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS 64
#define SETS   4096

extern uint64_t stand_in_work __attribute__((weak)); /* of the program */

static struct {
	char name[96], path[256]; /* of a meter: the file with its value */
	long long count, began;
} events[EVENTS];
static int n_events, fits = EVENTS, multiplexes, fails_after = -1;
static int reads; /* atomic */
static PAPI_component_info_t component;

static struct set {
	int used, multiplexed, n;
	int event[EVENTS];
} sets[SETS];

static void take_line(const char *line)
{
	int value;

	if (sscanf(line, "fits %d", &value) == 1)
		fits = value;
	else if (sscanf(line, "multiplex %d", &value) == 1)
		multiplexes = value;
	else if (sscanf(line, "fast_read %d", &value) == 1)
		component.fast_counter_read = value & 1;
	else if (sscanf(line, "fail %d", &value) == 1)
		fails_after = value;
	else if (n_events < EVENTS
	         && (sscanf(line, "event %95s %lld", events[n_events].name, &events[n_events].count) == 2
	             || sscanf(line, "meter %95s %255s", events[n_events].name, events[n_events].path) == 2))
		n_events++;
}

static long long meter_value(int event)
{
	FILE *f = fopen(events[event].path, "re");
	long long value = 0;

	if (f) {
		if (fscanf(f, "%lld", &value) != 1)
			value = 0;
		fclose(f);
	}
	return value;
}

int PAPI_library_init(int version)
{
	const char *path = getenv("STAND_IN_PAPI");
	FILE *f = path ? fopen(path, "r") : NULL;
	char line[256];

	n_events = 0;
	while (f && fgets(line, sizeof(line), f))
		take_line(line);
	if (f)
		fclose(f);
	return f ? version : PAPI_ESYS;
}

int PAPI_multiplex_init(void)
{
	return multiplexes ? PAPI_OK : PAPI_ENOSUPP;
}

int PAPI_thread_init(unsigned long (*id)(void))
{
	return id() ? PAPI_OK : PAPI_EINVAL;
}

int PAPI_register_thread(void)
{
	return PAPI_OK;
}

int PAPI_unregister_thread(void)
{
	return PAPI_OK;
}

int PAPI_create_eventset(int *set)
{
	for (int i = 0; i < SETS; i++)
		if (!__atomic_exchange_n(&sets[i].used, 1, __ATOMIC_ACQUIRE)) {
			sets[i].multiplexed = sets[i].n = 0;
			*set = i;
			return PAPI_OK;
		}
	return PAPI_ENOMEM;
}

int PAPI_assign_eventset_component(int set, int cidx)
{
	return set >= 0 && cidx == 0 ? PAPI_OK : PAPI_ENOCMP;
}

int PAPI_set_multiplex(int set)
{
	sets[set].multiplexed = 1;
	return multiplexes ? PAPI_OK : PAPI_ENOSUPP;
}

int PAPI_event_name_to_code(const char *name, int *code)
{
	for (int i = 0; i < n_events; i++)
		if (strcmp(events[i].name, name) == 0) {
			*code = i;
			return PAPI_OK;
		}
	return PAPI_ENOEVNT;
}

int PAPI_query_named_event(const char *name)
{
	int code;

	return PAPI_event_name_to_code(name, &code);
}

int PAPI_add_named_event(int set, const char *name)
{
	struct set *s = &sets[set];
	int code;

	if (PAPI_event_name_to_code(name, &code) != PAPI_OK)
		return PAPI_ENOEVNT;
	if (s->n >= fits && !s->multiplexed)
		return PAPI_ECNFLCT;
	s->event[s->n++] = code;
	return PAPI_OK;
}

int PAPI_get_event_component(int code)
{
	return code >= 0 && code < n_events ? 0 : PAPI_ENOEVNT;
}

const PAPI_component_info_t *PAPI_get_component_info(int cidx)
{
	return cidx == 0 ? &component : NULL;
}

int PAPI_start(int set)
{
	const struct set *s = &sets[set];

	for (int i = 0; i < s->n; i++)
		if (events[s->event[i]].path[0])
			events[s->event[i]].began = meter_value(s->event[i]);
	return s->n ? PAPI_OK : PAPI_EINVAL;
}

int PAPI_read(int set, long long *values)
{
	const struct set *s = &sets[set];
	long long work = &stand_in_work ? (long long)stand_in_work : 0;
	int before = __atomic_fetch_add(&reads, 1, __ATOMIC_RELAXED);

	if (fails_after >= 0 && before >= fails_after)
		return PAPI_ESYS;
	for (int i = 0; i < s->n; i++) {
		int e = s->event[i];

		values[i] = events[e].path[0] ? meter_value(e) - events[e].began : work * events[e].count;
	}
	return PAPI_OK;
}

int PAPI_stop(int set, long long *values)
{
	(void)values;
	return sets[set].used ? PAPI_OK : PAPI_ENOEVST;
}

int PAPI_cleanup_eventset(int set)
{
	sets[set].n = 0;
	return PAPI_OK;
}

int PAPI_destroy_eventset(int *set)
{
	__atomic_store_n(&sets[*set].used, 0, __ATOMIC_RELEASE);
	*set = PAPI_NULL;
	return PAPI_OK;
}

char *PAPI_strerror(int code)
{
	static char conflict[] = "Event exists, but cannot be counted due to hardware resource limits";
	static char none[] = "Event does not exist", system[] = "A system or C library call failed";
	static char other[] = "Another error";

	return code == PAPI_ECNFLCT   ? conflict
	       : code == PAPI_ENOEVNT ? none
	       : code == PAPI_ESYS    ? system
	                              : other;
}
