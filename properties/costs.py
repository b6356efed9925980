"""What a protection costs, as questions that a search of an instance answers.

A protocol declares them with ``protocol.measure(…)``; ``check costs`` answers them with and without protections.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from planrace.model.language import DefinitionError, Index, Place, Term
from planrace.model.language.actions import check_state_only
from planrace.model.language.errors import author
from planrace.model.language.names import usable
from planrace.model.language.terms import Value, truth

_FOR_AUTHORS = True  # errors name the line that calls this module


@dataclass(frozen=True, eq=False)
class Most:
    """The largest number that something reaches in any run: the largest k for which ``reaches(k)`` holds in some
    reachable state, where whatever reaches k + 1 has reached k."""

    name: str
    reaches: Callable[[int], Term]
    meaning: str
    where: Place | None = field(default_factory=author)
    measured: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class Fewest:
    """The steps with a role in ``roles`` of a shortest run to ``goal``, at the sizes of the request changed by
    ``sizes``."""

    name: str
    goal: Term
    meaning: str
    roles: frozenset[str]
    sizes: Mapping[str, int]
    where: Place | None = field(default_factory=author)
    measured: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class Longest:
    """The most steps that a run stays in states with ``condition``, without faults that have no bound: never, a number,
    or for ever if a fair run does."""

    name: str
    condition: Term
    meaning: str
    where: Place | None = field(default_factory=author)
    measured: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class CanHappen:
    """Whether some run reaches ``event``, a state or a step, with these ``options`` of the protocol."""

    name: str
    event: Term
    meaning: str
    options: Mapping[str, str]
    where: Place | None = field(default_factory=author)
    measured: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class Survives:
    """Whether the liveness property ``promise`` still holds if one member of ``index`` may stop for ever. ``leases``:
    actions of a fault, with what has to hold for the member that has stopped, so that they free what it holds."""

    name: str
    promise: str
    index: Index
    meaning: str
    leases: Mapping[str, Callable[..., Term]]
    where: Place | None = field(default_factory=author)
    measured: ClassVar[bool] = True


Cost: TypeAlias = Most | Fewest | Longest | CanHappen | Survives


def most(name: str, reaches: Callable[[int], Value], meaning: str) -> Most:
    """The largest k for which the state term ``reaches(k)`` holds somewhere: ``most("stored", lambda k: size >= k,
    "…")``."""

    def reached(k: int) -> Term:
        return _state_term(reaches(k), name)

    reached(1)
    return Most(_named(name), reached, _sentence(meaning, name))


def fewest(name: str, goal: Value, meaning: str, *, roles: tuple[str, ...], **sizes: int) -> Fewest:
    """How many steps with one of these roles a shortest run to ``goal`` has, with these sizes."""
    return Fewest(_named(name), _state_term(goal, name), _sentence(meaning, name), frozenset(roles), sizes)


def longest(name: str, condition: Value, meaning: str) -> Longest:
    """How many steps a run can stay in states with ``condition``."""
    return Longest(_named(name), _state_term(condition, name), _sentence(meaning, name))


def possible(name: str, event: Value, meaning: str, **options: str) -> CanHappen:
    """Whether ``event`` can happen, with these options of the protocol; a step term may use ``primed`` and
    ``taken``."""
    return CanHappen(_named(name), truth(event, f"cost {name}"), _sentence(meaning, name), options)


def survives(
    name: str, promise: str, index: Index, meaning: str, *, leases: Mapping[str, Callable[..., Term]] | None = None
) -> Survives:
    """Whether the liveness property of the name ``promise`` holds although one member of ``index`` may stop for ever.
    ``leases`` names actions of faults that free what it holds, with the condition for that, a function of the member
    and of the action's parameters: ``{"expire": lambda member, e: lock[e] == member}``."""
    if not isinstance(index, Index):
        raise DefinitionError(f"cost {name}: {index} is no index", remedy="name the index whose member stops")
    return Survives(_named(name), promise, index, _sentence(meaning, name), leases or {})


def _state_term(value: Value, name: str) -> Term:
    term = truth(value, f"cost {name}")
    check_state_only(term, f"cost {name}", author())
    return term


def _named(name: str) -> str:
    return usable(name, "cost")


def _sentence(meaning: str, name: str) -> str:
    if not isinstance(meaning, str) or not meaning.strip():
        raise DefinitionError(f"cost {name} has no meaning", remedy="say in one sentence what it measures")
    return meaning
