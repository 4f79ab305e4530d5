/* user_load.c: the file of hooks that holds for this program.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/user/user_load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/config.h"
#include "runtime/memory.h"

#define FILE_MAX (64u << 10)

static const char suffix[] = ".hooks.yaml";

/* Into path: what was asked for, or what lies beside the program. False: none. */
static bool find_path(char path[PATH_MAX + sizeof(suffix)])
{
	const char *asked = config_get()->text[CONFIG_HOOKS];
	ssize_t n;

	if (strcmp(asked, "none") == 0)
		return false;
	if (*asked)
		return snprintf(path, PATH_MAX, "%s", asked) < PATH_MAX;
	n = readlink("/proc/self/exe", path, PATH_MAX);
	if (n <= 0)
		return false;
	memcpy(path + n, suffix, sizeof(suffix));
	return access(path, F_OK) == 0;
}

static bool fail(char why[USER_SENTENCE_BYTES], const char *path, const char *what)
{
	snprintf(why, USER_SENTENCE_BYTES, "%.200s: %s", path, what);
	return false;
}

static bool read_file(const char *path, struct user_text *text, char why[USER_SENTENCE_BYTES])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	char *bytes = NULL;
	bool ok = false;

	if (fd < 0)
		return fail(why, path, strerrordesc_np(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		fail(why, path, "this is no file that can be read");
	else if (st.st_size > FILE_MAX)
		fail(why, path, "a file of hooks has at most 64 KiB");
	else if (!(bytes = memory_pages((size_t)st.st_size + 1)))
		fail(why, path, "there is no memory to read it");
	else
		ok = pread(fd, bytes, (size_t)st.st_size, 0) == st.st_size
		     || fail(why, path, "it could not be read to its end");
	close(fd);
	*text = (struct user_text){bytes, (size_t)st.st_size};
	return ok;
}

static bool understand(const char *path, const struct user_text *text, struct user_file *file,
                       char why[USER_SENTENCE_BYTES])
{
	const struct user_yaml_api *api = user_yaml_private();
	size_t bytes = user_file_memory(text->bytes);
	struct user_memory m = {memory_pages(bytes), bytes};
	struct user_error e = {0};

	if (!api)
		return fail(why, path, "libyaml, which reads such files, is not there");
	if (!m.at)
		return fail(why, path, "there is no memory to read it");
	if (user_file_parse(api, &m, text, file, &e))
		return true;
	if (e.line)
		snprintf(why, USER_SENTENCE_BYTES, "%.200s:%u:%u: %s", path, e.line, e.column, e.text);
	else
		fail(why, path, e.text);
	return false;
}

enum user_loaded user_load(struct user_file *file, const char **path, char why[USER_SENTENCE_BYTES])
{
	static char kept[PATH_MAX + sizeof(suffix)];
	struct user_text text;
	int saved_errno = errno;
	bool ok;

	memset(file, 0, sizeof(*file));
	*path = "";
	if (!find_path(kept))
		return USER_NO_FILE;
	*path = kept;
	ok = read_file(kept, &text, why) && understand(kept, &text, file, why);
	errno = saved_errno;
	return ok ? USER_LOADED : USER_BAD_FILE;
}
