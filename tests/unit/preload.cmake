# Unit tests of preload/.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
add_library(preload_blas STATIC ${CMAKE_SOURCE_DIR}/preload/blas.c)
prof_unit_test(test_blas preload_blas)
