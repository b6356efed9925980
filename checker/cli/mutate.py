"""``check mutate``: how much of a protocol its properties speak of."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import click

from ..catalogue import find
from ..limits import Listener, Progress
from ..mutation import Mutation, UndecidedError, mutate, mutation_document, mutation_json
from ..run import Options
from ..vocabulary import INTERRUPTED
from .command import once
from .deliver import Delivery, Told
from .progress import progress

FORMS = ("text", "json")
UNDECIDED = 3


def mutate_command(protocol: str, **asked: Any) -> int:
    """Judge all mutants; the exit code."""
    delivery = Delivery(asked["form"], asked["outputs"], FORMS, brief=True)
    with progress() as listener:
        counter = _Counter(listener)
        try:
            made = mutate(
                find(protocol),
                once(asked["settings"]),
                faults=asked["faults"],
                with_protections=asked["with_"],
                without=asked["without"],
                actions=asked["actions"],
                options=Options(
                    engine=asked["engine"],
                    properties=asked["properties"],
                    symmetry=asked["symmetry"],
                    states=asked["max_states"],
                    memory=asked["max_memory"],
                    seconds=asked["time_limit"],
                    workers=asked["workers"],
                    listener=None if listener is None else counter.hear,
                ),
                told=counter.count,
            )
        except UndecidedError as problem:
            click.echo(f"Error: {problem}", err=True)
            return UNDECIDED
    code = exit_code(made, asked["at_least"])
    delivery.deliver(Told(mutation_document(made, code), {"json": partial(mutation_json, made)}))
    return code


def exit_code(made: Mutation, at_least: float | None) -> int:
    """1 where the score is below ``at_least`` per cent whatever is undecided, 3 where that decides."""
    if made.interrupted:
        return INTERRUPTED
    wanted = 0.0 if at_least is None else at_least / 100
    if made.best is not None and made.best < wanted:
        return 1
    if at_least is None:
        return UNDECIDED if made.of("undecided") else 0
    return UNDECIDED if made.score is not None and made.score < wanted else 0


class _Counter:
    """Progress of the searches, with the number of the mutant."""

    def __init__(self, listener: Listener | None) -> None:
        self._listener = listener
        self._words = ""

    def count(self, number: int, of: int) -> None:
        self._words = f"mutant {number} of {of}: "

    def hear(self, event: Progress) -> None:
        assert self._listener is not None
        self._listener(replace(event, task=self._words + event.task))
