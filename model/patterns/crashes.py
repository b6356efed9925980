"""Processes that crash and start afresh."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from planrace.model.language import (
    Action,
    DefinitionError,
    Index,
    Op,
    Protocol,
    Says,
    Sort,
    Step,
    Term,
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
    lost = [(t, _start(protocol, t, name)) for what in volatile for t in _variables(what)]
    if not lost:
        raise DefinitionError(f"crash {name} forgets nothing", remedy="name the volatile variables")
    if isinstance(by, Index):
        _check_of(by, volatile, lost, name)

    def crash_all() -> Step:
        return _restart(lost, worded(words, name, {}))

    def crash_one(member: Term) -> Step:
        mine = [(t[member], _element(start, member)) for t, start in lost]
        return _restart(mine, worded(words, name, {"member": member}))

    if isinstance(by, Index):
        made = declared(protocol, name, crash_one, {"member": by}, by=by, fault=fault)
    else:
        made = declared(protocol, name, crash_all, {}, by=by, fault=fault)
    protocol.actions[name] = replace(made, forgets=made.when)
    return protocol.actions[name]


def _check_of(by: Index, volatile: tuple[Volatile, ...], lost: list[tuple[Term, Term]], name: str) -> None:
    """Check that each member has its own element of everything that is lost. A message in a channel without ``over``
    may name the member, but does not belong to it."""
    for what in volatile:
        if isinstance(what, Channel) and what.over != by:
            raise DefinitionError(
                f"crash {name}: {what.name} is not an array over {by.name}",
                remedy=f"declare it with over= the {by.name} that forgets what comes to it",
            )
    for t, _ in lost:
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


def _restart(lost: list[tuple[Term, Term]], words: Says) -> Step:
    return step(
        when(either(*(_differs(t, start) for t, start in lost))),
        *(update(t, _filled(t.sort, start)) for t, start in lost),
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
