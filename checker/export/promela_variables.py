"""Variables in Promela: their types, and the states that they begin in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planrace.checker.export.names import PromelaNames
from planrace.checker.export.promela_steps import inner, said
from planrace.checker.export.promela_terms import GREATEST, LEAST, PromelaTerms
from planrace.checker.semantics.interpreter import State
from planrace.model.language import Array, Instance, SetOf, Variable
from planrace.model.language.sorts import Bool, Sort

KINDS = (("bool", 0, 1), ("byte", 0, 255), ("short", -(2**15), 2**15 - 1), ("int", LEAST, GREATEST))
"""The types of Promela, with their least and greatest numbers."""
BEGINS, RESTS = "initial state", "rest"
"""What a simulation says of the choice of an initial state, before its number; and where nothing happens."""


class PromelaVariables:
    """The variables of an instance, which begins in one of the states ``starts``."""

    def __init__(self, instance: Instance, terms: PromelaTerms, names: PromelaNames, starts: Sequence[State]) -> None:
        self.instance = instance
        self.system = instance.system
        self.terms = terms
        self.names = names
        self.starts = starts

    @property
    def chosen(self) -> bool:
        """Whether the first step chooses an initial state. Declarations say it if there is one, and no element of an
        array is negative, which SPIN cannot read there."""
        values = [x for value in self.starts[0] for path, x in _leaves(value) if path]
        return len(self.starts) > 1 or any(isinstance(x, int) and x < 0 for x in values)

    def size(self, sort: Sort) -> str:
        length = 1
        for _, places in self.terms.spans(sort):
            length *= places
        return f"[{length}]" if isinstance(sort, Array) else ""

    def kind(self, v: Variable) -> str:
        """The type of a variable, or of the elements of an array. Raises ``ModelError`` if SPIN has none."""
        sort = inner(v.sort)
        self.terms.where = v.where
        if isinstance(sort, Bool):
            return "bool"
        if isinstance(sort, SetOf):
            low, high = self.instance.bounds(sort.element)
            self.terms.check_set(v.term)
            low, high = 0, (1 << high + 1) - 1
        else:
            low, high = self.instance.bounds(sort)  # type: ignore[arg-type]
        if low < LEAST or high > GREATEST:
            raise self.terms.refuse(
                f"{v.name} has numbers from {low} to {high}, and SPIN has 32 bits", "choose smaller sizes"
            )
        fits = (kind for kind, least, most in KINDS if least <= low and high <= most)
        return next(fits)

    def initial(self, v: Variable, value: Any) -> str:
        """The initial value in a declaration; variables begin with 0 otherwise."""
        if not isinstance(v.sort, Array):
            text = self.value(value, v.sort)
            return f" = {text}"
        known = {self._at(v.sort, path): self.value(x, inner(v.sort)) for path, x in _leaves(value)}
        if len(set(known.values())) <= 1:  # this is what each place gets, the unused ones, too
            return "" if set(known.values()) <= {"0", "false"} else f" = {next(iter(known.values()))}"
        return " = { " + ", ".join(known.get(n, "0") for n in range(int(self.size(v.sort)[1:-1]))) + " }"

    def _at(self, sort: Sort, path: Sequence[int]) -> int:
        """The number of a place in an array; ``path`` are offsets from the first position."""
        found = 0
        for offset, (first, length) in zip(path, self.terms.spans(sort), strict=True):
            assert isinstance(sort, Array)
            found = found * length + self.instance.bounds(sort.domain)[0] - first + offset
            sort = sort.element
        return found

    def value(self, value: Any, sort: Sort) -> str:
        if isinstance(sort, SetOf):
            return str(sum(1 << m for m in value))
        return self.terms.constant(int(value), sort).text  # type: ignore[arg-type]

    def beginning(self) -> list[str]:
        """The choice of an initial state."""
        options = []
        for number, state in enumerate(self.starts, 1):
            statements = [f"say({said(f'{BEGINS} {number}')})"]
            for v, value in zip(self.system.variables, state, strict=True):
                name = self.names.of("variable", v.name)
                for path, leaf_value in _leaves(value):
                    at = f"[{self._at(v.sort, path)}]" if path else ""
                    statements.append(f"{name}{at} = {self.value(leaf_value, inner(v.sort))}")
            options.append(f":: d_step {{ true -> {'; '.join(statements)} }}")
        return ["if  /* the initial states */", *options, "fi;"]

    def bytes(self) -> int:
        places = [int(self.size(v.sort)[1:-1]) if isinstance(v.sort, Array) else 1 for v in self.system.variables]
        return 4 * sum(places) + 64


def _leaves(value: Any, path: tuple[int, ...] = ()) -> list[tuple[tuple[int, ...], Any]]:
    if not isinstance(value, tuple):
        return [(path, value)]
    return [found for n, inner_value in enumerate(value) for found in _leaves(inner_value, (*path, n))]
