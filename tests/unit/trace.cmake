# Unit tests of trace reading and writing.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
prof_unit_test(test_trace proftools)
