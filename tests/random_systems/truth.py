"""The ground truth about a description: states, verdicts, lengths, recovery, liveness and orbits, found by plain
search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations, product
from typing import Any

from .changed import system
from .description import Asked, Description, Node, Sort
from .fair import Choice, Edge, fair_run
from .plain import Plain, State, TooLargeError, WrongError

LIVE = ("eventually_always", "infinitely_often", "leads_to", "eventually")


@dataclass
class Told:
    """What is true of a property: ``verdict`` is holds or violated (unknown where the model is wrong), ``length`` the
    steps of a shortest run that decides it, ``wrong`` the least depth at which it cannot be evaluated."""

    verdict: str
    length: int | None = None
    wrong: int | None = None


@dataclass
class Truth:
    """``wrong``: the depth of the nearest state that has a wrong step; None where the model is right, -1 where there is
    no initial state. Counts are of the whole where nothing is wrong."""

    plain: Plain
    initials: list[State] = field(default_factory=list)
    depths: dict[State, int] = field(default_factory=dict)
    edges: dict[State, list[Edge]] = field(default_factory=dict)
    transitions: int = 0
    wrong: int | None = None
    why: str = ""
    told: dict[str, Told] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        return max(self.depths.values(), default=0)

    @property
    def sound(self) -> bool:
        """Nothing is wrong: not a step, not a property."""
        return self.wrong is None and all(t.wrong is None for t in self.told.values())

    @cached_property
    def deadlock(self) -> int | None:
        """The depth of the nearest state without steps that is not final; -1 where that has no value somewhere."""
        final = self.plain.described.final
        ends = (lambda s: False) if final is None else self.plain.of_state(final)
        try:
            return min((d for s, d in self.depths.items() if not self.edges.get(s, True) and not ends(s)), default=None)
        except WrongError:
            return -1

    @property
    def nothing(self) -> bool:
        """Nothing can ever happen: no initial state has steps or is final, or there is none."""
        final = self.plain.described.final
        ends = (lambda s: False) if final is None else self.plain.of_state(final)
        return self.wrong is None and not any(self.edges[s] or ends(s) for s in self.initials)

    @property
    def never(self) -> set[str]:
        """Actions that are nowhere enabled."""
        met = {n for edges in self.edges.values() for (n, _), _, _ in edges}
        return {a.name for n, a in enumerate(self.plain.actions) if n not in met}


def explore(
    described: Description, sizes: dict[str, int] | None = None, *, most: int = 1500, steps: int = 10_000
) -> Truth:
    """Every state and step. Raises ``TooLargeError``."""
    plain = Plain(described, sizes)
    truth = Truth(plain)
    try:
        truth.initials = plain.initials(most)
    except WrongError as problem:
        truth.wrong, truth.why = -1, str(problem)
        return truth
    truth.depths = dict.fromkeys(truth.initials, 0)
    queue = list(truth.initials)
    for s in queue:
        try:
            found = list(plain.steps(s))
        except WrongError as problem:
            truth.wrong, truth.why = truth.depths[s], str(problem)
            return truth
        truth.edges[s] = found
        truth.transitions += len(found)
        for _, _, t in found:
            if t not in truth.depths:
                truth.depths[t] = truth.depths[s] + 1
                queue.append(t)
        if len(queue) > most or truth.transitions > steps:
            raise TooLargeError
    return truth


def ask(truth: Truth, properties: Iterable[Asked]) -> None:
    """Add what is true of the properties. Of a wrong model only shorter runs than to what is wrong say anything."""
    for p in properties:
        truth.told[p.name] = _live(truth, p) if p.kind in LIVE else _told(truth, p)


def _told(truth: Truth, p: Asked) -> Told:
    if p.kind == "recoverable":
        return _recovery(truth, p)
    wanted = p.kind == "reachable"
    length, wrong = _first(truth, p.term, wanted, of_steps=p.kind == "step_invariant" or speaks_of_steps(p.term))
    met = "holds" if wanted else "violated"
    if length is not None:
        return Told(met, length, wrong)
    return Told({"holds": "violated", "violated": "holds"}[met], None, wrong)


def speaks_of_steps(term: Node) -> bool:
    """Whether the term needs a step."""
    return any(n.op in ("primed", "taken") for n in term.inner)


def _first(truth: Truth, term: Node, wanted: bool, *, of_steps: bool) -> tuple[int | None, int | None]:
    """The length of a shortest run to where ``term`` is as wanted, and to where it has no value; all steps that are as
    far from the start as the first where it is as wanted are looked at."""
    length: int | None = None
    wrong: int | None = None
    test: Callable[..., bool] = truth.plain.of_step(term) if of_steps else truth.plain.of_state(term)
    for s, depth in truth.depths.items():  # in the order of the search, so the first is the shortest
        if wrong is not None and length is not None:
            break
        rows: Sequence[tuple[Any, ...]] = [(s,)]
        d = depth + of_steps
        if of_steps:
            rows = [(s, t, n, choice, ending) for (n, choice), ending, t in truth.edges.get(s, ())]
        for row in rows:
            try:
                if (length is None or d == length) and test(*row) == wanted:
                    length = d
            except WrongError:
                wrong = d if wrong is None else wrong
    return length, wrong


def _marks(truth: Truth, term: Node | None) -> set[State]:
    if term is None:
        return set(truth.depths)
    test = truth.plain.of_state(term)
    return {s for s in truth.depths if test(s)}


def _recovery(truth: Truth, p: Asked) -> Told:
    try:
        goal, asked = _marks(truth, p.term), _marks(truth, p.second)
    except WrongError:
        return Told("unknown", None, 0)
    helping = p.helpers | p.manual
    back: dict[State, list[State]] = {}
    for s, edges in truth.edges.items():
        for (n, _), _, t in edges:
            if truth.plain.actions[n].tags & helping:
                back.setdefault(t, []).append(s)
    good, queue = set(goal), list(goal)
    for t in queue:
        for s in back.get(t, ()):
            if s not in good:
                good.add(s)
                queue.append(s)
    lost = [truth.depths[s] for s in asked - good]
    return Told("violated", min(lost)) if lost else Told("holds")


def hangs_on_choices(truth: Truth, p: Asked) -> bool:
    """Whether a property of fair runs has another verdict without the fairness of choices."""
    return _live(truth, p, []).verdict != _live(truth, p).verdict


def _live(truth: Truth, p: Asked, choices: list[Choice] | None = None) -> Told:
    """Liveness is read without some actions, and mostly without faults that have no bound: a system of its own."""
    bounded = {None, *(f for f, _ in truth.plain.described.bounds)}
    kept = [a for a in truth.plain.actions if not a.tags & p.without and (p.despite or a.fault in bounded)]
    part = _part(truth, {a.name for a in kept})
    if part.wrong is not None:
        return Told("unknown", None, part.wrong)
    try:
        goal = _marks(part, p.term)
        trigger = _marks(part, p.second)
    except WrongError:
        return Told("unknown", None, 0)
    states = set(part.depths)
    if p.kind == "eventually_always":
        region, bad = states, states - goal
    elif p.kind == "infinitely_often":
        region = bad = states - goal
    else:
        begun = set(part.initials) if p.kind == "eventually" else trigger
        region = bad = _owed(part, begun - goal, goal)
    fairness = [a.fairness for a in part.plain.actions]
    chosen = _choices(part.plain) if choices is None else choices
    return Told("violated" if fair_run(part.edges, region, bad, fairness, chosen) else "holds")


def _choices(plain: Plain) -> list[Choice]:
    """The fairness of choices, with the numbers of their actions."""
    own = [n for n, a in enumerate(plain.actions) if a.fault is None]
    of = {names: {n for n, a in enumerate(plain.actions) if a.name in names} for _, names in plain.described.fair}
    return [(kind, of[names] if names else set(own)) for kind, names in plain.described.fair]


def _owed(part: Truth, start: set[State], goal: set[State]) -> set[State]:
    found, queue = set(start), list(start)
    for s in queue:
        for _, _, t in part.edges[s]:
            if t not in found and t not in goal:
                found.add(t)
                queue.append(t)
    return found


def _part(truth: Truth, names: set[str]) -> Truth:
    """What can be reached by these actions alone."""
    part = Truth(truth.plain, truth.initials, dict.fromkeys(truth.initials, 0))
    queue = list(truth.initials)
    for s in queue:
        if s not in truth.edges:
            part.wrong = part.depths[s]
            return part
        part.edges[s] = [e for e in truth.edges[s] if truth.plain.actions[e[0][0]].name in names]
        for _, _, t in part.edges[s]:
            if t not in part.depths:
                part.depths[t] = part.depths[s] + 1
                queue.append(t)
    return part


# Orbits ----------------------------------------------------------------------------------------------------------
def symmetric_sorts(described: Description) -> list[Sort]:
    """The symmetric indices that variables speak of."""
    whole, _ = system(described)
    found = (s for v in whole.variables for s in v.sort.parts if s.kind == "index" and s.symmetric)
    return list(dict.fromkeys(found))


def orbits(truth: Truth) -> int:
    """How many classes the states fall into if members of symmetric indices change places."""
    plain = truth.plain
    sorts = symmetric_sorts(plain.described)
    shapes = [v.sort for v in plain.described.variables]
    seen: set[State] = set()
    count = 0
    for s in truth.depths:
        if s not in seen:
            count += 1
            seen |= set(_orbit(plain, sorts, shapes, s))
    return count


def _orbit(plain: Plain, sorts: list[Sort], shapes: list[Sort], state: State) -> Iterator[State]:
    for chosen in product(*(permutations(plain.members(s)) for s in sorts)):
        new = {s: dict(zip(plain.members(s), p, strict=True)) for s, p in zip(sorts, chosen, strict=True)}
        yield tuple(_renamed(s, v, new) for s, v in zip(shapes, state, strict=True))


def _renamed(sort: Sort, value: Any, new: dict[Sort, dict[int, int]]) -> Any:
    if sort.kind == "array":
        items = [_renamed(sort.element, v, new) for v in value]
        over = sort.over.element if sort.over.kind == "maybe" else sort.over
        if over in new:
            by = new[over]
            none = items[:1] if sort.over.kind == "maybe" else []
            of = items[len(none) :]
            return (*none, *(of[old - 1] for old in sorted(by, key=lambda m: by[m])))
        return tuple(items)
    if sort.kind == "set":
        return frozenset(_renamed(sort.element, v, new) for v in value)
    key = sort.element if sort.kind == "maybe" else sort
    return new[key].get(value, value) if key in new else value
