# cases.py: what scripts do beside plain inference; its output must not depend on who watches.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import copy
import gc
import inspect
import io
import pickle
import sys
import threading
import traceback
import warnings
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(12, 24)
        self.second = nn.Linear(24, 6)
        self.shared = self.first

    def forward(self, x, fail=None):
        if fail == 'python':
            raise ValueError('from the forward')
        if fail == 'shape':
            return self.second(x)
        if fail == 'warn':
            warnings.warn('from the forward', stacklevel=2)
        return self.second(torch.relu(self.first(x)))


def show(what, x):
    print(what, tuple(x.shape), x.dtype, f'{x.detach().double().sum().item():.12f}')


def fails(what, call):
    try:
        call()
    except Exception:
        print(what, traceback.format_exc())


torch.manual_seed(3)
net = Net()
x = torch.randn(5, 12)

# errors from Python and from C++, with the same traceback, and afterwards all is as before
fails('python', lambda: net(x, fail='python'))
fails('shape', lambda: net(x, fail='shape'))
fails('operator', lambda: torch.mm(x, x))
fails('list', lambda: torch.cat([x, x[0]]))
fails('argument', lambda: net())
depth = 0


class Endless(nn.Module):
    def forward(self):
        global depth
        depth += 1
        return self()


try:
    Endless()()
except RecursionError as error:
    print('recursion', depth, error)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter('always')
    net(x, fail='warn')
    print([(w.filename[-8:], w.lineno, str(w.message)) for w in caught])
show('after errors', net(x))

# gradients, a step of training, double backward
loss = nn.CrossEntropyLoss()(net(x), torch.tensor([0, 1, 2, 3, 4]))
loss.backward()
torch.optim.SGD(net.parameters(), lr=0.1).step()
show('trained', net(x))
y = x.clone().requires_grad_()
g, = torch.autograd.grad(net(y).pow(2).sum(), y, create_graph=True)
g.sum().backward()
show('twice', y.grad)


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        return net(a).repeat(1, 2)

    @staticmethod
    def backward(ctx, b):
        return torch.ones(5, 12) * b.sum()


show('function', Double.apply(y))

# what compiles and takes apart modules
with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    traced = torch.jit.trace(net, x)
    scripted = torch.jit.script(nn.Sequential(nn.Linear(12, 3), nn.ReLU()))
show('traced', traced(x))
print(traced.graph)
show('scripted', scripted(x))
buffer = io.BytesIO()
torch.jit.save(traced, buffer)
buffer.seek(0)
show('loaded', torch.jit.load(buffer)(x))
print(torch.fx.symbolic_trace(nn.Sequential(nn.Linear(12, 3), nn.ReLU())).graph)
show('copied', copy.deepcopy(net)(x))
show('pickled', pickle.loads(pickle.dumps(net))(x))
handle = net.first.register_forward_hook(lambda module, inputs, output: output * 2)
show('hooked', net(x))
handle.remove()
print(inspect.signature(net.forward), callable(net), nn.Module.__call__.__name__,
      inspect.signature(nn.Module.__call__).parameters['self'])
print([name for name, _ in net.named_modules(remove_duplicate=False)])

print('tensors', sum(issubclass(type(o), torch.Tensor) for o in gc.get_objects()))

# in-place, views of more dimensions, empty and odd tensors
z = torch.zeros(2, 3, 2, 1, 2, 3, 2)
show('seven', (z + 1).sum((0, 6)))
show('empty', torch.cat([torch.empty(0, 4), torch.ones(1, 4)]) @ torch.ones(4, 0))
show('half', torch.ones(3, 3, dtype=torch.bfloat16).add_(1).mul(2))
show('complex', torch.ones(2, 2, dtype=torch.complex64).mul(1j).abs())
show('sparse', torch.eye(3).to_sparse() @ torch.ones(3, 2))
show('many', torch.cat([torch.full((1, 2), float(i)) for i in range(20)]))

# threads, each with its own network, and one network in several threads
results = [None] * 6


def work(i):
    own = copy.deepcopy(net) if i % 2 else net
    with torch.no_grad():
        for _ in range(20):
            results[i] = own(x)


threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print('threads', all(torch.equal(r, results[0]) for r in results))


# processes that load data, forked from this one
class Data(torch.utils.data.Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, i):
        return torch.full((12,), float(i)).add_(0.5)


for batch in torch.utils.data.DataLoader(Data(), batch_size=4, num_workers=2):
    show('loaded', net(batch))

