# Unit tests of trace reading and writing.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
prof_unit_test(test_trace proftools)
prof_unit_test(test_list proftools)
prof_unit_test(test_formula proftools)
prof_unit_test(test_counter_totals proftools)
prof_unit_test(test_counter_groups proftools papi)
prof_unit_test(test_unite proftools)
prof_unit_test(test_slices proftools)
prof_unit_test(test_counter_metrics proftools)
