/* main.c: profrun, which runs a program under libprofshim.so and says what came of it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * It sets LD_PRELOAD and the PROFSHIM_* variables, nothing more: whoever sets
 * them by hand gets the same trace. Its options are the entries of env.def.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/lib/support/cli.h"
#include "tools/profrun/calibrate.h"
#include "tools/profrun/command.h"
#include "tools/profrun/gather.h"
#include "tools/profrun/hooks.h"
#include "tools/profrun/idle.h"
#include "tools/profrun/inject.h"
#include "tools/profrun/launch.h"
#include "tools/profrun/report.h"
#include "tools/profrun/settings.h"

#define IDLE_DEFAULT_S 0.5
#define IDLE_MAX_S     3600.0

enum env_id {
#define PROF_ENV(id, env, standard, help) ENV_##id,
#include <prof/env.def>
#undef PROF_ENV
	N_ENV
};

static const struct {
	const char *env, *standard, *help;
} variables[N_ENV] = {
#define PROF_ENV(id, env, standard, help) {env, standard, help},
#include <prof/env.def>
#undef PROF_ENV
};

static struct {
	const char *values[N_ENV]; /* options given, null for the others */
	const char *library;
	bool quiet, lists;
	const char *explain, *format; /* null: not given */
	double idle_s;                /* negative: not given */
	bool calibrates;
	struct cli_list calibrate_from;
	double calibrate_seconds;
	struct cli_option options[N_ENV + 8]; /* two variables have none, nine have no variable, an end */
	char names[N_ENV][32];
	char helps[N_ENV][256];
} run;

/* "PROFSHIM_CALLSITES" is --callsites, its value unchecked but for those of
 * settings.h: the shim says what it cannot use, and it does so for those too who
 * set the variable by hand. */
static struct cli_option *add_variables(struct cli_option *o)
{
	for (unsigned i = 0; i < N_ENV; i++) {
		const char *from = variables[i].env + strlen("PROFSHIM_");
		char *to = run.names[i];

		if (i == ENV_IDLE || i == ENV_LIST) /* options of another kind */
			continue;
		to += sprintf(to, "--");
		for (; *from; from++)
			*to++ = *from == '_' ? '-' : (char)tolower((unsigned char)*from);
		snprintf(run.helps[i], sizeof(run.helps[i]), "%s%s%s%s", variables[i].help,
		         *variables[i].standard ? " (default: " : "", variables[i].standard,
		         *variables[i].standard ? ")" : "");
		*o++ = (struct cli_option){
		        .name = run.names[i],
		        .letter = i == ENV_OUTPUT ? 'o' : 0,
		        .kind = CLI_STRING,
		        .argument = i == ENV_OUTPUT ? "FILE" : "VALUE",
		        .help = run.helps[i],
		        .value = &run.values[i],
		};
	}
	return o;
}

static void make_options(void)
{
	const struct cli_option own[] = {
	        {"--idle", 0, CLI_DOUBLE, "SECONDS",
	         "measure the idle machine's power for so long before the command starts; 0: "
	         "don't (default: 0.5 where there are meters)",
	         &run.idle_s, 0, IDLE_MAX_S},
	        {"--library", 0, CLI_STRING, "FILE",
	         "libprofshim.so to load (default: the one installed with this program)", &run.library, 0, 0},
	        {"--list-hooks", 0, CLI_FLAG, NULL,
	         "say which functions of the command would be hooked, how, and why not, instead of running "
	         "it",
	         &run.lists, 0, 0},
	        {"--explain", 0, CLI_STRING, "FUNCTION",
	         "say of one function where it is, who calls it and whether it would be hooked", &run.explain,
	         0, 0},
	        {"--format", 0, CLI_CHOICE, "text|json|csv",
	         "how --list-hooks and --explain print (default: text)", &run.format, 0, 0},
	        {"--calibrate", 0, CLI_FLAG, NULL,
	         "run no command: measure this machine for about a minute and write it as an accelerator "
	         "profile to --output (default: standard output)",
	         &run.calibrates, 0, 0},
	        {"--calibrate-from", 0, CLI_LIST, "TRACE",
	         "with --calibrate: fit the rates of an engine's kernels from this recorded run and from "
	         "those that follow as arguments; may be repeated",
	         &run.calibrate_from, 0, 0},
	        {"--calibrate-seconds", 0, CLI_DOUBLE, "SECONDS",
	         "with --calibrate: about how long to measure (default: 60)", &run.calibrate_seconds, 0.1,
	         3600},
	        {"--quiet", 'q', CLI_FLAG, NULL, "say nothing after the run", &run.quiet, 0, 0},
	};

	run.idle_s = -1;
	memcpy(add_variables(run.options), own, sizeof(own));
}

