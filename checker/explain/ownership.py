"""The variables that a process owns.

A member of an index owns the elements at its number in arrays over that index. Any other process (a role, such as
"controller") owns the variables that no other process writes; faults may reset them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planrace.checker.explain.dependencies import StatePlace
from planrace.checker.semantics.interpreter import Move
from planrace.model.language import Array, System, Term
from planrace.model.language.operators import Op


class Own:
    """The variables and places that the process of a step owns; ``variables`` are those of its role."""

    def __init__(self, system: System, move: Move, variables: frozenset[str]) -> None:
        self._actor = actor = move.action.actor
        self._variables = variables
        chosen = dict(zip(move.action.parameters, move.choice, strict=True))
        self._number = 0 if actor is None else chosen[actor]
        self._sorts = {v.name: v.sort for v in system.variables}

    def place(self, place: StatePlace) -> bool:
        """The process owns the place."""
        name, path = place
        if self._actor is None:
            return name in self._variables
        sort = self._sorts[name]
        for n in path:
            assert isinstance(sort, Array)
            if sort.domain == self._actor.sort:
                return n + 1 == self._number
            sort = sort.element
        return False

    def has(self, term: Term) -> bool:
        """The term is a variable that the process owns, or an element of one."""
        at = None
        while term.op is Op.SELECT:
            term, position = term.args
            assert isinstance(term.sort, Array)
            if self._actor is not None and term.sort.domain == self._actor.sort:
                at = position
        if term.op is not Op.VARIABLE:
            return False
        return term.data in self._variables if self._actor is None else at is self._actor

    def all(self, term: Term) -> bool:
        """The process owns every variable that the term reads."""
        return all(self.has(t) for t in accesses(term))


def owned_by_roles(system: System) -> Mapping[str, frozenset[str]]:
    """The variables that each role owns: those that only its actions write."""
    writers: dict[str, set[str | None]] = {}
    for a in system.actions.values():
        who = a.role if a.actor is None else None
        for u in (u for o in a.outcomes for u in o.updates if a.fault is None):
            writers.setdefault(u.variable.data, set()).add(who)
    alone = {name: next(iter(by)) for name, by in writers.items() if len(by) == 1}
    roles = {who for who in alone.values() if who is not None}
    return {role: frozenset(name for name, who in alone.items() if who == role) for role in roles}


def accesses(term: Term) -> Iterator[Term]:
    """The variables and elements that a term reads, also in positions. Of nested elements, only the innermost."""
    seen: set[int] = set()
    waiting = [term]
    while waiting:
        t = waiting.pop()
        if id(t) in seen:
            continue
        seen.add(id(t))
        chain, positions = t, []
        while chain.op is Op.SELECT:
            chain, position = chain.args
            positions.append(position)
        if chain.op is Op.VARIABLE:
            yield t
            waiting += positions
        else:
            waiting += t.args
