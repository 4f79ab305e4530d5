/* trace_format.h: the layout of a trace file, version 2.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * docs/trace_format.md says the same in prose. Everything is little-endian.
 * A file is one struct prof_file_header followed by chunks. Two kinds of
 * chunk: META holds typed, 8-byte aligned records (strings, descriptors,
 * modules, steps, ...) in the order in which they were interned; OPS holds one
 * thread's operations as a byte stream (trace_codec.h). A third, TIMELINE,
 * exists where the size of the file is limited: it holds those META records
 * that go with time (CLOCK_SYNC, ENERGY_SAMPLE, STEP, STEP_END), so that the
 * oldest of them can be given up together with the operations beside them.
 *
 * A trace is complete at every moment: a META record is valid once its `type`
 * is non-zero, an operation record once its first byte is; both are written
 * last, into space that is zero. Nothing has to be flushed or closed for a
 * reader to find what was recorded.
 *
 * Times are ticks of the file's clock since its epoch: raw clock readings,
 * less header.epoch_raw, shifted right by header.tick_shift.
 */
#ifndef PROF_TRACE_FORMAT_H
#define PROF_TRACE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define PROF_TRACE_MAGIC   "PROFTRC\n"
#define PROF_TRACE_VERSION 2u
#define PROF_CHUNK_MAGIC   0x4b484350u /* "PCHK" */

/* Chunks start at multiples of this but for the first, which follows the
 * header; a reader that lost its way looks for a chunk at the next multiple. */
#define PROF_CHUNK_ALIGN 65536u

/* The largest descriptor id + 1: ids are 24 bits in an operation record. */
#define PROF_MAX_DESCS (1u << 24)
/* Descriptors below this take part in prediction by successor. */
#define PROF_MAX_PREDICTED 65536u
#define PROF_MAX_COUNTERS  16u
#define PROF_MAX_FRAMES    64u
#define PROF_MAX_DIMS      6u
#define PROF_MAX_OPERANDS  8u
#define PROF_MAX_ATTRS     16u

enum prof_clock_kind {
	PROF_CLOCK_TSC = 1,       /* invariant time stamp counter, raw */
	PROF_CLOCK_MONOTONIC = 2, /* clock_gettime(CLOCK_MONOTONIC), ns */
	PROF_CLOCK_NONE = 3,      /* imported: ticks are ns, nobody's clock */
	PROF_CLOCK_CNTVCT = 4,    /* aarch64 virtual counter */
};

enum prof_file_state {
	PROF_STATE_OPEN = 0,   /* being written, or its writer was killed */
	PROF_STATE_CLOSED = 1, /* ended by its writer: nothing is missing */
	PROF_STATE_STOPPED = 2 /* recording stopped early; a NOTE says why */
};

struct prof_file_header {
	char magic[8];
	uint32_t version;
	uint32_t header_bytes;       /* offset of the first chunk */
	uint32_t clock_kind;         /* enum prof_clock_kind */
	uint32_t tick_shift;         /* ticks = (raw - epoch_raw) >> tick_shift */
	double tick_ns_estimate;     /* ns per tick as known when recording began */
	uint64_t epoch_raw;          /* raw clock at tick 0 */
	uint64_t epoch_realtime_ns;  /* CLOCK_REALTIME at tick 0 */
	uint64_t epoch_monotonic_ns; /* CLOCK_MONOTONIC at tick 0 */
	uint8_t run_id[16];          /* the same for all processes of one run */
	uint32_t pid;
	uint32_t ppid;
	uint32_t state; /* enum prof_file_state; changes */
	uint32_t reserved0;
	uint64_t checksum; /* XXH3-64 of the bytes before `pid`, as written */
	/* Of a file whose size is limited (version 2; change as chunks are used
	 * again): operation records that were in chunks given up, and the tick
	 * from which on nothing was given up. */
	uint64_t dropped_records;
	uint64_t kept_tick;
	uint8_t reserved[400];
};

enum prof_chunk_kind { PROF_CHUNK_META = 1, PROF_CHUNK_OPS = 2, PROF_CHUNK_TIMELINE = 3 /* version 2 */ };

#define PROF_CHUNK_SEALED 1u /* used_bytes and checksum are valid */

