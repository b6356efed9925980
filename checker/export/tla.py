"""A finite instance → a module of TLA+ with its configuration, for TLC and for readers.

One action is one operator; ``TypeOK`` says the sorts, so a value out of range violates it. Fairness and liveness are
in ``tla_temporal``. Text after the last line of a module is no part of it: there the head of the file says what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from planrace.checker.export.tla_initial import initially
from planrace.checker.export.tla_names import TlaNames, comment, commented, title, word
from planrace.checker.export.tla_sight import TlaSight, needs_order
from planrace.checker.export.tla_steps import TlaSteps
from planrace.checker.export.tla_temporal import Behaviour, TlaTemporal
from planrace.checker.export.tla_terms import HELPERS, TlaTerms, ends
from planrace.checker.export.tla_text import TlaText, bullet, laid_out, negation
from planrace.model.language import Action, Instance, Op, System, Term
from planrace.model.language.instance_size import said
from planrace.model.language.sorts import Index, Maybe, Parameter
from planrace.model.language.system import Variable
from planrace.model.language.terms import subterms
from planrace.properties.kinds import Invariant, Liveness, Property, Reachability, Recoverability, StepInvariant

NO_FORMULA = "no formula of TLA+ says that something stays possible (AG EF)"
RULE = "-" * 60


@dataclass(frozen=True)
class TlaProperty:
    """A property in the module. ``holds`` is its formula for TLC to evaluate: of a state or of a step, negated if it
    is a reachability; None for liveness. ``behaviour`` are the runs that it is about."""

    property: Property
    name: str
    holds: TlaText | None
    behaviour: Behaviour


@dataclass(frozen=True)
class TlaModel:
    """A module, and its configurations by the endings of their names. ``constants`` are the lines of a configuration
    that give the constants their values, ``members`` the model values by index and number, ``actions`` and
    ``variables`` the author's names by those of the module, ``nexts`` the operators of all steps. ``terms`` wrote
    it."""

    text: str
    module: str
    beside: Mapping[str, str]
    properties: tuple[TlaProperty, ...]
    left_out: tuple[tuple[Property, str], ...]
    constants: tuple[str, ...]
    members: Mapping[Index, tuple[str, ...]]
    actions: Mapping[str, str]
    variables: Mapping[str, str]
    nexts: tuple[str, ...]
    terms: TlaTerms = field(repr=False)

    @property
    def asked(self) -> tuple[Property, ...]:
        """The properties that it states."""
        return tuple(p.property for p in self.properties)


def tla(instance: Instance, command: str) -> TlaModel:
    """The module of an instance; ``command`` is the line that makes it. Raises ``ModelError`` for numbers beyond 32
    bits."""
    return _Writer(instance, command).model()


class _Writer:
    def __init__(self, instance: Instance, command: str) -> None:
        self.instance = instance
        self.system: System = instance.system
        self.command = command
        self.names = TlaNames()
        all_terms = [t for _, _, t in said(self.system)]
        self.terms = TlaTerms(instance, self.names, needs_order(all_terms))
        self.module = self.names.of("module", self.system.name, self.system.name, f"{self.system.name}_model")
        for v in self.system.variables:
            self.names.of("variable", v.name, v.name, f"v_{v.name}")
        self.symmetric = self._symmetric(all_terms)
        self.parameters = [p for p in self.system.parameters if not self._is_counted(p)]
        for p in self.system.parameters:
            self.names.of("parameter", p.name, p.name, f"n_{p.name}")
        for s in self.symmetric:
            self.terms.name_of(s)
        self.steps = TlaSteps(self.terms)
        for a in self.system.actions.values():
            self.steps.name(a)
        self.terms.taken = self.steps.taken
        live = [p for p in self.system.properties if isinstance(p, Liveness)]
        self.temporal = TlaTemporal(instance, self.steps, live)
        self.properties: list[TlaProperty] = []

    def _symmetric(self, all_terms: list[Term]) -> list[Index]:
        """The indices whose members are model values."""
        found: dict[Index, None] = {}
        sorts = [v.sort for v in self.system.variables] + [t.sort for t in subterms(*all_terms)]
        for a in self.system.actions.values():
            sorts += [p.sort for p in a.parameters]
        for sort in sorts:
            waiting = [sort]
            while waiting:
                s = waiting.pop()
                waiting += [x for x in (getattr(s, "domain", None), getattr(s, "element", None)) if x is not None]
                of = s.index if isinstance(s, Maybe) else s
                if self.terms.is_symmetric(of):
                    assert isinstance(of, Index)
                    found.setdefault(of)
        return list(found)

    def _is_counted(self, p: Parameter) -> bool:
        """Whether a parameter is the number of members of a symmetric index."""
        return any(s.size is p for s in self.symmetric)

    # The file --------------------------------------------------------------------------------------------------
    def model(self) -> TlaModel:
        variables = self._variables()
        types = self._types()
        starts = initially(self.instance, self.terms, self.steps)
        actions = [line for a in self.system.actions.values() for line in ("", *self._action(a))]
        behaviours = [line for b in self.temporal.behaviours for line in ("", *self._behaviour(b))]
        properties = [line for p in self.system.properties for line in ("", *self._property(p))]
        properties += self._ends()
        constants = self._constants()  # last, because what is used decides
        lines = [
            f"{RULE} MODULE {self.module} {RULE}",
            *self._head(),
            "EXTENDS Integers, FiniteSets, TLC",
            *(line for h in self.terms.helpers for line in ("", *HELPERS[h])),  # before names that theirs may be
            *constants,
            *variables,
            "",
            *types,
            "",
            *starts,
            *actions,
            *behaviours,
            *properties,
            "=" * (2 * len(RULE) + len(self.module) + 9),
            "",
        ]
        return TlaModel(
            "\n".join(lines),
            self.module,
            self._configurations(),
            tuple(self.properties),
            tuple((p, NO_FORMULA) for p in self.system.properties if isinstance(p, Recoverability)),
            tuple(self._values()),
            {s: self._members(s) for s in self.symmetric},
            {self.steps.name(a): a.name for a in self.system.actions.values()},
            {self.names.of("variable", v.name): v.name for v in self.system.variables},
            tuple(b.next for b in self.temporal.behaviours),
            self.terms,
        )

    def _head(self) -> list[str]:
        lines = [self.system.name, "", f"Written by: {self.command}", ""]
        lines += [f"It must be called {self.module}.tla, with {self.module}.cfg beside it. Then:", ""]
        lines += [f"    java -XX:+UseParallelGC -cp tla2tools.jar tlc2.TLC -deadlock {self.module}.tla"]
        for b in self.temporal.behaviours[1:]:
            lines += [f"    java … tlc2.TLC -deadlock -config {self.module}.{b.spec}.cfg {self.module}.tla"]
        lines += [
            "",
            "TypeOK is violated where a value leaves its range, an assertion fails where an array has no such",
        ]
        lines += ["position: both are errors of the model. -deadlock, or CHECK_DEADLOCK FALSE: a run may come to rest."]
        if self.steps.counted:
            lines += ["(...) = TRUE: TLC takes each part of a disjunction in an action for a step of its own."]
        return ["(*", *(f"   {comment(line)}".rstrip() for line in lines), "*)"]

    def _constants(self) -> list[str]:
        rows = [(self.names.of("parameter", p.name), p.meaning) for p in self.parameters]
        rows += [
            (self.terms.name_of(s), f"the members of {s.name}: any of them may change places") for s in self.symmetric
        ]
        if self.terms.has_none:
            rows.append(("None", "no member"))
        lines = []
        if rows:
            lines = ["", "CONSTANTS"]
            for n, (name, meaning) in enumerate(rows):
                comma = "," if n + 1 < len(rows) else ""
                lines.append(f"    {name}{comma}" + (f"  \\* {comment(meaning)}" if meaning else ""))
        for s in self.symmetric:
            if isinstance(s.size, Parameter):
                lines += ["", f"{self.names.of('parameter', s.size.name)} == Cardinality({self.terms.name_of(s)})"]
        assumed = [
            f"{self.names.of('parameter', p.name)} \\in {ends(*map(self.terms.number, (p.low, p.high))).text}"
            for p in self.system.parameters
        ]
        if assumed:
            lines += ["", *(f"ASSUME {a}" for a in assumed)]
        if self.terms.sorts:
            lines += ["", *(f"{name} == {members}" for name, members in self.terms.sorts.items())]
        if self.symmetric:
            moved = " \\cup ".join(f"Permutations({self.terms.name_of(s)})" for s in self.symmetric)
            lines += [f"Symmetry == {moved}"]
        return lines

    def _variables(self) -> list[str]:
        names = [self.names.of("variable", v.name) for v in self.system.variables]
        lines = ["", "VARIABLES"]
        for n, v in enumerate(self.system.variables):
            comma = "," if n + 1 < len(names) else ""
            lines.append(f"    {names[n]}{comma}" + (f"  \\* {comment(v.meaning)}" if v.meaning else ""))
        return [*lines, "", f"vars == <<{', '.join(names)}>>"]

    def _types(self) -> list[str]:
        rows = [self._type(v) for v in self.system.variables]
        return ["TypeOK ==", *(f"    /\\ {row}" for row in rows)]

    def _type(self, v: Variable) -> str:
        self.terms.where = v.where
        return f"{self.names.of('variable', v.name)} \\in {self.terms.sort(v.sort).text}"

    def _action(self, action: Action) -> list[str]:
        words = next((s.template for s in (action.says, *(o.says for o in action.outcomes)) if s is not None), "")
        told = f"{action.name}, by {action.role}" + (f": {words}" if words else "")
        fault = f" (fault {action.fault})" if action.fault else ""
        origin = action.origin
        lines = f" (process {origin.process} at {origin.point})" if origin else ""
        return [*commented(told + fault + lines), *self.steps.definition(action)]

    # Runs and properties -----------------------------------------------------------------------------------------
    def _behaviour(self, b: Behaviour) -> list[str]:
        fair = self.temporal.fairness(b)
        lines = self.temporal.next(b) + (["", *fair] if fair else [])
        told = []
        if b.own:
            told = commented(f"The runs without {', '.join(self.temporal.excluded(b, self.system))}.")
        return [*told, *lines, "", self.temporal.spec(b, fair=bool(fair))]

    def _property(self, p: Property) -> list[str]:
        self.terms.where = p.where
        told = commented(f"{p.name} ({p.kind}): {p.meaning}")
        if isinstance(p, Recoverability):
            return [*told, *commented(f"It is not stated here: {NO_FORMULA}.")]
        called = f"Not{title(p.name)}" if isinstance(p, Reachability) else title(p.name)
        name = self.names.of("property", p.name, called, f"{called}Property")
        whole = self.temporal.whole
        if isinstance(p, Invariant):
            holds = self.terms.write(p.holds, TlaSight())
            self.properties.append(TlaProperty(p, name, holds, whole))
            return [*told, *_defined(name, holds)]
        if isinstance(p, StepInvariant):
            holds = self._step(p.holds, good=True)
            self.properties.append(TlaProperty(p, name, holds, whole))
            return [*told, *_stepwise(name, holds)]
        if isinstance(p, Reachability):
            event = self._step(p.event, good=False) if p.of_step else self.terms.write(p.event, TlaSight())
            never = negation(event)
            self.properties.append(TlaProperty(p, name, never, whole))
            told += commented("It is possible if TLC finds a run that violates this, its opposite.")
            return [*told, *(_stepwise(name, never) if p.of_step else _defined(name, never))]
        behaviour = self.temporal.of[p.name]
        self.properties.append(TlaProperty(p, name, None, behaviour))
        if behaviour.own:
            told += commented(f"For the runs of {behaviour.spec}.")
        return [*told, *_defined(name, self.temporal.formula(p))]

    def _step(self, term: Term, *, good: bool) -> TlaText:
        """A formula of steps. Two actions may lead from one state to the same one. Where that could matter, the formula
        is about each of them; otherwise ``taken`` says that the step could be one of the action."""
        if _direct(term, good=good):
            return self.terms.write(term, TlaSight())
        if good:
            return self.steps.for_each_step(term)
        return negation(self.steps.for_each_step(~term))

    def _ends(self) -> list[str]:
        if not self.system.final:
            return []
        some = [self.terms.write(t, TlaSight()) for t in self.system.final]
        lines = [line for t in some for line in bullet("\\/", t)]
        return [
            "",
            "\\* A run may end where the protocol says so, or goes on.",
            "NoDeadlock ==",
            *(f"    {x}" for x in lines),
            "    \\/ ENABLED Next",
        ]

    # Configurations ----------------------------------------------------------------------------------------------
    def _members(self, s: Index) -> tuple[str, ...]:
        base = word(s.name)
        return tuple(f"{base}{n}" for n in self.instance.members(s))

    def _values(self) -> list[str]:
        lines = [f"    {self.names.of('parameter', p.name)} = {self.instance.size(p)}" for p in self.parameters]
        lines += [f"    {self.terms.name_of(s)} = {{{', '.join(self._members(s))}}}" for s in self.symmetric]
        return (
            ["CONSTANTS", *lines, *(["    None = None"] if self.terms.has_none else [])]
            if lines or self.terms.has_none
            else []
        )

    def _configurations(self) -> dict[str, str]:
        found = {}
        for b in self.temporal.behaviours:
            mine = [p for p in self.properties if p.behaviour is b]
            invariants = [p.name for p in mine if isinstance(p.property, Invariant)]
            always = [p.name for p in mine if isinstance(p.property, StepInvariant)]
            live = [p.name for p in mine if isinstance(p.property, Liveness)]
            lines = [f"\\* {comment(self.system.name)}: {comment(self.command)}", *self._values()]
            lines += [f"SPECIFICATION {b.spec}"]
            if self.symmetric:
                why = "\\* TLC checks no liveness under symmetry: " if live else ""
                lines.append(f"{why}SYMMETRY Symmetry")
            lines += ["INVARIANTS", "    TypeOK", *(f"    {n}" for n in invariants)]
            if always or live:
                lines += ["PROPERTIES", *(f"    {n}" for n in (*always, *live))]
            for p in mine:
                if isinstance(p.property, Reachability):
                    kind = "PROPERTY" if p.property.of_step else "INVARIANT"
                    lines.append(f"\\* {kind} {p.name}  \\* to find a run to it: TLC reports that this is violated")
            if self.system.final and not b.own:
                lines.append("\\* INVARIANT NoDeadlock")
            lines += ["\\* TLC before version 2.16 has only the option -deadlock for this:", "CHECK_DEADLOCK FALSE"]
            found[f".{b.spec}.cfg" if b.own else ".cfg"] = "\n".join([*lines, ""])
        return found


def _defined(name: str, formula: TlaText) -> list[str]:
    lines = laid_out(formula)
    return (
        [f"{name} == {lines[0]}"]
        if not lines[1:] and len(lines[0]) + len(name) < 100
        else [f"{name} ==", *(f"    {x}" for x in lines)]
    )


def _stepwise(name: str, formula: TlaText) -> list[str]:
    lines = laid_out(formula)
    if not lines[1:]:
        return [f"{name} == [][{lines[0]}]_vars"]
    return [f"{name} ==", *(f"    {'[][' if n == 0 else '   '}{x}" for n, x in enumerate(lines)), "    ]_vars"]


def _direct(term: Term, *, good: bool) -> bool:
    """Whether ``taken`` occurs only where more steps for which it holds make a property (``good``) harder to keep, or
    an event easier to reach."""
    wanted = not good
    seen: set[tuple[int, bool | None]] = set()

    def fine(t: Term, positive: bool | None) -> bool:
        if (id(t), positive) in seen:
            return True
        seen.add((id(t), positive))
        if t.op is Op.TAKEN:
            return positive is wanted
        if t.op is Op.NOT:
            return fine(t.args[0], None if positive is None else not positive)
        if t.op in (Op.AND, Op.OR):
            return all(fine(a, positive) for a in t.args)
        if t.op in (Op.FORALL, Op.EXISTS):
            return fine(t.args[1], positive)
        return all(fine(a, None) for a in t.args)

    return fine(term, True)
