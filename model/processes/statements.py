"""Statements that stand in processes. The function of a process is read and never run: by themselves they do nothing.

``when``, ``update``, ``says`` and ``outcome`` are those of actions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, cast

from planrace.model.language.chosen_composites import check_chosen
from planrace.model.language.composite import CompositeSort
from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import Op
from planrace.model.language.sorts import INTEGER, Scalar, SetOf, Size, SizeValue, Sort, describe, is_scalar
from planrace.model.language.subset_numbers import check_numbered
from planrace.model.language.terms import Value, make
from planrace.model.language.timing import check_limit, check_order

_FOR_AUTHORS = True  # errors and places name the line that calls this module


@dataclass(frozen=True, eq=False)
class Local:
    """A declaration of a local variable."""

    sort: Sort
    initially: Value
    meaning: str
    persistent: bool = False
    is_cursor: bool = False


@dataclass(frozen=True, eq=False)
class At:
    """The name of a step, and what differs from the other steps of the process."""

    name: str
    role: str | None
    tags: frozenset[str]
    fairness: str | None
    awaits: str | None
    stay: Stay


@dataclass(frozen=True, eq=False)
class Stay:
    """How many ticks a process stays at a point: ``after`` at least, where this stands; ``within`` at most, by any
    way."""

    after: Size | None = None
    within: Size | None = None


TICKS_HERE = make(Op.BOUND, (), INTEGER, ("ticks", object()))
"""Stands for the ticks that have passed since a process came to where it is."""


@dataclass(frozen=True, eq=False)
class Some:
    """A choice of a member, a subset or a record, for which ``condition`` holds."""

    sort: Scalar | SetOf | CompositeSort[Any]
    condition: Callable[[Any], Value] | None


@dataclass(frozen=True, eq=False)
class Branch:
    """One of several ways to go on; a ``fault`` is one that is only there while the fault is on."""

    label: str | None
    fault: str | None


def local(sort: Sort, initially: Value, meaning: str = "") -> Any:
    """Declare a local variable at the beginning of a process: ``plan = local(Generation, 0)``. Each member of the
    process has one; a crash loses it. Between steps where nothing reads its value any more it has its initial one."""
    return Local(sort, initially, meaning)


def persistent(sort: Sort, initially: Value, meaning: str = "") -> Any:
    """Like ``local``, for what a crash does not lose. It keeps its value as long as nothing assigns another."""
    return Local(sort, initially, meaning, persistent=True)


def at(
    name: str,
    *,
    role: str | None = None,
    tags: Iterable[str] = (),
    fairness: str | None = None,
    awaits: str | None = None,
    within: SizeValue | None = None,
    after: SizeValue | None = None,
) -> Any:
    """Name a step: on a line of its own where the step begins, or at the ``yield`` that ends it. The action of the step
    is called ``process_name``, in small letters. The process leaves the point ``within`` so many ticks, and not by this
    way before ``after`` so many, since it came there. The other arguments are those of an action, where this step
    differs from the rest of the process; tags are added to those of the process."""
    if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
        raise DefinitionError(f"at({name!r}): the name of a step is a plain word", remedy='write at("FLIP")')
    if isinstance(tags, str):
        raise DefinitionError(f"at({name!r}): tags={tags!r} is one string", remedy=f"write tags=[{tags!r}]")
    return At(name, role, frozenset(tags), fairness, awaits, _stay(f"at({name!r})", after, within))


def wait(delay: SizeValue, *, within: SizeValue | None = None) -> Any:
    """The step waits here until ``delay`` ticks have passed since the process came to where it rests; ``within`` so
    many it goes on, by this way or another."""
    return _stay("wait", delay, within)


def _stay(what: str, after: SizeValue | None, within: SizeValue | None) -> Stay:
    latest, earliest = check_limit(within, f"{what}: within"), check_limit(after, f"{what}: after")
    check_order(latest, earliest)
    return Stay(earliest, latest)


def some(sort: Scalar | SetOf | CompositeSort[Any], condition: Callable[[Any], Value] | None = None) -> Any:
    """Any member of ``sort`` for which ``condition`` holds: ``p = some(Pod, lambda p: owner[p] == None)``; of
    ``subsets(Pod)`` any set of members, of a record any value. The step waits while there is none. The name is known to
    the end of the step."""
    if isinstance(sort, SetOf):
        check_numbered(sort, "some(…)")
    if isinstance(sort, CompositeSort):
        check_chosen(sort)
    elif not isinstance(sort, SetOf) and not is_scalar(sort):
        raise DefinitionError(f"some: {describe(sort)} has no members", remedy="write some(Sort, lambda p: …)")
    if condition is not None and not callable(condition):
        raise DefinitionError(f"some: {condition!r} is no function", remedy="write some(Sort, lambda p: …)")
    return Some(sort, condition)


def or_(label: str | None = None, *, fault: str | None = None) -> AbstractContextManager[None]:
    """The next way to go on, after ``with either():``. ``label`` is a part of the step's name in reports; with
    ``fault``, the way exists while that fault is on."""
    return cast("AbstractContextManager[None]", Branch(label, fault))  # a process is never run
