/* torch_python.h: which module of a Python program an operator belongs to.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A network in Python is a tree of torch.nn.Module. Once the class is there,
 * its __call__ is replaced by a builtin method of ours that notes the module
 * and calls the one that was there. A builtin has no frame of Python's, so
 * tracebacks, warnings and the stack depth are as without it, and unlike a
 * registered hook it leaves torch's short way of calling a module as it is.
 *
 * Nothing of Python is linked: its functions are looked up in the process, and
 * without them nothing is done. All but torch_python_watch() runs with the
 * interpreter's lock.
 */
#ifndef PRELOAD_TORCH_TORCH_PYTHON_H
#define PRELOAD_TORCH_TORCH_PYTHON_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/recorder.h"

struct torch_root;
struct torch_name;

/* How often an operator was called by a module so far. */
struct torch_tally {
	const char *native;
	uint32_t calls;
};
enum { TORCH_TALLIES = 12 };

/* Where in a network a thread is. */
struct torch_place {
	struct torch_root *root;         /* null: in none */
	const struct torch_name *module; /* whose forward it is in; null: not known */
	const void *outermost;           /* frame of the operator in progress that no other encloses */
	struct torch_tally tally[TORCH_TALLIES]; /* of operators that no other encloses */
	uint32_t depth;                          /* calls of modules in progress */
	uint32_t step;                           /* that the root's call is; 0: none */
};

/* The calling thread's place, or null without memory; hooks_torch.c has it. */
struct torch_place *torch_place_of(struct prof_thread *t);

/* Not 0 while the class is still to be taken over; then every operator calls
 * torch_python_watch(), which does it in the first one that Python calls once
 * the class is there; it waits for the interpreter's lock then, which the
 * caller is about to do as well. return_address: in the module that called
 * the operator. */
extern uint32_t torch_python_pending;
void torch_python_watch(const void *return_address);

/* The functions of the interpreter. */
struct torch_python {
#define PYTHON_FUNCTION(result, name, arguments) result(*name) arguments;
#include "preload/torch/torch_python.def"
#undef PYTHON_FUNCTION
	void *tensor_class; /* torch.Tensor; null: not known */
};
extern struct torch_python torch_python;

/* ---- torch_walk.c ---- */

/* The root that a module is, with all names below it, and one user more; null
 * without memory. */
struct torch_root *torch_walk_root(void *module);

/* What a Python object holds as a tensor; null: it is none. */
const void *torch_tensor_in(void *object);

/* ---- torch_step.c ---- */

/* The arguments of a call: n of them by place, then those with names. */
struct torch_call_arguments {
	void *module;
	void *const *args;
	intptr_t n;
	void *names; /* tuple, or null */
};

/* Tokens and sequences of a call: rows of its first tensor that is an input. And its
 * context, where a cache is among the arguments or tokens are counted. */
void torch_step_look(struct prof_step_info *info, const struct torch_call_arguments *call);

#endif
