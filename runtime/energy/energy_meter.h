/* energy_meter.h: one energy meter of the machine, and how it is read.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A meter is a counter of energy, or a reading of power that is summed up over
 * time (the trapezoid between two readings). Both add to `sum_uj`. The sources
 * (energy_source.h) only fill in which files hold it, and in which unit.
 *
 * The functions here run on the meters' thread too, and use nothing of the C
 * library (tests/guard/freestanding): no errno, no thread-local storage.
 */
#ifndef PROF_RUNTIME_ENERGY_ENERGY_METER_H
#define PROF_RUNTIME_ENERGY_ENERGY_METER_H

#include <stdbool.h>
#include <stdint.h>

#define METER_FOLDER_BYTES 320
#define METER_FILE_BYTES   40
#define METER_NAME_BYTES   64

enum meter_file {
	METER_VALUE,  /* the counter, or the power */
	METER_FACTOR, /* what it is multiplied by (a voltage); optional */
	METER_STATUS, /* counts only while this says "Discharging"; optional */
	METER_FILES
};

/* What a reading came to. */
enum meter_result { METER_READ, METER_AWAY, METER_UNREADABLE };

struct energy_meter {
	/* ---- what it is; does not change once recording began ---- */
	char folder[METER_FOLDER_BYTES];
	char file[METER_FILES][METER_FILE_BYTES]; /* in the folder; "" for none */
	char name[METER_NAME_BYTES];              /* "package-0" */
	uint32_t parent; /* number of the meter that includes this one, plus 1; 0: none */
	bool is_power;   /* a reading of power, else a counter of energy */
	bool falls;      /* a counter that goes down (a battery's charge) */
	double scale;    /* uJ (or uW) of one unit of value, or of value times factor */
	uint64_t range;  /* largest value before the counter starts from zero, 0: it does not */
	double most_w;   /* no more than this is plausible, 0: unknown */
	/* ---- where it stands; guarded by the sampler's `reading` flag ---- */
	bool has_last;
	uint64_t last;     /* value at the last reading */
	double last_uw;    /* power at the last reading */
	uint64_t last_raw; /* raw clock at the last reading */
	double sum_uj;     /* since recording began */
	uint32_t changes;  /* readings that differed from the one before */
	uint32_t restarts; /* times the counter stood lower than plausible: energy is missing */
	uint32_t failures; /* readings that failed */
	uint32_t gaps;     /* readings so far apart that a counter may have wrapped around twice */
};

/* Descriptors of a meter's files; -1 for one that is not open. */
struct meter_fds {
	int fd[METER_FILES];
};

/* Open a meter's files for the calling thread; true when all are there. */
bool meter_open(const struct energy_meter *m, struct meter_fds *fds);
void meter_close(struct meter_fds *fds);

/* Read a meter at raw clock `now` (one unit: raw_ns) and add what it counted
 * since the last reading. METER_AWAY: it does not count now (a battery that is
 * charged), so that the next reading is a first one. */
enum meter_result meter_read(struct energy_meter *m, const struct meter_fds *fds, uint64_t now,
                             double raw_ns);

/* As meter_read, of a value that was read by other means. */
void meter_take(struct energy_meter *m, uint64_t value, double factor, uint64_t now, double raw_ns);

/* Forget where it stood: the next reading is a first one, and the sum is 0. */
void meter_restart(struct energy_meter *m);

/* The longest time between two readings, in nanoseconds, in which the counter
 * wraps around at most once; 0: as long as you like. */
double meter_longest_ns(const struct energy_meter *m);

#endif
