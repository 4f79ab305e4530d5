# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)
add_executable(blas_transformer blas_transformer.c)
target_link_libraries(blas_transformer PRIVATE PkgConfig::OPENBLAS m)
