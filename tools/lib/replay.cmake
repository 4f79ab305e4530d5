# Work of operations, accelerators, cost models, replay.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
list(APPEND PROF_TOOLS_SOURCES op_math.c yaml_doc.c arch.c arch_yaml.c host.c map.c)
