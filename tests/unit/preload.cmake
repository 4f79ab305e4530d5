# Unit tests of preload/.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
add_library(preload_blas STATIC ${CMAKE_SOURCE_DIR}/preload/blas/blas.c)
prof_unit_test(test_blas preload_blas)

add_library(preload_ort STATIC ${CMAKE_SOURCE_DIR}/preload/ort/ort_profile.c ${CMAKE_SOURCE_DIR}/preload/ort/ort_describe.c)
prof_unit_test(test_ort preload_ort)
# The structures of oneDNN 2 are as its own header has them.
find_path(PROF_DNNL_INCLUDE oneapi/dnnl/dnnl.h REQUIRED)
prof_unit_test(test_onednn)
target_include_directories(test_onednn SYSTEM PRIVATE ${PROF_DNNL_INCLUDE})
add_library(preload_lapack STATIC ${CMAKE_SOURCE_DIR}/preload/blas/lapack.c)
prof_unit_test(test_lapack preload_lapack)
add_library(preload_torch STATIC ${CMAKE_SOURCE_DIR}/preload/torch/torch_call.c ${CMAKE_SOURCE_DIR}/preload/torch/torch_describe.c)
prof_unit_test(test_torch preload_torch)
set(preload ${CMAKE_SOURCE_DIR}/preload)
add_library(preload_file_names STATIC ${preload}/entry/file_names.c)
target_link_libraries(preload_file_names PUBLIC prof_runtime)
prof_unit_test(test_file_names preload_file_names)

# What the shim loads for itself, libyaml, tests link.
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
add_library(preload_user STATIC ${CMAKE_SOURCE_DIR}/preload/user/user_yaml.c ${CMAKE_SOURCE_DIR}/preload/user/user_signature.c
  ${CMAKE_SOURCE_DIR}/preload/user/user_expr.c ${CMAKE_SOURCE_DIR}/preload/user/user_value.c ${CMAKE_SOURCE_DIR}/preload/user/user_names.c
  ${CMAKE_SOURCE_DIR}/preload/user/user_rule.c ${CMAKE_SOURCE_DIR}/preload/user/user_file.c ${CMAKE_SOURCE_DIR}/preload/names.c)
target_link_libraries(preload_user PUBLIC prof_runtime PkgConfig::YAML)
prof_unit_test(test_user_file preload_user)
