/* run_id.c: which run this process is part of.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/process/run_id.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/trace/checksum.h"
#include "runtime/process/files.h"
#include "runtime/process/job.h"
#include "runtime/memory.h"

#define ANCESTORS_MAX   64
#define ENVIRON_BYTES   (128u << 10)
#define PRELOAD         "LD_PRELOAD="
#define SHIM            "libprofshim"
#define FIELDS_TO_START 20 /* fields of /proc/PID/stat between the name and the start time, less one */

struct ancestor {
	int pid, ppid;
	unsigned long long start;
};

/* The name in /proc/PID/stat may hold anything, parentheses too: what follows
 * the last one is numbers. */
static bool read_stat(int pid, struct ancestor *a)
{
	char path[64], text[1024], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (files_read(path, text, sizeof(text)) <= 0 || !(p = strrchr(text, ')')))
		return false;
	a->pid = pid;
	a->ppid = 0;
	if (sscanf(p + 1, " %*c %d", &a->ppid) != 1)
		return false;
	p += 2;
	for (int i = 0; i < FIELDS_TO_START - 1 && p; i++)
		p = strchr(p + 1, ' ');
	a->start = p ? strtoull(p, NULL, 10) : 0;
	return p != NULL;
}

static bool is_preloaded(int pid, char *text, size_t bytes)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	n = files_read(path, text, bytes);
	for (const char *p = text; n > 0 && p < text + n; p += strlen(p) + 1)
		if (strncmp(p, PRELOAD, sizeof(PRELOAD) - 1) == 0)
			return strstr(p, SHIM) != NULL;
	return false;
}

static void find_topmost(struct ancestor *top)
{
	char *text = memory_pages(ENVIRON_BYTES);
	struct ancestor at;

	if (!read_stat(getpid(), top))
		*top = (struct ancestor){.pid = getpid()};
	at = *top;
	for (int i = 0; i < ANCESTORS_MAX && text && at.ppid > 1; i++) {
		if (!read_stat(at.ppid, &at))
			break;
		if (is_preloaded(at.pid, text, ENVIRON_BYTES))
			*top = at;
	}
	if (text)
		memory_unpages(text, ENVIRON_BYTES);
}

void run_id_find(const char *name, uint8_t id[16])
{
	char text[512], boot[64] = "";
	struct ancestor top;

	if (!*name)
		name = job_get()->id;
	if (*name) {
		checksum_128(name, strlen(name), id);
		return;
	}
	find_topmost(&top);
	files_read_line("/proc/sys/kernel/random/boot_id", boot, sizeof(boot));
	snprintf(text, sizeof(text), "%d %llu %s", top.pid, top.start, boot);
	checksum_128(text, strlen(text), id);
}