struct prof_chunk_header {
	uint32_t magic;
	uint16_t kind; /* enum prof_chunk_kind */
	uint16_t flags;
	uint32_t size_bytes;  /* this header, the payload and its slack */
	uint32_t used_bytes;  /* payload bytes, when sealed */
	uint32_t thread;      /* index of the THREAD record; 0 for META and TIMELINE */
	uint32_t serial;      /* 0, 1, 2, ... within the thread, META or TIMELINE */
	uint64_t base_tick;   /* "end of the previous record" of the first one */
	uint64_t checksum;    /* XXH3-64 of the payload's used bytes, when sealed */
	uint32_t group;       /* group in progress at the start, 0: none */
	uint32_t group_index; /* operations of it already recorded */
	uint32_t step;        /* step in force at the start, plus 1; 0: none */
	uint8_t n_counters;   /* counters of an operation with counters */
	uint8_t ith;          /* this thread's number in the group in progress (255: 255 or more) */
	uint8_t nth;          /* threads of the group in progress (255: 255 or more) */
	uint8_t reserved[5];
};

/* ---- META records ---- */

enum prof_meta_type {
	PROF_META_FACT = 1,
	PROF_META_MODULE,
	PROF_META_STRING,
	PROF_META_SITE,
	PROF_META_DESC,
	PROF_META_THREAD,
	PROF_META_CLOCK_SYNC,
	PROF_META_COUNTER,
	PROF_META_ENERGY_DOMAIN,
	PROF_META_ENERGY_SAMPLE,
	PROF_META_STEP,
	PROF_META_STEP_END,
	PROF_META_COST,
	PROF_META_NOTE,
	PROF_META_END,
	PROF_META_STEP_NEXT, /* version 2 */
	PROF_META_STEP_TOOK, /* version 2 */
	PROF_META_PROCESS,   /* version 2, in merged traces */
};

struct prof_meta {
	uint16_t type; /* 0: no more records */
	uint16_t reserved;
	uint32_t size_bytes; /* with this header, a multiple of 8 */
};

/* Something about host, process or run: "key\0value\0" follows. Keys are
 * dotted: host.cpu, host.cores, host.memory_bytes, host.kernel, process.exe,
 * process.command, process.cwd, run.version, run.env.PROFSHIM_COUNTERS, ... */
struct prof_meta_fact {
	struct prof_meta head;
	uint32_t key_bytes, value_bytes; /* with their zeros */
};

struct prof_meta_module {
	struct prof_meta head;
	uint32_t id;            /* from 1, in order */
	uint32_t path_bytes;    /* with its zero; the path follows the build-id */
	uint64_t start, end;    /* mapped addresses */
	uint64_t bias;          /* address in memory less address in the file's headers */
	uint64_t tick;          /* first seen */
	uint8_t build_id_bytes; /* 0 to 32 */
	uint8_t build_id[32];
	uint8_t reserved[7];
};

struct prof_meta_string {
	struct prof_meta head;
	uint32_t id;    /* from 1, in order; 0 means no string */
	uint32_t bytes; /* without a zero; UTF-8 as the program had it */
};

struct prof_frame {
	uint32_t module; /* 0: no module known; then offset is the address */
	uint32_t reserved;
	uint64_t offset; /* return address less the module's bias */
};

/* A call site: frames follow, innermost first, none of them the shim's. */
struct prof_meta_site {
	struct prof_meta head;
	uint32_t id; /* from 1, in order; 0 means not taken */
	uint32_t n_frames;
};

#define PROF_DESC_UNTIMED   1u /* no times were given (imported) */
#define PROF_DESC_INFERRED  2u /* known from the graph, its kernel not seen */
#define PROF_DESC_CANONICAL 4u /* context and layer are canonical already (imported) */
#define PROF_DESC_UNPLACED  8u /* durations were given, starts not: they only keep the order (imported) */

/* One kind of operation as it comes back: operands, then attributes follow. */
struct prof_meta_desc {
	struct prof_meta head;
	uint32_t id; /* from 0, in order */
	uint16_t op; /* ops.def */
	uint8_t n_operands;
	uint8_t n_attrs;
	uint32_t flags;
	int32_t layer;    /* -1: not known here; tools find it in the context */
	uint32_t family;  /* string: "ggml", "blas", ... */
	uint32_t name;    /* string: the native kernel, "MUL_MAT", "cblas_sgemm" */
	uint32_t context; /* string: the native name, "blk.0.attn_q.weight" */
	uint32_t result;  /* string: the result's own name, "Qcur-0" */
	uint32_t region;  /* string: the user's regions, "a.b" */
	uint32_t site;    /* call site */
	uint32_t extra;   /* string: unknown op list keys, as one JSON object */
	uint32_t reserved;
};

