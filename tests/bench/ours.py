"""ours.py: what recording, traces and replay cost with our own programs.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import time

import foreign

SOURCE = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("LLAMA_LIB_DIR", str(SOURCE / ".deps/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64"))
FOUR_COUNTERS = "perf::TASK-CLOCK,perf::PAGE-FAULTS,perf::CONTEXT-SWITCHES,perf::CPU-MIGRATIONS"


def shim_env(build, trace, **variables):
    env = {**os.environ, "LD_PRELOAD": str(build / "lib" / "libprofshim.so"), "PROFSHIM_OUTPUT": str(trace)}
    env.update({f"PROFSHIM_{k.upper()}": v for k, v in variables.items()})
    return env


def fresh(path):
    """A trace of an earlier round would be kept and cost time."""
    for p in (path, path.with_name(path.name + "~")):
        p.unlink(missing_ok=True)
    return path


def call(build, calls, scratch):
    """(ns on top of the bare call, bytes in the trace) of one intercepted call."""
    programs = build / "tests" / "bench"
    trace = fresh(scratch / "call.bin")
    bare = foreign.bare(programs, calls)
    got = foreign.values(foreign.run(programs / "bench_tiny", calls, env=shim_env(build, trace, counters="none")))
    return got["ns_per_call"] - bare, trace.stat().st_size / got["calls"]


def model(build, scratch, preset, quant):
    path = build / "models" / f"bench-{preset}-{quant}.gguf"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        foreign.run(build / "bin" / "gguf_gen", "--preset", preset, "--type", quant, part)
        part.rename(path)
    return path


def llama(build, gguf, prompt, predict, threads, env=None):
    """(prefill tokens/s, decode tokens/s) as llama_run itself counts them."""
    command = [str(build / "bin" / "llama_run"), "--threads", str(threads), "--prompt-tokens", str(prompt),
               "--predict", str(predict), "--stats", str(gguf)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL)
    rates = re.findall(r"([0-9.]+) tokens/s", done.stderr)
    if done.returncode != 0 or len(rates) != 2:
        raise RuntimeError(f"llama_run: exit status {done.returncode}, said: {done.stderr.strip()}")
    return float(rates[0]), float(rates[1])


def operations(build, trace):
    text = foreign.run(build / "bin" / "profreplay", trace, "--arch", "PIM-AI-1chip", "--format", "json")
    return json.loads(text)["trace"]["operations"]


def size_table(table_type):
    def make(build, scratch, smoke):
        """Trace sizes of a real inference run: what an operation takes, names and shapes included."""
        gguf = model(build, scratch, "tiny", "Q4_0")
        table = table_type("Bytes in the trace for each operation of llama.cpp", "what", "bytes", "must", "aim")
        predict = 20 if smoke else 2000
        for name, counters, must, aim in [("without counters", "none", "8", "5"),
                                          ("with four counters on every operation", FOUR_COUNTERS, "20", "12")]:
            trace = fresh(scratch / "size.bin")
            llama(build, gguf, 16, predict, 1, shim_env(build, trace, counters=counters, budget="100"))
            table.row(name, trace.stat().st_size / operations(build, trace), must, aim)
        return table
    return make


def speed_table(table_type):
    def make(build, scratch, smoke):
        """With and without take turns, so that a machine that gets slower slows both."""
        gguf = model(build, scratch, *(("tiny", "Q4_0") if smoke else ("tinyllama", "Q4_0")))
        rounds, predict = (1, 8) if smoke else (15, 48)
        rates = {False: [], True: []}
        for number in range(rounds):
            for shim in (False, True) if number % 2 else (True, False):
                env = shim_env(build, fresh(scratch / "speed.bin")) if shim else None
                rates[shim].append(llama(build, gguf, 64, predict, 1, env))
        table = table_type("llama.cpp, TinyLlama's shape in Q4_0, one thread, tokens/s", "phase", "without", "with prof",
                           "ratio", "middle half of the ratios", "must", "aim")
        for i, phase in enumerate(("prefill", "decode")):
            without, with_prof = (statistics.median(r[i] for r in rates[shim]) for shim in (False, True))
            ratios = sorted(b[i] / a[i] for a, b in zip(rates[False], rates[True]))
            low, high = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
            table.row(phase, without, with_prof, f"{100 * statistics.median(ratios):.2f} %",
                      f"{100 * low:.2f} to {100 * high:.2f} %", "99 %", "99.7 %")
        return table
    return make


def replay_table(table_type):
    def make(build, scratch, smoke):
        gguf = model(build, scratch, "tiny", "Q4_0")
        trace = fresh(scratch / "replay.bin")
        llama(build, gguf, 16, 50 if smoke else 20000, 1, shim_env(build, trace, counters="none"))
        n = operations(build, trace)
        table = table_type(f"Replay of {n} operations, one core, million operations/s", "model", "cost model alone",
                           "profreplay in all", "must", "aim")
        alone = foreign.values(foreign.run(build / "tests" / "bench" / "bench_replay", trace, 1e5 if smoke else 2e7))
        for name in ("roofline", "pim-ai"):
            times = []
            for _ in range(1 if smoke else 5):
                began = time.perf_counter()
                foreign.run(build / "bin" / "profreplay", trace, "--arch", "PIM-AI-1chip", "--model", name)
                times.append(time.perf_counter() - began)
            table.row(name, alone[name] / 1e6, n / statistics.median(times) / 1e6, "20", "50")
        return table
    return make


def tables(table_type):
    """Functions (build, scratch, smoke) -> table, in the order in which they are printed."""
    return [make(table_type) for make in (size_table, speed_table, replay_table)]
