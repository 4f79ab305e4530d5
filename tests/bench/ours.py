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


def features(table_type):
    """What each reading adds, at depths of the stack and on threads."""
    places = [(depth, threads) for threads in (1, 2) for depth in (5, 15, 40)]
    names = FOUR_COUNTERS.split(",")
    ways = [("time only", {"callsites": "0", "counters": "none"}),
            ("+ call site", {"counters": "none"})]
    ways += [(f"+ {n} counter{'s' * (n > 1)}, every call", {"counters": ",".join(names[:n]), "budget": "100"})
             for n in (1, 2, 4)]

    def one(build, scratch, calls, place, variables):
        env = shim_env(build, fresh(scratch / "features.bin"), **variables) if variables else None
        got = foreign.run(build / "tests" / "bench" / "bench_features", calls, *place, env=env)
        return foreign.values(got)["ns_per_call"]

    def make(build, scratch, smoke):
        table = table_type("One call by feature, ns on top of the call itself, at depths of the stack", "what",
                           *(f"{d} deep, {t} thread{'s' * (t > 1)}" for d, t in places))
        rounds = 1 if smoke else 5
        bare = {p: one(build, scratch, 500 if smoke else 200000, p, None) for p in places}
        for name, variables in ways:
            calls = 500 if smoke else 10000 if "counter" in name else 200000
            table.row(name, *(statistics.median(one(build, scratch, calls, p, variables) for _ in range(rounds))
                              - bare[p] for p in places))
        return table
    return make


def parts(table_type):
    """Where the nanoseconds of a call go: measured apart, the rest of a whole call last."""
    def make(build, scratch, smoke):
        calls = 2000 if smoke else 200000
        lines = foreign.run(build / "tests" / "bench" / "bench_record", calls).splitlines()
        ns = {line[:34].strip(): float(line[34:].split()[0]) for line in lines}
        clocks, record = ns["two clock readings"], ns["a record and two clock readings"]
        whole = call(build, calls, scratch)[0]
        table = table_type("Where the nanoseconds of a call go", "part", "ns", "share")
        for name, took in [("clock, twice", clocks), ("encoding: the record, beside the clock", record - clocks),
                           ("thunk and cache: real function, call site, context", whole - record)]:
            table.row(name, took, f"{100 * took / whole:.0f} %")
        table.row("a call in all", whole, "100 %")
        return table
    return make


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


def rounds_of(build, scratch, gguf, rounds, predict, ways):
    """{way: [(prefill, decode) tokens/s]}: all take turns, so that a machine that gets slower slows all."""
    rates = {way: [] for way in ways}
    for number in range(rounds):
        turn = number % len(ways)
        for way in [*ways][turn:] + [*ways][:turn]:
            variables = ways[way]
            env = None if variables is None else shim_env(build, fresh(scratch / "speed.bin"), **variables)
            rates[way].append(llama(build, gguf, 64, predict, 1, env))
    return rates


def speed_row(table, phase, what, without, with_prof, *limits):
    ratios = sorted(100 * b / a for a, b in zip(without, with_prof))
    low, high = ratios[len(ratios) // 4], ratios[-1 - len(ratios) // 4]
    table.row(f"{phase}, {what}", statistics.median(without), statistics.median(with_prof),
              f"{statistics.median(ratios):.2f} %", f"{low:.2f} to {high:.2f} %", *limits)


def speed_table(table_type):
    ways = {"without prof": None, "without prof, again": None, "default settings": {},
            "4 counters, call sites, budget 2 %": {"counters": FOUR_COUNTERS, "budget": "2"}}
    limits = {"default settings": ("99 %", "99.7 %"), "4 counters, call sites, budget 2 %": ("98 %", "98 %")}

    def make(build, scratch, smoke):
        """As it is, and with everything on within the budget; and twice without, which says what chance does."""
        gguf = model(build, scratch, *(("tiny", "Q4_0") if smoke else ("tinyllama", "Q4_0")))
        rates = rounds_of(build, scratch, gguf, *((1, 8) if smoke else (25, 96)), ways)
        first, again, *with_prof = ways
        table = table_type("llama.cpp, TinyLlama's shape in Q4_0, one thread, tokens/s", "phase", "without", "with",
                           "ratio", "middle half of the ratios", "must", "aim")
        for i, phase in enumerate(("prefill", "decode")):
            once, twice = ([r[i] for r in rates[way]] for way in (first, again))
            for way in with_prof:
                speed_row(table, phase, way, [(a + b) / 2 for a, b in zip(once, twice)], [r[i] for r in rates[way]],
                          *limits[way])
            speed_row(table, phase, again, once, twice, "", "")
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
        # "full": the default model on a profile that has every term and ranges.
        for name, model_name, arch, must, aim in (("roofline", "roofline", "PIM-AI-1chip", "20", "50"),
                                                  ("full", "roofline", "H100-SXM", "5", "20"),
                                                  ("pim-ai", "pim-ai", "PIM-AI-1chip", "20", "50")):
            times = []
            for _ in range(1 if smoke else 25):
                began = time.perf_counter()
                foreign.run(build / "bin" / "profreplay", trace, "--arch", arch, "--model", model_name)
                times.append(time.perf_counter() - began)
            table.row(name, alone[name] / 1e6, n / statistics.median(times) / 1e6, must, aim)
        return table
    return make


def tables(table_type):
    """Functions (build, scratch, smoke) -> table, in the order in which they are printed."""
    return [make(table_type) for make in (size_table, speed_table, replay_table)]