#define PROF_OPERAND_STRIDED   1u /* strides follow the dimensions */
#define PROF_OPERAND_SHAPELESS 2u /* only the type is known; no dimensions */

struct prof_desc_operand {
	uint8_t role;  /* operands.def */
	uint8_t dtype; /* dtypes.def */
	uint8_t n_dims;
	uint8_t flags;
	uint32_t name; /* string */
	               /* uint64_t dims[n_dims], outermost first; then, when STRIDED,
	 * int64_t strides_bytes[n_dims] */
};

struct prof_desc_attr {
	uint16_t attr; /* attrs.def */
	uint16_t reserved[3];
	int64_t value;
};

struct prof_meta_thread {
	struct prof_meta head;
	uint32_t index; /* from 1, in order */
	uint32_t tid;
	uint64_t tick; /* first seen */
	char name[16];
};

struct prof_meta_clock_sync {
	struct prof_meta head;
	uint64_t tick;
	uint64_t monotonic_ns; /* CLOCK_MONOTONIC, read between two clock readings */
	uint64_t error_ticks;  /* distance of those two */
};

enum prof_counter_kind { PROF_COUNTER_HARDWARE = 1, PROF_COUNTER_SOFTWARE = 2, PROF_COUNTER_MISSING = 3 };

/* A counter asked for: "name\0why\0" follows; why: of a missing one the reason; of
 * others what there is to know (multiplexed), mostly empty. */
struct prof_meta_counter {
	struct prof_meta head;
	uint32_t index; /* position in operation records; ~0 when missing */
	uint32_t kind;
	uint32_t name_bytes, why_bytes; /* with their zeros */
	double read_ns;                 /* measured cost of reading the whole set once */
};

enum prof_energy_source {
	PROF_ENERGY_POWERCAP = 1, /* sysfs class/powercap: RAPL, as the kernel shows it */
	PROF_ENERGY_PAPI = 2,     /* PAPI's rapl or powercap component */
	PROF_ENERGY_HWMON = 3,    /* sysfs class/hwmon: energy, or power times time (version 2) */
	PROF_ENERGY_BATTERY = 4,  /* sysfs class/power_supply: what the battery gave (version 2) */
};

struct prof_meta_energy_domain {
	struct prof_meta head;
	uint32_t id;         /* from 1 */
	uint32_t source;     /* enum prof_energy_source */
	uint32_t parent;     /* domain that includes this one's energy, 0: none */
	uint32_t name_bytes; /* with its zero; "package-0", "core", "dram" follows */
};

struct prof_meta_energy_sample {
	struct prof_meta head;
	uint64_t tick;
	uint32_t domain;
	uint32_t reserved;
	uint64_t energy_uj; /* since recording began, wrap-around undone */
};

enum prof_phase { PROF_PHASE_UNKNOWN = 0, PROF_PHASE_PREFILL = 1, PROF_PHASE_DECODE = 2 };

#define PROF_STEP_EXPLICIT 1u /* number and phase were given (import): an absent one is absent */

struct prof_meta_step {
	struct prof_meta head;
	uint32_t index; /* from 0, in order: what operation records refer to */
	uint32_t flags;
	int64_t number;     /* the step's number for people; -1: none given */
	uint32_t phase;     /* enum prof_phase; UNKNOWN: by the rules of the reader */
	uint32_t tokens;    /* tokens in this pass, 0: unknown */
	uint32_t sequences; /* sequences in this pass, 0: unknown */
	uint32_t ctx_max;   /* longest context any token sees, 0: unknown */
	uint64_t ctx_sum;   /* contexts of all tokens added up, 0: unknown */
	uint64_t tick;      /* begins */
};

struct prof_meta_step_end {
	struct prof_meta head;
	uint32_t index;
	uint32_t reserved;
	uint64_t tick;
};

/* STEP and STEP_END of a step like the one before it, index - 1: neither flags
 * nor phase, number = index, as many tokens and sequences; ctx_sum has grown by as much as
 * ctx_max for each sequence. */
