"""Results of mutation as text (blocks of a report) and as JSON (``planrace/mutation/1``)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from planrace.checker.report.json.write import to_plain, trace_json
from planrace.checker.report.text.document import sentence
from planrace.checker.results.blocks import Block, Document, Grid, Heading, Paragraph
from planrace.checker.results.detail import Detail
from planrace.checker.results.explanation import Declared
from planrace.checker.results.trace import TraceStep
from planrace.checker.results.wording import counted, limited, numbered
from planrace.checker.review.mutation.judge import JudgedMutant, MutantDifference, MutantStatus, Mutation
from planrace.checker.review.mutation.mutants import KINDS


def mutation_document(m: Mutation, exit_code: int, detail: Detail = Detail.FULL) -> Document:
    """The score, the survivors with their differences, and which property detected how many mutants; ``VERDICTS``: only
    the score."""
    if detail is Detail.VERDICTS:
        return Document((), f"score: {_score(m)} (exit {exit_code})")
    blocks: list[Block] = [Heading(f"{m.protocol}: mutants"), Paragraph(_request(m)), Paragraph(_numbers(m))]
    blocks.append(Grid(("", *MutantStatus), tuple(_row(m, kind) for kind in _kinds(m))))
    blocks += _list(m, MutantStatus.SURVIVED, "Survived: behaviour that no property checks")
    blocks += _list(m, MutantStatus.UNDECIDED, "Undecided")
    blocks += _noticing(m)
    return Document(tuple(blocks), f"score: {_score(m)} (exit {exit_code})")


def _request(m: Mutation) -> str:
    sizes = ", ".join(f"{n}={v}" for n, v in m.parameters.items()) or "no parameters"
    faults, protections = ", ".join(limited(m.faults, m.at_most)) or "none", ", ".join(m.protections) or "none"
    return f"{sizes}; faults: {faults}; protections: {protections}."


def _numbers(m: Mutation) -> str:
    words = {MutantStatus.EQUIVALENT: "equivalent here"}
    parts = [f"{len(m.of(s))} {words.get(s, s)}" for s in MutantStatus if m.of(s)]
    stopped = " Interrupted: the rest was not tried." if m.interrupted else ""
    made = f"{numbered(len(m.judged), 'mutant')}: {', '.join(parts) or 'none'}; {m.seconds:.1f} s.{stopped}"
    same = " Equivalent mutants differ in no reachable state here, except in steps that change nothing."
    return made + (same if m.of(MutantStatus.EQUIVALENT) else "")


def _kinds(m: Mutation) -> list[str]:
    """The kinds of mutants; initial values only where there are several, and fairness where it is declared."""
    return [k for k in KINDS if k not in ("start", "fairness") or any(j.mutant.kind == k for j in m.judged)]


def _row(m: Mutation, kind: str) -> tuple[str, ...]:
    counts = Counter(j.status for j in m.judged if j.mutant.kind == kind)
    return (kind, *(str(counts[s]) for s in MutantStatus))


def _list(m: Mutation, status: MutantStatus, title: str) -> Iterator[Block]:
    if m.of(status):
        yield Heading(title)
    for j in m.of(status):
        where = f"{j.mutant.where}: " if j.mutant.where else ""
        more = f": {j.how}" if j.how else "" if j.difference is None else f". {_difference(j.difference, m.variables)}"
        yield Paragraph(f"{where}{j.mutant}{more}", "unknown")


def _difference(d: MutantDifference, variables: Sequence[Declared]) -> str:
    """The first step that differs; preferably one with the same action and parameters on both sides."""
    after = f"after {counted(d.after, 'step')}" if d.after else "at once"
    gone, new = _pair(d)
    before = d.run.steps[-1].state if d.run.steps else d.run.initial
    if gone is None or new is None:
        step = gone or new
        assert step is not None
        return f"{'Gone' if new is None else 'New'} {after}: {sentence(step, before, variables)}."
    was, now = (sentence(s, before, variables) for s in (gone, new))
    text = now.rpartition(" (")[0]
    was = was.removeprefix(f"{text} ")
    return f"Different {after}: {now} instead of {was}."


def _pair(d: MutantDifference) -> tuple[TraceStep | None, TraceStep | None]:
    for gone in d.steps:
        for new in d.instead:
            if (gone.action, gone.parameters) == (new.action, new.parameters):
                return gone, new
    return (d.steps[0], None) if d.steps else (None, d.instead[0])


def _noticing(m: Mutation) -> Iterator[Block]:
    """How many mutants each property detected. If all properties held, a mutant counts for the first violated one."""
    killed = Counter(j.by for j in m.of(MutantStatus.KILLED))
    if not m.judged:
        return
    yield Heading("First detected by")
    rows = [(name, str(killed[name])) for name in m.verdicts]
    if killed["range"]:
        rows.append(("a value out of range", str(killed["range"])))
    if killed["model"]:
        rows.append(("a model that cannot begin", str(killed["model"])))
    yield Grid(("property", "mutants"), tuple(rows))


def _score(m: Mutation) -> str:
    if m.score is None or m.best is None:
        return "no mutant differs"
    words = f"{m.score:.1%} of {numbered(len(m.judged) - len(m.of(MutantStatus.EQUIVALENT)), 'mutant')} killed"
    return words if m.score == m.best else f"{words}, {m.best:.1%} if all undecided ones were"


def mutation_json(m: Mutation) -> str:
    """All mutants as JSON text: their status, what detected them, and the run to the first difference of a survivor."""
    value = {
        "schema": "planrace/mutation/1",
        "protocol": m.protocol,
        "parameters": m.parameters,
        "faults": list(m.faults),
        **({"at_most": dict(m.at_most)} if m.at_most else {}),
        "protections": list(m.protections),
        "verdicts": {n: v.word for n, v in m.verdicts.items()},
        "score": m.score,
        "best": m.best,
        "seconds": m.seconds,
        "interrupted": m.interrupted,
        "mutants": [_mutant(j) for j in m.judged],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _mutant(j: JudgedMutant) -> dict[str, Any]:
    where = j.mutant.where
    return {
        "kind": j.mutant.kind,
        "subject": j.mutant.subject,
        "change": j.mutant.change,
        "file": None if where is None else str(where).rpartition(":")[0],
        "line": None if where is None else where.line,
        "status": j.status,
        "by": j.by,
        "verdict": None if j.verdict is None else j.verdict.word,
        "depth": j.depth,
        "how": j.how,
        "difference": None if j.difference is None else _differs(j.difference),
    }


def _differs(d: MutantDifference) -> dict[str, Any]:
    return {
        "after": d.after,
        "run": trace_json(d.run),
        "steps": [to_plain(s) for s in d.steps],
        "instead": [to_plain(s) for s in d.instead],
    }
