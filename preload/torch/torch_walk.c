/* torch_walk.c: from a module of Python's to the names of all below it.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What torch's own named_modules() and named_parameters() tell, by the same
 * dictionaries, without running anything of Python's. Each call of a root
 * walks over them once to see whether they are as they were.
 */
#include "preload/torch/torch_layout.h"
#include "preload/torch/torch_python.h"
#include "preload/torch/torch_scope.h"

#include <string.h>

enum { PATH_BYTES = 1024, MAX_DEPTH = 64, SEEN_ROOM = 4096 };

/* Modules met in this walk: one may be in several places. */
struct seen {
	const void *module;
	uint64_t walk;
};

struct walk {
	uint64_t fingerprint;
	size_t modules, constants;
	bool scripted;           /* a module whose parts only torch's compiler knows */
	struct torch_root *root; /* null: only count */
	uint64_t number;
	unsigned depth;
	size_t path_bytes;
	char path[PATH_BYTES];
};

/* The interpreter's lock is held: one walk at a time. */
static struct seen *seen;
static size_t seen_room, seen_used;
static uint64_t walks;

/* ---- what has been met ---- */

static bool make_room(void)
{
	size_t room = seen_room ? 2 * seen_room : SEEN_ROOM;
	struct seen *more;

	if (seen && seen_used * 2 < seen_room)
		return true;
	more = prof_arena_alloc(room * sizeof(*more));
	if (!more)
		return false;
	for (size_t i = 0; i < seen_room; i++)
		if (seen[i].walk == walks) {
			size_t at = (uintptr_t)seen[i].module / 16 & (room - 1);

			while (more[at].walk)
				at = (at + 1) & (room - 1);
			more[at] = seen[i];
		}
	seen = more;
	seen_room = room;
	return true;
}

/* Whether this module is met for the first time in this walk. */
static bool meet(struct walk *w, const void *module)
{
	size_t at;

	if (!make_room())
		return false;
	for (at = (uintptr_t)module / 16 & (seen_room - 1); seen[at].walk == w->number;
	     at = (at + 1) & (seen_room - 1))
		if (seen[at].module == module)
			return false;
	seen[at] = (struct seen){module, w->number};
	seen_used++;
	return true;
}

static void mix(struct walk *w, const void *address)
{
	uint64_t h = (w->fingerprint ^ (uintptr_t)address) * 0x9e3779b97f4a7c15u;

	w->fingerprint = h ^ h >> 29;
}

/* ---- the walk ---- */

const void *torch_tensor_in(void *object)
{
	void *type = torch_python.tensor_class ? torch_python.PyObject_Type(object) : NULL;
	const void *tensor = NULL;

	if (type && torch_python.PyType_IsSubtype(type, torch_python.tensor_class))
		memcpy(&tensor, (const char *)object + torch_layout.python, sizeof(tensor));
	if (type)
		torch_python.Py_DecRef(type);
	return tensor;
}

/* The path with ".key" at its end; returns its length as it was. */
static size_t descend(struct walk *w, void *key)
{
	size_t before = w->path_bytes, room;
	intptr_t bytes = 0;
	const char *text = torch_python.PyUnicode_AsUTF8AndSize(key, &bytes);

	if (!text) {
		torch_python.PyErr_Clear();
		text = "?";
		bytes = 1;
	}
	if (before && before < PATH_BYTES)
		w->path[w->path_bytes++] = '.';
	room = PATH_BYTES - w->path_bytes;
	if ((size_t)bytes < room)
		room = (size_t)bytes;
	memcpy(w->path + w->path_bytes, text, room);
	w->path_bytes += room;
	return before;
}

static void walk_constants(struct walk *w, void *constants)
{
	intptr_t position = 0;
	void *key, *value;

	while (torch_python.PyDict_Next(constants, &position, &key, &value)) {
		const void *object = torch_tensor_in(value);
		struct torch_shape shape;

		if (!object || !torch_layout_read_object(object, &shape))
			continue;
		w->constants++;
		mix(w, key);
		mix(w, shape.storage);
		if (w->root) {
			size_t before = descend(w, key);

			torch_names_add(w->root->constants, shape.storage, w->path, w->path_bytes, false);
			w->path_bytes = before;
		}
	}
}

static void *entry(void *dict, const char *name, void **cached)
{
	if (!*cached)
		*cached = torch_python.PyUnicode_InternFromString(name);
	return *cached ? torch_python.PyDict_GetItem(dict, *cached) : NULL;
}

static void walk_module(struct walk *w, void *module);

static void walk_modules(struct walk *w, void *modules)
{
	intptr_t position = 0;
	void *key, *value;

	while (torch_python.PyDict_Next(modules, &position, &key, &value)) {
		size_t before = w->path_bytes;

		mix(w, key);
		if (w->root)
			descend(w, key);
		walk_module(w, value);
		w->path_bytes = before;
	}
}

/* PyDict_Next() finds nothing in what is no dictionary (those of a scripted
 * module). */
static void walk_module(struct walk *w, void *module)
{
	static void *names[4];
	void *dict, *part;

	if (w->depth == MAX_DEPTH || !meet(w, module))
		return;
	dict = torch_python.PyObject_GenericGetDict(module, NULL);
	if (!dict) { /* None, where a module may be put later */
		torch_python.PyErr_Clear();
		return;
	}
	w->depth++;
	w->modules++;
	mix(w, module);
	if (w->root)
		torch_names_add(w->root->modules, module, w->path, w->path_bytes, true);
	if ((part = entry(dict, "_parameters", &names[0])))
		walk_constants(w, part);
	if ((part = entry(dict, "_buffers", &names[1])))
		walk_constants(w, part);
	if ((part = entry(dict, "_modules", &names[2])))
		walk_modules(w, part);
	w->scripted = w->scripted || entry(dict, "_c", &names[3]);
	torch_python.Py_DecRef(dict);
	w->depth--;
}

static void walk(struct walk *w, void *module)
{
	w->number = ++walks;
	seen_used = 0;
	walk_module(w, module);
}

/* Whether a module's class is torch's own: a layer, a loss. */
static bool is_of_torch(void *module)
{
	void *type = torch_python.PyObject_Type(module);
	void *name = type ? torch_python.PyObject_GetAttrString(type, "__module__") : NULL;
	const char *text = name ? torch_python.PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
	bool is = text && strncmp(text, "torch.", 6) == 0;

	if (!text)
		torch_python.PyErr_Clear();
	if (name)
		torch_python.Py_DecRef(name);
	if (type)
		torch_python.Py_DecRef(type);
	return is;
}

struct torch_root *torch_walk_root(void *module)
{
	struct walk w = {0};
	struct torch_root *root;

	walk(&w, module);
	root = torch_scope_find(module, w.fingerprint);
	if (root)
		return root;
	w.root = torch_scope_new(module, w.fingerprint, w.modules, w.constants);
	if (w.root) {
		w.root->is_network = w.modules > 1 || w.scripted || (w.constants > 0 && !is_of_torch(module));
		walk(&w, module);
	}
	return w.root;
}
