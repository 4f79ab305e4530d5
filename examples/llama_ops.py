#!/usr/bin/python3
"""llama_ops.py: the operations of a Llama inference that nobody ran, as an op list.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

usage: examples/llama_ops.py MODEL [--prompt N] [--generate N] [--batch N] [--weights TYPE] [--cache TYPE]
                             [--every N] [--fused] [--last-row] >LIST

The first of the generated tokens is the prefill's, so N tokens are N - 1 steps of decode; --every writes
one of so many of these steps. --last-row computes the vocabulary for the last token of a prompt alone, as
engines do. --fused joins what serving engines join: q, k and v; gate and up; silu and
product; rotary embedding, cache writes and attention. docs/op_lists.md says what the keys mean.
"""
import argparse
import json
import sys

# layers, width, heads, heads of the cache, width of the feed-forward part, vocabulary: the models' configurations.
MODELS = {
    "llama-2-7b": (32, 4096, 32, 32, 11008, 32000),
    "llama-2-70b": (80, 8192, 64, 8, 28672, 32000),
    "mistral-7b": (32, 4096, 32, 8, 14336, 32000),
    "llama-3-8b": (32, 4096, 32, 8, 14336, 128256),
    "llama-3-70b": (80, 8192, 64, 8, 28672, 128256),
    "tiny": (1, 4, 2, 1, 8, 16),
}


class Step:
    """One pass of `rows` new tokens for each of `batch` sequences, `context` tokens with them."""

    def __init__(self, options, number, rows, context):
        self.o = options
        _, self.width, self.heads, self.kv_heads, self.ff, self.vocab = MODELS[options.model]
        self.number, self.rows, self.context = number, rows, context
        self.phase = "decode" if number else "prefill"

    def op(self, kind, context, **operands):
        types = {"weight": self.o.weights, "key": self.o.cache, "value": self.o.cache}
        line = {"op": kind, "context": context, "layer": "LAYER", "step": self.number, "phase": self.phase,
                "dtype": "float16", **operands}
        if kind == "kv_write":
            types["output"] = self.o.cache
        line["dtypes"] = {role: types[role] for role in operands if types.get(role, "float16") != "float16"}
        if not line["dtypes"]:
            del line["dtypes"]
        return json.dumps(line)

    def tokens(self, width):
        return [self.o.batch, self.rows, width]

    def linear(self, context, i, o):
        return self.op("linear", context, input=self.tokens(i), weight=[i, o], output=self.tokens(o))

    def same(self, kind, context, width, **other):
        return self.op(kind, context, input=self.tokens(width), **other, output=self.tokens(width))

    def attention(self):
        head = self.width // self.heads
        query = [self.o.batch, self.heads, self.rows, head]
        cache = [self.o.batch, self.kv_heads, self.context, head]
        return self.op("attention", "attn_output", query=query, key=cache, value=cache, output=query)

    def mixing(self):
        kv = self.kv_heads * (self.width // self.heads)
        if self.o.fused:
            return [self.linear("qkv_proj", self.width, self.width + 2 * kv), self.attention()]
        return [self.linear("q_proj", self.width, self.width), self.linear("k_proj", self.width, kv),
                self.linear("v_proj", self.width, kv), self.same("rope", "rotary_emb", self.width),
                self.same("rope", "rotary_emb", kv), self.same("kv_write", "k_cache", kv),
                self.same("kv_write", "v_cache", kv), self.attention()]

    def feeding(self):
        if self.o.fused:
            return [self.linear("gate_up_proj", self.width, 2 * self.ff),
                    self.op("swiglu", "act_fn", input=self.tokens(2 * self.ff), output=self.tokens(self.ff))]
        return [self.linear("gate_proj", self.width, self.ff), self.same("silu", "act_fn", self.ff),
                self.linear("up_proj", self.width, self.ff),
                self.same("mul", "mlp", self.ff, other=self.tokens(self.ff))]

    def told(self):
        """What op lists say of a whole step, on its first operation."""
        before = self.context - self.rows
        seen = self.rows * before + self.rows * (self.rows + 1) // 2
        return {"step_tokens": self.o.batch * self.rows, "step_sequences": self.o.batch,
                "step_ctx_max": self.context, "step_ctx_sum": self.o.batch * seen}

    def layer(self):
        residual = self.same("add", "residual", self.width, other=self.tokens(self.width))
        return [self.same("rmsnorm", "input_layernorm", self.width), *self.mixing(),
                self.linear("o_proj", self.width, self.width), residual,
                self.same("rmsnorm", "post_attention_layernorm", self.width), *self.feeding(),
                self.linear("down_proj", self.ff, self.width), residual]

    def write(self, file):
        layer = "\n".join(self.layer()) + "\n"
        told = json.dumps(self.told())[1:]
        for number in range(MODELS[self.o.model][0]):
            text = layer.replace('"LAYER"', str(number))
            file.write(text if number else text.replace("}\n", ", " + told + "\n", 1))
        head = [self.same("rmsnorm", "norm", self.width)]
        if self.o.last_row:
            self.rows = 1
        head += [self.linear("lm_head", self.width, self.vocab)]
        file.write("\n".join(head).replace('"LAYER"', "-1") + "\n")


def write(options, file):
    Step(options, 0, options.prompt, options.prompt).write(file)
    for number in range(1, options.generate, options.every):
        Step(options, number, 1, options.prompt + number).write(file)


def parse(arguments):
    p = argparse.ArgumentParser(prog="llama_ops.py", description="Write a Llama inference as an op list.")
    p.add_argument("model", choices=MODELS)
    p.add_argument("--prompt", type=int, default=64)
    p.add_argument("--generate", type=int, default=16)
    p.add_argument("--batch", type=int, default=1)
    p.add_argument("--weights", default="float16")
    p.add_argument("--cache", default="float16")
    p.add_argument("--every", type=int, default=1)
    p.add_argument("--fused", action="store_true")
    p.add_argument("--last-row", action="store_true")
    options = p.parse_args(arguments)
    if min(options.prompt, options.generate, options.batch, options.every) < 1:
        p.error("lengths and sizes are at least 1")
    return options


if __name__ == "__main__":
    write(parse(sys.argv[1:]), sys.stdout)
