/* calibrate.c: measure this host, and write what was measured as a profile.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tools/profrun/calibrate.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/lib/calibration/calibration_fit.h"
#include "tools/lib/support/cli.h"
#include "tools/lib/arch/host.h"
#include "tools/lib/support/outfile.h"
#include "tools/profrun/calibrate_run.h"
#include "tools/profrun/idle.h"

#define LOAD_SECONDS   2.0
#define OTHERS_PERCENT 5.0 /* of the processors: more is said */

/* What is written beside the calibration. */
struct host_facts {
	char cpu[128], name[64];
	unsigned threads;
	double launch_ns, static_w, cache_bytes;
	double others_percent;
	bool watts_known;
	char watts_source[320];
};

/* Of the last level, as the kernel tells it ("32768K"); 0: unknown. */
static double cache_bytes(void)
{
	char text[32] = "";
	double kib = 0;

	for (unsigned level = 2; level < 5; level++) {
		char path[96];
		FILE *f;

		snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%u/size", level);
		f = fopen(path, "re");
		if (f && fgets(text, sizeof text, f))
			kib = strtod(text, NULL);
		if (f)
			fclose(f);
	}
	return kib * 1024;
}

static unsigned usable_threads(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);

	return n > 0 ? (unsigned)n : 1;
}

/* "model name : AMD EPYC" of /proc/cpuinfo, else the kind of machine. */
static void read_cpu(char *cpu, size_t bytes)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(cpu, bytes, "unknown processor");
	while (f && fgets(line, sizeof line, f)) {
		char *value = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || !value)
			continue;
		value += strspn(value, ": \t");
		value[strcspn(value, "\n")] = '\0';
		snprintf(cpu, bytes, "%s", value);
		break;
	}
	if (f)
		fclose(f);
}

/* A name that profiles can have, from the processor's. */
static void make_name(const char *cpu, char *name, size_t bytes)
{
	size_t n = (size_t)snprintf(name, bytes, "host-");

	for (; *cpu && n + 1 < bytes; cpu++) {
		bool plain = (*cpu >= '0' && *cpu <= '9') || (*cpu >= 'A' && *cpu <= 'Z')
		             || (*cpu >= 'a' && *cpu <= 'z');

		if (plain || name[n - 1] != '-')
			name[n++] = plain ? *cpu : '-';
	}
	while (n && name[n - 1] == '-')
		n--;
	name[n] = '\0';
}

/* ---- others ---- */

/* Seconds that all processors were busy, and those of them that were ours. */
struct busy {
	double all_s, own_s, at_s;
};

static struct busy busy_now(void)
{
	struct busy b = {0, 0, calibrate_now_s()};
	FILE *f = fopen("/proc/stat", "re");
	double user, nice, system;
	struct timespec t;

	if (f && fscanf(f, "cpu %lf %lf %lf", &user, &nice, &system) == 3)
		b.all_s = (user + nice + system) / (double)sysconf(_SC_CLK_TCK);
	if (f)
		fclose(f);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	b.own_s = (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
	return b;
}

/* What other processes took meanwhile, in percent of the processors' time. */
static double others_percent(const struct busy *begin, unsigned threads)
{
	struct busy end = busy_now();
	double others = (end.all_s - begin->all_s) - (end.own_s - begin->own_s);

	return others > 0 ? 100 * others / (end.at_s - begin->at_s) / threads : 0;
}

/* ---- watts ---- */

struct load {
	unsigned threads;
	double seconds;
};

static double burn(void *arg, unsigned thread)
{
	double x = 1 + thread;

	for (unsigned i = 0; i < 1000000; i++)
		x = x * 0.9999999 + 1e-9;
	*(volatile double *)arg = x;
	return 1;
}

static void *load_main(void *arg)
{
	const struct load *l = arg;
	double sink;

	calibrate_rate(burn, &sink, l->threads, l->seconds);
	return NULL;
}

/* Sum of the packages among "PATH=WATTS,...": domains inside others are part of them. */
static double package_watts(char *text)
{
	double sum = 0;

	for (char *part = strtok(text, ","); part; part = strtok(NULL, ",")) {
		char *equals = strrchr(part, '='), *colon = strchr(part, ':');

		if (equals && (!colon || !strchr(colon + 1, ':')))
			sum += strtod(equals + 1, NULL);
	}
	return sum;
}

static void find_watts(struct host_facts *h, const char *sysfs)
{
	struct load load = {h->threads, LOAD_SECONDS + 0.5};
	struct idle_request request = {.sysfs = sysfs, .seconds = LOAD_SECONDS, .may_be_busy = true};
	struct host profile;
	pthread_t thread;
	char dir[4096], *text = NULL;
	struct diag d;

	if (!pthread_create(&thread, NULL, load_main, &load)) {
		text = idle_measure(&request);
		pthread_join(thread, NULL);
	}
	if (text) {
		h->static_w = package_watts(text);
		h->watts_known = h->static_w > 0;
		snprintf(h->watts_source, sizeof h->watts_source,
		         "measured under load by the machine's meters");
	}
	free(text);
	if (h->watts_known
	    || host_find(&profile, cli_data_dir("arch/hosts", dir, sizeof dir), NULL, h->cpu, &d))
		return;
	h->static_w = host_power_w(&profile, h->threads, h->threads);
	h->watts_known = true;
	snprintf(h->watts_source, sizeof h->watts_source, "assumed from host profile %.63s", profile.name);
}

/* ---- traces ---- */

/* Before a minute is spent on measuring. */
static int check_traces(const struct calibrate_request *r, struct diag *d)
{
	for (unsigned i = 0; i < r->n_traces; i++) {
		struct trace *t = NULL;

		if (trace_open(r->traces[i], NULL, &t, d))
			return -1;
		trace_close(t);
	}
	return 0;
}

static int fit_traces(struct calibration *c, const struct calibrate_request *r, const struct host_facts *h,
                      struct diag *d)
{
	struct fit_set set = {.sync_ns = h->threads > 1 ? h->launch_ns / (h->threads - 1) : 0};
	int rc = 0;

