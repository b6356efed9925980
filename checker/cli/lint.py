"""``check lint``: what the author of a model may have overlooked."""

from __future__ import annotations

from functools import partial
from typing import Any

from planrace.checker.advice.lint.lint import lint
from planrace.checker.advice.lint.words import lint_document, lint_json
from planrace.checker.cli.command import once
from planrace.checker.cli.deliver import Delivery, Told, documented, source_of
from planrace.checker.engines.limits import look_at_the_clock, until
from planrace.checker.run.protocols import find
from planrace.checker.run.selection import split

FORMS = ("text", "json")


def lint_command(protocol: str, **asked: Any) -> int:
    """Lint a protocol; the exit code: with ``strict`` 1 where there is something to say."""
    delivery = Delivery(asked["form"], asked["outputs"], FORMS, brief=True, reads=source_of(protocol))
    with delivery.working(), until(asked["time_limit"]):
        variant = find(protocol)
        words, sizes = split(variant, once(asked["settings"]))
        found = lint(
            variant,
            sizes,
            faults=asked["faults"],
            with_protections=asked["with_"],
            without=asked["without"],
            options=words,
        )
        look_at_the_clock()  # what was looked at in part says nothing of the rest
    code = 1 if found and asked["strict"] else 0
    makers = {"json": partial(lint_json, found)}
    delivery.deliver(Told(documented(lint_document, found, code), makers))
    return code
