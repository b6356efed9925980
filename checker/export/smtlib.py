"""A finite instance → SMT-LIB 2: its transition system as functions over bit-vectors, and a bounded search of it.

The formulas are those of the symbolic engines. A state is one bit-vector for each place; ``init``, ``trans`` and
``wrong`` (a step that is an error of the model) are functions of states and of the number of a step, and so is each
property. What follows them asks for runs of a few steps, so any solver answers the file as it is; a tool that unrolls
the system itself cuts it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import z3

from planrace.checker.engines.answer import of_step
from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.engines.symbolic.transition import StepChoice, Steps
from planrace.checker.export.quint_names import remark
from planrace.checker.semantics.packing import Field
from planrace.model.language import Array, Instance
from planrace.model.language.sorts import Enum, Scalar, SetOf
from planrace.properties.kinds import Checkable, Invariant, Property, Reachability, StepInvariant

BOUND = 8
"""The number of steps of the runs that are asked for."""
STEP = "step"
_ASSERTED = re.compile(r"\(assert\s(.*)\)\s*\(check-sat\)", re.DOTALL)
_SHARED = re.compile(r"([$?]x)\d+\b")
"""A name that Z3 gives to what parts share. No name here has such a sign."""
_DIVISION = re.compile(r"\((bv[su](?:div|rem|mod))_i ")
"""Division as Z3 has it inside. It differs only for the divisor 0, of which the formulas make an error."""


@dataclass(frozen=True)
class SmtlibModel:
    """The text. ``queries`` are the properties that it asks about, in the order of the answers: ``sat`` says that an
    invariant is violated in a run of at most ``BOUND`` steps, or that an event happens."""

    text: str
    asked: tuple[Property, ...]
    left_out: tuple[tuple[Property, str], ...]
    beside: Mapping[str, str] = field(default_factory=dict)


def smtlib(instance: Instance, command: str) -> SmtlibModel:
    """The transition system of an instance; ``command`` is the line that makes it. Raises ``ModelError`` as
    the symbolic engines do."""
    return _Writer(instance, command).model()


class _Writer:
    def __init__(self, instance: Instance, command: str) -> None:
        self.instance = instance
        self.system = instance.system
        self.command = command
        self.asked: list[Checkable] = [
            p for p in self.system.properties if isinstance(p, Invariant | StepInvariant | Reachability)
        ]
        self.steps = Steps(instance, [t for p in self.asked for t in p.terms], look=look_at_the_clock)
        self.fields = [f for f, _ in self.steps.constants()]
        self.names = _apart([_name(self.instance, f) for f in self.fields])
        constants = [(c, f"s.{n}") for (_, c), n in zip(self.steps.constants(), self.names, strict=True)]
        constants += [(c, f"t.{n}") for (_, c), n in zip(self.steps.constants(after=True), self.names, strict=True)]
        self.renamed = [(c, z3.BitVec(n, c.size())) for c, n in constants]
        self.renamed.append((self.steps.selector, z3.BitVec(STEP, self.steps.selector.size())))

    def model(self) -> SmtlibModel:
        lines = [*self._head(), "", "(set-logic QF_BV)", *self._places(), *self._choices(), ""]
        lines += self._function("init", "a state is initial", self.steps.initial(), False)
        lines += self._function("trans", "the step with that number leads from s to t", self.steps.relation, True)
        wrong = "the step with that number is an error of the model in s"
        lines += self._function("wrong", wrong, self.steps.out_of_range, True)
        for p in self.asked:
            lines += self._property(p)
        lines += self._search()
        why = "it is about whole runs"
        left_out = tuple((p, why) for p in self.system.properties if p not in self.asked)
        return SmtlibModel("\n".join([*lines, ""]), tuple(self.asked), left_out)

    # What it is about ------------------------------------------------------------------------------------------
    def _head(self) -> list[str]:
        sizes = ", ".join(f"{n}={value}" for n, value in self.instance.parameters.items())
        lines = [f"{self.system.name}{': ' if sizes else ''}{sizes}", f"Written by: {self.command}", ""]
        lines += [
            "Functions of a state s, and of a step from s to t. The answers at the end, in this order:",
            f"  wrong: sat if a run of at most {BOUND} steps meets an error of the model",
            *(f"  {p.name} ({p.kind}): sat if {self._met(p)} in such a run" for p in self.asked),
        ]
        return [f"; {remark(line)}".rstrip() for line in lines]

    @staticmethod
    def _met(p: Checkable) -> str:
        return "it happens" if isinstance(p, Reachability) else "it is violated"

    def _places(self) -> list[str]:
        lines = ["; The places of a state:"]
        for f, name in zip(self.fields, self.names, strict=True):
            sort = self._sort(f)
            what = f"bit n is member n + {f.low}" if f.is_set else f"value - {f.low}" if f.low else "value"
            of = sort.element if isinstance(sort, SetOf) else sort
            members = f" ({', '.join(of.members)})" if isinstance(of, Enum) else ""
            lines.append(f";   {name}: {remark(sort.name)}{members}, {f.low} to {f.high}, as {what}")
        return lines

    def _sort(self, f: Field) -> Scalar | SetOf:
        sort = self.system.sort_of(f.variable)
        while isinstance(sort, Array):
            sort = sort.element
        return sort

    def _choices(self) -> list[str]:
        lines = ["; The numbers of steps, with the values of their parameters and their outcomes:"]
        return lines + [f";   {n}: {remark(_said(c))}" for n, c in enumerate(self.steps.choices)]

    # Functions -------------------------------------------------------------------------------------------------
    def _function(self, name: str, meaning: str, formula: Any, of_a_step: bool) -> list[str]:
        text = self._text(formula)
        return [f"; {remark(meaning)}", f"(define-fun {name} ({' '.join(self._given(of_a_step))}) Bool", f"  {text})"]

    def _given(self, of_a_step: bool) -> Iterator[str]:
        """The parameters of a function."""
        for letter in "st" if of_a_step else "s":
            for f, name in zip(self.fields, self.names, strict=True):
                yield f"({_quoted(f'{letter}.{name}')} (_ BitVec {max(1, f.width)}))"
        if of_a_step:
            yield f"({STEP} (_ BitVec {self.steps.selector.size()}))"

    def _text(self, formula: Any) -> str:
        """A formula, with what its parts share written once."""
        context = z3.Context()  # the numbers of Z3, and so its order, depend on what a context has done before
        solver = z3.Solver(ctx=context)
        solver.add(z3.substitute(formula, *self.renamed).translate(context))
        found = _ASSERTED.search(solver.to_smt2())
        if found is None:  # it is true, which Z3 does not write
            return "true"
        numbers: dict[str, str] = {}
        text = _SHARED.sub(lambda m: numbers.setdefault(m[0], f"{m[1]}{len(numbers) + 1}"), found[1].strip())
        return _DIVISION.sub(r"(\1 ", text)

    def _property(self, p: Checkable) -> list[str]:
        """Two functions: that it holds or happens, and that it is met, which is what the search looks for. A term that
        has no value is met, because that is an error of the model."""
        term = p.event if isinstance(p, Reachability) else p.holds
        whole = of_step(p)
        holds, undefined = self.steps.holds(term, of_step=whole), self.steps.undefined(term, of_step=whole)
        met = z3.Or(holds if isinstance(p, Reachability) else z3.Not(holds), undefined)
        return [
            *self._function(_quoted(f"property {p.name}"), f"{p.kind} {p.name}: {p.meaning}", holds, whole),
            *self._function(_quoted(f"met {p.name}"), f"a search has found what {p.name} is about", met, whole),
        ]

    # The search ------------------------------------------------------------------------------------------------
    def _search(self) -> list[str]:
        lines = ["", f"; Runs of {BOUND} steps; a run may rest in its last state."]
        for n in range(BOUND + 1):
            for f, name in zip(self.fields, self.names, strict=True):
                lines.append(f"(declare-const {_quoted(f's{n}.{name}')} (_ BitVec {max(1, f.width)}))")
        size = self.steps.selector.size()
        for n in range(BOUND):
            lines.append(f"(declare-const {STEP}{n} (_ BitVec {size}))")
        lines.append(f"(define-fun run0 () Bool (init {self._state(0)}))")
        for n in range(BOUND):
            lines.append(f"(define-fun run{n + 1} () Bool (and run{n} (trans {self._step(n)})))")
        lines += self._query("wrong", [f"(and run{n} (wrong {self._step(n)}))" for n in range(BOUND)])
        for p in self.asked:
            met = _quoted(f"met {p.name}")
            if of_step(p):
                found = [f"(and run{n + 1} ({met} {self._step(n)}))" for n in range(BOUND)]
            else:
                found = [f"(and run{n} ({met} {self._state(n)}))" for n in range(BOUND + 1)]
            lines += self._query(p.name, found)
        return lines

    @staticmethod
    def _query(about: str, found: Sequence[str]) -> list[str]:
        return [f"; {remark(about)}", "(push 1)", f"(assert (or {' '.join(found)}))", "(check-sat)", "(pop 1)"]

    def _state(self, n: int) -> str:
        return " ".join(_quoted(f"s{n}.{name}") for name in self.names)

    def _step(self, n: int) -> str:
        return f"{self._state(n)} {self._state(n + 1)} {STEP}{n}"


def _name(instance: Instance, f: Field) -> str:
    """A place as reports call it: ``picked[2]``."""
    sort = instance.system.sort_of(f.variable)
    found = f.variable
    for at in f.path:
        assert isinstance(sort, Array)
        member = instance.bounds(sort.domain)[0] + at
        found += f"[{sort.domain.members[member] if isinstance(sort.domain, Enum) else member}]"
        sort = sort.element
    return found


def _apart(names: Sequence[str]) -> list[str]:
    """Names without characters that mean something in formulas, each another one."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_.\[\]-]", "_", name)
        while plain in found:
            plain += "_"
        found.append(plain)
    return found


def _said(c: StepChoice) -> str:
    values = ", ".join(f"{p}={value}" for p, value in zip(c.action.parameters, c.values, strict=True))
    return f"{c.action.name}({values}){'' if c.outcome.name is None else f', {c.outcome.name}'}"


def _quoted(name: str) -> str:
    """A symbol of any characters. (A name with a dot or a blank is no word of the language.)"""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in "|\\" else "_" for c in name)
    return f"|{plain}|"
