# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
find_path(PROF_DNNL_INCLUDE oneapi/dnnl/dnnl.h REQUIRED)
find_library(PROF_DNNL_LIBRARY dnnl REQUIRED)
add_executable(dnnl_resnet dnnl_resnet.c)
target_include_directories(dnnl_resnet SYSTEM PRIVATE ${PROF_DNNL_INCLUDE})
target_link_libraries(dnnl_resnet PRIVATE ${PROF_DNNL_LIBRARY})
