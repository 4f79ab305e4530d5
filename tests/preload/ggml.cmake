# Tests with an unmodified llama.cpp.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
add_executable(graph graph.c)
target_link_libraries(graph PRIVATE proftools)

add_executable(routed routed.c)
target_link_libraries(routed PRIVATE ${CMAKE_DL_LIBS})

add_library(hidden_kernel SHARED hidden_kernel.c)
target_link_libraries(hidden_kernel PRIVATE ${CMAKE_DL_LIBS})

foreach(test llama llama_large llama_killed llama_limit llama_switch llama_unknown node_llama routed)
  add_test(NAME preload.${test} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${test}.sh ${CMAKE_BINARY_DIR})
  set_tests_properties(preload.${test} PROPERTIES LABELS preload TIMEOUT 600)
endforeach()
