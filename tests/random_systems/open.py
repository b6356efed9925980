"""Proofs for every size, held against every small size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from planrace.checker import prove
from planrace.checker.results.report import Finding
from planrace.model.language import ModelError

from .judge import Judge, deadline
from .plain import Plain, TooLargeError, WrongError
from .runs import wrong_run
from .truth import Truth, ask, explore

WIDEST = 2
"""So many sizes above the least are looked at."""
BEGINNINGS = 20_000
"""So many initial states a run is looked up in at most."""


def proof(j: Judge) -> None:
    """What is proved holds at every small size; what is refuted is shown by a run at the size that is named."""
    about = {n: v for n, v in j.about.items() if n != "parameters"}
    names = [n for n, p in j.asked.items() if p.kind in ("invariant", "step_invariant")]
    with j.crashes("proof"), deadline(3 * j.seconds):
        try:
            report = prove(j.protocol, properties=names, time_limit=j.seconds, **about)
        except ModelError as problem:
            if all(t.sound and t.deadlock != -1 and not t.nothing for _, t in _sizes(j)):
                j.complain("proof", f"says that the model is wrong, and it is not: {problem}")
            return
        for f in report.findings:
            for what in _wrong(j, f):
                j.complain("proof", f"{f.kind} {f.name}: {what}")


def _sizes(j: Judge) -> Iterator[tuple[dict[str, int], Truth]]:
    """Small sizes, and what is true there."""
    d = j.drawn.described
    for values in product(*(range(p.low, min(p.high, p.low + WIDEST) + 1) for p in d.parameters)):
        sizes = dict(zip((p.name for p in d.parameters), values, strict=True))
        try:
            truth = explore(d, sizes)
        except TooLargeError:
            continue
        ask(truth, d.properties)
        yield sizes, truth


def _wrong(j: Judge, f: Finding) -> Iterator[str]:
    if f.verdict.word == "holds":
        for sizes, truth in _sizes(j):
            told = truth.told[f.name]
            if truth.wrong is not None or told.wrong is not None:
                yield f"proved, and at {sizes} the model is wrong: {truth.why or 'the property has no value'}"
            elif told.verdict != "holds":
                yield f"proved, and violated at {sizes} in {told.length} steps"
    if f.verdict.word == "violated":
        at = {p.name: int((f.parameters or {}).get(p.name, p.default)) for p in j.drawn.described.parameters}
        if f.trace is None:
            yield "refuted without a run"
            return
        try:
            plain = Plain(j.drawn.described, at)
            yield from wrong_run(Truth(plain, plain.initials(BEGINNINGS)), j.asked[f.name], f)
        except TooLargeError:
            return
        except WrongError as problem:
            yield f"refuted at {at}, where the model is wrong: {problem}"
