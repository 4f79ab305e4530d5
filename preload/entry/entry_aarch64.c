/* entry_aarch64.c: function entries of aarch64.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Code of an entry, near the function; the literals lie behind the instructions:
 *
 *	island:  autiasp                 when the function begins by paciasp
 *	         ldr x16, replacement
 *	         br x16
 *	moved:   paciasp                 the same
 *	         the replaced instruction, whatever it takes
 *	         b to what comes behind it
 *
 * The function gets one instruction, a branch to the island, so that no thread can
 * ever stand inside of what is replaced. A landing pad (bti, paciasp) at its
 * beginning stays where it is. Instructions are those of the Arm Architecture
 * Reference Manual (DDI 0487), C4.1 and C6.2. Nothing is in x16 at an entry (AAPCS64),
 * but the second instruction may use what the first has put there.
 */
#include "preload/entry/entry_cpu.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORD = 4, LITERALS_MAX = 4 };

/* Less than the 128 MiB of a branch, by what a conditional one in the function reaches. */
enum { BRANCH_REACH = 0x8000000 };
const uintptr_t entry_cpu_reach = 0x7e00000;

enum {
	HINT_PACIASP = 0xd503233f,
	HINT_PACIBSP = 0xd503237f,
	HINT_AUTIASP = 0xd50323bf,
	HINT_AUTIBSP = 0xd50323ff,
	HINT_BTI = 0xd503241f,
	HINT_PACM = 0xd50324ff,
	HINT_BTI_MASK = ~0xc0,
	NOP = 0xd503201f,
	BR_X16 = 0xd61f0200,
	MOV_X16_X30 = 0xaa1e03f0,
	LINK = 30, /* x30, the return address */
};

struct builder {
	const struct entry_request *r;
	struct entry_plan *plan;
	uintptr_t at;    /* where plan->code will be */
	uintptr_t patch; /* of the instruction that is moved */
	uint32_t code[ENTRY_CODE_MAX / WORD];
	unsigned n;
	struct {
		unsigned word; /* of the instruction that loads it */
		uint64_t value;
	} literal[LITERALS_MAX];
	unsigned n_literals;
	char *why;
	size_t why_bytes;
};

