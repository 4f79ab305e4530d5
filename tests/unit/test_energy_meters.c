/* test_energy_meters.c: energy meters, on trees of files such as machines have.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/unit/in_process.h"

#define SYS     "sys/class/"
#define RAPL    SYS "powercap/intel-rapl:0"
#define RANGE   "262143328850"
#define DOMAINS 16

/* ---- trees ---- */

/* Write in place, as a reader may look at any time. */
static void put(const char *path, const char *text)
{
	char command[256];
	int fd;

	snprintf(command, sizeof(command), "mkdir -p $(dirname %s)", path);
	fd = open(path, O_WRONLY);
	if (fd < 0) {
		CU_ASSERT_EQUAL_FATAL(system(command), 0);
		fd = open(path, O_WRONLY | O_CREAT, 0644);
	}
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	close(fd);
}

static void put_in(const char *folder, const char *file, const char *text)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	put(path, text);
}

static void domain(const char *folder, const char *name, const char *range, const char *energy)
{
	char path[100];

	snprintf(path, sizeof(path), SYS "powercap/%s", folder);
	put_in(path, "name", name);
	put_in(path, "max_energy_range_uj", range);
	put_in(path, "energy_uj", energy);
}

static void client_tree(void)
{
	domain("intel-rapl:0", "package-0\n", RANGE, "1000000000\n");
	domain("intel-rapl:0:0", "core\n", RANGE, "500000000\n");
	domain("intel-rapl:0:1", "uncore\n", RANGE, "200000000\n");
	domain("intel-rapl:0:2", "dram\n", RANGE, "300000000\n");
	domain("intel-rapl:1", "psys\n", RANGE, "5000000000\n");
}

static void no_tree(void)
{
	CU_ASSERT_EQUAL(system("rm -rf sys && mkdir sys"), 0);
}

/* ---- what a trace has ---- */

struct found {
	unsigned n, samples, notes;
	char name[DOMAINS][64];
	uint32_t parent[DOMAINS], source[DOMAINS];
	uint64_t first_uj[DOMAINS], last_uj[DOMAINS]; /* of samples */
	bool ordered;
};

static struct found look(const char *path)
{
	const struct prof_meta_energy_domain *d = NULL;
	const struct prof_meta_energy_sample *s = NULL;
	struct found f = {.ordered = true};
	uint64_t tick[DOMAINS] = {0};
	struct raw_trace t;

	CU_ASSERT_TRUE_FATAL(raw_open(&t, path));
	while ((d = raw_meta(&t, PROF_META_ENERGY_DOMAIN, d)) && f.n + 1 < DOMAINS) {
		f.n++;
		snprintf(f.name[d->id], sizeof(f.name[0]), "%s", (const char *)(d + 1));
		f.parent[d->id] = d->parent;
		f.source[d->id] = d->source;
	}
	while ((s = raw_meta(&t, PROF_META_ENERGY_SAMPLE, s))) {
		f.samples++;
		f.ordered &= s->tick >= tick[s->domain] && s->energy_uj >= f.last_uj[s->domain];
		tick[s->domain] = s->tick;
		f.last_uj[s->domain] = s->energy_uj;
	}
	f.notes = raw_count(&t, PROF_META_NOTE);
	raw_close(&t);
	return f;
}

static bool has_fact(const char *path, const char *key, const char *value)
{
	const struct prof_meta_fact *m = NULL;
	struct raw_trace t;
	bool has = false;

	CU_ASSERT_TRUE_FATAL(raw_open(&t, path));
	while ((m = raw_meta(&t, PROF_META_FACT, m))) {
		const char *k = (const char *)(m + 1);

		has |= !strcmp(k, key) && (!value || !strcmp(k + m->key_bytes, value));
	}
	raw_close(&t);
	return has;
}

static struct found record(void (*body)(void), const char *energy)
{
	setenv("PROFSHIM_SYSFS", "sys", 1);
	setenv("PROFSHIM_ENERGY", energy, 1);
	setenv("PROFSHIM_COUNTERS", "none", 1);
	remove("trace.bin");
	CU_ASSERT_EQUAL(in_process(body, NULL), 0);
	unsetenv("PROFSHIM_SYSFS");
	unsetenv("PROFSHIM_ENERGY");
	unsetenv("PROFSHIM_COUNTERS");
	return look("trace.bin");
}

/* ---- bodies: what a program does meanwhile ---- */

static void some_ops(void)
{
	record_ops(10);
}

/* Advance the package's counter by 1000 uJ, a hundred times, from below its range. */
static void advance(uint64_t from, uint64_t range)
{
	char text[32];

	record_ops(1);
	for (unsigned i = 1; i <= 100; i++) {
		snprintf(text, sizeof(text), "%012llu\n", (unsigned long long)((from + i * 1000) % range));
		put(RAPL "/energy_uj", text);
		usleep(2000);
	}
}

