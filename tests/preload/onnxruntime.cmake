# Tests with an unmodified ONNX Runtime.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The library is opened by the program before the caller of its function is bound.
add_library(onnx_caller SHARED onnx_caller.c)
target_link_options(onnx_caller PRIVATE -Wl,-z,lazy)
add_executable(onnx_c onnx_c.c)
target_link_libraries(onnx_c PRIVATE onnx_caller Threads::Threads ${CMAKE_DL_LIBS})
target_link_options(onnx_c PRIVATE -Wl,--allow-shlib-undefined)
add_test(NAME preload.onnxruntime COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/onnxruntime.sh ${CMAKE_BINARY_DIR})
set_tests_properties(preload.onnxruntime PROPERTIES LABELS preload TIMEOUT 300)
