"""``check refine``: a protocol against a more abstract one."""

from __future__ import annotations

from typing import Any

from planrace.checker.api.refining import refine
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import Delivery, rendering_of_report, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import until
from planrace.checker.report.text.document import document
from planrace.checker.results.detail import Detail
from planrace.checker.results.outcome import Expectation, RunOutcome
from planrace.checker.run.options import Options

LIMITS = ("engine", "symmetry", "depth", "max_states", "max_memory", "time_limit", "workers")
"""The options that are those of ``check``."""


def refine_command(protocol: str, to: str, **arguments: Any) -> int:
    """Run what the options ask for; returns the exit code."""
    look = arguments["look"]
    with until(arguments["time_limit"]):
        delivery = Delivery(arguments["formats"], arguments["outputs"], look=look, reads=source_of(protocol))
        with delivery.answering(protocol), progress(look) as listener:
            options = Options(
                **{name: arguments[name] for name in LIMITS},
                listener=listener,
                explain=bool(delivery.formats - {"text"}),
                verbose=look.detail is Detail.FULL,
            )
            report = refine(protocol, to, **selection_arguments(arguments), options=options)
        wanted = Expectation.of(arguments["expect"])
        outcome = RunOutcome(report, wanted)
        text = document(report, outcome.code, outcome.reason, look.detail)
        delivery.deliver(rendering_of_report(report, text, expectation=wanted))
        return outcome.code
