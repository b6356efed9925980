"""The instances of an action in a step function: a few are written out one by one, many are generated as loops.

An instance that is written out is specialised to its parameter values: places are constants and guards fold away, which
makes the fastest steps. But text and machine code grow with the number of instances, and tens of thousands of them take
minutes to compile. So in an action with many instances a parameter that is not used as a position becomes a variable of
the code. Conjuncts of the guard are tested as soon as their parameters have values, in their order; if a conjunct
determines a parameter (``amount == left + 1``), there is no loop for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

from planrace.checker.engines.explicit.expressions import Number
from planrace.checker.engines.explicit.lower import Lowering, Scope
from planrace.checker.semantics.packing import WORD
from planrace.model.language import Action, Instance, Op, SetOf, Term
from planrace.model.language.structural import Structural
from planrace.model.language.terms import subterms

MANY = 256
"""The largest number of instances that are written out; an action with more gets loops."""


@dataclass(frozen=True, eq=False)
class Opening(Structural):
    """How a parameter gets its values: if ``looped``, as a variable of the code, else it is written out for each
    value."""

    parameter: Term
    name: str
    values: range
    looped: bool


class Openings:
    """Decides for each action of an instance which parameters are written out and which are looped over."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._of = {a.name: tuple(self._openings(a)) for a in instance.system.actions.values()}

    def instances(self, scope: Scope) -> Iterator[tuple[Action, Scope]]:
        """Each action with values of its parameters, in the order of the protocol; an action with loops occurs once,
        without values."""
        for action in self.instance.system.actions.values():
            own = set(action.parameters)  # a set compares by identity; == would build a term
            outer = {t: v for t, v in scope.bound.items() if t not in own}
            if any(o.looped for o in self._of[action.name]):
                yield action, scope.but(bound=outer)
                continue
            for choice in self.instance.choices(action):
                yield action, scope.but(bound={**outer, **dict(zip(action.parameters, choice, strict=True))})

    def open(self, terms: Sequence[Term] | None, action: Action, scope: Scope) -> list[Opening]:
        """The parameters without values up to the last that occurs in ``terms``; None: all."""
        missing = [o for o in self._of[action.name] if o.parameter not in scope.bound]
        if not missing or terms is None:
            return missing
        wanted = {t for term in terms for t in subterms(term)}
        while missing and missing[-1].parameter not in wanted:
            missing.pop()
        return missing

    def given(self, part: Term, action: Action, scope: Scope) -> tuple[Opening, Term] | None:
        """The looped parameter without a value that a conjunct of a guard equates with a known term, and that term."""
        if part.op is not Op.EQ or isinstance(part.args[0].sort, SetOf):
            return None
        missing = {o.parameter: o for o in self.open(None, action, scope)}
        for parameter, other in (part.args, part.args[::-1]):
            found = missing.get(parameter)
            if found is not None and found.looped and not any(t in missing for t in subterms(other)):
                return found, other
        return None

    def _openings(self, action: Action) -> Iterator[Opening]:
        values = [self.instance.members(p.sort) for p in action.parameters]  # type: ignore[arg-type]
        many = prod(map(len, values)) > MANY
        fixed = _fixed(action) if many else set()
        for n, (p, members) in enumerate(zip(action.parameters, values, strict=True)):
            looped = many and len(members) > 1 and ((p, False) not in fixed or isinstance(p.sort, SetOf))
            yield Opening(p, f"p{n}", members, looped and ((p, True) not in fixed or len(members) <= WORD))


def _fixed(action: Action) -> set[tuple[Term, bool]]:
    """Parameters that are written out: those that are used as positions, and (with True) those in set literals, because
    a set literal is as wide as the range of its elements."""
    terms = [action.guard, *(o.condition for o in action.outcomes)]
    terms += [t for o in action.outcomes for u in o.updates for t in (u.target, u.value)]
    found: set[tuple[Term, bool]] = set()
    for term in terms:
        for t in subterms(term):
            if t.op is Op.SELECT:
                found |= {(inner, False) for inner in subterms(t.args[1])}
            elif t.op is Op.SET:
                found |= {(inner, True) for inner in subterms(t)}
    return found


def opened(some: Sequence[Opening], scope: Scope, body: Callable[[Scope], list[str]]) -> list[str]:
    """``body`` for every choice of the values of parameters, in their order."""
    if not some:
        return body(scope)
    first, *rest = some
    if not first.looped:
        every = (scope.but(bound={**scope.bound, first.parameter: v}) for v in first.values)
        return [line for inner in every for line in opened(rest, inner, body)]
    turns = scope.turns * len(first.values)
    lines = opened(rest, _bound(first, scope).but(turns=turns), body)
    return [f"for {first.name} in range({first.values[0]}, {first.values[-1] + 1}):", *_inside(lines)] if lines else []


def assigned(
    some: Opening, other: Term, scope: Scope, lowering: Lowering, body: Callable[[Scope], list[str]]
) -> list[str]:
    """``body`` for the value of a parameter that equals ``other``, if that value is in its range."""
    code = lowering.number(other, scope)
    lines = body(_bound(some, scope))
    tests = [f"{some.values[0]} <= "] if code.low < some.values[0] else []
    more = [f" <= {some.values[-1]}"] if code.high > some.values[-1] else []
    if tests or more:
        lines = [f"if {''.join([*tests, some.name, *more])}:", *_inside(lines)] if lines else []
    return [f"{some.name} = {code.text}", *lines]


def _bound(some: Opening, scope: Scope) -> Scope:
    value = Number(some.name, some.values[0], some.values[-1])
    return scope.but(bound={**scope.bound, some.parameter: value})


def _inside(lines: Sequence[str]) -> list[str]:
    return [" " + line for line in lines]
