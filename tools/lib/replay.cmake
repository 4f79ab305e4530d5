# Work of operations, accelerators, cost models, replay, reports.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
list(APPEND PROF_TOOLS_SOURCES
  op_math.c yaml_doc.c arch.c arch_yaml.c host.c map.c
  cost.c model_pim_ai.c model_roofline.c measured.c replay.c replay_capacity.c
  json_out.c report.c report_json.c report_log.c report_groups.c report_text.c report_csv.c)
