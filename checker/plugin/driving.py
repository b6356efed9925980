"""The fixture ``drive``: a covering test of the user's code, in a test."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from planrace.checker.api.driving import cover
from planrace.checker.api.request import apart, given_sizes, subject_of
from planrace.checker.plugin.artifacts import forget, write_covered
from planrace.checker.plugin.budget import CheckBudget
from planrace.checker.plugin.request import ProtocolLike
from planrace.checker.plugin.session import ModelCheckError
from planrace.checker.report.text.driving import cover_document, covered_text
from planrace.checker.report.text.plain import render_plain
from planrace.checker.results.driving import CoverReport
from planrace.checker.run.arguments import check_arguments
from planrace.checker.run.call_site import placed
from planrace.model.language import ModelError
from planrace.model.language.errors import author

_FOR_AUTHORS = True  # errors name the line that calls this module

SETTINGS = (
    *("criterion", "length", "run", "at_least", "max_steps", "max_states", "reset_cost", "seed", "schedule"),
    *("pct_depth", "time_limit"),
)
"""Keywords of ``cover`` that ``drive`` has, too; the others of its keywords are sizes."""
assert set(SETTINGS) <= set(inspect.signature(cover).parameters)


class Drive:
    """The fixture ``drive``: call it with a protocol and a driver. Each call adds to the ``lines`` of the summary."""

    def __init__(self, item: pytest.Item, lines: list[str]) -> None:
        self._item = item
        self._lines = lines
        self._numbers = count(1)
        forget(item)

    def __call__(
        self,
        protocol: ProtocolLike,
        driver: object,
        /,
        *,
        parameters: Mapping[str, int | str] | None = None,
        faults: Sequence[str] = (),
        with_: Sequence[str] = (),
        without: Sequence[str] = (),
        **settings: Any,
    ) -> CoverReport:
        """Perform the model on your code, and fail unless the share asked for was performed and nothing differs.

        ``settings`` are sizes of the protocol, or keywords of ``cover``: ``drive(protocol, Driver, workers=3,
        criterion="pairs")``. The budget of the test's model checks limits the time and the states, too. Raises
        ``ModelCheckError``, and ``ModelError`` for a wrong request and for mistakes in the driver.
        """
        __tracebackhide__ = True
        with placed(author()):
            names = {"faults": faults, "with_": with_, "without": without}
            check_arguments(names, Drive.__call__.__annotations__)
            subject = subject_of(protocol, "drive")
            sizes, more = apart(subject, settings, "drive", ("parameters", *names), SETTINGS)
            report = cover(
                protocol,
                driver,
                {**given_sizes(subject, parameters), **sizes},
                faults=faults,
                with_protections=with_,
                without=without,
                **{**self._budget(), **more},
            )
        if report.interrupted:
            raise KeyboardInterrupt
        self._lines.append(f"{report.verdict.word:<9} {report.system.protocol}: {covered_text(report)}")
        covered = f"{report.performed} of {report.total} {report.criterion}"
        self._item.user_properties.append((f"planrace-covered-{report.system.protocol}", covered))
        if not report:
            raise ModelCheckError(self._story(report))
        return report

    def _budget(self) -> dict[str, Any]:
        """The limits that the budget of the test sets."""
        try:
            found = CheckBudget.of(self._item.config).marked(self._item)
        except ValueError as problem:
            raise ModelError(f"{self._item.nodeid}: {problem}") from None
        limits = {"time_limit": found.seconds, "max_states": found.states}
        return {name: limit for name, limit in limits.items() if limit is not None}

    def _story(self, report: CoverReport) -> str:
        """The message of a failure: what differs, or what was not performed, and how to see it again."""
        whole = cover_document(report, report.exit_code)
        told = render_plain(replace(whole, closing=whole.closing.partition(" (exit")[0])).rstrip()
        why = "the code and the model differ" if report.divergence is not None else "less was performed than asked for"
        again = f"pytest {shlex.quote(self._item.nodeid)}"
        pages = [f"{form}: {path}" for form, path in write_covered(report, self._item, next(self._numbers))]
        return "\n".join([f"drive: {why}", "", told, "", *pages, f"to perform everything again: {again}"])
