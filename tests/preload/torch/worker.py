# worker.py: a network that only a second thread knows, while the first one waits for it.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import threading
import torch
from torch import nn


def work():
    torch.manual_seed(5)
    network = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
    with torch.no_grad():
        for rows in (5, 1, 1):
            print(network(torch.ones(rows, 4)).tolist())


thread = threading.Thread(target=work)
thread.start()
thread.join()
