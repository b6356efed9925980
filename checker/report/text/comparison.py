"""The differences between two reports, for reviewing a change of a protocol: verdicts, counts, warnings, runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias

from planrace.checker.report.text.markdown import cell
from planrace.checker.report.text.values import places
from planrace.checker.report.trace.lanes import step_text
from planrace.checker.results.blocks import Block, Bullets, Document, Heading, Paragraph
from planrace.checker.results.detail import Detail
from planrace.checker.results.explanation import Declared
from planrace.checker.results.outcome import warned_text
from planrace.checker.results.report import OF_THE_RUN, Coverage, Finding, Report
from planrace.checker.results.scalars import value_text
from planrace.checker.results.trace import Shown, ShownState, Trace, TraceStep
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted, limited

SCHEMA = "planrace/comparison/1"

Both: TypeAlias = "tuple[Sequence[Declared], Sequence[Declared]]"
"""The variables of the first and of the second report."""


@dataclass(frozen=True)
class Difference:
    """Something that differs. None: it does not exist."""

    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Parting:
    """The difference between two runs for one property. ``step`` is the first step (from 1) that differs or leads to a
    different state; ``places`` are the places that differ after it. ``step`` None: the runs are equal, or one continues
    after the end of the other (``longer``), or ``before`` and ``after`` say how they end. ``witness``: both runs
    violate nothing but show what is possible."""

    property: str
    step: int | None
    before: str
    after: str
    places: tuple[Difference, ...] = ()
    longer: str = ""
    witness: bool = False


@dataclass(frozen=True)
class Comparison:
    """The differences between two reports. ``verdicts`` are the important ones. ``depths`` are lengths of
    counterexamples, ``witnesses`` lengths of witnesses. If counts are not comparable, ``counts`` is empty and
    ``uncounted`` says why."""

    request: tuple[Difference, ...]
    verdicts: tuple[Difference, ...]
    depths: tuple[Difference, ...]
    counts: tuple[Difference, ...]
    uncounted: str
    facts: tuple[Difference, ...]
    warnings: tuple[Difference, ...]
    partings: tuple[Parting, ...]
    witnesses: tuple[Difference, ...] = ()

    @property
    def changed(self) -> bool:
        """A verdict changed, or a property was added or removed."""
        return bool(self.verdicts)


def compare(a: Report, b: Report) -> Comparison:
    """The differences from ``a`` to ``b``."""
    counts, why = _counts(a.exploration, b.exploration)
    return Comparison(
        request=tuple(_request(a, b)),
        verdicts=tuple(_verdicts(a, b)),
        depths=tuple(_depths(a, b, witness=False)),
        counts=counts,
        uncounted=why,
        facts=tuple(_lists("facts shown", _facts(a), _facts(b))),
        warnings=tuple(_lists("warnings", _warnings(a), _warnings(b))),
        partings=tuple(_partings(a, b)),
        witnesses=tuple(_depths(a, b, witness=True)),
    )


def _request(a: Report, b: Report) -> Iterator[Difference]:
    yield from _differ("protocol", a.protocol, b.protocol)
    for name in dict.fromkeys([*a.parameters, *b.parameters]):
        before, after = (None if name not in r.parameters else str(r.parameters[name]) for r in (a, b))
        yield from _differ(name, before, after)
    yield from _lists("faults", limited(a.faults, a.at_most), limited(b.faults, b.at_most))
    yield from _lists("protections", a.protections, b.protections)
    yield from _differ("engine", a.engine, b.engine)


def _differ(what: str, before: str | None, after: str | None) -> Iterator[Difference]:
    if before != after:
        yield Difference(what, before, after)


def _lists(what: str, before: Sequence[str], after: Sequence[str]) -> Iterator[Difference]:
    """Removed and added names."""
    gone = [x for x in before if x not in after]
    come = [x for x in after if x not in before]
    if gone or come:
        yield Difference(what, ", ".join(gone) or None, ", ".join(come) or None)


def _verdicts(a: Report, b: Report) -> Iterator[Difference]:
    before, after = ({f.name: f for f in r.findings} for r in (a, b))
    for name in dict.fromkeys([*before, *after]):
        x, y = (found[name].verdict.word if name in found else None for found in (before, after))
        yield from _differ(name, x, y)


def _depths(a: Report, b: Report, *, witness: bool) -> Iterator[Difference]:
    for x, y in _both(a, b):
        if x.depth is not None and y.depth is not None and _witness(x, y) == witness:
            yield from _differ(x.name, counted(x.depth, "step"), counted(y.depth, "step"))


def _witness(x: Finding, y: Finding) -> bool:
    """Both runs are witnesses."""
    return x.verdict is y.verdict is Verdict.HOLDS


def _both(a: Report, b: Report) -> Iterator[tuple[Finding, Finding]]:
    after = {f.name: f for f in b.findings}
    return ((f, after[f.name]) for f in a.findings if f.name in after)


def _counts(a: Coverage | None, b: Coverage | None) -> tuple[tuple[Difference, ...], str]:
    """Counts that differ, or why they are not comparable."""
    if a is None or b is None:
        return (), "one of the engines does not count states"
    if not (a.complete and b.complete):
        return (), "one of the searches is not complete"
    if a.symmetry != b.symmetry:
        return (), "only one of the searches counts orbits"
    if a.normalised != b.normalised:
        return (), "only one of the searches counts normal forms of generations"
    if a.states_per_orbit != b.states_per_orbit:
        return (), "the searches count orbits differently"
    if a.sliced != b.sliced:
        return (), "the ignored variables differ"
    pairs = ((n, f"{getattr(a, n):,}", f"{getattr(b, n):,}") for n in ("states", "transitions", "depth"))
    return tuple(d for what, x, y in pairs for d in _differ(what, x, y)), ""


def _facts(r: Report) -> tuple[str, ...]:
    if r.full_match is not None and r.full_match.match is not None:
        return tuple(r.full_match.match.matched)
    shown: list[list[str]] = [f.match.matched for f in r.findings if f.match is not None]
    fullest = max(shown, key=len, default=[])
    return tuple(fullest)


def _warnings(r: Report) -> tuple[str, ...]:
    said = (w for w in r.warnings if w.kind not in OF_THE_RUN)
    return tuple(warned_text(w).removesuffix(".") for w in said)


# Runs --------------------------------------------------------------------------------------------------------------
def _partings(a: Report, b: Report) -> Iterator[Parting]:
    for x, y in _both(a, b):
        if x.trace is not None and y.trace is not None:
            of_each = (x.variables or a.variables, y.variables or b.variables)
            yield replace(parting(x.name, x.trace, y.trace, of_each), witness=_witness(x, y))


def parting(name: str, a: Trace, b: Trace, variables: Both = ((), ())) -> Parting:
    """The first difference between two runs, each with its own ``variables``."""
    if dict(a.initial) != dict(b.initial):
        return Parting(name, 0, "", "", tuple(_places(a.initial, b.initial, variables)))
    for n, (x, y) in enumerate(zip(a.steps, b.steps, strict=False), 1):
        if _taken(x) != _taken(y) or dict(x.state) != dict(y.state):
            return Parting(name, n, *_both_said(x, y), tuple(_places(x.state, y.state, variables)))
    shorter = min(len(a), len(b))
    if len(a) == len(b):
        return Parting(name, None, *(("", "") if a.loop == b.loop else (_ending(a), _ending(b))))
    longer = "the second" if len(b) > len(a) else "the first"
    return Parting(name, None, _said(a, shorter + 1), _said(b, shorter + 1), longer=longer)


def _said(trace: Trace, n: int) -> str:
    return _words(trace.steps[n - 1]) if n <= len(trace) else ""


def _words(step: TraceStep) -> str:
    return f"{step.by} {step_text(step)}"


def _taken(step: TraceStep) -> tuple[str, dict[str, Shown], str | None]:
    return step.action, dict(step.parameters), step.outcome


def _both_said(x: TraceStep, y: TraceStep) -> tuple[str, str]:
    """Both steps as text; with their actions if the author's descriptions are equal."""
    if _words(x) != _words(y) or _taken(x) == _taken(y):
        return _words(x), _words(y)
    return f"{_words(x)}: {_call(x)}", f"{_words(y)}: {_call(y)}"


