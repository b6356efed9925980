"""``check conform``: logs beside a model."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from planrace.checker.api.conforming import conform, explain_mapping
from planrace.checker.api.following import follow
from planrace.checker.cli.check import selection_arguments
from planrace.checker.cli.deliver import delivery_of, rendering_of, source_of
from planrace.checker.cli.progress import progress
from planrace.checker.engines.limits import until
from planrace.checker.report.text.mapping import mapping_text
from planrace.checker.results.detail import Detail

FORMATS = ("text", "json", "html")
SAME = ("uncertainty", "max_width", "time_limit")
FOLLOWING = ("lag", "patience")


def conform_command(protocol: str, **arguments: Any) -> int:
    """Search; returns the exit code."""
    mapping = arguments["mapping"]
    _check_following(arguments)
    if arguments["explain_mapping"]:
        if mapping is None:
            raise click.UsageError("--explain-mapping explains a mapping; name it: --mapping FILE.")
        if arguments["formats"] or arguments["outputs"]:
            raise click.UsageError("--explain-mapping is text on standard output; leave out --format and -o.")
        explained = explain_mapping(protocol, arguments["logs"], mapping, **selection_arguments(arguments))
        click.echo(mapping_text(explained), nl=False)
        return 0
    following = arguments["follow"]
    with until(None if following else arguments["time_limit"]):  # here, because it is for the whole command
        delivery = delivery_of(arguments, FORMATS, (*arguments["logs"], mapping or "", *source_of(protocol)))
        with delivery.answering(protocol), progress(arguments["look"]) as listener:
            same = {**selection_arguments(arguments), **{name: arguments[name] for name in SAME}}
            if following:
                further = {name: arguments[name] for name in (*FOLLOWING, "unlogged")}
                tell = partial(click.echo, err=True)
                further |= {"mapping": mapping, "tell": tell, "listener": listener}
                found = follow(protocol, arguments["logs"], **same, **further)
            else:
                found = conform(
                    protocol,
                    arguments["logs"],
                    **same,
                    mapping=mapping,
                    logged=arguments["logged"],
                    hidden=arguments["hidden"],
                    every=arguments["every"],
                    join=arguments["join"],
                    verbose=arguments["look"].detail is Detail.FULL,
                    listener=listener,
                )
        delivery.deliver(rendering_of(found, detail=arguments["look"].detail))
    return found.exit_code


def _check_following(arguments: dict[str, Any]) -> None:
    """Raises ``UsageError`` for options that only matter if logs are followed, or cannot be had then."""
    if arguments["follow"]:
        for name in ("explain_mapping", "logged", "hidden", "every", "join"):
            if arguments[name] not in (None, False, ()):
                option = f"--{name.replace('_', '-')}"
                raise click.UsageError(f"{option} cannot be had with --follow; leave it out, or follow no logs.")
        return
    source = click.get_current_context().get_parameter_source
    for name in (*FOLLOWING, "unlogged"):
        if source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(f"--{name} is for logs that are followed; add --follow, or leave it out.")
