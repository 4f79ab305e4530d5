/* settings.c: the command line of profreplay.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <string.h>

#include "tools/profreplay/profreplay.h"

static const char epilog[] =
        "A trace is what libprofshim.so wrote, or an op list. Each --arch is one replay with every\n"
        "operation on that device; all --map together are one more, called \"mapped\".\n"
        "A mapping's KEY is a context (q_proj), an operation (softmax), the name of a function in the\n"
        "published simulator (UPM_LlamaRMSNorm), or a pattern with * and ?. After the device, t means:\n"
        "go over the host each time; m: only for the first of a layer's experts.\n";

static struct cli_option *fill(struct settings *s, struct cli_option *o)
{
	const struct cli_option options[] = {
	        {"--arch", 'a', CLI_LIST, "NAME",
	         "replay with everything on this accelerator; may be repeated", &s->archs, 0, 0},
	        {"--map", 'm', CLI_LIST, "FILE|KEY=DEVICE[,t|m]",
	         "map contexts, operations or patterns to devices; may be repeated", &s->maps, 0, 0},
	        {"--model", 0, CLI_CHOICE, "roofline|pim-ai",
	         "cost model: true work against peaks, or the published PIM-AI rules", &s->model, 0, 0},
	        {"--data-type", 0, CLI_STRING, "TYPE",
	         "price as if everything had this type (int4, int8, float16, ...); else as in the trace",
	         &s->dtype, 0, 0},
	        {"--kv-heads", 0, CLI_INT, "N", "heads of the cache, where shapes repeat them", &s->kv_heads,
	         -1, 1e6},
	        {"--sliding-window", 0, CLI_INT, "N", "positions that attention looks back at most",
	         &s->sliding_window, -1, 1e9},
	        {"--batch-size", 0, CLI_INT, "N", "sequences run together, where shapes do not show them",
	         &s->batch_size, 0, 1e6},
	        {"--last-layer", 0, CLI_STRING, "NAME",
	         "context whose first execution ends the prefill phase", &s->last_layer, 0, 0},
	        {"--moe-end", 0, CLI_STRING, "NAME", "context that ends a layer's experts", &s->moe_end, 0,
	         0},
	        {"--experts-per-token", 0, CLI_INT, "N", "experts that each token uses (default 2)",
	         &s->experts_per_token, 1, 1e6},
	        {"--extra-archs", 'x', CLI_LIST, "FILE",
	         "read more accelerators from this file; may be repeated", &s->extra_archs, 0, 0},
	        {"--list-archs", 0, CLI_FLAG, NULL, "list the accelerators known and leave", &s->list_archs,
	         0, 0},
	        {"--host", 0, CLI_STRING, "NAME",
	         "host profile for assumed watts; else chosen by the CPU's name", &s->host, 0, 0},
	        {"--net", 0, CLI_FLAG, NULL, "take what recording cost off the measured times", &s->net, 0,
	         0},
	        {"--report-layers", 0, CLI_FLAG, NULL, "add a table by layer", &s->layers, 0, 0},
	        {"--report-functions", 0, CLI_FLAG, NULL, "add a table by kind of operation", &s->functions,
	         0, 0},
	        {"--print-log", 0, CLI_FLAG, NULL, "add every operation in order, with its price", &s->log, 0,
	         0},
	        {"--print-log-summary", 0, CLI_FLAG, NULL,
	         "add a table by context, and how much of the time it explains", &s->summary, 0, 0},
	        {"--verbose", 'v', CLI_FLAG, NULL, "add how the price of each different operation came about",
	         &s->verbose, 0, 0},
	        {"--format", 'f', CLI_CHOICE, "text|json|csv", "how to print (default text)", &s->format, 0,
	         0},
	        {NULL, 0, CLI_FLAG, NULL, NULL, NULL, 0, 0},
	};

	memcpy(o, options, sizeof options);
	return o;
}

/* CSV is one table: two cannot be told apart. */
static int check(const struct settings *s, unsigned n_args)
{
	int tables = s->layers + s->functions + s->summary + s->log + s->verbose;

	if (!strcmp(s->format, "csv") && tables > 1)
		return cli_error("profreplay", "--format csv holds one table; ask for one at a time"),
		       CLI_USAGE;
	if (!strcmp(s->format, "csv") && s->verbose)
		return cli_error("profreplay", "--verbose explains in text; choose --format text"), CLI_USAGE;
	if (s->list_archs)
		return CLI_GO_ON;
	if (n_args != 1)
		return cli_error("profreplay", "a trace is needed; see profreplay --help"), CLI_USAGE;
	if (!s->archs.n && !s->maps.n)
		return cli_error("profreplay",
		                 "a device is needed: --arch NAME or --map; --list-archs lists those known"),
		       CLI_USAGE;
	return CLI_GO_ON;
}

int settings_parse(struct settings *s, int argc, char **argv)
{
	struct cli_option options[24];
	struct cli_command command = {
	        .tool = "profreplay",
	        .usage = "[OPTION]... TRACE",
	        .summary = "Price a recorded run on other devices: time, energy and power beside the CPU's.",
	        .options = fill(s, options),
	        .min_args = 0,
	        .max_args = 1,
	        .epilog = epilog,
	};
	char **args;
	unsigned n_args;
	int rc;

	s->model = "roofline";
	s->format = "text";
	s->experts_per_token = 2;
	rc = cli_parse(&command, argc, argv, &args, &n_args);
	if (rc != CLI_GO_ON)
		return rc;
	s->path = n_args ? args[0] : NULL;
	return check(s, n_args);
}