def _call(step: TraceStep) -> str:
    return f"{step.action}({', '.join(f'{k}={value_text(v)}' for k, v in step.parameters.items())})"


def _ending(trace: Trace) -> str:
    return "ends" if trace.loop is None else f"repeats the steps after step {trace.loop} for ever"


def _places(a: ShownState, b: ShownState, variables: Both) -> Iterator[Difference]:
    """The places in which two states differ. Elements of undeclared variables are numbered from 1."""
    before, after = (dict(_listed_places(s, v)) for s, v in zip((a, b), variables, strict=True))
    for place in dict.fromkeys([*before, *after]):
        yield from _differ(place, before.get(place), after.get(place))


def _listed_places(state: ShownState, variables: Sequence[Declared]) -> Iterator[tuple[str, str]]:
    names = {v.name for v in variables}
    yield from places({name: x for name, x in state.items() if name in names}, variables).items()
    for name, value in state.items():
        if name not in names:
            inner = enumerate(value, 1) if isinstance(value, list) else ()
            yield from [(f"{name}[{n}]", value_text(x)) for n, x in inner] or [(name, value_text(value))]


# Rendering ---------------------------------------------------------------------------------------------------------
def comparison_json(c: Comparison) -> str:
    """The comparison as JSON (``planrace/comparison/1``)."""
    return json.dumps({"schema": SCHEMA, "changed": c.changed, **asdict(c)}, indent=2, ensure_ascii=False) + "\n"


