"""Why a run violates a property: the steps that it needs, and the races whose order decides.

* Needed steps: delta debugging (Zeller & Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE
  28(2), 2002, section 3) with replay as the test. No remaining step can be removed.
* Races: two steps of different processes that touch a common place, which one of them writes. They are swapped: the
  process of the first step waits until the second step has happened, as in the reversal of races of Flanagan &
  Godefroid ("Dynamic partial-order reduction", POPL 2005, section 3). Then the other steps follow if they are enabled,
  those of each process in their order. The order of the two steps decides if *no* such continuation violates the
  property. Two steps that differ only in the names of interchangeable members are no race.
* The chain: a sequence of steps in which each step races with the next about a place that the property reads; about any
  place, if no race is about such a place. Candidates are ranked by these criteria, in this order: the first pair is of
  processes, not of time or environment; the first pair is a check and a write that makes it stale; length; the first
  step would write the same after the second, so that only the order differs; the number of checks that are paired with
  the write that makes them stale, not with a later write; a late beginning.
* Unchecked places: if the order of no two steps decides, the places that the property reads and a guard does not read.
  It is the guard of the step of another process that made a condition of the last step true again: what the last step
  checks is right then, and somebody gave it back without a look. Without such a step it is the guard of the last step.
  Places that the last step writes are named only if there are no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.explain.dependencies import StatePlace, Touched, conjuncts, place_text, touched, writes
from planrace.checker.explain.renaming import alike
from planrace.checker.results.explanation import Causes, Race
from planrace.checker.semantics.channel_terms import channel_of
from planrace.checker.semantics.describe import performer
from planrace.checker.semantics.interpreter import Interpreter, Move, RangeError, State
from planrace.checker.semantics.replay import Pick, Recording
from planrace.model.language import Term

SAME = "the same"
OUTSIDE = ("environment", "time")
"""Roles that are no processes."""
LONG, LAST = 100, 40
"""Steps of a run beyond which only the order of the last of them is changed."""
TRIED = 5_000
"""The most states that are searched after a swap. Beyond that, no race is reported."""
Breaks = Callable[[Recording], bool]
"""Whether the last state or step of a run violates the property."""
Performed = dict[tuple[State, Pick], tuple[Move, State] | None]
"""The results of steps in states; None if the step is not enabled."""


@dataclass(frozen=True)
class EndCondition:
    """A property, reduced to what causes need: whether the end of a run violates it, and which places decide that.
    ``of_step``: the last step decides it; otherwise the last state alone does."""

    name: str
    breaks: Breaks
    reads: Callable[[Recording], frozenset[StatePlace]]
    of_step: bool = False


def causes(recording: Recording, question: EndCondition, performed: Performed | None = None) -> Causes:
    """Why the last state or step of ``recording`` violates the property. Of a long run only the last steps are changed;
    those before are taken as they are. ``performed``: results of steps that other calls for this instance found, which
    gets those of this call."""
    before = len(recording.moves) - LAST
    performed = {} if performed is None else performed
    if len(recording.moves) <= LONG:
        return _causes(recording, question, performed)
    tail = Recording(recording.interpreter, recording.states[before])
    for move in recording.moves[before:]:
        tail.take(move.action.name, move.choice)
    found = _causes(tail, question, performed)
    return replace(
        found,
        needed=(*range(1, before + 1), *(n + before for n in found.needed)),
        races=tuple(replace(r, first=r.first + before, second=r.second + before) for r in found.races),
        chain=tuple(n + before for n in found.chain),
        unchecked_by=None if found.unchecked_by is None else found.unchecked_by + before,
    )


def _causes(recording: Recording, question: EndCondition, performed: Performed) -> Causes:
    story = _Story(recording, question, performed)
    races = story.races()
    chain = story.chain(races)
    blind, missed = (None, ()) if chain else story.unchecked()
    return Causes(question.name, story.needed(), races, chain, (), unchecked=missed, unchecked_by=blind)


class _Story:
    """One run, and the changes of it that are tried."""

    def __init__(self, recording: Recording, question: EndCondition, performed: Performed) -> None:
        self.recording = recording
        self.question = question
        self.interpreter: Interpreter = recording.interpreter
        self.picks: list[Pick] = [(m.action.name, m.choice) for m in recording.moves]
        self.processes = [performer(m) for m in recording.moves]
        pairs = zip(recording.states, recording.moves, strict=False)
        self.touched: list[Touched] = [touched(self.interpreter, s, m) for s, m in pairs]
        self._read_by_question = {place_text(self.interpreter.instance, p) for p in question.reads(recording)}
        self._performed = performed
        self._broken: dict[State | tuple[State, Pick, State], bool] = {}
        self._own: dict[str, int] = {}
        """The steps of each process, as bits."""
        for n, process in enumerate(self.processes):
            self._own[process] = self._own.get(process, 0) | 1 << n
        self._harmless: set[tuple[State, int]] = set()
        """States, each with the steps that are left (as bits), after which no order of these violates the property."""

    # Steps that are needed -------------------------------------------------------------------------------------
    def needed(self) -> tuple[int, ...]:
        """The numbers (from 1) of steps that cannot be removed."""
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
        """These steps alone still violate the property at their end."""
        shorter = Recording(self.interpreter, self.recording.states[0])
        return all(self._take(shorter, n) for n in numbers) and self._breaks(shorter)

    def _take(self, run: Recording, n: int) -> bool:
        """Take step ``n`` if it is enabled."""
        return take(run, self.picks[n], self._performed)

    def _breaks(self, run: Recording) -> bool:
        """Whether the run violates the property at its end. Remembered, because many tried runs end alike."""
        key: State | tuple[State, Pick, State] = run.states[-1]
        if self.question.of_step and run.moves:
            key = run.states[-2], (run.moves[-1].action.name, run.moves[-1].choice), run.states[-1]
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
        moves = self.recording.moves
        if not places or alike(self.interpreter.instance, self.recording.states[i], moves[i], moves[j]):
            return None
        for held in self._holdable(i):
            swapped = self._swapped(held, i, j)
            if swapped is not None:
                safe, effect = swapped
                text = tuple(sorted(place_text(self.interpreter.instance, p) for p in places))
                return Race(i + 1, j + 1, text, effect) if safe else None
        return None

    def _holdable(self, i: int) -> Iterable[int]:
        """The steps before which the process of step ``i`` may be stopped: ``i`` itself, then its earlier steps."""
        return (n for n in range(i, -1, -1) if self.processes[n] == self.processes[i])

    def _swapped(self, held: int, i: int, j: int) -> tuple[bool, str] | None:
        """Stop the process of ``i`` before step ``held`` until step ``j`` has happened. None if that is impossible;
        else whether the property holds throughout, and the effect on step ``i``."""
        run, waiting = Recording(self.interpreter, self.recording.states[0]), list[int]()
        for n in range(j + 1):
            stays = n >= held and self.processes[n] in (self.processes[i], *(self.processes[w] for w in waiting))
            if stays or not self._take(run, n):
                if n == j:
                    return None
                waiting.append(n)
            elif self._breaks(run):
                return False, ""
        left = [*waiting, *range(j + 1, len(self.picks))]
        if not self._safe(run.states[-1], left):
            return False, ""
        effect = "not enabled"
        for n in self._rest(run, left):
            if n == i:
                effect = self._effect(run, i)
        return True, effect

    def _safe(self, state: State, left: Sequence[int]) -> bool:
        """Whether the property holds in every order of the steps ``left`` that keeps the order of each process."""
        start = state, sum(1 << n for n in left)
        seen, waiting = {start}, [start]
        while waiting:
            look_at_the_clock()
            node = here, todo = waiting.pop()
            if node in self._harmless:
                continue
            for own in self._own.values():
                first = todo & own & -(todo & own)
                found = self._perform(here, first.bit_length() - 1) if first else None
                if found is None:
                    continue
                move, after = found
                if self._breaks(self._step(here, move, after)):
                    return False
                following = after, todo ^ first
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
            if len(seen) > TRIED:
                return False
        self._harmless |= seen
        return True

    def _step(self, before: State, move: Move, after: State) -> Recording:
        """A run of one step."""
        run = Recording(self.interpreter, before)
        run.moves.append(move)
        run.states.append(after)
        return run

    def _perform(self, state: State, n: int) -> tuple[Move, State] | None:
        """The result of step ``n`` in a state."""
        key = state, self.picks[n]
        if key not in self._performed:
            name, choice = self.picks[n]
            action = self.interpreter.instance.system.actions[name]
            self._performed[key] = self.interpreter.perform(state, action, choice)
        return self._performed[key]

    def _effect(self, run: Recording, i: int) -> str:
        """The effect of the swap on step ``i``, which is the last of ``run``."""
        if run.moves[-1].outcome is not self.recording.moves[i].outcome:
            return "another outcome"
        there, here = (writes(r, n) for r, n in ((self.recording, i), (run, len(run.moves) - 1)))
        return SAME if there == here else "other values"

    def _rest(self, run: Recording, left: list[int]) -> Iterable[int]:
        """Take the remaining steps, each process in its order, always the earliest step that is enabled."""
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
        """The race is about a place that the property reads."""
        return bool(self._read_by_question & set(race.places))

    def chain(self, races: Sequence[Race]) -> tuple[int, ...]:
        """The best chain: of races about places that the property reads; of any races if there are no others, or if one
        of those begins with a stale check and none of these does. Then it has more than that pair only if it leads to
        the end of the run."""
        about, any_ = self._best([r for r in races if self.about(r)]), self._best(races)
        if not about or self._begins_stale(about, races) or not self._begins_stale(any_, races):
            return about or any_
        return any_ if any_[-1] == len(self.picks) else any_[:2]

    def _begins_stale(self, chain: tuple[int, ...], races: Sequence[Race]) -> bool:
        """The first step of the chain checks what the second, of another process, makes stale."""
        first = next((r for r in races if (r.first, r.second) == chain[:2]), None)
        return first is not None and self._acts(first) and self._stale(first)

    def _best(self, races: Sequence[Race]) -> tuple[int, ...]:
        """The best chain of these races."""
        longest = _longest(races, self.fresh)
        ranked = ((self._rank(r, *longest[r.second]), r.first, longest[r.second][1]) for r in races)
        best = max(ranked, default=None, key=lambda found: (found[0], found[2][-1], found[1]))
        return () if best is None else (best[1], *best[2])

    def _rank(self, first: Race, close: int, rest: tuple[int, ...]) -> tuple[object, ...]:
        """How well the chain that begins with race ``first`` explains the run; see the top of this file."""
        return self._acts(first), self._stale(first), len(rest), first.effect == SAME, close + self.fresh(first)

    def _acts(self, race: Race) -> bool:
        """The race is of two processes, not of time or environment."""
        moves = (self.recording.moves[n - 1] for n in (race.first, race.second))
        return all(m.action.fault is None and m.action.role not in OUTSIDE for m in moves)

    def _stale(self, race: Race) -> bool:
        """The first step is a check that the second makes stale."""
        i, j = race.first - 1, race.second - 1
        return bool(self.touched[i].checks & self.touched[j].writes - self.touched[i].writes)

    def unchecked(self) -> tuple[int | None, tuple[str, ...]]:
        """The number of a step (from 1), and the places that the property reads and that step does not check; without
        those that the last step writes, unless there are no others. A step that enables the last one and writes what
        the property reads is no blind step: it is what the last one should have looked at."""
        last = len(self.picks) - 1
        if last < 0:
            return None, ()
        for n in (m for m in range(last - 1, -1, -1) if self._enables(m, last)):
            missed = self._missed(n) - self._channels(self.touched[last].writes | self.touched[n].writes)
            if missed:
                return n + 1, tuple(sorted(missed))
        missed = self._missed(last)
        unread = missed - self._channels(self.touched[last].writes) or missed
        return (last + 1, tuple(sorted(unread))) if unread else (None, ())

    def _missed(self, n: int) -> set[str]:
        """What the property reads and step ``n`` does not check."""
        return self._asked_channels - self._channels(self.touched[n].checks)

    def _enables(self, n: int, last: int) -> bool:
        """Another process makes a condition of the ``last`` step true again by step ``n``, and it stays true: it gives
        something back, as opposed to a message that it sends."""
        move, states = self.recording.moves[n], self.recording.states
        if self.processes[n] == self.processes[last] or move.action.fault is not None or move.action.role in OUTSIDE:
            return False
        if not self.touched[n].writes & self.touched[last].checks:
            return False
        after = self.recording.moves[last]
        conditions = (*conjuncts(after.action.when), *conjuncts(after.outcome.condition))
        return any(
            any(self._holds(c, s) for s in states[:n])
            and not self._holds(c, states[n])
            and all(self._holds(c, s) for s in states[n + 1 : last + 1])
            for c in conditions
        )

    def _holds(self, condition: Term, state: State) -> bool:
        """Whether a condition of the last step is true in a state; one without a value is not."""
        last = self.recording.moves[-1]
        try:
            return self.interpreter.holds(
                condition, state, bound=dict(zip(last.action.parameters, last.choice, strict=True))
            )
        except RangeError:
            return False

    @property
    def _asked_channels(self) -> set[str]:
        return {channel_of(text, self.interpreter.instance.system.channels) for text in self._read_by_question}

    def _channels(self, places: Iterable[StatePlace]) -> set[str]:
        """Places as reports name them, with channels in place of their variables."""
        instance = self.interpreter.instance
        return {channel_of(place_text(instance, p), instance.system.channels) for p in places}

    def fresh(self, race: Race) -> bool:
        """False if the first step only reads what the second writes, and a step between them has already written it."""
        i, j = race.first - 1, race.second - 1
        common = conflicts(self.touched[i], self.touched[j])
        between = frozenset[StatePlace]().union(*(t.writes for t in self.touched[i + 1 : j]))
        return bool(common & self.touched[i].writes) or not common <= between


def conflicts(first: Touched, second: Touched) -> frozenset[StatePlace]:
    """The places that both touch and one of them writes."""
    return (first.writes & second.all) | (first.all & second.writes)


def take(run: Recording, pick: Pick, performed: Performed | None = None) -> bool:
    """Take a step if it is enabled. ``performed`` remembers results. Raises ``TimeUpError``."""
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


def _longest(races: Sequence[Race], fresh: Callable[[Race], bool]) -> dict[int, tuple[int, tuple[int, ...]]]:
    """For each step of a race: how many pairs of its best chain are fresh, and that chain. The best chain begins with
    the step and is the longest; ties are broken by the most fresh pairs, then by the latest end, then by the earliest
    steps."""
    found: dict[int, tuple[int, tuple[int, ...]]] = {}
    for n in sorted({m for r in races for m in (r.first, r.second)}, reverse=True):
        onward = [(found[r.second][0] + fresh(r), (n, *found[r.second][1])) for r in races if r.first == n]
        order = [(len(c), close, c[-1], [-m for m in c], c) for close, c in onward]
        found[n] = max(((o[1], o[4]) for o in sorted(order)[-1:]), default=(0, (n,)))
    return found
