// onnx_run.mjs: a prompt and some tokens through a model of onnx_transformer.py, by onnxruntime-node.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// usage: node onnx_run.mjs MODEL [PROMPT-TOKENS [NEW-TOKENS [PROFILE-PREFIX]]]
// Prints the tokens that it finds most likely, and their logits. With a prefix
// ONNX Runtime writes its own profile of the session, whose name is printed last.
import {createRequire} from 'node:module';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../.deps/', import.meta.url));
const ort = createRequire(root)('onnxruntime-node');
const [model, prompt = '5', fresh = '4', prefix] = process.argv.slice(2);
const session = await ort.InferenceSession.create(model, {
	intraOpNumThreads: 1,
	interOpNumThreads: 1,
	...(prefix ? {enableProfiling: true, profileFilePrefix: prefix} : {}),
});

// The cache begins empty: its shape is in the model.
const caches = session.inputMetadata.filter((input) => input.name.startsWith('past_'));
let past = Object.fromEntries(caches.map(({name, shape}) =>
	[name, new ort.Tensor('float32', new Float32Array(0), [1, shape[1], 0, shape[3]])]));
let ids = Array.from({length: Number(prompt)}, (_, i) => BigInt(i + 1));
let context = 0;

for (let step = 0; step < Number(fresh); step++) {
	const total = context + ids.length;
	const mask = new Float32Array(ids.length * total);
	for (let row = 0; row < ids.length; row++)
		mask.fill(-1e9, row * total + context + row + 1, (row + 1) * total);
	const found = await session.run({
		ids: new ort.Tensor('int64', BigInt64Array.from(ids), [1, ids.length]),
		mask: new ort.Tensor('float32', mask, [1, 1, ids.length, total]),
		...past,
	});
	past = Object.fromEntries(caches.map(({name}) => [name, found[name.replace('past', 'present')]]));
	const logits = found.logits.data.slice(-found.logits.dims[2]);
	const best = logits.reduce((at, x, i) => (x > logits[at] ? i : at), 0);
	console.log(best, logits[best]);
	context = total;
	ids = [BigInt(best)];
}
if (prefix)
	session.endProfiling();
