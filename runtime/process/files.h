/* files.h: small files of the system, read without the program's malloc.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef PROF_RUNTIME_PROCESS_FILES_H
#define PROF_RUNTIME_PROCESS_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The first `size` - 1 bytes of a file and a zero; how many, or -1. */
ssize_t files_read(const char *path, char *buffer, size_t size);

/* As files_read, cut at the end of the first line. */
ssize_t files_read_line(const char *path, char *buffer, size_t size);

/* The whole number a file holds; 0, or -1 when it holds none. */
int files_read_u64(const char *path, uint64_t *value);

/* Call `each` with the names in a folder (not . and ..); 0, or -1 when it
 * cannot be read. */
int files_list(const char *folder, void (*each)(const char *name, void *arg), void *arg);

#endif
