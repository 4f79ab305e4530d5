/* test_entry_aarch64.c: how functions of aarch64 would be taken over, worked out on any CPU.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <capstone/capstone.h>
#include <stdio.h>
#include <string.h>

#include "preload/entry/entry_cpu.h"

enum { WORD = 4, RET = 0xd65f03c0, NOP = 0xd503201f, OVER = 0x14000002 };

/* The code as the processor sees it; where a plan's code will be is no memory of ours. */
static uint32_t code[8];

static bool plan_at(uintptr_t at, struct entry_plan *plan, char *why, size_t why_bytes)
{
	struct entry_request r = {.function = code, .bytes = sizeof(code), .room = sizeof(code)};
	struct entry_segments s = {.low = (uintptr_t)code, .high = (uintptr_t)code + sizeof(code)};

	memset(plan, 0, sizeof(*plan));
	why[0] = 0;
	return entry_cpu_plan(&r, &s, at, true, plan, why, why_bytes);
}

static void set_code(uint32_t first, uint32_t second)
{
	for (unsigned i = 0; i < sizeof(code) / sizeof(code[0]); i++)
		code[i] = RET;
	code[0] = first;
	code[1] = second;
}

static uint32_t word_at(const struct entry_plan *plan, size_t offset)
{
	uint32_t word;

	memcpy(&word, plan->code + offset, sizeof(word));
	return word;
}

/* ---- what depends on its place ---- */

enum meaning { UNKNOWN, THE_SAME, OF_ITS_PLACE };

static const char *text_at(csh capstone, uint32_t word, uint64_t at)
{
	static char text[256];
	cs_insn *insn;

	text[0] = 0;
	if (cs_disasm(capstone, (const uint8_t *)&word, sizeof(word), at, 1, &insn) == 1) {
		snprintf(text, sizeof(text), "%s %s", insn->mnemonic, insn->op_str);
		cs_free(insn, 1);
	}
	return text;
}

/* An instruction depends on its place if Capstone writes it in another way elsewhere. */
static enum meaning meaning_of(csh capstone, uint32_t word)
{
	char here[256];

	snprintf(here, sizeof(here), "%s", text_at(capstone, word, 0x10000000));
	if (!here[0])
		return UNKNOWN;
	return strcmp(here, text_at(capstone, word, 0x31237000)) == 0 ? THE_SAME : OF_ITS_PLACE;
}

/* And not a conditional branch over one instruction, which looks the same when it is moved. */
static bool is_kept_as_it_is(const struct entry_plan *plan, uint32_t word)
{
	return word_at(plan, plan->original) == word && word_at(plan, plan->original + WORD) != OVER;
}

/* Refused without need are breakpoints, what comes back to the entry and what is
 * authenticated; all of them jump or trap. */
static void check_word(csh capstone, uint32_t word, unsigned counts[3])
{
	enum meaning meaning = meaning_of(capstone, word);
	struct entry_plan plan;
	char why[128];
	bool is_planned;

	set_code(word, RET);
	is_planned = plan_at((uintptr_t)code + 0x10000, &plan, why, sizeof(why));
	counts[meaning]++;
	if (is_planned == !!why[0]) {
		printf("\n    %#x: '%s' ", word, why);
		CU_FAIL("a plan, or a reason");
	}
	/* A landing pad stays where it is, so the one behind it is moved. */
	if (is_planned && plan.patch == (uintptr_t)code && meaning == OF_ITS_PLACE
	    && is_kept_as_it_is(&plan, word)) {
		printf("\n    %#x: %s ", word, text_at(capstone, word, 0));
		CU_FAIL("moved as it is, though it depends on its place");
	}
	if (is_planned && plan.patch == (uintptr_t)code && meaning == THE_SAME
	    && !is_kept_as_it_is(&plan, word) && (word & 0xfffffc1f) != 0xd63f0000) {
		printf("\n    %#x: %s ", word, text_at(capstone, word, 0));
		CU_FAIL("another instruction, though it does not depend on its place");
	}
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Every value of the first 12 bits, which tell the kinds apart, with some of the others. */
static void every_kind_of_instruction(void)
{
	unsigned counts[3] = {0};
	uint32_t state = 1;
	csh capstone;

	CU_ASSERT_EQUAL_FATAL(cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &capstone), CS_ERR_OK);
	for (uint32_t high = 0; high < 1u << 12; high++)
		for (unsigned i = 0; i < 40; i++)
			check_word(capstone, high << 20 | next_random(&state) >> 12, counts);
	cs_close(&capstone);
	CU_ASSERT(counts[THE_SAME] > 5000);
	CU_ASSERT(counts[OF_ITS_PLACE] > 5000);
	CU_ASSERT(counts[UNKNOWN] > 5000);
}

/* ---- where it leads ---- */

/* Where the branch in the code leads; the code is to be at that address. */
static uintptr_t branch_of(const struct entry_plan *plan, size_t offset, uintptr_t at)
{
	uint32_t word = word_at(plan, offset);

	CU_ASSERT_EQUAL(word >> 26, 5);
	return at + offset + (uintptr_t)((int64_t)(int32_t)(word << 6) >> 4);
}

