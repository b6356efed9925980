"""Liveness under fairness: finds a fair run that breaks the property, and a short one.

A run breaks the property if it ends in a fair strongly connected component: each weakly fair action instance is taken
in it or disabled somewhere in it, and each strongly fair one is taken or disabled everywhere. If a strongly fair one is
enabled and never taken, the states that enable it are removed and the rest is analysed again (Lichtenstein & Pnueli,
"Checking that finite state concurrent programs satisfy their linear specification", POPL 1985). A run may also rest for
ever in a state that enables no fair action: stuttering is a loop too. A fair choice between actions is treated like one
instance, which is enabled where one of its instances is, and taken with each of them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any

from planrace.checker.engines.answer import Answer
from planrace.checker.engines.explicit.transition_graph import Graph, Label, Maker, graph
from planrace.checker.engines.limits import look_at_the_clock, timed
from planrace.checker.engines.temporal.components import Component, Components
from planrace.checker.engines.temporal.lasso import Lasso, confirm
from planrace.checker.engines.temporal.rows import loops, pieces, zeros
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import joined, limited, numbered
from planrace.checker.semantics.interpreter import RangeError, State
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance, System
from planrace.properties.kinds import Liveness

GOAL, TRIGGER = 1, 2
"""Bits of marks: the goal holds; the trigger holds."""
OWED = ("eventually", "leads to")
"""Forms that a run breaks before its loop, too, where the goal is owed. The trigger of "eventually" is true, but only
initial states count."""


def read_on(instance: Instance, p: Liveness) -> Instance:
    """The part of the instance on which ``p`` is checked: without the actions that it excludes, and without faults that
    may happen any number of times, unless it holds despite them."""
    system = instance.system
    actions = {n: a for n, a in system.actions.items() if not a.tags & p.without}
    faults = system.faults
    if not p.despite_faults:
        faults = tuple(b.fault for b in system.bounds)
        actions = {n: a for n, a in actions.items() if a.fault is None or a.fault in faults}
    if actions.keys() == system.actions.keys() and faults == system.faults:
        return instance  # of which other searches have step functions
    return replace(instance, system=replace(system, actions=actions, faults=faults))


GraphStep = tuple[int, int]
"""The label of a step and the state it leads to."""
Way = tuple[State, list[Label], int]
"""A run: the state it starts in, its steps, and the number of the state that it reaches."""


@dataclass(frozen=True)
class _Choice:
    """A fair choice between the instances of actions with these labels."""

    labels: frozenset[int]
    strong: bool


def _choices(g: Graph, system: System) -> Iterator[_Choice]:
    for c in system.fairness:
        names = c.among(system.actions.values())
        yield _Choice(frozenset(k for k, (name, _) in enumerate(g.names) if name in names), c.kind == "strong")


class LivenessChecker:
    """Decides liveness properties from one complete search, without symmetry reduction, of the instance that
    ``read_on`` returns."""

    def __init__(self, search: Any, make: Maker = graph) -> None:
        self.search = search
        self.interpreter = search.kernel.interpreter
        self._make = make
        self._states = 0

    def answer(self, p: Liveness) -> Answer:
        """Whether every fair run satisfies ``p``; if not, one that does not, as a lasso. Raises ``MemoryError`` if the
        graph does not fit."""
        found = self.violation(p)
        if found is not None:
            return found
        instance = self.interpreter.instance
        system = instance.system
        fair = sum(a.fairness != "none" for a in system.actions.values())
        faults = f"despite {joined(limited(system.faults, instance.at_most))}" if system.faults else "without faults"
        how = f"complete search of {numbered(self._states, 'state')} {faults}, {numbered(fair, 'action')} fair"
        return Answer(p, Verdict.HOLDS, f"{how}{self._assumed(', ')}")

    def _assumed(self, before: str) -> str:
        """The fair choices between actions that the answer is about."""
        system = self.interpreter.instance.system
        choices = [f"{c.kind} fairness of {c}" for c in system.fairness if c.among(system.actions.values())]
        return f"{before}{joined(choices)}" if choices else ""

    def violation(self, p: Liveness) -> Answer | None:
        """A fair run that breaks ``p`` among the states searched, which need not be all."""
        system = self.interpreter.instance.system
        try:
            g = self._make(self.search, list(system.actions), (p.goal, p.trigger))
        except RangeError as problem:
            raise problem.of(f"property {p.name}", p.where) from None
        self._states = g.states
        lasso = _Finder(g, p.form, system, self.search.run_to).lasso()
        if lasso is None:
            return None
        recording, loop, met = confirm(self.interpreter, p, lasso)
        how = f"explicit search, a fair lasso{self._assumed(' under ')}"
        return Answer(p, Verdict.VIOLATED, how, recording, loop=loop, fairness=met)


class _Finder:
    """Looks for the nearest fair component of a graph, and for a run around it."""

    def __init__(self, g: Graph, form: str, system: System, run_to: Callable[[int, int], Recording]) -> None:
        self.g = g
        self.run_to = run_to
        self.form = form
        self.kinds = [system.actions[name].fairness for name, _ in g.names]
        self.choices = list(_choices(g, system))
        self.size = len(g.offsets) - 1
        self._run = loops(g.states + len(g.targets), g.labels)
        self._bad = self._failing()
        chosen = frozenset[int]().union(*(c.labels for c in self.choices))
        self._are_fair = array("B", [kind != "none" or k in chosen for k, kind in enumerate(self.kinds)])
        self._components = Components(g, self._are_fair, self._bad)

    def lasso(self) -> Lasso | None:
        """A run into the nearest fair component and around it; or one that ends at rest, if that is not longer."""
        region = self._region()
        component = next(self._fair(region), None)
        if component is None:
            return None
        around = self._around(component, region)
        resting = self._resting(region, len(around.labels))
        return around if resting is None or len(resting.labels) > len(around.labels) else resting

    # Regions ---------------------------------------------------------------------------------------------------
    def _region(self) -> Any:
        """A byte for each state: a run that breaks the property may stay in it for ever."""
        if self.form in OWED:
            return self._pending()
        if self.form == "infinitely often":
            return self._failing()
        return array("B", b"\1" * self.size)

    def _failing(self) -> Any:
        """A byte for each state: the goal does not hold."""
        return array("B", bytes(self.g.marks).translate(bytes(not mark & GOAL for mark in range(256))))

    def _pending(self) -> Any:
        """A byte for each state: the goal is still owed, because the trigger held (of "eventually": the run began) and
        the goal has not held since."""
        marks, region = self.g.marks, zeros("B", self.size)
        begun = self.g.starts if self.form == "eventually" else self.g.numbers
        queue = array("I", (n for n in timed(begun) if self._promises(n)))
        for n in timed(queue):
            region[n] = 1
        for n in timed(_emptied(queue)):
            for _, t in self.g.steps(n):
                if not region[t] and not marks[t] & GOAL:
                    region[t] = 1
                    queue.append(t)
        return region

    # Components ------------------------------------------------------------------------------------------------
    def _fair(self, region: Any) -> Iterator[Component]:
        """Fair components of a region, those nearest to an initial state first."""
        for c in self._components.of(region, self.g.levels):
            yield from self._judged(c)

    def _judged(self, c: Component) -> Iterator[Component]:
        """The component if it is fair, else the fair ones in the rest of it."""
        enabled: dict[int, int] = {}
        offered = [0] * len(self.choices)
        taken: set[int] = set()
        for n in timed(c.members):
            labels = {label for label, _ in self.g.steps(n)}
            for label in labels:
                enabled[label] = enabled.get(label, 0) + 1
            for j, choice in enumerate(self.choices):
                offered[j] += not choice.labels.isdisjoint(labels)
            taken |= {label for label, t in self.g.steps(n) if t in c.members}
        missed = {label for label in enabled if label not in taken}
        left_out = [j for j, choice in enumerate(self.choices) if choice.labels.isdisjoint(taken)]
        if any(self.kinds[k] != "none" and enabled[k] == len(c.members) for k in missed):
            return
        if any(offered[j] == len(c.members) for j in left_out):
            return
        if not any(self._bad[n] for n in c.members):
            return
        refused = {k for k in missed if self.kinds[k] == "strong"}
        refused |= {k for j in left_out if self.choices[j].strong for k in self.choices[j].labels if k in enabled}
        if not refused:
            yield c
            return
        rest = [n for n in timed(c.members) if not any(k in refused for k, _ in self.g.steps(n))]
        for part in self._components.within(rest):
            yield from self._judged(part)

    # Runs ------------------------------------------------------------------------------------------------------
    def _around(self, c: Component, region: Any) -> Lasso:
        """The shortest way into a component, and a closed walk in it that meets its fairness obligations."""
        start, prefix, at = self._way(c, region)
        loop = [self.g.names[label] for label, _ in self._loop(c, at)]
        return Lasso(start, [*prefix, *loop], len(prefix))

    def _resting(self, region: Any, most: int) -> Lasso | None:
        """The shortest run to a state that enables no fair action, if it has at most ``most`` steps; otherwise None, or
        a longer one."""
        g, found = self.g, 0
        out = zeros("I", self.size)
        for first, last in pieces((r for level in g.levels[: most + 1] for r in level), g.degree):
            found = self._run(
                "resting", first, last, region, g.offsets, g.labels, self._are_fair, self._bad, out, found
            )
        if not found:
            return None
        start, prefix, _ = self._way(Component(frozenset(out[:found].tolist())), region)
        return Lasso(start, prefix, len(prefix))

    def _way(self, c: Component, region: Any) -> Way:
        """A shortest run to a state after which the property may stay broken."""
        return self._owed(c, region) if self.form in OWED else self._into(c)

    def _into(self, c: Component) -> Way:
        """A shortest run into ``c``."""
        depth, at = self._entry(c)
        run = self.run_to(self.g.packed(at), depth)
        return run.states[0], [(m.action.name, m.choice) for m in run.moves], at

    def _entry(self, c: Component) -> tuple[int, int]:
        """The state of ``c`` nearest to an initial one (of several the least packed), and how far it is."""
        members = sorted(c.members)
        for depth, level in enumerate(self.g.levels):
            found = [
                n for first, last in level for n in members[bisect_left(members, first) : bisect_left(members, last)]
            ]
            if found:
                return depth, min(found, key=self.g.packed)
        raise AssertionError("a component without states")

    def _owed(self, c: Component, region: Any) -> Way:
        """The same if the goal never holds after the trigger (of "eventually": from the beginning on)."""
        (start, _), path = _shortest(
            [(n, self._promises(n)) for n in sorted(self.g.starts, key=self.g.packed)],
            lambda node: node[1] and node[0] in c.members,
            lambda node: self._owing(node, region),
        )
        first = self.run_to(self.g.packed(start), 0).states[0]
        return first, [self.g.names[label] for label, _ in path], path[-1][1] if path else start

    def _promises(self, n: int) -> bool:
        return bool(self.g.marks[n] & (GOAL | TRIGGER) == TRIGGER)

    def _owing(self, node: tuple[int, bool], region: Any) -> Iterator[tuple[int, int, tuple[int, bool]]]:
        """Steps from a node: a state, and whether the goal is owed there."""
        n, owed = node
        for label, t in self.g.steps(n):
            yield label, t, (t, False)
            if (owed and region[t]) or (self.form == "leads to" and self._promises(t)):
                yield label, t, (t, True)

    def _loop(self, c: Component, at: int) -> list[GraphStep]:
        """A closed walk in ``c`` from ``at`` that takes, or finds disabled, whatever fairness requires; empty at
        rest."""
        walk: list[GraphStep] = []
        if not any(t in c.members for n in timed(c.members) for _, t in self.g.steps(n)):
            return walk
        wanted = list(self._wanted(c))
        for met in timed(wanted, 1):
            here = walk[-1][1] if walk else at
            if not _meeting(walk, at, met):
                walk += self._within(c, here, met)
        if not walk or walk[-1][1] != at:
            walk += self._within(c, walk[-1][1] if walk else at, lambda n, label, t: t == at)
        return _straight(walk, at, wanted)

    def _within(self, c: Component, here: int, met: Met) -> list[GraphStep]:
        """A shortest walk in ``c`` whose last step is as required by ``met``."""

        def steps(node: tuple[int, bool]) -> Iterator[tuple[int, int, tuple[int, bool]]]:
            for label, t in self.g.steps(node[0]):
                if t in c.members:
                    yield label, t, (t, met(node[0], label, t))

        return _shortest([(here, False)], lambda node: node[1], steps)[1]

    def _wanted(self, c: Component) -> Iterator[Met]:
        """What the loop must meet: a step from a state where the goal fails, and one for each fair action instance."""
        if self.form == "eventually always":
            yield lambda n, label, t: not self.g.marks[n] & GOAL
        enabled = {k for n in timed(c.members) for k, _ in self.g.steps(n)}
        taken = {k for n in timed(c.members) for k, t in self.g.steps(n) if t in c.members}
        for k in sorted(enabled):
            if self.kinds[k] == "strong" and k in taken:
                yield partial(_takes_some, frozenset((k,)))
            elif self.kinds[k] != "none":
                yield partial(self._meets, frozenset((k,)))
        for choice in self.choices:
            if choice.strong and not choice.labels.isdisjoint(taken):
                yield partial(_takes_some, choice.labels)
            elif not choice.labels.isdisjoint(enabled):
                yield partial(self._meets, choice.labels)

    def _meets(self, some: frozenset[int], n: int, label: int, t: int) -> bool:
        return label in some or all(x not in some for x, _ in self.g.steps(n))


SEEN = 64
"""Nodes that a path search visits between two checks of the clock; each may have hundreds of steps."""
Met = Callable[[int, int, int], bool]
"""A test of a step, given its state, label and next state: whether the loop must contain such a step."""


def _meeting(walk: Sequence[GraphStep], at: int, met: Met) -> bool:
    """Whether a walk from ``at`` has a required step."""
    return any(met(n, *move) for n, move in zip((at, *(t for _, t in walk)), walk, strict=False))


def _straight(walk: list[GraphStep], at: int, wanted: Sequence[Met]) -> list[GraphStep]:
    """A closed walk without unnecessary detours, long ones first: a later part may meet the same obligation."""
    nodes = [at, *(t for _, t in walk)]
    pairs = ((i, i + size) for size in range(len(walk) - 1, 0, -1) for i in range(len(walk) - size + 1))
    for i, j in timed(pairs):
        if nodes[i] != nodes[j]:
            continue
        look_at_the_clock()
        shorter = walk[:i] + walk[j:]
        if all(_meeting(shorter, at, met) for met in wanted):
            return _straight(shorter, at, wanted)
    return walk


def _emptied(queue: Any) -> Iterator[int]:
    """Items popped from the end of a queue until it is empty; it may grow meanwhile."""
    while queue:
        yield queue.pop()


def _takes_some(some: frozenset[int], n: int, label: int, t: int) -> bool:
    return label in some


def _shortest(
    starts: Sequence[Any], goal: Callable[[Any], bool], steps: Callable[[Any], Iterator[tuple[int, int, Any]]]
) -> tuple[Any, list[GraphStep]]:
    """A shortest path from one of ``starts`` to a node that is a goal, after the start that it has; steps give label,
    state and node."""
    back: dict[Any, tuple[Any, GraphStep] | None] = dict.fromkeys(starts)
    queue = deque(back)
    for n in count():
        if n % SEEN == 0:
            look_at_the_clock()
        if goal(queue[0]):
            break
        node = queue.popleft()
        for label, t, onward in steps(node):
            if onward not in back:
                back[onward] = (node, (label, t))
                queue.append(onward)
    path: list[GraphStep] = []
    node = queue[0]
    while (known := back[node]) is not None:
        path.append(known[1])
        node = known[0]
    return node, path[::-1]
