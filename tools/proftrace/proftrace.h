/* proftrace.h: what the subcommands share.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFTRACE_PROFTRACE_H
#define TOOLS_PROFTRACE_PROFTRACE_H

#include "tools/lib/support/cli.h"
#include "tools/lib/support/table.h"
#include "tools/lib/trace/trace.h"

#define PROFTRACE_COMMAND(name, help) int command_##name(int argc, char **argv);
#include "tools/proftrace/commands.def"
#undef PROFTRACE_COMMAND

/* Open a trace and say on standard error what is wrong with it, or with why it
 * cannot be opened: then null. */
struct trace *proftrace_open(const char *tool, const char *path, const struct trace_options *options);

/* "text", "json" or "csv" of --format. */
enum table_format proftrace_format(const char *name);

/* The name of a phase, "" for none. */
const char *proftrace_phase(enum prof_phase phase);

/* "14:02:11.123456" style: seconds with nanoseconds, into buf; returns buf. */
const char *proftrace_time(uint64_t time_ns, char *buf, unsigned bytes);

#endif
