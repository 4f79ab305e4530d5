# PyTorch: the distribution's own, and one that has nothing but names.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
foreach(way measured asked unknown)
  add_library(torch_fake_${way} SHARED torch_fake_library.c)
  target_compile_options(torch_fake_${way} PRIVATE -Wno-missing-prototypes)
endforeach()
target_compile_definitions(torch_fake_measured PRIVATE FAKE_SAMPLES)
target_compile_definitions(torch_fake_asked PRIVATE FAKE_INTERFACE)
foreach(way measured asked unknown)
  add_executable(torch_fake_program_${way} torch_fake.c)
  target_link_libraries(torch_fake_program_${way} PRIVATE torch_fake_${way})
endforeach()

add_executable(torch_table torch_table.c)
target_include_directories(torch_table PRIVATE ${CMAKE_SOURCE_DIR})
add_test(NAME preload.torch_signatures
  COMMAND sh -c "'$<TARGET_FILE:torch_table>' | c++filt | /usr/bin/python3 '${CMAKE_CURRENT_SOURCE_DIR}/torch/signatures.py'")
set_tests_properties(preload.torch_signatures PROPERTIES LABELS preload)

foreach(test fake operators transformer convolutions steps cases)
  add_test(NAME preload.torch_${test}
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/torch_${test}.sh ${CMAKE_BINARY_DIR})
  set_tests_properties(preload.torch_${test} PROPERTIES LABELS preload TIMEOUT 300)
endforeach()