	for (unsigned i = 0; !rc && i < r->n_traces; i++) {
		struct trace *t = NULL;

		cli_progress("traces", i, r->n_traces);
		rc = trace_open(r->traces[i], NULL, &t, d);
		if (!rc)
			rc = fit_set_add(&set, c, t, d);
		trace_close(t);
	}
	cli_progress("traces", 1, 1);
	if (!rc && r->n_traces)
		rc = fit_set_make(&set, c, d);
	fit_set_release(&set);
	return rc;
}

/* ---- the profile ---- */

static void write_rates(const struct calibration *c, unsigned threads, FILE *out)
{
	static const unsigned types[] = {PROF_DTYPE_FLOAT32, PROF_DTYPE_FLOAT64, PROF_DTYPE_INT8,
	                                 PROF_DTYPE_BFLOAT16};

	fprintf(out, "    tflops_by_dtype:\n");
	for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
		fprintf(out, "        %s: %.4g\n", op_dtype_name(types[i]),
		        calibration_gflop_s(c, threads, types[i]) / 1e3);
}

static void write_profile(const struct calibration *c, const struct host_facts *h, FILE *out)
{
	double memory = calibration_bandwidth_at(c, h->threads, 1e18);
	double tflops = calibration_gflop_s(c, h->threads, PROF_DTYPE_FLOAT32) / 1e3;
	char date[32] = "";
	time_t now = time(NULL);
	struct tm tm;

	strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&now, &tm));
	fprintf(out, "# %s: this host as an accelerator, measured by profrun --calibrate.\n", h->name);
	fprintf(out, "%s:\n", h->name);
	fprintf(out, "    host_to_device_bw_GBs: %.4g\n    device_to_host_bw_GBs: %.4g\n", memory, memory);
	fprintf(out, "    host_to_device_pj_per_bit: 0\n    device_to_host_pj_per_bit: 0\n");
	fprintf(out, "    mem_bw_GBs: %.4g\n    mem_pj_per_bit: 0\n", memory);
	fprintf(out, "    tflops: %.4g\n    vector_tflops: %.4g\n    pj_per_tflop: 0\n", tflops, tflops);
	write_rates(c, h->threads, out);
	fprintf(out, "    launch_overhead_ns: %.4g\n", h->launch_ns);
	if (h->cache_bytes > 0)
		fprintf(out, "    on_chip_buffer_bytes: %.0f\n", h->cache_bytes);
	if (h->watts_known)
		fprintf(out, "    static_w: %.4g\n", h->static_w);
	fprintf(out,
	        "    source: \"measured by profrun --calibrate on %s on %s with %u threads; watts %s\"\n",
	        date, h->cpu, h->threads, h->watts_known ? h->watts_source : "unknown");
	fprintf(out,
	        "    notes: \"energy is watts under load times time: all of it is in static_w; other "
	        "processes took "
	        "%.1f %% of the processors while it was measured\"\n",
	        h->others_percent);
	calibration_write(c, out);
}

static int write_file(const struct calibration *c, const struct host_facts *h, const char *path,
                      struct diag *d)
{
	struct outfile o;

	if (outfile_open(&o, path, d))
		return -1;
	write_profile(c, h, o.file);
	if (outfile_commit(&o, d) == 0)
		return 0;
	outfile_abandon(&o);
	return -1;
}

int calibrate(const struct calibrate_request *r, struct diag *d)
{
	struct calibration *c;
	struct host_facts h = {.threads = usable_threads()};
	double scale = (r->seconds > 0 ? r->seconds : CALIBRATE_SECONDS) / CALIBRATE_SECONDS;
	struct busy begin;
	int rc;

	if (check_traces(r, d))
		return -1;
	c = calloc(1, sizeof *c);
	if (!c)
		return diag_set(d, "out of memory");
	h.threads = h.threads < CALIBRATE_MAX_THREADS ? h.threads : CALIBRATE_MAX_THREADS;
	h.cache_bytes = cache_bytes();
	c->threads = h.threads;
	read_cpu(h.cpu, sizeof h.cpu);
	if (r->name)
		snprintf(h.name, sizeof h.name, "%s", r->name);
	else
		make_name(h.cpu, h.name, sizeof h.name);
	begin = busy_now();
	rc = calibrate_memory(c, h.threads, scale, d);
	if (!rc)
		rc = calibrate_compute(c, h.threads, scale, d);
	h.launch_ns = calibrate_barrier_ns(h.threads);
	h.others_percent = others_percent(&begin, h.threads);
	if (h.others_percent > OTHERS_PERCENT)
		fprintf(stderr,
		        "profrun: warning: other processes took %.0f %% of the processors while they were "
		        "measured; measure again on an idle machine\n",
		        h.others_percent);
	find_watts(&h, r->sysfs);
	if (!rc)
		rc = fit_traces(c, r, &h, d);
	if (!rc)
		rc = write_file(c, &h, r->path, d);
	calibration_free(c);
	return rc;
}
