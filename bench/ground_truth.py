"""Published specifications (``examples/ground_truth``) here, in TLC and in SPIN, in the same run.

    TLA2TOOLS_JAR=tla2tools.jar python bench/ground_truth.py --specs Examples/specifications
    python bench/ground_truth.py [--only NAME] [--rounds N] [--temporal] [--without-spin] [--without-tlc]

Searches each specification completely with each tool, refuses a comparison where states or steps are not those that
are published, and prints a table in Markdown: seconds by the clock, and seconds that processors worked, medians of
the rounds. planrace and TLC are whole commands, with two workers each; SPIN is the program that it has made and gcc
has compiled, without that time, on our own export, on one core.

TLC: the environment variable TLA2TOOLS_JAR names its jar, and ``--specs`` the folder ``specifications`` of a clone of
https://github.com/tlaplus/Examples; otherwise its columns are empty, and a line says why. Invariants are checked by
all. With ``--temporal`` planrace and TLC check liveness and refinement, too: what the configuration asks for there,
and the theorems of the text here.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from native import Run, timed

from planrace.checker.export.peers import PeerError
from planrace.checker.export.promela import promela
from planrace.checker.export.spin import counted_in
from planrace.model.language import ModelError
from tests.ground_truth.published import MODELS, Published

KEYWORDS = "CONSTANTS?|INIT|NEXT|SPECIFICATION|INVARIANTS?|PROPERT(?:Y|IES)|SYMMETRY|VIEW|(?:ACTION_)?CONSTRAINTS?"
"""What begins a part of a configuration of TLC."""
PROVERS = ("PTL", "SMT", "Z3", "CVC3", "Zenon", "Isa", "Force", "Blast", "SimpleArithmetic", "LS4", "SlowZenon")
"""What proofs name in a specification that TLC only searches."""


class DifferentError(Exception):
    """A tool has searched something else than what is published."""


# The tools ---------------------------------------------------------------------------------------------------------
def ours(model: Published, temporal: bool) -> Run:
    """The command ``check``, from start to end."""
    command = [sys.executable, "-m", "planrace", "-p", model.name]
    command += [x for n, v in model.sizes.items() for x in ("-s", f"{n}={v}")]
    command += [x for name in model.asked(temporal=temporal) for x in ("--property", name)]
    command += ["--exhaustive", "--no-symmetry", "--no-slicing", "--format", "json"]
    text, cost = timed(command)
    if not text.startswith("{"):
        raise DifferentError(f"planrace's search is void:\n{text}")
    covered = json.loads(text)["exploration"]
    run = Run(covered["states"], covered["transitions"], *cost)
    return agreed("planrace", run, model.states, model.counts[1])


def tlc(model: Published, specs: Path, jar: str, temporal: bool) -> Run:
    """TLC on the text, with two workers."""
    with tempfile.TemporaryDirectory() as name:
        folder, spec, config = Path(name), specs / model.spec, specs / model.config
        for file in spec.parent.glob("*.tla"):
            shutil.copy(file, folder)
        named = re.findall(r"\bFS_\w+", "".join(file.read_text() for file in folder.glob("*.tla")))
        for module, names in (("TLAPS", PROVERS), ("FiniteSetTheorems", sorted({*named}))):
            (folder / f"{module}.tla").write_text(stand_in(module, names))
        (folder / "run.cfg").write_text(configuration(config.read_text(), model.replace, temporal))
        command = ["java", "-XX:+UseParallelGC", "-cp", jar, "tlc2.TLC", "-deadlock", "-workers", "2"]
        text, cost = timed([*command, "-config", "run.cfg", spec.name], folder)
    found = re.search(r"^([\d,]+) states generated, ([\d,]+) distinct states found, 0 states left", text, re.MULTILINE)
    if found is None or "No error has been found" not in text:
        raise DifferentError(f"TLC's search is void:\n{text}")
    generated, distinct = (int(g.replace(",", "")) for g in found.groups())
    return agreed("TLC", Run(distinct, generated, *cost), model.states, model.generated)


def configuration(text: str, replace: Sequence[tuple[str, str]], temporal: bool) -> str:
    """The text of a configuration with replacements, and without what older versions of TLC do not know."""
    for old, new in replace:
        if old not in text:
            raise DifferentError(f"the configuration has no {old}: its folder has another version")
        text = text.replace(old, new)
    text = re.sub(r"^\s*CHECK_DEADLOCK.*$", "", text, flags=re.MULTILINE)
    if not temporal:
        text = re.sub(
            rf"^\s*PROPERT(?:Y|IES)\b.*?(?=^\s*(?:{KEYWORDS})\b|\Z)", "", text, flags=re.MULTILINE | re.DOTALL
        )
    return text


def stand_in(module: str, names: Sequence[str]) -> str:
    """A module of the proof system, with what proofs name: TLC reads proofs, and does nothing with them."""
    return "\n".join([f"---- MODULE {module} ----", *(f"{name} == TRUE" for name in names), "===="])


def spin(model: Published) -> Run:
    """SPIN on our own export, with what it finds nowhere violated: what it meets is a step more. Raises ``ModelError``
    for what it cannot say."""
    made = promela(model.instance(), "check export --to promela")
    switches = [f"-D{j.switch}" for j in made.judged if not j.inverted and j.property.name not in model.violated]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.pml").write_text(made.text)
        timed(["spin", "-a", "-o1", "-o2", "-o3", *switches, "model.pml"], folder)
        vector = f"-DVECTORSZ={max(1024, made.bytes)}"
        timed(["gcc", "-O3", "-DSAFETY", "-DNOREDUCE", "-DPRINTF", "-w", vector, "-o", "pan", "pan.c"], folder)
        if not (folder / "pan").exists():
            raise DifferentError("SPIN's model does not compile")
        text, cost = timed(["./pan", "-E", "-n", "-c0", "-m2000000", "-w24"], folder)
    try:
        found = counted_in(text)
    except PeerError as problem:
        raise DifferentError(str(problem)) from problem
    run = Run(found.states - (made.initial > 0), found.transitions - made.initial - 1, *cost)
    return agreed("SPIN", run, model.states, model.counts[1])


def agreed(tool: str, run: Run, states: int, transitions: int) -> Run:
    if (run.states, run.transitions) != (states, transitions):
        raise DifferentError(
            f"{tool} has {run.states:,} states and {run.transitions:,} steps, not {states:,} and {transitions:,}"
        )
    return run


# The table ---------------------------------------------------------------------------------------------------------
def cell(runs: Sequence[Run]) -> str:
    """Seconds by the clock, and of processors."""
    if not runs:
        return ""
    return f"{statistics.median(r.seconds for r in runs):.1f} ({statistics.median(r.worked for r in runs):.1f})"


def row(model: Published, runs: dict[str, list[Run]]) -> str:
    base = statistics.median(r.worked for r in runs["planrace"])
    theirs = [
        statistics.median(r.worked for r in runs[tool]) / base if runs[tool] else None for tool in ("TLC", "SPIN")
    ]
    times = " / ".join("–" if t is None else f"{t:.1f}" for t in theirs)
    _, taken, _ = model.counts
    steps = f"{taken:,}" if model.transitions is None else f"{taken:,} (TLC {model.generated - model.initial:,})"
    cells = [model.title, f"{model.states:,}", steps, *(cell(runs[t]) for t in ("planrace", "TLC", "SPIN")), times]
    return f"| {' | '.join(cells)} |"


def missing(chosen: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """The tools that are not here, and why."""
    jar = os.environ.get("TLA2TOOLS_JAR")
    if chosen.without_tlc:
        yield "TLC", "it is left out"
    elif not jar or not Path(jar).is_file():
        yield "TLC", "TLA2TOOLS_JAR names no file"
    elif shutil.which("java") is None:
        yield "TLC", "java is not installed"
    elif chosen.specs is None or not (chosen.specs / MODELS[0].spec).is_file():
        yield "TLC", f"--specs names no folder with {MODELS[0].spec}"
    if chosen.without_spin:
        yield "SPIN", "it is left out"
    elif shutil.which("spin") is None or shutil.which("gcc") is None:
        yield "SPIN", "spin or gcc is not installed"


def measured(model: Published, chosen: argparse.Namespace, out: Mapping[str, str]) -> dict[str, list[Run]]:
    """The runs of each tool that is not ``out``, in turn. Raises ``DifferentError``."""
    runs: dict[str, list[Run]] = {"planrace": [], "TLC": [], "SPIN": []}
    for _ in range(chosen.rounds):
        runs["planrace"].append(ours(model, chosen.temporal))
        if "TLC" not in out:
            runs["TLC"].append(tlc(model, chosen.specs, os.environ["TLA2TOOLS_JAR"], chosen.temporal))
        if "SPIN" not in out:
            try:
                runs["SPIN"].append(spin(model))
            except ModelError as problem:
                print(f"{model.title}: SPIN skipped, {problem}", file=sys.stderr)
    return runs


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--specs", type=Path, help="the folder specifications of the TLA+ examples")
    parser.add_argument("--only", default="", help="a part of the title or the file")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--temporal", action="store_true", help="liveness and refinement, too")
    parser.add_argument("--without-spin", action="store_true")
    parser.add_argument("--without-tlc", action="store_true")
    chosen = parser.parse_args(arguments)
    out = dict(missing(chosen))
    for tool, why in out.items():
        print(f"{tool}: skipped, {why}", file=sys.stderr)
    print("| | states | steps | planrace | TLC | SPIN | CPU seconds of TLC / SPIN for one of ours |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    wrong = 0
    for model in MODELS:
        if chosen.only.lower() in f"{model.title} {model.file}".lower():
            try:
                print(row(model, measured(model, chosen, out)), flush=True)
            except DifferentError as problem:
                wrong += 1
                print(f"{model.title}: {problem}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
