# oneDNN: the library of Debian (release 2), and a stand-in for release 3.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
find_path(PROF_DNNL_INCLUDE oneapi/dnnl/dnnl.h REQUIRED)
find_library(PROF_DNNL_LIBRARY dnnl REQUIRED)
add_executable(onednn onednn.c onednn_run.c)
target_include_directories(onednn SYSTEM PRIVATE ${PROF_DNNL_INCLUDE})
target_link_libraries(onednn PRIVATE ${PROF_DNNL_LIBRARY} Threads::Threads)
add_library(onednn3_library SHARED onednn3_library.c)
add_executable(onednn3 onednn3.c)
target_link_libraries(onednn3 PRIVATE onednn3_library)
foreach(test onednn dnnl_resnet)
  add_test(NAME preload.${test} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${test}.sh ${CMAKE_BINARY_DIR})
  set_tests_properties(preload.${test} PROPERTIES LABELS preload TIMEOUT 300)
endforeach()
