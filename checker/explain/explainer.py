"""The explainer: everything that reports say about one run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from planrace.checker.engines.answer import shows, sought
from planrace.checker.engines.limits import timed
from planrace.checker.explain.beliefs import beliefs
from planrace.checker.explain.causes import EndCondition, Performed, causes
from planrace.checker.explain.dependencies import StatePlace, place_text, places_read, step_reads, touched
from planrace.checker.explain.happens_before import reduced
from planrace.checker.explain.least_delay import Seek, least_delay
from planrace.checker.explain.recovery import Recovery
from planrace.checker.explain.side_by_side import repeated_in
from planrace.checker.explain.states import enabled_steps, neighbourhood, truths
from planrace.checker.results.explanation import Causes, Delay, Insight
from planrace.checker.results.guard import Guard
from planrace.checker.results.trace import Trace
from planrace.checker.semantics.describe import performer
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Index, Instance
from planrace.properties.kinds import Invariant, Property, Recoverability, StepInvariant

LONG = 400
"""Traces with more steps get only the cheap parts of an explanation."""


@dataclass(frozen=True)
class ExplanationOptions:
    """The requested parts of an explanation. ``full``: all except the following. ``depth``: the greatest distance of
    neighbouring states. ``other``: the variant in which the steps are repeated. ``seek``: the search for the least
    delay."""

    full: bool = False
    depth: int | None = None
    other: Instance | None = None
    seek: Seek | None = None


class Explainer:
    """Explains runs of one instance. Parts that fail are left out and noted in ``guard``."""

    def __init__(self, instance: Instance, wanted: ExplanationOptions, guard: Guard | None = None) -> None:
        self.instance = instance
        self.guard = guard or Guard()
        self.wanted = wanted
        self.properties: tuple[Property, ...] = instance.system.properties
        self._recovery: dict[str, Recovery] = {}
        self._performed: Performed = {}

    def trace(self, recording: Recording, subject: str) -> Trace | None:
        """The run as reports show it; without the author's descriptions if these fail."""
        found = self.guard.attempt(subject, "words of its steps", recording.trace, None, brief=True)
        return found or self.guard.attempt(subject, "steps", lambda: recording.trace(plain=True), None, brief=True)

    def insight(self, recording: Recording, p: Property | None, subject: str = "the run") -> Insight:
        """The explanation of a run, which violates ``p`` if given; without ``p``, ``subject`` names the run."""
        attempt = partial(self.guard.attempt, subject if p is None else p.name)
        why = attempt("causes", lambda: self.causes(recording, p), None)
        if why is not None:
            why = replace(why, delay=attempt("delays", partial(self._delay, recording, p, why), None))
        if not self.wanted.full:
            return Insight(causes=why)
        if why is not None:
            why = replace(why, edges=attempt("happens-before edges", lambda: reduced(recording), ()))
        found = Insight(
            truths=tuple(
                t for q in self.properties for t in attempt("truth values", partial(truths, recording, [q]), ())
            ),
            touched=attempt("places read and written", lambda: self._touched(recording), ()),
            causes=why,
        )
        other, depth = self.wanted.other, self.wanted.depth
        if other is not None:
            other_variant = attempt(
                "steps in the other variant", lambda: repeated_in(recording, other, self.properties), None
            )
            found = replace(found, beside=other_variant)
        if depth is not None:
            near = attempt("neighbouring states", lambda: neighbourhood(recording, self.properties, depth), None)
            found = replace(found, neighbourhood=near)
        if len(recording.moves) > LONG:
            return found
        found = replace(
            found,
            offers=attempt("enabled steps", lambda: enabled_steps(recording), ()),
            beliefs=attempt("beliefs", lambda: beliefs(recording, list(map(performer, recording.moves))), ()),
        )
        goal = next((q for q in self.properties if isinstance(q, Recoverability)), None)
        if goal is None:
            return found
        last = attempt("recoverable states", lambda: self._recoveries(goal).last(recording), None)
        return replace(found, recoverable=last, goal=goal.meaning)

    def causes(self, recording: Recording, p: Property | None) -> Causes | None:
        """Why the run violates ``p``; None if the question makes no sense."""
        question = None if p is None or not recording.moves else self.question(p)
        if question is None or not question.breaks(recording):
            return None
        shared = self._performed if recording.interpreter.instance is self.instance else None
        return causes(recording, question, shared)

    def question(self, p: Property) -> EndCondition | None:
        """The condition on the end of a run that a property imposes; None if it depends on more than the end."""
        if isinstance(p, Invariant):
            broken = sought(p)
            return EndCondition(
                p.name,
                lambda r: r.interpreter.holds(broken, r.states[-1]),
                lambda r: places_read(r.interpreter, p.holds, r.states[-1]),
            )
        if isinstance(p, StepInvariant):
            return EndCondition(p.name, lambda r: shows(p, r), lambda r: step_reads(r, p.holds), of_step=True)
        if isinstance(p, Recoverability):
            lost = self._recoveries(p).lost
            return EndCondition(p.name, lost, lambda r: places_read(r.interpreter, p.goal, r.states[-1]))
        return None

    def _recoveries(self, p: Recoverability) -> Recovery:
        return self._recovery.setdefault(p.name, Recovery(self.instance, p))

    def _delay(self, recording: Recording, p: Property | None, why: Causes) -> Delay | None:
        if self.wanted.seek is None or not isinstance(p, Invariant | StepInvariant):
            return None
        actors = (recording.moves[n - 1].action.actor for n in why.chain[:1] or why.needed)
        sort = next((a.sort for a in actors if a is not None and isinstance(a.sort, Index)), None)
        return None if sort is None else least_delay(self.instance, p, sort, self.wanted.seek)

    def _touched(self, recording: Recording) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        def texts(places: frozenset[StatePlace]) -> tuple[str, ...]:
            return tuple(sorted(place_text(self.instance, p) for p in places))

        found = (touched(recording.interpreter, s, m) for s, m in zip(recording.states, recording.moves, strict=False))
        return tuple((texts(t.reads), texts(t.writes)) for t in timed(found, 1))
