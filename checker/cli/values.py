"""Types of option values that click does not have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from planrace.checker.cli.completion import Kind, complete_name, complete_protocol
from planrace.checker.run.ranges import RANGES, bytes_of, shortened

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class NumberType(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click only
    """A number within the range that the same parameter has in Python (``RANGES``)."""

    def __init__(self, of: str) -> None:
        self.range = RANGES[of]
        self.name = "integer" if self.range.whole else "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | float:
        number: object = value
        if isinstance(value, str):
            try:
                number = int(value) if self.range.whole else float(value)
            except ValueError:
                number = value
        fault = self.range.error_text(number)
        if fault is not None:
            self.fail(f"{shortened(value)} {fault}; {self.range.remedy}.", param, ctx)
        assert isinstance(number, int | float)
        return number


class Memory(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click only
    """A number of bytes: 8G, 512M, 1.5GiB; within the range that the same parameter has in Python."""

    name = "SIZE"

    def __init__(self, of: str = "max_memory") -> None:
        self.range = RANGES[of]

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            size = bytes_of(str(value))
        except ValueError as problem:
            self.fail(f"{problem}; write 8G or 512M.", param, ctx)
        fault = self.range.error_text(size)
        if fault is not None:
            self.fail(f"{shortened(value)} {fault}; {self.range.remedy}.", param, ctx)
        return size


class Setting(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click only
    """NAME=VALUE: a size with a whole number, or an option of the protocol with a word."""

    name = "NAME=VALUE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int | str]:
        if isinstance(value, tuple):
            return value
        name, sign, number = str(value).partition("=")
        if not sign or not name.strip():
            self.fail(f"{shortened(value)} is not of the form NAME=VALUE, such as plans=4.", param, ctx)
        try:
            return name.strip(), int(number)
        except ValueError:
            if number.strip().isidentifier():
                return name.strip(), number.strip()
            if re.fullmatch(r"\s*[+-]?[0-9]+\s*", number):  # Python refuses numbers of thousands of digits
                self.fail(f"{name.strip()}: {shortened(number)} is too large a number.", param, ctx)
            self.fail(
                f"{name.strip()} wants a whole number, not {shortened(number)}; `check list` has the ranges.",
                param,
                ctx,
            )


class SweptSetting(Setting):
    """A setting, or NAME=LOW..HIGH: all whole numbers from one to the other, as a tuple."""

    name = "NAME=VALUE"
    MOST = 1_000
    """The most numbers of one range."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        name, sign, text = value.partition("=") if isinstance(value, str) else ("", "", "")
        found = re.fullmatch(r"\s*(-?[0-9]{1,9})\.\.(-?[0-9]{1,9})\s*", text)
        if not sign or found is None:
            return super().convert(value, param, ctx)
        low, high = int(found[1]), int(found[2])
        if not 0 <= high - low < self.MOST:
            self.fail(f"{shortened(value)} is no range of at most {self.MOST:,} numbers.", param, ctx)
        return name.strip(), tuple(range(low, high + 1))


class Name(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click only
    """The value of an option that takes one name and is repeated for further ones. ``of``: what it names."""

    name = "NAME"

    def __init__(self, of: Kind | None = None) -> None:
        self.of = of

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [] if self.of is None else complete_name(self.of, ctx.params.get("protocol"), incomplete)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if "," in text and param is not None:
            more = " ".join(f"{param.opts[0]} {word.strip()}" for word in text.split(","))
            self.fail(f"{text!r} is not one name; repeat the option: {more}", param, ctx)
        return text


class ProtocolName(click.ParamType):  # type: ignore[type-arg]  # generic in new versions of click only
    """The name of a protocol."""

    name = "NAME"

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """What can be written there."""
        return "Write original, fixed, or your own: file.py:attribute."

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return complete_protocol(incomplete)


def once(settings: Sequence[tuple[str, int | str]]) -> dict[str, int | str]:
    """Settings by name; one that is given twice with different values is an error."""
    values: dict[str, int | str] = {}
    for name, value in settings:
        if values.setdefault(name, value) != value:
            raise click.UsageError(f"{name} is set twice: {values[name]} and {value}.")
    return values


def split_settings(settings: Sequence[tuple[str, Any]]) -> tuple[dict[str, int | str], dict[str, Any]]:
    """Settings of one value, and those of several; a name that has both is an error."""
    single = once([s for s in settings if not isinstance(s[1], tuple)])
    varied: dict[str, Any] = once([s for s in settings if isinstance(s[1], tuple)])
    for name in varied.keys() & single.keys():
        raise click.UsageError(f"{name} is set twice.")
    return single, varied
