/* inject.c: bring the shim into a program that has no loader to do so.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The process has just executed the program and is stopped at its entry. It is
 * made to map the dynamic linker, by system calls at the entry, whose bytes are
 * put back, and gets a second stack with what the kernel puts there for a linker
 * that is called by name: `ld.so CARRIER`. When the carrier stands in its main()
 * it says so by a breakpoint; the registers then become what they were.
 */
#include "tools/profrun/inject.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/profrun/inject_cpu.h"
#include "tools/profrun/inject_stack.h"

#define PAGE         4096u
#define STACK_BYTES  ((size_t)1 << 20) /* beside what lies on it */
#define SEGMENTS_MAX 16u

/* The process while it is worked on. */
struct patient {
	pid_t pid;
	inject_registers registers; /* as the kernel left them */
	uint64_t entry;             /* of the program, the address of the next instruction */
	uint64_t code;              /* what was there */
	bool came[128];             /* signals, to be sent when it is on its own */
	int status;                 /* of the last wait */
};

/* ---- waiting for it ---- */

static bool is_fault(int signo)
{
	return signo == SIGSEGV || signo == SIGBUS || signo == SIGILL || signo == SIGFPE || signo == SIGSYS
	       || signo == SIGABRT;
}

/* Until it stops at a breakpoint. Signals wait: it is not the program yet. */
static int go_on(struct patient *p, struct diag *d)
{
	for (;;) {
		if (inject_continue(p->pid) != 0)
			return diag_set(d, "the process cannot be continued: %s", strerror(errno));
		while (waitpid(p->pid, &p->status, 0) < 0)
			if (errno != EINTR)
				return diag_set(d, "the process cannot be waited for: %s", strerror(errno));
		if (WIFEXITED(p->status))
			return diag_set(d, "loading the shim ended with status %d", WEXITSTATUS(p->status));
		if (WIFSIGNALED(p->status) || is_fault(WSTOPSIG(p->status)))
			return diag_set(d, "loading the shim ended with signal %d",
			                WIFSIGNALED(p->status) ? WTERMSIG(p->status) : WSTOPSIG(p->status));
		if (WSTOPSIG(p->status) == SIGTRAP)
			return 0;
		p->came[WSTOPSIG(p->status)] = true;
	}
}

/* ---- system calls in its name ---- */

static int call(struct patient *p, long number, const uint64_t arguments[6], uint64_t *result, struct diag *d)
{
	inject_registers r = p->registers;

	inject_set_call(&r, p->entry, number, arguments);
	if (inject_set_registers(p->pid, &r) != 0)
		return diag_set(d, "its registers cannot be set: %s", strerror(errno));
	if (go_on(p, d) != 0)
		return -1;
	if (inject_get_registers(p->pid, &r) != 0)
		return diag_set(d, "its registers cannot be read: %s", strerror(errno));
	*result = inject_result(&r);
	if ((int64_t)*result < 0 && (int64_t)*result > -4096)
		return diag_set(d, "it is refused the system call %ld: %s", number, strerror(-(int)*result));
	return 0;
}

#define CALL(p, number, result, d, ...) call(p, number, (const uint64_t[6]){__VA_ARGS__}, result, d)

static int write_memory(const struct patient *p, uint64_t to, const void *bytes, size_t n, struct diag *d)
{
	struct iovec local = {(void *)(uintptr_t)bytes, n}, remote = {(void *)(uintptr_t)to, n};

	if (process_vm_writev(p->pid, &local, 1, &remote, 1, 0) != (ssize_t)n)
		return diag_set(d, "its memory cannot be written: %s", strerror(errno));
	return 0;
}

/* ---- the linker's segments ---- */

struct image {
	Elf64_Ehdr head;
	Elf64_Phdr segments[SEGMENTS_MAX]; /* that are loaded */
	unsigned n;
	uint64_t bytes, base;
};

