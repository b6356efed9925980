"""``check likelihood``: how likely it is that properties are violated in time."""

from __future__ import annotations

from typing import Any

import click

from planrace.checker.api.likelihood import TIMES, likelihood
from planrace.checker.cli.deliver import delivery_of, rendering_of, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.cli.values import once, split_settings
from planrace.checker.results.verdict import EXIT_CODES, Verdict
from planrace.checker.run.options import Options
from planrace.checker.run.rates import rates_file

FORMATS = ("text", "json", "html")


def likelihood_command(protocol: str, **arguments: Any) -> int:
    """Compute the probabilities; returns the exit code: 3 if some are not known."""
    delivery = delivery_of(arguments, FORMATS, source_of(protocol))
    single, varied = split_settings(arguments["settings"])
    with delivery.working(), progress(arguments["look"]) as listener:
        made = likelihood(
            protocol,
            single,
            faults=arguments["faults"],
            with_protections=arguments["with_"],
            without=arguments["without"],
            rates=_rates(arguments),
            within=arguments["within"] or TIMES,
            vary=varied,
            sensitivity=arguments["sensitivity"],
            simulate=arguments["simulate"],
            storm=arguments["storm"],
            options=Options(
                properties=arguments["properties"],
                symmetry=arguments["symmetry"],
                max_states=arguments["max_states"],
                max_memory=arguments["max_memory"],
                time_limit=arguments["time_limit"],
                seed=arguments["seed"],
                runs=arguments["runs"],
                listener=listener,
            ),
        )
    code = 0 if made.known else EXIT_CODES[Verdict.UNKNOWN]
    delivery.deliver(rendering_of(made, code, arguments["look"].detail))
    return code


def _rates(arguments: dict[str, Any]) -> dict[str, str | float]:
    """The rates of the file, with those that options give in their place."""
    found = rates_file(arguments["rates"]) if arguments["rates"] else {}
    given: list[tuple[str, int | str]] = []
    for text in arguments["rate"]:
        name, sign, rate = text.partition("=")
        if not sign:
            raise click.UsageError(f"{text!r} is not of the form ACTION=RATE, such as publish=1/30s.")
        given.append((name.strip(), rate.strip()))
    return {**found, **once(given)}
