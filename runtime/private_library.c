/* private_library.c: a library that we bring along, unseen by the program.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * libunwind keeps a pipe, through which it asks the kernel whether an address
 * can be read; PAPI keeps a descriptor for every event and thread. In a program
 * that closes every descriptor and opens others, libunwind would write to the
 * program's, read from them and close them. Its calls of pipe2(), read() and
 * close(), and of syscall() for writing, are therefore led here, in its own
 * import table: there is no pipe, and the question is put otherwise. PAPI's
 * descriptors, made by syscall() too, go where the program's seldom are.
 */
#include "runtime/private_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { HIGH_FD = 100, NO_PIPE = 0x3fff0000 /* more than any descriptor can be */ };

/* The same file under a high number, or, when there is none, as it was. */
static int move_high(int fd)
{
	int saved = errno, high;

	if (fd < 0 || fd >= HIGH_FD)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
	if (high >= 0)
		close(fd);
	errno = saved;
	return high >= 0 ? high : fd;
}

/* Whether the kernel can read the eight bytes around an address: there is no
 * such way of changing the mask of signals, but it looks at the mask first. */
static bool is_readable(const void *address)
{
	const void *aligned = (const void *)((uintptr_t)address & ~(uintptr_t)7);

	return syscall(SYS_rt_sigprocmask, -1, aligned, NULL, (size_t)8) < 0 && errno != EFAULT;
}

static int no_pipe2(int fds[2], int flags)
{
	fds[0] = fds[1] = NO_PIPE;
	return 0;
}

static long no_pipe_write(const void *bytes, long n)
{
	errno = is_readable(bytes) ? 0 : EFAULT;
	return errno ? -1 : n;
}

/* libunwind asks by write() on some CPUs and by syscall() on others. */
static ssize_t no_pipe_put(int fd, const void *bytes, size_t n)
{
	return fd == NO_PIPE ? no_pipe_write(bytes, (long)n) : write(fd, bytes, n);
}

static ssize_t no_pipe_read(int fd, void *bytes, size_t n)
{
	if (fd != NO_PIPE)
		return read(fd, bytes, n);
	errno = EAGAIN; /* as of an empty pipe; libunwind looks at errno whatever is returned */
	return -1;
}

static int no_pipe_close(int fd)
{
	return fd == NO_PIPE ? 0 : close(fd);
}

/* For both libraries. */
static long led_syscall(long number, ...)
{
	long a[6], result;
	va_list ap;

	va_start(ap, number);
	for (unsigned i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_write && (int)a[0] == NO_PIPE)
		return no_pipe_write((const void *)(uintptr_t)a[1], a[2]);
	result = syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	return number == SYS_perf_event_open ? move_high((int)result) : result;
}

static const struct replacement {
	const char *name;
	uintptr_t function;
} replacements[] = {
        {"pipe2", (uintptr_t)no_pipe2},      {"write", (uintptr_t)no_pipe_put},
        {"read", (uintptr_t)no_pipe_read},   {"close", (uintptr_t)no_pipe_close},
        {"syscall", (uintptr_t)led_syscall},
};

/* What of a library's dynamic section is needed here. */
struct imports {
	uintptr_t base;
	const ElfW(Rela) * slots;
	size_t bytes;
	const ElfW(Sym) * symbols;
	const char *names;
};

static bool find_imports(void *handle, struct imports *im)
{
	struct link_map *map;

	memset(im, 0, sizeof(*im));
	if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
		return false;
	im->base = map->l_addr;
	for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_JMPREL)
			im->slots = (const ElfW(Rela) *)d->d_un.d_ptr;
		else if (d->d_tag == DT_PLTRELSZ)
			im->bytes = d->d_un.d_val;
		else if (d->d_tag == DT_SYMTAB)
			im->symbols = (const ElfW(Sym) *)d->d_un.d_ptr;
		else if (d->d_tag == DT_STRTAB)
			im->names = (const char *)d->d_un.d_ptr;
	}
	return im->slots && im->symbols && im->names;
}

/* The slot lies in memory that the loader made read-only; its page stays
 * writable, as that of a library bound lazily. */
static void write_slot(uintptr_t *slot, uintptr_t function)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)slot & ~(page - 1);

	if (mprotect((void *)start, page, PROT_READ | PROT_WRITE) == 0)
		*slot = function;
}

static void lead_here(void *handle)
{
	struct imports im;

	if (!find_imports(handle, &im))
		return;
	for (size_t i = 0; i < im.bytes / sizeof(*im.slots); i++) {
		const ElfW(Rela) *r = &im.slots[i];
		const char *name = im.names + im.symbols[ELF64_R_SYM(r->r_info)].st_name;

		for (size_t k = 0; k < sizeof(replacements) / sizeof(replacements[0]); k++)
			if (strcmp(name, replacements[k].name) == 0)
				write_slot((uintptr_t *)(im.base + r->r_offset), replacements[k].function);
	}
}

/* Never given back, so their places stay theirs. */
#define OPENED_MAX 16u
static uintptr_t opened[OPENED_MAX];
static unsigned n_opened;

static void remember(void *handle)
{
	struct link_map *map;
	unsigned i;

	if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0)
		return;
	i = __atomic_fetch_add(&n_opened, 1, __ATOMIC_RELAXED);
	if (i < OPENED_MAX)
		__atomic_store_n(&opened[i], map->l_addr, __ATOMIC_RELEASE);
}

bool private_library_is(uintptr_t bias)
{
	for (unsigned i = 0; i < OPENED_MAX; i++)
		if (bias && __atomic_load_n(&opened[i], __ATOMIC_ACQUIRE) == bias)
			return true;
	return false;
}

void *private_library_open(const char *name)
{
	void *loaded = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD), *handle;

	/* The program has it already: its copy stays as it is. */
	if (loaded)
		return loaded;
	handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return NULL;
	remember(handle);
	lead_here(handle);
	return handle;
}
