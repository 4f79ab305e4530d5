/* look.c: the modules that came, looked at for functions to take over.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "preload/look.h"

#include "preload/builtin.h"
#include "preload/user/hooks_user.h"
#include "preload/entry/slots.h"
#include "preload/trylock.h"
#include "preload/user/user_modules.h"

static bool is_started;
static uint32_t lock;

/* Looking asks the loader, and may come back here. */
static __thread bool looking __attribute__((tls_model("initial-exec")));

static void look(bool at_start)
{
	if (!slots_look())
		return;
	user_modules_look();
	hooks_user_take(); /* what the user says comes first */
	builtin_look(at_start);
	for (struct user_module *m = user_modules_first(); m; m = m->next)
		symbols_release(&m->symbols);
}

static void look_alone(bool at_start)
{
	struct guard calm;

	if (looking || !trylock_take(&lock, &calm))
		return;
	looking = true;
	look(at_start);
	looking = false;
	trylock_give(&lock, &calm);
}

void look_again(void)
{
	if (__atomic_load_n(&is_started, __ATOMIC_ACQUIRE))
		look_alone(false);
}

__attribute__((no_sanitize("address", "thread"))) bool look_is_started(void)
{
	return __atomic_load_n(&is_started, __ATOMIC_RELAXED);
}

void look_start(void)
{
	look_alone(true);
	__atomic_store_n(&is_started, true, __ATOMIC_RELEASE);
}
