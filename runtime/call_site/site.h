/* site.h: what a thread remembers of a call site.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A return address and a stack pointer do not tell two stacks apart that differ
 * further out, so an entry also knows where on the stack the next return
 * addresses lay, and holds only while they still lie there.
 */
#ifndef PROF_RUNTIME_CALL_SITE_SITE_H
#define PROF_RUNTIME_CALL_SITE_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/call_site/module.h"

#define PROF_SITE_CHECKS 7u /* outer frames that are compared */

struct prof_site {
	const void *return_address, *stack_pointer; /* null: empty */
	uint32_t generation;
	uint32_t site; /* id */
	uint32_t n_checks;
	uint32_t reserved;
	struct prof_site_check {
		const void *const *at; /* on the stack */
		const void *value;
	} check[PROF_SITE_CHECKS];
};

/* Whether a call is made from there. The words compared are above the stack
 * pointer of a caller that has not returned, so they are there; sanitizers may
 * think otherwise. Hot. */
__attribute__((no_sanitize("address", "thread"))) static inline bool
prof_site_holds(const struct prof_site *s, const void *return_address, const void *stack_pointer)
{
	const struct prof_site_check *c = s->check, *end = c + s->n_checks;

	if (__builtin_expect(s->return_address != return_address, 0)
	    || __builtin_expect(s->stack_pointer != stack_pointer, 0)
	    || __builtin_expect(s->generation != module_generation(), 0))
		return false;
	for (; c < end; c++)
		if (__builtin_expect(*c->at != c->value, 0))
			return false;
	return true;
}

#endif
