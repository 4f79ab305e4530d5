# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
add_executable(plain_llama plain_llama.c)
target_link_libraries(plain_llama PRIVATE m)
# The shim looks for the file beside the program.
configure_file(plain_llama.hooks.yaml ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/plain_llama.hooks.yaml COPYONLY)
