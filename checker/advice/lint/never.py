"""Lint of what never happens: actions whose guards are never true, outcomes that are never chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from planrace.checker.advice.family import Family
from planrace.checker.advice.lint.explored import Explored, explored, small
from planrace.checker.advice.lint.finding import Lint
from planrace.checker.advice.lint.possible import Possible
from planrace.checker.advice.lint.processes import points_met, points_of
from planrace.checker.engines.limits import Limits
from planrace.model.language import Action, ModelError, System


def never(runs: Sequence[Explored], family: Family, limits: Limits) -> Iterator[Lint]:
    """Guards that are never true and outcomes that are never chosen, neither in ``runs`` nor in any of ``family``."""
    looking = _Looking(runs, family, limits)
    told: set[tuple[str, str]] = set()
    for action in runs[0].instance.system.actions.values():
        if looking.excluded(action):
            yield Lint(
                "guard never true",
                action.name,
                action.where,
                f"action {action.name}: no state makes its guard true, {action.guard}",
                "look for conditions that exclude each other or a value that is out of range",
            )
        elif (point := looking.unreached(action)) is not None:
            if point not in told:
                told.add(point)
                yield Lint(
                    "unreachable point",
                    f"{point[0]} {point[1]}",
                    action.where,
                    f"process {point[0]}: nobody is ever at {point[1]} ({looking.where(action)})",
                    "look for a branch before it that is never taken, or a loop that is never left",
                )
        elif looking.idle(action):
            yield Lint(
                "guard never true",
                action.name,
                action.where,
                f"action {action.name}: its guard is false in all explored states ({looking.where(action)})",
                "correct the guard, or name the fault that it needs with awaits=…",
            )
        else:
            yield from _outcomes(action, looking.left_over(action))


def _outcomes(action: Action, numbers: Sequence[int]) -> Iterator[Lint]:
    for n in numbers:
        o = action.outcomes[n]
        why = "the conditions before it cover all cases" if n else "the guard excludes its condition"
        yield Lint(
            "outcome never chosen",
            f"{action.name} [{o.name}]",
            o.where or action.where,
            f"outcome {o.name} of {action.name}: it is never chosen, because {why}",
            "correct its condition, move it before the outcome that covers it, or remove it",
        )


class _Looking:
    """Examines the explored instances first, and the other systems of the family only if necessary."""

    def __init__(self, runs: Sequence[Explored], family: Family, limits: Limits) -> None:
        self._runs, self._family, self._limits = runs, family, limits
        self._asking = [Possible(run.instance) for run in runs]
        self._happened = {name for run in runs for name in run.actions}
        self._met = {point for run in runs for point in points_met(run)}

    @cached_property
    def _others(self) -> list[Possible]:
        return [a for s in self._family.systems if (a := _possible(s)) is not None]

    @cached_property
    def _elsewhere(self) -> tuple[set[str], set[tuple[str, str]]]:
        """Actions that happen with other protections or options, and points that are reached there."""
        names: set[str] = set()
        points: set[tuple[str, str]] = set()
        for s in self._family.systems:
            try:
                run = explored(small(s), self._limits)
            except ModelError:  # it has no instance of this size
                continue
            names |= run.actions
            points |= points_met(run)
        return names, points

    def excluded(self, action: Action) -> bool:
        """No state makes the guard true."""
        return _all_never(self._asking, action) and _all_never(self._others, action)

    def idle(self, action: Action) -> bool:
        """The action never happened, and does not await a fault that is off."""
        if action.name in self._happened or self._awaited(action):
            return False
        return action.name not in self._elsewhere[0]

    def unreached(self, action: Action) -> tuple[str, str] | None:
        """The process and the point of the action, if nobody was there in any state."""
        if action.origin is None or not self.idle(action):
            return None
        point = action.origin.process, action.origin.point
        known = {p for run in self._runs for p in points_of(run.instance.system)}
        return point if point in known and point not in self._met | self._elsewhere[1] else None

    def left_over(self, action: Action) -> list[int]:
        """Numbers of the outcomes that are never chosen."""
        names = self._unchosen(self._asking, action)
        names = names and names & self._unchosen(self._others, action)
        return [n for n, o in enumerate(action.outcomes) if o.name in names]

    def where(self, action: Action) -> str:
        """The explored states, as text."""
        parts = []
        for run in (r for r in self._runs if action.name in r.instance.system.actions):
            faults = f" with {', '.join(run.instance.system.faults)}" if run.instance.system.faults else ""
            whole = "all" if run.complete else "the first states and random runs, in all"
            parts.append(f"{whole} {len(run.states):,} of {run.sizes}{faults}")
        return "; ".join(dict.fromkeys(parts))

    @staticmethod
    def _unchosen(asking: Sequence[Possible], action: Action) -> set[str | None]:
        """Names of outcomes that no version of the action ever chooses."""
        never, chosen = set[str | None](), set[str | None]()
        for a, form in _forms(asking, action):
            _, numbers = a.never(form)
            never |= {form.outcomes[n].name for n in numbers}
            chosen |= {o.name for n, o in enumerate(form.outcomes) if n not in numbers}
        return never - chosen

    def _awaited(self, action: Action) -> bool:
        return action.awaits is not None and all(action.awaits not in r.instance.system.faults for r in self._runs)


def _possible(system: System) -> Possible | None:
    try:
        return Possible(small(system).checked())
    except ModelError:  # it has no instance of this size
        return None


def _all_never(asking: Sequence[Possible], action: Action) -> bool:
    return all(a.never(form)[0] for a, form in _forms(asking, action))


def _forms(asking: Sequence[Possible], action: Action) -> Iterator[tuple[Possible, Action]]:
    """The action's version in each of the instances."""
    for a in asking:
        form = a.instance.system.actions.get(action.name)
        if form is not None:
            yield a, form