/* The shim beside this program: in a build tree, in an installed one, or where
 * the distribution puts libraries of one machine. */
static int find_library(char *path, struct diag *d)
{
	static const char *const places[] = {"../lib", ("../" PROF_LIBDIR), "../lib64"};
	char exe[PATH_MAX];
	char *slash;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	for (unsigned i = 0; !run.library && i < sizeof(places) / sizeof(places[0]); i++) {
		char candidate[2 * PATH_MAX];

		snprintf(candidate, sizeof(candidate), "%s/%s/libprofshim.so", exe, places[i]);
		if (realpath(candidate, path))
			return 0;
	}
	if (!run.library)
		return diag_set(d, "libprofshim.so is not beside %s, in ../lib; --library says where it is",
		                exe);
	if (!realpath(run.library, path))
		return diag_set(d, "%s: %s", run.library, strerror(errno));
	return 0;
}

static int preload(char *library, struct diag *d)
{
	const char *others = getenv("LD_PRELOAD");
	char *all;
	int status;

	if (find_library(library, d) != 0)
		return -1;
	if (strpbrk(library, " :"))
		return diag_set(d,
		                "%s: LD_PRELOAD cannot hold a path with a space or a colon; "
		                "--library may name a link without them",
		                library);
	if (asprintf(&all, "%s%s%s", library, others && *others ? ":" : "", others ? others : "") < 0)
		return diag_set(d, "out of memory");
	status = setenv("LD_PRELOAD", all, 1);
	free(all);
	return status ? diag_set(d, "out of memory") : 0;
}

/* A program may change its folder; paths start where profrun was called. */
static const char *absolute_path(const char *output)
{
	char cwd[PATH_MAX];
	char *all;

	if (*output == '/' || !getcwd(cwd, sizeof(cwd)) || strstr(cwd, "%p")
	    || asprintf(&all, "%s%s%s", cwd, cwd[1] ? "/" : "", output) < 0)
		return output;
	return all;
}

static uint64_t realtime_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int set_variables(struct diag *d)
{
	char name[64];

	if (run.values[ENV_HOOKS] && *run.values[ENV_HOOKS] && strcmp(run.values[ENV_HOOKS], "none") != 0)
		run.values[ENV_HOOKS] = absolute_path(run.values[ENV_HOOKS]);
	if (!run.values[ENV_OUTPUT])
		run.values[ENV_OUTPUT] = getenv(variables[ENV_OUTPUT].env);
	if (!run.values[ENV_OUTPUT] || !*run.values[ENV_OUTPUT])
		run.values[ENV_OUTPUT] = variables[ENV_OUTPUT].standard;
	run.values[ENV_OUTPUT] = absolute_path(run.values[ENV_OUTPUT]);
	if (!run.values[ENV_RUN] && !getenv(variables[ENV_RUN].env)) {
		snprintf(name, sizeof(name), "%ld-%llx", (long)getpid(), (unsigned long long)realtime_ns());
		run.values[ENV_RUN] = name;
	}
	for (unsigned i = 0; i < N_ENV; i++)
		if (run.values[i] && setenv(variables[i].env, run.values[i], 1) != 0)
			return diag_set(d, "out of memory");
	return 0;
}

static int check_settings(struct diag *d)
{
	static int (*const checks[N_ENV])(const char *, struct diag *) = {
	        [ENV_MAX_SIZE] = settings_check_max_size,   [ENV_RECORD] = settings_check_record,
	        [ENV_FILTER] = settings_check_filter,       [ENV_BUDGET] = settings_check_budget,
	        [ENV_CALLSITES] = settings_check_callsites, [ENV_ENERGY] = settings_check_energy,
	        [ENV_FAMILIES] = settings_check_families,
	};

	for (unsigned i = 0; i < N_ENV; i++)
		if (checks[i] && run.values[i] && checks[i](run.values[i], d) != 0)
			return -1;
	return 0;
}

