# Unit tests of preload/.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
add_library(preload_blas STATIC ${CMAKE_SOURCE_DIR}/preload/blas.c)
prof_unit_test(test_blas preload_blas)

add_library(preload_ort STATIC ${CMAKE_SOURCE_DIR}/preload/ort_profile.c ${CMAKE_SOURCE_DIR}/preload/ort_describe.c)
prof_unit_test(test_ort preload_ort)
