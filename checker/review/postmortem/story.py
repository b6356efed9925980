"""Makes a scenario of a file of facts: its expressions become terms about a system."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planrace.checker.review.postmortem.file import ClaimEntry, EventEntry, FactEntry, IncidentFacts
from planrace.checker.run.expressions import Expressions
from planrace.checker.run.vocabulary import Vocabulary
from planrace.model.language import ModelError, Place, System, Term, Variant
from planrace.model.language.errors import near
from planrace.model.language.terms import TRUE
from planrace.properties.scenario import Claim, Event, Fact, Scenario, event, fact, never, role, scenario

_FOR_AUTHORS = True  # terms are built on behalf of the author of the file
NAME = "postmortem"
"""The name of the scenario in reports."""


class Story:
    """Reads the facts of a file as a scenario of ``system``, which is one of ``variant``."""

    def __init__(self, facts: IncidentFacts, system: System, variant: Variant) -> None:
        self._facts, self._system, self._variant = facts, system, variant
        protocol, chosen = variant.protocol, dict(system.options)
        self._options = {o.name: o.default for o in protocol.options.values()} | chosen
        faulty = protocol.bare_system(system.protections, protocol.faults, options=chosen)
        self._vocabulary = Vocabulary(system, {**faulty.actions, **system.actions})

    def scenario(self) -> Scenario:
        """The scenario, which is checked against the system. Raises ``ModelError`` with the line of the file."""
        file = self._facts.file
        roles = {name: self._role(name, sort) for name, sort in file.roles.items()}
        self._expressions = Expressions(self._vocabulary, roles)
        for name, text in file.let.items():
            self._expressions = self._expressions.knowing({name: self._let(name, text)})
        where = TRUE
        if file.where is not None:
            where = self._expressions.condition(file.where, "where", self._facts.place("", 0, "where"))
        entries = [("fact", n, f) for n, f in enumerate(file.fact)] + [
            ("claim", n, c) for n, c in enumerate(file.claim)
        ]
        parts: list[tuple[Place, Fact | Claim]] = []
        for table, n, entry in entries:
            if self._exists(entry, self._facts.place(table, n, "only")):
                parts.append((self._facts.place(table, n), self._part(n, entry)))
        return self._joined(tuple(roles.values()), parts, where)

    # Names ----------------------------------------------------------------------------------------------------
    def _role(self, name: str, sort: str) -> Term:
        place = self._facts.place("roles", 0, name)
        try:
            return role(name, self._vocabulary.sort(sort))
        except ModelError as problem:
            raise _placed(problem, place, f"role {name}: ") from None

    def _let(self, name: str, text: str) -> Any:
        place = self._facts.place("let", 0, name)
        if not name.isidentifier():
            raise ModelError(f"let: {name!r} is no name", where=place, remedy="write letters, digits and _")
        return self._expressions.value(text, f"let {name}", place)

    def _exists(self, entry: FactEntry | ClaimEntry, place: Place) -> bool:
        """Whether the options that a fact needs are chosen."""
        for option, word in entry.only.items():
            options = self._variant.protocol.options
            if option not in options:
                raise ModelError(
                    f"{entry.id}: no option is called {option!r}", where=place, remedy=near(option, options)
                )
            if word not in options[option].choices:
                remedy = near(word, options[option].choices)
                raise ModelError(f"{entry.id}: {option} cannot be {word!r}", where=place, remedy=remedy)
        return all(self._options[option] == word for option, word in entry.only.items())

    # Facts and claims -----------------------------------------------------------------------------------------
    def _part(self, n: int, entry: FactEntry | ClaimEntry) -> Fact | Claim:
        table = "fact" if isinstance(entry, FactEntry) else "claim"
        try:
            return self._fact(n, entry) if isinstance(entry, FactEntry) else self._claim(n, entry)
        except ModelError as problem:
            raise _placed(
                problem, problem.where if _in_file(problem, self._facts) else self._facts.place(table, n)
            ) from None

    def _fact(self, n: int, f: FactEntry) -> Fact:
        return fact(f.id, f.text, *self._events(n, f), optional=f.optional)

    def _events(self, n: int, f: FactEntry) -> Iterator[Event]:
        key = "step" if f.steps is None else "steps"
        place = self._facts.place("fact", n, key)
        entries = [e if isinstance(e, EventEntry) else EventEntry(e) for e in f.steps or [f.step or ""]]
        for k, e in enumerate(entries):
            what = f"{key} {k + 1} of fact {f.id}" if f.steps is not None else f"step of fact {f.id}"
            after, since = (*(f.after if k == 0 else ()), *e.after), (*(f.since if k == 0 else ()), *e.since)
            forbidden = f.without if k == 0 and f.without is not None else e.without
            without = (
                None if forbidden is None else self._expressions.condition(forbidden, f"without of fact {f.id}", place)
            )
            happens = self._expressions.condition(e.step, what, place)
            yield event(happens, after=tuple(after), since=tuple(since), without=without)

    def _claim(self, n: int, c: ClaimEntry) -> Claim:
        place = self._facts.place("claim", n, "never")
        happens = self._expressions.condition(c.never, f"never of claim {c.id}", place)
        tags = {t for a in self._vocabulary.actions.values() for t in a.tags}
        own = [n for n, a in self._system.actions.items() if a.fault is None]
        given = own if c.by is None else c.by
        for name in given:
            if name not in tags and name not in self._vocabulary.actions:
                there = [*sorted(tags), *self._vocabulary.actions]
                what = f"claim {c.id}: {name!r} is neither a tag nor an action"
                raise ModelError(what, where=self._facts.place("claim", n, "by"), remedy=near(name, there))
        made = never(c.id, c.text, happens, by=[g for g in given if g in tags], after=c.after)
        return Claim(
            made.name, made.meaning, happens, made.by, made.after, frozenset(g for g in given if g not in tags)
        )

    def _joined(self, roles: tuple[Term, ...], parts: list[tuple[Place, Fact | Claim]], where: Term) -> Scenario:
        """The scenario of all parts. An error is told with the line of the first part with which there is one."""
        place = self._facts.place()

        def made(some: list[tuple[Place, Fact | Claim]]) -> Scenario:
            found = scenario(NAME, self._facts.file.title, roles, *(p for _, p in some), where=where)
            checked = self._variant.protocol.with_statements(self._system, self._system.properties, [found])
            (scenario_,) = checked.scenarios
            return scenario_  # type: ignore[no-any-return]

        try:
            return made(parts)
        except ModelError as problem:
            for k, (line, _) in enumerate(parts):
                try:
                    made(parts[: k + 1])
                except ModelError as first:
                    raise _placed(first, line) from None
            raise _placed(problem, place) from None


def _in_file(problem: ModelError, facts: IncidentFacts) -> bool:
    return problem.where is not None and problem.where.file == facts.path


def _placed(problem: ModelError, place: Place | None, prefix: str = "") -> ModelError:
    """The same error at a line of the file; the name of the scenario, which the file does not have, is left out."""
    what = problem.what.removeprefix(f"scenario {NAME}: ")
    return ModelError(f"{prefix}{what}", where=place, remedy=problem.remedy)


def scenario_of(facts: IncidentFacts, system: System, variant: Variant) -> Scenario:
    """The scenario that a file tells about a system. Raises ``ModelError`` with the line of the file."""
    return Story(facts, system, variant).scenario()
