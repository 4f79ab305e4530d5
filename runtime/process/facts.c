/* facts.c: what is known of host, process and run.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "runtime/process/facts.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runtime/config.h"
#include "runtime/process/files.h"
#include "runtime/guard.h"
#include "runtime/process/job.h"
#include "runtime/trace/meta.h"
#include "runtime/recorder.h"

#define TEXT_BYTES 4096

/* Lock held; stacks of the program's threads can be small. */
static char text[TEXT_BYTES];

void facts_add(const char *key, const char *value)
{
	struct prof_meta_fact m = {.key_bytes = 0};
	struct iovec key_part = meta_text(key, &m.key_bytes);
	struct iovec value_part = meta_text(value, &m.value_bytes);
	struct iovec parts[] = {{&m, sizeof(m)}, key_part, META_ZERO, value_part, META_ZERO};

	meta_add(PROF_META_FACT, parts, 5);
}

void prof_fact(const char *key, const char *value)
{
	struct guard g;

	if (!key || !value || !guard_enter(&g))
		return;
	facts_add(key, value);
	guard_leave(&g);
}

static void add_number(const char *key, unsigned long long value)
{
	char number[32];

	snprintf(number, sizeof(number), "%llu", value);
	facts_add(key, number);
}

/* The value behind `label` at the start of a line of `text`, without what
 * separates them and without quotes; null when there is no such line. */
static char *line_value(const char *label, const char *separators)
{
	size_t label_bytes = strlen(label);

	for (char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		char *value = line + label_bytes;

		if (strncmp(line, label, label_bytes) != 0)
			continue;
		value += strspn(value, separators);
		value[strcspn(value, "\"\n")] = 0;
		return value;
	}
	return NULL;
}

static void add_host(void)
{
	struct utsname uts;
	struct sysinfo info;
	const char *value = NULL;

	if (uname(&uts) != 0)
		memset(&uts, 0, sizeof(uts));
	facts_add("host.name", uts.nodename);
	if (files_read_line("/proc/sys/kernel/random/boot_id", text, sizeof(text)) > 0)
		facts_add("host.boot_id", text);
	if (files_read("/proc/cpuinfo", text, sizeof(text)) > 0)
		value = line_value("model name", " \t:");
	facts_add("host.cpu", value ? value : uts.machine);
	add_number("host.cores", (unsigned long long)sysconf(_SC_NPROCESSORS_ONLN));
	if (sysinfo(&info) == 0)
		add_number("host.memory_bytes", (unsigned long long)info.totalram * info.mem_unit);
	snprintf(text, sizeof(text), "%s %s %s", uts.sysname, uts.release, uts.machine);
	facts_add("host.kernel", text);
	if (files_read("/etc/os-release", text, sizeof(text)) > 0
	    && (value = line_value("PRETTY_NAME=", "\"")))
		facts_add("host.os", value);
}

static void add_command(void)
{
	ssize_t n = files_read("/proc/self/cmdline", text, sizeof(text));

	for (ssize_t i = 0; i + 1 < n; i++)
		if (!text[i])
			text[i] = ' ';
	if (n > 0)
		facts_add("process.command", text);
}

static void add_process(void)
{
	ssize_t n = readlink("/proc/self/exe", text, sizeof(text) - 1);

	if (n > 0) {
		text[n] = 0;
		facts_add("process.exe", text);
	}
	add_command();
	if (getcwd(text, sizeof(text)))
		facts_add("process.cwd", text);
}

/* A negative or unknown number is left out. */
static void add_job(void)
{
	const struct job *job = job_get();

	if (!job->launcher)
		return;
	facts_add("process.launcher", job->launcher);
	add_number("process.rank", (unsigned long long)job->rank);
	if (job->ranks > 0)
		add_number("process.ranks", (unsigned long long)job->ranks);
	if (job->local_rank >= 0)
		add_number("process.local_rank", (unsigned long long)job->local_rank);
}

void facts_collect(void)
{
	const struct config *config = config_get();

	add_host();
	add_process();
	add_job();
	facts_add("run.version", PROF_VERSION);
	for (unsigned i = 0; i < CONFIG_VARIABLES; i++) {
		if (!config->is_set[i])
			continue;
		snprintf(text, sizeof(text), "run.env.%s", config_name(i));
		facts_add(text, config->text[i]);
	}
}
