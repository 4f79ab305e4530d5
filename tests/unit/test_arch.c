/* test_arch.c: accelerator files, host profiles and mappings.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <CUnit/Basic.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/lib/arch/arch.h"
#include "tools/lib/arch/host.h"
#include "tools/lib/replay/map.h"

#define LINK                                                                                                 \
	"  host_to_device_bw_GBs: 1\n  host_to_device_pj_per_bit: 2\n"                                       \
	"  device_to_host_bw_GBs: 3\n  device_to_host_pj_per_bit: 4\n"
#define REST "  mem_bw_GBs: 500e9\n  mem_pj_per_bit: 0\n  tflops: \"0.4e12\"\n  pj_per_tflop: 5e11\n"

static struct arch_set set;
static struct diag d;

static int load(const char *text)
{
	arch_set_release(&set);
	d.text[0] = 0;
	return arch_set_load_text(&set, "a.yaml", text, strlen(text), &d);
}

static void fails(const char *text, const char *sentence)
{
	CU_ASSERT_EQUAL(load(text), -1);
	if (strcmp(d.text, sentence))
		printf("\nexpected: %s\ngot:      %s\n", sentence, d.text);
	CU_ASSERT_STRING_EQUAL(d.text, sentence);
	CU_ASSERT_EQUAL(set.n, 0);
}

static void published_file(void)
{
	const struct arch *a;

	/* bounds: 500e9 GB/s is above what a bandwidth can be */
	fails("X:\n" LINK REST, "a.yaml:6:15: mem_bw_GBs is 500e9; it can be at most 1e+09 (GB/s)");
	CU_ASSERT_EQUAL(
	        load("A_1:\n" LINK "  mem_bw_GBs: 5e2\n  mem_pj_per_bit: 0\n  tflops: \"0.4e1\"\n"
	             "  pj_per_tflop: 500e9\nB_2: {host_to_device_bw_GBs: 1, host_to_device_pj_per_bit: 0, "
	             "device_to_host_bw_GBs: 1, device_to_host_pj_per_bit: 0, mem_bw_GBs: 1, "
	             "mem_pj_per_bit: 1, tflops: 1, pj_per_tflop: 1, SiLU_ns_per_element: 9.375e-03}\n"),
	        0);
	CU_ASSERT_EQUAL(set.n, 2);
	a = arch_set_find(&set, "A-1", &d);
	CU_ASSERT_PTR_NOT_NULL(a);
	if (!a)
		return;
	CU_ASSERT_EQUAL(a->value[ARCH_H2D_BW], 1);
	CU_ASSERT_EQUAL(a->value[ARCH_D2H_PJ], 4);
	CU_ASSERT_EQUAL(a->value[ARCH_MEM_BW], 500);
	CU_ASSERT_EQUAL(a->value[ARCH_TFLOPS], 4);
	CU_ASSERT_EQUAL(a->value[ARCH_PJ_PER_TFLOP], 5e11);
	CU_ASSERT(isnan(a->value[ARCH_SILU_NS]));
	CU_ASSERT_EQUAL(arch_get(a, ARCH_SILU_NS, 0.6), 0.6);
	a = arch_set_find(&set, "B_2", &d);
	CU_ASSERT(a && a->value[ARCH_SILU_NS] == 0.009375);
}

static void names(void)
{
	load("PIM-AI: {host_to_device_bw_GBs: 1, host_to_device_pj_per_bit: 0, device_to_host_bw_GBs: 1, "
	     "device_to_host_pj_per_bit: 0, mem_bw_GBs: 1, mem_pj_per_bit: 1, tflops: 1, pj_per_tflop: 1}\n");
	CU_ASSERT_PTR_NOT_NULL(arch_set_find(&set, "PIM_AI", &d));
	CU_ASSERT_PTR_NULL(arch_set_find(&set, "pim-ai", &d));
	CU_ASSERT_STRING_EQUAL(d.text, "no accelerator is called \"pim-ai\"; the nearest name is PIM-AI");
	CU_ASSERT_PTR_NULL(arch_set_find(&set, "Snapdragon", &d));
	CU_ASSERT_STRING_EQUAL(d.text,
	                       "no accelerator is called \"Snapdragon\"; --list-archs lists those known");
}

