#!/usr/bin/python3
# onednn_verbose.py: operations as oneDNN reports them (ONEDNN_VERBOSE) and as the trace has them.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# onednn_verbose.py VERBOSE OPLIST: compares the `exec` lines with the operations
# of the family onednn that are primitives, one by one: kind, direction, data
# types, shapes, windows, post-operations, and the strides of plain formats.
# Prints each difference; the status is 1 when there is one.
import json
import re
import sys

TYPES = {'f32': 'float32', 'f16': 'float16', 'bf16': 'bfloat16', 's32': 'int32', 's8': 'int8', 'u8': 'uint8'}
BYTES = {'float32': 4, 'float16': 2, 'bfloat16': 2, 'int32': 4, 'int8': 1, 'uint8': 1}
OPS = {'convolution': 'conv2d', 'deconvolution': 'deconv2d', 'inner_product': 'linear', 'matmul': 'matmul',
       'eltwise_relu': 'relu', 'eltwise_tanh': 'tanh', 'eltwise_linear': 'scale', 'eltwise_logistic': 'sigmoid',
       'eltwise_gelu_tanh': 'gelu', 'eltwise_gelu_erf': 'gelu', 'eltwise_swish': 'silu', 'eltwise': 'unary',
       'binary_add': 'add', 'binary_sub': 'sub', 'binary_mul': 'mul', 'binary_div': 'div', 'binary': 'unary',
       'softmax': 'softmax', 'softmax_v2': 'softmax', 'batch_normalization': 'batchnorm',
       'layer_normalization': 'layernorm', 'reduction': 'reduce', 'pooling_v2': 'pool', 'reorder': 'copy',
       'concat': 'copy', 'sum': 'add', 'shuffle': 'copy', 'prelu': 'unary', 'rnn': 'rnn', 'lrn': 'other',
       'resampling': 'other'}
ROLES = {'src': 'input', 'data': 'input', 'src_layer': 'input', 'wei': 'weight', 'wei_layer': 'weight',
         'bia': 'bias', 'bias': 'bias', 'dst': 'output', 'dst_layer': 'output'}


def strides(order, dims, dtype):
    """Of a format such as acdb: the last letter's elements are next to each other."""
    step, found = BYTES[dtype], {}
    for letter in reversed(order):
        found[letter] = step
        step *= dims[ord(letter) - ord('a')]
    return [found[chr(ord('a') + i)] for i in range(len(dims))]


def is_dense(order, dims):
    step = 1
    for length, found in zip(reversed(dims), reversed(strides(order, dims, 'int8'))):
        if length != 1 and found != step:
            return False
        step *= length
    return True


def window(text):
    """mb2_ic3oc16_ih8oh4kh3...: its numbers by their letters."""
    return {k: int(v) for k, v in re.findall(r'([a-z]+)(\d+)', text)}


def spatial(w, letter, height=None):
    """[d, h, w] of one letter; a row has a height."""
    found = [w[letter + axis] for axis in 'dhw' if letter + axis in w]
    return found if len(found) > 1 or height is None else [height] + found


