#!/usr/bin/python3
"""onnx_compare.py: an op list beside ONNX Runtime's own profile of a session that ran the same.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

usage: onnx_compare.py LIST PROFILE [unordered]
Each node, in order: operator, name, shape and type of every tensor that the profile tells.
unordered: nodes ran on several threads, so only what ran is compared.
"""
import json
import sys

TYPES = {"float": "float32", "bool": "bool", "int32": "int32", "int64": "int64"}


def tensors(listed):
    return [(TYPES[kind], dims) for tensor in listed for kind, dims in tensor.items()]


def operand(op, role):
    """(type, dims) of each operand with this role."""
    dims = op.get(role)
    many = dims if dims and isinstance(dims[0], list) else [] if dims is None else [dims]
    kind = op.get("dtypes", {}).get(role, op.get("dtype"))
    kinds = kind if isinstance(kind, list) else [kind] * len(many)
    return list(zip(kinds, many))


def multiplied(dims, inner):
    return dims if dims[-2] == inner else dims[:-2] + [dims[-1], dims[-2]]


def differences(op, node):
    args = node["args"]
    wanted, results = tensors(args["input_type_shape"]), tensors(args["output_type_shape"])
    if op["name"] != args["op_name"] or op["result"] + "_kernel_time" != node["name"]:
        yield f"{op['result']} ({op['name']}) ran"
    if operand(op, "output") != results[:1]:
        yield f"output {operand(op, 'output')}, not {results[:1]}"
    if op["op"] == "embedding":
        found = operand(op, "weight") + operand(op, "index")
    elif op["op"] == "linear":  # the weight may be packed, and then it is not in the profile
        found = operand(op, "input") + operand(op, "weight")
        wanted = wanted[:1] + [(wanted[0][0], [wanted[0][1][-1], results[0][1][-1]])]
    else:
        found = operand(op, "input") + operand(op, "index") + operand(op, "other")
        if op["op"] == "matmul":
            wanted[1] = (wanted[1][0], multiplied(wanted[1][1], wanted[0][1][-1]))
    if sorted(map(str, found)) != sorted(map(str, wanted)) or found[:1] != wanted[:1]:
        yield f"operands {found}, not {wanted}"


def main():
    ops = [json.loads(line) for line in open(sys.argv[1])]
    nodes = [e for e in json.load(open(sys.argv[2])) if e["cat"] == "Node" and e["name"].endswith("_kernel_time")]
    if sys.argv[3:]:
        ops.sort(key=lambda op: op["result"] + "_kernel_time")
        nodes.sort(key=lambda node: node["name"])
    bad = [f"{node['name']}: {text}" for op, node in zip(ops, nodes) for text in differences(op, node)]
    if len(ops) != len(nodes) or not ops:
        bad.append(f"{len(ops)} operations, {len(nodes)} nodes in the session's own profile")
    if any(op.get("family") != "onnxruntime" or op.get("depth") or "step" not in op for op in ops):
        bad.append("an operation is of no run, another family, or inside another one")
    ops.sort(key=lambda op: op["start_ns"])
    for before, after in zip(ops, ops[1:]):
        if after["start_ns"] + 1 < before["start_ns"] + before["time_ns"]:
            bad.append(f"{after['result']} began before {before['result']} ended")
    print("\n".join(bad[:20]), end="\n" if bad else "")
    sys.exit(bool(bad))


main()
