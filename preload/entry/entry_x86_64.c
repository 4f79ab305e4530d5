/* entry_x86_64.c: function entries of x86-64.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Code of an entry, near the function:
 *
 *	island:  jmp *8 bytes behind     reached by the jump in the function
 *	         .quad replacement
 *	moved:   the function's first instructions
 *	         jmp to what comes behind them
 *
 * The function gets `jmp island` (5 bytes), behind endbr64 if it begins with
 * that. When so many cannot be taken, but 5 bytes of padding lie before the
 * function, these get the jump and the function a short one to them (2 bytes).
 */
#include "preload/entry/entry_cpu.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "preload/entry/x86_instruction.h"

enum { JUMP_BYTES = 5, SHORT_JUMP_BYTES = 2, ENDBR_BYTES = 4, ISLAND_BYTES = 16, MOVED_MAX = 8 };

/* Less than the 2 GiB of a jump by what operands may be beyond the function. */
const uintptr_t entry_cpu_reach = 0x60000000;

static const uint8_t endbr64[ENDBR_BYTES] = {0xf3, 0x0f, 0x1e, 0xfa};

/* What is taken of a function: whole instructions, of which `taken` bytes are replaced. */
struct head {
	uintptr_t at;
	size_t taken, bytes;
	unsigned n;
	struct x86_instruction insn[MOVED_MAX];
};

struct plan_state {
	const struct entry_request *r;
	const struct entry_segments *s;
	struct entry_plan *plan;
	uintptr_t at; /* where plan->code will be */
	char *why;
	size_t why_bytes;
};

