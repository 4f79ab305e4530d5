# PROF_SANITIZE: "", "address" (with undefined) or "thread".
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set(PROF_SANITIZE "" CACHE STRING "sanitizers to build with: empty, address or thread")
if(PROF_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(PROF_SANITIZE STREQUAL "thread")
  # gcc warns that this sanitizer does not see fences; the seqlocks that use them check what they read.
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer $<$<C_COMPILER_ID:GNU>:-Wno-tsan>)
  add_link_options(-fsanitize=thread)
elseif(NOT PROF_SANITIZE STREQUAL "")
  message(FATAL_ERROR "PROF_SANITIZE is '${PROF_SANITIZE}': it can be empty, address or thread")
endif()