def shapes_of(kind, problem):
    w = window(problem)
    if kind in ('convolution', 'deconvolution'):
        g = w.get('g', 1)
        s = {'input': [w['mb'], w['ic']] + spatial(w, 'i', 1), 'output': [w['mb'], w['oc']] + spatial(w, 'o', 1),
             'weight': [w['oc'], w['ic'] // g] + spatial(w, 'k', 1), 'stride': spatial(w, 's', 1),
             'padding': spatial(w, 'p', 0), 'dilation': [d + 1 for d in spatial(w, 'd', 0)]}
        return dict(s, groups=g) if g > 1 else s
    if kind == 'pooling_v2':
        return {'input': [w['mb'], w['ic']] + spatial(w, 'i', 1), 'output': [w['mb'], w['ic']] + spatial(w, 'o', 1),
                'kernel': spatial(w, 'k', 1), 'stride': spatial(w, 's', 1), 'padding': spatial(w, 'p', 0)}
    if kind == 'resampling':
        return {'input': [w['mb'], w['ic']] + spatial(w, 'i'), 'output': [w['mb'], w['ic']] + spatial(w, 'o')}
    if kind in ('batch_normalization', 'lrn'):
        return {'input': [w['mb'], w['ic']] + spatial(w, 'i')}
    if kind == 'inner_product':
        i = w['ic']
        for length in spatial(w, 'i'):
            i *= length
        return {'input': [w['mb'], i], 'weight': [i, w['oc']], 'output': [w['mb'], w['oc']]}
    if kind == 'rnn':
        return {'input': [w['t'], w['mb'], w['slc']], 'm': w['t'] * w['mb'], 'k': w['slc'] + w['sic'],
                'batch': w['l'], 'output': [w['t'], w['mb'], w['dic']]}
    lists = [[None if n == '*' else int(n) for n in part.split('x')] for part in problem.split(':')]
    if kind == 'concat':
        return {'input': lists[0], 'other': lists[1]}
    names = {'matmul': ('input', 'other', 'output'), 'binary': ('input', 'other'), 'reduction': ('input', 'output'),
             'prelu': ('input', 'weight')}
    return dict(zip(names.get(kind, ('input',)), lists))


def name_of(kind, prop, attrs, aux):
    alg = (re.findall(r'alg:(\w+)', aux) or [''])[0]
    by_alg = kind in ('eltwise', 'binary', 'reduction', 'pooling_v2', 'resampling', 'lrn', 'rnn')
    name = alg if by_alg or alg == 'softmax_log' else kind
    if prop.startswith('backward'):
        name += '.' + prop
    for ops in re.findall(r'attr-post-ops:(\S+)', attrs):
        name += '+' + '+'.join(part.split(':')[0] for part in ops.split('+'))
    return name


def types_of(kind, mds):
    found = {}
    for md in mds.split():
        role, dtype, _, form = re.fullmatch(r'(\w+)_([a-z0-9]+):([a-z]*):(.*)', md).groups()
        role = ROLES.get(role)
        if kind == 'matmul' and role == 'weight':
            role = 'other'
        if role and dtype != 'undef' and role not in found:
            found[role] = (TYPES[dtype], form.split(':')[1] if form.startswith('blocked:') else '')
    return found


def differences(line, op):
    kind, _, prop, mds, attrs, aux, problem, _ = line.split(',')[3:11]
    name = name_of(kind, prop, attrs, aux)
    names = (name, name.replace('softmax_v2', 'softmax'))
    wanted = OPS.get(name.split('+')[0].split('.')[0]) or OPS.get(kind) or 'softmax'
    if op['op'] != wanted or op['name'] not in names:
        yield f"{op['op']} {op['name']}, not {wanted} {name}"
    for key, shape in shapes_of(kind, problem).items():
        have = op.get(key)
        if isinstance(shape, list) and None in shape:
            shape = have
        if have != shape:
            yield f'{key} is {have}, not {shape}'
    if '+' in name and op.get('fused') != name.count('+') + 1:
        yield f"{op.get('fused')} fused operations in {name}"
    for role, (dtype, order) in types_of(kind, mds).items():
        have = op.get('dtypes', {}).get(role) or op.get('dtype')
        if have != dtype:
            yield f'{role} is of type {have}, not {dtype}'
        if role in ('input', 'output') and order.islower() and order.isalpha() and len(order) == len(op[role]):
            expected = None if is_dense(order, op[role]) else strides(order, op[role], dtype)
            if op.get('strides', {}).get(role) != expected:
                yield f"strides of {role} are {op.get('strides', {}).get(role)}, not {expected}"


def main():
    lines = [l.strip() for l in open(sys.argv[1]) if re.match(r'(onednn|dnnl)_verbose,exec,cpu,', l)]
    ops = [o for o in map(json.loads, open(sys.argv[2]))
           if o.get('family') == 'onednn' and not o['name'].startswith('dnnl_')]
    bad = 0
    if len(lines) != len(ops):
        print(f'oneDNN reports {len(lines)} primitives, the trace has {len(ops)}')
        bad = 1
    for line, op in zip(lines, ops):
        for text in differences(line, op):
            print(f'{text}\n\t{line}')
            bad = 1
    print(f'{len(lines)} compared')
    sys.exit(bad)


main()
