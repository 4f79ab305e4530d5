// node_llama.mjs: a short completion with node-llama-cpp, as anybody would write it.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//     node examples/node_llama.mjs MODEL.gguf [TOKENS [THREADS]]
//
// There is nothing of the profiler in it; run it with LD_PRELOAD to be recorded.
// The package is looked for in .deps/node_modules, where scripts/deps puts it.
import {createRequire} from "node:module";
import {dirname, join} from "node:path";
import {fileURLToPath, pathToFileURL} from "node:url";

const [model, tokens = "8", threads = "1"] = process.argv.slice(2);
if (!model) {
    console.error("usage: node node_llama.mjs MODEL.gguf [TOKENS [THREADS]]");
    process.exit(2);
}
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = process.env.NODE_LLAMA_MODULES ?? join(root, ".deps", "node_modules");
const entry = createRequire(join(modules, "x.js")).resolve("node-llama-cpp");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(entry));

const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, progressLogs: false});
const loaded = await llama.loadModel({modelPath: model});
const context = await loaded.createContext({contextSize: 128, threads: Number(threads), flashAttention: false});
const sequence = context.getSequence();
const prompt = [loaded.tokens.bos, ...loaded.tokenize("Once upon a time")];

const generated = [];
for await (const token of sequence.evaluate(prompt, {temperature: 0, yieldEogToken: true})) {
    generated.push(token);
    if (generated.length >= Number(tokens)) break;
}
console.log(`prompt tokens: ${prompt.length}`);
console.log(`generated: ${generated.join(" ")}`);
await context.dispose();
await loaded.dispose();
await llama.dispose();