static void branches_lead_where_they_did(void)
{
	static const int64_t distances[] = {0x10000, -0x10000, 0x7dff000, -0x7dff000};
	uintptr_t function = (uintptr_t)code;
	struct entry_plan plan;
	char why[128];

	for (unsigned i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
		uintptr_t at = function + (uintptr_t)distances[i];
		uint32_t patched;

		set_code(0x14000000 | 0x100, RET); /* b +0x400 */
		CU_ASSERT(plan_at(at, &plan, why, sizeof(why)));
		CU_ASSERT_EQUAL(branch_of(&plan, plan.original, at), function + 0x400);
		CU_ASSERT_EQUAL(branch_of(&plan, plan.original + WORD, at), function + WORD);
		memcpy(&patched, plan.patched, sizeof(patched));
		CU_ASSERT_EQUAL(plan.patch_bytes, WORD);
		CU_ASSERT_EQUAL(function + (uintptr_t)((int64_t)(int32_t)(patched << 6) >> 4), at);
		set_code(0x547fffe0, RET); /* b.eq, to the last place within reach */
		CU_ASSERT(plan_at(at, &plan, why, sizeof(why)));
		CU_ASSERT_EQUAL(word_at(&plan, plan.original), 0x54000040);
		CU_ASSERT_EQUAL(branch_of(&plan, plan.original + WORD, at),
		                at + plan.original + 3 * (uintptr_t)WORD);
		CU_ASSERT_EQUAL(branch_of(&plan, plan.original + 2 * WORD, at), function + 0xffffc);
		CU_ASSERT_EQUAL(branch_of(&plan, plan.original + 3 * WORD, at), function + WORD);
	}
}

/* adr and adrp become loads of what they would have made. */
static void addresses_are_the_same(void)
{
	static const struct {
		uint32_t word;
		int64_t distance;
		bool is_page;
	} cases[] = {
	        {0x10000000 | 3, 0, false},           {0x30000000 | 3, 1, false},
	        {0x707fffe0 | 3, 0xfffff, false},     {0x10800000 | 3, -0x100000, false},
	        {0xb0000000 | 3, 0x1000, true},       {0xf07fffe0 | 3, 0xfffff000, true},
	        {0x90800000 | 3, -0x100000000, true}, {0xf0ffffe0 | 3, -0x1000, true},
	};
	struct entry_plan plan;
	uint64_t value;
	char why[128];

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uintptr_t base = cases[i].is_page ? (uintptr_t)code & ~(uintptr_t)4095 : (uintptr_t)code;
		uint32_t load;

		set_code(cases[i].word, RET);
		CU_ASSERT(plan_at((uintptr_t)code + 0x1000, &plan, why, sizeof(why)));
		load = word_at(&plan, plan.original);
		CU_ASSERT_EQUAL(load & 0xff00001f, 0x58000003);
		memcpy(&value, plan.code + plan.original + (load >> 5 & 0x7ffff) * WORD, sizeof(value));
		CU_ASSERT_EQUAL(value, base + (uint64_t)cases[i].distance);
	}
}

static void a_branch_out_of_reach_is_refused(void)
{
	struct entry_plan plan;
	char why[128];

	set_code(0x15ffffff, RET); /* b, as far as it goes */
	CU_ASSERT(plan_at((uintptr_t)code + 0x1000, &plan, why, sizeof(why)));
	CU_ASSERT_FALSE(plan_at((uintptr_t)code - 0x1000, &plan, why, sizeof(why)));
	CU_ASSERT_STRING_EQUAL(why, "its instruction at +0 jumps too far");
	set_code(0x96000000, RET); /* bl, as far as it goes the other way */
	CU_ASSERT(plan_at((uintptr_t)code - 0x1000, &plan, why, sizeof(why)));
	CU_ASSERT_FALSE(plan_at((uintptr_t)code + 0x1000, &plan, why, sizeof(why)));
	CU_ASSERT_STRING_EQUAL(why, "its instruction at +0 jumps too far");
}

/* The signature is taken from the return address on the way to the replacement,
 * and put on it again on the way back. */
static void a_signed_return_address(void)
{
	struct entry_plan plan;
	char why[128];

	set_code(0xd503233f, NOP); /* paciasp */
	CU_ASSERT(plan_at((uintptr_t)code + 0x1000, &plan, why, sizeof(why)));
	CU_ASSERT_EQUAL(plan.patch, (uintptr_t)code + WORD);
	CU_ASSERT_EQUAL(word_at(&plan, 0), 0xd50323bf); /* autiasp */
	CU_ASSERT_EQUAL(word_at(&plan, plan.original), 0xd503233f);
	CU_ASSERT_EQUAL(word_at(&plan, plan.original + WORD), NOP);
	set_code(0xd503245f, NOP); /* bti c */
	CU_ASSERT(plan_at((uintptr_t)code + 0x1000, &plan, why, sizeof(why)));
	CU_ASSERT_EQUAL(plan.patch, (uintptr_t)code + WORD);
	CU_ASSERT_EQUAL(word_at(&plan, plan.original), NOP);
}

static void a_plan_has_one_length(void)
{
	static const uint32_t words[] = {NOP, 0x14000100, 0x54000040, 0x90000000, 0x58000100};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct entry_plan near, far;
		char why[128];

		set_code(words[i], RET);
		CU_ASSERT(plan_at((uintptr_t)code, &near, why, sizeof(why)));
		CU_ASSERT(plan_at((uintptr_t)code + 0x7000010, &far, why, sizeof(why)));
		CU_ASSERT_EQUAL(near.code_bytes, far.code_bytes);
		CU_ASSERT_EQUAL(near.original, far.original);
		CU_ASSERT(far.is_one_instruction);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"every kind of instruction", every_kind_of_instruction},
	        {"branches lead where they did", branches_lead_where_they_did},
	        {"addresses are the same", addresses_are_the_same},
	        {"a branch out of reach is refused", a_branch_out_of_reach_is_refused},
	        {"a signed return address", a_signed_return_address},
	        {"a plan has one length", a_plan_has_one_length},
	        CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = {{"entries of aarch64", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
		return 1;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
