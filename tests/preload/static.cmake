# Programs without a loader, which profrun brings the shim into.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
function(prof_static name source compile link)
  add_executable(${name} ${source})
  target_compile_options(${name} PRIVATE -O2 ${compile})
  target_link_options(${name} PRIVATE ${link})
  target_link_libraries(${name} PRIVATE m)
endfunction()
prof_static(static_cases static_cases.c "-fno-pie" "-static")
prof_static(static_cases_pie static_cases.c "-fPIE" "-static-pie")
prof_static(static_throws static_throws.cc "-fno-pie" "-static")
prof_static(static_throws_pie static_throws.cc "-fPIE" "-static-pie")
prof_static(plain_static ${CMAKE_SOURCE_DIR}/examples/plain_llama.c "-fno-pie" "-static")
prof_static(plain_static_pie ${CMAKE_SOURCE_DIR}/examples/plain_llama.c "-fPIE" "-static-pie")
prof_static(plain_static_stripped ${CMAKE_SOURCE_DIR}/examples/plain_llama.c "-fno-pie" "-static")
# binutils' own: LLVM's refuses static programs, whose .rela.plt names no symbol table.
find_program(PROF_OBJCOPY objcopy REQUIRED)
add_custom_command(TARGET plain_static_stripped POST_BUILD
  COMMAND ${PROF_OBJCOPY} --only-keep-debug plain_static_stripped plain_static_stripped.debug
  COMMAND ${PROF_OBJCOPY} --strip-all --add-gnu-debuglink=plain_static_stripped.debug plain_static_stripped
  WORKING_DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
add_executable(refuse_ptrace refuse_ptrace.c)

add_test(NAME preload.static COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/static.sh ${CMAKE_BINARY_DIR})
set_tests_properties(preload.static PROPERTIES LABELS preload TIMEOUT 300)
