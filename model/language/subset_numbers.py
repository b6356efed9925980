"""Sets that are parameters of actions: a step names its subset by a number, whose bit k says whether the k-th member of
the sort (from 0) is in the set. So engines count, order and store all parameters alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod
from typing import TYPE_CHECKING

from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import Op
from planrace.model.language.sorts import INTEGER, Scalar, SetOf, bounds_of, describe
from planrace.model.language.terms import Term, constant, make, substitute

if TYPE_CHECKING:
    from planrace.model.language.actions import Action
    from planrace.model.language.system import Instance


def least_member(sort: SetOf) -> int:
    """The member for which bit 0 stands. Its number is the same in every instance (see ``check_numbered``)."""
    low, _ = bounds_of(sort.element)
    assert isinstance(low, int)
    return low


def check_numbered(sort: SetOf, what: str) -> None:
    """Refuse a sort whose subsets have no numbers. Raises ``DefinitionError``."""
    if sort.element == INTEGER or not isinstance(bounds_of(sort.element)[0], int):
        raise DefinitionError(
            f"{what}: a parameter may be a {describe(sort)} only if the least {describe(sort.element)} is the same at "
            "all sizes",
            remedy="begin the range with a number, and require in when(…) what is left out",
        )


def subset_of(sort: SetOf, number: int) -> frozenset[int]:
    """The subset with this number."""
    low = least_member(sort)
    return frozenset(low + k for k in range(number.bit_length()) if number >> k & 1)


def number_of(sort: SetOf, members: Iterable[int]) -> int:
    """The number of the subset of these members."""
    low = least_member(sort)
    return sum(1 << m - low for m in set(members))


def literal_subset(sort: SetOf, number: int) -> Term:
    """The term for the subset with this number."""
    return make(Op.SET, tuple(constant(m, sort.element) for m in sorted(subset_of(sort, number))), sort)


FEW = 64
"""The largest number of subsets that a term about all or some of them lists."""


def few_subsets(action: Action, instance: Instance) -> bool:
    """Whether the subsets that are parameters of an action are few enough to list."""
    sets = (p.sort for p in action.parameters if isinstance(p.sort, SetOf))
    return prod(len(instance.members(s)) for s in sets) <= FEW


def for_each_subset(p: Term, term: Term, instance: Instance) -> Iterator[Term]:
    """``term`` with each subset in place of the parameter ``p``: terms quantify over members only."""
    sort = p.sort
    assert isinstance(sort, SetOf)
    return (substitute(term, {p: literal_subset(sort, n)}) for n in instance.members(sort))


def chosen_term(parameter: Term, value: int) -> Term:
    """The term for the value of a parameter in a step."""
    sort = parameter.sort
    return literal_subset(sort, value) if isinstance(sort, SetOf) else make(Op.CONST, (), sort, value)


def chosen_value(sort: Scalar | SetOf, value: int) -> int | frozenset[int]:
    """What a parameter of that sort is in terms, given its value in a step."""
    return subset_of(sort, value) if isinstance(sort, SetOf) else value


def refuse_sets(parameters: Iterable[Term], what: str, remedy: str) -> None:
    """Refuse parameters that are sets where a term says that some values of them do: terms quantify over members only.
    Raises ``DefinitionError``."""
    for p in parameters:
        if isinstance(p.sort, SetOf):
            raise DefinitionError(f"{what}: {p} is a {describe(p.sort)}, and no term is about some set", remedy=remedy)
