# compare.py: are the operators of a trace those that torch itself reports?
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: compare.py HOOKED REFERENCE OPS: native names, one a line; reference.py's lines; an op list.
# Compared are how often each operator was called by which module on tensors of which shapes,
# without leading ones, which kinds of operation add or leave out.
import collections
import json
import sys

ROLES = ['input', 'weight', 'other', 'query', 'key', 'value', 'bias', 'mask', 'index']
WRITTEN = {'aten::fill_', 'aten::zero_'}                 # all they have is what they write
IN_AND_OUT = {'aten::copy_'}                             # torch reports what is written first
STATISTICS = {'aten::batch_norm', 'aten::_batch_norm_impl_index', 'aten::native_batch_norm'}
LISTS = {'aten::cat'}                                    # torch does not report the shapes
MARK = 'aten::zero_', ((1,),)                            # what record_function() does itself


def plain(shape):
    while len(shape) > 1 and shape[0] == 1:
        shape = shape[1:]
    return tuple(shape)


def reported(e):
    name, shapes = e['name'], [plain(s) for s in e['shapes']]
    if name in IN_AND_OUT:
        shapes = shapes[1:]
    if name in STATISTICS:
        shapes = shapes[:-2]
    return name, e['module'], tuple(sorted(shapes))


def recorded(op, with_output):
    shapes = []
    roles = [] if op['name'] in LISTS else ROLES
    if with_output or op['name'] in WRITTEN:
        roles = roles + ['output']
    for role in roles:
        found = op.get(role)
        for shape in found if found and isinstance(found[0], list) else [found] if found else []:
            turned = role == 'weight' and op['name'] == 'aten::linear'
            shapes.append(plain(shape[::-1] if turned else shape))
    return op['name'], op.get('result', '').rpartition('.')[0], tuple(sorted(shapes))


hooked = set(open(sys.argv[1]).read().split())
expected = collections.Counter(reported(e) for e in map(json.loads, open(sys.argv[2])) if e['name'] in hooked)
expected = collections.Counter({k: n for k, n in expected.items() if (k[0], k[2]) != MARK})
found = collections.Counter()
for op in map(json.loads, open(sys.argv[3])):
    if op.get('family') != 'torch':
        continue
    key = recorded(op, False)
    found[key if key in expected else recorded(op, True)] += 1  # torch counts an argument "out"
for what, a, b in (('not recorded', expected, found), ('not reported by torch', found, expected)):
    for key, n in sorted((a - b).items()):
        print(what, n, *key)
print(sum((expected & found).values()), 'operators are as torch reports them')
