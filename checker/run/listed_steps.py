"""Steps for ``check list --steps``: what is atomic, where it waits, what it changes, and the lines that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from planrace.checker.results.wording import counted, joined
from planrace.model.language import Action, Outcome, System, Term, Variant
from planrace.model.language.errors import Place
from planrace.model.language.named_terms import in_names
from planrace.model.language.render import render
from planrace.model.language.sorts import Size
from planrace.model.language.terms import TRUE


@dataclass(frozen=True)
class ListedOutcome:
    """One outcome of a step; ``condition`` is empty if it needs none."""

    name: str | None
    condition: str
    updates: tuple[str, ...]


@dataclass(frozen=True)
class ListedStep:
    """A step: an action of the protocol. ``point`` is that of a process, ``lines`` are where it is written,
    ``fault`` is the fault that it belongs to, and ``time`` says within how many ticks it happens."""

    name: str
    performer: str
    point: str | None
    guard: str
    outcomes: tuple[ListedOutcome, ...]
    lines: str
    fault: str | None
    time: str = ""


def listed_steps(variant: Variant) -> tuple[ListedStep, ...]:
    """The steps of a protocol, those of all its faults included."""
    system = variant.protocol.bare_system(variant.protections, variant.protocol.faults)
    return tuple(
        _step(a, _time(a, system), lambda t: render(in_names(t, system.named_terms))) for a in system.actions.values()
    )


def listed_names(variant: Variant) -> dict[str, str]:
    """The names of terms, and what they stand for."""
    names = variant.protocol.named_terms
    called = {f"{n.name}{''.join(f'[{h}]' for h in n.holes)}": n for n in names}
    return {c: render(in_names(n.term, [m for m in names if m is not n])) for c, n in called.items()}


def _time(a: Action, system: System) -> str:
    """The limits of a step, and since when."""
    if a.origin is not None:
        stays = [p.limits.get(a.origin.point) for p in system.place_clocks if p.process == a.origin.process]
        return next((f"within {_ticks(x.within)} at {a.origin.point}" for x in stays if x and x.within is not None), "")
    clock = next((c for c in system.clocks if c.action == a.name), None)
    if clock is None:
        return ""
    t = clock.timing
    limits = {"not before": t.after, "within": t.within}
    when = joined([f"{word} {_ticks(n)}" for word, n in limits.items() if n is not None])
    until = f", until {joined(list(map(str, t.until)), 'or')}" if t.until else ""
    each = f", for each {joined(list(map(str, clock.positions)))}" if clock.positions else ""
    return f"{when} since {joined(list(map(str, t.since)), 'or')}{until}{each}"


def _ticks(limit: Size) -> str:
    return counted(limit, "tick") if isinstance(limit, int) else f"{limit} ticks"


def _step(a: Action, time: str, text: Callable[[Term], str]) -> ListedStep:
    parameters = f"({', '.join(map(str, a.parameters))})" if a.parameters else ""
    return ListedStep(
        name=f"{a.name}{parameters}",
        performer=a.role,
        point=None if a.origin is None else a.origin.point,
        guard=text(a.guard),
        outcomes=tuple(_outcome(o, text) for o in a.outcomes),
        lines=_lines(a),
        fault=a.fault,
        time=time,
    )


def _outcome(o: Outcome, text: Callable[[Term], str]) -> ListedOutcome:
    condition = "" if o.condition is TRUE else text(o.condition)
    return ListedOutcome(o.name, condition, tuple(f"{u.target} := {text(u.value)}" for u in o.updates))


def _lines(a: Action) -> str:
    """The file and the lines of a step."""
    if a.where is None:
        return ""
    if a.origin is None or a.origin.first == a.origin.last:
        return str(Place(Path(a.where.file).name, a.where.line))
    return f"{Path(a.where.file).name}:{a.origin.first}–{a.origin.last}"


def step_lines(s: ListedStep) -> Iterator[str]:
    """A step as text: its name and place, the guard, and an outcome a line."""
    fault = f", while {s.fault} is on" if s.fault else ""
    time = f", {s.time}" if s.time else ""
    yield f"    {s.name}: {s.performer}{fault}{time}  [{s.lines}]"
    yield f"      when {s.guard}"
    for o in s.outcomes:
        name = f"[{o.name}] " if o.name else ""
        condition = f"if {o.condition}: " if o.condition else ""
        yield f"      {name}{condition}{'; '.join(o.updates) or 'changes nothing'}"