static bool refuse(const struct builder *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(const struct builder *b, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(b->why, b->why_bytes, format, ap);
	va_end(ap);
	return false;
}

bool entry_cpu_start(char *why, size_t why_bytes)
{
	return true;
}

/* ---- instructions ---- */

static uint32_t read_word(uintptr_t at)
{
	uint32_t word;

	memcpy(&word, (const void *)at, sizeof(word));
	return word;
}

/* A signed field of so many bits, in units of words. */
static uintptr_t target_of(uintptr_t at, uint32_t word, unsigned low, unsigned bits)
{
	int64_t field = (int64_t)((uint64_t)word << (64 - low - bits)) >> (64 - bits);

	return at + (uintptr_t)(field * WORD);
}

static bool is_branch(uint32_t word)
{
	return (word & 0xfc000000) == 0x14000000;
}
static bool is_call(uint32_t word)
{
	return (word & 0xfc000000) == 0x94000000;
}
static bool is_branch_if(uint32_t word)
{
	return (word & 0xff000000) == 0x54000000;
}
static bool is_compare_branch(uint32_t word)
{
	return (word & 0x7e000000) == 0x34000000;
}
static bool is_test_branch(uint32_t word)
{
	return (word & 0x7e000000) == 0x36000000;
}
static bool is_address(uint32_t word)
{
	return (word & 0x1f000000) == 0x10000000;
}
static bool is_literal(uint32_t word)
{
	return (word & 0x3b000000) == 0x18000000;
}
static bool is_call_register(uint32_t word)
{
	return (word & 0xfffffc1f) == 0xd63f0000;
}

/* Branches to a register and returns, plain ones; others say more than is known here. */
static bool is_branch_register(uint32_t word)
{
	return (word & 0xfffffc1f) == 0xd61f0000 || (word & 0xfffffc1f) == 0xd65f0000;
}

/* System calls, hints, barriers, and moves from and to system registers. */
static bool is_system(uint32_t word)
{
	return (word & 0xffc00000) == 0xd5000000 || (word & 0xffe0001f) == 0xd4000001;
}

/* The class of branches, of which newer processors have more than are known here,
 * and those that sign the address of an instruction with the return address
 * (FEAT_PAuth_LR), or authenticate it so. */
static bool is_of_branches(uint32_t word)
{
	return (word & 0x1c000000) == 0x14000000;
}
static bool is_signing_place(uint32_t word)
{
	return word == HINT_PACM || (word & 0xffffdbff) == 0xdac183fe || (word & 0xffc0001f) == 0xf380001f;
}

/* brk, hlt and the other ways out; and what is never an instruction. */
static bool is_trap(uint32_t word)
{
	return (word & 0xff000000) == 0xd4000000 && (word & 0x00e0001f) != 1;
}

static bool is_landing_pad(uint32_t word)
{
	return word == HINT_PACIASP || word == HINT_PACIBSP || (word & (uint32_t)HINT_BTI_MASK) == HINT_BTI;
}

/* ---- code ---- */

static void put(struct builder *b, uint32_t word)
{
	b->code[b->n++] = word;
}

/* An instruction whose 19 bits at 5 are to say where the literal is. */
static void put_load(struct builder *b, uint32_t word, uint64_t literal)
{
	b->literal[b->n_literals].word = b->n;
	b->literal[b->n_literals++].value = literal;
	put(b, word);
}

static void put_load_x(struct builder *b, unsigned reg, uint64_t literal)
{
	put_load(b, 0x58000000 | reg, literal);
}

/* By no register: where it leads there may be no landing pad. */
static bool put_branch(struct builder *b, uintptr_t target)
{
	uintptr_t at = b->at + b->n * WORD;

	if (target - at + BRANCH_REACH >= 2 * (uintptr_t)BRANCH_REACH)
		return refuse(b, "its instruction at +%zu jumps too far",
		              b->patch - (uintptr_t)b->r->function);
	put(b, 0x14000000 | ((uint32_t)((target - at) / WORD) & 0x3ffffff));
	return true;
}

/* The instruction, led over the next two when its condition does not hold. */
static bool put_conditional(struct builder *b, uint32_t word, unsigned bits, uintptr_t target)
{
	uint32_t field = ((1u << bits) - 1) << 5;

	put(b, (word & ~field) | 2u << 5); /* over the branch behind it */
	put(b, 0x14000002);                /* over the other one */
	return put_branch(b, target);
}

/* A load relative to the instruction: from its address in x16. */
static bool put_literal(struct builder *b, uint32_t word)
{
	static const uint32_t whole[] = {0xb9400000, 0xf9400000, 0xb9800000};  /* w, x, sign-extended w */
	static const uint32_t vector[] = {0xbd400000, 0xfd400000, 0x3dc00000}; /* s, d, q */
	unsigned size = word >> 30, reg = word & 31;
	bool is_vector = word & 0x04000000;

	if (size == 3 && is_vector)
		return refuse(b, "its instruction at +%zu is not known",
		              b->patch - (uintptr_t)b->r->function);
	if (size == 3) { /* a prefetch, which nobody misses */
		put(b, NOP);
		return true;
	}
	put_load_x(b, 16, target_of(b->patch, word, 5, 19));
	put(b, (is_vector ? vector[size] : whole[size]) | 16u << 5 | reg);
	return true;
}

static void put_address(struct builder *b, uint32_t word)
{
	int64_t field = (int64_t)((uint64_t)word << 40) >> 45;
	bool is_page = word & 0x80000000;
	uintptr_t base = is_page ? b->patch & ~(uintptr_t)4095 : b->patch;

	field = field * 4 + (word >> 29 & 3);
	put_load_x(b, word & 31, base + (uintptr_t)(is_page ? field * 4096 : field));
}

/* A call returns behind the original one. */
static bool put_call(struct builder *b, uintptr_t target)
{
	put_load_x(b, LINK, b->patch + WORD);
	return put_branch(b, target);
}

static void put_call_register(struct builder *b, uint32_t word)
{
	unsigned reg = word >> 5 & 31;

	if (reg == LINK) {
		put(b, MOV_X16_X30);
		reg = 16;
	}
	put_load_x(b, LINK, b->patch + WORD);
	put(b, 0xd61f0000 | reg << 5);
}

/* One of the class of branches. */
static bool put_moved_branch(struct builder *b, uint32_t word)
{
	if (is_branch(word))
		return put_branch(b, target_of(b->patch, word, 0, 26));
	if (is_call(word))
		return put_call(b, target_of(b->patch, word, 0, 26));
	if (is_branch_if(word) || is_compare_branch(word))
		return put_conditional(b, word, 19, target_of(b->patch, word, 5, 19));
	if (is_test_branch(word))
		return put_conditional(b, word, 14, target_of(b->patch, word, 5, 14));
	if (is_call_register(word))
		put_call_register(b, word);
	else if (is_branch_register(word) || is_system(word))
		put(b, word);
	else
		return refuse(b, "its instruction at +%zu is not known",
		              b->patch - (uintptr_t)b->r->function);
	return true;
}

static bool put_moved(struct builder *b, uint32_t word)
{
	size_t offset = b->patch - (uintptr_t)b->r->function;

	if (is_trap(word))
		return refuse(b, "there is a breakpoint at +%zu", offset);
	if (!(word >> 16) || is_signing_place(word))
		return refuse(b, "its instruction at +%zu cannot be moved", offset);
	if (is_of_branches(word))
		return put_moved_branch(b, word);
	if (is_literal(word))
		return put_literal(b, word);
	if (is_address(word))
		put_address(b, word);
	else
		put(b, word);
	return true;
}

/* ---- the rest of the function ---- */

/* Whether it goes to `to`, otherwise than by a call. */
static bool leads_to(uintptr_t at, uint32_t word, uintptr_t to)
{
	if (is_branch(word))
		return target_of(at, word, 0, 26) == to;
	if (is_branch_if(word) || is_compare_branch(word))
		return target_of(at, word, 5, 19) == to;
	return is_test_branch(word) && target_of(at, word, 5, 14) == to;
}

static bool comes_back(const struct builder *b)
{
	uintptr_t function = (uintptr_t)b->r->function, end = function + b->r->bytes;

	for (uintptr_t at = function; at + WORD <= end; at += WORD)
		if (leads_to(at, read_word(at), b->patch) || leads_to(at, read_word(at), function))
			return true;
	return false;
}

/* ---- planning ---- */

static bool build(struct builder *b)
{
	uint32_t pad = b->patch == (uintptr_t)b->r->function ? 0 : read_word(b->patch - WORD);
	bool is_a = pad == HINT_PACIASP, is_signed = is_a || pad == HINT_PACIBSP;

	if (is_signed)
		put(b, is_a ? HINT_AUTIASP : HINT_AUTIBSP);
	put_load_x(b, 16, (uintptr_t)b->r->replacement);
	put(b, BR_X16);
	b->plan->original = b->n * WORD;
	if (is_signed)
		put(b, pad);
	if (!put_moved(b, read_word(b->patch)) || !put_branch(b, b->patch + WORD))
		return false;
	b->n += b->n & 1;
	return true;
}

static void finish(struct builder *b)
{
	for (unsigned i = 0; i < b->n_literals; i++) {
		unsigned at = b->n + 2 * i;

		b->code[b->literal[i].word] |= (at - b->literal[i].word) << 5;
		memcpy(&b->code[at], &b->literal[i].value, sizeof(b->literal[i].value));
	}
	b->n += 2 * b->n_literals;
}

bool entry_cpu_plan(const struct entry_request *r, const struct entry_segments *s, uintptr_t at, bool one,
                    struct entry_plan *plan, char *why, size_t why_bytes)
{
	struct builder b = {.r = r, .plan = plan, .at = at, .why = why, .why_bytes = why_bytes};
	uint32_t patched;

	b.patch = (uintptr_t)r->function;
	if (b.patch % WORD)
		return refuse(&b, "it does not begin where an instruction can");
	if (r->bytes < WORD)
		return refuse(&b, "it is shorter than a jump");
	if (is_landing_pad(read_word(b.patch)))
		b.patch += WORD;
	if (b.patch + WORD > (uintptr_t)r->function + r->bytes)
		return refuse(&b, "it is shorter than a jump");
	if (comes_back(&b))
		return refuse(&b, "it jumps back to its first instruction");
	if (!build(&b))
		return false;
	finish(&b);
	patched = 0x14000000 | ((uint32_t)((at - b.patch) / WORD) & 0x3ffffff);
	plan->patch = b.patch;
	plan->patch_bytes = WORD;
	memcpy(plan->patched, &patched, sizeof(patched));
	plan->is_one_instruction = true;
	plan->code_bytes = b.n * WORD;
	memcpy(plan->code, b.code, plan->code_bytes);
	return true;
}
