"""The mutants of a protocol: systems in which one part is dropped or weakened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial

from planrace.checker.advice.family import variables_of
from planrace.checker.review.mutation.limits import shifted_limits
from planrace.checker.review.mutation.starts import other_starts
from planrace.checker.review.mutation.weaken import other_values, weaker
from planrace.model.language import Action, Op, Outcome, Place, System, Term
from planrace.model.language.actions import Update
from planrace.model.language.constructors import both
from planrace.model.language.enabled import settled
from planrace.model.language.terms import TRUE
from planrace.model.language.weaving import as_written, woven

KINDS = ("guard", "outcome", "effect", "action", "start", "protection", "fairness")


@dataclass(frozen=True, eq=False)
class Mutant:
    """A protocol with one part dropped or weakened. ``kind`` is one of ``KINDS``, ``subject`` the action, protection or
    choice that is fair (or "initial states"), ``change`` the change as text; ``make`` returns the system."""

    kind: str
    subject: str
    change: str
    where: Place | None
    make: Callable[[], System]

    def __str__(self) -> str:
        return f"{self.subject}: {self.change}"


def mutants(
    system: System,
    unprotected: Mapping[str, Callable[[], System]] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> tuple[Mutant, ...]:
    """All mutants of a system, action by action, without duplicates. ``unprotected`` maps each protection to the system
    without it; with ``sizes``, the limits of times are mutated, too."""
    found: dict[tuple[object, ...], Mutant] = {}
    for action in as_written(system).values():
        for kind, change, where, changed in _of_action(action, system.auxiliary):
            key = _shape(changed) if changed is not None else (action.name,)
            if key != _shape(action):
                found.setdefault(key, Mutant(kind, action.name, change, where, _with(system, action.name, changed)))
    for x in () if sizes is None else shifted_limits(system, sizes):
        found[x.subject, x.change] = Mutant("guard", x.subject, x.change, x.where, partial(_rewoven, x.system))
    for y in other_starts(system):
        found[y.subject, y.change] = Mutant("start", y.subject, y.change, y.where, partial(settled, y.system))
    for name, make in (unprotected or {}).items():
        found[name,] = Mutant("protection", name, "the protection dropped", None, make)
    for k, z in enumerate(_less_fair(system)):
        found["fair", k] = z
    return tuple(found.values())


def _less_fair(system: System) -> Iterator[Mutant]:
    """Without one of the choices that are fair, if some property depends on fairness."""
    for n, c in enumerate(system.fairness if any(p.kind == "liveness" for p in system.properties) else ()):
        if c.among(system.actions.values()):
            less = replace(system, fairness=(*system.fairness[:n], *system.fairness[n + 1 :]))
            yield Mutant("fairness", f"{c.kind} fairness of {c}", "dropped", c.where, partial(settled, less))


def _rewoven(system: System) -> System:
    return settled(woven(system))


def _with(system: System, name: str, changed: Action | None) -> Callable[[], System]:
    def make() -> System:
        actions = {n: changed if n == name else a for n, a in as_written(system).items()}
        return _rewoven(replace(system, actions={n: a for n, a in actions.items() if a is not None}))

    return make


Edit = tuple[str, str, "Place | None", "Action | None"]


def _of_action(a: Action, auxiliary: Set[str]) -> Iterator[Edit]:
    """Mutants of an action as its author wrote it. Conditions that read ``auxiliary`` variables wait for time."""
    yield "action", "never happens", a.where, None
    parts = a.when.args if a.when.op is Op.AND else (a.when,)
    waits = [t for t in parts if variables_of(t) & auxiliary]
    for altered in weaker(both(*(t for t in parts if not variables_of(t) & auxiliary))):
        yield "guard", f"guard {altered.words}", a.where, replace(a, when=both(altered.term, *waits))
    for n, o in enumerate(a.outcomes):
        yield from _of_outcome(a, n, o)
    for update, holders in _updates(a, auxiliary):
        yield from _of_update(a, update, holders)


def _of_outcome(a: Action, n: int, o: Outcome) -> Iterator[Edit]:
    """Mutants of an outcome. One without a condition has none: it is chosen if no other is."""
    if o.condition is TRUE:
        return
    where = o.where or a.where
    rest = (*a.outcomes[:n], *a.outcomes[n + 1 :])
    if rest:  # without its only outcome the action would never happen
        yield "outcome", f"outcome {o.name} never chosen", where, replace(a, outcomes=rest)
    for altered in weaker(o.condition):
        endings = (*a.outcomes[:n], replace(o, condition=altered.term), *a.outcomes[n + 1 :])
        yield "outcome", f"outcome {o.name} {altered.words}", where, replace(a, outcomes=endings)


def _updates(a: Action, auxiliary: Set[str]) -> list[tuple[Update, list[int]]]:
    """Each update with the numbers of its outcomes, but for those of histories. An update that the author wrote once is
    changed in all of them."""
    found: dict[tuple[Term, Term, str], tuple[Update, list[int]]] = {}
    for n, o in enumerate(a.outcomes):
        for u in (u for u in o.updates if u.variable.data not in auxiliary):
            found.setdefault((u.target, u.value, str(u.where)), (u, []))[1].append(n)
    return list(found.values())


def _of_update(a: Action, update: Update, holders: Sequence[int]) -> Iterator[Edit]:
    names = [a.outcomes[n].name or "the outcome without a name" for n in holders]
    of = "" if len(holders) == len(a.outcomes) else f" in {', '.join(names)}"
    where = update.where or a.where

    def changed(value: Term | None) -> Action:
        def one(u: Update) -> Update | None:
            if u.target is not update.target or u.value is not update.value:
                return u
            return None if value is None else replace(u, value=value)

        endings = list(a.outcomes)
        for n in holders:
            kept = (one(u) for u in endings[n].updates)
            endings[n] = replace(endings[n], updates=tuple(u for u in kept if u is not None))
        return replace(a, outcomes=tuple(endings))

    yield "effect", f"{update.target} not set{of}", where, changed(None)
    for altered in other_values(update.value):
        if altered.term is update.target:  # the same as no update
            continue
        yield "effect", f"{update.target} set {altered.words}{of}", where, changed(altered.term)


def _shape(a: Action) -> tuple[object, ...]:
    """The content of an action, for comparison. Equal terms are one object, so ``id`` identifies them."""
    return (
        a.name,
        id(a.guard),
        tuple((o.name, id(o.condition), tuple((id(u.target), id(u.value)) for u in o.updates)) for o in a.outcomes),
    )
