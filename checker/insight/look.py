"""Looking at one run: everything that reports can say of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from model.language import Index, Instance
from properties.kinds import Invariant, Property, Recoverability, StepInvariant

from ..annotations import Causes, Delay, Insight
from ..answers import shows
from ..limits import timed
from ..replay import Recording, performer
from .beliefs import beliefs
from .beside import beside
from .causes import Question, causes
from .delay import Seek, least_delay
from .happens import reduced
from .reads import Place, place_text, places_read, step_reads, touched
from .recovery import Recovery
from .states import neighbourhood, offers, truths

LONG = 400
"""Steps of a trace from which on only what costs little is said of it."""


@dataclass(frozen=True)
class Wanted:
    """What of it is wanted. ``full``: all but the following; ``depth``: how far to walk away from the run; ``other``:
    the variant to lay beside it; ``seek``: searches for the least delay."""

    full: bool = False
    depth: int | None = None
    other: Instance | None = None
    seek: Seek | None = None


class Lens:
    """Looks at runs of one instance."""

    def __init__(self, instance: Instance, wanted: Wanted) -> None:
        self.instance = instance
        self.wanted = wanted
        self.properties: tuple[Property, ...] = instance.system.properties
        self._recovery: dict[str, Recovery] = {}

    def insight(self, recording: Recording, p: Property | None) -> Insight:
        """What there is to say of a run, which breaks ``p`` if there is one."""
        why = self.causes(recording, p)
        if why is not None:
            why = replace(why, delay=self._delay(recording, p, why))
        if not self.wanted.full:
            return Insight(causes=why)
        short = len(recording.moves) <= LONG
        found = Insight(
            offers=offers(recording) if short else (),
            truths=truths(recording, self.properties),
            beliefs=beliefs(recording, [performer(m) for m in recording.moves]) if short else (),
            touched=self._touched(recording),
            causes=why and replace(why, edges=reduced(recording)),
            beside=None if self.wanted.other is None else beside(recording, self.wanted.other, self.properties),
        )
        if self.wanted.depth is not None:
            found = replace(found, neighbourhood=neighbourhood(recording, self.properties, self.wanted.depth))
        goal = next((q for q in self.properties if isinstance(q, Recoverability)), None)
        if goal is None or not short:
            return found
        return replace(found, recoverable=self._recoveries(goal).last(recording), goal=goal.meaning)

    def causes(self, recording: Recording, p: Property | None) -> Causes | None:
        """Why the run breaks ``p``; None where the question makes no sense."""
        question = None if p is None or not recording.moves else self.question(p)
        if question is None or len(recording.moves) > LONG or not question.breaks(recording):
            return None
        return causes(recording, question)

    def question(self, p: Property) -> Question | None:
        """What causes ask of a property; None where it is about more than how a run ends."""
        if isinstance(p, Invariant):
            return Question(p.name, lambda r: shows(p, r), lambda r: places_read(r.interpreter, p.holds, r.states[-1]))
        if isinstance(p, StepInvariant):
            return Question(p.name, lambda r: shows(p, r), lambda r: step_reads(r, p.holds))
        if isinstance(p, Recoverability):
            lost = self._recoveries(p).lost
            return Question(p.name, lost, lambda r: places_read(r.interpreter, p.goal, r.states[-1]))
        return None

    def _recoveries(self, p: Recoverability) -> Recovery:
        return self._recovery.setdefault(p.name, Recovery(self.instance, p))

    def _delay(self, recording: Recording, p: Property | None, why: Causes) -> Delay | None:
        if self.wanted.seek is None or not why.chain or not isinstance(p, Invariant | StepInvariant):
            return None
        actor = recording.moves[why.chain[0] - 1].action.actor
        if actor is None or not isinstance(actor.sort, Index):
            return None
        return least_delay(self.instance, p, actor.sort, self.wanted.seek)

    def _touched(self, recording: Recording) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        def texts(places: frozenset[Place]) -> tuple[str, ...]:
            return tuple(sorted(place_text(self.instance, p) for p in places))

        found = (touched(recording.interpreter, s, m) for s, m in zip(recording.states, recording.moves, strict=False))
        return tuple((texts(t.reads), texts(t.writes)) for t in timed(found, 1))
