/* calibration.h: what a host's own measurements say of the time of operations.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * `profrun --calibrate` measures bandwidths by level and rates of arithmetic, and
 * fits the rates of an engine's kernels from recorded runs. A profile that holds
 * the result (key `calibration`, docs/calibration.md) prices operations so:
 *
 *   time = launch_ns + sync_ns (T - 1) + compute C + weights W + inputs I + outputs O
 *
 * where T is the number of threads, C the time of the operation's arithmetic at
 * the best measured float32 rate of T threads, W, I and O the times that its weights,
 * its other operands and its results take at the bandwidth that T threads were
 * measured to have where so many bytes lie. The coefficients belong to a kind of
 * operation, the data type of its weights and one or many rows; dimensionless ones
 * are how many times longer than the machine could that kernel takes.
 */
#ifndef TOOLS_LIB_CALIBRATION_CALIBRATION_H
#define TOOLS_LIB_CALIBRATION_CALIBRATION_H

#include <stdio.h>

#include "tools/lib/calibration/fit.h"
#include "tools/lib/trace/op.h"
#include "tools/lib/support/yaml_doc.h"

#define CALIBRATION_CONTEXT 32u

struct calibration_bandwidth {
	double threads, bytes; /* of all threads' data together */
	double gb_s;           /* of all threads together */
};

struct calibration_compute {
	double threads;
	unsigned dtype; /* enum prof_dtype, of the factors */
	double m, n, k; /* 0: multiply-adds in registers alone */
	double gflop_s; /* of all threads together */
};

/* Rows of the result that share the weights: another number, another kernel. */
enum calibration_rows { CALIBRATION_ANY, CALIBRATION_ONE, CALIBRATION_MANY };

struct calibration_rate {
	unsigned op, dtype; /* enum prof_op; enum prof_dtype of weights or first operand */
	enum calibration_rows rows;
	char context[CALIBRATION_CONTEXT]; /* of products of attention and of moves; "" for others */
	double c[FIT_TERMS];               /* launch_ns, sync_ns, compute, weights, inputs, outputs */
	double operations;                 /* that it was fitted from */
	double median_error, p90_error;    /* of those, relative */
};

struct calibration {
	double threads;    /* that the host shows */
	double between[2]; /* ns from one operation to the next inside a step: of one thread, of each more */
	struct calibration_bandwidth *bandwidth;
	struct calibration_compute *compute;
	struct calibration_rate *rates;
	unsigned n_bandwidth, n_compute, n_rates;
	unsigned bandwidth_capacity, compute_capacity, rates_capacity;
};

/* How a run uses the machine. */
struct calibration_run {
	double threads;      /* that share an operation */
	double weight_bytes; /* of all constant weights, which a pass goes through */
};

/* Room for one more, zeroed; null without memory. */
struct calibration_bandwidth *calibration_add_bandwidth(struct calibration *c);
struct calibration_compute *calibration_add_compute(struct calibration *c);
struct calibration_rate *calibration_add_rate(struct calibration *c);
void calibration_free(struct calibration *c);

/* GB/s where so many bytes lie, and the best GFLOP/s of a data type (float32
 * where that type was not measured), of so many threads; between what was
 * measured by interpolation, outside it as at its end. 0: nothing was measured. */
double calibration_bandwidth_at(const struct calibration *c, double threads, double bytes);
double calibration_gflop_s(const struct calibration *c, double threads, unsigned dtype);

/* What the terms of an operation multiply, ns. */
void calibration_terms(const struct calibration *c, const struct op_desc *d,
                       const struct calibration_run *run, double x[FIT_TERMS]);

/* The rate that an operation goes by: that of its own data type, else of the
 * nearest one that the same kind of operation was fitted for; or null. */
const struct calibration_rate *calibration_find(const struct calibration *c, const struct op_desc *d);

/* The rate's keys of an operation (op, dtype, rows, context). */
void calibration_key(const struct op_desc *d, struct calibration_rate *key);

/* How long an operation takes, ns; NaN where no rate is known. And what passes from
 * one to the next. */
double calibration_ns(const struct calibration *c, const struct op_desc *d,
                      const struct calibration_run *run);
double calibration_between_ns(const struct calibration *c, const struct calibration_run *run);

/* Read the value of the key `calibration` of a profile; null and an error.
 * Write it, indented by two tab stops of four spaces. */
struct calibration *calibration_read(struct yaml_doc *y, yaml_node_t *map, struct diag *d);
void calibration_write(const struct calibration *c, FILE *out);

/* Keys of a calibration, ended by null: numbers, and from CALIBRATION_FIRST_LIST on
 * lists. */
#define CALIBRATION_FIRST_LIST 3u
extern const char *const calibration_keys[];
extern const char *const calibration_rows_names[]; /* by enum calibration_rows, ended by null */
extern const char *const calibration_terms_names[FIT_TERMS];

#endif
