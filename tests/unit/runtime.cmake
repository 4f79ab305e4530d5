# Unit tests of runtime/.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
prof_unit_test(test_codec)
prof_unit_test(test_config prof_runtime)
prof_unit_test(test_ring prof_runtime)
prof_unit_test(test_recorder_limit prof_runtime)
prof_unit_test(test_recorder prof_runtime)
prof_unit_test(test_sample_choice prof_runtime)
prof_unit_test(test_recorder_trouble prof_runtime)
prof_unit_test(test_run_folder prof_runtime)
target_include_directories(test_codec SYSTEM PRIVATE ${PROF_XXHASH_INCLUDE})
target_include_directories(test_recorder_limit SYSTEM PRIVATE ${PROF_XXHASH_INCLUDE})
target_include_directories(test_recorder SYSTEM PRIVATE ${PROF_XXHASH_INCLUDE})
target_include_directories(test_run_folder SYSTEM PRIVATE ${PROF_XXHASH_INCLUDE})