static bool refuse(const struct plan_state *ps, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static bool refuse(const struct plan_state *ps, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(ps->why, ps->why_bytes, format, ap);
	va_end(ap);
	return false;
}

static size_t offset_of(const struct plan_state *ps, uintptr_t at)
{
	return at - (uintptr_t)ps->r->function;
}

bool entry_cpu_start(char *why, size_t why_bytes)
{
	return x86_instruction_start(why, why_bytes);
}

/* ---- which instructions ---- */

/* Behind the function: what linkers and assemblers fill with. */
static bool read_filling(const uint8_t *code, size_t n, struct x86_instruction *insn)
{
	if (code[0] == 0 || code[0] == 0xcc) {
		*insn = (struct x86_instruction){.kind = X86_PADDING, .length = 1};
		return true;
	}
	return x86_instruction_read(code, n, insn) && insn->kind == X86_PADDING;
}

/* One instruction more of the head. */
static bool read_next(const struct plan_state *ps, struct head *h)
{
	uintptr_t at = h->at + h->bytes, end = (uintptr_t)ps->r->function + ps->r->bytes;
	size_t room = ps->r->room > ps->r->bytes ? ps->r->room - ps->r->bytes : 0;
	struct x86_instruction *insn = &h->insn[h->n];

	if (at < end) {
		if (!x86_instruction_read((const uint8_t *)at, end - at, insn))
			return refuse(ps, "its instruction at +%zu is not known", offset_of(ps, at));
	} else {
		if (at - end >= room || !read_filling((const uint8_t *)at, end + room - at, insn))
			return refuse(ps, "it is shorter than a jump and no padding follows");
	}
	h->n++;
	h->bytes += insn->length;
	return true;
}

/* A moved call must be the last, for it returns to the function itself. */
static bool read_head(const struct plan_state *ps, struct head *h, size_t wanted)
{
	h->at = (uintptr_t)ps->r->function;
	if (ps->r->bytes > ENDBR_BYTES && memcmp(ps->r->function, endbr64, ENDBR_BYTES) == 0)
		h->at += ENDBR_BYTES;
	h->taken = wanted;
	while (h->bytes < wanted) {
		const struct x86_instruction *insn = &h->insn[h->n];
		size_t at = offset_of(ps, h->at + h->bytes);

		if (!read_next(ps, h))
			return false;
		if (insn->kind == X86_FAR)
			return refuse(ps, "its instruction at +%zu cannot be moved", at);
		if (insn->kind == X86_TRAP)
			return refuse(ps, "there is a breakpoint at +%zu", at);
		if (insn->kind == X86_CALL_INDIRECT && h->bytes < wanted)
			return refuse(ps, "it returns from a call into its first bytes");
	}
	return true;
}

/* ---- who jumps there ---- */

static bool is_hit(const struct head *h, uintptr_t target)
{
	return target >= h->at && target < h->at + h->taken;
}

/* A table of a switch: offsets from itself or addresses, until one that leads
 * out of the function. */
static bool table_hits(const struct plan_state *ps, const struct head *h, uintptr_t table)
{
	uintptr_t low = (uintptr_t)ps->r->function, high = low + ps->r->bytes;

	if (table % 4 || table < ps->s->data_low || table >= ps->s->data_high)
		return false;
	for (uintptr_t e = table; e + 4 <= ps->s->data_high; e += 4) {
		int32_t offset;
		uintptr_t target;

		memcpy(&offset, (const void *)e, 4);
		target = table + (uintptr_t)(intptr_t)offset;
		if (target < low || target >= high)
			break;
		if (is_hit(h, target))
			return true;
	}
	for (uintptr_t e = table; e + 8 <= ps->s->data_high; e += 8) {
		uintptr_t target;

		memcpy(&target, (const void *)e, 8);
		if (target < low || target >= high)
			break;
		if (is_hit(h, target))
			return true;
	}
	return false;
}

/* The address of a table in an instruction: `lea table(%rip), reg` or `jmp *table(,reg,8)`. */
static uintptr_t table_of(const uint8_t *code, const struct x86_instruction *insn)
{
	int32_t address;

	if (insn->kind == X86_RIP && code[insn->opcode_at] == 0x8d)
		return insn->target;
	if (insn->kind != X86_JUMP_INDIRECT || insn->length < 7 || code[insn->modrm_at] != 0x24
	    || (code[insn->modrm_at + 1] & 7) != 5)
		return 0;
	memcpy(&address, code + insn->length - 4, 4);
	return (uintptr_t)(intptr_t)address;
}

/* The whole function is read. Jumps to its first instruction are refused too:
 * they are loops, not calls. */
static bool nobody_jumps_to(const struct plan_state *ps, const struct head *h)
{
	uintptr_t start = (uintptr_t)ps->r->function, end = start + ps->r->bytes;
	struct x86_instruction insn;

	for (uintptr_t at = start; at < end; at += insn.length) {
		const uint8_t *code = (const uint8_t *)at;
		uintptr_t table;

		if (!x86_instruction_read(code, end - at, &insn))
			return refuse(ps, "its instruction at +%zu is not known", offset_of(ps, at));
		table = table_of(code, &insn);
		if ((table && table_hits(ps, h, table))
		    || (insn.target && insn.kind != X86_RIP && !insn.is_rip
		        && (is_hit(h, insn.target) || (insn.target == start && insn.kind != X86_CALL))
		        && !(insn.kind == X86_CALL && insn.target == h->at)))
			return refuse(ps, "its instruction at +%zu jumps back to what the jump would replace",
			              offset_of(ps, at));
	}
	return true;
}

/* ---- moving ---- */

static void emit(struct entry_plan *p, const void *bytes, size_t n)
{
	memcpy(p->code + p->code_bytes, bytes, n);
	p->code_bytes += n;
}

/* The 32-bit distance from the end of something at `next` to a target. */
static bool emit_distance(const struct plan_state *ps, uintptr_t target, size_t behind)
{
	intptr_t distance = (intptr_t)(target - (ps->at + ps->plan->code_bytes + 4 + behind));
	int32_t narrow = (int32_t)distance;

	if (narrow != distance)
		return refuse(ps, "what it refers to is more than 2 GiB away");
	emit(ps->plan, &narrow, 4);
	return true;
}

static bool emit_jump(const struct plan_state *ps, uintptr_t target)
{
	emit(ps->plan, "\xe9", 1);
	return emit_distance(ps, target, 0);
}

/* push of 64 bits: the lower half, extended, then the upper half over it. */
static void emit_push(struct entry_plan *p, uintptr_t value)
{
	uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);

	emit(p, "\x68", 1);
	emit(p, &low, 4);
	emit(p, "\xc7\x44\x24\x04", 4);
	emit(p, &high, 4);
}

