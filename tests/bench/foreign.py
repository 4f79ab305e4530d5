"""foreign.py: run a benchmark under the tracers that users would take instead.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

Each function answers (nanoseconds a call, bytes a call), measured now, on this
machine, by the same loop that measures the bare call.
"""
import os
import pathlib
import subprocess
import time


def run(*command, env=None):
    """The standard output of a command; an exception with its errors when it fails."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=env,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def values(text):
    """{'name': number} of lines "name number"."""
    pairs = (line.split() for line in text.splitlines())
    return {p[0]: float(p[1]) for p in pairs if len(p) == 2}


def size_bytes(folder, pattern):
    return sum(f.stat().st_size for f in pathlib.Path(folder).rglob(pattern) if f.is_file())


def bare(programs, calls):
    return values(run(programs / "bench_tiny", calls))["ns_per_call"]


def uftrace(programs, calls, scratch):
    """A call through the PLT with uftrace's hook on it, entry and exit recorded."""
    folder = scratch / "uftrace"
    got = values(run("uftrace", "record", "--force", "--no-event", "-d", folder, programs / "bench_tiny", calls))
    return got["ns_per_call"], size_bytes(folder, "*.dat") / got["calls"]


def end_daemon(pid):
    os.kill(pid, 15)
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            return
        time.sleep(0.1)


def lttng(programs, calls, scratch):
    """One LTTng-UST event with 24 bytes of fields."""
    folder = scratch / "lttng"
    home = scratch / "home"
    home.mkdir()
    env = {**os.environ, "LTTNG_HOME": str(home)}
    pid_file = scratch / "sessiond.pid"
    ours = subprocess.run(["lttng", "list"], capture_output=True, env=env).returncode != 0
    if ours:
        run("lttng-sessiond", "--daemonize", "--no-kernel", "--pidfile", pid_file, env=env)
    session = f"prof-bench-{os.getpid()}"
    try:
        run("lttng", "create", session, "--output", folder, env=env)
        # Room for all events, so that none is dropped: dropping is cheaper than recording.
        run("lttng", "enable-channel", "--userspace", "--session", session, "--num-subbuf", "8",
            "--subbuf-size", "8M", "channel", env=env)
        run("lttng", "enable-event", "--userspace", "--session", session, "--channel", "channel",
            "prof_bench:operation", env=env)
        run("lttng", "start", session, env=env)
        got = values(run(programs / "bench_lttng", calls, env=env))
        run("lttng", "destroy", session, env=env)
    finally:
        if ours:
            end_daemon(int(pid_file.read_text()))
    return got["ns_per_call"], size_bytes(folder, "channel_*") / got["calls"]


def xray(programs, calls, scratch):
    """(ns a call, bytes a call, ns of the bare call) of a program built anew for LLVM's XRay, in FDR mode."""
    folder = scratch / "xray"
    folder.mkdir()
    options = f"patch_premain=false xray_mode=xray-fdr verbosity=0 xray_logfile_base={folder}/log."
    got = values(run(programs / "bench_xray", calls, env={**os.environ, "XRAY_OPTIONS": options}))
    return got["ns_per_call"], size_bytes(folder, "log.*") / got["calls"], got["bare_ns"]
