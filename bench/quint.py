"""Exports to Quint against Quint itself: types, and runs of its simulator against the interpreter of planrace.

    QUINT=…/quint python bench/quint.py [SUBJECT …] [--random FIRST-LAST] [--samples N] [--steps N]

Each subject (default: all protocols of planrace and of the gallery, without faults and with all of them) is exported
and simulated twice: with what holds here, where no run may violate anything and every run must be one of the protocol;
and with what is violated here, where a run that Quint finds must be a counterexample here, too. QUINT names the
command. This package.json works (the newest antlr4ts does not load):

    {"dependencies": {"@informalsystems/quint": "0.33.1"}, "overrides": {"antlr4ts": "0.5.0-alpha.4"}}
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from planrace.checker import Options, Verdict, check
from planrace.checker.api.request import selected, subject_of
from planrace.checker.engines.answer import Answer
from planrace.checker.export.quint import quint
from planrace.checker.imports.fitting import fit
from planrace.checker.imports.itf_run import ItfRun
from planrace.checker.imports.judging import answers_on
from planrace.checker.results.wording import counted
from planrace.checker.run.protocols import names_in
from planrace.model.language import DefinitionError, Instance, ModelError, Protocol, Variant
from planrace.properties.kinds import Checkable, Invariant, StepInvariant
from tests.engines.test_every_protocol import BUILT_IN, EXAMPLES, protocol_of
from tests.random_systems.draw import draw
from tests.random_systems.write import load

QUINT = os.environ.get("QUINT", "quint")


class QuintRun:
    """One run of the simulator: what it printed, and the runs of the protocol that it wrote."""

    def __init__(self, text: str, invariants: Sequence[str], samples: int, steps: int, traces: int = 1) -> None:
        with tempfile.TemporaryDirectory() as folder:
            model = Path(folder) / "model.qnt"
            model.write_text(text)
            command = [QUINT, "run", str(model), "--backend=typescript", f"--max-samples={samples}", "--mbt"]
            command += [
                f"--max-steps={steps}",
                f"--n-traces={traces}",
                "--seed=0x7",
                f"--out-itf={folder}/run_{{seq}}.itf.json",
            ]
            command += ["--invariants", *invariants, "--verbosity=1"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
            self.printed = done.stdout + done.stderr
            self.failed = done.returncode
            self.texts = [p.read_text() for p in sorted(Path(folder).glob("*.itf.json"))]

    @property
    def violated(self) -> bool:
        return "[violation]" in self.printed


def compared(name: str, instance: Instance, samples: int, steps: int) -> str:
    """One line about a subject; raises ``AssertionError`` for a disagreement."""
    model = quint(instance, "bench")
    properties = [p for p in model.asked if isinstance(p, Invariant | StepInvariant)]
    verdicts = _verdicts(instance, properties)
    if verdicts is None:
        found = QuintRun(model.text, ["inRange"], samples, steps)
        return f"{name}: the model is wrong here; Quint: {_said(found)}"
    holding = [p for p in properties if verdicts[p.name] is Verdict.HOLDS]
    broken = [p for p in properties if verdicts[p.name] is Verdict.VIOLATED]
    names = model.names
    clean = QuintRun(model.text, ["inRange", *(names[p.name] for p in holding)], samples, steps, 5)
    assert not clean.failed, f"{name}: {clean.printed}"
    runs = [r for text in clean.texts for r in ItfRun().runs(text, instance)]
    length = sum(len(fit(instance, r).moves) for r in runs)
    line = f"{name}: {len(runs)} runs with {length} steps replayed, {counted(len(holding), 'invariant')} never violated"
    for p in broken:
        found = QuintRun(model.text, [names[p.name]], samples, steps)
        assert found.violated or not found.failed, f"{name}: {found.printed}"
        if not found.violated:
            line += f"; {p.name} not met"
            continue
        (run,) = ItfRun().runs(found.texts[0], instance)
        recording = fit(instance, run)
        met = _violates(answers_on(recording, run, [p]))
        assert met, f"{name}: {p.name} is violated in a run of Quint, and not here"
        line += f"; {p.name} violated in {len(recording.moves)} steps"
    return line


def _violates(answers: Sequence[Answer]) -> bool:
    return any(a.verdict is Verdict.VIOLATED for a in answers)


def _verdicts(instance: Instance, properties: Sequence[Checkable]) -> dict[str, Verdict] | None:
    """What planrace says of the properties; None if the model is wrong."""
    system = instance.system
    try:
        report = check(system, dict(instance.parameters), options=Options(max_states=300_000, time_limit=60.0))
    except (ModelError, DefinitionError):
        return None
    return {f.name: f.verdict for f in report.findings}


def _said(found: QuintRun) -> str:
    if found.violated:
        return "inRange is violated"
    return next((line for line in found.printed.splitlines() if "rror" in line), "no error met")


def subjects(wanted: Sequence[str]) -> Iterator[tuple[str, Any, dict[str, int] | None, tuple[str, ...]]]:
    """Names, subjects, sizes and faults."""
    all_of = [*BUILT_IN.items(), *((n, None) for f in EXAMPLES for n in names_in(str(f)))]
    for name, sizes in all_of:
        if wanted and not any(w in name for w in wanted):
            continue
        subject = subject_of(name, "bench")
        faults = tuple(protocol_of(subject).faults) if isinstance(subject, Protocol | Variant) else ()
        short = name.rsplit("/", 1)[-1]
        yield short, subject, sizes, ()
        if faults:
            yield f"{short} with faults", subject, sizes, faults


def random_systems(first: int, last: int) -> Iterator[tuple[str, Instance]]:
    """Random systems that are no errors."""
    for seed in range(first, last + 1):
        d = draw(seed).described
        protections = [name for name, _ in d.protections] if d.protected else []
        try:
            yield f"seed {seed}", selected(load(d), dict(d.values), faults=d.on, with_protections=protections).instance
        except (ModelError, DefinitionError):
            continue


def main() -> int:
    """Prints a line for each subject."""
    assert __doc__ is not None
    summary, _, rest = __doc__.partition("\n")
    parser = argparse.ArgumentParser(description=summary, epilog=rest, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("subjects", nargs="*")
    parser.add_argument("--random", metavar="FIRST-LAST", help="random systems with these seeds instead")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--steps", type=int, default=25)
    arguments = parser.parse_args()
    if arguments.random:
        first, last = map(int, arguments.random.split("-"))
        found = random_systems(first, last)
    else:
        named = subjects(arguments.subjects)
        found = ((n, selected(s, dict(sizes or {}), faults=faults).instance) for n, s, sizes, faults in named)
    wrong = 0
    for name, instance in found:
        try:
            print(compared(name, instance, arguments.samples, arguments.steps), flush=True)
        except (AssertionError, ModelError, NotImplementedError) as problem:
            wrong += 1
            print(f"DIFFERS: {name}: {problem}", flush=True)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