/* An instruction with a new disp32. */
static bool emit_rip(const struct plan_state *ps, const uint8_t *code, const struct x86_instruction *insn)
{
	size_t before = insn->modrm_at + 1u, behind = insn->length - before - 4;

	emit(ps->plan, code, before);
	if (!emit_distance(ps, insn->target, behind))
		return false;
	emit(ps->plan, code + before + 4, behind);
	return true;
}

/* A call through a register or memory becomes push and jump, which differ in
 * two bits of ModRM. */
static bool emit_call_indirect(const struct plan_state *ps, const uint8_t *code,
                               const struct x86_instruction *insn)
{
	uint8_t changed[16];
	bool has_sib = code[insn->modrm_at] >> 6 != 3 && (code[insn->modrm_at] & 7) == 4;

	if (has_sib && (code[insn->modrm_at + 1] & 7) == 4)
		return refuse(ps, "it calls through the stack in its first bytes");
	memcpy(changed, code, insn->length);
	changed[insn->modrm_at] = (uint8_t)((changed[insn->modrm_at] & 0xc7) | 4 << 3);
	emit_push(ps->plan, (uintptr_t)code + insn->length);
	if (insn->is_rip)
		return emit_rip(ps, changed, insn);
	emit(ps->plan, changed, insn->length);
	return true;
}

/* loop and jrcxz reach 127 bytes only: to a jump right behind, which is jumped
 * over otherwise. */
static bool emit_loop(const struct plan_state *ps, const uint8_t *code, const struct x86_instruction *insn)
{
	emit(ps->plan, code, insn->length - 1u);
	emit(ps->plan, "\x02\xeb\x05", 3);
	return emit_jump(ps, insn->target);
}

static bool has_shadow_stack(void)
{
	uint64_t ssp = 0;

	__asm__ volatile("rdsspq %0" : "+r"(ssp)); /* a NOP without one */
	return ssp != 0;
}

static bool emit_moved(const struct plan_state *ps, const uint8_t *code, const struct x86_instruction *insn)
{
	uint8_t jump_if[2] = {0x0f, (uint8_t)(0x80 | (code[insn->opcode_at] & 15))};

	if ((insn->kind == X86_CALL || insn->kind == X86_CALL_INDIRECT) && has_shadow_stack())
		return refuse(ps, "there is a call in its first bytes and the shadow stack is on");
	switch (insn->kind) {
	case X86_JUMP:
		return emit_jump(ps, insn->target);
	case X86_JUMP_IF:
		if (code[insn->opcode_at] == 0x0f)
			jump_if[1] = code[insn->opcode_at + 1];
		emit(ps->plan, jump_if, 2);
		return emit_distance(ps, insn->target, 0);
	case X86_LOOP:
		return emit_loop(ps, code, insn);
	case X86_BEGIN:
		emit(ps->plan, "\xc7\xf8", 2);
		return emit_distance(ps, insn->target, 0);
	case X86_CALL:
		emit_push(ps->plan, (uintptr_t)code + insn->length);
		return emit_jump(ps, insn->target);
	case X86_CALL_INDIRECT:
		return emit_call_indirect(ps, code, insn);
	case X86_PADDING:
		return true;
	default:
		if (insn->is_rip)
			return emit_rip(ps, code, insn);
		emit(ps->plan, code, insn->length);
		return true;
	}
}

static bool emit_code(const struct plan_state *ps, const struct head *h)
{
	struct entry_plan *p = ps->plan;
	const uint8_t *code = (const uint8_t *)h->at;

	p->code_bytes = 0;
	emit(p, "\xff\x25\x02\0\0\0\x0f\x0b", 8); /* jmp *2(%rip); ud2 */
	emit(p, &ps->r->replacement, 8);
	p->original = p->code_bytes;
	for (unsigned i = 0; i < h->n; i++) {
		if (!emit_moved(ps, code, &h->insn[i]))
			return false;
		code += h->insn[i].length;
	}
	return emit_jump(ps, h->at + h->bytes);
}

