/* torch_python.c: taking part in the calls of torch.nn.Module.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/torch/torch_python.h"
#include "preload/resolve.h"
#include "preload/torch/torch_layout.h"
#include "preload/torch/torch_scope.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

enum { DONE, WATCHING, AT_WORK };

/* PyMethodDef, as it has been since Python 2; the flags are those of a function
 * that takes an array of arguments and a tuple of the names of the last ones. */
struct method {
	const char *name;
	void *function;
	int flags;
	const char *doc;
};
enum { METH_FASTCALL_KEYWORDS = 0x80 | 0x02 };
enum { MOST_ARGUMENTS = 30 }; /* of a call that is made without an object of its own */

struct torch_python torch_python;
uint32_t torch_python_pending = WATCHING;

static void *original;   /* the __call__ that was there */
static const void *from; /* a return address in torch */

/* ---- a module is called ---- */

static void begin_root(struct prof_thread *t, struct torch_place *place,
                       const struct torch_call_arguments *call)
{
	struct prof_step_info info = {0};

	place->root = torch_walk_root(call->module);
	place->step = 0;
	if (!place->root || !place->root->is_network)
		return;
	torch_step_look(&info, call);
	place->step = prof_step_begin(t, &info);
}

/* A module that is none of the root's is a part of the one that calls it. */
static void enter_module(struct torch_place *place, const void *module)
{
	const struct torch_name *name = place->root ? torch_names_get(place->root->modules, module) : NULL;

	if (!name)
		return;
	place->module = name;
	place->outermost = NULL;
	memset(place->tally, 0, sizeof(place->tally));
}

/* As it was before the call. In a child forked during it, the thread is
 * another one, or none. */
static void leave(struct prof_thread *t, struct torch_place *place, const struct torch_place *outer)
{
	struct torch_place inner = *place;

	if (prof_thread_current != t)
		return;
	*place = *outer;
	if (outer->depth > 0)
		return;
	if (inner.step)
		prof_step_end(t, inner.step);
	if (inner.root)
		torch_scope_release(inner.root);
}

/* What was there is a function, which takes the module as its first argument. */
static void *call_function(const struct torch_call_arguments *call)
{
	intptr_t n = call->n + (call->names ? torch_python.PyTuple_Size(call->names) : 0);
	void *args[MOST_ARGUMENTS + 1], *method, *result;

	if (n <= MOST_ARGUMENTS) {
		args[0] = call->module;
		memcpy(args + 1, call->args, (size_t)n * sizeof(*args));
		return torch_python.PyObject_Vectorcall(original, args, (size_t)call->n + 1, call->names);
	}
	method = torch_python.PyMethod_New(original, call->module);
	if (!method)
		return NULL;
	result = torch_python.PyObject_Vectorcall(method, call->args, (size_t)call->n, call->names);
	torch_python.Py_DecRef(method);
	return result;
}

/* A builtin in progress counts towards Python's limit of recursion. This one
 * does not, so that modules inside modules reach it where they would without. */
static void *call_original(const struct torch_call_arguments *call)
{
	void *result;

	torch_python.Py_LeaveRecursiveCall();
	result = call_function(call);
	if (torch_python.Py_EnterRecursiveCall("") != 0 && result)
		torch_python.PyErr_Clear(); /* the limit was lowered meanwhile */
	return result;
}

static void *call_module(void *module, void *const *args, intptr_t n, void *names)
{
	struct torch_call_arguments call = {module, args, n, names};
	struct prof_thread *t = prof_thread_get();
	struct torch_place *place = t ? torch_place_of(t) : NULL;
	struct torch_place outer;
	void *result;

	if (!place)
		return call_original(&call);
	outer = *place;
	if (place->depth++ == 0)
		begin_root(t, place, &call);
	enter_module(place, module);
	result = call_original(&call);
	leave(t, place, &outer);
	return result;
}

/* ---- taking the class over ---- */

static void *find(const char *name)
{
	struct resolve_cache cache = {0};
	void *found = dlsym(RTLD_DEFAULT, name);

	if (!found)
		(void)dlerror();
	return found ? found : resolve_slow(&cache, name, from);
}

