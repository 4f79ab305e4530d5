/* command.c: find the program to run, and see whether it can be profiled.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * LD_PRELOAD is an order to the dynamic loader. It has no effect where there
 * is no such loader (static programs), where the loader is another one (other
 * word size or machine), and where it must not obey (ld.so(8), "secure-
 * execution mode"). All of that shows in the file.
 */
#include "tools/profrun/command.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#endif

const char command_is_static[] = "it is linked statically, so no library can be loaded before it";

/* What access(2) and stat(2) say of one candidate: 0 or a status. */
static int try_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == EACCES ? COMMAND_NOT_EXECUTABLE : COMMAND_NOT_FOUND;
	if (S_ISDIR(st.st_mode) || access(path, X_OK) != 0)
		return COMMAND_NOT_EXECUTABLE;
	return 0;
}

static int find_in_path(const char *name, char *path)
{
	const char *dirs = getenv("PATH");
	int status = COMMAND_NOT_FOUND;

	if (!dirs)
		dirs = "/usr/local/bin:/usr/bin:/bin";
	while (dirs) {
		size_t n = strcspn(dirs, ":");
		int len = n ? snprintf(path, PATH_MAX, "%.*s/%s", (int)n, dirs, name)
		            : snprintf(path, PATH_MAX, "./%s", name);

		if (len < PATH_MAX) {
			int tried = try_file(path);

			if (tried == 0)
				return 0;
			if (tried == COMMAND_NOT_EXECUTABLE)
				status = tried;
		}
		dirs = dirs[n] ? dirs + n + 1 : NULL;
	}
	return status;
}

int command_find(const char *name, char *path, struct diag *d)
{
	int status;

	if (strchr(name, '/'))
		status = snprintf(path, PATH_MAX, "%s", name) < PATH_MAX ? try_file(path) : COMMAND_NOT_FOUND;
	else
		status = *name ? find_in_path(name, path) : COMMAND_NOT_FOUND;
	if (status == COMMAND_NOT_FOUND)
		diag_set(d, "%s: there is no such command", name);
	else if (status == COMMAND_NOT_EXECUTABLE)
		diag_set(d, "%s: the file cannot be executed", name);
	return status;
}

/* Whether the loader will run it in secure-execution mode for this user. */
static bool is_privileged(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	if ((st.st_mode & S_ISUID) && st.st_uid != getuid())
		return true;
	if ((st.st_mode & S_ISGID) && st.st_gid != getgid())
		return true;
	return getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

static const char *elf_obstacle(int fd, const Elf64_Ehdr *eh)
{
	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_machine != OUR_MACHINE)
		return "it is built for another kind of machine than libprofshim.so";
	for (unsigned i = 0; i < eh->e_phnum; i++) {
		Elf64_Phdr ph;
		off_t at = (off_t)(eh->e_phoff + (Elf64_Off)i * eh->e_phentsize);

		if (pread(fd, &ph, sizeof(ph), at) != (ssize_t)sizeof(ph))
			return NULL;
		if (ph.p_type == PT_INTERP)
			return NULL;
	}
	return command_is_static;
}

/* The interpreter named by "#! PATH ARGUMENT" in head, cut out in place. */
static const char *script_interpreter(char *head)
{
	char *s = head + 2;

	s += strspn(s, " \t");
	s[strcspn(s, " \t\r\n")] = '\0';
	return *s == '/' ? s : NULL;
}

const char *command_obstacle(const char *path)
{
	union {
		Elf64_Ehdr elf;
		char text[PATH_MAX];
	} head;
	const char *why = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return NULL; /* executable but not readable: nothing can be said */
	memset(&head, 0, sizeof(head));
	n = pread(fd, &head, sizeof(head) - 1, 0);
	if (n >= 2 && !memcmp(head.text, "#!", 2)) {
		const char *interpreter = script_interpreter(head.text);

		/* The kernel allows interpreters that are scripts; so few are that
		 * nothing is said of them. The privileges of a script do not count. */
		close(fd);
		if (!interpreter || (fd = open(interpreter, O_RDONLY | O_CLOEXEC)) < 0)
			return NULL;
		n = pread(fd, &head, sizeof(head), 0);
	}
	if (is_privileged(fd))
		why = "it runs with other privileges than yours, so the loader ignores LD_PRELOAD";
	else if (n >= (ssize_t)sizeof(head.elf) && !memcmp(head.elf.e_ident, ELFMAG, SELFMAG))
		why = elf_obstacle(fd, &head.elf);
	close(fd);
	return why;
}
