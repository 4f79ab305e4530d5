# Unit tests of the files of which each CPU has its own; tests/aarch64 runs these for another.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set(preload ${CMAKE_SOURCE_DIR}/preload)
add_library(preload_entry STATIC ${preload}/entry/symbols.c ${preload}/entry/symbols_file.c ${preload}/entry/entry.c
  ${preload}/entry/entry_${PROF_CPU}.c ${preload}/entry/code_pages.c ${preload}/thunk/stub.c ${preload}/thunk/thunk.c ${preload}/resolve.c
  ${preload}/load_order.c
  ${preload}/thunk/thunk_${PROF_CPU}.S ${preload}/thunk/thunk_whole_${PROF_CPU}.S)
if(PROF_CPU STREQUAL "x86_64")
  target_sources(preload_entry PRIVATE ${preload}/entry/x86_instruction.c ${preload}/entry/disassembler.c)
endif()
target_link_libraries(preload_entry PUBLIC prof_runtime)
set_target_properties(preload_entry PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)

prof_unit_test(test_entry preload_entry)
target_sources(test_entry PRIVATE entry_functions_${PROF_CPU}.S)
add_library(entry_plugin MODULE entry_plugin.S)
set_target_properties(entry_plugin PROPERTIES LINKER_LANGUAGE C LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests/unit)
target_compile_definitions(test_entry PRIVATE PLUGIN="$<TARGET_FILE:entry_plugin>")
add_dependencies(test_entry entry_plugin)

prof_unit_test(test_thunk preload_entry)
target_sources(test_thunk PRIVATE test_thunk_short.c thunk_hooks.S)
set_source_files_properties(test_thunk_short.c PROPERTIES COMPILE_OPTIONS "-mgeneral-regs-only;-fno-sanitize=all")
prof_unit_test(test_clock prof_runtime)

# How entries of aarch64 are moved is worked out anywhere, and compared with Capstone.
prof_unit_test(test_entry_aarch64 capstone)
target_sources(test_entry_aarch64 PRIVATE ${preload}/entry/entry_aarch64.c)
if(PROF_CPU STREQUAL "aarch64")
  prof_unit_test(test_first_calls_aarch64 preload_entry)
  target_sources(test_first_calls_aarch64 PRIVATE first_calls_aarch64.S)
endif()
