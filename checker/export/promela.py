"""A finite instance → a model in Promela, for SPIN.

The model has one process with one loop, and in it one ``d_step`` for each action and choice of its parameters. The
place in the loop never changes, so a state of SPIN is a state of the protocol. If there are several initial states, the
process first chooses one.

Invariants and properties of steps are assertions that ``-DCHECK_name`` switches on, so that a run without them counts
the protocol alone. Properties of steps are watched by variables that are ``hidden``: they are no part of the state.
Liveness is a claim (``promela_claims``), one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from planrace.checker.export.names import PromelaNames, comment
from planrace.checker.export.promela_claims import PromelaClaim, PromelaClaims
from planrace.checker.export.promela_judges import Judged, PromelaJudges
from planrace.checker.export.promela_steps import PromelaSteps, indented, said, said_step
from planrace.checker.export.promela_terms import TOP, PromelaTerms
from planrace.checker.export.promela_text import PromelaText
from planrace.checker.export.promela_variables import RESTS, PromelaVariables
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import Pick
from planrace.model.language import Action, Array, Instance, SetOf, Term
from planrace.model.language.sorts import Enum, Sort
from planrace.model.language.subset_numbers import subset_of
from planrace.model.language.terms import subterms
from planrace.properties.kinds import Checkable, Property, Recoverability

INITIAL = 1000
"""The largest number of initial states that are written down."""
STEPS = 20_000
"""The largest number of actions with their parameters."""
WIDTH = 118


@dataclass(frozen=True)
class PromelaModel:
    """A model for SPIN. ``left_out`` are properties that it does not check and why, ``initial`` is the number of steps
    that choose an initial state (0: there is one, and it is where SPIN begins), ``bytes`` bounds the size of a
    state. ``said`` are the steps by what a simulation prints of them."""

    text: str
    judged: tuple[Judged, ...]
    claims: tuple[PromelaClaim, ...]
    left_out: tuple[tuple[Property, str], ...]
    initial: int
    bytes: int
    said: Mapping[str, Pick]

    @property
    def asked(self) -> tuple[Property, ...]:
        """The properties that it checks."""
        return (*(j.property for j in self.judged), *(c.property for c in self.claims))

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
        self.said: dict[str, Pick] = {}
        self._name_everything()
        self.actions = list(self.system.actions.values())
        self.checkable = [p for p in self.system.properties if isinstance(p, Checkable)]
        starts = Interpreter(instance).initials()
        if len(starts) > INITIAL:
            what = f"there are {len(starts):,} initial states, at most {INITIAL:,} are written"
            raise self.terms.refuse(what, "choose smaller sizes")
        self.variables = PromelaVariables(instance, self.terms, self.names, starts)
        self.judges = PromelaJudges(self.checkable, self.variables, self.terms, self.names)
        given = {a.name: self._arguments(a) for a in self.actions}
        self.claims = PromelaClaims(instance, self.terms, self.names, given, chosen=self.variables.chosen)
        self.steps = PromelaSteps(self.terms, self.claims.took, watched=bool(self.judges.of_steps))

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
        actions = [line for a in self.actions for line in ("", *self._action(a))]
        loop = [*self._loop(), *self.claims.rest(f"say({said(RESTS)})")]
        macros = self.judges.macros()
        claims = self.claims.text()
        begins = self.variables.beginning() if self.variables.chosen else []
        process = [
            f"active proctype {self.names.of('process', self.system.name, 'protocol')}() {{",
            *indented(begins),
            "end:\t/* the protocol may come to rest here */",
            *(line if line.startswith("#") else f"\t{line}" for line in ["do", *loop, *self.judges.options(), "od"]),
            "}",
        ]
        head = [*self._head(), "", *self._constants(), *SAYING, *self.claims.head(), "", *self._variables()]
        text = "\n".join([*head, *macros, *actions, "", *process, *claims, ""])
        return PromelaModel(
            text,
            tuple(self.judges.judged),
            tuple(self.claims.claims),
            tuple(self._left_out()),
            len(self.variables.starts) if begins else 0,
            self.variables.bytes(),
            self.said,
        )

    def _left_out(self) -> Iterator[tuple[Property, str]]:
        """What SPIN is not asked, and why."""
        yield from self.claims.left_out
        for p in self.system.properties:
            if isinstance(p, Recoverability):
                yield p, "no run shows that something stays possible, and SPIN judges runs"

    # Parts of the file -----------------------------------------------------------------------------------------
    def _head(self) -> list[str]:
        lines = [comment(self.system.name), "", f"Written by: {comment(self.command)}", ""]
        lines += [
            "    spin -a -o1 -o2 -o3 FILE",
            "    gcc -O2 -DSAFETY -DNOREDUCE -o pan pan.c",
            "    ./pan -E -m1000000",
            "    spin -t -p FILE > run.txt    (the run that was found, for check import)",
            "",
        ]
        lines += ["-o1 -o2 -o3: variables that are only written belong to the state, too, and each step is a step."]
        if self.judges.judged:
            lines += ["With one of these after spin -a and spin -t, the run checks a property:"]
            lines += [f"    -D{j.switch}" for j in self.judges.judged]
        if self.claims.claims:
            lines += ["With one of these, gcc without -DSAFETY, and pan -a, it is liveness under fairness:"]
            lines += [f"    -D{switch}" for c in self.claims.claims for switch in c.switches]
        lines += [f"Not checked here: {comment(p.name)} ({p.kind}): {comment(why)}" for p, why in self._left_out()]
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
        asked = [*self.checkable, *(c.property for c in self.claims.claims)]
        return terms + [t for p in asked for t in p.terms]

    def _variables(self) -> list[str]:
        lines = []
        of = self.variables
        for n, v in enumerate(self.system.variables):
            told = f"  /* {comment(v.meaning)} */" if v.meaning else ""
            initial = "" if of.chosen else of.initial(v, of.starts[0][n])
            lines.append(f"{of.kind(v)} {self.names.of('variable', v.name)}{of.size(v.sort)}{initial};{told}")
        lines += [f"hidden int saved_{n + 1};" for n in range(self.steps.saved)]
        return lines

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

    def _arguments(self, action: Action) -> list[list[tuple[str, int]]]:
        """The choices of an action's parameters, as texts and numbers. Raises ``ModelError`` if there are too many."""
        found = []
        for choice in self.instance.choices(action):
            given = [self._argument(p, value) for p, value in zip(action.parameters, choice, strict=True)]
            found.append(given)
            self.said[said_step(self.names.of("action", action.name), [n for _, n in given])] = action.name, choice
            if len(self.said) > STEPS:
                what = f"there are more than {STEPS:,} actions with their parameters"
                raise self.terms.refuse(what, "choose smaller sizes")
        return found

    def _loop(self) -> list[str]:
        lines: list[str] = []
        for a in self.actions:
            name = self.names.of("action", a.name)
            calls = [f":: {name}({', '.join(text for text, _ in given)})" for given in self.claims.choices[a.name]]
            lines += self.claims.options(a.name, calls) if calls else []
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


SAYING = (
    "",
    "/* what a simulation says of its steps (spin -t) */",
    "#ifdef QUIET",
    "#define say(...) skip",
    "#else",
    "#define say(...) printf(__VA_ARGS__)",
    "#endif",
)


def _scalars(sort: Sort) -> list[Sort]:
    if isinstance(sort, Array):
        return [*_scalars(sort.domain), *_scalars(sort.element)]
    return [sort.element] if isinstance(sort, SetOf) else [sort]
