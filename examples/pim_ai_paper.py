#!/usr/bin/python3
"""pim_ai_paper.py: the PIM-AI paper's claims, replayed from operations of our own making, as tables.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

usage: examples/pim_ai_paper.py BUILD
       examples/pim_ai_paper.py BUILD --case MODEL,PROMPT,GENERATE,BATCH,TYPE --pim NAME --against NAME...
                                [--extra-archs FILE]

Without a case: the tables of docs/pim_ai_paper.md. A case compares one accelerator with others.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import llama_ops  # noqa: E402: found beside this file

PHONES = ["A17Pro", "Snapdragon8gen3", "Dimensity9300"]
RULES = {"pim-ai": "the paper's rules", "roofline": "default model"}
# What the abstract says of phones, as (less, more) times; ends that agree to so much count as reproduced.
CLAIMS = {
    "energy per token, times less": (10, 20),
    "energy per query, times less": (6.9, 13.4),
    "queries per second, times more": (1.25, 1.45),
}
AGREE = 0.05

Case = collections.namedtuple("Case", "model prompt generate batch type")


def replay(build, case, archs, extra=None, models=tuple(RULES)):
    """{model: {arch: its replay}}"""
    options = ["--prompt", str(case.prompt), "--generate", str(case.generate), "--batch", str(case.batch),
               "--weights", case.type]
    answers = {}
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / "ops.jsonl"
        with path.open("w") as file:
            llama_ops.write(llama_ops.parse([case.model, *options]), file)
        for model in models:
            command = [str(build / "bin" / "profreplay"), str(path), "--model", model, "--format", "json"]
            command += ["--data-type", case.type] if model == "pim-ai" else []
            command += ["--extra-archs", extra] if extra else []
            for arch in archs:
                command += ["--arch", arch]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(f"pim_ai_paper.py: {' '.join(command)}: {done.stderr.strip()}")
            answers[model] = {r["arch"]: r for r in json.loads(done.stdout)["replays"]}
    return answers


def gains(pim, other):
    """How many times less energy, and how many times more queries in the same time; in CLAIMS' order."""
    return [other["decode"]["energy_pj_total"] / pim["decode"]["energy_pj_total"],
            other["total"]["energy_pj_total"] / pim["total"]["energy_pj_total"],
            other["total"]["time_ns"] / pim["total"]["time_ns"]]


def compare(build, case, pim, others, extra=None, models=tuple(RULES)):
    """{model: {arch: gains}}"""
    answers = replay(build, case, [pim, *others], extra, models)
    return {model: {arch: gains(byarch[pim], byarch[arch]) for arch in others} for model, byarch in answers.items()}


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def ends(found, index):
    values = [gain[index] for gain in found.values()]
    return min(values), max(values)


def span(pair):
    return f"{pair[0]:.2f} to {pair[1]:.2f}"


def agrees(claim, found):
    return all(abs(f - c) <= AGREE * c for c, f in zip(claim, found))


def claims(found):
    rows = []
    for index, (what, claim) in enumerate(CLAIMS.items()):
        ours = {model: ends(found[model], index) for model in RULES}
        yes = [RULES[model] for model in RULES if agrees(claim, ours[model])]
        rows.append([what, f"{claim[0]:g} to {claim[1]:g}", *(span(ours[model]) for model in RULES),
                     "by both" if len(yes) == 2 else "by " + yes[0] if yes else "no"])
    table(["claim", "abstract", *RULES.values(), "reproduced"], rows)


def devices(found):
    table(["against", "model", *CLAIMS], [[arch, RULES[model], *(f"{gain:.2f}" for gain in found[model][arch])]
                                         for arch in found["pim-ai"] for model in RULES])


def settings(build):
    """All pairs of a device and a setting; both devices at once, since making a list takes longest."""
    pims, rows = ("PIM-AI-1chip", "PIM-AI-4chip"), []
    for kind in ("float16", "int4"):
        for prompt, generate in ((64, 64), (1000, 100), (100, 1000)):
            case = Case("llama-2-7b", prompt, generate, 1, kind)
            answers = replay(build, case, [*pims, *PHONES], models=("pim-ai",))["pim-ai"]
            for pim in pims:
                found = {arch: gains(answers[pim], answers[arch]) for arch in PHONES}
                spans = [ends(found, i) for i in range(len(CLAIMS))]
                held = sum(agrees(claim, s) for claim, s in zip(CLAIMS.values(), spans))
                rows.append([pim, kind, str(prompt), str(generate), *map(span, spans), f"{held} of {len(CLAIMS)}"])
    table(["device", "weights", "prompt", "generated", *CLAIMS, "claims that hold"], sorted(rows, key=lambda r: r[0]))


def cloud(build):
    rows = []
    for batch in (1, 16):
        case = Case("llama-2-70b", 1000, 100, batch, "float16")
        for model, byarch in compare(build, case, "PIM-AI-24dimm", ["H100-x8"]).items():
            rows.append([str(batch), RULES[model], *(f"{gain:.2f}" for gain in byarch["H100-x8"])])
    table(["sequences", "model", *CLAIMS], rows)


def page(build):
    print("Phones: Llama-2-7B in float16, a prompt of 1000 tokens, 100 generated; PIM-AI-1chip against "
          + ", ".join(PHONES) + ".\n")
    found = compare(build, Case("llama-2-7b", 1000, 100, 1, "float16"), "PIM-AI-1chip", PHONES)
    claims(found)
    devices(found)
    print("Other settings, by the paper's rules, against the same phones:\n")
    settings(build)
    print("Servers: Llama-2-70B in float16, prompts of 1000 tokens, 100 generated; PIM-AI-24dimm against H100-x8:\n")
    cloud(build)


def main():
    p = argparse.ArgumentParser(prog="pim_ai_paper.py", description="Replay the PIM-AI paper's claims.")
    p.add_argument("build", type=pathlib.Path)
    p.add_argument("--case")
    p.add_argument("--pim")
    p.add_argument("--against", nargs="+")
    p.add_argument("--extra-archs")
    o = p.parse_args()
    if o.case:
        fields = o.case.split(",")
        if len(fields) != 5 or not o.pim or not o.against:
            p.error("a case is MODEL,PROMPT,GENERATE,BATCH,TYPE and needs --pim and --against")
        devices(compare(o.build, Case(*fields), o.pim, o.against, o.extra_archs))
    else:
        page(o.build)


main()
