/* x86_instruction.c: what moving code needs to know of an x86-64 instruction.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Capstone says how long it is and where its ModRM byte is; the few kinds that
 * depend on where they stand are told by their opcodes (Intel SDM volume 2,
 * appendix A). Capstone 4 does not know every VEX and EVEX instruction of
 * today's processors, but all of these have one form (SDM volume 2, 2.3 and
 * 2.7): prefix, opcode, ModRM, displacement, perhaps one byte more.
 */
#include "preload/entry/x86_instruction.h"

#include <string.h>

#include "preload/entry/disassembler.h"

bool x86_instruction_start(char *why, size_t why_bytes)
{
	return disassembler_start(CS_ARCH_X86, CS_MODE_64, why, why_bytes);
}

static bool is_legacy_prefix(uint8_t b)
{
	return b == 0x66 || b == 0x67 || b == 0xf2 || b == 0xf3 || b == 0x2e || b == 0x36 || b == 0x3e
	       || b == 0x26 || b == 0x64 || b == 0x65 || b == 0xf0;
}

/* ---- VEX and EVEX ---- */

/* Bytes of ModRM, SIB and displacement; 0 when n are too few. */
static size_t operand_bytes(const uint8_t *modrm, size_t n)
{
	uint8_t mod, rm;
	size_t bytes = 1;

	if (n < 1)
		return 0;
	mod = modrm[0] >> 6;
	rm = modrm[0] & 7;
	if (mod == 3)
		return 1;
	if (rm == 4) {
		if (n < 2)
			return 0;
		bytes++;
		if (mod == 0 && (modrm[1] & 7) == 5)
			bytes += 4;
	}
	bytes += mod == 1 ? 1 : mod == 2 || (mod == 0 && rm == 5) ? 4 : 0;
	return bytes <= n ? bytes : 0;
}

