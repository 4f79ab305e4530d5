/* user_modules.c: the program and its libraries, by their files.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/user/user_modules.h"

#include <limits.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "preload/resolve.h"
#include "runtime/memory.h"
#include "runtime/recorder.h"

#define FOUND_MAX  4096u
#define PATH_BYTES 1024u

/* What the loader says, without asking it for more meanwhile. */
struct found {
	uintptr_t bias, low, high;
	char path[PATH_BYTES];
};

struct scan {
	struct found *found;
	unsigned n;
};

static struct user_module *first, **last = &first;

const char *user_modules_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int on_module(struct dl_phdr_info *info, size_t bytes, void *arg)
{
	struct scan *scan = arg;
	struct found *f = &scan->found[scan->n];

	if (scan->n == FOUND_MAX)
		return 1;
	f->bias = info->dlpi_addr;
	f->low = ~(uintptr_t)0;
	f->high = 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + p->p_vaddr;

		if (p->p_type != PT_LOAD)
			continue;
		f->low = start < f->low ? start : f->low;
		f->high = start + p->p_memsz > f->high ? start + p->p_memsz : f->high;
	}
	strncpy(f->path, info->dlpi_name, PATH_BYTES - 1);
	scan->n++;
	return 0;
}

static struct user_module *known(const struct found *f)
{
	for (struct user_module *m = first; m; m = m->next)
		if (m->low == f->low && m->high == f->high
		    && (m->is_program ? !f->path[0] : !strcmp(m->path, f->path)))
			return m;
	return NULL;
}

static bool is_left_out(const struct found *f)
{
	const char *name = user_modules_name(f->path);

	return f->high <= f->low || resolve_is_own((const void *)f->low) || !strncmp(name, "ld-linux", 8)
	       || !strncmp(name, "linux-vdso", 10);
}

static void add(struct found *f, bool is_program)
{
	struct user_module *m = prof_arena_alloc(sizeof(*m));
	ssize_t n = is_program ? readlink("/proc/self/exe", f->path, PATH_BYTES - 1) : -1;
	char *path;

	if (n >= 0)
		f->path[n] = 0;
	path = prof_arena_alloc(strlen(f->path) + 1);
	if (!m || !path)
		return;
	m->path = memcpy(path, f->path, strlen(f->path));
	m->bias = f->bias;
	m->low = f->low;
	m->high = f->high;
	m->is_program = is_program;
	m->symbols.path = is_program ? "/proc/self/exe" : m->path;
	m->symbols.bias = m->bias;
	m->is_new = m->is_there = true;
	*last = m;
	last = &m->next;
}

void user_modules_look(void)
{
	struct scan scan = {memory_pages(FOUND_MAX * sizeof(*scan.found)), 0};

	if (!scan.found)
		return;
	dl_iterate_phdr(on_module, &scan);
	for (struct user_module *m = first; m; m = m->next)
		m->is_there = false;
	for (unsigned i = 0; i < scan.n; i++) {
		struct user_module *m = known(&scan.found[i]);

		if (m) {
			m->is_there = true;
			m->is_new = false;
		} else if (!is_left_out(&scan.found[i])) {
			add(&scan.found[i], i == 0);
		}
	}
	memory_unpages(scan.found, FOUND_MAX * sizeof(*scan.found));
}

struct user_module *user_modules_first(void)
{
	return first;
}

const struct user_module *user_modules_at(uintptr_t address)
{
	for (const struct user_module *m = first; m; m = m->next)
		if (m->is_there && address >= m->low && address < m->high)
			return m;
	return NULL;
}
