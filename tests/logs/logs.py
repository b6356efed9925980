"""Logs of random runs of a model, for tests: what each process writes, with clocks that are wrong."""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from typing import Any

from planrace.checker.semantics.describe import performer, shown_parameter
from planrace.checker.semantics.interpreter import Interpreter, Move, State
from planrace.model.language import Instance

Records = list[dict[str, Any]]
Run = list[tuple[State, Move, State]]


def random_run(
    instance: Instance, steps: int, seed: int, rare: Collection[str] = ()
) -> list[tuple[State, Move, State]]:
    """A random run; actions in ``rare`` are chosen one time in ten, and only if there are others."""
    rng, interpreter = Random(seed), Interpreter(instance)
    state, found = rng.choice(interpreter.initials()), Run()
    while len(found) < steps:
        moves = list(interpreter.moves(state))
        usual = [m for m in moves if m[0].action.name not in rare]
        if not moves:
            break
        move, after = rng.choice(usual if usual and rng.random() < 0.9 else moves)
        found.append((state, move, after))
        state = after
    return found


def logged(run: Run, hidden: Collection[str] = (), wrong: float = 0.0, seed: int = 0) -> Records:
    """The records of a run, in the order of the run: a stream for each process, a step a second, and clocks that are
    wrong by up to ``wrong`` seconds, each process by its own amount. Actions in ``hidden`` are not written."""
    rng, clocks, records = Random(seed), dict[str, float](), Records()
    for n, (_, move, _) in enumerate(run):
        if move.action.name in hidden:
            continue
        stream = performer(move)
        off = clocks.setdefault(stream, rng.uniform(-wrong, wrong))
        parameters = {
            str(p): shown_parameter(p.sort, v) for p, v in zip(move.action.parameters, move.choice, strict=True)
        }
        record = {"stream": stream, "at": n + off, "action": move.action.name, "parameters": parameters}
        if wrong:
            record["uncertainty"] = wrong
        if move.outcome.name is not None:
            record["outcome"] = move.outcome.name
        records.append(record)
    return records


def with_begun(records: Records, many: int, seed: int) -> Records:
    """The records, and so many lines that begin a step which never ends, each a stream of its own: steps that the run
    takes at that time, of which one line tells for certain already. So none of them needs to have happened."""
    rng = Random(seed)
    begun = [dict(rng.choice(records)) for _ in range(many)]
    for n, r in enumerate(begun):
        r.pop("outcome", None)
        r |= {"begins": 1, "stream": f"transaction {n}"}
    return [*records, *begun]