static void advancing(void)
{
	advance(1000000000, 262143328850);
}

static void wrapping(void)
{
	advance(262143328850 - 50000, 262143328850);
}

static bool has_thread(void)
{
	DIR *d = opendir("/proc/self/task");
	const struct dirent *e;
	bool has = false;

	while (d && (e = readdir(d))) {
		char path[320], name[32] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		f = fopen(path, "r");
		has |= f && fgets(name, sizeof(name), f) && !strcmp(name, "prof-energy\n");
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return has;
}

static void with_thread(void)
{
	record_ops(1);
	usleep(50000);
	if (!has_thread())
		_exit(1);
}

static void without_thread(void)
{
	record_ops(1);
	usleep(50000);
	if (has_thread())
		_exit(1);
}

/* All descriptors are closed and others opened in their place. */
static void closing(void)
{
	record_ops(1);
	usleep(20000);
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	for (int i = 0; i < 64; i++)
		if (open("/dev/zero", O_RDONLY) < 0)
			_exit(1);
	advancing();
}

static void forking(void)
{
	int status = -1;
	pid_t child;

	record_ops(1);
	usleep(20000);
	child = fork();
	if (child == 0) {
		if (has_thread())
			_exit(1);
		setenv("PROFSHIM_OUTPUT", "child.bin", 1);
		with_thread();
		prof_runtime_stop();
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		_exit(2);
	with_thread();
}

static void many_forks(void)
{
	record_ops(1);
	for (int i = 0; i < 200; i++) {
		int status = -1;
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		if (waitpid(child, &status, 0) != child || status != 0)
			_exit(1);
	}
}

static void vanishing(void)
{
	record_ops(1);
	usleep(20000);
	CU_ASSERT_EQUAL(system("rm -r " RAPL), 0);
	usleep(20000);
	record_ops(1);
}

static void many_steps(void)
{
	struct prof_step_info info = {.tokens = 1};

	for (int i = 0; i < 2000; i++) {
		struct prof_thread *t = prof_thread_get();
		uint32_t step = prof_step_begin(t, &info);

		record_ops(1);
		prof_step_end(t, step);
	}
}

static void half_a_second(void)
{
	record_ops(1);
	usleep(500000);
}

static void battery_recharged(void)
{
	record_ops(1);
	usleep(30000);
	put(SYS "power_supply/BAT0/status", "Charging   \n");
	usleep(30000);
}

/* ---- tests ---- */

static void client_has_parents(void)
{
	struct found f;

	no_tree();
	client_tree();
	f = record(some_ops, "auto");
	CU_ASSERT_EQUAL(f.n, 5);
	CU_ASSERT_TRUE(!strcmp(f.name[1], "package-0") && f.parent[1] == 5);
	CU_ASSERT_TRUE(!strcmp(f.name[4], "dram") && f.parent[2] == 1 && f.parent[3] == 1
	               && f.parent[4] == 1);
	CU_ASSERT_TRUE(!strcmp(f.name[5], "psys") && f.parent[5] == 0);
	CU_ASSERT_TRUE(has_fact("trace.bin", "energy.1.path", "sys/class/powercap/intel-rapl:0/energy_uj"));
	CU_ASSERT_TRUE(has_fact("trace.bin", "energy.1.kind", "energy counter"));
	CU_ASSERT_TRUE(has_fact("trace.bin", "energy.period_ms", NULL));
}

static void server_has_two_sockets(void)
{
	struct found f;

	no_tree();
	domain("intel-rapl:0", "package-0\n", RANGE, "1\n");
	domain("intel-rapl:0:0", "dram\n", "65712999613", "1\n");
	domain("intel-rapl:1", "package-1\n", RANGE, "1\n");
	domain("intel-rapl:1:0", "dram\n", "65712999613", "1\n");
	f = record(some_ops, "powercap");
	CU_ASSERT_TRUE(f.n == 4 && f.parent[1] == 0 && f.parent[2] == 1 && f.parent[3] == 0
	               && f.parent[4] == 3);
}

static void counters_are_conserved(void)
{
	struct found f;

	no_tree();
	client_tree();
	put(RAPL "/energy_uj", "001000000000\n");
	f = record(advancing, "auto");
	CU_ASSERT_EQUAL(f.last_uj[1], 100000);
	CU_ASSERT_EQUAL(f.last_uj[2], 0);
	CU_ASSERT_TRUE(f.samples > 10 && f.ordered);
	put(RAPL "/energy_uj", "262143278850\n");
	f = record(wrapping, "auto");
	CU_ASSERT_EQUAL(f.last_uj[1], 100000);
	CU_ASSERT_TRUE(f.ordered);
	put(RAPL "/energy_uj", "001000000000\n");
	f = record(closing, "auto");
	CU_ASSERT_EQUAL(f.last_uj[1], 100000);
}

static void hwmon_is_read(void)
{
	struct found f;

	no_tree();
	put(SYS "hwmon/hwmon0/name", "amd_energy\n");
	put(SYS "hwmon/hwmon0/energy1_label", "Ecore000\n");
	put(SYS "hwmon/hwmon0/energy1_input", "100\n");
	put(SYS "hwmon/hwmon0/energy2_label", "Esocket0\n");
	put(SYS "hwmon/hwmon0/energy2_input", "1000\n");
	put(SYS "hwmon/hwmon1/name", "amdgpu\n");
	put(SYS "hwmon/hwmon1/power1_average", "30000000\n");
	f = record(some_ops, "auto");
	CU_ASSERT_TRUE(f.n == 1 && !strcmp(f.name[1], "package-0") && f.source[1] == PROF_ENERGY_HWMON);
	no_tree();
	put(SYS "hwmon/hwmon3/name", "ina3221\n");
	put(SYS "hwmon/hwmon3/in1_label", "VDD_IN\n");
	put(SYS "hwmon/hwmon3/in1_input", "5000\n");
	put(SYS "hwmon/hwmon3/curr1_input", "2000\n");
	put(SYS "hwmon/hwmon3/in2_label", "VDD_SOC\n");
	put(SYS "hwmon/hwmon3/in2_input", "5000\n");
	put(SYS "hwmon/hwmon3/curr2_input", "100\n");
	f = record(half_a_second, "auto");
	CU_ASSERT_TRUE(f.n == 2 && !strcmp(f.name[1], "ina3221:VDD_IN") && f.parent[2] == 1);
	CU_ASSERT_TRUE(has_fact("trace.bin", "energy.1.kind", "power reading"));
	/* 10 W for half a second or more, whatever the machine does meanwhile. */
	CU_ASSERT_TRUE(f.last_uj[1] >= 5000000
	               && llabs((long long)(f.last_uj[1] - 20 * f.last_uj[2])) < 1000000);
}

static void battery_counts_while_it_gives(void)
{
	struct found f;

	no_tree();
	put(SYS "power_supply/BAT0/type", "Battery\n");
	put(SYS "power_supply/BAT0/status", "Discharging\n");
	put(SYS "power_supply/BAT0/power_now", "9000000\n");
	put(SYS "power_supply/mouse/type", "Battery\n");
	put(SYS "power_supply/mouse/scope", "Device\n");
	put(SYS "power_supply/mouse/power_now", "1\n");
	f = record(battery_recharged, "battery");
	CU_ASSERT_TRUE(f.n == 1 && f.source[1] == PROF_ENERGY_BATTERY && f.last_uj[1] > 0);
}

static void thread_comes_and_goes(void)
{
	no_tree();
	record(without_thread, "auto");
	client_tree();
	record(with_thread, "auto");
	record(without_thread, "steps");
	CU_ASSERT_EQUAL(record(without_thread, "none").n, 0);
	CU_ASSERT_TRUE(record(without_thread, "coal").notes > 0);
	record(forking, "auto");
	record(many_forks, "auto");
	CU_ASSERT_TRUE(record(many_steps, "auto").ordered);
}

static void vanished_is_told(void)
{
	no_tree();
	client_tree();
	CU_ASSERT_TRUE(record(vanishing, "auto").notes > 0);
}

static void idle_becomes_a_fact(void)
{
	no_tree();
	client_tree();
	setenv("PROFSHIM_IDLE", "sys/class/powercap/intel-rapl:1/energy_uj=7.5,x=1", 1);
	record(some_ops, "auto");
	unsetenv("PROFSHIM_IDLE");
	CU_ASSERT_TRUE(has_fact("trace.bin", "energy.5.idle_w", "7.5"));
	CU_ASSERT_FALSE(has_fact("trace.bin", "energy.1.idle_w", NULL));
}

int main(void)
{
	const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
	        {"client has parents", client_has_parents},
	        {"server has two sockets", server_has_two_sockets},
	        {"counters are conserved", counters_are_conserved},
	        {"hwmon is read", hwmon_is_read},
	        {"battery counts while it gives", battery_counts_while_it_gives},
	        {"thread comes and goes", thread_comes_and_goes},
	        {"vanished is told", vanished_is_told},
	        {"idle becomes a fact", idle_becomes_a_fact},
	};
	CU_pSuite suite;

	CU_initialize_registry();
	suite = CU_add_suite_with_setup_and_teardown("energy", NULL, NULL, enter_scratch, leave_scratch);
	for (unsigned i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		CU_add_test(suite, tests[i].name, tests[i].run);
	CU_basic_run_tests();
	return CU_get_number_of_failures() != 0;
}
