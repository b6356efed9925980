"""Initial states in TLA+."""

from __future__ import annotations

from planrace.checker.export.tla_sight import TlaSight, conjuncts
from planrace.checker.export.tla_steps import TlaSteps
from planrace.checker.export.tla_terms import TlaTerms
from planrace.checker.export.tla_text import K, TlaText, bullet, infix
from planrace.model.language import Array, Instance, Term
from planrace.model.language.sorts import Sort
from planrace.model.language.system import Variable


def initially(instance: Instance, terms: TlaTerms, steps: TlaSteps) -> list[str]:
    """The definition of ``Init``: a value, or a set of values, of each variable, and the conditions beside these."""
    lines = []
    for v in instance.system.variables:
        terms.where = v.where
        lines += bullet("/\\", _Start(terms).of(v))
    for b in instance.system.beginnings:
        terms.where = b.where
        for c in conjuncts(b.holds):
            lines += bullet("/\\", steps.condition(c, TlaSight()))
    return ["Init ==", *(f"    {line}" for line in lines)]


class _Start:
    def __init__(self, terms: TlaTerms) -> None:
        self.terms = terms

    def of(self, v: Variable) -> TlaText:
        name = TlaText(self.terms.names.of("variable", v.name, v.name))
        if v.initially is not None:
            return infix("=", K.RELATION, name, self._spread(v.sort, v.initially))
        if not v.among:
            return infix("\\in", K.RELATION, name, self.terms.sort(v.sort))
        if not any(isinstance(t.sort, Array) for t in v.among):
            return infix("\\in", K.RELATION, name, self._each_of(v.sort, self._one_of(v.among)))
        return infix("\\in", K.RELATION, name, self._chosen(v))

    def _spread(self, sort: Sort, value: Term, outer: frozenset[str] = frozenset()) -> TlaText:
        """A value of ``sort``: the value itself, or an array with it as each innermost element."""
        if not isinstance(sort, Array) or isinstance(value.sort, Array):
            return self.terms.write(value, TlaSight())
        variable = self.terms.names.free(("x",), outer)
        inner = self._spread(sort.element, value, outer | {variable})
        return TlaText(f"[{variable} \\in {self.terms.sort(sort.domain).text} |-> {inner.text}]")

    def _one_of(self, values: tuple[Term, ...]) -> TlaText:
        texts = dict.fromkeys(self.terms.write(t, TlaSight()).text for t in values)
        return TlaText("{" + ", ".join(texts) + "}")

    def _each_of(self, sort: Sort, values: TlaText) -> TlaText:
        if not isinstance(sort, Array):
            return values
        return TlaText(f"[{self.terms.sort(sort.domain).text} -> {self._each_of(sort.element, values).text}]")

    def _chosen(self, v: Variable) -> TlaText:
        """Arrays each of whose elements is that of one of some arrays."""
        sort, at = v.sort, ""
        bound: list[str] = []
        f = self.terms.names.free(("f",))
        names = frozenset({f})
        while isinstance(sort, Array):
            x = self.terms.names.free(("p",), names)
            names |= {x}
            bound.append(f"{x} \\in {self.terms.sort(sort.domain).text}")
            at += f"[{x}]"
            sort = sort.element
        texts = dict.fromkeys(f"{self._spread(v.sort, t, names).within(K.ATOM)}{at}" for t in v.among)
        one = f"{f}{at} \\in {{{', '.join(texts)}}}"
        return TlaText(f"{{{f} \\in {self.terms.sort(v.sort).text} : \\A {', '.join(bound)} : {one}}}")
