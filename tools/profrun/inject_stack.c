/* inject_stack.c: the stack that the dynamic linker is to begin with.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/profrun/inject_stack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX_BYTES ((size_t)64 << 20)

/* A whole file of /proc/PID, with a zero byte after it; null with errno. */
static char *read_file(pid_t pid, const char *name, size_t *bytes)
{
	char path[64];
	char *all = NULL;
	size_t n = 0, room = 0;
	ssize_t got = 1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	while (got > 0 && n < FILE_MAX_BYTES) {
		if (room - n < 2) {
			char *more = realloc(all, room = room ? 2 * room : 8192);

			if (!more)
				break;
			all = more;
		}
		got = read(fd, all + n, room - n - 1);
		n += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	if (!all || got != 0) {
		free(all);
		return NULL;
	}
	all[n] = '\0';
	*bytes = n;
	return all;
}

/* The loader's variables are about the program's libraries, and it has none; but
 * where the shim's are found is told the same way as anywhere. */
static bool is_loaders(const char *variable)
{
	return (!strncmp(variable, "LD_", 3) && strncmp(variable, "LD_LIBRARY_PATH=", 16) != 0)
	       || !strncmp(variable, "GLIBC_TUNABLES=", 15);
}

static void leave_out_loaders(struct inject_stack *s)
{
	char *to = s->environment, *from = to, *end = to + s->environment_bytes;

	while (from < end) {
		size_t n = strlen(from) + 1;

		if (!is_loaders(from)) {
			memmove(to, from, n);
			to += n;
			s->n_environment++;
		}
		from += n;
	}
	s->environment_bytes = (size_t)(to - s->environment);
}

int inject_stack_read(struct inject_stack *s, pid_t pid, struct diag *d)
{
	size_t bytes = 0;

	memset(s, 0, sizeof(*s));
	s->environment = read_file(pid, "environ", &s->environment_bytes);
	s->auxiliary = (Elf64_auxv_t *)(void *)read_file(pid, "auxv", &bytes);
	if (!s->environment || !s->auxiliary)
		return diag_set(d, "its environment cannot be read from /proc: %s", strerror(errno));
	while (s->n_auxiliary < bytes / sizeof(*s->auxiliary)
	       && s->auxiliary[s->n_auxiliary++].a_type != AT_NULL)
		;
	leave_out_loaders(s);
	s->bytes = s->environment_bytes + s->n_environment * sizeof(uint64_t) + bytes + 1024;
	return 0;
}

/* The strings lie at the end, the words from the beginning. */
struct builder {
	struct inject_stack *s;
	uint64_t *word;
	size_t text_at; /* of the next string, in the image */
};

static void put_word(struct builder *b, uint64_t word)
{
	*b->word++ = word;
}

static uint64_t put_text(struct builder *b, const char *text)
{
	size_t n = strlen(text) + 1, at = b->text_at;

	memcpy(b->s->image + at, text, n);
	b->text_at += n;
	return b->s->at + at;
}

static void put_auxiliary(struct builder *b, uint64_t executed)
{
	const struct inject_stack *s = b->s;

	for (size_t i = 0; i < s->n_auxiliary; i++) {
		uint64_t value = s->auxiliary[i].a_un.a_val;

		switch (s->auxiliary[i].a_type) {
		case AT_PHDR:
			value = s->linker_headers;
			break;
		case AT_PHNUM:
			value = s->n_linker_headers;
			break;
		case AT_PHENT:
			value = sizeof(Elf64_Phdr);
			break;
		case AT_ENTRY:
			value = s->linker_entry;
			break;
		case AT_BASE:
			value = 0;
			break;
		case AT_EXECFN:
			value = executed;
			break;
		default:
			break;
		}
		put_word(b, s->auxiliary[i].a_type);
		put_word(b, value);
	}
}

int inject_stack_build(struct inject_stack *s, const struct inject_plan *plan, uint64_t room, struct diag *d)
{
	/* Two of its own: the kernel takes one restartable sequence a thread, the program's. */
	static const char no_rseq[] = "GLIBC_TUNABLES=glibc.pthread.rseq=0";
	char preload[PATH_MAX + 16];
	size_t words = 1 + 3 + s->n_environment + 3 + 2 * s->n_auxiliary;
	struct builder b = {s, NULL, (words * sizeof(uint64_t) + 15) & ~(size_t)15};
	uint64_t carrier;

	s->image_bytes = s->bytes + (size_t)4 * PATH_MAX;
	s->image = calloc(1, s->image_bytes);
	if (!s->image)
		return diag_set(d, "out of memory");
	s->at = (room + 15) & ~(uint64_t)15;
	b.word = (uint64_t *)(void *)s->image;
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", plan->library);
	put_word(&b, 2);
	put_word(&b, put_text(&b, plan->linker));
	put_word(&b, carrier = put_text(&b, plan->carrier));
	put_word(&b, 0);
	for (const char *v = s->environment; v < s->environment + s->environment_bytes; v += strlen(v) + 1)
		put_word(&b, put_text(&b, v));
	put_word(&b, put_text(&b, preload));
	put_word(&b, put_text(&b, no_rseq));
	put_word(&b, 0);
	put_auxiliary(&b, carrier);
	s->image_bytes = b.text_at;
	return 0;
}

void inject_stack_release(struct inject_stack *s)
{
	free(s->environment);
	free(s->auxiliary);
	free(s->image);
}
