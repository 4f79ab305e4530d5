/* carrier.c: a program that does nothing, for the shim to live in.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What the shim and its libraries ask their own C library about the process is
 * answered here for the static program: which modules there are, and what
 * the kernel told it.
 */
#include "preload/carrier/carrier.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "preload/carrier/carrier_cpu.h"

#define AUXILIARY_MAX 64

const struct carrier prof_carrier = {carrier_enter, carrier_leave};

static ElfW(auxv_t) auxiliary[AUXILIARY_MAX];
static struct dl_phdr_info program;
static int (*real_iterate)(int (*)(struct dl_phdr_info *, size_t, void *), void *);

static void read_auxiliary(void)
{
	int fd = open("/proc/self/auxv", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, auxiliary, sizeof(auxiliary) - sizeof(auxiliary[0])) < 0)
		auxiliary[0].a_type = AT_NULL;
	close(fd);
}

unsigned long carrier_auxiliary(unsigned long type)
{
	if (auxiliary[0].a_type == AT_NULL)
		read_auxiliary();
	for (unsigned i = 0; auxiliary[i].a_type != AT_NULL; i++)
		if (auxiliary[i].a_type == type)
			return auxiliary[i].a_un.a_val;
	return 0;
}

unsigned long getauxval(unsigned long type)
{
	return carrier_auxiliary(type);
}

/* Where it was put, a static-pie: no header says so, but the file knows its entry. */
static uintptr_t program_bias(void)
{
	ElfW(Ehdr) head;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, &head, sizeof(head), 0);

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)sizeof(head) && head.e_type == ET_DYN
	               ? carrier_auxiliary(AT_ENTRY) - head.e_entry
	               : 0;
}

static void know_program(void)
{
	real_iterate = (int (*)(int (*)(struct dl_phdr_info *, size_t, void *), void *))dlsym(
	        RTLD_NEXT, "dl_iterate_phdr");
	program.dlpi_addr = program_bias();
	program.dlpi_name = "";
	program.dlpi_phdr = (const ElfW(Phdr) *)carrier_auxiliary(AT_PHDR);
	program.dlpi_phnum = (ElfW(Half))carrier_auxiliary(AT_PHNUM);
}

struct iteration {
	int (*visit)(struct dl_phdr_info *, size_t, void *);
	void *context;
	bool had_first;
};

/* The first is the carrier, in whose place the program stands. */
static int after_first(struct dl_phdr_info *info, size_t bytes, void *context)
{
	struct iteration *it = context;
	struct dl_phdr_info own = program;

	if (it->had_first)
		return it->visit(info, bytes, it->context);
	it->had_first = true;
	own.dlpi_adds = info->dlpi_adds;
	own.dlpi_subs = info->dlpi_subs;
	return it->visit(&own, sizeof(own), it->context);
}

int dl_iterate_phdr(int (*visit)(struct dl_phdr_info *, size_t, void *), void *context)
{
	struct iteration it = {visit, context, false};

	if (!real_iterate)
		know_program();
	return real_iterate ? real_iterate(after_first, &it) : 0;
}

int main(void)
{
	carrier_threads_start();
	CARRIER_READY();
	return 1; /* nobody was there to begin the program */
}
