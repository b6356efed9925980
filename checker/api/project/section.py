"""The keys of ``[tool.planrace]`` in ``pyproject.toml``; ``docs/pyproject.schema.json`` is made of these classes.

Keys are written with hyphens (``time-limit``). Limits of an entry replace those of the section.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

from planrace.checker.run.ranges import RANGES

ArtifactFormat: TypeAlias = Literal[
    "html", "json", "text", "mermaid", "svg", "shiviz", "itf", "tlc", "dot", "graphml", "junit", "sarif", "summary"
]
"""The formats of a report that artifacts may have."""


def _number(name: str, text: str) -> Meta:
    """The range that the command and the calls from Python have for this number."""
    found = RANGES[name]
    most = None if name == "workers" else found.high  # which depends on the machine
    return Meta(ge=found.low, le=most, description=text)


PATTERN = r"^\s*[0-9]+(\.[0-9]+)?\s*[KMGTkmgt]?(i?[Bb])?\s*$"
"""Amounts of memory as people write them, for the schema."""
Seconds = Annotated[float, _number("time_limit", "Limit on the time of a check, in seconds.")]
States = Annotated[int, _number("max_states", "Limit on the number of states of a search.")]
Memory: TypeAlias = Annotated[str, Meta(description='Limit on memory, such as "8G" or "512M".', pattern=PATTERN)]
Bytes: TypeAlias = Annotated[int, _number("max_memory", "Limit on memory, in bytes.")]
Workers = Annotated[int, _number("workers", "Number of cores for a large search.")]
Depth = Annotated[int, _number("depth", "Limit on the search depth.")]
Name: TypeAlias = Annotated[str, Meta(min_length=1)]
Names: TypeAlias = tuple[Name, ...]


class CheckEntry(Struct, rename="kebab", forbid_unknown_fields=True, frozen=True):
    """A protocol to check, and what is expected of it: one `[[tool.planrace.check]]`."""

    protocol: Annotated[
        str,
        Meta(
            min_length=1,
            description="original, fixed, file.py:attribute or package.module:attribute. Paths are relative to the "
            "folder of pyproject.toml.",
        ),
    ]
    name: (
        Annotated[str, Meta(min_length=1, description="The name of the check; by default that of the protocol.")] | None
    ) = None
    sizes: Annotated[
        dict[str, int | str], Meta(description="Sizes and options of the protocol, by name; others have their default.")
    ] = {}
    faults: Annotated[Names, Meta(description="Faults that are on.")] = ()
    with_: Annotated[Names, Meta(description="Protections to add.")] = field(default=(), name="with")
    without: Annotated[Names, Meta(description="Protections to remove.")] = ()
    properties: Annotated[
        Names, Meta(description="Check only these properties; by default all that are declared.")
    ] = ()
    scenario: Annotated[str, Meta(description="Find a run that shows this scenario.")] | None = None
    expect: (
        Annotated[
            Literal["holds", "violated"], Meta(description="The expected verdict; the check fails for another one.")
        ]
        | None
    ) = None
    strict: Annotated[bool, Meta(description="Warnings about the model fail the check.")] | None = None
    engine: Annotated[str, Meta(description="The engine that searches or proves (see `check list`).")] = "auto"
    exhaustive: Annotated[bool, Meta(description="Visit every state, even if every property is decided earlier.")] = (
        False
    )
    fail_fast: Annotated[bool, Meta(description="Stop at the first violation.")] = False
    symmetry: (
        Annotated[bool, Meta(description="Search orbits of interchangeable members; by default the engine chooses.")]
        | None
    ) = None
    normalise: (
        Annotated[str, Meta(min_length=1, description="Count states up to the normal form of this sort's generations.")]
        | None
    ) = None
    slicing: Annotated[bool, Meta(description="Leave out variables that no checked property depends on.")] = True
    depth: Depth | None = None
    time_limit: Seconds | None = None
    max_states: States | None = None
    max_memory: Bytes | Memory | None = None
    workers: Workers | None = None


class Section(Struct, rename="kebab", forbid_unknown_fields=True, frozen=True):
    """What planrace checks in this repository. `check` without a protocol checks every entry of `check`."""

    check: Annotated[tuple[CheckEntry, ...], Meta(description="The checks, in this order.")] = ()
    strict: Annotated[bool, Meta(description="Warnings about the model fail a check; an entry may say otherwise.")] = (
        False
    )
    time_limit: Seconds | None = None
    max_states: States | None = None
    max_memory: Bytes | Memory | None = None
    workers: Workers | None = None
    artifacts: (
        Annotated[
            str, Meta(min_length=1, description="A folder for reports of the checks and for pages of failing tests.")
        ]
        | None
    ) = None
    artifact_formats: Annotated[
        tuple[ArtifactFormat, ...], Meta(description="The formats of each report in the folder of artifacts.")
    ] = ("html",)


LIMITS = ("time_limit", "max_states", "max_memory", "workers")
"""Limits of the section that an entry may replace."""
CHOICES = ("engine", "exhaustive", "fail_fast", "symmetry", "normalise", "slicing", "depth", "scenario", "properties")
"""Fields of an entry that are fields of ``Options`` with the same meaning."""