static void bad_keys(void)
{
	fails("", "a.yaml: holds no accelerators");
	fails("- 1\n", "a.yaml:1:1: an accelerator file maps names to keys and values");
	fails("X: 1\n", "a.yaml:1:4: X must hold keys with values");
	fails("X:\n  tflop: 1\n", "a.yaml:2:3: unknown key tflop; the nearest is tflops");
	fails("X:\n  colour: 1\n", "a.yaml:2:3: unknown key colour");
	fails("X:\n  tflops: 1\n", "a.yaml:1:1: X lacks the key host_to_device_bw_GBs (GB/s)");
	fails("X:\n  tflops: 1\n  tflops: 1\n", "a.yaml:3:3: tflops is given twice; first in line 2");
	fails("X-1: {}\nX_1: {}\n", "a.yaml:2:1: X_1 is given twice; first in line 1");
	fails("HOST: {}\n", "a.yaml:1:1: HOST stands for the host; give another name");
	fails("X: [\n", "a.yaml:2:1: this is not valid YAML: did not find expected node content");
}

static void bad_values(void)
{
	fails("X:\n  tflops: -1\n", "a.yaml:2:11: tflops is -1; it must be above 0 (TFLOP/s)");
	fails("X:\n  tflops: 0\n", "a.yaml:2:11: tflops is 0; it must be above 0 (TFLOP/s)");
	fails("X:\n  mem_pj_per_bit: -0.1\n",
	      "a.yaml:2:19: mem_pj_per_bit is -0.1; it must be 0 or more (pJ/bit)");
	fails("X:\n  tflops: .nan\n", "a.yaml:2:11: tflops is \".nan\"; it must be a number (TFLOP/s)");
	fails("X:\n  tflops: nan\n", "a.yaml:2:11: tflops is \"nan\"; it must be a number (TFLOP/s)");
	fails("X:\n  tflops: 1e999\n", "a.yaml:2:11: tflops is \"1e999\"; it must be a number (TFLOP/s)");
	fails("X:\n  tflops: 5 TF\n", "a.yaml:2:11: tflops is \"5 TF\"; it must be a number (TFLOP/s)");
	fails("X:\n  tflops: [1]\n", "a.yaml:2:11: tflops is no plain value; it must be a number (TFLOP/s)");
	fails("X:\n  compute_efficiency: 70\n",
	      "a.yaml:2:23: compute_efficiency is 70; it can be at most 1 (fraction)");
	fails("X:\n  tflops_by_dtype: {int9: 3}\n", "a.yaml:2:21: no data type is called int9");
}

static void optional_keys(void)
{
	CU_ASSERT_EQUAL(load("X:\n" LINK
	                     "  mem_bw_GBs: 1\n  mem_pj_per_bit: 0\n  tflops: 2\n  pj_per_tflop: 1\n"
	                     "  tflops_by_dtype: {int8: 4, int4: 8}\n  chips: 2\n  source: \"a: b\"\n"),
	                0);
	CU_ASSERT_EQUAL(set.archs[0].rate[ARCH_RATES_TFLOPS][PROF_DTYPE_INT8], 4);
	CU_ASSERT(isnan(set.archs[0].rate[ARCH_RATES_TFLOPS][PROF_DTYPE_FLOAT16]));
	CU_ASSERT_EQUAL(set.archs[0].value[ARCH_CHIPS], 2);
	CU_ASSERT_STRING_EQUAL(set.archs[0].source, "a: b");
	CU_ASSERT_STRING_EQUAL(set.archs[0].notes, "");
}

