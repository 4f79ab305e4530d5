# steps.py: calls of networks in the ways that scripts make them, with caches of several kinds.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import torch
from torch import nn


class Layer:
    def __init__(self, length):
        self.keys = torch.zeros(1, 2, length, 8)
        self.values = torch.zeros(1, 2, length, 8)


class Cache:  # as the objects of the Hugging Face library are
    def __init__(self, length):
        self.device, self.count, self.layers = torch.device('cpu'), length, [Layer(length)]


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(50, 16)
        self.head = nn.Linear(16, 50)

    def forward(self, input_ids, cache=None, past_key_values=None, cache_position=None, extra=None):
        return self.head(self.embed(input_ids))


class Own(nn.Module):  # parameters and no modules below
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(16, 4))

    def forward(self, x):
        return x @ self.weight


def cached(length, batch=1):
    return torch.zeros(batch, 2, length, 8)


torch.manual_seed(2)
network, tokens = Network(), torch.arange(6).view(1, 6)
with torch.no_grad():
    results = [
        network(tokens),                                                            # 6
        network(tokens[:, :1], past_key_values=((cached(6), cached(6)),)),          # 1 after 6
        network(tokens[:, :1], cache=[None, {'k': cached(7), 'v': cached(7)}]),     # 1 after 7
        network(tokens[:, :1], Cache(8)),                                           # 1 after 8, by place
        network(tokens[:, :3], None, Cache(9), torch.arange(3)),                    # 3 after 9
        network(input_ids=tokens[:, :1], cache_position=torch.arange(1), extra=[cached(99)]),  # not a cache
        network(tokens.view(2, 3)[:, :1], cache=cached(4, 2)),                      # 2 sequences after 4
        Own()(torch.ones(1, 5, 16)),                                                # 5
        nn.Linear(16, 4)(torch.ones(1, 5, 16)),                                     # a layer is no step
        nn.CrossEntropyLoss()(torch.ones(2, 3), torch.tensor([0, 1])),              # nor is a loss
        Own().double()(torch.ones(3, 16, dtype=torch.float64)),                     # rows of no known meaning
    ]
for r in results:
    print(tuple(r.shape), f'{r.double().sum().item():.9f}' if r.shape[-1:] != (50,) else '')
