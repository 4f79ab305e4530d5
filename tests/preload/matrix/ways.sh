# ways.sh: how the situations that need more than a program are made; read by run.sh.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
