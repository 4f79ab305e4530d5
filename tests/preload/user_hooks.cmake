# Functions that a file of hooks names.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

# Kernels in a library, called in every manner of linking, and one that is opened later.
add_library(user_kernels SHARED user_kernels.c)
target_compile_options(user_kernels PRIVATE -O1 -fno-semantic-interposition)
set(slot_variants)
function(prof_slots name compile link)
  add_executable(slots_${name} user_calls_kernels.c)
  target_compile_options(slots_${name} PRIVATE -O1 ${compile})
  target_link_options(slots_${name} PRIVATE ${link})
  target_link_libraries(slots_${name} PRIVATE user_kernels ${CMAKE_DL_LIBS})
  set(slot_variants ${slot_variants} slots_${name} PARENT_SCOPE)
endfunction()
prof_slots(lazy "-fPIE" "-pie;-Wl,-z,lazy,-z,norelro")
prof_slots(partial_relro "-fPIE" "-pie;-Wl,-z,lazy,-z,relro")
prof_slots(full_relro "-fPIE" "-pie;-Wl,-z,now,-z,relro")
prof_slots(no_pie "-fno-pie" "-no-pie;-Wl,-z,lazy")
prof_slots(no_plt "-fPIE;-fno-plt" "-pie")
prof_slots(no_plt_no_pie "-fno-pie;-fno-plt" "-no-pie")
add_library(user_plugin MODULE user_plugin.c)
target_link_libraries(user_plugin PRIVATE user_kernels)

add_test(NAME preload.plain_llama
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/plain_llama.sh ${CMAKE_BINARY_DIR} ${plain_variants})
add_test(NAME preload.user_exceptions COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/user_exceptions.sh ${CMAKE_BINARY_DIR})
add_test(NAME preload.user_hooks
  COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/user_hooks.sh ${CMAKE_BINARY_DIR} ${slot_variants})
set_tests_properties(preload.plain_llama preload.user_exceptions preload.user_hooks PROPERTIES LABELS preload TIMEOUT 300)

# A BLAS and an extension module as NumPy's wheels have them.
add_library(wheel_blas SHARED wheel_blas.c)
add_library(wheel_module MODULE wheel_module.c)
target_link_libraries(wheel_module PRIVATE wheel_blas)
add_test(NAME preload.wheel_names COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/wheel_names.sh ${CMAKE_BINARY_DIR})
set_tests_properties(preload.wheel_names PROPERTIES LABELS preload TIMEOUT 300)
