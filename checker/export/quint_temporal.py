"""Steps, fairness and temporal properties in Quint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planrace.checker.engines.temporal.liveness import read_on
from planrace.checker.export.quint_names import remark
from planrace.checker.export.quint_terms import QuintSight, QuintTerms
from planrace.checker.export.quint_text import QuintText, call, function, laid_out
from planrace.model.language import Action, SetOf
from planrace.properties.kinds import Liveness


class QuintTemporal:
    """Writes temporal properties. Those that are asked of the same actions share their ``step`` and their fairness."""

    def __init__(self, terms: QuintTerms) -> None:
        self.terms = terms
        self.names = terms.names
        self.system = terms.instance.system
        self._fair: dict[tuple[str, ...], tuple[str, str]] = {}

    def step(self, name: str, actions: Sequence[Action]) -> list[str]:
        """The action that is any of these."""
        parts = [self._any_of(a) for a in actions] or ["false"]
        return [f"  action {name} = any {{", *(line for p in parts for line in laid_out(p, 2, ",")), "  }"]

    def _any_of(self, action: Action) -> str:
        """The action with any values of its parameters."""
        given: list[str] = []
        chosen: list[str] = []
        for p in action.parameters:
            name = self.names.local(str(p), frozenset(given))
            given.append(name)
            chosen.append(f"nondet {name} = oneOf({self._values(p.sort).text})")
        called = self.names.of("action", action.name)
        return f"{{ {' '.join(chosen)} {called}({', '.join(given)}) }}" if given else called

    def _values(self, sort: object) -> QuintText:
        if isinstance(sort, SetOf):
            return call(self.terms.members(sort.element), "powerset")
        return self.terms.members(sort)  # type: ignore[arg-type]

    def property(self, p: Liveness) -> list[str]:
        """The definition of a property, and what it needs before it."""
        actions = list(read_on(self.terms.instance, p).system.actions.values())
        key = tuple(a.name for a in actions)
        lines: list[str] = []
        if key not in self._fair:
            lines += self._fairness(p, actions, key)
        step, fairness = self._fair[key]
        formula = self._formula(p, QuintSight())
        name = self.names.of("property", p.name, f"{p.name}_holds")
        lines += [f"  /// {remark(p.meaning)} (liveness {remark(p.name)})"]
        lines += [f"  /// It is asked of the steps {step}: quint verify --step={step}"] if step != "step" else []
        lines += laid_out(f"temporal {name} = {fairness} implies {formula.within(4)}", 1)
        return lines

    def _formula(self, p: Liveness, sight: QuintSight) -> QuintText:
        if p.over:
            member, *others = p.over
            inside, name = self.terms.inside(member, sight)
            inner = self._formula(replace(p, over=tuple(others)), inside)
            return call(self.terms.members(member.sort), "forall", function([name], inner))  # type: ignore[arg-type]
        goal, trigger = (self.terms.write(t, sight) for t in (p.goal, p.trigger))
        match p.form:
            case "eventually":
                return QuintText(f"eventually({goal.text})")
            case "eventually always":
                return QuintText(f"eventually(always({goal.text}))")
            case "infinitely often":
                return QuintText(f"always(eventually({goal.text}))")
            case _:
                return QuintText(f"always({trigger.within(4)} implies eventually({goal.text}))")

    def _fairness(self, p: Liveness, actions: Sequence[Action], key: tuple[str, ...]) -> list[str]:
        whole = key == tuple(self.system.actions)
        suffix = "" if whole else f"_for_{p.name}"
        step = "step" if whole else self.names.of("steps", f"step{suffix}")
        fairness = "fairness" if whole else self.names.of("fairness", f"fairness{suffix}")
        self._fair[key] = step, fairness
        lines = [] if whole else [*self.step(step, actions), ""]
        parts = [self._fair_action(a) for a in actions if a.fairness != "none"]
        for n, choice in enumerate(self.system.fairness, 1):
            among = [a for a in actions if a.name in choice.among(actions)]
            if among:
                name = self.names.of("choice", f"choice{suffix}_{n}")
                lines += [*self.step(name, among), ""]
                parts.append(self._fair_call(QuintText(name), choice.kind))
        variables = [self.terms.variable(v.name, QuintSight()).text for v in self.system.variables]
        vector = f"({', '.join(variables)})" if len(variables) > 1 else variables[0]
        if len(self._fair) == 1:
            lines += [*laid_out(f"val variables = {vector}", 1), ""]
        lines.append(f"  temporal {fairness} = and {{")
        lines += [line for part in parts for line in laid_out(part.text, 2, ",")]
        return [*lines, "  }", ""] if parts else [*lines[:-1], f"  temporal {fairness} = true", ""]

    def _fair_action(self, action: Action) -> QuintText:
        """Fairness of each instance of an action."""
        names: list[str] = []
        for p in action.parameters:
            names.append(self.names.local(str(p), frozenset(names)))
        called = self.names.of("action", action.name)
        found = self._fair_call(QuintText(f"{called}({', '.join(names)})" if names else called), action.fairness)
        for name, p in reversed(list(zip(names, action.parameters, strict=True))):
            found = call(self._values(p.sort), "forall", function([name], found))
        return found

    @staticmethod
    def _fair_call(action: QuintText, kind: str) -> QuintText:
        return call(action, "strongFair" if kind == "strong" else "weakFair", "variables")
