"""``check -p``: check a protocol, write the report, return the exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from planrace.checker.api.calls import check
from planrace.checker.cli.deliver import Delivery, rendering_of_report, source_of
from planrace.checker.cli.look import Look
from planrace.checker.cli.progress import progress
from planrace.checker.cli.values import once
from planrace.checker.engines.limits import Listener, until
from planrace.checker.report.text.document import document
from planrace.checker.results.detail import Detail
from planrace.checker.results.outcome import Expectation, RunOutcome
from planrace.checker.results.report import Report
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import siblings

Ir: TypeAlias = Callable[[str], None] | None


def check_command(protocol: str, **arguments: Any) -> int:
    """Run the check that the options ask for; returns the exit code."""
    with until(arguments["time_limit"]):  # starts here, because the limit is for the whole command
        return _run(protocol, arguments)


def _run(protocol: str, arguments: dict[str, Any]) -> int:
    look: Look = arguments["look"]
    delivery = Delivery(arguments["formats"], arguments["outputs"], look=look, reads=source_of(protocol))
    dumped = None if arguments["dump_ir"] is None else delivery.side_file(arguments["dump_ir"])
    with delivery.answering(protocol), progress(look) as listener:
        ir = None if dumped is None else dumped.hold
        report = _checked(protocol, listener, explain=bool(delivery.formats - {"text"}), arguments=arguments, ir=ir)
    wanted = Expectation.of(arguments["expect"], strict=arguments["strict"])
    outcome = RunOutcome(report, wanted)
    text = document(report, outcome.code, outcome.reason, look.detail)
    delivery.deliver(rendering_of_report(report, text, expectation=wanted, everything=arguments["sarif_all"]))
    if dumped is not None:
        dumped.write()
    return outcome.code


def _checked(protocol: str, listener: Listener | None, *, explain: bool, arguments: Any, ir: Ir) -> Report:
    return check(
        protocol,
        **selection_arguments(arguments),
        options=Options(
            engine=arguments["engine"],
            properties=arguments["properties"],
            scenario=arguments["scenario"],
            fail_fast=arguments["fail_fast"],
            exhaustive=arguments["exhaustive"],
            symmetry=arguments["symmetry"],
            normalise=arguments["normalise"],
            slicing=arguments["slicing"],
            depth=arguments["depth"],
            max_states=arguments["max_states"],
            max_memory=arguments["max_memory"],
            time_limit=arguments["time_limit"],
            seed=arguments["seed"],
            runs=arguments["runs"],
            bit_array=arguments["bit_array"],
            hashes=arguments["hashes"],
            order=arguments["order"],
            workers=arguments["workers"],
            cluster=arguments["cluster"],
            shards=arguments["shards"],
            store=arguments["store"],
            spill=arguments["spill"],
            checkpoint=arguments["checkpoint"],
            resume=arguments["resume"],
            listener=listener,
            explain=explain,
            alternatives=arguments["alternatives"],
            beside=siblings(protocol) if explain and arguments["beside"] is None else arguments["beside"],
            least_delay=arguments["least_delay"],
            all_different=arguments["all_different"],
            verbose=arguments["look"].detail is Detail.FULL,
            ir=ir,
        ),
    )


def selection_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The choices for the protocol, as keyword arguments of our calls."""
    return {
        "parameters": once(arguments["settings"]),
        "faults": arguments["faults"],
        "with_protections": arguments["with_"],
        "without": arguments["without"],
    }
