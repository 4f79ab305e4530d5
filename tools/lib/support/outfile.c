/* outfile.c: a file that appears whole or not at all.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/lib/support/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int outfile_open(struct outfile *o, const char *path, struct diag *d)
{
	struct stat st;
	int fd;

	memset(o, 0, sizeof(*o));
	o->path = path;
	if (!path) {
		o->file = stdout;
		return 0;
	}
	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		o->file = fopen(path, "we");
		return o->file ? 0 : diag_set(d, "%s: %s", path, strerror(errno));
	}
	if (snprintf(o->temporary, sizeof(o->temporary), "%s.%ld.part", path, (long)getpid())
	    >= (int)sizeof(o->temporary)) {
		o->temporary[0] = 0;
		return diag_set(d, "%.200s...: the path is too long", path);
	}
	fd = open(o->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	o->file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (o->file)
		return 0;
	diag_set(d, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	o->temporary[0] = 0;
	return -1;
}

int outfile_commit(struct outfile *o, struct diag *d)
{
	const char *name = o->path ? o->path : "standard output";
	bool failed;

	errno = 0;
	failed = fflush(o->file) != 0 || ferror(o->file);
	if (failed) {
		diag_set(d, "%s: %s", name, errno ? strerror(errno) : "could not be written");
		outfile_abandon(o);
		return -1;
	}
	if (!o->path)
		return 0;
	failed = fclose(o->file) != 0;
	o->file = NULL;
	if (failed || (o->temporary[0] && rename(o->temporary, o->path))) {
		diag_set(d, "%s: %s", name, strerror(errno));
		outfile_abandon(o);
		return -1;
	}
	o->temporary[0] = 0;
	return 0;
}

void outfile_abandon(struct outfile *o)
{
	if (o->file && o->path)
		fclose(o->file);
	if (o->temporary[0])
		unlink(o->temporary);
	o->file = NULL;
	o->temporary[0] = 0;
}
