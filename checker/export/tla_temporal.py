"""What runs do, in TLA+: fairness as our engines mean it, and liveness.

Each instance of an action has its own fairness. A step that changes nothing counts as taken here, and never in TLA+.
For weak fairness of one instance that is the same: where it may only change nothing, TLA+ has it disabled. For strong
fairness, and for a choice between several instances, a run that comes again and again to a state where a step may
change nothing is fair here, so the formula says that, too, unless no step of the action can change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planrace.checker.engines.temporal.liveness import read_on
from planrace.checker.export.tla_names import title
from planrace.checker.export.tla_sight import TlaSight
from planrace.checker.export.tla_steps import TlaSteps
from planrace.checker.export.tla_terms import TlaTerms
from planrace.checker.export.tla_text import K, TlaText, binder, infix, junction
from planrace.model.language import Action, Instance, System
from planrace.properties.kinds import Liveness

LETTER = {"weak": "WF", "strong": "SF"}


@dataclass(frozen=True)
class Behaviour:
    """The runs that some properties are about: the names of the operators ``next`` and ``spec``, and the instance with
    the actions that may happen. ``own``: not the whole system."""

    next: str
    spec: str
    fairness: str
    instance: Instance
    own: bool


class TlaTemporal:
    """Writes fairness and liveness. ``behaviours`` are those of the properties, that of the whole system first."""

    def __init__(self, instance: Instance, steps: TlaSteps, properties: Sequence[Liveness]) -> None:
        self.terms: TlaTerms = steps.terms
        self.steps = steps
        self.whole = Behaviour("Next", "Spec", "Fairness", instance, own=False)
        self.behaviours = [self.whole]
        self.of: dict[str, Behaviour] = {p.name: self._behaviour(instance, p) for p in properties}

    def _behaviour(self, instance: Instance, p: Liveness) -> Behaviour:
        part = read_on(instance, p)
        names = part.system.actions.keys()
        found = next((b for b in self.behaviours if b.instance.system.actions.keys() == names), None)
        if found is None:
            excluded = [a for n, a in instance.system.actions.items() if n not in names]
            what = "WithoutFaults" if all(a.fault for a in excluded) else f"For{title(p.name)}"
            of = self.terms.names.of
            steps, spec, fair = (of("behaviour", f"{x} {what}", f"{x}{what}") for x in ("Next", "Spec", "Fairness"))
            found = Behaviour(steps, spec, fair, part, own=True)
            self.behaviours.append(found)
        return found

    def next(self, b: Behaviour) -> list[str]:
        """The definition of its steps."""
        some = [self.steps.some(a).text for a in b.instance.system.actions.values()]
        return [f"{b.next} ==", *(f"    \\/ {text}" for text in some or ["FALSE"])]

    def fairness(self, b: Behaviour) -> list[str]:
        """The definition of its fairness; none if it has no fair action."""
        system = b.instance.system
        parts = [self._fair(a) for a in system.actions.values() if a.fairness != "none"]
        for c in system.fairness:
            among = [system.actions[n] for n in system.actions if n in c.among(system.actions.values())]
            if among:
                some = junction(K.OR, [_enclosed(self.steps.some(a)) for a in among])
                parts.append(self._claim(LETTER[c.kind], some, any(map(self.steps.rests, among))))
        return [f"{b.fairness} ==", *(f"    /\\ {p.text}" for p in parts)] if parts else []

    def _fair(self, action: Action) -> TlaText:
        names, among, _ = self.steps.parameters(action, TlaSight())
        strong = action.fairness == "strong"
        rests = strong and self.steps.rests(action)
        claim = self._claim(LETTER[action.fairness], self.steps.call(action, names), rests)
        return binder(f"\\A {', '.join(among)} :", claim) if among else claim

    @staticmethod
    def _claim(letters: str, action: TlaText, rests: bool) -> TlaText:
        claim = TlaText(f"{letters}_vars({action.text})")
        if not rests:
            return claim
        idle = TlaText(f"[]<>(ENABLED ({action.within(K.AND)} /\\ UNCHANGED vars))")
        return TlaText(f"({claim.text} \\/ {idle.text})")

    def spec(self, b: Behaviour, *, fair: bool) -> str:
        return f"{b.spec} == Init /\\ [][{b.next}]_vars" + (f" /\\ {b.fairness}" if fair else "")

    def formula(self, p: Liveness) -> TlaText:
        """The property, for each member if it is of each."""
        sight, among = TlaSight(), []
        for variable in p.over:
            _, choice, sight = self.terms.opened(variable, sight)
            among.append(choice)
        goal = self.terms.write(p.goal, sight)
        match p.form:
            case "eventually":
                found = TlaText(f"<>{goal.within(K.ATOM)}")
            case "eventually always":
                found = TlaText(f"<>[]{goal.within(K.ATOM)}")
            case "infinitely often":
                found = TlaText(f"[]<>{goal.within(K.ATOM)}")
            case _:
                trigger = self.terms.write(p.trigger, sight)
                found = infix("~>", K.OPEN, TlaText(trigger.within(K.ATOM)), TlaText(goal.within(K.ATOM)))
        return binder(f"\\A {', '.join(among)} :", found) if among else found

    @staticmethod
    def excluded(b: Behaviour, system: System) -> list[str]:
        return [n for n in system.actions if n not in b.instance.system.actions]


def _enclosed(a: TlaText) -> TlaText:
    return TlaText(a.within(K.OR))
