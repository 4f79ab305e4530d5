# Common parts, trace reading and writing, symbols.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
list(APPEND PROF_TOOLS_SOURCES diag.c cli.c table.c op.c)
