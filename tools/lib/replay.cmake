# Work of operations, accelerators, cost models, replay and its reports.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
list(APPEND PROF_TOOLS_SOURCES
  op_math.c yaml_doc.c arch.c arch_yaml.c arch_fact.c arch_schema.c host.c map.c
  energy.c energy_steps.c energy_fit.c energy_model.c measured.c recording_net.c
  model_cost.c model_pim_ai.c model_product.c model_memory.c model_group.c model_terms.c model_roofline.c replay_counters.c replay.c replay_bounds.c replay_capacity.c json_out.c
  replay_report.c replay_json.c replay_log.c replay_explain.c replay_groups.c replay_text.c replay_csv.c)
