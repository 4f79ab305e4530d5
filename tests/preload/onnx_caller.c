/* onnx_caller.c: a library that calls ONNX Runtime as its own dependency.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
const void *OrtGetApiBase(void);
const void *onnx_base(void);

const void *onnx_base(void)
{
	return OrtGetApiBase();
}
