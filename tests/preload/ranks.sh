#!/bin/bash
# ranks.sh: an unmodified MPI program under mpirun: a trace for each rank, on one clock.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
. "$(dirname "$0")/common.sh"
PATH=$build/bin:$PATH
command -v mpirun >/dev/null || { echo "mpirun is missing: scripts/deps installs it"; exit 1; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mpi() { mpirun -n 3 --oversubscribe "$@"; }

mpi "$bin/ranks" >plain || bad "mpirun fails"
profrun mpirun -n 3 --oversubscribe "$bin/ranks" >shimmed 2>err || bad "mpirun fails under the shim"
same "results" plain shimmed
holds "the traces" 1 'trace\.d \(.*3 traces: rank0\.bin, rank1\.bin, rank2\.bin\)$' err
holds "the sums" 1 'operations of 3 processes' err

# Each rank has made the calls that it makes, and no other has.
{
	echo rank,op,calls
	for r in 0 1 2; do
		echo "$r,gemm,4"
		echo "$r,gemv,$((r + 1))"
	done
} >wanted
proftrace stats trace.d --by rank,op --sort rank --format csv | cut -d, -f1-3 >unsorted || bad "no statistics of the folder"
{ head -1 unsorted; tail -n +2 unsorted | sort; } >found
same "calls" wanted found

# Shapes are the rank's; the products of all ranks follow each other in the order of the barriers.
proftrace merge trace.d -o merged.bin >said || bad "the merge fails"
holds "the clock" 1 '^clock: the time stamp counter of one machine; .* fit within [0-9.e-]+ us \(measured\)$' said
proftrace dump merged.bin | awk '/gemm/ {
	match($0, /process="rank [0-9]+"/); rank = substr($0, RSTART + 14, RLENGTH - 15)
	match($0, / m=[0-9]+/); m = substr($0, RSTART + 3, RLENGTH - 3)
	if (rank != n % 3) print "product", n, "is of rank", rank
	if (m != 48 * (rank + 1)) print "rank", rank, "has", m, "rows"
	if ($1 + 0 < end) print "product", n, "begins", end - $1, "s before the one before it ends"
	end = $1 + $2 / 1e9
	n++
} END { if (n != 12) print n, "products" }' >found
[ -s found ] && bad "the order of the ranks: $(head -5 found)"
proftrace check merged.bin | grep -q ' sound: 18 operations in 18 records' || bad "the merged trace is not sound"

# Without profrun the ranks find each other by the job.
rm -rf trace.d*
mpi -x LD_PRELOAD="$lib" "$bin/ranks" >shimmed || bad "mpirun fails with the shim in the environment"
same "results without profrun" plain shimmed
proftrace stats trace.d --by rank --format csv >found || bad "the ranks are not of one run"
holds "ranks without profrun" 3 '^[012],' found
finish