static const char *value_of(enum env_id id)
{
	const char *value = run.values[id] ? run.values[id] : getenv(variables[id].env);

	return value && *value ? value : variables[id].standard;
}

/* What was measured by somebody else is good enough, unless it was asked for. */
static int set_idle(struct diag *d)
{
	struct idle_request request = {
	        .sysfs = value_of(ENV_SYSFS),
	        .seconds = run.idle_s < 0 ? IDLE_DEFAULT_S : run.idle_s,
	        .is_told = !run.quiet,
	};
	char *idle;
	int status;

	if (!strcmp(value_of(ENV_ENERGY), "none") || run.idle_s == 0
	    || (run.idle_s < 0 && getenv(variables[ENV_IDLE].env)))
		return 0;
	idle = idle_measure(&request);
	if (!idle)
		return 0;
	status = setenv(variables[ENV_IDLE].env, idle, 1);
	free(idle);
	return status ? diag_set(d, "out of memory") : 0;
}

/* Without a command, of one that has no function to hook: this one. */
static int tell_hooks(const struct launch_request *program, const char *obstacle)
{
	struct hooks_request request = {.explain = run.explain, .format = TABLE_FOR_PEOPLE};
	struct diag d = {""};

	if (run.format && strcmp(run.format, "text") != 0)
		request.format = !strcmp(run.format, "json") ? TABLE_JSON : TABLE_CSV;
	if (obstacle)
		diag_set(&d, "%s cannot be profiled by preloading: %s", program->path, obstacle);
	else if (hooks_tell(program, &request, &d) == 0)
		return cli_finish("profrun", CLI_OK);
	return cli_error("profrun", d.text);
}

static void warn_static(const struct launch_request *program, const char *why)
{
	fprintf(stderr, "profrun: warning: %s is not recorded: %s, and %s\n", program->path,
	        command_is_static, why);
}

/* How the shim comes into the program: the clause that says why not, or null. */
static const char *find_obstacle(const char *path, const char *library, struct launch_request *program,
                                 struct diag *d)
{
	static struct inject_plan plan;
	const char *obstacle = command_obstacle(path);

	if (obstacle != command_is_static)
		return obstacle;
	if (inject_prepare(&plan, library, d) != 0)
		return d->text;
	program->plan = &plan;
	return NULL;
}

/* The settings that leave operations out, as options, each with a space before it. */
static void list_narrowed(char *text, size_t bytes)
{
	static const struct {
		enum env_id id;
		const char *option;
	} narrow[] = {{ENV_RECORD, "record"}, {ENV_FILTER, "filter"}, {ENV_FAMILIES, "families"}};
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < sizeof(narrow) / sizeof(narrow[0]) && used < bytes; i++)
		if (strcmp(value_of(narrow[i].id), variables[narrow[i].id].standard) != 0)
			used += (size_t)snprintf(text + used, bytes - used, " --%s=%s", narrow[i].option,
			                         value_of(narrow[i].id));
}

static void finish_traces(pid_t pid, const struct run_times *times)
{
	struct run_traces found;
	char narrowed[512];

	run_traces_find(run.values[ENV_OUTPUT], pid, times->began_realtime_ns, &found);
	run_traces_gather(run.values[ENV_OUTPUT], &found);
	list_narrowed(narrowed, sizeof(narrowed));
	if (!run.quiet)
		report_run(run.values[ENV_OUTPUT], &found, times, narrowed);
	run_traces_release(&found);
}

/* Before hours of a run that leaves nothing. The command may make the folder. */
static void warn_unwritable(void)
{
	const char *output = run.values[ENV_OUTPUT], *why = report_unwritable(output);

	if (why)
		fprintf(stderr, "profrun: warning: nothing can be written to the folder of %s: %s\n", output,
		        why);
}

