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

/* What the models are asked for. */
static unsigned fill_model(struct settings *s, struct cli_option *o)
{
	const struct cli_option options[] = {
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
	        {"--without", 0, CLI_LIST, "TERM", "leave a term of the roofline model out; may be repeated",
	         &s->without, 0, 0},
	        {"--stream-weights", 0, CLI_FLAG, NULL,
	         "weights that memory does not hold come over the host's link at each use",
	         &s->stream_weights, 0, 0},
	        {"--tensor", 0, CLI_INT, "N", "devices that share every product", &s->group.tensor, 1, 65536},
	        {"--pipeline", 0, CLI_INT, "N", "devices that each hold a part of the layers",
	         &s->group.pipeline, 1, 65536},
	        {"--expert", 0, CLI_INT, "N", "devices that each hold a part of the experts",
	         &s->group.expert, 1, 65536},
	        {"--micro-batches", 0, CLI_INT, "N", "parts that a step's rows are cut into for --pipeline",
	         &s->group.micro_batches, 1, 65536},
	        {"--topology", 0, CLI_CHOICE, "switch|ring|torus|host",
	         "how devices are joined; else as the profile says", &s->topology, 0, 0},
	        {"--collective", 0, CLI_CHOICE, "ring|tree|all-to-all",
	         "how devices bring results together; else as the profile says", &s->collective, 0, 0},
	};

	memcpy(o, options, sizeof options);
	return sizeof options / sizeof *options;
}

static struct cli_option *fill(struct settings *s, struct cli_option *o)
{
	unsigned n = fill_model(s, o);
	const struct cli_option options[] = {
	        {"--arch", 'a', CLI_LIST, "NAME",
	         "replay with everything on this accelerator; may be repeated", &s->archs, 0, 0},
	        {"--map", 'm', CLI_LIST, "FILE|KEY=DEVICE[,t|m]",
	         "map contexts, operations or patterns to devices; may be repeated", &s->maps, 0, 0},
	        {"--extra-archs", 'x', CLI_LIST, "FILE",
	         "read more accelerators from this file; may be repeated", &s->extra_archs, 0, 0},
	        {"--list-archs", 0, CLI_FLAG, NULL, "list the accelerators known and leave", &s->list_archs,
	         0, 0},
	        {"--check-arch", 0, CLI_FLAG, NULL, "check the accelerator files that are given, and leave",
	         &s->check_arch, 0, 0},
	        {"--arch-schema", 0, CLI_FLAG, NULL, "print a JSON Schema of accelerator files, and leave",
	         &s->arch_schema, 0, 0},
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
	        {"--validate", 0, CLI_FLAG, NULL,
	         "compare the measured times with those modelled for --arch, the machine that recorded them",
	         &s->validate, 0, 0},
	        {"--plot", 0, CLI_STRING, "FILE",
	         "with --validate: draw modelled against measured times, as SVG or, by its name, PNG",
	         &s->plot, 0, 0},
	        {"--explain", 0, CLI_FLAG, NULL, "add each term of the price of each kind of operation",
	         &s->explain, 0, 0},
	        {NULL, 0, CLI_FLAG, NULL, NULL, NULL, 0, 0},
	};

	memcpy(o + n, options, sizeof options);
	return o;
}

/* What the published rules do not know: ignored in silence, it would look as if
 * it had been priced. Null: nothing of that is asked for. */
static const char *roofline_alone(const struct settings *s)
{
	const struct model_group_options *g = &s->group;

	if (s->explain)
		return "--explain shows the terms of the roofline model";
	if (s->without.n)
		return "--without leaves out terms of the roofline model; that of --model pim-ai has none";
	if (s->stream_weights)
		return "--stream-weights is the roofline model's; that of --model pim-ai has no capacity";
	if (g->tensor || g->pipeline || g->expert || g->micro_batches || s->topology || s->collective)
		return "several devices are the roofline model's; --model pim-ai knows one, or --map";
	return NULL;
}

/* CSV is one table: two cannot be told apart. */
static int check(const struct settings *s, unsigned n_args)
{
	int tables = s->layers + s->functions + s->summary + s->log + s->verbose + s->explain;

	if (!strcmp(s->format, "csv") && tables > 1)
		return cli_error("profreplay", "--format csv holds one table; ask for one at a time"),
		       CLI_USAGE;
	if (!strcmp(s->format, "csv") && s->verbose)
		return cli_error("profreplay", "--verbose explains in text; choose --format text"), CLI_USAGE;
	if (!strcmp(s->model, "pim-ai") && roofline_alone(s))
		return cli_error("profreplay", roofline_alone(s)), CLI_USAGE;
	if (s->check_arch && !n_args)
		return cli_error("profreplay", "--check-arch needs a file"), CLI_USAGE;
	if (s->list_archs || s->check_arch || s->arch_schema)
		return CLI_GO_ON;
	if (n_args != 1)
		return cli_error("profreplay", n_args ? "one trace at a time; see profreplay --help"
		                                      : "a trace is needed; see profreplay --help"),
		       CLI_USAGE;
	if (s->plot && !s->validate)
		return cli_error("profreplay", "--plot draws what --validate compares; give both"), CLI_USAGE;
	if (s->validate && (s->archs.n != 1 || s->maps.n || tables))
		return cli_error("profreplay", "--validate takes one --arch, no --map and no other report"),
		       CLI_USAGE;
	if (!s->archs.n && !s->maps.n)
		return cli_error("profreplay",
		                 "a device is needed: --arch NAME or --map; --list-archs lists those known"),
		       CLI_USAGE;
	return CLI_GO_ON;
}

int settings_parse(struct settings *s, int argc, char **argv)
{
	struct cli_option options[40];
	struct cli_command command = {
	        .tool = "profreplay",
	        .usage = "[OPTION]... TRACE",
	        .summary = "Price a recorded run on other devices: time, energy and power beside the CPU's.",
	        .options = fill(s, options),
	        .min_args = 0,
	        .max_args = 4096,
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
	s->files = args;
	s->n_files = n_args;
	return check(s, n_args);
}
