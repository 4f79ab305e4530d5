// onnx_branches.mjs: three runs of the model of onnx_branches.py.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// usage: node onnx_branches.mjs DEPS MODEL sequential|parallel THREADS [PROFILE-PREFIX]
import {createRequire} from 'node:module';

const [deps, model, executionMode, threads, prefix] = process.argv.slice(2);
const ort = createRequire(deps + '/')('onnxruntime-node');
const session = await ort.InferenceSession.create(model, {
	executionMode,
	intraOpNumThreads: Number(threads),
	interOpNumThreads: Number(threads),
	...(prefix ? {enableProfiling: true, profileFilePrefix: prefix} : {}),
});
for (let run = 1; run <= 3; run++) {
	const x = Float32Array.from({length: 256}, (_, i) => Math.sin(i * run));
	const found = await session.run({x: new ort.Tensor('float32', x, [4, 64])});
	console.log(Object.values(found)[0].data.reduce((sum, v) => sum + v, 0));
}
if (prefix)
	session.endProfiling();
