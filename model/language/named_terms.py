"""Names of terms (``protocol.let``): what reports show in place of a long term. Engines read the term itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from planrace.model.language.author_code import called
from planrace.model.language.composite import Composite
from planrace.model.language.errors import DefinitionError, so_many
from planrace.model.language.operators import Op
from planrace.model.language.size_limits import DEEPEST
from planrace.model.language.sorts import INTEGER, Array, Sort, describe, is_scalar
from planrace.model.language.structural import Structural
from planrace.model.language.terms import Term, Value, expect, lift, make, substitute, subterms

_BRIEF = frozenset({Op.CONST, Op.PARAMETER, Op.VARIABLE, Op.BOUND})


@dataclass(frozen=True, eq=False)
class NamedTerm(Structural):
    """The ``term`` that an author calls ``name``; it is about the members ``holes``, if there are any."""

    name: str
    holes: tuple[Term, ...]
    term: Term

    @property
    def used(self) -> Any:
        """What the author uses: the term, or a function that makes it of members."""
        return self._about if self.holes else self.term

    def _about(self, *members: Value) -> Term:
        if len(members) != len(self.holes):
            wanted = ", ".join(describe(h.sort) for h in self.holes)
            raise DefinitionError(
                f"{self.name} is about {so_many(self.holes, 'member')} ({wanted}), and {len(members)} are given"
            )
        pairs = zip(self.holes, members, strict=True)
        return substitute(self.term, {h: expect(m, h.sort, f"member of {self.name}") for h, m in pairs})

    def shown(self, members: Sequence[Term]) -> Term:
        """The name, disguised as a variable, for these members."""
        sort: Sort = self.term.sort
        for h in reversed(self.holes):
            sort = Array(h.sort, sort)  # type: ignore[arg-type]  # holes are members
        found = make(Op.VARIABLE, (), sort, self.name)
        for m in members:
            found = found[m]
        return found


def name_term(name: str, given: Sequence[Any]) -> NamedTerm:
    """The name of a term, or of what a function makes of members of sorts. Raises ``DefinitionError``."""
    form = "write let(name, term), or let(name, Worker, lambda w: term)"
    if not given:
        raise DefinitionError(f"let({name!r}) names nothing", remedy=form)
    *sorts, last = given
    for s in sorts:
        if not is_scalar(s) or s == INTEGER:
            raise DefinitionError(f"let({name!r}): {describe(s)} is not a bounded scalar sort", remedy=form)
    if callable(last) != bool(sorts):
        lacking = "has sorts, and no function of their members" if sorts else "has a function, and no sorts"
        raise DefinitionError(f"let({name!r}) {lacking}", remedy=form)
    code = getattr(last, "__code__", None)
    members = () if code is None else code.co_varnames[: code.co_argcount]
    pairs: list[tuple[Any, str]] = list(zip_longest(sorts, members[: len(sorts)], fillvalue="x"))
    holes = tuple(make(Op.BOUND, (), s, (n, object())) for s, n in pairs)
    found = _term(name, called(last, holes, f"let({name!r})", form) if sorts else last)
    for h in holes:
        if all(t is not h for t in subterms(found)):
            raise DefinitionError(f"let({name!r}): the term does not depend on {h}", remedy="leave it out")
    return NamedTerm(name, holes, found)


def _term(name: str, given: object) -> Term:
    if isinstance(given, Composite):
        what = f"let({name!r}): {given} is {given._sort.one()}, and a name is for a term"
        raise DefinitionError(what, remedy=given._sort.instead(given))
    term = lift(given)
    if term.op in _BRIEF:
        raise DefinitionError(f"let({name!r}): {term} is a name or a constant already", remedy="use it as it is")
    return term


def in_names(term: Term, names: Sequence[NamedTerm]) -> Term:
    """The term with names in place of what they stand for, the largest first."""
    if not names or term.depth > DEEPEST:
        return term
    return _Naming(sorted(names, key=lambda n: -n.term.parts)).of(term)


class _Naming:
    """Replaces named terms; each distinct subterm is looked at once."""

    def __init__(self, names: Sequence[NamedTerm]) -> None:
        self._names = names
        self._done: dict[Term, Term] = {}

    def of(self, term: Term) -> Term:
        if term not in self._done:
            self._done[term] = self._replaced(term)
        return self._done[term]

    def _replaced(self, term: Term) -> Term:
        for name in self._names:
            members: dict[Term, Term] = {}
            if matched(name.term, term, frozenset(name.holes), members):
                return name.shown([self.of(members[h]) for h in name.holes])
        return make(term.op, tuple(map(self.of, term.args)), term.sort, term.data)


def matched(pattern: Term, term: Term, holes: frozenset[Term], members: dict[Term, Term]) -> bool:
    """Whether ``term`` is the pattern with some members in place of its holes; they are put into ``members``."""
    if pattern in holes:
        return term.sort == pattern.sort and members.setdefault(pattern, term) is term
    if pattern is term:
        return not any(t in holes for t in subterms(pattern))
    alike = pattern.op is term.op and pattern.data == term.data and pattern.sort == term.sort
    return (
        alike
        and bool(pattern.args)
        and len(pattern.args) == len(term.args)
        and all(matched(p, t, holes, members) for p, t in zip(pattern.args, term.args, strict=True))
    )