static void later_files_win(void)
{
	static const char own[] =
	        "H100_x2:\n" LINK "  mem_bw_GBs: 7\n  mem_pj_per_bit: 0\n  tflops: 2\n  pj_per_tflop: 1\n";

	arch_set_release(&set);
	CU_ASSERT_EQUAL(arch_set_load_dir(&set, "arch", &d), 0);
	CU_ASSERT_EQUAL(set.n, 54);
	CU_ASSERT_EQUAL(arch_set_load_text(&set, "b.yaml", own, sizeof own - 1, &d), 0);
	CU_ASSERT_EQUAL(set.n, 54);
	CU_ASSERT_EQUAL(arch_set_find(&set, "H100-x2", &d)->value[ARCH_MEM_BW], 7);
	CU_ASSERT_STRING_EQUAL(arch_set_find(&set, "H100-x2", &d)->path, "b.yaml");
	CU_ASSERT_EQUAL(arch_set_load(&set, "arch/H100-x2.yaml", &d), 0);
	CU_ASSERT_EQUAL(arch_set_find(&set, "H100-x2", &d)->value[ARCH_MEM_BW], 4000);
}

static struct op_desc op(unsigned kind, const char *context)
{
	struct op_desc o;

	memset(&o, 0, sizeof o);
	o.op = (uint16_t)kind;
	o.context = context;
	return o;
}

static const char *device(const struct map *m, unsigned kind, const char *context, bool published)
{
	struct op_desc o = op(kind, context);
	const struct map_entry *e = map_find(m, &o, published);

	return !e ? "none" : e->device == MAP_HOST ? "HOST" : m->devices[e->device - 1]->name;
}

static void mapping(void)
{
	static const char text[] =
	        "q_proj: H100,t\nnorm: A6000\nsoftmax: V100\nw1: H100,m\n\"*_proj\": A800\n"
	        "UPM_LlamaRMSNorm: H20\nlm_head: HOST\n";
	struct map m;

	memset(&m, 0, sizeof m);
	CU_ASSERT_EQUAL(map_load_text(&m, &set, "m.yaml", text, sizeof text - 1, &d), 0);
	CU_ASSERT_STRING_EQUAL(device(&m, PROF_OP_LINEAR, "q_proj", false), "H100");
	CU_ASSERT_STRING_EQUAL(device(&m, PROF_OP_LINEAR, "k_proj", false), "A800");
	CU_ASSERT_STRING_EQUAL(device(&m, PROF_OP_LINEAR, "lm_head", false), "HOST");
	CU_ASSERT_STRING_EQUAL(device(&m, PROF_OP_RMSNORM, "norm", false), "A6000");
	CU_ASSERT_STRING_EQUAL(device(&m, PROF_OP_RMSNORM, "other_norm", false), "H20");
	CU_ASSERT_STRING_EQUAL(device(&m, PROF_OP_SOFTMAX, "attn_weights", false), "V100");
	CU_ASSERT_STRING_EQUAL(device(&m, PROF_OP_ROPE, "", false), "none");
	/* the published rules know norms by their function's name alone */
	CU_ASSERT_STRING_EQUAL(device(&m, PROF_OP_RMSNORM, "norm", true), "H20");
	CU_ASSERT_STRING_EQUAL(device(&m, PROF_OP_LAYERNORM, "norm", true), "A6000");
	CU_ASSERT_STRING_EQUAL(device(&m, PROF_OP_SILU, "q_proj", true), "none");
	CU_ASSERT(m.entries[0].transfer && !m.entries[0].experts);
	CU_ASSERT(m.entries[3].experts && !m.entries[3].transfer);
	CU_ASSERT_EQUAL(map_add(&m, &set, "q_proj=V100", &d), 0); /* later ones win */
	CU_ASSERT_STRING_EQUAL(device(&m, PROF_OP_LINEAR, "q_proj", false), "V100");
	map_release(&m);
}

static void bad_map(const char *text, const char *sentence)
{
	struct map m;

	memset(&m, 0, sizeof m);
	CU_ASSERT_EQUAL(map_load_text(&m, &set, "m.yaml", text, strlen(text), &d), -1);
	CU_ASSERT_STRING_EQUAL(d.text, sentence);
	map_release(&m);
}

