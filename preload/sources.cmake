# The sources of libprofshim.so, one line a file; a family of hooks adds its own.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
list(APPEND PROF_SHIM_SOURCES
  builtin.c
  call_table.c
  hooks_dl.c
  hooks_dl_${PROF_CPU}.S
  hooks_exec.c
  known.c
  load_order.c
  look.c
  names.c
  resolve.c
  shim.c
  blas/blas.c
  blas/blas_calls.c
  blas/hooks_blas.S
  blas/hooks_blas.c
  blas/hooks_lapack.S
  blas/hooks_lapack.c
  blas/lapack.c
  carrier/static_program.c
  compiler/hooks_functions.c
  compiler/xray.c
  entry/code_pages.c
  entry/entry.c
  entry/entry_${PROF_CPU}.c
  entry/extent.c
  entry/file_names.c
  entry/slots.c
  entry/symbols.c
  entry/symbols_file.c
  ggml/ggml_describe.c
  ggml/ggml_layout.c
  ggml/ggml_libs.c
  ggml/ggml_plan.c
  ggml/ggml_track.c
  ggml/hooks_ggml.c
  onednn/hooks_onednn.S
  onednn/hooks_onednn.c
  onednn/onednn_calls.c
  onednn/onednn_describe.c
  onednn/onednn_lib.c
  onednn/onednn_query.c
  ort/hooks_ort.c
  ort/ort_channel.c
  ort/ort_describe.c
  ort/ort_own.c
  ort/ort_profile.c
  ort/ort_run.c
  thunk/stub.c
  thunk/thunk.c
  thunk/thunk_whole_${PROF_CPU}.S
  thunk/thunk_${PROF_CPU}.S
  torch/hooks_torch.S
  torch/hooks_torch.c
  torch/torch_call.c
  torch/torch_describe.c
  torch/torch_layout.c
  torch/torch_python.c
  torch/torch_scope.c
  torch/torch_step.c
  torch/torch_walk.c
  user/hooks_user.c
  user/user_callers.c
  user/user_calls.c
  user/user_expr.c
  user/user_file.c
  user/user_list.c
  user/user_load.c
  user/user_modules.c
  user/user_names.c
  user/user_rule.c
  user/user_short.c
  user/user_signature.c
  user/user_targets.c
  user/user_value.c
  user/user_yaml.c
)

if(PROF_CPU STREQUAL "x86_64")
  list(APPEND PROF_SHIM_SOURCES entry/disassembler.c entry/x86_instruction.c)
endif()

# What runs before the caller's vector registers are saved must not touch them,
# nor call a sanitizer's functions, which might.
set_source_files_properties(blas/hooks_blas.c user/user_short.c PROPERTIES COMPILE_OPTIONS "-mgeneral-regs-only;-fno-sanitize=all")
