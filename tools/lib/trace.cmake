# Common parts, trace reading and writing, symbols.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
list(APPEND PROF_TOOLS_SOURCES
  diag.c formula.c counter_groups.c counter_families.c counter_metrics.c recording_cost.c counter_totals.c cli.c table.c op.c arena.c json_text.c symbolize.c contexts.c contexts_apply.c
  oplist_parse.c oplist_cache.c oplist_write.c trace_list.c
  trace_open.c trace_v1.c trace_limit.c trace_size.c trace_processes.c trace_chunks.c trace_meta.c region_names.c trace_phases.c trace_cursor.c trace_decode.c trace_merge.c
  outfile.c trace_file.c trace_lanes.c trace_meta_write.c trace_names.c interner.c trace_write.c trace_recover.c
  trace_unite.c unite_clock.c unite_names.c unite_energy.c unite_meta.c unite_ops.c trace_folder.c)
