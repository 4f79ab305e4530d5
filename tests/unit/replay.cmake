# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
prof_unit_test(test_op_math proftools)
prof_unit_test(test_arch proftools)
prof_unit_test(test_model proftools)
prof_unit_test(test_replay proftools)
prof_unit_test(test_context proftools)
prof_unit_test(test_recording_net proftools)
prof_unit_test(test_energy proftools)
prof_unit_test(test_calibration proftools)
