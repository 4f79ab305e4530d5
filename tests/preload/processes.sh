#!/bin/bash
# processes.sh: shell scripts, exec, fork and Python's multiprocessing in one folder.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
PATH=$build/bin:$PATH
program=$bin/linked_lazy

# traces FOLDER NUMBER OPERATIONS: so many are in it, with so many in all.
traces() {
	local n
	n=$(ls "$1" | wc -l)
	[ "$n" = "$2" ] || bad "$1: $n traces, not $2: $(ls "$1")"
	n=$(proftrace check "$1" | sed -nE 's/.*: sound: ([0-9]+) operations.*/\1/p')
	[ "$n" = "$3" ] || bad "$1: '$n' operations in all, not $3"
}

cat >script.sh <<SH
"$program"
"$program" &
wait
exec "$bin/linked_full_relro"
SH
profrun -q -o script/ bash script.sh >shimmed || bad "script: another status"
[ "$(wc -l <shimmed)" = 6 ] || bad "script: not what the programs print"
traces script 3 6
[ "$(ls script | grep -c '^linked_lazy\.[0-9]*\.bin$')" = 2 ] || bad "script: names are $(ls script)"

# A process that computes and becomes another program: two traces with its number.
profrun -q -o exec/ /usr/bin/python3 -c "
import os
import numpy as np
np.ones((3, 3)) @ np.ones((3, 3))
os.execv('$program', ['linked_lazy'])" >shimmed || bad "exec: another status"
[ "$(ls exec | sed -E 's/^[a-z0-9_.]*\.([0-9]+)\.bin$/\1/' | sort -u | wc -l)" = 1 ] || bad "exec: traces are $(ls exec)"
[ "$(ls exec | wc -l)" = 2 ] || bad "exec: traces are $(ls exec)"
proftrace info exec >info || bad "exec: no information"
holds "exec" 2 '^process  ' info

cat >many.py <<'PY'
import multiprocessing, os
import numpy as np

def work(n):
    a = np.ones((n, n))
    for _ in range(n):
        a @ a
    return os.getpid()

if __name__ == '__main__':
    context = multiprocessing.get_context('fork')
    work(2)
    children = [context.Process(target=work, args=(n,)) for n in (3, 4, 5)]
    for c in children:
        c.start()
    for c in children:
        c.join()
    print([c.exitcode for c in children])
PY
/usr/bin/python3 many.py >plain || bad "NumPy fails: is python3-numpy installed?"
profrun -q -o many/ /usr/bin/python3 many.py >shimmed || bad "multiprocessing: another status"
same "multiprocessing" plain shimmed
[ "$(ls many | wc -l)" = 4 ] || bad "multiprocessing: traces are $(ls many)"
proftrace info many --format json >info || bad "no information on the folder"
/usr/bin/python3 - info <<'PY' || bad "the processes are not parent and children"
import json, sys
processes = json.load(open(sys.argv[1]))["processes"]
parent = processes[0]
assert len(processes) == 4 and parent["operations"] >= 2 # NumPy tries a product of its own when it is loaded
assert all(p["ppid"] == parent["pid"] for p in processes[1:])
assert sorted(p["operations"] for p in processes[1:]) == [3, 4, 5]
PY

# Without profrun the second process writes beside the first, and a merge takes both.
PROFSHIM_RUN=beside shim bash -c "'$program'; '$program'" >shimmed || bad "two files: another status"
proftrace merge trace.bin trace.*.bin -o run.bin >said || bad "two files: no merge"
holds "two files" 1 '^run\.bin: 4 records of 2 processes$' said
rm -f trace.*

# With it they get a folder, where one that still runs keeps its name as well.
profrun -q bash -c "'$program'; '$program'; exec -a late /usr/bin/python3 -c '
import os, time
import numpy as np
if os.fork() == 0:
    np.ones((3, 3)) @ np.ones((3, 3))
    open(\"going\", \"w\").close()
    while not os.path.exists(\"go\"): time.sleep(0.05)
    os.closerange(3, 200)
    for _ in range(100000): np.ones((3, 3)) @ np.ones((3, 3))
    open(\"gone\", \"w\").close()
    os._exit(0)
while not os.path.exists(\"going\"): time.sleep(0.05)
os._exit(0)'" >shimmed || bad "gathered: another status"
[ "$(find trace.d -name '*.bin' | wc -l)" = 4 ] || bad "gathered: $(ls trace.d)"
[ "$(find . -maxdepth 1 -name 'trace*.bin' | wc -l)" = 2 ] || bad "gathered: beside it are $(ls)"
touch go
for _ in $(seq 400); do
	[ -e gone ] && break
	sleep 0.05
done
sleep 0.3
proftrace check trace.d >said || bad "gathered: $(cat said)"
grep -qE 'sound: 1[0-9]{5} operations' said || bad "gathered: $(cat said)"
finish