static void bad_mappings(void)
{
	struct map m;

	bad_map("a: H100\nb: H101\n",
	        "m.yaml:2:4: b: no accelerator is called \"H101\"; the nearest name is H100");
	bad_map("a: Host\n", "m.yaml:1:4: a: no accelerator is called \"Host\"; the nearest name is HOST");
	bad_map("a: H100,x\n", "m.yaml:1:4: \"H100,x\": only t and m can follow the device");
	bad_map("a: [H100]\n", "m.yaml:1:4: a device's name must follow");
	bad_map("a: H100\na: H100\n", "m.yaml:2:1: a is given twice; first in line 1");
	bad_map("", "m.yaml: holds no entries");
	bad_map("- a\n", "m.yaml:1:1: a mapping file has entries KEY: DEVICE[,t|m]");
	memset(&m, 0, sizeof m);
	CU_ASSERT_EQUAL(map_add(&m, &set, "=H100", &d), -1);
	CU_ASSERT_EQUAL(map_add(&m, &set, "a=", &d), -1);
	map_release(&m);
}

static void hosts(void)
{
	struct host h;

	CU_ASSERT_EQUAL(host_find(&h, "arch/hosts", NULL, "AMD EPYC 7763 64-Core Processor", &d), 0);
	CU_ASSERT_STRING_EQUAL(h.name, "amd-epyc-7763");
	CU_ASSERT_EQUAL(host_find(&h, "arch/hosts", NULL, "AMD EPYC", &d), 0);
	CU_ASSERT_STRING_EQUAL(h.name, "amd-epyc");
	CU_ASSERT_EQUAL(host_find(&h, "arch/hosts", NULL, "", &d), 0);
	CU_ASSERT_STRING_EQUAL(h.name, "default");
	CU_ASSERT_EQUAL(host_find(&h, "arch/hosts", "intel-xeon", "AMD EPYC", &d), 0);
	CU_ASSERT_STRING_EQUAL(h.name, "intel-xeon");
	CU_ASSERT_EQUAL(host_find(&h, "arch/hosts", "intel-xeom", "", &d), -1);
	CU_ASSERT_STRING_EQUAL(d.text,
	                       "no host profile is called \"intel-xeom\"; the nearest name is intel-xeon");
	h.value[HOST_LOAD_W] = 200;
	h.value[HOST_IDLE_W] = 40;
	h.value[HOST_CORES] = 8;
	h.value[HOST_THREADS_PER_CORE] = 2;
	/* 4 of 16 hardware threads are visible, 2 busy: 40 x 4/16 + 160 x 2/16 */
	CU_ASSERT_DOUBLE_EQUAL(host_power_w(&h, 2, 4), 30, 1e-12);
	CU_ASSERT_DOUBLE_EQUAL(host_power_w(&h, 99, 16), 200, 1e-12);
}

/* A whole profile and one more line at number 10. */
#define WHOLE                                                                                                \
	"X:\n  host_to_device_bw_GBs: 2\n  host_to_device_pj_per_bit: 10\n  device_to_host_bw_GBs: 4\n"      \
	"  device_to_host_pj_per_bit: 20\n  mem_bw_GBs: 10\n  mem_pj_per_bit: 5\n  tflops: 1\n"              \
	"  pj_per_tflop: 1e12\n"

