# examples/plain_llama in every manner: all of it in one executable.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set(plain_variants)
function(prof_plain name compile link)
  add_executable(plain_${name} ${CMAKE_SOURCE_DIR}/examples/plain_llama.c)
  target_compile_options(plain_${name} PRIVATE ${compile})
  target_link_options(plain_${name} PRIVATE ${link})
  target_link_libraries(plain_${name} PRIVATE m)
  set(plain_variants ${plain_variants} plain_${name} PARENT_SCOPE)
endfunction()
foreach(level O0 O2 O3)
  prof_plain(${level}_pie "-${level};-fPIE" "-pie")
  prof_plain(${level}_no_pie "-${level};-fno-pie" "-no-pie")
endforeach()
