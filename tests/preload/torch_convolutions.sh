#!/bin/bash
# torch_convolutions.sh: a network as ResNet is built: operators, shapes, modules.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/torch_common.sh"
run_both "$src/examples/torch_resnet.py"
compare_with_torch "$src/examples/torch_resnet.py" 150
step_ops 0 >found
holds "convolutions" 8 '^conv2d ' found
# By hand: 64 x 64 pixels, stride 2, then a pool of stride 2.
cat >expected <<'EXPECTED'
conv2d conv1 - input=2x3x64x64 weight=16x3x7x7 stride=2x2 padding=3x3 output=2x16x32x32
conv2d layer1.0.conv1 - input=2x16x16x16 weight=16x16x3x3 stride=1x1 padding=1x1 output=2x16x16x16
conv2d layer1.0.conv2 - input=2x16x16x16 weight=16x8x3x3 stride=1x1 padding=1x1 output=2x16x16x16
conv2d layer2.0.downsample.0 - input=2x16x16x16 weight=32x16x1x1 stride=2x2 padding=0x0 output=2x32x8x8
EXPECTED
grep -E '^conv2d (conv1|layer1\.0\.conv.|layer2\.0\.downsample\.0) ' found | sort >some
same "convolutions" <(sort expected) some
holds "pooling" 1 '^pool maxpool - input=2x16x32x32 .*output=2x16x16x16$' found
holds "normalization" 1 '^batchnorm layer2\.0\.bn1 - input=2x32x8x8 weight=32 output=2x32x8x8$' found
holds "the last layer" 1 '^linear fc - input=2x32 weight=32x10 output=2x10$' found
/usr/bin/python3 - ops.jsonl <<'PY' || bad "the grouped convolution has no groups"
import json, sys
ops = [op for op in map(json.loads, open(sys.argv[1])) if op['op'] == 'conv2d' and not op.get('depth')]
sys.exit([op['groups'] for op in ops if 'groups' in op] != [2, 2, 2])
PY
# Each of the eight is computed by oneDNN, inside its torch operator, on the same shapes.
/usr/bin/python3 - ops.jsonl <<'PY' || bad "oneDNN's convolutions are not torch's children"
import json, sys
outer, pairs = None, []
for op in sorted(map(json.loads, open(sys.argv[1])), key=lambda op: (op['start_ns'], op.get('depth', 0))):
    if op['op'] == 'conv2d' and not op.get('depth'):
        outer = op
    if op.get('family') == 'onednn' and op['name'] == 'convolution':
        inside = outer['start_ns'] <= op['start_ns'] and \
            op['start_ns'] + op['time_ns'] <= outer['start_ns'] + outer['time_ns']
        pairs.append(inside and op.get('depth', 0) > 0 and
                     all(op.get(k) == outer.get(k) for k in ('input', 'output', 'stride', 'padding', 'groups')))
print(pairs)
sys.exit(pairs != [True] * 8)
PY
replays prefill
finish
