#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""plain_llama.py: the operations of examples/plain_llama, from its shape alone, against a trace's.

    proftrace export TRACE | plain_llama.py PROMPT PREDICT [--unnamed] GONE...

GONE are functions of which no call is left (inlined): their operations are not expected.
--unnamed is for the shortest file of hooks, which knows neither layers nor contexts, and four functions.
"""
import json
import sys

DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, VOCAB = 64, 176, 3, 4, 2, 320
HEAD = DIM // HEADS
KV_DIM = HEAD * KV_HEADS


def linear(context, layer, i, o):
    return ("matmul", "linear", context, layer, {"input": [1, i], "weight": [i, o]})


def expected(position):
    """One pass, in the order in which the operations begin."""
    for layer in range(LAYERS):
        yield ("rmsnorm", "rmsnorm", None, None, {"input": [DIM]})
        yield linear("q_proj", layer, DIM, DIM)
        yield linear("k_proj", layer, DIM, KV_DIM)
        yield linear("v_proj", layer, DIM, KV_DIM)
        yield ("rotate", "rope", None, None, {"input": [1, DIM]})
        yield ("rotate", "rope", None, None, {"input": [1, KV_DIM]})
        yield ("attend", "attention", None, None,
               {"query": [1, HEADS, 1, HEAD], "key": [1, KV_HEADS, position + 1, HEAD]})
        for _ in range(HEADS):
            yield ("softmax", "softmax", None, None, {"input": [position + 1]})
        yield linear("o_proj", layer, DIM, DIM)
        yield ("rmsnorm", "rmsnorm", None, None, {"input": [DIM]})
        yield linear("gate_proj", layer, DIM, HIDDEN)
        yield linear("up_proj", layer, DIM, HIDDEN)
        yield linear("down_proj", layer, HIDDEN, DIM)
    yield ("rmsnorm", "rmsnorm", None, None, {"input": [DIM]})
    yield linear("lm_head", None, DIM, VOCAB)


def main():
    prompt, predict, gone = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    is_named = "--unnamed" not in gone
    gone += [] if is_named else ["rotate", "attend"]
    wanted = []
    for position in range(prompt + predict - 1):
        step = None if "forward" in gone else position
        wanted += [(step,) + op for op in expected(position) if op[0] not in gone]
    found = [json.loads(line) for line in sys.stdin]
    found.sort(key=lambda op: op["start_ns"])
    if len(found) != len(wanted):
        sys.exit(f"{len(found)} operations, not {len(wanted)}")
    for at, (op, (step, name, kind, context, layer, shapes)) in enumerate(zip(found, wanted)):
        got = (op.get("step"), op["name"], op["op"], op["context"] if context and is_named else None,
               op.get("layer"), {key: op[key] for key in shapes if key in op})
        want = (step, name, kind, context if is_named else None, layer if is_named else None, shapes)
        if got != want:
            sys.exit(f"operation {at} is {got}, not {want}")
        if op["dtype"] != "float32" or op["family"] != "user":
            sys.exit(f"operation {at} is of {op['dtype']} and {op['family']}")
    contexts = {op["step_ctx_max"] for op in found if "step_ctx_max" in op}
    if found and "forward" not in gone and contexts != set(range(1, prompt + predict)):
        sys.exit(f"the steps see {sorted(contexts)} positions")


main()