/* Of the first opcode map: those with one byte behind the operand. */
static bool has_immediate(unsigned map, uint8_t opcode)
{
	if (map == 3)
		return true;
	return map == 1
	       && ((opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2
	           || (opcode >= 0xc4 && opcode <= 0xc6));
}

/* The prefix's length: VEX 2 or 3, EVEX 4, none 0. */
static size_t vector_prefix(const uint8_t *code, size_t n, unsigned *map)
{
	if (n < 6)
		return 0;
	*map = code[0] == 0xc5 ? 1 : code[0] == 0xc4 ? code[1] & 31u : code[1] & 7u;
	return code[0] == 0xc5 ? 2 : code[0] == 0xc4 ? 3 : code[0] == 0x62 ? 4 : 0;
}

static bool read_vector(const uint8_t *code, size_t n, struct x86_instruction *insn)
{
	unsigned map = 0;
	size_t prefix = vector_prefix(code, n, &map), operand;
	bool fits = prefix == 4 ? (map >= 1 && map <= 3) || map == 5 || map == 6 : map >= 1 && map <= 3;

	if (!prefix || !fits || (prefix != 4 && map == 1 && code[prefix] == 0x77))
		return false;
	operand = operand_bytes(code + prefix + 1, n - prefix - 1);
	insn->length = (uint8_t)(prefix + 1 + operand + has_immediate(map, code[prefix]));
	insn->opcode_at = (uint8_t)prefix;
	insn->modrm_at = (uint8_t)(prefix + 1);
	return operand != 0 && insn->length <= n;
}

/* Hints (0f 18 to 0f 1f) are NOPs to processors that don't know them. */
static bool read_hint(const uint8_t *code, size_t n, struct x86_instruction *insn)
{
	size_t at = 0, operand;

	while (at < n && at < 4 && is_legacy_prefix(code[at]))
		at++;
	at += at < n && (code[at] & 0xf0) == 0x40;
	if (n < at + 3 || code[at] != 0x0f || code[at + 1] < 0x18 || code[at + 1] > 0x1f)
		return false;
	operand = operand_bytes(code + at + 2, n - at - 2);
	insn->length = (uint8_t)(at + 2 + operand);
	insn->opcode_at = (uint8_t)at;
	insn->modrm_at = (uint8_t)(at + 2);
	return operand != 0;
}

/* ---- the others, by their opcodes ---- */

static bool read_known(const uint8_t *code, size_t n, struct x86_instruction *insn)
{
	const cs_insn *known = disassembler_read(code, n);
	unsigned map;
	size_t at = 0;

	if (!known)
		return false;
	insn->length = (uint8_t)known->size;
	while (at < insn->length && is_legacy_prefix(code[at]))
		at++;
	at += at < insn->length && (code[at] & 0xf0) == 0x40;
	if (at == 0)
		at = vector_prefix(code, n, &map);
	insn->opcode_at = (uint8_t)at;
	insn->modrm_at = known->detail->x86.encoding.modrm_offset;
	if (code[0] == 0xc4 || code[0] == 0xc5 || code[0] == 0x62)
		insn->modrm_at = (uint8_t)(code[at] == 0x77 ? 0 : at + 1);
	return at < insn->length;
}

static uintptr_t relative(const uint8_t *code, const struct x86_instruction *insn, unsigned bytes)
{
	int32_t offset;

	if (bytes == 1)
		offset = (int8_t)code[insn->length - 1];
	else
		memcpy(&offset, code + insn->length - 4, 4);
	return (uintptr_t)code + insn->length + (uintptr_t)(intptr_t)offset;
}

static void set_target(const uint8_t *code, struct x86_instruction *insn, enum x86_kind kind, unsigned bytes)
{
	insn->kind = kind;
	insn->target = relative(code, insn, bytes);
}

static void classify_group_5(uint8_t modrm, struct x86_instruction *insn)
{
	static const enum x86_kind kinds[8] = {X86_PLAIN,         X86_PLAIN, X86_CALL_INDIRECT, X86_FAR,
	                                       X86_JUMP_INDIRECT, X86_FAR,   X86_PLAIN,         X86_FAR};

	insn->kind = kinds[modrm >> 3 & 7];
}

static void classify_two_bytes(const uint8_t *code, uint8_t opcode, struct x86_instruction *insn)
{
	if (opcode >= 0x80 && opcode <= 0x8f)
		set_target(code, insn, X86_JUMP_IF, 4);
	else if (opcode == 0x1f)
		insn->kind = X86_PADDING;
	else if (opcode == 0x05 || opcode == 0x07 || opcode == 0x34 || opcode == 0x35)
		insn->kind = opcode == 0x05 ? X86_PLAIN : X86_FAR;
}

static void classify_one_byte(const uint8_t *code, struct x86_instruction *insn)
{
	uint8_t opcode = code[insn->opcode_at];
	uint8_t next = insn->opcode_at + 1u < insn->length ? code[insn->opcode_at + 1u] : 0;

	if (opcode == 0x0f)
		classify_two_bytes(code, next, insn);
	else if (opcode == 0xe8)
		set_target(code, insn, X86_CALL, 4);
	else if (opcode == 0xe9)
		set_target(code, insn, X86_JUMP, 4);
	else if (opcode == 0xeb)
		set_target(code, insn, X86_JUMP, 1);
	else if (opcode >= 0x70 && opcode <= 0x7f)
		set_target(code, insn, X86_JUMP_IF, 1);
	else if (opcode >= 0xe0 && opcode <= 0xe3)
		set_target(code, insn, X86_LOOP, 1);
	else if (opcode == 0xc7 && next == 0xf8)
		set_target(code, insn, X86_BEGIN, 4);
	else if (opcode == 0xff)
		classify_group_5(next, insn);
	else if (opcode == 0xc2 || opcode == 0xc3)
		insn->kind = X86_RETURN;
	else if (opcode == 0xca || opcode == 0xcb || opcode == 0xcf)
		insn->kind = X86_FAR;
	else if (opcode == 0xcc)
		insn->kind = X86_TRAP;
	else if (opcode == 0x90 && (insn->opcode_at == 0 || code[0] == 0x66))
		insn->kind = X86_PADDING;
}

/* With a 16-bit offset, which Intel and AMD understand differently. */
static bool is_doubtful(const uint8_t *code, const struct x86_instruction *insn)
{
	bool is_16_bit = memchr(code, 0x66, insn->opcode_at) != NULL;
	bool is_wide = insn->opcode_at && (code[insn->opcode_at - 1] & 0xf8) == 0x48;

	return is_16_bit && !is_wide;
}

static void find_rip(const uint8_t *code, struct x86_instruction *insn)
{
	int32_t offset;

	if (!insn->modrm_at || (code[insn->modrm_at] & 0xc7) != 5 || insn->modrm_at + 5u > insn->length)
		return;
	if (memchr(code, 0x67, insn->opcode_at)) { /* eip: in no program */
		insn->kind = X86_FAR;
		return;
	}
	memcpy(&offset, code + insn->modrm_at + 1, 4);
	insn->is_rip = true;
	insn->target = (uintptr_t)code + insn->length + (uintptr_t)(intptr_t)offset;
	if (insn->kind == X86_PLAIN)
		insn->kind = X86_RIP;
}

bool x86_instruction_read(const uint8_t *code, size_t n, struct x86_instruction *insn)
{
	bool is_vector = n && (code[0] == 0xc4 || code[0] == 0xc5 || code[0] == 0x62);

	memset(insn, 0, sizeof(*insn));
	if (!read_known(code, n, insn) && !read_vector(code, n, insn) && !read_hint(code, n, insn))
		return false;
	if (!is_vector)
		classify_one_byte(code, insn);
	if (insn->kind != X86_PLAIN && insn->kind != X86_PADDING && insn->kind != X86_RETURN
	    && insn->kind != X86_JUMP_INDIRECT && insn->kind != X86_CALL_INDIRECT && is_doubtful(code, insn))
		insn->kind = X86_FAR;
	find_rip(code, insn);
	return true;
}
