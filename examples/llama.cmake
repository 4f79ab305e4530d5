# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# gguf_gen writes models; llama_run runs them on prebuilt llama.cpp libraries.
add_executable(gguf_gen gguf_gen.c gguf_write.c gguf_random.c)
target_link_libraries(gguf_gen PRIVATE m)

find_package(Threads REQUIRED)
add_executable(llama_run llama_run.c llama_api.c)
target_link_libraries(llama_run PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
