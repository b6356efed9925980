"""The group of commands; it recognises the name of a protocol where a command should be."""

from __future__ import annotations

import click

from planrace.checker.cli.completion import OURS
from planrace.checker.cli.help import HelpfulGroup


class Commands(HelpfulGroup):
    """A group of commands; ``check fixed`` gets an error that suggests ``check -p fixed``."""

    group_class: type[click.Group] | type[type] | None = HelpfulGroup

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As in click, but with an error for names of protocols."""
        name = args[0]
        if context.resilient_parsing:  # the shell asks how to go on
            return super().resolve_command(context, args)
        if ":" in name or name.endswith(".py") or name in OURS:
            raise click.UsageError(f"No such command {name!r}. Name a protocol with -p: check -p {name}", context)
        return super().resolve_command(context, args)
