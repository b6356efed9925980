"""The help of ``check`` and its commands: what people do most first, then options by what they are for.

It is written with click's own formatter. rich-click and cloup do as much, but take 25 and 60 milliseconds to import,
where click takes 50 and ``check --help`` shall take less than 100; click-option-group groups options only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import click

Rows: TypeAlias = "Sequence[tuple[str, str]]"
WIDEST = 27
"""The most columns for the names of options; of longer ones the text begins on the next line."""


class Topic(StrEnum):
    """The headings of options, in the order of the help. What many commands share comes last."""

    WHAT = "What to check"
    OWN = "Options"
    EXIT = "Exit code"
    SEARCH = "How to search"
    LIMITS = "Limits"
    EXPLAIN = "What to explain"
    OUTPUT = "Output"
    GENERAL = "General"


class Purpose(StrEnum):
    """What one wants from a command."""

    START = "Begin"
    VERIFY = "Verify"
    UNDERSTAND = "Understand"
    FIX = "Fix and improve"
    CONNECT = "Connect with the real system and other tools"
    SHARE = "Share and keep"
    OTHER = "More"


@dataclass(frozen=True)
class Page:
    """What the help says of a command: a ``line`` of at most 60 characters for the list of commands, under its
    ``purpose``, and examples: pairs of a call and what it does."""

    purpose: Purpose = Purpose.OTHER
    line: str = ""
    examples: Rows = ()


class TopicOption(click.Option):
    """An option that the help lists under a topic."""

    def __init__(self, *arguments: Any, topic: Topic = Topic.OWN, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.topic = topic


def topic_of(parameter: click.Parameter) -> Topic:
    """The topic of an option; those that every program has are general."""
    if {"--help", "--version"} & set(parameter.opts):
        return Topic.GENERAL
    return parameter.topic if isinstance(parameter, TopicOption) else Topic.OWN


class HelpfulCommand(click.Command):
    """A command with a page."""

    def __init__(self, *arguments: Any, page: Page = Page(), **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.page = page

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help."""
        write_help(self, self.page, ctx, formatter)


class HelpfulGroup(click.Group):
    """A command with commands."""

    command_class = HelpfulCommand
    group_class: type[click.Group] | type[type] | None = type

    def __init__(self, *arguments: Any, page: Page = Page(), **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.page = page

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help, with the commands before the options."""
        write_help(self, self.page, ctx, formatter)


def write_help(command: click.Command, page: Page, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Usage, what it does, examples, commands, options."""
    command.format_usage(ctx, formatter)
    command.format_help_text(ctx, formatter)
    if page.examples:
        with formatter.section("Examples"):
            _write_calls(page.examples, formatter)
    if isinstance(command, click.Group):
        _write_commands(command, ctx, formatter)
    _write_options(command, ctx, formatter)
    command.format_epilog(ctx, formatter)


def _write_calls(examples: Rows, formatter: click.HelpFormatter) -> None:
    """A call and what it does: beside it where all fit, else below it."""
    room = formatter.width - formatter.current_indent - 2
    longest = max(len(call) for call, _ in examples)
    if all(longest + len(text) <= room for _, text in examples):
        formatter.write_dl(examples, col_max=longest)
        return
    for call, text in examples:
        formatter.write(f"{'':{formatter.current_indent}}{call}\n")
        with formatter.indentation():
            formatter.write_text(text)


def _write_commands(group: click.Group, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """The commands by their purpose, each with a line."""
    known = {name: group.get_command(ctx, name) for name in group.list_commands(ctx)}
    shown = {name: c for name, c in known.items() if c is not None and not c.hidden}
    pages = {name: getattr(c, "page", Page()) for name, c in shown.items()}
    width = max(map(len, shown), default=0)
    several = any(page.purpose is not Purpose.OTHER for page in pages.values())
    for purpose in Purpose:
        rows = [
            (f"{name:{width}}", pages[name].line or c.get_short_help_str(limit=1000))
            for name, c in shown.items()
            if pages[name].purpose is purpose
        ]
        if rows:
            with formatter.section(purpose.value if several else "Commands"):
                formatter.write_dl(rows)


def _write_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """The options by their topics, all with the same columns."""
    known = [p for p in command.get_params(ctx) if isinstance(p, click.Option)]
    records = [(topic_of(p), record) for p in known if (record := p.get_help_record(ctx))]
    width = min(max((len(names) for _, (names, _) in records), default=0), WIDEST)
    for topic in Topic:
        rows = [(f"{names:{width}}", text) for at, (names, text) in records if at is topic]
        if rows:
            with formatter.section(topic.value):
                formatter.write_dl(rows)
