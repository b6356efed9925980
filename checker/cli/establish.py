"""``check establish``: whether a protocol is established."""

from __future__ import annotations

from typing import Any

from planrace.checker.api.calls import establish
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import Delivery, rendering_of, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import until
from planrace.checker.run.options import Options

FORMS = ("text", "json")


def establish_command(protocol: str, **asked: Any) -> int:
    """Judge the protocol; returns the exit code."""
    with until(asked["time_limit"]):  # starts here, because the limit is for the whole command
        return _run(protocol, asked)


def _run(protocol: str, asked: dict[str, Any]) -> int:
    delivery = Delivery(
        asked["form"], asked["outputs"], FORMS, look=asked["look"], brief=True, reads=source_of(protocol)
    )
    with delivery.working(), progress(asked["look"]) as listener:
        made = establish(
            protocol,
            **selection_arguments(asked),
            violated=asked["violated"],
            accepted=asked["accepted"],
            at_least=asked["at_least"],
            every_size=asked["every_size"],
            options=Options(
                symmetry=asked["symmetry"],
                max_states=asked["max_states"],
                max_memory=asked["max_memory"],
                time_limit=asked["time_limit"],
                workers=asked["workers"],
                listener=listener,
            ),
        )
    delivery.deliver(rendering_of(made, detail=asked["look"].detail))
    return made.exit_code
