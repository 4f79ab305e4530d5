#!/usr/bin/python3
# dnnl_resnet.py: a network's operations by kind and shapes, and whether each has a price.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# dnnl_resnet.py shapes OPLIST: how often each kind and shapes (input, weight,
# output) occur, reorders left out. dnnl_resnet.py prices REPLAY OPERATIONS
# ARCH...: the replay (--print-log --format json) has every operation on every
# machine, for a time and an energy above 0.
import collections
import json
import sys


def text(shape):
    return 'x'.join(map(str, shape)) if shape else '-'


def shapes(path):
    found = collections.Counter()
    for op in map(json.loads, open(path)):
        if op['op'] != 'copy':
            found[' '.join([op['op']] + [text(op.get(role)) for role in ('input', 'weight', 'output')])] += 1
    for name in sorted(found):
        print(found[name], name)


def prices(path, operations, archs):
    ops = json.load(open(path))['ops']
    bad = [op for op in ops if op['device'] != op['arch'] or not op['time_ns'] > 0
           or not sum(op['energy_pj'].values()) > 0]
    for op in bad:
        print('no price:', op)
    for arch in archs:
        found = sum(op['arch'] == arch for op in ops)
        if found != operations:
            print(f'{found} operations on {arch}, not {operations}')
            bad.append(arch)
    sys.exit(1 if bad else 0)


if sys.argv[1] == 'shapes':
    shapes(sys.argv[2])
else:
    prices(sys.argv[2], int(sys.argv[3]), sys.argv[4:])