/* What of torch's own Python library is needed for tensors in arguments. */
static void learn_tensors(void)
{
	void *(*wrap)(void *) = NULL;
	void *address = find("_Z16THPVariable_WrapN2at10TensorBaseE");
	void **class = find("THPVariableClass");

	if (!address)
		address = find("_Z16THPVariable_WrapRKN2at10TensorBaseE");
	if (address && class && torch_layout_ready(from)) {
		memcpy(&wrap, &address, sizeof(address));
		torch_python.Py_DecRef(torch_layout_measure_python(wrap));
		torch_python.tensor_class = torch_layout.python ? *class : NULL;
	}
	if (!torch_python.tensor_class)
		prof_note("torch: tensors are not found in Python's objects, so steps have no tokens, "
		          "and parameters are not told from activations");
	torch_python.PyErr_Clear();
}

/* The class that modules are made of, once it is defined; a reference. */
static void *module_class(void)
{
	void *modules = torch_python.PyImport_GetModuleDict();
	void *defined = torch_python.PyDict_GetItemString(modules, "torch.nn.modules.module");
	void *class = defined ? torch_python.PyObject_GetAttrString(defined, "Module") : NULL;

	if (!class)
		torch_python.PyErr_Clear();
	return class;
}

/* The method has the name of the one that was there, by which torch's compiler
 * knows what not to compile. */
static bool replace_call(void *class)
{
	static char name[64], doc[128];
	static struct method method = {name, (void *)(uintptr_t)call_module, METH_FASTCALL_KEYWORDS, doc};
	void *ours = NULL, *text;

	original = torch_python.PyObject_GetAttrString(class, "__call__");
	text = original ? torch_python.PyObject_GetAttrString(original, "__name__") : NULL;
	if (text) {
		const char *known = torch_python.PyUnicode_AsUTF8AndSize(text, NULL);

		snprintf(name, sizeof(name), "%s", known ? known : "__call__");
		snprintf(doc, sizeof(doc), "%s($self, *args, **kwargs)\n--\n\n", name);
		ours = torch_python.PyDescr_NewMethod(class, &method);
		torch_python.Py_DecRef(text);
	}
	if (ours && torch_python.PyObject_SetAttrString(class, "__call__", ours) == 0)
		return true;
	torch_python.PyErr_Clear();
	return false;
}

/* Whether the class has been taken over, or never will be; with the lock. */
static bool take_over(void)
{
	void *class = module_class();

	if (!class)
		return false;
	learn_tensors();
	if (!replace_call(class))
		prof_note("torch: modules' names are not known: their class could not be taken over");
	torch_python.Py_DecRef(class);
	return true;
}

/* Whether there is an interpreter. */
static bool find_functions(void)
{
	const struct {
		const char *name;
		void *where;
	} wanted[] = {
#define PYTHON_FUNCTION(result, name, arguments) {#name, &torch_python.name},
#include "preload/torch/torch_python.def"
#undef PYTHON_FUNCTION
	};

	if (torch_python.Py_IsInitialized)
		return true; /* found before */
	for (unsigned i = sizeof(wanted) / sizeof(wanted[0]); i-- > 0;) {
		void *address = find(wanted[i].name);

		if (!address)
			return false;
		memcpy(wanted[i].where, &address, sizeof(address));
	}
	return true;
}

/* Whether a call comes from torch's Python binding. It holds no lock then: it has
 * given the interpreter's away for this call, and takes it back after it. */
static bool is_from_binding(const void *return_address)
{
	struct dl_find_object found;

	return _dl_find_object((void *)(uintptr_t)return_address, &found) == 0
	       && strstr(found.dlfo_link_map->l_name, "libtorch_python");
}

void torch_python_watch(const void *return_address)
{
	uint32_t expected = WATCHING, next = WATCHING;
	int saved = errno;

	if (!__atomic_compare_exchange_n(&torch_python_pending, &expected, AT_WORK, false, __ATOMIC_ACQUIRE,
	                                 __ATOMIC_RELAXED))
		return;
	from = return_address;
	if (!find_functions()) { /* a program without Python */
		next = DONE;
	} else if (find("PyUnstable_Module_SetGIL")) {
		prof_note("torch: modules' names are not known: this Python has no interpreter lock");
		next = DONE;
	} else if (is_from_binding(return_address) && torch_python.Py_IsInitialized()) {
		int lock = torch_python.PyGILState_Ensure();

		if (take_over())
			next = DONE;
		torch_python.PyGILState_Release(lock);
	}
	__atomic_store_n(&torch_python_pending, next, __ATOMIC_RELEASE);
	errno = saved;
}
