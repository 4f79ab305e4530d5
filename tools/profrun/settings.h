/* settings.h: what is asked of the shim, checked before the program starts.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The shim never fails: it says what it cannot read and records everything.
 * Whoever starts a run of an hour wants to know that before.
 */
#ifndef TOOLS_PROFRUN_SETTINGS_H
#define TOOLS_PROFRUN_SETTINGS_H

#include "tools/lib/support/diag.h"

/* 0, or -1 and a sentence with the option's name, the part that is wrong and, for
 * a mistyped name, the nearest right one. */
int settings_check_max_size(const char *text, struct diag *d);
int settings_check_record(const char *text, struct diag *d);
int settings_check_filter(const char *text, struct diag *d);
int settings_check_budget(const char *text, struct diag *d);
int settings_check_callsites(const char *text, struct diag *d);
int settings_check_energy(const char *text, struct diag *d);
int settings_check_families(const char *text, struct diag *d);

#endif
