/* ggml_libs.c: the ggml libraries met in this process.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * ggml's threads meet at a barrier after every node, and within some nodes. To
 * tell these apart, each library computes three additions once, on one thread:
 * the return addresses of the barriers seen then are those of the loop over
 * the nodes. Without them recording works as well, with the last barrier seen
 * before the next node as the end of a node.
 */
#include "preload/ggml/ggml_libs.h"
#include "preload/resolve.h"
#include "preload/trylock.h"
#include "runtime/recorder.h"

enum { LIBS = 16, REHEARSED_NODES = 3 };

struct known_lib {
	ggml_compute_fn *compute;
	uint32_t generation;
	bool works;
	struct ggml_lib lib;
};

/* What one thread saw of its rehearsal. */
struct rehearsal {
	unsigned nodes, barriers;
	const void *at[REHEARSED_NODES];
	bool in_order; /* node, barrier, node, barrier, ... */
};

static struct known_lib libs[LIBS];
static unsigned n_libs;
static uint32_t lock;
static __thread struct rehearsal *rehearsal __attribute__((tls_model("initial-exec")));

bool ggml_libs_rehearsing(void)
{
	return rehearsal != NULL;
}

void ggml_libs_saw_node(void)
{
	if (rehearsal)
		rehearsal->in_order &= rehearsal->nodes++ == rehearsal->barriers;
}

void ggml_libs_saw_barrier(const void *return_address)
{
	if (!rehearsal)
		return;
	rehearsal->in_order &= rehearsal->barriers + 1 == rehearsal->nodes;
	if (rehearsal->barriers < REHEARSED_NODES)
		rehearsal->at[rehearsal->barriers] = return_address;
	rehearsal->barriers++;
}

static void rehearse(struct ggml_lib *lib, ggml_compute_fn *compute, const void *return_address)
{
	struct rehearsal r = {.in_order = true};
	bool done;

	rehearsal = &r;
	done = ggml_layout_rehearse(return_address, compute);
	rehearsal = NULL;
	lib->barriers = r.barriers > 0;
	if (done && r.in_order && r.nodes == REHEARSED_NODES && r.barriers == REHEARSED_NODES
	    && r.at[0] == r.at[1]) {
		lib->after_node = r.at[1];
		lib->after_graph = r.at[2];
	} else {
		prof_note("ggml: the barriers of its loop over nodes are not known, so an operation ends "
		          "with the last "
		          "barrier seen before the next one, or where none is seen, with its start");
	}
}

static void say_version(const void *return_address)
{
	struct resolve_cache cache = {0};
	const char *(*version)(void);
	void *address = resolve_slow(&cache, "ggml_version", return_address);

	if (!address)
		return;
	memcpy(&version, &address, sizeof(address));
	prof_fact("ggml.version", version());
}

static void measure(struct known_lib *k, ggml_compute_fn *compute, const void *return_address)
{
	struct ggml_lib lib = {0};
	const char *trouble = ggml_layout_measure(&lib, return_address);

	k->compute = compute;
	k->works = !trouble;
	if (trouble) {
		prof_note("ggml: this library's operations are not recorded: %s", trouble);
		return;
	}
	rehearse(&lib, compute, return_address);
	/* Plans and threads hold on to what is there: change it only if it changed. */
	if (memcmp(&lib, &k->lib, sizeof(lib)) != 0) {
		k->lib = lib;
		say_version(return_address);
	}
}

static struct known_lib *find(ggml_compute_fn *compute, uint32_t generation)
{
	unsigned n = __atomic_load_n(&n_libs, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < n; i++)
		if (libs[i].compute == compute
		    && (!generation || __atomic_load_n(&libs[i].generation, __ATOMIC_ACQUIRE) == generation))
			return &libs[i];
	return NULL;
}

const struct ggml_lib *ggml_libs_get(ggml_compute_fn *compute, const void *return_address)
{
	uint32_t generation = __atomic_load_n(&resolve_generation, __ATOMIC_ACQUIRE);
	struct known_lib *k = find(compute, generation);
	struct guard calm;

	if (!k && !rehearsal && trylock_take(&lock, &calm)) {
		k = find(compute, 0);
		if (!k && n_libs < LIBS)
			k = &libs[n_libs];
		if (k && k->generation != generation) {
			measure(k, compute, return_address);
			__atomic_store_n(&k->generation, generation, __ATOMIC_RELEASE);
			if (k == &libs[n_libs])
				__atomic_store_n(&n_libs, n_libs + 1, __ATOMIC_RELEASE);
		}
		trylock_give(&lock, &calm);
	}
	return k && k->works ? &k->lib : NULL;
}
