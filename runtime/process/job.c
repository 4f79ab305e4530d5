/* job.c: what the environment says of the job that this process is part of.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/process/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANK_MAX 100000000

/* The first launcher whose rank is there is taken: mpirun under a batch system
 * sets its own beside that's. Where the rank's variable can mean something
 * else, `needs` must be there too. id and id_part name a job and no other. */
static const struct {
	const char *launcher, *rank, *ranks, *local_rank, *needs, *id, *id_part;
} launchers[] = {
        {"OpenMPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", NULL,
         "PMIX_NAMESPACE", "OMPI_MCA_orte_hnp_uri"},
        {"MVAPICH", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_LOCAL_RANK", NULL, NULL,
         NULL},
        {"PALS", "PALS_RANKID", "PMI_SIZE", "PALS_LOCAL_RANKID", NULL, "PALS_APID", NULL},
        {"PMI", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", NULL, NULL, NULL},
        {"Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "SLURM_STEP_ID", "SLURM_JOB_ID",
         "SLURM_STEP_ID"},
        {"torchrun", "RANK", "WORLD_SIZE", "LOCAL_RANK", "TORCHELASTIC_RUN_ID", NULL, NULL},
};

static struct job job;

/* The whole number in a variable, or `otherwise`. */
static int number(const char *variable, int otherwise)
{
	const char *text = getenv(variable);
	char *end;
	long value;

	if (!text || *text < '0' || *text > '9')
		return otherwise;
	value = strtol(text, &end, 10);
	return *end || value > RANK_MAX ? otherwise : (int)value;
}

static const char *text_of(const char *variable)
{
	const char *text = variable ? getenv(variable) : NULL;

	return text ? text : "";
}

void job_start(void)
{
	memset(&job, 0, sizeof(job));
	for (unsigned i = 0; i < sizeof(launchers) / sizeof(launchers[0]); i++) {
		const char *id = text_of(launchers[i].id);

		job.rank = number(launchers[i].rank, -1);
		if (job.rank < 0 || (launchers[i].needs && !*text_of(launchers[i].needs)))
			continue;
		job.launcher = launchers[i].launcher;
		job.ranks = number(launchers[i].ranks, 0);
		job.local_rank = number(launchers[i].local_rank, -1);
		if (*id)
			snprintf(job.id, sizeof(job.id), "%s %s %s", job.launcher, id,
			         text_of(launchers[i].id_part));
		return;
	}
}

const struct job *job_get(void)
{
	return &job;
}

bool job_is_parallel(void)
{
	return job.launcher && (job.ranks > 1 || job.rank > 0);
}
