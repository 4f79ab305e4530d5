/* ledger.h: what the programs of the matrix did, as they know it themselves.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A file, mapped by every process of a situation, in which each of them counts
 * its operations; check.c compares it with the traces, operation for operation.
 * An image is one program in one process: fork() and exec() make a new one. A
 * lane is a series of operations in a known order, usually one thread's. The
 * s-th operation (from 0) of a lane is a matrix product of m = lane (from 1),
 * n = 1 + s % LEDGER_CYCLE, k = image (from 1): each says where it belongs.
 */
#ifndef TESTS_PRELOAD_MATRIX_LEDGER_H
#define TESTS_PRELOAD_MATRIX_LEDGER_H

#include <stdint.h>

#define LEDGER_CYCLE  5u
#define LEDGER_IMAGES 4096u
#define LEDGER_LANES  32768u

/* How the trace of an image must end. */
enum fate {
	FATE_EXIT,    /* complete: END by the program's end */
	FATE_QUICK,   /* complete: END by _exit() or quick_exit() */
	FATE_EXEC,    /* complete: END because another program followed */
	FATE_KILLED,  /* complete, but no END */
	FATE_STOPPED, /* the beginning of each lane, END and a note that say why */
	FATE_NOTHING, /* no trace, whatever was done */
	FATE_ANY      /* the beginning of each lane: the trace was damaged by somebody */
};

struct ledger_image {
	int pid;
	uint32_t fate;
	uint32_t lossy;   /* what is missing of lossy lanes is counted as lost */
	uint32_t running; /* threads went on when it ended */
};

struct ledger_lane {
	uint32_t image;   /* from 1 */
	uint32_t lossy;   /* some may be missing */
	uint32_t running; /* it went on when recording ended */
	uint32_t reserved;
	uint64_t begun, done; /* operations */
	uint64_t least;       /* of a running image: done when it was about to end */
};

/* All zero at first; numbers are given by atomic addition. */
struct ledger {
	uint32_t images, lanes;
	struct ledger_image image[LEDGER_IMAGES];
	struct ledger_lane lane[LEDGER_LANES];
};

#endif
