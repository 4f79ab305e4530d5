/* fuzz_ort.c: profiles of ONNX Runtime, as anybody may write them.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "tests/fuzz/fuzz.h"

#include "preload/ort/ort_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct ort_text text = {(const char *)data, bytes};
	struct ort_tensor tensor;
	struct ort_event event;
	unsigned skipped = 0;

	while (ort_profile_next(&text, &event, &skipped)) {
		while (ort_profile_tensor(&event.inputs, &tensor))
			if (tensor.n_dims > ORT_DIMS)
				return 1;
		while (ort_profile_tensor(&event.outputs, &tensor))
			;
	}
	return text.n != 0;
}
