"""The differences between an entry of a baseline and the same check now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from planrace.checker.report.text.comparison import Difference
from planrace.checker.results.report import Finding, Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import numbered
from planrace.checker.review.baseline.entry import BaselineEntry, Item, RecordedVerdict


@dataclass(frozen=True)
class BaselineComparison:
    """The differences from an entry of the baseline. ``broken`` are the newly violated properties; ``undecided`` says
    what is undecided now, and why; ``uncounted`` why the counts are not comparable, if they are not."""

    title: str
    model: tuple[Difference, ...] = ()
    verdicts: tuple[Difference, ...] = ()
    depths: tuple[Difference, ...] = ()
    counts: tuple[Difference, ...] = ()
    uncounted: str = ""
    broken: tuple[Finding, ...] = ()
    undecided: tuple[tuple[str, str], ...] = ()
    interrupted: bool = False

    @property
    def results(self) -> bool:
        """A verdict, a count or a depth differs."""
        return bool(self.verdicts or self.depths or self.counts)

    @property
    def same(self) -> bool:
        """Nothing differs."""
        return not (self.results or self.model or self.undecided or self.interrupted)


class Compared(tuple[BaselineComparison, ...]):
    """The differences of each entry of a baseline, in the order of the file."""


def changes(before: BaselineEntry, after: BaselineEntry, report: Report) -> BaselineComparison:
    """The differences from ``before`` to ``after``, the entry of ``report``."""
    counts, uncounted = _counts(before, after)
    return BaselineComparison(
        title=before.title,
        model=tuple(_model(before.model, after.model, ())),
        verdicts=tuple(_verdicts(before, after)),
        depths=tuple(_depths(before, after)),
        counts=counts,
        uncounted=uncounted,
        broken=tuple(_broken(before, report)),
        undecided=tuple(_undecided(before, after, report)),
        interrupted=report.interrupted,
    )


def _verdicts(before: BaselineEntry, after: BaselineEntry) -> Iterator[Difference]:
    """Verdicts that are decided now and differ. Undecided ones are reported separately."""
    for name in dict.fromkeys([*before.verdicts, *after.verdicts]):
        x, y = before.verdicts.get(name), after.verdicts.get(name)
        if y is not None and y.verdict is Verdict.UNKNOWN:
            continue
        old, new = (None if j is None else j.verdict.word for j in (x, y))
        if old != new:
            yield Difference(name, old, new)


def _depths(before: BaselineEntry, after: BaselineEntry) -> Iterator[Difference]:
    for name, x in before.verdicts.items():
        y = after.verdicts.get(name, x)
        if y.verdict is x.verdict and y.steps != x.steps:
            yield Difference(name, _steps(x), _steps(y))


def _steps(j: RecordedVerdict) -> str | None:
    return None if j.steps is None else numbered(j.steps, "step")


def _counts(before: BaselineEntry, after: BaselineEntry) -> tuple[tuple[Difference, ...], str]:
    """Counts that differ, and why they are not comparable, if they are not."""
    x, y = before.counts, after.counts
    if y is None:
        return (), ""
    if x is None:
        return (Difference("states", "not counted", f"{y.states:,}"),), ""
    pairs = ((what, getattr(x, what), getattr(y, what)) for what in ("states", "transitions", "depth"))
    found = tuple(Difference(what, f"{a:,}", f"{b:,}") for what, a, b in pairs if a != b)
    if x.symmetry != y.symmetry:
        how = ("yes" if c.symmetry else "no" for c in (x, y))
        return (*found, Difference("symmetry", *how)), "only one of the searches counts orbits"
    if x.sliced != y.sliced and found:
        gone, come = (", ".join(c.sliced) or "none" for c in (x, y))
        return found, f"the ignored variables differ: {gone} before, {come} now"
    return found, ""


def _broken(before: BaselineEntry, report: Report) -> Iterator[Finding]:
    """Newly violated properties."""
    for f in report.findings:
        old = before.verdicts.get(f.name)
        if f.verdict is Verdict.VIOLATED and (old is None or old.verdict is not Verdict.VIOLATED):
            yield replace(f, variables=f.variables or report.variables)


def _undecided(before: BaselineEntry, after: BaselineEntry, report: Report) -> Iterator[tuple[str, str]]:
    yield from ((f.name, f.how) for f in report.findings if f.verdict is Verdict.UNKNOWN)
    if before.counts is not None and after.counts is None:
        e = report.exploration
        stopped = "the search is not complete" if e is None or e.stopped is None else e.stopped
        yield "counts", f"not decided: {stopped}"


# The model -------------------------------------------------------------------------------------------------------
def _model(before: Sequence[Item], after: Sequence[Item], where: tuple[str, ...]) -> Iterator[Difference]:
    """Lines that were added, removed or changed, each with the lines that contain it."""
    old, new = _keyed(before), _keyed(after)
    for key in dict.fromkeys([*old, *new]):
        x, y = old.get(key), new.get(key)
        item = x or y
        assert item is not None
        here = (*where, item.label + (f" ({key[2]})" if key[2] > 1 else ""))
        a, b = (None if i is None else i.text for i in (x, y))
        if a != b:
            yield Difference(", ".join(here), a, b)
        yield from _model(x.inner if x else (), y.inner if y else (), here)
    first, second = ([k for k in table if k in other] for table, other in ((old, new), (new, old)))
    if first != second:
        yield Difference(", ".join((*where, "order")), _listed(first), _listed(second))


def _keyed(items: Sequence[Item]) -> dict[tuple[str, str | None, int], Item]:
    """Lines by kind, name and a number from 1 that distinguishes lines with the same kind and name."""
    seen: Counter[tuple[str, str | None]] = Counter()
    found = {}
    for i in items:
        seen[i.kind, i.name] += 1
        found[i.kind, i.name, seen[i.kind, i.name]] = i
    return found


def _listed(keys: Sequence[tuple[str, str | None, int]]) -> str:
    """Names in their order. Guards are left out: only the order of outcomes matters."""
    return ", ".join((name or kind) + (f" ({nth})" if nth > 1 else "") for kind, name, nth in keys if kind != "guard")