static int read_image(const char *path, struct image *im, struct diag *d)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, &im->head, sizeof(im->head), 0);

	im->n = 0;
	for (unsigned i = 0; n == (ssize_t)sizeof(im->head) && i < im->head.e_phnum; i++) {
		Elf64_Phdr *ph = &im->segments[im->n];

		n = pread(fd, ph, sizeof(*ph), (off_t)(im->head.e_phoff + i * sizeof(*ph)));
		n = n == (ssize_t)sizeof(*ph) && im->n + 1 < SEGMENTS_MAX ? (ssize_t)sizeof(im->head) : -1;
		if (n > 0 && ph->p_type == PT_LOAD) {
			im->bytes = (ph->p_vaddr + ph->p_memsz + PAGE - 1) & ~(uint64_t)(PAGE - 1);
			im->n++;
		}
	}
	if (fd >= 0)
		close(fd);
	if (n != (ssize_t)sizeof(im->head) || !im->n || im->head.e_type != ET_DYN)
		return diag_set(d, "%s is no dynamic linker", path);
	return 0;
}

/* The bytes behind those of the file, up to the end of their page, and more pages. */
static int map_rest(struct patient *p, const struct image *im, const Elf64_Phdr *ph, struct diag *d)
{
	static const char zeros[PAGE];
	uint64_t file_end = im->base + ph->p_vaddr + ph->p_filesz;
	uint64_t page_end = (file_end + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	uint64_t end = im->base + ph->p_vaddr + ph->p_memsz, where;

	if (ph->p_memsz == ph->p_filesz)
		return 0;
	if (page_end > file_end && write_memory(p, file_end, zeros, page_end - file_end, d) != 0)
		return -1;
	if (end <= page_end)
		return 0;
	return CALL(p, SYS_mmap, &where, d, page_end, end - page_end, PROT_READ | PROT_WRITE,
	            MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, (uint64_t)-1, 0);
}

static int map_segment(struct patient *p, const struct image *im, const Elf64_Phdr *ph, uint64_t fd,
                       struct diag *d)
{
	uint64_t skew = ph->p_vaddr & (PAGE - 1), where;
	uint64_t protection = (ph->p_flags & PF_R ? PROT_READ : 0u) | (ph->p_flags & PF_W ? PROT_WRITE : 0u)
	                      | (ph->p_flags & PF_X ? PROT_EXEC : 0u);

	if (CALL(p, SYS_mmap, &where, d, im->base + ph->p_vaddr - skew, ph->p_filesz + skew, protection,
	         MAP_PRIVATE | MAP_FIXED, fd, ph->p_offset - skew)
	    != 0)
		return -1;
	return map_rest(p, im, ph, d);
}

/* `room` is writable memory of the process, for the linker's path. */
static int map_image(struct patient *p, const char *path, struct image *im, uint64_t room, struct diag *d)
{
	uint64_t fd, closed;

	if (read_image(path, im, d) != 0 || write_memory(p, room, path, strlen(path) + 1, d) != 0
	    || CALL(p, SYS_openat, &fd, d, (uint64_t)AT_FDCWD, room, O_RDONLY | O_CLOEXEC) != 0
	    || CALL(p, SYS_mmap, &im->base, d, 0, im->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
	            (uint64_t)-1,
	            0) != 0)
		return -1;
	for (unsigned i = 0; i < im->n; i++)
		if (map_segment(p, im, &im->segments[i], fd, d) != 0)
			return -1;
	return CALL(p, SYS_close, &closed, d, fd);
}

/* ---- all of it ---- */

static int start_linker(const struct inject_plan *plan, struct patient *p, struct diag *d)
{
	struct inject_stack stack;
	struct image linker;
	uint64_t room;
	inject_registers r = p->registers;
	int status;

	if (inject_stack_read(&stack, p->pid, d) != 0)
		return -1;
	status = CALL(p, SYS_mmap, &room, d, 0, STACK_BYTES + stack.bytes + PATH_MAX * 4 + PAGE,
	              PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0);
	if (status == 0)
		status = map_image(p, plan->linker, &linker, room, d);
	if (status == 0) {
		stack.linker_headers = linker.base + linker.head.e_phoff;
		stack.linker_entry = linker.base + linker.head.e_entry;
		stack.n_linker_headers = linker.head.e_phnum;
		status = inject_stack_build(&stack, plan, room + STACK_BYTES, d);
	}
	if (status == 0)
		status = write_memory(p, stack.at, stack.image, stack.image_bytes, d);
	if (status == 0) {
		inject_set_start(&r, stack.linker_entry, stack.at);
		if (inject_set_registers(p->pid, &r) != 0)
			status = diag_set(d, "its registers cannot be set: %s", strerror(errno));
	}
	inject_stack_release(&stack);
	return status;
}

static int put_code(const struct patient *p, uint64_t code, struct diag *d)
{
	if (inject_poke(p->pid, p->entry, code) != 0)
		return diag_set(d, "its code cannot be written: %s", strerror(errno));
	return 0;
}

static int operate(const struct inject_plan *plan, struct patient *p, struct diag *d)
{
	/* Should this process end meanwhile, a half made one must not go on. */
	if (inject_bind(p->pid) != 0 || inject_get_registers(p->pid, &p->registers) != 0)
		return diag_set(d, "its registers cannot be read: %s", strerror(errno));
	p->entry = inject_program_counter(&p->registers);
	if (inject_peek(p->pid, p->entry, &p->code) != 0)
		return diag_set(d, "its code cannot be read: %s", strerror(errno));
	if (put_code(p, inject_call_code(p->code), d) != 0 || start_linker(plan, p, d) != 0
	    || put_code(p, p->code, d) != 0 || go_on(p, d) != 0)
		return -1;
	if (inject_set_registers(p->pid, &p->registers) != 0)
		return diag_set(d, "its registers cannot be set: %s", strerror(errno));
	return 0;
}

int inject_shim(const struct inject_plan *plan, pid_t pid, int *wait_status, struct diag *d)
{
	struct patient p = {.pid = pid, .status = W_STOPCODE(SIGTRAP)};

	if (operate(plan, &p, d) != 0) {
		*wait_status = p.status;
		return WIFSIGNALED(p.status) && WTERMSIG(p.status) == SIGKILL ? 1 : -1;
	}
	if (inject_let_go(pid) != 0)
		return diag_set(d, "it cannot be let go: %s", strerror(errno));
	for (int signo = 1; signo < (int)(sizeof(p.came) / sizeof(p.came[0])); signo++)
		if (p.came[signo])
			kill(pid, signo);
	return 0;
}

/* ---- before ---- */

static int find_linker(struct inject_plan *plan, struct diag *d)
{
	int fd = open(plan->carrier, O_RDONLY | O_CLOEXEC);
	Elf64_Ehdr head;
	Elf64_Phdr ph = {0};
	bool found = false;

	if (fd < 0)
		return diag_set(d, "%s: %s", plan->carrier, strerror(errno));
	if (pread(fd, &head, sizeof(head), 0) == (ssize_t)sizeof(head))
		for (unsigned i = 0; i < head.e_phnum && !found; i++)
			found = pread(fd, &ph, sizeof(ph), (off_t)(head.e_phoff + i * sizeof(ph)))
			                == (ssize_t)sizeof(ph)
			        && ph.p_type == PT_INTERP;
	found = found && ph.p_filesz < sizeof(plan->linker)
	        && pread(fd, plan->linker, ph.p_filesz, (off_t)ph.p_offset) == (ssize_t)ph.p_filesz;
	close(fd);
	if (!found)
		return diag_set(d, "%s is no program with a dynamic linker", plan->carrier);
	plan->linker[ph.p_filesz] = '\0';
	return 0;
}

int inject_prepare(struct inject_plan *plan, const char *library, struct diag *d)
{
	const char *slash = strrchr(library, '/');
	int folder = slash ? (int)(slash - library) : 0;

	snprintf(plan->library, sizeof(plan->library), "%s", library);
	if (snprintf(plan->carrier, sizeof(plan->carrier), "%.*s/profshim-carrier", folder, library)
	    >= (int)sizeof(plan->carrier))
		return diag_set(d, "%s: the path is too long", library);
	return find_linker(plan, d);
}
