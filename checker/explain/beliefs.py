"""The beliefs of each process: conditions that it checked and copies that it took, and whether they are still true.

A step may check a condition of shared state and copy what it read into the process's own variables
(``plan[i] := latest``). The process then believes that condition, with its copies in place of the copied values. In
later states the belief is true or stale: time of check, time of use. A belief ends when the process itself writes a
variable that occurs in it. A belief without a value (about a message of a queue that is now empty) is not true.

A process that is a member of an index owns the elements at its number in arrays over that index. Any other process owns
the variables that no other process writes, faults aside; it remembers what it checked only if the same step writes one
of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from planrace.checker.engines.limits import timed
from planrace.checker.explain.dependencies import StatePlace, conjuncts, places_read, touched, written
from planrace.checker.explain.ownership import Own, accesses, owned_by_roles
from planrace.checker.explain.sentences import clause
from planrace.checker.results.explanation import Belief
from planrace.checker.semantics.channel_terms import term_text
from planrace.checker.semantics.interpreter import Context, Interpreter, Move, RangeError, State
from planrace.checker.semantics.packing import free, root_of
from planrace.checker.semantics.replay import Recording
from planrace.model.language import System, Term
from planrace.model.language.named_terms import in_names
from planrace.model.language.operators import Op
from planrace.model.language.render import render
from planrace.model.language.sorts import BOOL
from planrace.model.language.structural import Structural
from planrace.model.language.subset_numbers import chosen_term
from planrace.model.language.terms import make, substitute

_FIXED = (Op.CONST, Op.PARAMETER, Op.FIRST, Op.LAST, Op.SET)


@dataclass(frozen=True, eq=False)
class _Held(Structural):
    """A belief whose truth is being followed; ``own`` are the process's own places that it depends on."""

    who: str
    text: str
    sentence: str
    checked: bool
    since: int
    term: Term
    bound: Mapping[Term, int]
    own: frozenset[StatePlace]


def beliefs(recording: Recording, actors: list[str]) -> tuple[Belief, ...]:
    """The beliefs of all processes in a run; ``actors`` names who performs each step."""
    roles = owned_by_roles(recording.interpreter.instance.system)
    made = [h for n, _ in enumerate(timed(recording.moves, 1), 1) for h in _formed(recording, n, actors[n - 1], roles)]
    kept = [(h, _followed(recording, h, actors)) for h in timed(made, 1)]
    return tuple(Belief(h.who, h.text, h.checked, h.since, truth, h.sentence) for h, truth in kept if truth[0])


def _formed(recording: Recording, n: int, who: str, roles: Mapping[str, frozenset[str]]) -> Iterator[_Held]:
    """The beliefs that the process of step ``n`` forms at that step."""
    move, before, after = recording.moves[n - 1], recording.states[n - 1], recording.states[n]
    interpreter = recording.interpreter
    own = Own(interpreter.instance.system, move, roles.get(move.action.role, frozenset()))
    changed = touched(interpreter, before, move).writes
    kept = {p for p in changed if own.place(p)}
    if move.action.fault is not None or (move.action.actor is None and not kept):
        return
    look = _Look(interpreter, move, before, own)
    for checked, term in look.candidates():
        if own.all(term) or look.overwritten(term, {name for name, _ in kept}):
            continue
        read = _read(interpreter, term, after, look.bound)
        mine = {p for p in read or () if own.place(p)}
        if read is not None and not (read - mine) & changed:
            places = frozenset(mine | look.positions)
            text, sentence = _told(term, look.bound, interpreter.instance.system, who, own)
            yield _Held(who, text, sentence, checked, n, term, look.bound, places)


class _GoneError(Exception):
    """A term reads a value that the step has overwritten with a copy."""


