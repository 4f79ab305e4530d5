# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
list(APPEND PROF_TOOLS_SOURCES
  op_math.c)
