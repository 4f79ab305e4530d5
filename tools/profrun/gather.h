/* gather.h: one folder for the traces of a run of several processes.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef TOOLS_PROFRUN_GATHER_H
#define TOOLS_PROFRUN_GATHER_H

#include "tools/profrun/traces.h"

/* Where several traces lie beside each other, trace.bin and trace.<pid>.bin, they are
 * put into the folder trace.d, which another run's gives way to: the first is in it
 * under a second name, others are moved as soon as their process has ended. `found`
 * then tells the new paths and the folder. Where this can't be done (a folder of that
 * name which is none of ours, a file system without hard links) all stays as it is. */
void run_traces_gather(const char *output, struct run_traces *found);

/* The folder that goes with an output: trace.d. */
void run_traces_folder(const char *output, char path[PATH_MAX]);

#endif
