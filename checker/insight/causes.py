"""Why a run breaks a property: the steps that it needs, and the races whose order decides.

* The steps needed: delta debugging (Zeller & Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE
  28(2), 2002, section 3) with replay as the test. None of what remains can be left out.
* Races: two steps of different processes that touch a common place, one of them writing it, are swapped by holding up
  the process of the first one until the second has happened, as in the reversal of races of Flanagan & Godefroid
  ("Dynamic partial-order reduction", POPL 2005, section 3); then the other steps follow in their order, as far as they
  are enabled. If nothing breaks the property then, their order decides.
* The chain: the longest sequence of steps in which each races with the next about something that the property reads;
  about anything, where no race is about that. Of equally long ones one whose first step would have written the same
  after the second: nothing but the order is another then. Of these one with a check and the write that makes it stale,
  not with a later write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..annotations import Causes, Race
from ..interpreter import Interpreter, Move, State
from ..limits import look_at_the_clock
from ..replay import Pick, Recording, performer
from .reads import Place, Touched, place_text, touched, writes

SAME = "the same"
Breaks = Callable[[Recording], bool]
"""Whether the last state or step of a run breaks the property."""
Performed = dict[tuple[State, Pick], tuple[Move, State] | None]
"""What comes of a step in a state: None where it is not enabled."""


@dataclass(frozen=True)
class Question:
    """A property as causes see it: whether the end of a run breaks it, and the places that decide that in its last
    state."""

    name: str
    breaks: Breaks
    reads: Callable[[Recording], frozenset[Place]]


def causes(recording: Recording, question: Question) -> Causes:
    """Why ``recording``, whose last state or step breaks the property, breaks it."""
    story = _Story(recording, question)
    races = story.races()
    steps = len(recording.moves)
    chain = _longest([r for r in races if story.about(r)], steps, story.fresh)
    chain = chain or _longest(races, steps, story.fresh)
    return Causes(question.name, story.needed(), races, chain, ())


class _Story:
    """One run and the ways to change it."""

    def __init__(self, recording: Recording, question: Question) -> None:
        self.recording = recording
        self.question = question
        self.interpreter: Interpreter = recording.interpreter
        self.picks: list[Pick] = [(m.action.name, m.choice) for m in recording.moves]
        self.processes = [performer(m) for m in recording.moves]
        pairs = zip(recording.states, recording.moves, strict=False)
        self.touched: list[Touched] = [touched(self.interpreter, s, m) for s, m in pairs]
        self._asked = {place_text(self.interpreter.instance, p) for p in question.reads(recording)}
        self._performed: Performed = {}
        self._broken: dict[tuple[State | None, Pick | None, State], bool] = {}

    # Steps that are needed -------------------------------------------------------------------------------------
    def needed(self) -> tuple[int, ...]:
        """The numbers (from 1) of steps of which none can be left out."""
        kept, size = list(range(len(self.picks))), max(1, len(self.picks) // 2)
        while size:
            before = kept
            for start in range(0, len(before), size):
                fewer = [n for n in kept if n not in before[start : start + size]]
                if len(fewer) < len(kept) and self._still(fewer):
                    kept = fewer
            if kept == before or size > 1:
                size = size // 2 if size > 1 else 0
        return tuple(n + 1 for n in kept)

    def _still(self, numbers: Sequence[int]) -> bool:
        """These steps alone still break the property at their end."""
        shorter = Recording(self.interpreter)
        return all(self._take(shorter, n) for n in numbers) and self._breaks(shorter)

    def _take(self, run: Recording, n: int) -> bool:
        """Take step ``n`` if it is enabled."""
        return take(run, self.picks[n], self._performed)

    def _breaks(self, run: Recording) -> bool:
        """Whether the run breaks the property at its end. Runs that are tried come to the same states again and
        again."""
        before = (run.states[-2], (run.moves[-1].action.name, run.moves[-1].choice)) if run.moves else (None, None)
        key = *before, run.states[-1]
        if key not in self._broken:
            self._broken[key] = self.question.breaks(run)
        return self._broken[key]

    # Races -----------------------------------------------------------------------------------------------------
    def races(self) -> tuple[Race, ...]:
        """Pairs of steps whose order decides, in the order of the run."""
        pairs = ((i, j) for j in range(len(self.picks)) for i in range(j))
        found = (self._race(i, j) for i, j in pairs if self.processes[i] != self.processes[j])
        return tuple(sorted((r for r in found if r is not None), key=lambda r: (r.first, r.second)))

    def _race(self, i: int, j: int) -> Race | None:
        places = conflicts(self.touched[i], self.touched[j])
        if not places:
            return None
        for held in self._holdable(i):
            swapped = self._swapped(held, i, j)
            if swapped is not None:
                safe, effect = swapped
                text = tuple(sorted(place_text(self.interpreter.instance, p) for p in places))
                return Race(i + 1, j + 1, text, effect) if safe else None
        return None

    def _holdable(self, i: int) -> Iterable[int]:
        """From where on the process of step ``i`` may be held up: just before it, else before earlier steps of it."""
        return (n for n in range(i, -1, -1) if self.processes[n] == self.processes[i])

    def _swapped(self, held: int, i: int, j: int) -> tuple[bool, str] | None:
        """Hold the process of ``i`` up from step ``held`` on until step ``j`` has happened. None where that is not
        possible, else whether the property holds all along, and what became of step ``i``."""
        run, waiting = Recording(self.interpreter), list[int]()
        for n in range(j + 1):
            stays = n >= held and self.processes[n] in (self.processes[i], *(self.processes[w] for w in waiting))
            if stays or not self._take(run, n):
                if n == j:
                    return None
                waiting.append(n)
            elif self._breaks(run):
                return False, ""
        effect = "not enabled"
        for n in self._rest(run, [*waiting, *range(j + 1, len(self.picks))]):
            if n == i:
                effect = self._effect(run, i)
            if self._breaks(run):
                return False, ""
        return True, effect

    def _effect(self, run: Recording, i: int) -> str:
        """What became of step ``i``, which is the last of ``run``."""
        if run.moves[-1].outcome is not self.recording.moves[i].outcome:
            return "another outcome"
        there, here = (writes(r, n) for r, n in ((self.recording, i), (run, len(run.moves) - 1)))
        return SAME if there == here else "other values"

    def _rest(self, run: Recording, left: list[int]) -> Iterable[int]:
        """Take what is left, each process in its order, the earliest that is enabled first, as long as any is."""
        while True:
            first: dict[str, int] = {}
            for n in left:
                first.setdefault(self.processes[n], n)
            n = next((n for n in sorted(first.values()) if self._take(run, n)), -1)
            if n < 0:
                return
            left.remove(n)
            yield n

    def about(self, race: Race) -> bool:
        """The race is about something that the property reads."""
        return bool(self._asked & set(race.places))

    def fresh(self, race: Race) -> bool:
        """Unless the first only reads what the second writes, and a step between them has written that already."""
        i, j = race.first - 1, race.second - 1
        common = conflicts(self.touched[i], self.touched[j])
        between = frozenset[Place]().union(*(t.writes for t in self.touched[i + 1 : j]))
        return bool(common & self.touched[i].writes) or not common <= between


def conflicts(first: Touched, second: Touched) -> frozenset[Place]:
    """The places that both touch and one of them writes."""
    return (first.writes & second.all) | (first.all & second.writes)


def take(run: Recording, pick: Pick, performed: Performed | None = None) -> bool:
    """Take a step if it is enabled. ``performed`` remembers what came of it in which state. Raises ``TimeUpError``: all
    that is tried is tried step by step."""
    look_at_the_clock()
    key = run.states[-1], pick
    known = {} if performed is None else performed
    if key not in known:
        name, choice = pick
        known[key] = run.interpreter.perform(run.states[-1], run.interpreter.instance.system.actions[name], choice)
    found = known[key]
    if found is None:
        return False
    run.moves.append(found[0])
    run.states.append(found[1])
    return True


def _longest(races: Sequence[Race], steps: int, fresh: Callable[[Race], bool]) -> tuple[int, ...]:
    """The longest chain of races; of equals one whose first pair is of nothing but order, of these the one with the
    most pairs that are fresh, of these the one that ends last, and the earliest of these."""
    best: dict[int, tuple[bool, int, tuple[int, ...]]] = {}
    for n in range(1, steps + 1):
        before = []
        for r in races:
            if r.second == n:
                pure, close, chain = best.get(r.first, (r.effect == SAME, 0, (r.first,)))
                before.append((pure, close + fresh(r), chain))
        if before:
            pure, close, chain = min(before, key=lambda c: (-len(c[2]), not c[0], -c[1], c[2]))
            best[n] = pure, close, (*chain, n)
    return max(best.values(), key=lambda c: (len(c[2]), *c[:2], c[2][-1]), default=(False, 0, ()))[2]