static int run_program(const struct launch_request *program, const char *obstacle)
{
	struct run_times times;
	struct launch_end end;
	struct diag d = {""};

	if (!obstacle && set_idle(&d) != 0)
		return cli_error("profrun", d.text);
	if (obstacle)
		fprintf(stderr, "profrun: warning: %s cannot be profiled by preloading: %s\n", program->path,
		        obstacle);
	else
		warn_unwritable();
	times.began_realtime_ns = realtime_ns();
	if (launch_wait(program, &end) != 0) {
		diag_set(&d, "%s: %s", program->path, strerror(end.error));
		cli_error("profrun", d.text);
		return end.error == ENOENT ? COMMAND_NOT_FOUND : COMMAND_NOT_EXECUTABLE;
	}
	times.wall_s = (double)(realtime_ns() - times.began_realtime_ns) * 1e-9;
	if (!obstacle && !end.is_refused)
		finish_traces(end.pid, &times);
	launch_end_as(end.wait_status);
}

static int run_command(char **argv)
{
	char path[PATH_MAX], library[PATH_MAX];
	struct launch_request program = {.path = path, .argv = argv, .refused = warn_static};
	struct diag d = {""};
	const char *obstacle;
	int status = command_find(argv[0], path, &d);

	if (status != 0) {
		cli_error("profrun", d.text);
		return status;
	}
	if (set_variables(&d) != 0 || preload(library, &d) != 0)
		return cli_error("profrun", d.text);
	obstacle = find_obstacle(path, library, &program, &d);
	if (!run.lists && !run.explain)
		return run_program(&program, obstacle);
	program.refused = NULL;
	return tell_hooks(&program, obstacle);
}

/* Traces are those of --calibrate-from and the arguments. */
static int run_calibration(char **args, unsigned n_args)
{
	struct calibrate_request request = {.path = run.values[ENV_OUTPUT],
	                                    .sysfs = value_of(ENV_SYSFS),
	                                    .seconds = run.calibrate_seconds,
	                                    .n_traces = run.calibrate_from.n + n_args};
	const char **traces = calloc(request.n_traces + 1, sizeof(*traces));
	struct diag d = {"out of memory"};
	int status = -1;

	if (traces) {
		for (unsigned i = 0; i < run.calibrate_from.n; i++)
			traces[i] = run.calibrate_from.items[i];
		for (unsigned i = 0; i < n_args; i++)
			traces[run.calibrate_from.n + i] = args[i];
		request.traces = traces;
		status = calibrate(&request, &d);
	}
	free(traces);
	return status ? cli_error("profrun", d.text) : cli_finish("profrun", CLI_OK);
}

static int check_arguments(unsigned n_args, const char *usage, struct diag *d)
{
	if (!run.calibrates && (run.calibrate_from.n || run.calibrate_seconds > 0))
		return diag_set(
		        d, "--calibrate-from and --calibrate-seconds have no meaning without --calibrate");
	if (run.calibrates)
		return 0;
	if (n_args == 0 && !run.lists && !run.explain)
		return diag_set(d, "too few arguments: usage is profrun %s; try profrun --help", usage);
	if (run.format && !run.lists && !run.explain)
		return diag_set(d, "--format has no meaning without --list-hooks or --explain");
	return 0;
}

int main(int argc, char **argv)
{
	const struct cli_command command = {
	        .tool = "profrun",
	        .usage = "[OPTION]... [--] COMMAND [ARGUMENT]...",
	        .summary = "Run a program, unchanged, and record what its inference kernels do.",
	        .options = run.options,
	        .min_args = 0,
	        .max_args = ~0u,
	        .epilog = "Ends as the command did; 126 when it cannot be executed, 127 when there is none.",
	        .first_ends = true,
	};
	char own[] = "/proc/self/exe", *self[] = {own, NULL};
	struct diag d = {""};
	char **args;
	unsigned n_args;
	int status;

	cli_begin();
	make_options();
	status = cli_parse(&command, argc, argv, &args, &n_args);
	if (status != CLI_GO_ON)
		return status;
	if (check_settings(&d) != 0) {
		cli_error("profrun", d.text);
		return CLI_USAGE;
	}
	if (check_arguments(n_args, command.usage, &d) != 0) {
		cli_error("profrun", d.text);
		return CLI_USAGE;
	}
	args[n_args] = NULL;
	if (run.calibrates)
		return run_calibration(args, n_args);
	return run_command(n_args ? args : self);
}
