/* test_counter_groups.c: the groups of counters that are installed, against PAPI's tables.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * libpfm4 has the event tables of CPUs that it is not running on; LIBPFM_FORCE_PMU
 * makes it, and PAPI, believe in one of them. Each CPU is asked in a process of its
 * own, for PAPI can be started once.
 */
#include "tools/lib/counters/counter_families.h"
#include "tools/lib/counters/counter_groups.h"

#include <CUnit/Basic.h>
#include <glob.h>
#include <papi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *family, *pmu;
} pmus[] = {
#if defined(__aarch64__)
        {"neoverse-n1", "arm_n1"},
#else
        {"zen3", "amd64_fam19h_zen3"},
        {"zen4", "amd64_fam19h_zen4"},
        {"icelake", "icl"},
        {"icelake", "icx"},
        {"sapphirerapids", "spr"},
#endif
        {"generic", NULL},
        {"software", NULL},
};

/* The rapl component is a choice at PAPI's build; Debian's has none. */
static bool is_known(const char *name)
{
	int code;

	return !strncmp(name, "rapl:::", 7) || PAPI_event_name_to_code(name, &code) == PAPI_OK;
}

static int check_file(const char *path)
{
	struct counter_group g;
	struct diag d;
	int unknown = 0;

	if (counter_group_load(&g, path, &d)) {
		fprintf(stderr, "%s\n", d.text);
		return 1;
	}
	for (unsigned i = 0; i < g.n_events; i++)
		for (unsigned j = 0; j < g.events[i].n_names; j++)
			if (!is_known(g.events[i].names[j])) {
				fprintf(stderr, "%s: PAPI does not know %s\n", path, g.events[i].names[j]);
				unknown = 1;
			}
	counter_group_release(&g);
	return unknown;
}

/* In a child: 0 when every name of every file is one of PAPI's. */
static int check_family(const char *family, const char *pmu)
{
	char pattern[256];
	glob_t files;
	int bad = 0;

	if (pmu)
		setenv("LIBPFM_FORCE_PMU", pmu, 1);
	if (PAPI_library_init(PAPI_VER_CURRENT) != PAPI_VER_CURRENT)
		return 2;
	snprintf(pattern, sizeof(pattern), "arch/counters/%s/*.group", family);
	if (glob(pattern, 0, NULL, &files))
		return 3;
	for (size_t i = 0; i < files.gl_pathc; i++)
		bad |= check_file(files.gl_pathv[i]);
	globfree(&files);
	return bad;
}

static void names(void)
{
	for (unsigned i = 0; i < sizeof(pmus) / sizeof(pmus[0]); i++) {
		pid_t child = fork();
		int status = -1;

		if (!child)
			_exit(check_family(pmus[i].family, pmus[i].pmu));
		CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
		CU_ASSERT_EQUAL(status, 0);
		if (status)
			fprintf(stderr, "%s: status %d\n", pmus[i].family, status);
	}
}

static struct counter_families all;

static void expect(const char *vendor, unsigned long family, unsigned long model, const char *name)
{
	const struct counter_family *f = counter_families_find(&all, vendor, family, model);

	if (!name) {
		CU_ASSERT_PTR_NULL(f);
		return;
	}
	CU_ASSERT_PTR_NOT_NULL(f);
	if (f)
		CU_ASSERT_STRING_EQUAL(f->name, name);
}

static void families(void)
{
	static char text[1 << 16];
	FILE *f = fopen("arch/counters/families", "re");
	size_t bytes = f ? fread(text, 1, sizeof(text), f) : 0;
	struct diag d;

	CU_ASSERT_PTR_NOT_NULL(f);
	if (f)
		fclose(f);
	CU_ASSERT_EQUAL(counter_families_parse(&all, text, bytes, "families", &d), 0);
	expect("AuthenticAMD", 25, 17, "zen4");
	expect("AuthenticAMD", 25, 1, "zen3");
	expect("AuthenticAMD", 25, 0x61, "zen4");
	expect("AuthenticAMD", 23, 1, NULL);
	expect("GenuineIntel", 6, 106, "icelake");
	expect("GenuineIntel", 6, 143, "sapphirerapids");
	expect("GenuineIntel", 6, 85, NULL);
	expect("0x41", 8, 0xd0c, "neoverse-n1");
	expect("0x41", 8, 0xd40, NULL);
}

int main(void)
{
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("counter groups", NULL, NULL);
	CU_add_test(suite, "names", names);
	CU_add_test(suite, "families", families);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