struct prof_meta_step_next {
	struct prof_meta head;
	uint32_t index;
	uint32_t ctx_max;
	uint64_t tick;
};

struct prof_meta_step_took {
	struct prof_meta head;
	uint32_t index;
	uint32_t ticks; /* from its beginning to its end */
};

/* What recording itself costs: "name\0" follows. Written at the start for
 * costs of one reading, and at the end and now and then before for totals; the
 * last record of a name holds. */
struct prof_meta_cost {
	struct prof_meta head;
	double value;
	uint32_t name_bytes; /* "clock_ns", "record_ns", "counters_ns", "site_ns", "total_ns", ... */
	uint32_t reserved;
};

/* Something that is missing, and why, in a sentence: "text\0" follows. */
struct prof_meta_note {
	struct prof_meta head;
	uint64_t tick;
	uint32_t text_bytes;
	uint32_t reserved;
};

enum prof_end_reason {
	PROF_END_EXIT = 0,       /* the program ended, or unloaded us */
	PROF_END_QUICK_EXIT = 1, /* by _exit() or quick_exit(): no destructors ran */
	PROF_END_EXEC = 2,       /* the process became another program */
	PROF_END_STOPPED = 3,    /* recording stopped; a NOTE says why */
};

/* Version 1 has `tick`, `records` and `lost` alone: size_bytes tells. */
struct prof_meta_end {
	struct prof_meta head;
	uint64_t tick;
	uint64_t records; /* operation records (slices) written, those given up since included */
	uint64_t lost;    /* operations seen but not recorded, for want of room or in a signal */
	uint64_t skipped; /* operations not recorded because nobody wanted them: filters, the switch */
	uint32_t reason;  /* enum prof_end_reason */
	uint32_t reserved;
};
#define PROF_META_END_V1_BYTES 32u

/* One of the processes that a merged trace is of: "name\0" follows. FACT, THREAD
 * and STEP records from here to the next PROCESS are its own; those before the
 * first are of all. One whose index was there before goes on with that process. */
struct prof_meta_process {
	struct prof_meta head;
	uint32_t index; /* from 1, in order */
	uint32_t pid, ppid;
	uint32_t machine; /* from 1: the same number, the same machine */
	int32_t rank;     /* -1: of no job */
	uint32_t ranks;   /* of the job, 0: unknown */
	uint64_t tick;    /* its recording began */
	uint32_t name_bytes;
	uint32_t first_step; /* so many steps were given up before its first one here */
};

#define PROF_LAYOUT(type, bytes)                                                                             \
	_Static_assert(sizeof(struct type) == (bytes), #type " has the size the format says")
PROF_LAYOUT(prof_file_header, 512);
PROF_LAYOUT(prof_chunk_header, 64);
PROF_LAYOUT(prof_meta, 8);
PROF_LAYOUT(prof_meta_fact, 16);
PROF_LAYOUT(prof_meta_module, 88);
PROF_LAYOUT(prof_meta_string, 16);
PROF_LAYOUT(prof_frame, 16);
PROF_LAYOUT(prof_meta_site, 16);
PROF_LAYOUT(prof_meta_desc, 56);
PROF_LAYOUT(prof_desc_operand, 8);
PROF_LAYOUT(prof_desc_attr, 16);
PROF_LAYOUT(prof_meta_thread, 40);
PROF_LAYOUT(prof_meta_clock_sync, 32);
PROF_LAYOUT(prof_meta_counter, 32);
PROF_LAYOUT(prof_meta_energy_domain, 24);
PROF_LAYOUT(prof_meta_energy_sample, 32);
PROF_LAYOUT(prof_meta_step, 56);
PROF_LAYOUT(prof_meta_step_end, 24);
PROF_LAYOUT(prof_meta_step_next, 24);
PROF_LAYOUT(prof_meta_step_took, 16);
PROF_LAYOUT(prof_meta_cost, 24);
PROF_LAYOUT(prof_meta_note, 24);
PROF_LAYOUT(prof_meta_end, 48);
PROF_LAYOUT(prof_meta_process, 48);
_Static_assert(offsetof(struct prof_file_header, pid) == 72, "checksummed part of the header");
_Static_assert(offsetof(struct prof_chunk_header, base_tick) == 24, "chunk header");
#undef PROF_LAYOUT

#endif
