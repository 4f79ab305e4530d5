# reference.py: what torch itself reports of a script: usage: reference.py SCRIPT >JSON-LINES
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# One line an operator: its name, the module that called it, and the shapes of its tensors, by
# torch.profiler; modules are told by hooks that torch has for that.
import contextlib
import io
import json
import sys
import torch
from torch.nn.modules import module
from torch.profiler import ProfilerActivity, profile, record_function

MARK = 'module: '
names, calls = {}, []


def before(called, _):
    if not calls:
        names.update({m: name for name, m in called.named_modules()})
    calls.append(record_function(MARK + names[called]))
    calls[-1].__enter__()


def after(*_):
    calls.pop().__exit__(None, None, None)


def module_of(event):
    while event and not event.name.startswith(MARK):
        event = event.cpu_parent
    return event.name[len(MARK):] if event else ''


def is_same_again(event, last):
    # An operator that hands itself on is reported once, but for one whose microseconds were
    # rounded so that the inner one ends after the outer one.
    return bool(last) and event.time_range.start < last.time_range.end \
        and event.input_shapes == last.input_shapes and event.cpu_parent is last.cpu_parent


module.register_module_forward_pre_hook(before)
module.register_module_forward_hook(after)
with open(sys.argv[1]) as f:
    script = compile(f.read(), sys.argv[1], 'exec')
with contextlib.redirect_stdout(io.StringIO()):
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as p:
        exec(script, {'__name__': '__main__'})
last = {}
for e in sorted(p.events(), key=lambda e: (e.time_range.start, -e.time_range.end)):
    if e.name.startswith('aten::') and not is_same_again(e, last.get(e.name)):
        last[e.name] = e
        shapes = [s for s in e.input_shapes if s]
        print(json.dumps({'name': e.name, 'module': module_of(e), 'shapes': shapes}))
