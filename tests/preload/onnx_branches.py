#!/usr/bin/python3
"""onnx_branches.py: an ONNX file with nodes inside nodes: a loop with a branch in its body.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

usage: onnx_branches.py EXAMPLES FILE
x [4, 64] goes ROUNDS times through a product with the weight [64, 64]; in every
second round one more follows. Beside it there are two towers of products that may run at once.
"""
import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from onnx_transformer import FLOAT, INT64, Graph  # noqa: E402

BOOL, ROUNDS, WIDTH = 9, 6, 64


def branch(name, seed):
    g = Graph(seed)
    result = "v_mm" if not name else g.node("MatMul", name, ["v_mm", g.weight(name + ".weight", WIDTH, WIDTH)])
    g.end(12, g.node("Relu", f"relu_{seed}", [result]), FLOAT, 4, WIDTH)
    return g


def body():
    g = Graph(2)
    g.end(11, "i", INT64)
    g.end(11, "go_in", BOOL)
    g.end(11, "v", FLOAT, 4, WIDTH)
    g.constant("two", np.array(2))
    g.constant("one", np.array(1))
    g.node("MatMul", "/each/MatMul", ["v", g.weight("each.weight", WIDTH, WIDTH)], ["v_mm"])
    odd = g.node("Equal", "/is_odd/Equal", [g.node("Mod", "/is_odd/Mod", ["i", "two"]), "one"])
    g.node("If", "/choice/If", [odd], ["v_out"], then_branch=branch("/twice/MatMul", 3), else_branch=branch("", 4))
    g.node("Identity", "/go/Identity", ["go_in"], ["go_out"])
    g.end(12, "go_out", BOOL)
    g.end(12, "v_out", FLOAT, 4, WIDTH)
    return g


def main():
    g = Graph()
    g.end(11, "x", FLOAT, 4, WIDTH)
    g.constant("rounds", np.array(ROUNDS))
    last = g.node("Loop", "/loop/Loop", ["rounds", "", "x"], body=body())
    for tower in "ab":
        at = "x"
        for i in range(8):
            name = f"/tower_{tower}/{i}/MatMul"
            at = g.node("Relu", f"/tower_{tower}/{i}/Relu", [g.node("MatMul", name, [at, g.weight(name + ".weight", WIDTH, WIDTH)])])
        last = g.node("Add", f"/join_{tower}/Add", [last, at])
    g.end(12, last, FLOAT, 4, WIDTH)
    g.write(sys.argv[2])


main()
