"""Checks of reports beyond types: values belong to their sorts, and numbers of steps and states fit the run.

``clean_report`` checks every report that is read from a file. The code that renders reports does not check again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import isfinite
from typing import Any

from planrace.checker.report.errors import MalformedError
from planrace.checker.results.bitstate import MOST_HASHES, Bitstate
from planrace.checker.results.departure import Departure
from planrace.checker.results.explanation import (
    Causes,
    Declared,
    Insight,
    MemberPicture,
    Neighbourhood,
    Shape,
    Structure,
)
from planrace.checker.results.report import Coverage, Finding, Report
from planrace.checker.results.scenario import Match
from planrace.checker.results.trace import Change, Observed, Shown, ShownState, Trace, TraceStep
from planrace.checker.results.wording import numbered

SCALARS = ("truth value", "number", "enumeration", "index", "optional", "ticks")
STRUCTURES = ("leaf", "record", "optional", "array", "sequence", "map")
MEMBERS = 2**20
"""The most members of an index of an array; models have far fewer."""
PATH = 4096
"""The most characters of a file name."""


def clean_report(r: Report) -> Report:
    """The report itself. Raises ``MalformedError``, which names the place and the problem."""
    _declared(r.variables, "variables")
    for n, p in enumerate(r.pictures):
        _picture(p, r.variables, f"pictures[{n}]")
    for name, source in r.sources.items():
        _is(
            0 < len(source.file) <= PATH and "\0" not in source.file,
            f"sources.{name}.file",
            "it is not the name of a file",
        )
        _is(source.line >= 1, f"sources.{name}.line", "lines count from 1")
    if r.exploration is not None:
        _exploration(r.exploration)
    for n, f in enumerate(r.findings):
        _finding(f, r.variables, f"properties[{n}]")
    for n, w in enumerate(r.warnings):
        if w.trace is not None:
            _trace(w.trace, r.variables, f"warnings[{n}].trace")
    if r.full_match is not None and r.full_match.trace is not None:
        _trace(r.full_match.trace, r.variables, "postmortem.trace")
        _matched(r.full_match.match, r.full_match.trace, "postmortem")
        _insight(r.full_match.insight, r.full_match.trace, "postmortem.insight")
    return r


def _is(so: bool, where: str, otherwise: str) -> None:
    if not so:
        raise MalformedError(f"{where}: {otherwise}")


# Sorts and values ------------------------------------------------------------------------------------------------
def _declared(variables: Sequence[Declared], where: str) -> None:
    names = [v.name for v in variables]
    _is(len(set(names)) == len(names), where, "two variables have one name")
    for n, v in enumerate(variables):
        _shape(v.shape, f"{where}[{n}].shape")
        if v.whole is not None:
            _structure(v.whole.structure, f"{where}[{n}].whole.structure")


def _structure(s: Structure, where: str) -> None:
    least, most = {"leaf": (0, 0), "record": (1, MEMBERS)}.get(s.kind, (1, 1))
    _is(s.kind in STRUCTURES, f"{where}.kind", f"{s.kind!r} is no kind of structure")
    _is(least <= len(s.parts) <= most, where, f"a {s.kind} has another number of parts")
    for n, part in enumerate(s.parts):
        _structure(part, f"{where}.parts[{n}]")


def _shape(s: Shape, where: str) -> None:
    if s.kind == "array":
        domain, element = s.domain, s.element
        if domain is None or element is None or domain.kind not in SCALARS:
            raise MalformedError(f"{where}: an array has a domain of scalars and an element")
        _shape(domain, f"{where}.domain")
        _is(size(domain) <= MEMBERS, f"{where}.domain", f"it has more than {MEMBERS:,} members")
        _shape(element, f"{where}.element")
    elif s.kind == "set":
        if s.element is None or s.element.kind not in SCALARS:
            raise MalformedError(f"{where}: a set has an element that is a scalar")
        _shape(s.element, f"{where}.element")
    else:
        _is(s.kind in SCALARS, f"{where}.kind", f"{s.kind!r} is not a kind of sort")
        _is(s.low <= s.high, where, "it has no values")
        if s.kind == "enumeration":
            own = bool(s.members) and len(set(s.members)) == len(s.members)
            _is(own, where, "its members need distinct names")


def size(scalar: Shape) -> int:
    """How many values a scalar sort has, computed without listing them: a file may claim any number."""
    sizes = {"truth value": 2, "enumeration": len(scalar.members)}
    return sizes.get(scalar.kind, scalar.high - scalar.low + 1)


def fits(value: Shown, s: Shape) -> bool:
    """Whether the value, as reports show it, belongs to the sort."""
    match s.kind:
        case "array":
            assert s.domain is not None
            assert s.element is not None
            element = s.element
            return isinstance(value, list) and len(value) == size(s.domain) and all(fits(v, element) for v in value)
        case "set":
            assert s.element is not None
            element = s.element
            if not isinstance(value, list) or not all(fits(v, element) for v in value):
                return False
            return len(set(map(str, value))) == len(value)
        case "truth value":
            return isinstance(value, bool)
        case "enumeration":
            return isinstance(value, str) and value in s.members
        case _:
            return isinstance(value, int) and not isinstance(value, bool) and s.low <= value <= s.high


def _shown(value: Any, where: str) -> None:
    """Check the elements of lists at any depth; the decoder checks only the first level."""
    if isinstance(value, list):
        for n, v in enumerate(value):
            _shown(v, f"{where}[{n}]")
    else:
        _is(isinstance(value, bool | int | str), where, f"{type(value).__name__} is not a value of a state")


def _state(state: ShownState, variables: Sequence[Declared], where: str) -> None:
    for name, value in state.items():
        _shown(value, f"{where}.{name}")
    if variables:
        names = {v.name for v in variables}
        _is(state.keys() == names, where, f"its variables are not those that are declared ({_odd(state, names)})")
        for v in variables:
            _is(
                fits(state[v.name], v.shape),
                f"{where}.{v.name}",
                f"it is not of its sort{v.shape.name and f', {v.shape.name}'}",
            )


def _odd(state: Mapping[str, Any], names: set[str]) -> str:
    return ", ".join(sorted(state.keys() ^ names)[:3])


def _picture(p: MemberPicture, variables: Sequence[Declared], where: str) -> None:
    shapes = {v.name: v.shape for v in variables}
    for name in filter(None, (p.things, *p.pointers, p.holder)):
        _is(name in shapes, where, f"there is no variable {name}")
        _is(not p.title or shapes[name].kind == "array", where, f"{name} is not an array")


# Runs ------------------------------------------------------------------------------------------------------------
def _trace(t: Trace, variables: Sequence[Declared], where: str) -> None:
    _state(t.initial, variables, f"{where}.initial")
    for n, s in enumerate(t.steps):
        _step(s, variables, f"{where}.steps[{n}]")
    _is(t.loop is None or 0 <= t.loop <= len(t), f"{where}.loop", "there is no such state")


def _step(s: TraceStep, variables: Sequence[Declared], where: str) -> None:
    _state(s.state, variables, f"{where}.state")
    _step_parts(s, variables, where)


def _step_parts(s: Any, variables: Sequence[Declared], where: str) -> None:
    """Check what taken steps and enabled steps have in common."""
    for name, value in s.parameters.items():
        _shown(value, f"{where}.parameters.{name}")
    for n, c in enumerate(s.changed):
        _change(c, variables, f"{where}.changed[{n}]")
    for n, o in enumerate(s.observed):
        _observed(o, f"{where}.observed[{n}]")


def _change(c: Change, variables: Sequence[Declared], where: str) -> None:
    _shown(c.before, f"{where}.before")
    _shown(c.after, f"{where}.after")
    shape = next((v.shape for v in variables if v.name == c.variable), None)
    for at in c.path if shape is not None else ():
        if shape is None or shape.kind != "array" or shape.domain is None:
            raise MalformedError(f"{where}.path: it leads into something that is not an array")
        _is(0 <= at < size(shape.domain), f"{where}.path", "it leads out of an array")
        shape = shape.element


def _observed(o: Observed, where: str) -> None:
    if o.member is not None:
        _shown(o.member, f"{where}.member")


# Explanations of runs --------------------------------------------------------------------------------------------
def _exploration(e: Coverage) -> None:
    for name in ("states", "transitions", "depth", "peak_memory_bytes", "workers"):
        _is(getattr(e, name) >= 0, f"exploration.{name}", "it is negative")
    _is(e.states_per_orbit >= 1, "exploration.states_per_orbit", "no orbit is without a state")
    if e.found_share is not None:
        low, high = e.found_share
        _is(0 < low <= high <= 1, "exploration.found_share", "it is no pair of shares, the least first")
    if e.bitstate is not None:
        _bitstate(e.bitstate, "exploration.bitstate")
    _is(isfinite(e.seconds) and (e.seconds == 0 or e.seconds > 1e-9), "exploration.seconds", "it is not a time")


def _bitstate(b: Bitstate, where: str) -> None:
    _is(b.bits >= 1, f"{where}.bits", "an array has bits")
    _is(1 <= b.hashes <= MOST_HASHES, f"{where}.hashes", f"a state is marked by 1…{MOST_HASHES} bits")
    for n, s in enumerate(b.searches):
        at = f"{where}.searches[{n}]"
        for name in ("most", "bound", "states", "transitions", "depth", "dropped", "cut", "set"):
            _is(getattr(s, name) >= 0, f"{at}.{name}", "it is negative")
        _is(s.depth <= s.bound, f"{at}.depth", f"runs have up to {numbered(s.bound, 'step')}")
        _is(s.set <= b.bits, f"{at}.set", f"the array has {numbered(b.bits, 'bit')}")
        for name in ("dropped", "cut"):
            _is(getattr(s, name) <= s.states, f"{at}.{name}", f"the search met {numbered(s.states, 'state')}")


def _finding(f: Finding, variables: Sequence[Declared], where: str) -> None:
    _declared(f.variables, f"{where}.variables")
    own = f.variables or variables
    if f.trace is not None:
        _trace(f.trace, own, f"{where}.trace")
        _insight(f.insight, f.trace, f"{where}.insight")
    else:
        _is(f.insight is None, f"{where}.insight", "the finding has no run that it could explain")
    _matched(f.match, f.trace, f"{where}.postmortem")
    if f.departure is not None:
        _departure(f.departure, f.trace, f"{where}.departure")
    if f.cti is not None:
        _trace(f.cti.trace, own, f"{where}.unreached.trace")
    for n, (trace, causes) in enumerate(f.others.runs if f.others is not None else ()):
        _trace(trace, own, f"{where}.others.runs[{n}].trace")
        _causes(causes, len(trace), f"{where}.others.runs[{n}].causes")


def _departure(d: Departure, t: Trace | None, where: str) -> None:
    """A run of n steps stands for n - 1 abstract ones and the last, which is none."""
    steps = 0 if t is None else max(0, len(t) - 1)
    _is(len(d.steps) == steps, f"{where}.steps", f"the run has {numbered(steps, 'step')} before its last")
    for name, state in (("before", d.before), ("after", d.after)):
        _state(state, (), f"{where}.{name}")
    for n, c in enumerate(chain(d.changed, *(near.differs for near in d.nearest))):
        _change(c, (), f"{where}.changed[{n}]")


def _matched(m: Match | None, t: Trace | None, where: str) -> None:
    if m is None:
        return
    for n, f in enumerate(m.facts):
        there = f.step is None or (t is not None and 1 <= f.step <= len(t))
        _is(there, f"{where}.facts[{n}].step", "there is no such step")
    for name, value in m.roles.items():
        _shown(value, f"{where}.roles.{name}")


def _insight(i: Insight | None, t: Trace, where: str) -> None:
    if i is None:
        return
    steps, states = len(t), len(t) + 1
    _is(len(i.offers) <= states, f"{where}.offers", "there are fewer states")
    for n, o in enumerate(chain.from_iterable(i.offers)):
        _step_parts(o, (), f"{where}.offers[{n}]")
    for n, truth in enumerate(i.truths):
        _is(len(truth.holds) == states, f"{where}.truths[{n}].holds", f"the run has {numbered(states, 'state')}")
        _is(
            len(truth.offenders) in (0, states),
            f"{where}.truths[{n}].offenders",
            f"the run has {numbered(states, 'state')}",
        )
    for n, b in enumerate(i.beliefs):
        there = 0 <= b.since <= steps and len(b.truth) <= states - b.since
        _is(there, f"{where}.beliefs[{n}]", "it lasts longer than the run")
    _is(len(i.touched) in (0, steps), f"{where}.touched", f"the run has {numbered(steps, 'step')}")
    _is(i.recoverable is None or 0 <= i.recoverable < states, f"{where}.recoverable", "there is no such state")
    if i.causes is not None:
        _causes(i.causes, steps, f"{where}.causes")
    if i.beside is not None:
        _is(len(i.beside.steps) == steps, f"{where}.beside.steps", f"the run has {numbered(steps, 'step')}")
        _is(len(i.beside.broken) <= states, f"{where}.beside.broken", f"the run has {numbered(states, 'state')}")
        _state(i.beside.initial, (), f"{where}.beside.initial")
        for n, s in enumerate(i.beside.steps):
            if s is not None:
                _step(s, (), f"{where}.beside.steps[{n}]")
    if i.neighbourhood is not None:
        _near(i.neighbourhood, states, f"{where}.neighbourhood")


def _causes(c: Causes, steps: int, where: str) -> None:
    _steps(c.needed, steps, f"{where}.needed")
    _steps((n for r in c.races for n in (r.first, r.second)), steps, f"{where}.races")
    _steps(c.chain, steps, f"{where}.chain")
    _is(len(c.chain) != 1, f"{where}.chain", "a chain has at least two steps")
    _steps(() if c.unchecked_by is None else (c.unchecked_by,), steps, f"{where}.unchecked_by")
    _steps((n for a, b, _ in c.edges for n in (a, b)), steps, f"{where}.edges")


def _steps(numbers: Iterable[int], steps: int, where: str) -> None:
    _is(all(1 <= n <= steps for n in numbers), where, f"the run has steps 1…{steps}")


def _near(near: Neighbourhood, states: int, where: str) -> None:
    _is(len(near.states) >= states, f"{where}.states", f"the run has {numbered(states, 'state')}")
    for n, s in enumerate(near.states):
        for m, o in enumerate(s.offers):
            _step_parts(o, (), f"{where}.states[{n}].offers[{m}]")
            there = o.to is None or 0 <= o.to < len(near.states)
            _is(there, f"{where}.states[{n}].offers[{m}].to", "there is no such state")
