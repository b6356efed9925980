"""A finite instance → a model in Quint, for its simulator, and for Apalache and TLC behind it.

Actions are ``action`` definitions, and their parameters are chosen by ``nondet``. Sizes are constants, so a reader can
change them. Values out of range, which are errors of the model, are an invariant (``inRange``). For properties of
steps, variables keep the last step, and what the properties read of the state before it; they are there only then.

Temporal properties get the fairness that they are meant with. One is asked of the model without some actions (see
``Liveness``), so it may have a ``step`` of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from planrace.checker.export.quint_names import QuintNames, remark
from planrace.checker.export.quint_steps import QuintSteps
from planrace.checker.export.quint_temporal import QuintTemporal
from planrace.checker.export.quint_terms import HELPERS, QuintSight, QuintTerms
from planrace.checker.export.quint_text import QuintText, compared, implied, laid_out
from planrace.model.language import Array, Instance, Op, Term
from planrace.model.language.sorts import Enum, SetOf, Sort
from planrace.properties.kinds import Checkable, Invariant, Liveness, Property, Reachability, StepInvariant


@dataclass(frozen=True)
class QuintModel:
    """A model in Quint. ``asked`` are the properties that it states, ``names`` those of their definitions, by the
    author's."""

    text: str
    asked: tuple[Property, ...]
    left_out: tuple[tuple[Property, str], ...]
    beside: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def quint(instance: Instance, command: str) -> QuintModel:
    """The model of an instance; ``command`` is the line that makes it."""
    return _Writer(instance, command).model()


def named_in_quint(instance: Instance) -> QuintTerms:
    """The terms of an instance, where everything that runs show has its name: the same each time."""
    terms, system = QuintTerms(instance, QuintNames()), instance.system
    for v in system.variables:
        terms.variable(v.name, QuintSight())
    for a in system.actions:
        terms.names.of("action", a, f"do_{a}")
    for p in system.parameters:
        terms.parameter(p)
    for sort in (s for v in system.variables for s in scalars(v.sort)):
        if isinstance(sort, Enum):
            for n in range(len(sort.members)):
                terms.constant(n, sort)
    return terms


def scalars(sort: Sort) -> Iterator[Sort]:
    """The scalar sorts inside a sort."""
    if isinstance(sort, Array):
        yield from scalars(sort.domain)
        yield from scalars(sort.element)
    else:
        yield sort.element if isinstance(sort, SetOf) else sort