/* ---- the function ---- */

static bool patch_jump(const struct plan_state *ps, uintptr_t from, uint8_t *jump)
{
	intptr_t distance = (intptr_t)(ps->at - (from + JUMP_BYTES));
	int32_t narrow = (int32_t)distance;

	if (narrow != distance)
		return refuse(ps, "there is no memory near enough");
	jump[0] = 0xe9;
	memcpy(jump + 1, &narrow, 4);
	return true;
}

static bool plan_jump(const struct plan_state *ps, struct head *h)
{
	struct entry_plan *p = ps->plan;

	memset(h, 0, sizeof(*h));
	if (!read_head(ps, h, JUMP_BYTES) || !nobody_jumps_to(ps, h))
		return false;
	if (h->at + JUMP_BYTES > ps->s->high)
		return refuse(ps, "it is at the end of its segment");
	p->patch = h->at;
	p->patch_bytes = JUMP_BYTES;
	p->is_one_instruction = h->n == 1;
	return patch_jump(ps, p->patch, p->patched);
}

/* Five bytes that nothing but alignment can have put there. */
static bool is_padding_before(const struct plan_state *ps)
{
	static const uint8_t nop5[] = {0x0f, 0x1f, 0x44, 0, 0};
	static const uint8_t nop7[] = {0x0f, 0x1f, 0x80, 0, 0, 0, 0};
	static const uint8_t nop8[] = {0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0};
	const uint8_t *end = ps->r->function;
	size_t before = (uintptr_t)end - ps->s->low;

	if (before < JUMP_BYTES)
		return false;
	if ((end[-1] == 0xcc || end[-1] == 0x90)
	    && memcmp(end - JUMP_BYTES, end - JUMP_BYTES + 1, JUMP_BYTES - 1) == 0)
		return true;
	return memcmp(end - sizeof(nop5), nop5, sizeof(nop5)) == 0
	       || (before >= sizeof(nop7) && memcmp(end - sizeof(nop7), nop7, sizeof(nop7)) == 0)
	       || (before >= sizeof(nop8) && memcmp(end - sizeof(nop8), nop8, sizeof(nop8)) == 0);
}

static bool plan_short_jump(const struct plan_state *ps, struct head *h)
{
	struct entry_plan *p = ps->plan;
	uintptr_t function = (uintptr_t)ps->r->function;
	size_t entry;

	memset(h, 0, sizeof(*h));
	if (!is_padding_before(ps) || !read_head(ps, h, SHORT_JUMP_BYTES) || !nobody_jumps_to(ps, h))
		return false;
	entry = h->at - function + JUMP_BYTES; /* of the patch */
	p->patch = function - JUMP_BYTES;
	p->patch_bytes = entry + SHORT_JUMP_BYTES;
	p->is_one_instruction = h->n == 1;
	memcpy(p->patched, (const void *)p->patch, p->patch_bytes);
	p->patched[entry] = 0xeb;
	p->patched[entry + 1] = (uint8_t) - (int)(entry + SHORT_JUMP_BYTES);
	return patch_jump(ps, p->patch, p->patched);
}

bool entry_cpu_plan(const struct entry_request *r, const struct entry_segments *s, uintptr_t at, bool one,
                    struct entry_plan *plan, char *why, size_t why_bytes)
{
	struct plan_state ps = {.r = r, .s = s, .plan = plan, .at = at, .why = why, .why_bytes = why_bytes};
	struct plan_state quietly = ps;
	char unheard[128];
	struct head h;

	quietly.why = unheard;
	quietly.why_bytes = sizeof(unheard);
	if (plan_jump(&ps, &h) && (!one || plan->is_one_instruction))
		return emit_code(&ps, &h);
	if (plan_short_jump(&quietly, &h) && (!one || plan->is_one_instruction))
		return emit_code(&ps, &h);
	return plan_jump(&ps, &h) && emit_code(&ps, &h);
}
