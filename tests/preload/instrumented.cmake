# Programs whose compiler made their functions tell when they begin and end.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Both compilers build them, whichever builds the rest.
find_program(PROF_CLANG NAMES clang clang-14 REQUIRED)
find_program(PROF_CLANGXX NAMES clang++ clang++-14 REQUIRED)
find_program(PROF_GCC gcc REQUIRED)
find_program(PROF_GXX g++ REQUIRED)
pkg_get_variable(openblas_include openblas includedir)
set(instrumented_programs)
# prof_instrumented(name compiler source "options")
function(prof_instrumented name compiler source options)
  set(program ${CMAKE_BINARY_DIR}/tests/preload/instrumented_${name})
  add_custom_command(OUTPUT ${program}
    COMMAND ${compiler} -O1 -fno-optimize-sibling-calls -Wall -Wextra -Werror -I${openblas_include} ${source}
            ${options} -o ${program} -lopenblas -lpthread
    DEPENDS ${source} ${ARGN} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} VERBATIM COMMAND_EXPAND_LISTS)
  set(instrumented_programs ${instrumented_programs} ${program} PARENT_SCOPE)
endfunction()
prof_instrumented(gcc ${PROF_GCC} instrumented.c "-finstrument-functions")
prof_instrumented(clang ${PROF_CLANG} instrumented.c "-finstrument-functions")
prof_instrumented(xray ${PROF_CLANG} instrumented.c "-fxray-instrument;-fxray-instruction-threshold=1")
prof_instrumented(gxx ${PROF_GXX} instrumented_throws.cc "-finstrument-functions")
prof_instrumented(clangxx ${PROF_CLANGXX} instrumented_throws.cc "-finstrument-functions")
prof_instrumented(xrayxx ${PROF_CLANGXX} instrumented_throws.cc "-fxray-instrument;-fxray-instruction-threshold=1")
prof_instrumented(own ${PROF_GCC} instrumented.c "-finstrument-functions;instrumented_hook.c" instrumented_hook.c)
add_library(instrumented_hook SHARED instrumented_hook.c)
prof_instrumented(library ${PROF_GCC} instrumented.c
  "-finstrument-functions;-Wl,-rpath,${CMAKE_BINARY_DIR}/tests/preload;$<TARGET_FILE:instrumented_hook>" instrumented_hook)
add_custom_target(instrumented_all ALL DEPENDS ${instrumented_programs})
add_test(NAME preload.instrumented COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/instrumented.sh ${CMAKE_BINARY_DIR})
set_tests_properties(preload.instrumented PROPERTIES LABELS preload TIMEOUT 300)
