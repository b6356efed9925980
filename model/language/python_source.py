"""Terms as Python source that makes them again, for files of authors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count

from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import BINDERS, Op
from planrace.model.language.sorts import Bool, Enum, Maybe, is_numeric
from planrace.model.language.terms import Term, subterms

_INFIX = {
    Op.EQ: "==",
    Op.LT: "<",
    Op.LE: "<=",
    Op.ADD: "+",
    Op.SUB: "-",
    Op.MUL: "*",
    Op.DIV: "//",
    Op.MOD: "%",
    Op.UNION: "|",
    Op.INTERSECTION: "&",
    Op.DIFFERENCE: "-",
    Op.AND: "&",
    Op.OR: "|",
}
_OPPOSITE = {Op.EQ: "!=", Op.LT: "<=", Op.LE: "<"}
"""The sign of a negated comparison; that of an order has its sides exchanged."""
_METHODS = {Op.MEMBER: "isin", Op.SUBSET: "issubset"}
_CALLS = {
    Op.ITE: "If",
    Op.FOLLOWING: "following",
    Op.PRECEDING: "preceding",
    Op.POSITION: "position",
    Op.PRIMED: "primed",
    Op.MIN: "minimum",
    Op.MAX: "maximum",
}
_ENDS = {Op.FIRST: "first", Op.LAST: "last"}
_QUANTIFIERS = {
    Op.FORALL: "forall",
    Op.EXISTS: "exists",
    Op.COUNT: "count",
    Op.SUM: "sum_of",
    Op.LEAST: "least",
    Op.COMPREHENSION: "such_that",
    Op.EACH: "each",
}
_OTHERS = {Op.CONST, Op.VARIABLE, Op.PARAMETER, Op.BOUND, Op.SELECT, Op.NOT, Op.SET}
WRITTEN = {*_INFIX, *_METHODS, *_CALLS, *_ENDS, *_QUANTIFIERS, *_OTHERS}
"""The operators that have a source. ``taken`` has none: it is about a step of its own protocol."""
_LETTERS = "ijkmnuvw"


class UnnamedError(DefinitionError):
    """A thing that a term is made of has no name where the source will stand."""


@dataclass
class PythonSource:
    """Writes terms. ``named`` gives the name of a variable (its term), a sort or a parameter, or None;
    ``taken`` are names that a parameter of a lambda must not have. ``used`` collects the functions that are called."""

    named: Callable[[object], str | None]
    taken: Iterable[str] = ()
    used: set[str] = field(default_factory=set)
    _free: set[str] = field(default_factory=set)
    """The names in the present term that a lambda must not hide."""

    def source(self, term: Term) -> str:
        """An expression that makes a term of the same meaning. Raises ``UnnamedError``."""
        leaves = [t for t in subterms(term) if t.op in (Op.VARIABLE, Op.PARAMETER)]
        self._free = {self._name(t if t.op is Op.VARIABLE else t.data, t) for t in leaves}
        return self._write(term, {})

    def _name(self, thing: object, shown: object) -> str:
        name = self.named(thing)
        if name is None:
            raise UnnamedError(f"{shown} has no name at the top of its file", remedy="assign it to a name there")
        return name

    def _call(self, function: str, *arguments: str) -> str:
        self.used.add(function)
        return f"{function}({', '.join(arguments)})"

    def _write(self, term: Term, bound: Mapping[Term, str]) -> str:
        op, args = term.op, term.args
        if op in BINDERS:
            return self._binder(term, bound)
        if op is Op.OR and (implication := self._implication(term, bound)):
            return implication
        if op in _INFIX:
            return f" {_INFIX[op]} ".join(self._inner(a, bound) for a in args)
        if op in _METHODS:
            if args[0].op is Op.CONST and is_numeric(args[0].sort):
                raise UnnamedError(f"{term} is about a number alone", remedy="write it by hand")
            return f"{self._inner(args[0], bound)}.{_METHODS[op]}({self._write(args[1], bound)})"
        if op in _CALLS:
            return self._call(_CALLS[op], *(self._write(a, bound) for a in args))
        if op in _ENDS:
            return self._call(_ENDS[op], self._name(term.sort, term.sort))
        match op:
            case Op.CONST:
                return self._constant(term)
            case Op.VARIABLE:
                return self._name(term, term)
            case Op.PARAMETER:
                return self._name(term.data, term.data)
            case Op.BOUND:
                return bound[term]
            case Op.SELECT:
                return f"{self._inner(args[0], bound)}[{self._write(args[1], bound)}]"
            case Op.NOT:
                return self._negation(args[0], bound)
            case Op.SET:
                return f"{{{', '.join(self._write(a, bound) for a in args)}}}" if args else "set()"
            case _:
                raise UnnamedError(f"{term} cannot be written outside a step", remedy="write it by hand")

    def _inner(self, term: Term, bound: Mapping[Term, str]) -> str:
        text = self._write(term, bound)
        comparison = term.op is Op.NOT and term.args[0].op in _OPPOSITE
        call = term.op is Op.OR and self._implication(term, bound) != ""
        return f"({text})" if comparison or (term.op in _INFIX and not call) else text

    def _negation(self, body: Term, bound: Mapping[Term, str]) -> str:
        if body.op not in _OPPOSITE:
            return f"~{self._inner(body, bound)}"
        left, right = body.args
        if body.op is not Op.EQ:
            left, right = right, left
        return f"{self._inner(left, bound)} {_OPPOSITE[body.op]} {self._inner(right, bound)}"

    def _implication(self, term: Term, bound: Mapping[Term, str]) -> str:
        """A clause with negated parts reads best as an implication; empty if there are none. A negated comparison is
        the conclusion where there is no other."""
        premises = [a.args[0] for a in term.args if a.op is Op.NOT]
        conclusions = [a for a in term.args if a.op is not Op.NOT]
        if not conclusions and len(premises) > 1:
            last = next((p for p in reversed(premises) if p.op in _OPPOSITE), premises[-1])
            premises, conclusions = [p for p in premises if p is not last], [~last]
        if not premises or not conclusions:
            return ""
        condition = f"({self._all(Op.AND, premises, bound)})"
        if len(premises) == 1:
            condition = self._inner(premises[0], bound)
        return f"{condition}.implies({self._all(Op.OR, conclusions, bound)})"

    def _all(self, op: Op, parts: Sequence[Term], bound: Mapping[Term, str]) -> str:
        if len(parts) == 1:
            return self._write(parts[0], bound)
        return f" {_INFIX[op]} ".join(self._inner(a, bound) for a in parts)

    def _binder(self, term: Term, bound: Mapping[Term, str]) -> str:
        variable, body = term.args
        name = self._fresh(str(variable.data[0]), bound)
        sort = self._name(variable.sort, variable.sort)
        inside = self._write(body, {**bound, variable: name})
        return self._call(_QUANTIFIERS[term.op], sort, f"lambda {name}: {inside}")

    def _fresh(self, wanted: str, bound: Mapping[Term, str]) -> str:
        names = {*self.taken, *self._free, *bound.values()}
        choices: Iterator[str] = chain((wanted, *_LETTERS), (f"{wanted}{k}" for k in count(1)))
        return next(n for n in choices if n not in names)

    def _constant(self, term: Term) -> str:
        value: int = term.data
        match term.sort:
            case Bool():
                return "True" if value else "False"
            case Enum() as sort:
                return f"{self._name(sort, sort.name)}.{sort.members[value]}"
            case Maybe() if value == 0:
                return "None"
            case _:
                return str(value)
