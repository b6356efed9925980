"""Liveness under fairness in Promela: a never claim for each property, which accepts the fair runs that violate it.

SPIN's own fairness (``-f``) is about processes, and fairness of ours is about steps: each instance of a fair action.
So the claims say it themselves. With the switch of a claim the state has ``last_step``, the number of the fair instance
that was taken last, and a run may rest for ever. A claim is a Büchi automaton. It guesses where a violation begins, and
from then on it goes round its stages, one for each fair instance: a stage ends where the instance is disabled (weak
fairness) or was just taken (Gerth, Peled, Vardi & Wolper, "Simple on-the-fly automatic verification of linear temporal
logic", PSTV 1995, section 3, on several acceptance conditions). For strong fairness it guesses which instances are
never enabled again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations

from planrace.checker.engines.temporal.liveness import OWED, read_on
from planrace.checker.export.names import PromelaNames, comment
from planrace.checker.export.promela_terms import PromelaTerms, Sight
from planrace.checker.export.promela_text import (
    EQUAL,
    FALSE,
    ORDER,
    TRUE,
    PromelaText,
    compared,
    conjunction,
    disjunction,
    minus,
    negated,
    number,
    plus,
    times,
)
from planrace.model.language import Action, Instance
from planrace.properties.kinds import Liveness
from planrace.properties.members import members

STAGES, GUESSED = 400, 4
"""The most stages of a claim, and the most strongly fair instances."""
LIVE, LAST = "LIVE", "last_step"


@dataclass(frozen=True)
class PromelaClaim:
    """A liveness property. Each of its ``switches`` puts a claim into the model, for one member or for all (``names``);
    SPIN finds an acceptance cycle where it is violated. ``stages`` is the largest number of stages of a claim."""

    property: Liveness
    switches: tuple[str, ...]
    names: tuple[str, ...]
    stages: int


@dataclass(frozen=True)
class _Argument:
    """A parameter of an action: its least number in SPIN, and how many numbers there are."""

    least: int
    size: int


@dataclass(frozen=True)
class _Condition:
    """An instance, or a choice of instances, to which runs are fair: where it is enabled, and where it was taken by the
    last step."""

    enabled: PromelaText
    taken: PromelaText
    strong: bool


class PromelaClaims:
    """The claims of an instance. ``choices`` are the choices of parameters of each action, as texts and numbers;
    ``chosen``: the first step of the model chooses an initial state."""

    def __init__(
        self,
        instance: Instance,
        terms: PromelaTerms,
        names: PromelaNames,
        choices: Mapping[str, Sequence[Sequence[tuple[str, int]]]],
        *,
        chosen: bool,
    ) -> None:
        self.instance = instance
        self.system = instance.system
        self.terms = terms
        self.names = names
        self.choices = choices
        self.chosen = chosen
        self.claims: list[PromelaClaim] = []
        self.left_out: list[tuple[Liveness, str]] = []
        self._texts: list[str] = []
        self._without: dict[str, list[str]] = {}
        live = [p for p in self.system.properties if isinstance(p, Liveness)]
        among = {n for c in self.system.fairness for n in c.among(self.system.actions.values())}
        self._first: dict[str, int] = {}
        self._arguments: dict[str, list[_Argument]] = {}
        following = 1
        for a in self.system.actions.values() if live else ():
            if (a.fairness != "none" or a.name in among) and self.choices[a.name]:
                self._first[a.name] = following
                columns = zip(*([given for _, given in choice] for choice in self.choices[a.name]), strict=True)
                self._arguments[a.name] = [_Argument(min(c), max(c) - min(c) + 1) for c in columns]
                following += self._size(a.name)
        for p in live:
            self._claim(p)

    # What the rest of the model says ---------------------------------------------------------------------------
    def took(self, action: Action, given: Sequence[PromelaText]) -> list[str]:
        """The statement at the end of a step."""
        if not self.claims:
            return []
        taken = self._number(action.name, given) if action.name in self._first else number(0)
        return [f"took({taken.text})"]

    def head(self) -> list[str]:
        """What claims need of a model, before its steps."""
        if not self.claims:
            return []
        switches = [s for c in self.claims for s in c.switches]
        lines = ["", "/* what liveness needs: the fair step that was taken last */"]
        lines += ["#if " + " || ".join(f"defined({s})" for s in switches)]
        lines += [f"#define {LIVE}", f"int {LAST} = 0;", f"#define took(n) {LAST} = n"]
        lines += ["#else", "#define took(n) skip", "#endif"]
        for action, those in self._without.items():
            lines += ["#if " + " || ".join(f"defined({s})" for s in those)]
            lines += [f"#define {self._lacking(action)}", "#endif"]
        return lines

    def options(self, action: str, lines: Sequence[str]) -> list[str]:
        """The options of an action in the loop; some claims are about runs without it."""
        return [f"#ifndef {self._lacking(action)}", *lines, "#endif"] if action in self._without else list(lines)

    def rest(self, said: str) -> list[str]:
        """The option that nothing happens."""
        if not self.claims:
            return []
        return [f"#ifdef {LIVE}", f":: d_step {{ true -> {said}; took(0) }}", "#endif"]

    def text(self) -> list[str]:
        """The claims, after the process. ``can_…`` says where an instance is enabled."""
        if not self.claims:
            return []
        lines = ["", f"#ifdef {LIVE}"]
        for name in self._first:
            action = self.system.actions[name]
            bound = {p: PromelaText(self.names.parameter(name, str(p))) for p in action.parameters}
            self.terms.where = action.where
            guard = self.terms.write(action.guard, Sight(bound)).text
            given = ", ".join(b.text for b in bound.values())
            lines.append(f"#define {self._can(name)}({given}) ({guard})")
        return [*lines, "#endif", *self._texts]

    # Fairness ----------------------------------------------------------------------------------------------------
    def _lacking(self, action: str) -> str:
        return f"WITHOUT_{self.names.of('action', action)}"

    def _can(self, action: str) -> str:
        return self.names.of("enabled", action, f"can_{action}")

    def _size(self, action: str) -> int:
        found = 1
        for a in self._arguments[action]:
            found *= a.size
        return found

    def _number(self, action: str, given: Sequence[PromelaText]) -> PromelaText:
        """The number of an instance, from its first one on, row after row."""
        found = number(0)
        for argument, text in zip(self._arguments[action], given, strict=True):
            found = plus(times(found, argument.size), minus(text, argument.least))
        return plus(found, number(self._first[action]))

    def _enabled(self, action: str) -> Iterator[tuple[PromelaText, PromelaText]]:
        """Where each instance of an action is enabled, and where it was taken last."""
        for choice in self.choices[action]:
            enabled = PromelaText(f"{self._can(action)}({', '.join(text for text, _ in choice)})")
            mine = self._number(action, [number(n) for _, n in choice])
            yield enabled, compared("==", EQUAL, PromelaText(LAST), mine)

    def _conditions(self, actions: Sequence[Action]) -> Iterator[_Condition]:
        """What runs without other actions are fair to."""
        for a in actions:
            if a.fairness != "none":
                yield from (_Condition(e, t, a.fairness == "strong") for e, t in self._enabled(a.name))
        for c in self.system.fairness:
            among = sorted(c.among(actions))
            if among:
                enabled = disjunction([e for name in among for e, _ in self._enabled(name)])
                yield _Condition(enabled, disjunction([self._within(name) for name in among]), c.kind == "strong")

    def _within(self, action: str) -> PromelaText:
        """That the last step was one of an action."""
        if action not in self._first:
            return FALSE
        least, last = number(self._first[action]), PromelaText(LAST)
        most = number(self._first[action] + self._size(action) - 1)
        return conjunction([compared("<=", ORDER, least, last), compared("<=", ORDER, last, most)])

    # Claims ------------------------------------------------------------------------------------------------------
    def _claim(self, p: Liveness) -> None:
        self.terms.where = p.where
        kept = read_on(self.instance, p).system.actions
        conditions = list(self._conditions(list(kept.values())))
        strong = sum(c.strong for c in conditions)
        if strong > GUESSED:
            why = f"it has {strong} strongly fair instances, and a claim guesses at most {GUESSED}"
            self.left_out.append((p, why))
            return
        if len(conditions) > STAGES:
            self.left_out.append((p, f"it has {len(conditions)} fair instances, and a claim at most {STAGES}"))
            return
        switches = []
        single = members(self.instance, p) or (p,)
        for q in single:
            switch = f"CHECK_{self.names.of('property', q.name, f'property_{q.name}')}"
            switches.append(switch)
            self._texts += self._automaton(q, switch, conditions)
        for name in self.system.actions:
            if name not in kept:
                self._without.setdefault(name, []).extend(switches)
        self.claims.append(PromelaClaim(p, tuple(switches), tuple(q.name for q in single), len(conditions) + 1))

    def _automaton(self, p: Liveness, switch: str, conditions: Sequence[_Condition]) -> list[str]:
        goal, trigger = (self.terms.write(t, Sight({})) for t in (p.goal, p.trigger))
        missed = negated(goal)
        always = TRUE if p.form == "eventually always" else missed
        again = [missed] if p.form == "eventually always" else []
        strong = [c for c in conditions if c.strong]
        subsets = list(chain.from_iterable(combinations(strong, k) for k in range(len(strong) + 1)))
        lines = ["", f"#ifdef {switch}", f"never {{\t/* fair runs that violate {comment(p.name)} */"]
        if self.chosen:
            lines.append("\ttrue;\t/* the choice of an initial state */")
        jumps = []
        for n, lost in enumerate(subsets):
            inside = conjunction([always, *(negated(c.enabled) for c in lost)])
            jumps.append(f":: {inside.text} -> goto stage_{n}_1")
        lines += self._waiting(p, missed, trigger, jumps)
        for n, lost in enumerate(subsets):
            inside = conjunction([always, *(negated(c.enabled) for c in lost)])
            ends = again + [
                c.taken if c.strong else disjunction([negated(c.enabled), c.taken]) for c in conditions if c not in lost
            ]
            lines += self._stages(n, inside, ends or [TRUE])
        return [*lines, "}", "#endif"]

    @staticmethod
    def _waiting(p: Liveness, missed: PromelaText, trigger: PromelaText, jumps: Sequence[str]) -> list[str]:
        """What comes before the stages: anything, then perhaps a goal that is owed, and missed from there on."""
        lines = []
        if p.form == "leads to":
            owes = conjunction([trigger, missed]).text
            lines += ["waits:", "\tif", "\t:: true -> goto waits", f"\t:: {owes} -> goto owed", "\tfi;"]
        before = missed if p.form in OWED else TRUE
        lines += ["owed:", "\tif", f"\t:: {before.text} -> goto owed", *(f"\t{j}" for j in jumps), "\tfi;"]
        return lines

    @staticmethod
    def _stages(n: int, inside: PromelaText, ends: Sequence[PromelaText]) -> list[str]:
        """The stages for one guess. The run is accepted if it comes to the end of the last one again and again."""
        lines = []
        for k, end in enumerate(ends, 1):
            there = f"stage_{n}_{k + 1}" if k < len(ends) else f"accept_{n}"
            lines += [
                f"stage_{n}_{k}:",
                "\tif",
                f"\t:: {conjunction([inside, end]).text} -> goto {there}",
                f"\t:: {conjunction([inside, negated(end)]).text} -> goto stage_{n}_{k}",
                "\tfi;",
            ]
        return [*lines, f"accept_{n}:", "\tif", f"\t:: {inside.text} -> goto stage_{n}_1", "\tfi;"]
