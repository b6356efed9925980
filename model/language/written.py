"""Actions as authors write them: a function from parameters to a step, and who takes it under which circumstances."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from .actions import Action, Step, check_parameters
from .errors import DefinitionError, Place, author, listed
from .mistakes import writing
from .sorts import Array, Index, Scalar, Sort, bounds_of, describe, is_scalar
from .system import Variable
from .terms import Op, Value, expect, make, subterms

FAIRNESS = ("none", "weak", "strong")


@dataclass(frozen=True)
class Circumstances:
    """What stands beside the function of an action, as ``Protocol.action`` explains it."""

    sorts: tuple[Scalar, ...]
    by: str | Index | None
    role: str | None
    fault: str | None
    fairness: str | None
    tags: Iterable[str]
    awaits: str | None

    def check(self, faults: Collection[str]) -> None:
        """Refuse what cannot be; ``faults`` are those that are declared."""
        if self.by is None:
            raise DefinitionError(
                "an action does not say who performs it",
                remedy="write @….action(sorts…, by='planner'), or by= the index whose member does it",
            )
        if self.fairness is not None and self.fairness not in FAIRNESS:
            raise DefinitionError(f"fairness {self.fairness!r} is unknown", remedy=f"one of {', '.join(FAIRNESS)}")
        for f in (self.fault, self.awaits):
            if f is not None and f not in faults:
                raise DefinitionError(f"fault {f!r} is not declared", remedy="declare it with protocol.fault(…)")
        listed(self.tags, "tags", author())

    def action(self, body: Callable[..., Step]) -> Action:
        """The action that ``body`` describes."""
        name, by = body.__name__, self.by
        where = Place(body.__code__.co_filename, body.__code__.co_firstlineno)
        names = tuple(inspect.signature(body).parameters)
        check_parameters(self.sorts, names, name)
        terms = tuple(make(Op.BOUND, (), s, (n, 0)) for s, n in zip(self.sorts, names, strict=True))
        actor = next((t for t in terms if isinstance(by, Index) and t.sort == by), None)
        if isinstance(by, Index) and actor is None:
            raise DefinitionError(f"action {name}: no parameter is a {by.name}", where=where)
        with writing():
            parts = body(*terms)
        if not isinstance(parts, Step):
            raise DefinitionError(f"action {name} returns no step", where=where, remedy="return step(…)")
        return Action(
            name,
            terms,
            parts.guard,
            parts.outcomes,
            self.role or describe(by),
            actor,
            self.fault,
            self.fairness or ("none" if self.fault else "weak"),
            frozenset(self.tags),
            parts.says,
            where,
            self.awaits,
        )


def variable(name: str, sort: Sort, initially: Value, meaning: str) -> Variable:
    """A state variable that starts with the constant ``initially``, everywhere if it is an array."""
    if not name.isidentifier():
        raise DefinitionError(f"variable {name!r} is not a name", remedy="use letters, digits and _")
    base = sort
    while isinstance(base, Array):
        base = base.element
    if is_scalar(base) and not isinstance(base, Index):
        bounds_of(base)  # type: ignore[arg-type]
    start = expect(initially, base, f"initial value of {name}")
    for t in subterms(start):
        if t.op in (Op.VARIABLE, Op.BOUND, Op.PRIMED, Op.TAKEN):
            raise DefinitionError(f"initial value of {name}: {t} is no constant", remedy="use a constant")
    return Variable(name, sort, start, meaning, author())
