"""``check mutate``: how much of a protocol its properties speak of."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import click

from planrace.checker.cli.command import once
from planrace.checker.cli.deliver import Delivery, Told, documented, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import Listener, Progress, until
from planrace.checker.results.verdict import EXIT_CODES, Verdict
from planrace.checker.review.mutation.judge import UndecidedMutationError, mutate
from planrace.checker.review.mutation.words import mutation_document, mutation_json
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find

FORMS = ("text", "json")


def mutate_command(protocol: str, **asked: Any) -> int:
    """Judge all mutants; the exit code."""
    delivery = Delivery(asked["form"], asked["outputs"], FORMS, brief=True, reads=source_of(protocol))
    with delivery.working(), until(asked["time_limit"]), progress() as listener:
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
        except UndecidedMutationError as problem:
            delivery.clear()
            click.echo(f"Error: {problem}", err=True)
            return EXIT_CODES[Verdict.UNKNOWN]
    code = made.exit_code(asked["at_least"])
    delivery.deliver(Told(documented(mutation_document, made, code), {"json": partial(mutation_json, made)}))
    return code


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
