/* disassembler.c: Capstone, loaded privately.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Its structures differ between major versions, so the one whose header this
 * was built with is loaded and no other. It takes memory from the program's
 * malloc, a few kilobytes once.
 */
#include "preload/entry/disassembler.h"

#include <dlfcn.h>
#include <stdio.h>

#include "preload/trylock.h"
#include "runtime/private_library.h"

#define TEXT(x)      #x
#define NUMBER(x)    TEXT(x)
#define LIBRARY_NAME "libcapstone.so." NUMBER(CS_API_MAJOR)

static struct {
	csh handle;
	cs_insn *insn;
	__typeof__(cs_disasm_iter) *iter;
} capstone;

static bool open_capstone(cs_arch arch, cs_mode mode)
{
	void *library = private_library_open(LIBRARY_NAME);
	__typeof__(cs_open) *open;
	__typeof__(cs_option) *option;
	__typeof__(cs_malloc) *allocate;

	if (!library)
		return false;
	open = (__typeof__(open))dlsym(library, "cs_open");
	option = (__typeof__(option))dlsym(library, "cs_option");
	allocate = (__typeof__(allocate))dlsym(library, "cs_malloc");
	capstone.iter = (__typeof__(capstone.iter))dlsym(library, "cs_disasm_iter");
	if (!open || !option || !allocate || !capstone.iter
	    || open(arch, mode, &capstone.handle) != CS_ERR_OK)
		return false;
	option(capstone.handle, CS_OPT_DETAIL, CS_OPT_ON);
	capstone.insn = allocate(capstone.handle);
	return capstone.insn != NULL;
}

bool disassembler_start(cs_arch arch, cs_mode mode, char *why, size_t why_bytes)
{
	enum { UNTRIED, READY, MISSING };
	static uint32_t state, opening;
	struct guard calm;

	if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == UNTRIED && trylock_take(&opening, &calm)) {
		if (state == UNTRIED)
			__atomic_store_n(&state, open_capstone(arch, mode) ? READY : MISSING,
			                 __ATOMIC_RELEASE);
		trylock_give(&opening, &calm);
	}
	if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == READY)
		return true;
	snprintf(why, why_bytes, "%s cannot be loaded", LIBRARY_NAME);
	return false;
}

const cs_insn *disassembler_read(const uint8_t *code, size_t n)
{
	uint64_t address = (uint64_t)(uintptr_t)code;

	return capstone.iter(capstone.handle, &code, &n, &address, capstone.insn) ? capstone.insn : NULL;
}