class _Look:
    """What a step reads, as terms of the state after it. A copied value is replaced by its copy; a position that the
    process chose is replaced by the number that it had. ``positions`` are the copies that hold such positions."""

    def __init__(self, interpreter: Interpreter, move: Move, before: State, own: Own) -> None:
        self.bound = dict(zip(move.action.parameters, move.choice, strict=True))
        self.positions: set[StatePlace] = set()
        self._interpreter, self._move, self._before, self._own = interpreter, move, before, own
        copied = [u for u in move.outcome.updates if own.has(u.target) and u.value.op not in _FIXED]
        self._copies = {u.value: self._settled(u.target) for u in copied if u.value is not move.action.actor}
        self._done: dict[Term, Term] = {}
        self._targets = {t for u in copied for t in (u.target, self._settled(u.target))}

    def candidates(self) -> Iterator[tuple[bool, Term]]:
        """Conditions that the step found true (True), and equations for its copies (False). Terms that read a value
        that the step has overwritten are left out."""
        conditions = (*conjuncts(self._move.action.when), *conjuncts(self._move.outcome.condition))
        for condition in dict.fromkeys(conditions):
            with suppress(_GoneError):
                yield True, self._afterwards(condition)
        for value, target in self._copies.items():
            if not self._own.all(value):
                with suppress(_GoneError):
                    yield False, make(Op.EQ, (target, self._inside(value)), BOOL)

    def overwritten(self, term: Term, names: set[str]) -> bool:
        """The term reads a variable of the process, other than a copy, that the step writes: the value that was read is
        gone. ``names`` are the process's own variables that the step writes."""
        own = (t for t in accesses(term) if self._own.has(t) and t not in self._targets)
        return any(root_of(t)[0] in names for t in own)

    def _afterwards(self, term: Term) -> Term:
        if term in self._copies:
            return self._copies[term]
        if term in self._targets:
            raise _GoneError
        return self._inside(term)

    def _inside(self, term: Term) -> Term:
        """The term, with its parts rewritten for the state after the step."""
        if term not in self._done:
            what = [self._afterwards, self._position if term.op is Op.SELECT else self._afterwards]
            args = tuple(what[n > 0](a) for n, a in enumerate(term.args))
            self._done[term] = make(term.op, args, term.sort, term.data)
        return self._done[term]

    def _position(self, position: Term) -> Term:
        """The position of an element that was read; a constant if the process chose it."""
        if position in self._copies:
            self.positions |= written(self._interpreter, self._copies[position], self._before, self.bound)
        elif not self._own.has(position):
            return position if position in self.bound else self._afterwards(position)
        return self._constant(position)

    def _settled(self, target: Term) -> Term:
        """A target, with its positions as constants."""
        if target.op is not Op.SELECT:
            return target
        array, position = target.args
        return make(Op.SELECT, (self._settled(array), self._constant(position)), target.sort)

    def _constant(self, position: Term) -> Term:
        """The value of a position before the step. Parameters of the action and positions that depend on a quantifier
        stay as they are."""
        if position in self.bound or free(position) - set(self.bound):
            return position
        value = self._interpreter.evaluate(position, Context(self.bound, self._before))
        return make(Op.CONST, (), position.sort, int(value))


def _followed(recording: Recording, held: _Held, actors: list[str]) -> tuple[bool, ...]:
    """The truth of the belief in each state from its step on, until its process writes what the belief depends on."""
    interpreter, truth = recording.interpreter, []
    for n in range(held.since, len(recording.states)):
        if n > held.since and actors[n - 1] == held.who:
            before = recording.states[n - 1]
            about = held.own | (_read(interpreter, held.term, before, held.bound) or frozenset())
            if about & touched(interpreter, before, recording.moves[n - 1]).writes:
                break
        truth.append(_true(interpreter, held, recording.states[n]))
    return tuple(truth)


def _true(interpreter: Interpreter, held: _Held, state: State) -> bool:
    try:
        return interpreter.holds(held.term, state, bound=held.bound)
    except RangeError:
        return False


def _read(
    interpreter: Interpreter, term: Term, state: State, bound: Mapping[Term, int]
) -> frozenset[StatePlace] | None:
    """The places that the value of a term depends on; None if it has no value."""
    try:
        return places_read(interpreter, term, state, bound)
    except RangeError:
        return None


def _told(term: Term, bound: Mapping[Term, int], system: System, who: str, own: Own) -> tuple[str, str]:
    """The condition as text, with the process's number in place of the parameter, and channels by their names; and as a
    clause, which is empty if the condition reads a channel."""
    here = substitute(term, {t: chosen_term(t, v) for t, v in bound.items()})
    text, named = term_text(here, system), in_names(here, system.named_terms)
    return text, clause(named, who, own.has) if text == render(named) else ""