def comparison_document(c: Comparison, exit_code: int, detail: Detail = Detail.FULL) -> Document:
    """The comparison as text; ``VERDICTS``: only the verdicts that changed."""
    word = "changed" if c.changed else "the same"
    changes = Bullets(tuple(f"{d.what}: {_arrow(d)}" for d in c.verdicts))
    blocks = (changes,) if detail is Detail.VERDICTS else tuple(_blocks(c))
    return Document(blocks, f"verdicts: {word} (exit {exit_code})", "violated" if c.changed else "holds")


def _blocks(c: Comparison) -> Iterator[Block]:
    for title, differences in _parts(c):
        if differences:
            yield Heading(title)
            for d in differences:
                yield Paragraph(f"{d.what}: {_arrow(d)}")
    if c.uncounted:
        yield Paragraph(f"The counts are not comparable: {c.uncounted}.")
    for title, partings in _runs(c):
        if partings:
            yield Heading(title)
        for p in partings:
            yield Paragraph(_parts_at(p))


def _runs(c: Comparison) -> list[tuple[str, list[Parting]]]:
    return [("Runs", [p for p in c.partings if not p.witness]), ("Witnesses", [p for p in c.partings if p.witness])]


def _parts(c: Comparison) -> list[tuple[str, tuple[Difference, ...]]]:
    return [
        ("Request", c.request),
        ("Verdicts", c.verdicts),
        ("Length of counterexamples", c.depths),
        ("Length of witnesses", c.witnesses),
        ("Counts", c.counts),
        ("Scenario", c.facts),
        ("Warnings", c.warnings),
    ]


def _arrow(d: Difference) -> str:
    if d.before is None:
        return f"new: {d.after}"
    return f"gone: {d.before}" if d.after is None else f"{d.before} → {d.after}"


def _parts_at(p: Parting) -> str:
    if p.step is None:
        return f"{p.property}: {_same_steps(p)}"
    if p.step == 0:
        return f"{p.property}: the runs start differently: {_listed(p.places)}"
    at = f"{p.property}: the runs diverge at step {p.step}"
    if p.before == p.after:
        return f"{at}, which leads to different states ({p.before}): {_listed(p.places)}"
    return f"{at}: {p.before}; in the second run: {p.after}" + (f" ({_listed(p.places)})" if p.places else "")


def _same_steps(p: Parting) -> str:
    if p.longer:
        return f"{p.longer} run continues: {p.before or p.after}"
    return f"the same steps; the first run {p.before}, the second {p.after}" if p.before else "the same run"


def _listed(places: tuple[Difference, ...]) -> str:
    return ", ".join(f"{d.what}: {_arrow(d)}" for d in places)


def comparison_markdown(c: Comparison) -> str:
    """The comparison as Markdown, for a comment on a pull request."""
    lines = [f"### Verdicts: {'changed' if c.changed else 'the same'}", ""]
    for title, differences in _parts(c):
        if differences:
            lines += [f"**{title}**", "", "| | before | after |", "| --- | --- | --- |"]
            lines += [f"| {cell(d.what)} | {cell(d.before)} | {cell(d.after)} |" for d in differences]
            lines.append("")
    if c.uncounted:
        lines += [f"The counts are not comparable: {c.uncounted}.", ""]
    for title, partings in _runs(c):
        if partings:
            lines += [f"**{title}**", "", *(f"- {cell(_parts_at(p))}" for p in partings), ""]
    return "\n".join(lines)
