"""Properties of states and of steps in Promela: assertions, which switches put into the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planrace.checker.export.names import PromelaNames, comment
from planrace.checker.export.promela_steps import indented, joined, judged
from planrace.checker.export.promela_terms import PromelaTerms, Sight
from planrace.checker.export.promela_variables import PromelaVariables
from planrace.model.language import Op
from planrace.properties.kinds import Checkable, Property, Reachability, StepInvariant


@dataclass(frozen=True)
class Judged:
    """A property that the model can check: with ``-D`` and ``switch``, SPIN prints ``violated:`` and the switch where
    it is. ``inverted``: that is a reachability property, which holds where the event happens."""

    property: Checkable
    switch: str
    inverted: bool


class PromelaJudges:
    """The properties of states and steps of a system."""

    def __init__(
        self, checkable: Sequence[Checkable], variables: PromelaVariables, terms: PromelaTerms, names: PromelaNames
    ) -> None:
        self.checkable = checkable
        self.variables = variables
        self.system = variables.system
        self.actions = list(variables.system.actions.values())
        self.terms = terms
        self.names = names
        self.judged: list[Judged] = []
        self.violation: dict[str, str] = {}
        self.of_steps = [p for p in checkable if of_step(p)]

    def macros(self) -> list[str]:
        """Macros for the properties, and what watches the steps."""
        lines: list[str] = []
        for p in self.checkable:
            self.terms.where = p.where
            name = self.names.of("property", p.name, f"property_{p.name}")
            inverted = isinstance(p, Reachability)
            term = p.event if isinstance(p, Reachability) else p.holds
            text = self.terms.write(term, Sight({}, before=of_step(p))).text
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
            kind = self.variables.kind(v).replace("bool", "byte")  # a bit cannot be hidden
            hidden.append(f"hidden {kind} {self.names.of('before', f'before_{v.name}')}{self.variables.size(v.sort)};")
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
            if of_step(j.property):
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

    def options(self) -> list[str]:
        lines = []
        for j in self.judged:
            if not of_step(j.property):
                test = judged(self.violation[j.property.name], j.switch)
                lines += [f"#ifdef {j.switch}", f":: d_step {{ {test} }}", "#endif"]
        return lines


def of_step(p: Property) -> bool:
    return isinstance(p, StepInvariant) or (isinstance(p, Reachability) and p.of_step)
