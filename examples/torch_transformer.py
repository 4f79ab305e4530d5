# torch_transformer.py: two blocks of a decoder with a KV cache: a prompt of 8 tokens, then 3 more.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import math
import torch
from torch import nn

WIDTH, HEADS, LAYERS, VOCABULARY = 64, 4, 2, 100


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj = nn.Linear(WIDTH, WIDTH, bias=False)
        self.k_proj = nn.Linear(WIDTH, WIDTH, bias=False)
        self.v_proj = nn.Linear(WIDTH, WIDTH, bias=False)
        self.o_proj = nn.Linear(WIDTH, WIDTH, bias=False)

    def heads(self, x):
        return x.view(x.size(0), x.size(1), HEADS, -1).transpose(1, 2)

    def forward(self, x, cache):
        q, k, v = self.heads(self.q_proj(x)), self.heads(self.k_proj(x)), self.heads(self.v_proj(x))
        if cache:
            k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
        scores = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(WIDTH // HEADS)
        rows, columns = scores.shape[2:]
        if rows > 1:
            hidden = torch.triu(torch.ones(rows, columns, dtype=torch.bool), columns - rows + 1)
            scores = scores.masked_fill(hidden, float('-inf'))
        y = torch.matmul(torch.softmax(scores, -1), v).transpose(1, 2).reshape(x.shape)
        return self.o_proj(y), (k, v)


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate_proj = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.up_proj = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.down_proj = nn.Linear(3 * WIDTH, WIDTH)
        self.act_fn = nn.SiLU()

    def forward(self, x):
        return self.down_proj(self.act_fn(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.input_layernorm = nn.LayerNorm(WIDTH)
        self.self_attn = Attention()
        self.post_attention_layernorm = nn.LayerNorm(WIDTH)
        self.mlp = MLP()

    def forward(self, x, cache):
        y, cache = self.self_attn(self.input_layernorm(x), cache)
        x = x + y
        return x + self.mlp(self.post_attention_layernorm(x)), cache


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed_tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, tokens, caches):
        x, kept = self.embed_tokens(tokens), []
        for layer, cache in zip(self.layers, caches):
            x, cache = layer(x, cache)
            kept.append(cache)
        return self.norm(x), kept


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = Decoder()
        self.lm_head = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, input_ids, caches):
        x, caches = self.model(input_ids, caches)
        return self.lm_head(x[:, -1:]), caches


torch.manual_seed(1)
model = Model().eval()
tokens, caches = torch.arange(8).view(1, 8), [None] * LAYERS
with torch.no_grad():
    for _ in range(4):
        logits, caches = model(input_ids=tokens, caches=caches)
        tokens = logits.argmax(-1)
        print(tokens.item(), *logits[0, 0, :5].tolist())
