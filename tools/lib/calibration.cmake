# A host's own measurements: fitting rates, pricing by them, comparing with what was recorded.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
list(APPEND PROF_TOOLS_SOURCES fit.c calibration.c calibration_yaml.c calibration_fit.c model_calibrated.c validate.c)
