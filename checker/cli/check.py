"""``check -p``: check a protocol, write the report, return the exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import click

from planrace.checker.api.calls import check
from planrace.checker.cli.deliver import Delivery, rendering_of_report, source_of
from planrace.checker.cli.look import Look
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import Listener, until
from planrace.checker.report.text.document import document
from planrace.checker.results.blocks import Detail
from planrace.checker.results.outcome import Expectation, RunOutcome
from planrace.checker.results.report import Report
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import siblings

Ir: TypeAlias = Callable[[str], None] | None


def check_command(protocol: str, **asked: Any) -> int:
    """Run the check that the options ask for; returns the exit code."""
    with until(asked["time_limit"]):  # starts here, because the limit is for the whole command
        return _run(protocol, asked)


def _run(protocol: str, asked: dict[str, Any]) -> int:
    look: Look = asked["look"]
    delivery = Delivery(asked["form"], asked["outputs"], look=look, reads=source_of(protocol))
    dumped = None if asked["dump_ir"] is None else delivery.side_file(asked["dump_ir"])
    with delivery.answering(protocol), progress(look) as listener:
        ir = None if dumped is None else dumped.hold
        report = _checked(protocol, listener, explain=bool(delivery.forms - {"text"}), asked=asked, ir=ir)
    wanted = Expectation.of(asked["expect"], strict=asked["strict"])
    outcome = RunOutcome(report, wanted)
    text = document(report, outcome.code, outcome.reason, look.detail)
    delivery.deliver(rendering_of_report(report, text, expectation=wanted, everything=asked["sarif_all"]))
    if dumped is not None:
        dumped.write()
    return outcome.code


def _checked(protocol: str, listener: Listener | None, *, explain: bool, asked: Any, ir: Ir) -> Report:
    return check(
        protocol,
        **selection_arguments(asked),
        options=Options(
            engine=asked["engine"],
            properties=asked["properties"],
            scenario=asked["scenario"],
            fail_fast=asked["fail_fast"],
            exhaustive=asked["exhaustive"],
            symmetry=asked["symmetry"],
            slicing=asked["slicing"],
            depth=asked["depth"],
            max_states=asked["max_states"],
            max_memory=asked["max_memory"],
            time_limit=asked["time_limit"],
            seed=asked["seed"],
            runs=asked["runs"],
            workers=asked["workers"],
            listener=listener,
            explain=explain,
            alternatives=asked["alternatives"],
            beside=siblings(protocol) if explain and asked["beside"] is None else asked["beside"],
            least_delay=asked["least_delay"],
            all_different=asked["all_different"],
            verbose=asked["look"].detail is Detail.FULL,
            ir=ir,
        ),
    )


def selection_arguments(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The choices for the protocol, as keyword arguments of our calls."""
    return {
        "parameters": once(asked["settings"]),
        "faults": asked["faults"],
        "with_protections": asked["with_"],
        "without": asked["without"],
    }


def once(settings: Sequence[tuple[str, int | str]]) -> dict[str, int | str]:
    """Settings by name; one that is given twice with different values is an error."""
    values: dict[str, int | str] = {}
    for name, value in settings:
        if values.setdefault(name, value) != value:
            raise click.UsageError(f"{name} is set twice: {values[name]} and {value}.")
    return values
