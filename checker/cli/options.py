"""Options that several commands share, each declared once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias, TypeVar

import click

from planrace.checker.cli.completion import Kind, complete_name
from planrace.checker.cli.help import Topic, TopicOption
from planrace.checker.cli.look import Color, Look, chosen_detail
from planrace.checker.cli.values import Memory, Name, NumberType, ProtocolName, Setting, SweptSetting
from planrace.checker.results.store_kind import StoreKind
from planrace.checker.results.verdict import DECIDED

F = TypeVar("F", bound=Callable[..., Any])
Decorator: TypeAlias = "Callable[[F], F]"


def together(*options: Decorator[Any]) -> Decorator[Any]:
    """Several options as one decorator, in the order in which the help lists them."""

    def declare(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return declare


def option(topic: Topic, *names: str, **more: Any) -> Decorator[Any]:
    """An option that the help lists under a topic."""
    return click.option(*names, cls=TopicOption, topic=topic, **more)


def protocol(text: str = "As for check.", *, required: bool = True) -> Decorator[Any]:
    """``-p``."""
    return option(Topic.WHAT, "-p", "--protocol", type=ProtocolName(), required=required, help=text)


def protocols(text: str) -> Decorator[Any]:
    """``-p``, repeatable."""
    return option(Topic.WHAT, "-p", "--protocol", "protocols", type=ProtocolName(), multiple=True, help=text)


def selection(
    sizes: str = "A parameter of the protocol; repeatable.",
    faults: str = "Switch a fault on; repeatable.",
    with_: str = "Add a protection; repeatable.",
    without: str = "Remove a protection; repeatable.",
) -> Decorator[Any]:
    """Choices for the protocol: sizes and options, faults, protections."""
    return together(
        option(Topic.WHAT, "-s", "--set", "settings", type=Setting(), multiple=True, help=sizes),
        choices(faults, with_, without),
    )


def swept(text: str) -> Decorator[Any]:
    """``-s``, which may also give several values."""
    return option(Topic.WHAT, "-s", "--set", "settings", type=SweptSetting(), multiple=True, help=text)


def choices(
    faults: str = "Switch a fault on; repeatable.",
    with_: str = "Add a protection; repeatable.",
    without: str = "Remove a protection; repeatable.",
) -> Decorator[Any]:
    """Faults and protections."""
    return together(
        option(Topic.WHAT, "--fault", "faults", type=Name(Kind.FAULT), multiple=True, help=faults),
        option(
            Topic.WHAT,
            "--with",
            "with_",
            type=Name(Kind.PROTECTION),
            multiple=True,
            help=with_,
        ),
        option(
            Topic.WHAT,
            "--without",
            type=Name(Kind.PROTECTION),
            multiple=True,
            help=without,
        ),
    )


def properties(text: str) -> Decorator[Any]:
    """``--property``."""
    return option(Topic.WHAT, "--property", "properties", type=Name(Kind.PROPERTY), multiple=True, help=text)


def symmetry(text: str) -> Decorator[Any]:
    """``--symmetry`` and ``--no-symmetry``; without either the engine chooses."""
    return option(Topic.SEARCH, "--symmetry/--no-symmetry", default=None, help=text)


normalise = option(
    Topic.SEARCH,
    "--normalise",
    metavar="SORT",
    help="Count states up to the normal form of this sort's generations.",
)
slicing = option(
    Topic.SEARCH,
    "--slicing/--no-slicing",
    default=True,
    help="Leave out variables that no checked property depends on.",
)
expect = option(
    Topic.EXIT,
    "--expect",
    type=click.Choice([v.word for v in DECIDED]),
    help="Exit 0 if that is the verdict, otherwise 1.",
)


def engine(text: str) -> Decorator[Any]:
    """``--engine``."""
    return option(Topic.SEARCH, "--engine", type=Name(Kind.ENGINE), default="auto", help=text)


def strict(text: str) -> Decorator[Any]:
    """``--strict``."""
    return option(Topic.EXIT, "--strict", is_flag=True, help=text)


def max_states(text: str) -> Decorator[Any]:
    """``--max-states``."""
    return option(Topic.LIMITS, "--max-states", type=NumberType("max_states"), help=text)


def max_memory(text: str = "Limit on memory, such as 8G.") -> Decorator[Any]:
    """``--max-memory``."""
    return option(Topic.LIMITS, "--max-memory", type=Memory(), help=text)


def time_limit(text: str = "Limit on time.") -> Decorator[Any]:
    """``--time-limit``."""
    return option(Topic.LIMITS, "--time-limit", type=NumberType("time_limit"), metavar="SECONDS", help=text)


only = option(
    Topic.WHAT,
    "--only",
    metavar="NAME",
    multiple=True,
    shell_complete=lambda _context, _option, begun: complete_name(Kind.CHECK, None, begun),
    help="Without -p: run only this check of pyproject.toml; repeatable.",
)
workers = option(
    Topic.SEARCH,
    "--workers",
    type=NumberType("workers"),
    help="Number of cores for a large search (default: all).",
)


def cluster(what: str) -> Decorator[Any]:
    """``--cluster``; ``what`` happens there, in the imperative."""
    text = f"{what} on a Ray cluster: local (this machine), auto (the one it belongs to), or ray://…."
    return option(Topic.SEARCH, "--cluster", metavar="WHERE", help=text)


cluster_search = together(
    cluster("Search"),
    option(
        Topic.SEARCH,
        "--shards",
        type=NumberType("shards"),
        metavar="N",
        help="Processes that share the states of --cluster (default: one a machine).",
    ),
)
each_search = together(
    max_states("Limit on the number of states of each search."),
    max_memory(),
    time_limit("Limit on the total time."),
    workers,
)
"""Bounds of many searches."""
store = option(
    Topic.SEARCH,
    "--store",
    type=click.Choice([k.value for k in StoreKind]),
    default=StoreKind.HASH.value,
    help="What keeps the states: a table (default; it becomes compact when memory gets short), or sorted runs.",
)
spill = option(
    Topic.SEARCH,
    "--spill",
    metavar="DIR",
    type=click.Path(path_type=str),
    help="A folder for sorted runs, which are in memory otherwise.",
)
checkpoints = together(
    option(
        Topic.SEARCH,
        "--checkpoint",
        metavar="FILE",
        type=click.Path(path_type=str),
        help="Write what was searched to this file, now and then and where the search is cut.",
    ),
    option(
        Topic.SEARCH,
        "--resume",
        metavar="FILE",
        type=click.Path(path_type=str),
        help="Go on from such a file; if it is that of --checkpoint, only if it exists.",
    ),
)


def seed(text: str) -> Decorator[Any]:
    """``--seed``."""
    return option(Topic.SEARCH, "--seed", type=NumberType("seed"), help=text)


def output(formats: str, place: str = "[FORM:]FILE") -> Decorator[Any]:
    """``--format`` and ``-o``."""
    return together(
        option(Topic.OUTPUT, "--format", "formats", metavar="FORM[:FILE]", multiple=True, help=formats),
        option(
            Topic.OUTPUT,
            "-o",
            "--output",
            "outputs",
            metavar=place,
            multiple=True,
            help="Where to write the report; repeatable.",
        ),
    )


no_progress = option(Topic.OUTPUT, "--no-progress", is_flag=True, help="Draw no progress on the terminal.")


def look(*, runs: bool = True, progress: bool = True) -> Decorator[Any]:
    """The options for how the output looks, as one argument ``look``. ``runs``: the report has more to say with ``-v``;
    ``progress``: the command draws its progress."""

    def declare(command: F) -> Any:
        @wraps(command)
        def collected(*positional: Any, **arguments: Any) -> Any:
            taken = Look(
                chosen_detail(quiet=arguments.pop("quiet"), verbose=arguments.pop("verbose", False)),
                Color(arguments.pop("color")),
                arguments.pop("width"),
                progress=not arguments.pop("no_progress", False),
            )
            return command(*positional, look=taken, **arguments)

        verbose = option(
            Topic.OUTPUT, "-v", "--verbose", is_flag=True, help="Say everything, however long explanations take."
        )
        options = [
            option(Topic.OUTPUT, "-q", "--quiet", is_flag=True, help="Say only the verdicts."),
            *([verbose] if runs else []),
            option(
                Topic.OUTPUT,
                "--color",
                type=click.Choice([c.value for c in Color]),
                default=Color.AUTO.value,
                help="Colours: on a terminal (auto), always or never.",
            ),
            option(
                Topic.OUTPUT,
                "--width",
                type=NumberType("width"),
                metavar="N",
                help="Columns of text (default: the terminal's, or 100).",
            ),
            *([no_progress] if progress else []),
        ]
        return together(*options)(collected)

    return declare
