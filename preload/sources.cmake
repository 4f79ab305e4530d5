# The sources of libprofshim.so, one line a file; a family of hooks adds its own.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
list(APPEND PROF_SHIM_SOURCES
  shim.c
  resolve.c
  hooks_dl.c
  hooks_exec.c
  hooks_functions.c
  xray.c
  thunk.c
  thunk_x86_64.S
  thunk_whole_x86_64.S
  stub.c
  code_pages.c
  disassembler.c
  entry.c
  entry_x86_64.c
  x86_instruction.c
  symbols.c
  symbols_file.c
  blas.c
  blas_calls.c
  hooks_blas.c
  hooks_blas.S
  ggml_layout.c
  ggml_describe.c
  ggml_plan.c
  ggml_libs.c
  ggml_track.c
  hooks_ggml.c
  ort_profile.c
  ort_describe.c
  ort_channel.c
  ort_own.c
  ort_run.c
  hooks_ort.c
  call_table.c
  lapack.c
  hooks_lapack.c
  hooks_lapack.S
  onednn_lib.c
  onednn_query.c
  onednn_describe.c
  onednn_calls.c
  hooks_onednn.c
  hooks_onednn.S
  torch_layout.c
  torch_call.c
  torch_describe.c
  torch_scope.c
  torch_python.c
  torch_walk.c
  torch_step.c
  hooks_torch.c
  hooks_torch.S
  user_yaml.c
  user_signature.c
  user_expr.c
  user_value.c
  user_names.c
  user_rule.c
  user_file.c
  user_load.c
  user_calls.c
  user_modules.c
  user_targets.c
  user_list.c
  user_callers.c
  slots.c
  extent.c
  hooks_user.c
  hooks_dlsym_x86_64.S
)

# What runs before the caller's vector registers are saved must not touch them,
# nor call a sanitizer's functions, which might.
set_source_files_properties(hooks_blas.c PROPERTIES COMPILE_OPTIONS "-mgeneral-regs-only;-fno-sanitize=all")
