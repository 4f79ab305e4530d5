/* job.h: what the environment says of the job that this process is part of.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Launchers of MPI jobs tell each process its rank in variables of their own.
 */
#ifndef PROF_RUNTIME_PROCESS_JOB_H
#define PROF_RUNTIME_PROCESS_JOB_H

#include <stdbool.h>

struct job {
	const char *launcher; /* "OpenMPI", ...; null: this process is no rank of a job */
	int rank;             /* from 0 */
	int ranks;            /* 0: not told */
	int local_rank;       /* among those of this machine, -1: not told */
	char id[256];         /* the same for all ranks and no other job's; "" when not told */
};

/* Reads the environment; called once, at the start. */
void job_start(void);

const struct job *job_get(void);

/* Whether there are other processes besides this one. */
bool job_is_parallel(void);

#endif
