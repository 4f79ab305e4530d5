# Functions that a file of hooks names.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

add_test(NAME preload.plain_llama
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/plain_llama.sh ${CMAKE_BINARY_DIR} ${plain_variants})
add_test(NAME preload.user_exceptions COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/user_exceptions.sh ${CMAKE_BINARY_DIR})
add_test(NAME preload.user_slots
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/user_slots.sh ${CMAKE_BINARY_DIR} ${slot_variants})
list(GET slot_variants 0 slot_variant)
add_test(NAME preload.user_hooks COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/user_hooks.sh ${CMAKE_BINARY_DIR} ${slot_variant})
set_tests_properties(preload.plain_llama preload.user_exceptions preload.user_slots preload.user_hooks PROPERTIES LABELS preload TIMEOUT 300)

# A BLAS and an extension module as NumPy's wheels have them.
add_library(wheel_blas SHARED wheel_blas.c)
add_library(wheel_module MODULE wheel_module.c)
target_link_libraries(wheel_module PRIVATE wheel_blas)
add_test(NAME preload.wheel_names COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/wheel_names.sh ${CMAKE_BINARY_DIR})
set_tests_properties(preload.wheel_names PROPERTIES LABELS preload TIMEOUT 300)
