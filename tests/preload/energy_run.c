/* energy_run.c: a program that computes in steps, each as long as somebody else wants.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * usage: energy_run FOLDER NAME STEPS
 * Products before the first step, then STEPS steps of them. In each of these parts, 0 to
 * STEPS, it says that it is there by a file FOLDER/at.PART.NAME, and goes on multiplying
 * until there is FOLDER/go.PART. With NAME fork it forks in a step of its own, and both
 * processes do all of that at once, as "child" and "parent".
 */
#include <cblas.h>
#include <fcntl.h>
#include <prof/prof.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 24 };

static double a[SIZE * SIZE], b[SIZE * SIZE], c[SIZE * SIZE];

static void product(void)
{
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIZE, SIZE, SIZE, 1, a, SIZE, b, SIZE, 0, c,
	            SIZE);
}

static void arrive(const char *folder, const char *name, int part)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/at.%d.%s", folder, part, name);
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	close(fd);
}

static void work_until_told(const char *folder, int part)
{
	struct timespec pause = {0, 500000};
	char path[300];

	snprintf(path, sizeof(path), "%s/go.%d", folder, part);
	while (access(path, F_OK) != 0) {
		product();
		nanosleep(&pause, NULL);
	}
}

static void run(const char *folder, const char *name, int steps)
{
	for (int part = 0; part <= steps; part++) {
		if (part)
			prof_begin_step(part == 1 ? 8 : 1);
		product();
		cblas_daxpy(SIZE, 2, a, 1, b, 1);
		arrive(folder, name, part);
		work_until_told(folder, part);
	}
	printf("%s: %d steps\n", name, steps);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int steps = argc == 4 ? atoi(argv[3]) : 0, status = 0;
	pid_t child;

	if (steps < 1)
		return 2;
	if (strcmp(argv[2], "fork") != 0) {
		run(argv[1], argv[2], steps);
		return 0;
	}
	prof_begin_step(1);
	product();
	child = fork();
	run(argv[1], child ? "parent" : "child", steps);
	if (child && (waitpid(child, &status, 0) != child || status != 0))
		return 1;
	return 0;
}