class _Writer:
    def __init__(self, instance: Instance, command: str) -> None:
        self.instance = instance
        self.system = instance.system
        self.command = command
        self.terms = named_in_quint(instance)
        self.names = self.terms.names
        stated = self.system.properties
        self.checkable: list[Checkable] = [p for p in stated if isinstance(p, Invariant | StepInvariant | Reachability)]
        self.liveness = [p for p in stated if isinstance(p, Liveness)]
        of_steps = [p for p in self.checkable if _of_step(p)]
        read = set[str]().union(*(_read_before(t) for p in of_steps for t in p.terms))
        before = {v.name: self.names.of("before", f"before_{v.name}") for v in self.system.variables if v.name in read}
        self.steps = QuintSteps(self.terms, before, bool(of_steps))

    def model(self) -> QuintModel:
        """The whole file."""
        init = self.steps.init()
        actions = [line for a in self.system.actions.values() for line in ("", *self.steps.action(a))]
        temporal = QuintTemporal(self.terms)
        step = temporal.step("step", list(self.system.actions.values()))
        properties = [*self._in_range(), *self._final(), *self._properties()]
        for p in self.liveness:
            properties += ["", *temporal.property(p)]
        named = self._named()
        # Last, because these are what the rest has used:
        types = self._types()
        sorts = self._sorts()
        variables = self._variables()
        body = [*self._sizes(), *types, *sorts, *self._helpers(), *variables, *named, "", *init, *actions, "", *step]
        body += properties
        name = self.names.of("module", self.system.name, f"{self.system.name}_protocol")
        while body and not body[0]:
            body.pop(0)
        text = "\n".join([*self._head(), f"module {name} {{", *body, "}", ""])
        asked = tuple(p for p in self.system.properties if p in self.checkable or p in self.liveness)
        why = "no formula of Quint says that something stays possible"
        left_out = tuple((p, why) for p in self.system.properties if p not in asked)
        return QuintModel(text, asked, left_out, names={p.name: self._property(p) for p in asked})

    def _head(self) -> list[str]:
        invariants = [self._property(p) for p in self.checkable if not isinstance(p, Reachability)]
        witnesses = [self._property(p) for p in self.checkable if isinstance(p, Reachability)]
        lines = [remark(self.system.name), f"Written by: {remark(self.command)}", ""]
        options = [f"--invariants {' '.join(['inRange', *invariants])}"]
        options += [f"--witnesses {' '.join(witnesses)}"] if witnesses else []
        lines.append("  quint run FILE --backend=typescript \\")
        lines += [f"    {o}{end}" for o, end in zip(options, [*[" \\"] * (len(options) - 1), ""], strict=True)]
        for p in self.liveness:
            lines.append(f"  quint verify FILE --temporal {self._property(p)}")
        lines += [
            f"Not said here: {remark(p.name)} ({p.kind})"
            for p in self.system.properties
            if p not in self.checkable and p not in self.liveness
        ]
        return [f"// {line}".rstrip() for line in lines]

    # What the protocol declares --------------------------------------------------------------------------------
    def _sizes(self) -> list[str]:
        lines = []
        for p, value in zip(self.system.parameters, self.instance.values, strict=True):
            lines += [f"  /// {remark(p.meaning)}"] if p.meaning else []
            lines.append(f"  pure val {self.terms.parameter(p).text} = {value}")
        return lines

    def _types(self) -> list[str]:
        lines = [""] if self.terms.enumerations or self.steps.watched else []
        for sort in list(self.terms.enumerations.values()):
            members = [self.terms.constant(n, sort).text for n in range(len(sort.members))]
            lines += laid_out(f"type {self.terms.type_of(sort)} = {'| ' * (len(members) == 1)}{' | '.join(members)}", 1)
        return lines + (self.steps.step_type() if self.steps.watched else [])

    def _sorts(self) -> list[str]:
        lines: list[str] = []
        done = 0
        while done < len(self.terms.sorts):  # one may use another
            for sort, name in list(self.terms.sorts.values())[done:]:
                done += 1
                lines += laid_out(f"pure val {name} = {self.terms.members_in_full(sort).text}", 1)
        return ["", *lines] if lines else []

    def _helpers(self) -> list[str]:
        used = [h for h in HELPERS if h in self.terms.helpers]
        return ["", *(f"  {HELPERS[h].format(self.terms.helper(h))}" for h in used)] if used else []

    def _variables(self) -> list[str]:
        lines = [""]
        for v in self.system.variables:
            lines += [f"  /// {remark(v.meaning)}"] if v.meaning else []
            lines.append(f"  var {self.steps.name(v.name)}: {self.terms.type_of(v.sort)}")
        if self.steps.watched:
            lines.append("  /// the last step, for properties of steps")
            lines.append("  var lastStep: LastStep")
        for name, kept in self.steps.before.items():
            lines.append(f"  /// {remark(name)} before the last step")
            lines.append(f"  var {kept}: {self.terms.type_of(self.system.sort_of(name))}")
        return lines

    def _named(self) -> list[str]:
        lines: list[str] = []
        for n in self.system.named_terms:
            if not self.terms.usable(n):
                continue
            sight = QuintSight()
            given = []
            for h in n.holes:
                name = self.names.local(str(h.data[0]), sight.seen)
                sight = sight.but(h, QuintText(name))
                given.append(f"{name}: {self.terms.type_of(h.sort)}")
            name = self.names.of("name", n.name, f"{n.name}_value")
            head = f"def {name}({', '.join(given)}): {self.terms.type_of(n.term.sort)}" if given else f"val {name}"
            lines += ["", *laid_out(f"{head} = {self.terms.written_out(n.term, sight).text}", 1)]
        return lines

    # Properties ------------------------------------------------------------------------------------------------
    def _property(self, p: Property) -> str:
        return self.names.of("property", p.name, f"{p.name}_holds")

    def _in_range(self) -> list[str]:
        parts = [self.terms.fits(QuintText(self.steps.name(v.name)), v.sort) for v in self.system.variables]
        lines = ["", "  /// Every variable has a value of its sort.", "  val inRange = and {"]
        for part in parts:
            if part.text != "true":
                lines += laid_out(part.text, 2, ",")
        return [*lines, "  }"] if len(lines) > 3 else [*lines[:2], "  val inRange = true"]

    def _final(self) -> list[str]:
        if not self.system.final:
            return []
        text = " or ".join(f"({self.terms.write(t, QuintSight()).text})" for t in self.system.final)
        name = self.names.of("final", "mayEnd")
        return ["", "  /// A run may end in these states.", *laid_out(f"val {name} = {text}", 1)]

    def _properties(self) -> list[str]:
        lines: list[str] = []
        for p in self.checkable:
            term = p.event if isinstance(p, Reachability) else p.holds
            if _of_step(p):
                found = self.terms.write(term, QuintSight(called=self.steps.before, named=False))
                started = compared("!=", QuintText("lastStep"), QuintText("Start"))
                both = QuintText(f"{started.text} and {found.within(4)}")
                found = both if isinstance(p, Reachability) else implied(started, found)
            else:
                found = self.terms.write(term, QuintSight())
            lines += ["", f"  /// {remark(p.meaning)} ({p.kind} {remark(p.name)})"]
            lines += laid_out(f"val {self._property(p)} = {found.text}", 1)
        return lines


def _of_step(p: Property) -> bool:
    return isinstance(p, StepInvariant) or (isinstance(p, Reachability) and p.of_step)


def _read_before(term: Term) -> set[str]:
    """The variables that a term of steps reads as they are before the step."""
    found, waiting, seen = set[str](), [term], set[Term]()
    while waiting:
        t = waiting.pop()
        if t in seen or t.op is Op.PRIMED:
            continue
        seen.add(t)
        if t.op is Op.VARIABLE:
            found.add(t.data)
        waiting += t.args
    return found
