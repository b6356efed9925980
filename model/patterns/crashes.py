"""Processes that crash and start afresh."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from planrace.model.language import (
    Action,
    DefinitionError,
    If,
    Index,
    Op,
    Protocol,
    Says,
    Sort,
    Step,
    Term,
    Update,
    each,
    either,
    exists,
    step,
    update,
    when,
)
from planrace.model.language.composite import Composite, leaves_in
from planrace.model.language.errors import instances, listed
from planrace.model.language.sorts import Array
from planrace.model.language.structural import Structural
from planrace.model.patterns.bags import Unordered
from planrace.model.patterns.clocks import Timer
from planrace.model.patterns.declared import Words, declared, worded
from planrace.model.patterns.messages import Channel
from planrace.model.patterns.queues import Ordered
from planrace.model.processes import Process

_FOR_AUTHORS = True  # errors and places name the line that calls this module

Volatile: TypeAlias = "Term | Composite | Unordered | Ordered | Timer | Process"
"""What a crash can reset."""


def crash(
    protocol: Protocol,
    volatile: Iterable[Volatile] | Process,
    *,
    fault: str,
    by: str | Index | None = None,
    name: str = "crash",
    words: Words = "crashes and starts afresh",
) -> Action:
    """While ``fault`` is on, a process crashes and starts afresh: ``volatile`` variables, channels and timers get their
    initial values (if ``by`` is an index, only their elements for that member); everything else persists. A process
    loses its place and its local variables, without the persistent ones; ``by`` is by default its index. Declares the
    action ``name``. ``words`` are ``says(…)``, or a function that gets that member and returns it; a template may
    contain ``{member}``.

    Being down needs no state of its own: runs in which a process takes no step for any time are included anyway.
    """
    instances((protocol,), Protocol, "crash", "crash(protocol, …)")
    if isinstance(volatile, Process):
        by = by if by is not None else next((s for s in volatile.sorts if isinstance(s, Index)), None) or volatile.name
        volatile = (volatile,)
    if by is None:
        raise DefinitionError(f"crash {name} does not say who crashes", remedy="write by= the index, or a word")
    if isinstance(volatile, Term | Composite | Unordered | Ordered | Timer):
        raise DefinitionError(f"crash {name}: volatile is a list", remedy="write [x], or [x, y, …]")
    volatile = listed(volatile, f"crash {name}: volatile")
    lost = [_Lost(t, _start(protocol, t, name), _comes_to(what)) for what in volatile for t in _variables(what)]
    if not lost:
        raise DefinitionError(f"crash {name} forgets nothing", remedy="name the volatile variables")
    if isinstance(by, Index):
        _check_of(by, volatile, lost, name)

    def crash_all() -> Step:
        return _restart([(x.term, x.start) for x in lost], worded(words, name, {}))

    def crash_one(member: Term) -> Step:
        mine = [(x.term[member], _element(x.start, member)) for x in lost if x.sender is None]
        return _restart(mine, worded(words, name, {"member": member}), [x for x in lost if x.sender], member)

    if isinstance(by, Index):
        made = declared(protocol, name, crash_one, {"member": by}, by=by, fault=fault)
    else:
        made = declared(protocol, name, crash_all, {}, by=by, fault=fault)
    protocol.actions[name] = replace(made, forgets=made.when)
    return protocol.actions[name]


@dataclass(frozen=True, eq=False)
class _Lost(Structural):
    """A variable that a crash resets; of a channel for each pair, what comes to the member from each ``sender``."""

    term: Term
    start: Term
    sender: Index | None

    def wrong(self, member: Term) -> Term:
        """Whether there is something to forget."""
        assert self.sender is not None
        return exists(self.sender, lambda s: _differs(self.term[s][member], _element(_element(self.start, s), member)))

    def reset(self, member: Term) -> Update:
        """The channels of others keep what is in them."""

        rows = self.term.sort
        assert isinstance(rows, Array)
        row = rows.element
        assert isinstance(row, Array)
        element = row.element

        def to(s: Term) -> Callable[[Term], Term]:
            return lambda r: If(r == member, _filled(element, _element(_element(self.start, s), r)), self.term[s][r])

        return update(self.term, each(rows.domain, lambda s: each(row.domain, to(s))))


def _comes_to(what: Volatile) -> Index | None:
    return what.over[0] if isinstance(what, Channel) and len(what.over) == 2 else None


def _check_of(by: Index, volatile: tuple[Volatile, ...], lost: list[_Lost], name: str) -> None:
    """Check that each member has its own element of everything that is lost. A message in a channel without ``over``
    may name the member, but does not belong to it."""
    for what in volatile:
        if isinstance(what, Channel) and what.over[-1:] != (by,):
            raise DefinitionError(
                f"crash {name}: {what.name} is not an array over {by.name}",
                remedy=f"declare it with over= the {by.name} that forgets what comes to it",
            )
    for t in (x.term for x in lost if x.sender is None):
        if not (isinstance(t.sort, Array) and t.sort.domain == by):
            raise DefinitionError(
                f"crash {name}: {t} is not an array over {by.name}", remedy=f"name variables that each {by.name} has"
            )


def _variables(what: Volatile) -> tuple[Term, ...]:
    """The variables that it is made of."""
    match what:
        case Unordered():
            return (what.messages,)
        case Ordered():
            return *what.columns, what.length
        case Timer():
            return (what.left,)
        case Composite():
            return leaves_in(what)
        case Process():
            return what.volatile
        case _:
            return (what,)


def _start(protocol: Protocol, term: Term, name: str) -> Term:
    """The initial value of the variable, or else of each of its elements."""
    if not isinstance(term, Term) or term.op is not Op.VARIABLE or term.data not in protocol.variables:
        raise DefinitionError(
            f"crash {name}: {term} is not a variable of {protocol.name}", remedy="name whole variables"
        )
    start = protocol.variables[term.data].initially
    if start is None:
        raise DefinitionError(
            f"crash {name}: {term} has several initial values, so it is not known which one a crash restores",
            remedy="declare an action of your own, or give the variable one initial value",
        )
    return start


def _restart(
    lost: list[tuple[Term, Term]], words: Says, coming: Sequence[_Lost] = (), member: Term | None = None
) -> Step:
    """Reset terms, and ``coming`` to a member what others sent."""
    to = [] if member is None else [(x, member) for x in coming]
    return step(
        when(either(*(_differs(t, start) for t, start in lost), *(x.wrong(m) for x, m in to))),
        *(update(t, _filled(t.sort, start)) for t, start in lost),
        *(x.reset(m) for x, m in to),
        words,
    )


def _differs(term: Term, start: Term) -> Term:
    """Whether something in ``term`` differs from ``start``."""
    if isinstance(term.sort, Array):
        return exists(term.sort.domain, lambda k: _differs(term[k], _element(start, k)))
    return term != start


def _element(start: Term, member: Term) -> Term:
    return start[member] if isinstance(start.sort, Array) else start


def _filled(sort: Sort, start: Term) -> Term:
    """``start``, or an array that is ``start`` everywhere."""
    if isinstance(sort, Array) and not isinstance(start.sort, Array):
        element = sort.element
        return each(sort.domain, lambda _: _filled(element, start))
    return start
