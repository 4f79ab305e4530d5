/* files.c: small files of the system, read without the program's malloc.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/process/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t files_read(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t n = 0;

	if (fd < 0)
		return -1;
	while (n < size - 1) {
		ssize_t got = read(fd, buffer + n, size - 1 - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			close(fd);
			return -1;
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	close(fd);
	buffer[n] = 0;
	return (ssize_t)n;
}

ssize_t files_read_line(const char *path, char *buffer, size_t size)
{
	if (files_read(path, buffer, size) < 0)
		return -1;
	buffer[strcspn(buffer, "\n")] = 0;
	return (ssize_t)strlen(buffer);
}

int files_read_u64(const char *path, uint64_t *value)
{
	char text[32], *end;
	unsigned long long v;

	if (files_read_line(path, text, sizeof(text)) <= 0)
		return -1;
	v = strtoull(text, &end, 10);
	if (end == text || *end)
		return -1;
	*value = v;
	return 0;
}

/* What getdents64 fills in; the C library's readdir would call malloc. */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

int files_list(const char *folder, void (*each)(const char *name, void *arg), void *arg)
{
	_Alignas(8) char buffer[2048];
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long got;

	if (fd < 0)
		return -1;
	while ((got = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
		for (long at = 0; at < got;) {
			const struct entry *entry = (const void *)(buffer + at);

			if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
				each(entry->name, arg);
			at += entry->bytes;
		}
	}
	close(fd);
	return got < 0 ? -1 : 0;
}
