/* stat_file.c: a machine as busy as the test wants: preloaded into profrun.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Where a program opens /proc/stat as a stream it finds a processor that spent
 * STAT_FILE_BUSY of each 100 ticks since it was opened last.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

FILE *fopen(const char *path, const char *mode)
{
	static FILE *(*next)(const char *, const char *);
	static char line[64];
	static unsigned opened;
	unsigned busy = (unsigned)atoi(getenv("STAT_FILE_BUSY"));

	if (strcmp(path, "/proc/stat") == 0) {
		opened++;
		snprintf(line, sizeof(line), "cpu %u 0 0 %u 0 0 0 0\n", busy * opened, (100 - busy) * opened);
		return fmemopen(line, strlen(line), "r");
	}
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "fopen");
	return next(path, mode);
}
