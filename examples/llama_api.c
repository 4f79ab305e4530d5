/* llama_api.c: opening prebuilt llama.cpp libraries.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "llama_api.h"

#include <dlfcn.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KNOWN_RELEASE "0.5."

static int failed(char *error, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int failed(char *error, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, size, format, args);
	va_end(args);
	return -1;
}

/* The library has its release in its name: libllama.v0.5.0.so. */
static void *open_library(const char *folder, char *error, size_t size)
{
	char pattern[4096];
	void *library = NULL;
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/libllama.*so", folder);
	if (glob(pattern, 0, NULL, &found) != 0) {
		failed(error, size,
		       "no libllama in %s; scripts/deps puts it there, --lib-dir says where it is else",
		       folder);
		return NULL;
	}
	library = dlopen(found.gl_pathv[0], RTLD_NOW | RTLD_LOCAL);
	if (!library)
		failed(error, size, "cannot open %s: %s", found.gl_pathv[0], dlerror());
	globfree(&found);
	return library;
}

static int find_functions(struct llama_api *api, char *error, size_t size)
{
	void *address;

#define LLAMA_API_FIND(result, name, arguments)                                                              \
	address = dlsym(api->library, #name);                                                                \
	if (!address)                                                                                        \
		return failed(error, size, "the library has no function %s", #name);                         \
	memcpy(&api->name, &address, sizeof(address));
	LLAMA_API_FUNCTIONS(LLAMA_API_FIND)
#undef LLAMA_API_FIND
	return 0;
}

static int check_release(const struct llama_api *api, char *error, size_t size)
{
	struct llama_context_params p = api->llama_context_default_params();

	if (strncmp(api->llama_version(), KNOWN_RELEASE, strlen(KNOWN_RELEASE)) != 0)
		return failed(error, size,
		              "llama.cpp %s is a release whose interface this program does not know; "
		              "it knows " KNOWN_RELEASE "x",
		              api->llama_version());
	if (p.n_ctx != 512 || p.n_batch != 2048 || p.n_ubatch != 512 || p.n_seq_max != 1 || p.n_threads < 1
	    || p.n_threads != p.n_threads_batch || p.rope_scaling_type != -1 || p.pooling_type != -1
	    || p.attention_type != -1 || p.flash_attn_type != -1)
		return failed(error, size, "llama.cpp %s has other default parameters than its release had",
		              api->llama_version());
	return 0;
}

int llama_api_open(struct llama_api *api, const char *folder, char *error, size_t size)
{
	api->library = open_library(folder, error, size);
	if (!api->library || find_functions(api, error, size) != 0 || check_release(api, error, size) != 0)
		return -1;
	return 0;
}

int llama_api_load_backends(struct llama_api *api, const char *folder, char *error, size_t size)
{
	api->ggml_backend_load_all_from_path(folder);
	if (api->ggml_backend_dev_count() == 0)
		return failed(error, size, "no compute library (libggml-cpu-*.so) in %s runs on this CPU",
		              folder);
	return 0;
}
