# torch_cost.py: CPU time of a small call of PyTorch, in ns; run it without and with the shim.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import torch,time,sys
torch.set_num_threads(1)
x=torch.ones(4); w=torch.ones(8,8); y=torch.ones(2,8); f=torch.nn.functional.linear
q=torch.nn.Sequential(*[torch.nn.Identity() for _ in range(100)])
def add(n):
    for _ in range(n): x.add_(0.0)
def linear(n):
    for _ in range(n): f(y,w)
def modules(n):
    for _ in range(n//100): q(x)
with torch.no_grad():
    for g,n in ((add,20000),(linear,10000),(modules,20000)):
        best=[]
        for _ in range(7):
            t=time.process_time_ns(); g(n); best.append((time.process_time_ns()-t)/n)
        print(g.__name__, round(sorted(best)[1]))
