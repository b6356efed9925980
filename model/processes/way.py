"""One way through a step: from a point of a process to the next ``yield``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, NoReturn

from planrace.model.language.actions import Outcome, Says, Update, When, flat
from planrace.model.language.errors import DefinitionError, Place
from planrace.model.language.ledger import handed_on
from planrace.model.language.operators import Op
from planrace.model.language.terms import FALSE, TRUE, Term, make
from planrace.model.processes.control import Surroundings
from planrace.model.processes.source import ProcessText, short
from planrace.model.processes.statements import TICKS_HERE, At, Local, Some, Stay
from planrace.model.processes.store import Assignments, at_present, folded, rewritten

_FOR_AUTHORS = True  # errors name the line of the process


class ConditionKind(Enum):
    """Where a condition comes from: the step waits for it, or it decides between two ways."""

    WAITS = "when"
    DECIDES = "if"


@dataclass(frozen=True, eq=False)
class Condition:
    """A condition on the state before the step."""

    kind: ConditionKind
    term: Term


@dataclass(frozen=True, eq=False)
class StepEnd:
    """The end of a step at a ``yield``: how many conditions and lines it has, without what the process then does by
    itself."""

    conditions: int
    lines: int


@dataclass(frozen=True, eq=False)
class Way:
    """What was met so far, in terms of the state before the step. ``named`` are values that have a name until the step
    ends, ``held`` what placeholders in them stand for; ``choices`` are the branches and members that were chosen,
    ``parameters`` those members. ``at_line`` is where ``at`` stands."""

    conditions: tuple[Condition, ...] = ()
    store: Assignments = field(default_factory=Assignments)
    named: Mapping[tuple[Surroundings, str], Any] = field(default_factory=dict)
    held: Mapping[Term, Term] = field(default_factory=dict)
    choices: tuple[tuple[int, int], ...] = ()
    labels: tuple[str, ...] = ()
    parameters: tuple[Term, ...] = ()
    fault: str | None = None
    at: At | None = None
    stays: tuple[Stay, ...] = ()
    at_line: int = 0
    says: Says | None = None
    outcome: str | None = None
    ended: StepEnd = field(default_factory=lambda: StepEnd(0, 0))
    lines: tuple[int, ...] = ()
    visits: Mapping[tuple[Any, ...], int] = field(default_factory=dict)

    def at_end(self) -> Way:
        """The same way, at the end of its step."""
        return replace(self, ended=StepEnd(len(self.conditions), len(self.lines)))

    def names(self, scope: Surroundings) -> dict[str, Any]:
        """The names that an expression in ``scope`` may refer to, beside those from outside."""
        own = {name: value for (of, name), value in self.named.items() if of is scope}
        return {**scope.known, **scope.locals, **own}

    def current(self, thing: Any) -> Any:
        """What an author has written about this moment, in terms of the state before the step."""
        return rewritten(thing, lambda t: self.store.current(t, self.held))

    def current_target(self, target: Term) -> Term:
        """The element of a variable that is assigned, in terms of the state before the step."""
        return at_present(target, lambda t: self.store.current(t, self.held))

    def called(self, scope: Surroundings, name: str, value: Any) -> Way:
        """With a name for a value, which is in terms of the state before the step, and stays what it is."""
        held: dict[Term, Term] = {}

        def hold(term: Term) -> Term:
            hole = make(Op.BOUND, (), term.sort, (name, object()))
            held[hole] = term
            return hole

        kept = rewritten(value, lambda t: t if t.op is Op.CONST else hold(t))
        return replace(self, named={**self.named, (scope, name): kept}, held={**self.held, **held})

    def assigned(self, target: Term, value: object, where: Place, remedy: str | None = None) -> Way:
        """After an assignment."""
        return replace(self, store=self.store.write(target, value, where, remedy))

    def under(self, kind: ConditionKind, term: Term) -> Way | None:
        """Under a condition, which is in terms of the state before the step; None if it never holds."""
        term = folded(term)
        if term is FALSE:
            return None
        parts = term.args if term.op is Op.AND and kind is ConditionKind.WAITS else (term,)
        known = {c.term for c in self.conditions}
        if any(~t in known for t in parts):
            return None
        new = tuple(Condition(kind, t) for t in dict.fromkeys(parts) if t is not TRUE and t not in known)
        return replace(self, conditions=(*self.conditions, *new))

    def decided(self, term: Term) -> Iterator[tuple[bool, Way]]:
        """The two ways at a condition of a branch or a loop."""
        term = folded(term)
        for holds, condition in ((True, term), (False, folded(~term))):
            way = self.under(ConditionKind.DECIDES, condition)
            if way is not None:
                yield holds, way


class Parts:
    """Takes what statements say into a way."""

    def __init__(self, source: ProcessText, node: ast.AST) -> None:
        self._source, self._node = source, node

    def taken(self, way: Way, thing: Any) -> Way | None:
        """``way`` after a part of a step, or several at once; None if it is impossible."""
        handed_on(*flat([thing]))
        return self._one(way, way.current(thing))

    def _one(self, way: Way, part: Any) -> Way | None:
        match part:
            case list() | tuple():
                found: Way | None = way
                for x in part:
                    found = None if found is None else self._one(found, x)
                return found
            case When():
                return way.under(ConditionKind.WAITS, part.condition)
            case Update():
                return way.assigned(part.target, part.value, part.where or self._source.place(self._node), part.remedy)
            case Says():
                if way.says is not None:
                    self._refuse("says(…) appears twice in one step", "keep one, or end the step between them: yield")
                return replace(way, says=part)
            case At():
                if way.at is not None and way.at.name != part.name:
                    self._refuse(f"one step is called {way.at.name} and {part.name}", "keep one name")
                return self._one(replace(way, at=part, at_line=getattr(self._node, "lineno", 0)), part.stay)
            case Stay():
                way = replace(way, stays=(*way.stays, part))
                passed = TICKS_HERE
                return way if part.after is None else way.under(ConditionKind.WAITS, passed >= part.after)
            case Outcome():
                return self._outcome(way, part)
            case Local():
                self._refuse("a local variable is declared after the first statement", "declare it at the beginning")
            case Some():
                self._refuse("a chosen member has no name", "write p = some(Sort, lambda p: …)")
        return self._refuse(
            f"{short(self._node)} on a line of its own does nothing", "write when(…), update(…) or says(…)"
        )

    def _outcome(self, way: Way, part: Outcome) -> Way:
        if part.updates or part.condition is not TRUE or part.says is not None or part.name is None:
            remedy = 'branch with if …: … else: …, and name the way there: outcome("accepted")'
            self._refuse("outcome(…) takes a name alone in a process", remedy)
        if way.outcome is not None:
            self._refuse(f"one way has two outcomes, {way.outcome} and {part.name}", "keep one name")
        return replace(way, outcome=part.name)

    def _refuse(self, what: str, remedy: str) -> NoReturn:
        raise DefinitionError(
            f"process {self._source.name}: {what}", where=self._source.place(self._node), remedy=remedy
        )
