# PROF_CPU: as files that only this CPU needs end, e.g. thunk_x86_64.S.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set(PROF_CPU x86_64)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(PROF_CPU aarch64)
else()
  message(FATAL_ERROR "${CMAKE_SYSTEM_PROCESSOR} has no files of its own yet: CONTRIBUTING.md says which it needs")
endif()
