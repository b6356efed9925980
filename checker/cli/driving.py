"""``check cover`` and ``check replay``: a model beside a running system."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from planrace.checker.api.driving import cover, replay
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import Delivery, delivery_of, rendering_of, source_of
from planrace.checker.cli.values import once
from planrace.checker.engines.limits import until
from planrace.checker.report.formats import FOR_CI

FORMATS = ("text", "json", "html", *FOR_CI)


def cover_command(protocol: str, **arguments: Any) -> int:
    """Cover; returns the exit code."""
    with until(arguments["time_limit"]):  # starts here, because the limit is for the whole command
        delivery = _delivery(arguments, *source_of(protocol))
        with delivery.answering(protocol):
            found = cover(
                protocol,
                arguments["driver"],
                **selection_arguments(arguments),
                criterion=arguments["criterion"],
                length=arguments["length"],
                run=arguments["run"],
                start=arguments["start"],
                at_least=arguments["at_least"],
                max_steps=arguments["max_steps"],
                max_states=arguments["max_states"],
                reset_cost=arguments["reset_cost"],
                seed=arguments["seed"],
                schedule=arguments["schedule"],
                pct_depth=arguments["pct_depth"],
                time_limit=arguments["time_limit"],
                cluster=arguments["cluster"],
            )
        delivery.deliver(rendering_of(found, detail=arguments["look"].detail))
    return found.exit_code


def replay_command(trace: str, **arguments: Any) -> int:
    """Replay; returns the exit code."""
    with until(arguments["time_limit"]):
        protocol = arguments["protocol"]
        delivery = _delivery(arguments, trace, *(() if protocol is None else source_of(protocol)))
        with delivery.answering(protocol or Path(trace).name):
            found = replay(
                trace,
                arguments["driver"],
                protocol,
                once(arguments["settings"]),
                name=arguments["name"],
                loops=arguments["loops"],
                then=arguments["then"],
                time_limit=arguments["time_limit"],
            )
        delivery.deliver(rendering_of(found, detail=arguments["look"].detail))
    return found.exit_code


def _delivery(arguments: dict[str, Any], *reads: str) -> Delivery:
    """The places of the report; they must not be files that are read."""
    return delivery_of(arguments, FORMATS, (*reads, *source_of(arguments["driver"])))