static void pedigree(void)
{
	const struct arch *a;

	CU_ASSERT_EQUAL(load(WHOLE "  launch_overhead_ns: {value: 3, range: [2, 5], source: data sheet,\n"
	                           "    scope: board, process: 7 nm}\n"
	                           "  vector_tflops: {value: 3, range: [2, 5], source: assumed}\n"
	                           "  units: {value: 4}\n"),
	                0);
	a = &set.archs[0];
	CU_ASSERT_EQUAL(a->value[ARCH_LAUNCH_NS], 3);
	CU_ASSERT_EQUAL_FATAL(a->best != NULL, 1);
	CU_ASSERT_EQUAL(a->best->value[ARCH_LAUNCH_NS], 2); /* less is better */
	CU_ASSERT_EQUAL(a->worst->value[ARCH_LAUNCH_NS], 5);
	CU_ASSERT_EQUAL(a->best->value[ARCH_VECTOR_TFLOPS], 5);
	CU_ASSERT_EQUAL(a->worst->value[ARCH_VECTOR_TFLOPS], 2);
	CU_ASSERT_EQUAL(a->worst->value[ARCH_UNITS], 4);
	CU_ASSERT_EQUAL(a->best->value[ARCH_TFLOPS], 1);
	CU_ASSERT_EQUAL(a->n_origins, 3);
	CU_ASSERT_STRING_EQUAL(a->origins[0].key, "launch_overhead_ns");
	CU_ASSERT_STRING_EQUAL(a->origins[0].source, "data sheet");
	CU_ASSERT_STRING_EQUAL(a->origins[0].scope, "board");
	CU_ASSERT_STRING_EQUAL(a->origins[0].process, "7 nm");
	CU_ASSERT_EQUAL(load(WHOLE), 0);
	CU_ASSERT_PTR_NULL(set.archs[0].best);
}

static void bad_pedigree(void)
{
	fails(WHOLE "  tflops: {value: 3, range: [4, 5]}\n",
	      "a.yaml:10:3: tflops is given twice; first in line 8");
	fails("X:\n  mem_bw_GBs: {value: 3, range: [4, 5]}\n",
	      "a.yaml:2:15: mem_bw_GBs is 3, which its range from 4 to 5 leaves out");
	fails("X:\n  mem_bw_GBs: {value: 3, range: [4]}\n",
	      "a.yaml:2:33: the range of mem_bw_GBs must be two numbers: [low, high]");
	fails("X:\n  mem_bw_GBs: {value: 3, range: [4, 2]}\n",
	      "a.yaml:2:33: the range of mem_bw_GBs must begin with the lower number");
	fails("X:\n  mem_bw_GBs: {range: [4, 5]}\n", "a.yaml:2:15: mem_bw_GBs lacks its value");
	fails("X:\n  mem_bw_GBs: {value: 3, scop: device}\n",
	      "a.yaml:2:26: unknown key scop; the nearest is scope");
	fails("X:\n  mem_bw_GBs: {value: 3, scope: chip}\n",
	      "a.yaml:2:33: the scope is \"chip\"; it must be one of "
	      "cell|device|with-PHY|package|board|system");
	fails("X:\n  units: {value: 3, range: [2, 3]}\n", "a.yaml:2:28: units can have no range");
	fails("X:\n  memory_levels: [{bw_GBs: 3}]\n",
	      "a.yaml:2:19: a memory level lacks the key bytes (bytes)");
	fails("X:\n  memory_levels: [{bytes: 3}, {bytes: 2}]\n",
	      "a.yaml:2:31: memory levels begin with the innermost: a copy holds at least as much as one of "
	      "the level before");
	fails("X:\n  topology: mesh\n",
	      "a.yaml:2:13: topology is \"mesh\"; it must be one of switch|ring|torus|host");
}

int main(void)
{
	static const struct {
		const char *name;
		void (*test)(void);
	} cases[] = {
	        {"a published file", published_file},
	        {"names", names},
	        {"bad keys", bad_keys},
	        {"bad values", bad_values},
	        {"optional keys", optional_keys},
	        {"later files win", later_files_win},
	        {"mapping", mapping},
	        {"bad mappings", bad_mappings},
	        {"hosts", hosts},
	        {"pedigree", pedigree},
	        {"bad pedigree", bad_pedigree},
	};
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite("arch", NULL, NULL);
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
		CU_add_test(suite, cases[i].name, cases[i].test);
	CU_basic_run_tests();
	arch_set_release(&set);
	return CU_get_number_of_failures() != 0;
}
