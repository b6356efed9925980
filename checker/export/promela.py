"""A finite instance → a model in Promela, for SPIN.

The model has one process with one loop, and in it one ``d_step`` for each action and choice of its parameters. The
place in the loop never changes, so a state of SPIN is a state of the protocol. If there are several initial states, the
process first chooses one.

Invariants and properties of steps are assertions that ``-DCHECK_name`` switches on, so that a run without them counts
the protocol alone. Properties of steps are watched by variables that are ``hidden``: they are no part of the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planrace.checker.export.names import PromelaNames, comment
from planrace.checker.export.promela_steps import PromelaSteps, indented, inner, joined, judged, said, said_step
from planrace.checker.export.promela_terms import GREATEST, LEAST, TOP, PromelaTerms, Sight
from planrace.checker.export.promela_text import PromelaText
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import Pick
from planrace.model.language import Action, Array, Instance, Op, SetOf, Term, Variable
from planrace.model.language.sorts import Bool, Enum, Sort
from planrace.model.language.subset_numbers import subset_of
from planrace.model.language.terms import subterms
from planrace.properties.kinds import Checkable, Invariant, Property, Reachability, StepInvariant

INITIAL = 1000
"""The largest number of initial states that are written down."""
STEPS = 20_000
"""The largest number of actions with their parameters."""
WIDTH = 118


@dataclass(frozen=True)
class Judged:
    """A property that the model can check: with ``-D`` and ``switch``, SPIN prints ``violated:`` and the switch where
    it is. ``inverted``: that is a reachability property, which holds where the event happens."""

    property: Checkable
    switch: str
    inverted: bool


@dataclass(frozen=True)
class PromelaModel:
    """A model for SPIN. ``left_out`` are properties that it does not check and why, ``initial`` is the number of steps
    that choose an initial state (0: there is one, and it is where SPIN begins), ``bytes`` bounds the size of a
    state. ``said`` are the steps by what a simulation prints of them."""

    text: str
    judged: tuple[Judged, ...]
    left_out: tuple[tuple[Property, str], ...]
    initial: int
    bytes: int
    said: Mapping[str, Pick]

    @property
    def asked(self) -> tuple[Property, ...]:
        """The properties that it checks."""
        return tuple(j.property for j in self.judged)

    @property
    def beside(self) -> Mapping[str, str]:
        """It is one file."""
        return {}


def promela(instance: Instance, command: str) -> PromelaModel:
    """The model of an instance; ``command`` is the line that makes it. Raises ``ModelError`` for what Promela cannot
    say: sets with a member above 30, numbers beyond 32 bits, too many initial states or parameters."""
    return _Writer(instance, command).model()


class _Writer:
    def __init__(self, instance: Instance, command: str) -> None:
        self.instance = instance
        self.system = instance.system
        self.command = command
        self.names = PromelaNames()
        self.terms = PromelaTerms(instance, self.names)
        self.judged: list[Judged] = []
        self.violation: dict[str, str] = {}
        self.said: dict[str, Pick] = {}
        self.left_out: list[Property] = []
        self._name_everything()
        self.actions = list(self.system.actions.values())
        self.checkable = [p for p in self.system.properties if isinstance(p, Invariant | StepInvariant | Reachability)]
        self.left_out = [p for p in self.system.properties if p not in self.checkable]
        self.of_steps = [p for p in self.checkable if _of_step(p)]
        self.steps = PromelaSteps(self.terms, bool(self.of_steps))

    def _name_everything(self) -> None:
        """Variables first: their names are the ones that runs are read by."""
        for v in self.system.variables:
            self.names.of("variable", v.name, f"v_{v.name}")
        for a in self.system.actions:
            self.names.of("action", a, f"do_{a}")
        for p in self.system.parameters:
            self.names.of("parameter", p.name, p.name.upper())

    def model(self) -> PromelaModel:
        """The whole file."""
        starts = Interpreter(self.instance).initials()
        if len(starts) > INITIAL:
            raise self.terms.refuse(
                f"there are {len(starts):,} initial states, at most {INITIAL:,} are written", "choose smaller sizes"
            )
        actions = [line for a in self.actions for line in ("", *self._action(a))]
        loop = self._loop()
        judges = self._judges()
        variables = self._variables(starts)
        begins = [] if self._declarable(starts) else self._beginning(starts)
        process = [
            f"active proctype {self.names.of('process', self.system.name, 'protocol')}() {{",
            *indented(begins),
            "end:\t/* the protocol may come to rest here */",
            *(line if line.startswith("#") else f"\t{line}" for line in ["do", *loop, *self._invariants(), "od"]),
            "}",
        ]
        lines = [*self._head(), "", *self._constants(), *SAYING, "", *variables, *judges, *actions, "", *process, ""]
        text = "\n".join(lines)
        left_out = tuple((p, _why(p)) for p in self.left_out)
        initial = 0 if not begins else len(starts)
        return PromelaModel(text, tuple(self.judged), left_out, initial, self._bytes(), self.said)

    # Parts of the file -----------------------------------------------------------------------------------------
    def _head(self) -> list[str]:
        switches = [j.switch for j in self.judged]
        lines = [comment(self.system.name), "", f"Written by: {comment(self.command)}", ""]
        lines += [
            "    spin -a -o1 -o2 -o3 FILE",
            "    gcc -O2 -DSAFETY -DNOREDUCE -o pan pan.c",
            "    ./pan -E -m1000000",
            "    spin -t FILE > run.txt    (the run that was found, for check import)",
            "",
        ]
        lines += ["-o1 -o2 -o3: variables that are only written belong to the state, too, and each step is a step."]
        if switches:
            lines += ["With one of these after spin -a, the run checks a property:"]
            lines += [f"    -D{s}" for s in switches]
        lines += [f"Not checked here: {comment(p.name)} ({p.kind}): {_why(p)}" for p in self.left_out]
        return ["/* " + lines[0], *(f" * {line}".rstrip() for line in lines[1:]), " */"]

    def _constants(self) -> list[str]:
        lines = []
        for p, value in zip(self.system.parameters, self.instance.values, strict=True):
            lines.append(f"#define {self.names.of('parameter', p.name)} {value}")
        for sort in self._enumerations():
            lines.append(f"/* {comment(sort.name)} */")
            lines += [f"#define {self.terms.constant(n, sort).text} {n}" for n in range(len(sort.members))]
        return lines

    def _enumerations(self) -> list[Enum]:
        """The enumerations whose members the file may name."""
        found: dict[str, Enum] = {}
        for t in subterms(*self._all_terms()):
            for sort in _scalars(t.sort):
                if isinstance(sort, Enum):
                    found.setdefault(sort.name, sort)
        return list(found.values())

    def _all_terms(self) -> list[Term]:
        terms = [v.term for v in self.system.variables]
        for a in self.actions:
            terms += [a.guard, *a.parameters]
            for o in a.outcomes:
                terms += [o.condition, *(t for u in o.updates for t in (u.target, u.value))]
        return terms + [t for p in self.checkable for t in p.terms]

    def _variables(self, starts: Sequence[Any]) -> list[str]:
        lines = []
        for n, v in enumerate(self.system.variables):
            told = f"  /* {comment(v.meaning)} */" if v.meaning else ""
            initial = self._initial(v, starts[0][n]) if self._declarable(starts) else ""
            lines.append(f"{self._kind(v)} {self.names.of('variable', v.name)}{self._size(v.sort)}{initial};{told}")
        lines += [f"hidden int saved_{n + 1};" for n in range(self.steps.saved)]
        return lines

    @staticmethod
    def _declarable(starts: Sequence[Any]) -> bool:
        """Whether declarations can say the initial state: there is one, and no element of an array is negative, which
        SPIN cannot read there."""
        values = [x for value in starts[0] for path, x in _leaves(value) if path]
        return len(starts) == 1 and not any(isinstance(x, int) and x < 0 for x in values)

    def _size(self, sort: Sort) -> str:
        length = 1
        for _, places in self.terms.spans(sort):
            length *= places
        return f"[{length}]" if isinstance(sort, Array) else ""

    def _kind(self, v: Variable) -> str:
        """The type of a variable, or of the elements of an array."""
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

    def _initial(self, v: Variable, value: Any) -> str:
        """The initial value in a declaration; variables begin with 0 otherwise."""
        if not isinstance(v.sort, Array):
            text = self._value(value, v.sort)
            return f" = {text}"
        known = {self._at(v.sort, path): self._value(x, inner(v.sort)) for path, x in _leaves(value)}
        if len(set(known.values())) <= 1:  # this is what each place gets, the unused ones, too
            return "" if set(known.values()) <= {"0", "false"} else f" = {next(iter(known.values()))}"
        return " = { " + ", ".join(known.get(n, "0") for n in range(int(self._size(v.sort)[1:-1]))) + " }"

    def _at(self, sort: Sort, path: Sequence[int]) -> int:
        """The number of a place in an array; ``path`` are offsets from the first position."""
        found = 0
        for offset, (first, length) in zip(path, self.terms.spans(sort), strict=True):
            assert isinstance(sort, Array)
            found = found * length + self.instance.bounds(sort.domain)[0] - first + offset
            sort = sort.element
        return found

    def _value(self, value: Any, sort: Sort) -> str:
        if isinstance(sort, SetOf):
            return str(sum(1 << m for m in value))
        return self.terms.constant(int(value), sort).text  # type: ignore[arg-type]

    def _beginning(self, starts: Sequence[Any]) -> list[str]:
        """The choice of an initial state."""
        options = []
        for number, state in enumerate(starts, 1):
            statements = [f"say({said(f'{BEGINS} {number}')})"]
            for v, value in zip(self.system.variables, state, strict=True):
                name = self.names.of("variable", v.name)
                for path, leaf_value in _leaves(value):
                    at = f"[{self._at(v.sort, path)}]" if path else ""
                    statements.append(f"{name}{at} = {self._value(leaf_value, inner(v.sort))}")
            options.append(f":: d_step {{ true -> {'; '.join(statements)} }}")
        return ["if  /* the initial states */", *options, "fi;"]

    # Steps -----
    def _action(self, action: Action) -> list[str]:
        bound = {p: PromelaText(self._parameter(action, p)) for p in action.parameters}
        names = ", ".join(b.text for b in bound.values())
        told = [f"/* {comment(said.template)} */" for said in self._words(action)]
        body = self.steps.body(action, bound)
        head = f"inline {self.names.of('action', action.name)}({names}) {{"
        return [*told, head, "\td_step {", *(f"\t\t{line}" for line in body), "\t}", "}"]

    def _parameter(self, action: Action, parameter: Term) -> str:
        return self.names.parameter(action.name, str(parameter))

    def _words(self, action: Action) -> list[Any]:
        return [s for s in (action.says, *(o.says for o in action.outcomes)) if s is not None][:1]

    def _loop(self) -> list[str]:
        lines: list[str] = []
        for a in self.actions:
            name = self.names.of("action", a.name)
            for choice in self.instance.choices(a):
                given = [self._argument(p, value) for p, value in zip(a.parameters, choice, strict=True)]
                lines.append(f":: {name}({', '.join(text for text, _ in given)})")
                self.said[said_step(name, [number for _, number in given])] = a.name, choice
                if len(lines) > STEPS:
                    raise self.terms.refuse(
                        f"there are more than {STEPS:,} actions with their parameters", "choose smaller sizes"
                    )
        return lines or [":: false"]

    def _argument(self, parameter: Term, value: int) -> tuple[str, int]:
        """The text for a value of a parameter, and the number that it is in SPIN."""
        sort = parameter.sort
        if isinstance(sort, SetOf):
            members = subset_of(sort, value)
            if any(m > TOP for m in members):
                raise self.terms.refuse(f"{parameter} may have members above {TOP}", "choose smaller sizes")
            mask = sum(1 << m for m in members)
            return str(mask), mask
        found = self.terms.constant(value, sort)  # type: ignore[arg-type]
        return found.text if value >= 0 else f"({found.text})", value

    # Properties ------------------------------------------------------------------------------------------------
    def _judges(self) -> list[str]:
        """Macros for the properties, and what watches the steps."""
        lines: list[str] = []
        for p in self.checkable:
            self.terms.where = p.where
            name = self.names.of("property", p.name, f"property_{p.name}")
            inverted = isinstance(p, Reachability)
            term = p.event if isinstance(p, Reachability) else p.holds
            text = self.terms.write(term, Sight({}, before=_of_step(p))).text
            self.judged.append(Judged(p, f"CHECK_{name}", inverted))
            self.violation[p.name] = name if inverted else f"!{name}"
            lines += ["", f"/* {comment(p.name)} ({p.kind}): {comment(p.meaning)} */", f"#define {name} ({text})"]
        return lines + self._watching() if self.of_steps else lines

    def _watching(self) -> list[str]:
        """``before_step`` keeps what properties of steps read of the state before a step, ``after_N``, after an action
        with N parameters, checks them."""
        kept = [v for v in self.system.variables if v.name in self._read_before()]
        most = max((len(a.parameters) for a in self.actions), default=0)
        hidden = []
        for v in kept:
            kind = self._kind(v).replace("bool", "byte")  # a bit cannot be hidden
            hidden.append(f"hidden {kind} {self.names.of('before', f'before_{v.name}')}{self._size(v.sort)};")
        hidden += ["hidden int step_action;", "hidden int step_outcome;"]
        hidden += [f"hidden int step_parameter_{n + 1};" for n in range(most)]
        copies = []
        for v in kept:
            for path in self.terms.leaves(v.sort):
                new, old = (self.terms.place(v.name, path, before) for before in (False, True))
                copies.append(f"{old.text} = {new.text}")
        checks = []
        switches = []
        for j in self.judged:
            if _of_step(j.property):
                switches.append(f"defined({j.switch})")
                test = judged(self.violation[j.property.name], j.switch)
                checks += [f"#ifdef {j.switch}", f"\tif :: {test} :: else fi;", "#endif"]
        lines = [
            "",
            *(f"#define {self.names.of('step', a.name, f'step_{a.name}')} {n}" for n, a in enumerate(self.actions)),
        ]
        lines += [
            *hidden,
            "#if " + " || ".join(switches),
            "inline before_step() {",
            *indented(joined(copies or ["skip"])),
            "}",
        ]
        counts = sorted({len(a.parameters) for a in self.actions})
        for n in counts:
            given = ["action", "outcome", *(f"p{k + 1}" for k in range(n))]
            places = ["step_action", "step_outcome", *(f"step_parameter_{k + 1}" for k in range(n))]
            lines.append(f"inline after_{n}({', '.join(f'its_{g}' for g in given)}) {{")
            lines += [f"\t{place} = its_{g};" for place, g in zip(places, given, strict=True)]
            lines += [*checks, "\tskip", "}"]
        lines += ["#else", "#define before_step() skip"]
        for n in counts:
            given = ["action", "outcome", *(f"p{k + 1}" for k in range(n))]
            lines.append(f"#define after_{n}({', '.join(given)}) skip")
        return [*lines, "#endif"]

    def _read_before(self) -> set[str]:
        """The variables that properties of steps read as they are before the step."""
        found, waiting, seen = set(), [t for p in self.of_steps for t in p.terms], set()
        while waiting:
            t = waiting.pop()
            if t in seen or t.op is Op.PRIMED:
                continue
            seen.add(t)
            if t.op is Op.VARIABLE:
                found.add(t.data)
            waiting += t.args
        return found

    def _invariants(self) -> list[str]:
        lines = []
        for j in self.judged:
            if not _of_step(j.property):
                test = judged(self.violation[j.property.name], j.switch)
                lines += [f"#ifdef {j.switch}", f":: d_step {{ {test} }}", "#endif"]
        return lines

    def _bytes(self) -> int:
        places = [int(self._size(v.sort)[1:-1]) if isinstance(v.sort, Array) else 1 for v in self.system.variables]
        return 4 * sum(places) + 64


SAYING = (
    "",
    "/* what a simulation says of its steps (spin -t) */",
    "#ifdef QUIET",
    "#define say(...) skip",
    "#else",
    "#define say(...) printf(__VA_ARGS__)",
    "#endif",
)
BEGINS, RESTS = "initial state", "rest"
"""What a simulation says of the choice of an initial state, before its number; and where nothing happens."""
KINDS = (("bool", 0, 1), ("byte", 0, 255), ("short", -(2**15), 2**15 - 1), ("int", LEAST, GREATEST))
"""The types of Promela, with their least and greatest numbers."""


def _of_step(p: Property) -> bool:
    return isinstance(p, StepInvariant) or (isinstance(p, Reachability) and p.of_step)


def _why(p: Property) -> str:
    if p.kind == "liveness":
        return "its runs are fair to steps, and those of SPIN to processes"
    return "no assertion says that something stays possible"


def _scalars(sort: Sort) -> list[Sort]:
    if isinstance(sort, Array):
        return [*_scalars(sort.domain), *_scalars(sort.element)]
    return [sort.element] if isinstance(sort, SetOf) else [sort]


def _leaves(value: Any, path: tuple[int, ...] = ()) -> list[tuple[tuple[int, ...], Any]]:
    if not isinstance(value, tuple):
        return [(path, value)]
    return [found for n, inner_value in enumerate(value) for found in _leaves(inner_value, (*path, n))]
