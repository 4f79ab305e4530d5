#!/usr/bin/python3
"""onnx_transformer.py: write a small decoder transformer with random weights as an ONNX file.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

usage: onnx_transformer.py FILE [LAYERS [WIDTH [HEADS [FF [VOCAB]]]]]
Llama's layers with a cache of keys and values that goes in and comes out:
RMSNorm as exporters spell it, attention by its single operators, a gated
feed-forward. Nodes are named as exporters of PyTorch models name them.
"""
import struct
import sys

import numpy as np

FLOAT, INT64 = 1, 7
A_FLOAT, A_INT, A_GRAPH, A_INTS = 1, 2, 5, 7


def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def number(field, n):
    return varint(field << 3) + varint(n)


def data(field, payload):
    payload = payload.encode() if isinstance(payload, str) else payload
    return varint(field << 3 | 2) + varint(len(payload)) + payload


def real(field, x):
    return varint(field << 3 | 5) + struct.pack("<f", x)


def attribute(name, value):
    if isinstance(value, float):
        return data(1, name) + real(2, value) + number(20, A_FLOAT)
    if isinstance(value, int):
        return data(1, name) + number(3, value) + number(20, A_INT)
    if isinstance(value, Graph):
        return data(1, name) + data(6, value.encoded(name)) + number(20, A_GRAPH)
    return data(1, name) + b"".join(number(8, v) for v in value) + number(20, A_INTS)


def value_info(name, kind, dims):
    shape = b"".join(data(1, data(2, d) if isinstance(d, str) else number(1, d)) for d in dims)
    return data(1, name) + data(2, data(1, number(1, kind) + data(2, shape)))


class Graph:
    def __init__(self, seed=1):
        self.nodes, self.constants, self.ends = [], [], []
        self.random = np.random.default_rng(seed)

    def node(self, op, name, inputs, outputs=None, **attributes):
        outputs = outputs or [name + "_output"]
        self.nodes.append(b"".join(data(1, i) for i in inputs) + b"".join(data(2, o) for o in outputs)
                          + data(3, name) + data(4, op)
                          + b"".join(data(5, attribute(k, v)) for k, v in attributes.items()))
        return outputs[0]

    def constant(self, name, array):
        kind = INT64 if array.dtype == np.int64 else FLOAT
        self.constants.append(b"".join(number(1, d) for d in array.shape) + number(2, kind) + data(8, name)
                              + data(9, array.tobytes()))
        return name

    def weight(self, name, *shape):
        return self.constant(name, (self.random.standard_normal(shape) * shape[0] ** -0.5).astype(np.float32))

    def end(self, field, name, kind, *dims):
        self.ends.append(data(field, value_info(name, kind, dims)))
        return name

    def encoded(self, name):
        return (b"".join(data(1, n) for n in self.nodes) + data(2, name)
                + b"".join(data(5, c) for c in self.constants) + b"".join(self.ends))

    def write(self, path):
        graph = self.encoded("transformer")
        with open(path, "wb") as f:
            f.write(number(1, 8) + data(2, "prof") + data(7, graph) + data(8, data(1, "") + number(2, 17)))


def norm(g, at, x, width):
    squared = g.node("Pow", at + "/Pow", [x, "two"])
    mean = g.node("ReduceMean", at + "/ReduceMean", [squared], axes=[-1], keepdims=1)
    root = g.node("Sqrt", at + "/Sqrt", [g.node("Add", at + "/Add", [mean, "epsilon"])])
    weight = g.constant(at.strip("/").replace("/", ".") + ".weight", np.ones(width, np.float32))
    return g.node("Mul", at + "/Mul", [g.node("Div", at + "/Div", [x, root]), weight])


def project(g, at, x, *shape):
    return g.node("MatMul", at + "/MatMul", [x, g.weight(at.strip("/").replace("/", ".") + ".weight", *shape)])


def heads(g, at, x):
    return g.node("Transpose", at + "_heads/Transpose",
                  [g.node("Reshape", at + "_heads/Reshape", [x, "split"])], perm=[0, 2, 1, 3])


def attention(g, layer, x, width):
    at = f"/model/layers.{layer}/self_attn"
    q, k, v = (heads(g, f"{at}/{n}", project(g, f"{at}/{n}_proj", x, width, width)) for n in "qkv")
    k = g.node("Concat", at + "/Concat_k", [f"past_k.{layer}", k], [f"present_k.{layer}"], axis=2)
    v = g.node("Concat", at + "/Concat_v", [f"past_v.{layer}", v], [f"present_v.{layer}"], axis=2)
    scores = g.node("MatMul", at + "/qk/MatMul", [q, g.node("Transpose", at + "/Transpose", [k], perm=[0, 1, 3, 2])])
    scores = g.node("Add", at + "/Add", [g.node("Mul", at + "/Mul", [scores, "scale"]), "mask"])
    mixed = g.node("MatMul", at + "/kqv/MatMul", [g.node("Softmax", at + "/Softmax", [scores], axis=-1), v])
    joined = g.node("Reshape", at + "/Reshape", [g.node("Transpose", at + "/Transpose_o", [mixed], perm=[0, 2, 1, 3]), "join"])
    return project(g, at + "/o_proj", joined, width, width)


def feed_forward(g, layer, x, width, ff):
    at = f"/model/layers.{layer}/mlp"
    gate = project(g, at + "/gate_proj", x, width, ff)
    gate = g.node("Mul", at + "/act_fn/Mul", [gate, g.node("Sigmoid", at + "/act_fn/Sigmoid", [gate])])
    return project(g, at + "/down_proj", g.node("Mul", at + "/Mul", [gate, project(g, at + "/up_proj", x, width, ff)]),
                   ff, width)


def main():
    layers, width, n_heads, ff, vocab = (int(a) for a in (sys.argv[2:] + ["2", "64", "4", "128", "100"][len(sys.argv) - 2:]))
    g = Graph()
    size = width // n_heads
    g.constant("two", np.array(2, np.float32))
    g.constant("epsilon", np.array(1e-5, np.float32))
    g.constant("scale", np.array(size ** -0.5, np.float32))
    g.constant("split", np.array([1, -1, n_heads, size]))
    g.constant("join", np.array([1, -1, width]))
    g.end(11, "ids", INT64, 1, "tokens")
    g.end(11, "mask", FLOAT, 1, 1, "tokens", "context")
    x = g.node("Gather", "/model/embed_tokens/Gather", [g.weight("model.embed_tokens.weight", vocab, width), "ids"])
    for i in range(layers):
        for kind in "kv":
            g.end(11, f"past_{kind}.{i}", FLOAT, 1, n_heads, "past", size)
            g.end(12, f"present_{kind}.{i}", FLOAT, 1, n_heads, "context", size)
        at = f"/model/layers.{i}"
        x = g.node("Add", at + "/Add", [x, attention(g, i, norm(g, at + "/input_layernorm", x, width), width)])
        x = g.node("Add", at + "/Add_1", [x, feed_forward(g, i, norm(g, at + "/post_attention_layernorm", x, width), width, ff)])
    x = norm(g, "/model/norm", x, width)
    g.node("MatMul", "/lm_head/MatMul", [x, g.weight("lm_head.weight", width, vocab)], ["logits"])
    g.end(12, "logits", FLOAT, 1, "tokens", vocab)
    g.write(sys.argv[1])


if __name__ == "__main__":
    main()
