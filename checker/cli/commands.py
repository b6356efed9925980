"""The group of commands, which knows what people mean by a word that is none."""

from __future__ import annotations

import click


class Commands(click.Group):
    """A group that takes the name of a protocol where a command should be as what it is: a slip."""

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click has it, but for protocols."""
        name = args[0]
        if ":" in name or name.endswith(".py") or name in ("original", "fixed"):
            raise click.UsageError(
                f"No such command {name!r}. A protocol is named by an option: check -p {name}", context
            )
        return super().resolve_command(context, args)
