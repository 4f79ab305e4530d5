/* model.h: what both cost models are made from, and their options.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A model prices one operation on one device. Which device that is, and when
 * data moves, is the replay's business (replay.h).
 */
#ifndef TOOLS_LIB_MODEL_MODEL_H
#define TOOLS_LIB_MODEL_MODEL_H

#include <prof/trace_format.h>

#include "tools/lib/arch/arch.h"
#include "tools/lib/model/model_cost.h"
#include "tools/lib/trace/op.h"

enum model_kind { MODEL_ROOFLINE, MODEL_PIM_AI };

/* The terms of the default model. */
enum model_term {
#define MODEL_TERM(id, name, unit, meaning) MODEL_TERM_##id,
#include "tools/lib/model/model_terms.def"
#undef MODEL_TERM
	MODEL_N_TERMS
};

/* Several devices of one profile; 0 and 1: not in this way. */
struct model_group_options {
	int64_t tensor;           /* devices that share every product */
	int64_t pipeline;         /* groups of layers, one after the other */
	int64_t expert;           /* devices that each hold a part of the experts */
	int64_t micro_batches;    /* into which a step's rows are cut for the pipeline */
	int topology, collective; /* -1: as the profile says */
};

struct model_options {
	enum model_kind kind;
	int dtype;              /* of everything; -1: as the trace says */
	int64_t kv_heads;       /* 0: as shapes say */
	int64_t sliding_window; /* 0: none */
	int64_t batch_size;     /* sequences together; 0: as shapes say */
	int64_t experts_per_token;
	const char *last_layer; /* null: OP_LAST_LAYER, without ending prefill */
	const char *moe_end;    /* null: none */

	/* The default model's own. */
	uint32_t without;    /* bit t: leave out enum model_term t */
	bool stream_weights; /* over the host's link, where memory does not hold them */
	struct model_group_options group;
};

/* Context that the rows of a step see; 0: as shapes say. */
struct model_ctx {
	double bytes;     /* for what is read: positions that somebody needs, of all sequences */
	double flops;     /* for what is computed: mean over rows, of a row's own sequence */
	double sequences; /* that share the step; up to 1: one */
};

/* ---- the published PIM-AI rules (reference: docs/cost_models.md) ---- */

/* The host of the published rules: 1 TFLOP/s, 1 pJ per TFLOP, 1 GB/s. */
const struct arch *model_pim_ai_host(void);

/* Whether these rules price this kind of operation at all. */
bool model_pim_ai_prices(const struct op_desc *d);

/* Price on a device, without transfers. */
void model_pim_ai_price(const struct op_desc *d, const struct arch *a, const struct model_options *o,
                        enum prof_phase phase, struct cost *c);

/* Elements that move when an operation changes device: its input, the key of
 * attention. And bytes of one element of it. */
double model_pim_ai_moved_elements(const struct op_desc *d);
double model_pim_ai_element_bytes(const struct op_desc *d, const struct model_options *o);

/* KV read of unfused attention in decode: elements per position of the cache. */
double model_pim_ai_kv_per_position(const struct op_desc *d);

/* ---- the default model: roofline ---- */

/* A device, and what it is used for. */
struct model_device {
	const struct arch *arch;
	const struct model_options *options;
	double resident_bytes; /* weights and cache that one device keeps from step to step; 0: unknown */
	double streamed;       /* part of the weights that memory does not hold; 0 without --stream-weights */
	unsigned layers;       /* of the network; 0: unknown */
	double threads;        /* of a calibrated host; 0: all it has */
	double weight_bytes;   /* of all weights, which a pass goes through; for a calibrated host */
};

/* One term of one price. Times of all terms add up to the price's time, and
 * energies to its energy; what overlaps is a term of its own, below zero. */
struct model_part {
	double ns, pj;
	double amount; /* what the formula was given, in the term's unit */
	double rate;   /* amount per ns at which it was counted; 0: none */
};

struct model_parts {
	struct model_part part[MODEL_N_TERMS];
	double m, n, k, batch;     /* of the product; 0: none */
	double block_m, block_n;   /* of the result that a unit computes together */
	double reread_a, reread_b; /* how often operands go through memory */
};

/* Bytes of the activations an operation takes in, and of what it gives out. */
void model_roofline_moved_bytes(const struct op_desc *d, const struct model_options *o, double *in,
                                double *out);

const char *model_term_name(enum model_term t);
const char *model_term_unit(enum model_term t);
/* The term of that name, or -1 and an error with the nearest one. */
int model_term_find(const char *name, struct diag *d);

#endif
