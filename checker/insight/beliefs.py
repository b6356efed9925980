"""What each process believes: conditions that it checked and copies that it took, and whether they are still true.

A step that checks a condition of shared state and copies what it read into variables of its own (``plan[i] := latest``)
leaves the process with a belief about these: the condition, with its own copies in place of what they were copied
from. Later states either bear it out or not: time of check and time of use. A belief is kept until the process itself
writes something that the belief speaks of.

"Its own" are the elements at its number of arrays over its index sort.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from model.language import Array, Term
from model.language.render import render
from model.language.sorts import BOOL
from model.language.terms import Op, make, substitute, subterms

from ..annotations import Belief
from ..interpreter import Context, Interpreter, Move
from ..limits import timed
from ..replay import Recording
from .reads import Place, places_read, touched

_FIXED = (Op.CONST, Op.PARAMETER, Op.FIRST, Op.LAST, Op.SET)


@dataclass(frozen=True)
class _Held:
    """A belief while its truth is being followed."""

    who: str
    text: str
    checked: bool
    since: int
    term: Term
    bound: Mapping[Term, int]
    own: frozenset[Place]


def beliefs(recording: Recording, actors: list[str]) -> tuple[Belief, ...]:
    """The beliefs of all processes on a run; ``actors`` names who performs each step."""
    made = [h for n, _ in enumerate(timed(recording.moves, 1), 1) for h in _formed(recording, n, actors[n - 1])]
    kept = [(h, _followed(recording, h, actors)) for h in timed(made, 1)]
    return tuple(Belief(h.who, h.text, h.checked, h.since, truth) for h, truth in kept if truth[0])


def _formed(recording: Recording, n: int, who: str) -> Iterator[_Held]:
    """What the process that takes step ``n`` believes then."""
    move, before = recording.moves[n - 1], recording.states[n - 1]
    actor = move.action.actor
    if actor is None:
        return
    interpreter = recording.interpreter
    bound = dict(zip(move.action.parameters, move.choice, strict=True))
    changed = touched(interpreter, before, move).writes
    for checked, term in _candidates(move, actor):
        if not _is_shared(term, actor):
            continue
        placed = _placed(term, actor, Context(bound, before), interpreter)
        read = places_read(interpreter, placed, recording.states[n], bound)
        own = frozenset(p for p in read if _owned(interpreter, p, actor, bound[actor]))
        if not (read - own) & changed:
            yield _Held(who, _text(placed, bound), checked, n, placed, bound, own)


def _candidates(move: Move, actor: Term) -> Iterator[tuple[bool, Term]]:
    """Conditions that were found true, with copies for what was copied; and the copies themselves."""
    copies = {u.value: u.target for u in move.outcome.updates if _is_own(u.target, actor) and u.value.op not in _FIXED}
    for part in (*_conjuncts(move.action.guard), *_conjuncts(move.outcome.condition)):
        yield True, substitute(part, copies)
    for value, target in copies.items():
        if _is_shared(value, actor):
            yield False, make(Op.EQ, (target, value), BOOL)


def _placed(term: Term, actor: Term, context: Context, interpreter: Interpreter) -> Term:
    """``term`` with the places fixed that the process's own variables chose (``lock[cursor[i]]``)."""
    chosen = {t.args[1] for t in subterms(term) if t.op is Op.SELECT and _is_own(t.args[1], actor)}
    return substitute(term, {t: make(Op.CONST, (), t.sort, interpreter.evaluate(t, context)) for t in chosen})


def _conjuncts(term: Term) -> Iterator[Term]:
    if term.op is Op.AND:
        for part in term.args:
            yield from _conjuncts(part)
    else:
        yield term


def _followed(recording: Recording, held: _Held, actors: list[str]) -> tuple[bool, ...]:
    """The belief's truth from the state after its step on, until its process writes what it speaks of."""
    interpreter, truth = recording.interpreter, []
    for n in range(held.since, len(recording.states)):
        if n > held.since and actors[n - 1] == held.who:
            before = recording.states[n - 1]
            about = held.own | places_read(interpreter, held.term, before, held.bound)
            if about & touched(interpreter, before, recording.moves[n - 1]).writes:
                break
        truth.append(interpreter.holds(held.term, recording.states[n], bound=held.bound))
    return tuple(truth)


def _is_own(term: Term, actor: Term) -> bool:
    """A variable's element at the actor."""
    while term.op is Op.SELECT:
        term, position = term.args
        if position is actor:
            return True
    return False


def _is_shared(term: Term, actor: Term) -> bool:
    """The term speaks of some variable that is not the actor's own."""
    own = {t.args[0] for t in subterms(term) if t.op is Op.SELECT and t.args[1] is actor}
    return any(t.op is Op.VARIABLE and t not in own for t in subterms(term))


def _owned(interpreter: Interpreter, place: Place, actor: Term, number: int) -> bool:
    name, path = place
    sort = interpreter.instance.system.sort_of(name)
    return isinstance(sort, Array) and sort.domain == actor.sort and bool(path) and path[0] == number - 1


def _text(term: Term, bound: Mapping[Term, int]) -> str:
    """The condition with the process's number for its parameter."""
    return render(substitute(term, {t: make(Op.CONST, (), t.sort, v) for t, v in bound.items()}))
