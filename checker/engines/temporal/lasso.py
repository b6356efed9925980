"""Lassos: a run and the state that it returns to for ever, replayed and checked by the plain interpreter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from planrace.checker.engines.explicit.transition_graph import Label
from planrace.checker.engines.limits import timed
from planrace.checker.results.temporal import DISABLED, NEED_NOT, Fairness
from planrace.checker.semantics.describe import chosen_words
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.checker.semantics.replay import Recording, ReplayError, record
from planrace.model.language.fairness import FairChoice
from planrace.properties.kinds import Liveness

ROUNDS = 1000
"""The largest number of repetitions of a loop."""


@dataclass(frozen=True)
class Lasso:
    """Labels of steps from the state ``start``; from step number ``loop`` (from 0) on they repeat. None is a label
    after which the run rests."""

    start: State
    labels: Sequence[Label]
    loop: int


def confirm(interpreter: Interpreter, p: Liveness, lasso: Lasso) -> tuple[Recording, int, tuple[Fairness, ...]]:
    """Replay a lasso; the interpreter checks that it closes, is fair, and breaks ``p``. Raises ``ReplayError``.

    If variables were sliced away, the loop is repeated until these repeat too.
    """
    recording = record(interpreter, lasso.labels[: lasso.loop], lasso.start)
    around, begun = lasso.labels[lasso.loop :], [recording.states[-1]]
    for _ in timed(range(ROUNDS), 1):
        for name, choice in around:
            recording.take(name, choice)
        if recording.states[-1] in begun:
            break
        begun.append(recording.states[-1])
    else:
        raise ReplayError(f"{p.name}: the run does not return to where its loop begins")
    loop = lasso.loop + begun.index(recording.states[-1]) * len(around)
    if not _broken(interpreter, p, recording.states, loop):
        raise ReplayError(f"{p.name}: the run does not break the property")
    return recording, loop, tuple(_fairness(interpreter, recording, loop, p))


def _broken(interpreter: Interpreter, p: Liveness, states: Sequence[State], loop: int) -> bool:
    good = [interpreter.holds(p.goal, s) for s in states]
    if p.form == "eventually always":
        return not all(good[loop:])
    if p.form == "infinitely often":
        return not any(good[loop:])
    if p.form == "eventually":
        return not any(good)
    triggered = [n for n, s in enumerate(states) if interpreter.holds(p.trigger, s)]
    return any(not any(good[n:]) and not any(good[loop:]) for n in triggered)


def _fairness(interpreter: Interpreter, recording: Recording, loop: int, p: Liveness) -> list[Fairness]:
    """How the loop meets the fairness of every action instance that it enables somewhere; for instances without
    fairness, which of them it takes, and at rest which could continue. Then the same of choices between actions."""
    enabled = [{(m.action.name, m.choice) for m, _ in interpreter.moves(s)} for s in recording.states[loop:]]
    taken = {(m.action.name, m.choice) for m in recording.moves[loop:]}
    found = []
    for name, choice in sorted(set().union(*enabled)):
        action = interpreter.instance.system.actions[name]
        kind = action.fairness
        words = tuple(chosen_words(p.sort, v) for p, v in zip(action.parameters, choice, strict=True))
        if (name, choice) in taken:
            found.append(Fairness(name, choice, kind, "taken", words))
        elif kind == "none":
            if loop == len(recording.moves) and action.fault is None:
                found.append(Fairness(name, choice, kind, NEED_NOT, words))
        elif kind == "weak" and any((name, choice) not in e for e in enabled):
            found.append(Fairness(name, choice, kind, DISABLED, words))
        else:
            raise ReplayError(f"{p.name}: the loop is not fair to {name}{choice}")
    for c in interpreter.instance.system.fairness:
        found += _chosen(c, c.among(interpreter.instance.system.actions.values()), enabled, taken, p)
    return found


def _chosen(
    c: FairChoice, names: Set[str], enabled: Sequence[Set[Label]], taken: Set[Label], p: Liveness
) -> Iterator[Fairness]:
    """How the loop meets the fairness of a choice between the actions of these names, if it enables one somewhere."""
    offered = [any(name in names for name, _ in e) for e in enabled]
    if not any(offered):
        return
    if any(name in names for name, _ in taken):
        yield Fairness(str(c), (), c.kind, "taken", ())
    elif c.kind == "weak" and not all(offered):
        yield Fairness(str(c), (), c.kind, DISABLED, ())
    else:
        raise ReplayError(f"{p.name}: the loop is not fair to {c}")
