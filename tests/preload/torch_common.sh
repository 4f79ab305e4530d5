# torch_common.sh: what the tests with PyTorch share; read by them.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
scripts=$src/tests/preload/torch
export OMP_NUM_THREADS=1

# Run a script without and with the shim: it must say and do the same.
run_both() { # run_both SCRIPT
	/usr/bin/python3 "$1" >plain 2>plain_errors ||
		{ bad "$1 fails: is python3-torch installed?"; cat plain_errors; finish; }
	[ -s plain ] || bad "$1 says nothing"
	shim /usr/bin/python3 "$1" >shimmed 2>shimmed_errors || bad "$1 fails under the shim"
	same "output of $1" plain shimmed
	same "errors of $1" plain_errors shimmed_errors
	"$build/bin/proftrace" export trace.bin >ops.jsonl || bad "the trace is not whole"
}

# The operators, their modules and their shapes are those that torch reports.
compare_with_torch() { # compare_with_torch SCRIPT LEAST
	sed -nE 's/^TORCH_OP\([^"]*"(aten::[^"]*)", [A-Z0-9_]+, [A-Z]+,.*/\1/p' "$src/preload/torch/hooks_torch.def" |
		grep -vx aten::empty | sort -u >hooked
	[ "$(wc -l <hooked)" -ge 100 ] || bad "the table of operators is not as expected"
	/usr/bin/python3 "$scripts/reference.py" "$1" >reference 2>reference_errors ||
		{ bad "torch's profiler fails"; cat reference_errors; }
	/usr/bin/python3 "$scripts/compare.py" hooked reference ops.jsonl >compared || bad "nothing to compare"
	holds "operators compared" 1 '^[0-9]+ operators are as torch reports them$' compared
	[ "$(wc -l <compared)" = 1 ] || { bad "not as torch reports:"; head -20 compared; }
	[ "$(sed -n 's/ operators.*//p' compared)" -ge "$2" ] || bad "fewer than $2 operators were compared"
}

# One step's outermost operations: "kind context layer shapes".
step_ops() { # step_ops NUMBER
	/usr/bin/python3 - "$1" ops.jsonl <<'PY'
import json, sys
for line in open(sys.argv[2]):
    op = json.loads(line)
    if op.get('step') == int(sys.argv[1]) and not op.get('depth'):
        shapes = [f'{role}={"x".join(map(str, op[role]))}' for role in
                  ('input', 'weight', 'other', 'index', 'stride', 'padding', 'output')
                  if role in op and not (op[role] and isinstance(op[role][0], list))]
        print(op['op'], op['context'], op.get('layer', '-'), *shapes)
PY
}

# A replay on each machine gives times and energy for every operation and phase, and
# what the network was made by belongs to neither phase.
replays() { # replays PHASE...
	local arch phase
	for arch in PIM-AI-1chip H100; do
		"$build/bin/profreplay" trace.bin --arch "$arch" --format csv >replayed || bad "no replay on $arch"
		for phase in "$@"; do
			grep -qE "$arch.*$phase|$phase.*$arch" replayed || bad "the replay on $arch has no $phase"
		done
		"$build/bin/profreplay" trace.bin --arch "$arch" --print-log --format csv >replayed
		/usr/bin/python3 - replayed <<'PY' || bad "not every operation has a price on $arch"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
free = [r for r in rows if not float(r['time_ns'] or 0) > 0]
made = [r for r in rows if r['phase'] == 'outside']
print(len(rows), 'rows,', len(made), 'outside; free:', free[:3])
sys.exit(bool(free) or not made or any(r['op'] in ('linear', 'conv2d') for r in made))
PY
	done
}
