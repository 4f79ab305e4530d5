/* profreplay.h: what the files of profreplay share.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFREPLAY_PROFREPLAY_H
#define TOOLS_PROFREPLAY_PROFREPLAY_H

#include "tools/lib/support/cli.h"
#include "tools/lib/replay/recording_net.h"
#include "tools/lib/replay/replay_report.h"

/* As given on the command line. */
struct settings {
	struct cli_list archs, maps, extra_archs, without;
	const char *model, *dtype, *format, *host;
	const char *last_layer, *moe_end, *topology, *collective;
	int64_t kv_heads, sliding_window, batch_size, experts_per_token;
	struct model_group_options group;
	bool layers, functions, log, summary, verbose, explain, list_archs, check_arch, arch_schema, net,
	        stream_weights, validate;
	const char *path, *plot;
	char **files; /* for --check-arch */
	unsigned n_files;
};

/* Everything of one run of the tool. */
struct session {
	struct settings set;
	struct replay_options options;
	struct arch_set archs;
	struct map *maps; /* one per replay */
	struct replay **replays;
	const char **names;
	unsigned n_replays;
	struct report_refusal *refusals; /* those that were left out, with the sentence why */
	unsigned n_refusals;
	struct trace *trace;
	struct measured measured;
	struct recording_net net;
	struct replay_counters counters;
	double *desc_ns;
	uint8_t *seen; /* by step: the pass met it */
	struct host host;
	bool has_host;
	double host_w;
};

/* CLI_GO_ON, or an exit status. */
int settings_parse(struct settings *s, int argc, char **argv);

/* Read accelerators and mappings, open the trace, and replay it. 0 or -1. */
int session_archs(struct session *s, struct diag *d);
int session_run(struct session *s, struct diag *d);
void session_release(struct session *s);

/* Print what was asked for; what shows single operations goes over the trace
 * once more. */
int session_print(struct session *s, struct diag *d);
/* Compare what was measured with what the accelerator's profile predicts, and print it. */
int validate_print(struct session *s, struct diag *d);

void session_list_archs(const struct session *s);

/* Read each file and say what its profiles hold; an exit status. */
int check_archs(const struct settings *s);

#endif
