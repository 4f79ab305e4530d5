/* user_value.c: the values of a hooked call.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An offset may be wrong, and the program must not pay for it: before a page of
 * its memory is read, the kernel is asked whether it can be. There is no way
 * of changing the mask of signals with the number -1, but the kernel reads the
 * new mask before it says so. That takes a tenth of what process_vm_readv() does.
 */
#include "preload/user/user_expr.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE_BYTES 4096u

/* 8 bytes at an address that is a multiple of 8. */
static bool asked_kernel(uintptr_t address)
{
	return syscall(SYS_rt_sigprocmask, -1, address, NULL, (size_t)8) < 0 && errno != EFAULT;
}

/* Emulated kernels may look at the number first, and then say nothing of the address. */
static bool can_ask(void)
{
	static int state; /* 0: not tried, 1: no, 2: yes */
	int s = __atomic_load_n(&state, __ATOMIC_RELAXED);

	if (!s) {
		s = asked_kernel(8) ? 1 : 2;
		__atomic_store_n(&state, s, __ATOMIC_RELAXED);
	}
	return s == 2;
}

static bool is_readable(struct user_input *in, uintptr_t address, size_t n)
{
	for (uintptr_t page = address & ~(uintptr_t)(PAGE_BYTES - 1); page < address + n;
	     page += PAGE_BYTES) {
		if (page == in->page)
			continue;
		if (!asked_kernel(page))
			return false;
		in->page = page;
	}
	return true;
}

bool user_read(struct user_input *in, uintptr_t address, void *bytes, size_t n)
{
	int saved_errno = errno;
	bool ok;

	if (address < PAGE_BYTES || address > UINTPTR_MAX - n)
		return false;
	if (can_ask()) {
		ok = is_readable(in, address, n);
		if (ok)
			memcpy(bytes, (const void *)address, n);
	} else {
		struct iovec to = {bytes, n}, from = {(void *)address, n};

		ok = process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)n;
	}
	errno = saved_errno;
	return ok;
}

static unsigned type_bytes(enum user_type type)
{
	static const unsigned char bytes[] = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8};

	return bytes[type];
}

/* From the low bytes of a word. */
static bool convert(uint64_t word, enum user_type type, int64_t *value)
{
	double number;
	float narrow;

	switch (type) {
	case USER_I8:
		*value = (int8_t)word;
		return true;
	case USER_U8:
		*value = (uint8_t)word;
		return true;
	case USER_I16:
		*value = (int16_t)word;
		return true;
	case USER_U16:
		*value = (uint16_t)word;
		return true;
	case USER_I32:
		*value = (int32_t)word;
		return true;
	case USER_U32:
		*value = (uint32_t)word;
		return true;
	case USER_F32:
		memcpy(&narrow, &word, sizeof(narrow));
		number = (double)narrow;
		break;
	case USER_F64:
		memcpy(&number, &word, sizeof(number));
		break;
	default:
		*value = (int64_t)word;
		return true;
	}
	if (!(number > -0x1p62 && number < 0x1p62))
		return false;
	*value = (int64_t)number;
	return true;
}

static bool load(struct user_input *in, const struct user_instruction *i, int64_t *value)
{
	uint64_t word = 0;

	return user_read(in, (uintptr_t)*value + (uintptr_t)i->value, &word, type_bytes(i->type))
	       && convert(word, i->type, value);
}

static bool push(const struct user_input *in, const struct user_instruction *i, int64_t *value)
{
	const struct hook_call *call = in->call;
	uint64_t word;

	switch (i->code) {
	case USER_CONSTANT:
		*value = i->value;
		return true;
	case USER_CALLS:
		*value = (int64_t)in->calls;
		return true;
	case USER_RESULT:
		return convert(i->type >= USER_F32 ? call->vector_result[0][0] : call->result[0], i->type,
		               value);
	default:
		memcpy(&word, (const char *)call + i->value, sizeof(word));
		return convert(word, i->type, value);
	}
}

/* Sums and products wrap around: what comes of them is not believed anyway. */
static bool combine(enum user_code code, int64_t a, int64_t b, int64_t *value)
{
	switch (code) {
	case USER_MULTIPLY:
		*value = (int64_t)((uint64_t)a * (uint64_t)b);
		return true;
	case USER_DIVIDE:
	case USER_REMAINDER:
		if (b == 0 || (a == INT64_MIN && b == -1))
			return false;
		*value = code == USER_DIVIDE ? a / b : a % b;
		return true;
	case USER_ADD:
		*value = (int64_t)((uint64_t)a + (uint64_t)b);
		return true;
	case USER_SUBTRACT:
		*value = (int64_t)((uint64_t)a - (uint64_t)b);
		return true;
	case USER_LESS:
		*value = a < b;
		return true;
	case USER_LESS_EQUAL:
		*value = a <= b;
		return true;
	case USER_MORE:
		*value = a > b;
		return true;
	case USER_MORE_EQUAL:
		*value = a >= b;
		return true;
	case USER_EQUAL:
		*value = a == b;
		return true;
	case USER_UNEQUAL:
		*value = a != b;
		return true;
	case USER_AND:
		*value = a && b;
		return true;
	default:
		*value = a || b;
		return true;
	}
}

bool user_expr_value(const struct user_expr *e, struct user_input *in, int64_t *value)
{
	int64_t stack[USER_DEPTH_MAX];
	unsigned depth = 0;
	bool ok = true;

	for (unsigned k = 0; ok && k < e->n; k++) {
		const struct user_instruction *i = &e->code[k];

		if (i->code <= USER_CALLS) {
			ok = push(in, i, &stack[depth++]);
		} else if (i->code == USER_LOAD) {
			ok = load(in, i, &stack[depth - 1]);
		} else if (i->code == USER_NEGATE) {
			stack[depth - 1] = (int64_t)(0 - (uint64_t)stack[depth - 1]);
		} else if (i->code == USER_NOT) {
			stack[depth - 1] = !stack[depth - 1];
		} else {
			depth--;
			ok = combine((enum user_code)i->code, stack[depth - 1], stack[depth],
			             &stack[depth - 1]);
		}
	}
	if (ok)
		*value = stack[0];
	return ok;
}
