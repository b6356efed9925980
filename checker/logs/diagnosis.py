"""Where logs leave the model: which events nothing explains, why, and which change of the log would help."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from planrace.checker.drive.model_steps import called
from planrace.checker.drive.observing import Observer
from planrace.checker.logs.choices import Node
from planrace.checker.logs.events import LogEvent, Observation, StepPattern, agrees, pattern_text
from planrace.checker.logs.explain_event import EventSteps
from planrace.checker.logs.frontier import Frontiers
from planrace.checker.logs.order import EventOrder, NextEvent, Positions
from planrace.checker.logs.states import Situation, Taken, moved
from planrace.checker.results.conformance import BlockedEvent, Repair
from planrace.checker.results.guard import TimeUpError
from planrace.checker.semantics.describe import in_words
from planrace.checker.semantics.interpreter import Context, RangeError, State
from planrace.model.language import Action, Op, Term
from planrace.model.language.terms import subterms

HYPOTHESES = 20
"""States of the last layer for which reasons are given."""
LONG = 200
"""Characters of a value that a sentence shows."""
FURTHER = 40
"""Events that a repair is followed over."""
WIDTH = 500
"""Nodes of a layer after which a repair is not followed further."""


class DivergenceDiagnosis:
    """Of the last layer, ``nodes``, after which nothing explains what comes next."""

    def __init__(self, order: EventOrder, steps: EventSteps, nodes: Sequence[Node]) -> None:
        self._order = order
        self._steps = steps
        self._nodes = nodes
        self._instance = steps.states.instance
        self._interpreter = steps.states.interpreter
        self._logged = {p.action for events in order.events for e in events for p in e.patterns}
        self._observer = Observer(self._instance, "the record")

    # Why -----------------------------------------------------------------------------------------------------------
    def blocked(self) -> tuple[BlockedEvent, ...]:
        """The events that may come next, each with a reason for each step that it may be; equal ones once."""
        found: dict[tuple[str, str, str], BlockedEvent] = {}
        for positions, situation in self._nodes[:HYPOTHESES]:
            for event in (f.event for f in self._certain(positions)):
                for pattern in event.patterns:
                    what = pattern_text(self._steps.states.actions[pattern.action], pattern)
                    why = self._why(situation, event, pattern)
                    key = str(event.line), what, why
                    if key not in found:
                        found[key] = BlockedEvent(event.line, what, why, tuple(self._enabled(situation)))
        return tuple(found.values())

    def _certain(self, positions: Positions) -> Iterator[NextEvent]:
        """The events that may come next and have happened for certain."""
        return (f for f in self._order.next(positions) if not f.event.optional)

    def _why(self, situation: Situation, event: LogEvent, pattern: StepPattern) -> str:
        """The end of a sentence that begins with "it"."""
        state = self._steps.states.state(situation)
        differs = self._differs(event.before, state)
        if differs:
            return f"says that before the step {differs}"
        moves = list(self._steps.moves(situation, pattern))
        if not moves:
            return f"is not enabled{self._false_part(state, pattern)}"
        right = [taken for taken in moves if pattern.outcome in (None, taken.outcome)]
        if not right:
            return f"ends as {moves[0].outcome} in the model"
        after = right[0].number, moved(situation[1], right[0].moved)
        differs = self._differs(event.after, self._steps.states.state(after))
        return f"says that after the step {differs}" if differs else "comes too early"

    def _differs(self, observation: Observation, state: State) -> str:
        if agrees(observation, state):
            return ""
        found = self._observer.mismatches(observation, state)
        return " and ".join(
            f"{brief(m.place)} is {brief(m.observed)} (in the model {brief(m.expected)})" for m in found
        )

    def _false_part(self, state: State, pattern: StepPattern) -> str:
        """What of the guard is false, if all parameters are known."""
        if None in pattern.values:
            return " with any parameters that the line leaves open"
        action = self._steps.states.actions[pattern.action]
        bound: dict[Term, int] = dict(zip(action.parameters, pattern.values, strict=True))  # type: ignore[arg-type]
        for part in _conjuncts(action.guard):
            if not self._interpreter.holds(part, state, bound=bound):
                values = ", ".join(self._values(part, state, bound))
                return f": {part} is false" + (f" ({values})" if values else "")
        return ""

    def _values(self, part: Term, state: State, bound: dict[Term, int]) -> Iterator[str]:
        """The values of the variables and elements that a part of the guard reads."""
        seen: set[str] = set()
        for t in subterms(part):
            if t.op is not Op.VARIABLE and t.op is not Op.SELECT and t not in bound:
                continue
            if str(t) in seen:
                continue
            try:
                value = self._interpreter.evaluate(t, Context(bound, state))
            except (KeyError, RangeError):
                continue  # it hangs on a member of a quantifier, or stands in a branch that is not taken
            if isinstance(value, tuple):
                continue
            seen.add(str(t))
            yield f"{t} = {in_words(t.sort, value)}"

    def _enabled(self, situation: Situation) -> Iterator[str]:
        """The steps that lines could tell and that the model allows, at most three."""
        for taken in islice((t for t in self._moves(situation) if t.pick[0] in self._logged), 3):
            yield self._text(situation, taken)

    def _moves(self, situation: Situation) -> Iterator[Taken]:
        """Every enabled step."""
        return (t for action in self._steps.states.actions for t in self._steps.states.moves(situation[0], action))

    def _text(self, situation: Situation, taken: Taken) -> str:
        return called(self._instance, self._steps.states.told(situation, taken.pick))

    # What would help -----------------------------------------------------------------------------------------------
    def repairs(self) -> tuple[Repair, ...]:
        """Single changes of the log at this place with which it goes on, the best first. If time is up, or the user
        interrupts, those that were found by then: that the logs diverge is known."""
        found: dict[str, Repair] = {}
        with suppress(TimeUpError, KeyboardInterrupt):
            for text, order, nodes in self._changes():
                went = Frontiers(order, self._steps, WIDTH).search(nodes, FURTHER)
                gained = went.count - order.certain(nodes[0][0])
                if gained > 0 and (text not in found or found[text].further < gained):
                    found[text] = Repair(text, gained, went.count == order.total)
        return tuple(sorted(found.values(), key=lambda r: (-r.further, r.text))[:5])

    def _changes(self) -> Iterator[tuple[str, EventOrder, list[Node]]]:
        """Changed orders, each with the nodes to go on from."""
        nodes = list(self._nodes[:HYPOTHESES])
        fronts: dict[tuple[int, int], list[Node]] = {}
        for node in nodes:
            for f in self._certain(node[0]):
                fronts.setdefault((f.stream, f.at), []).append(node)
        for (stream, at), here in sorted(fronts.items()):
            event = self._order.events[stream][at]
            if event.line not in self._order.doubtful:  # without it the clock goes forward, and orders more
                yield f"leave out {event.line}", self._order.replaced(stream, at, ()), here
            for what, freed in self._freed(event):
                yield f"{what} at {event.line}", self._order.replaced(stream, at, (freed,)), here
            following = self._order.events[stream][at + 1 : at + 2]
            if following:
                text = f"swap {event.line} and {following[0].line}"
                yield text, self._order.swapped(stream, at), here
        inserted: dict[str, list[Node]] = {}
        for positions, situation in nodes:
            for taken in self._moves(situation):
                after = taken.number, moved(situation[1], taken.moved)
                inserted.setdefault(self._text(situation, taken), []).append((positions, after))
        for step, there in inserted.items():
            yield f"add a line that says {step}", self._order, there

    def _freed(self, event: LogEvent) -> Iterator[tuple[str, LogEvent]]:
        """The event with one statement of its line taken back."""
        if event.before or event.after:
            yield "leave the values open", replace(event, before=(), after=())
        for pattern in event.patterns:
            if pattern.outcome is not None:
                yield "another outcome", replace(event, patterns=(replace(pattern, outcome=None),))
            names = _parameter_names(self._steps.states.actions[pattern.action])
            for n, name in enumerate(names):
                if pattern.values[n] is not None:
                    values = (*pattern.values[:n], None, *pattern.values[n + 1 :])
                    yield f"another {name}", replace(event, patterns=(replace(pattern, values=values),))


def brief(text: str) -> str:
    """A value of a log in a sentence: a line may have numbers of any length."""
    return text if len(text) <= LONG else f"{text[: LONG - 3]}…"


def _conjuncts(term: Term) -> Iterable[Term]:
    if term.op is Op.AND:
        return (part for a in term.args for part in _conjuncts(a))
    return (term,)


def _parameter_names(action: Action) -> list[str]:
    return [f"{p.sort.name} ({p})" if hasattr(p.sort, "name") else str(p) for p in action.parameters]
