# Warnings, all of them errors, for gcc and clang.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
add_compile_options(
  -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wwrite-strings -Wvla -Wundef
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Wold-style-definition> -Wformat=2 -Wno-unused-parameter
  -fno-common -fno-math-errno)
if(CMAKE_C_COMPILER_ID MATCHES Clang)
  add_compile_options($<$<COMPILE_LANGUAGE:C>:-Wmissing-variable-declarations>)
endif()
