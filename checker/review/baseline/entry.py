"""The entries of a baseline: requests, and the results of their checks."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from planrace.checker.results.verdict import Verdict
from planrace.model.language import ModelError

FLAGS = {("symmetry", True): "--symmetry", ("symmetry", False): "--no-symmetry", ("slicing", False): "--no-slicing"}
LISTS = {"--fault": "faults", "--with": "with_protections", "--without": "without", "--property": "properties"}


@dataclass(frozen=True)
class BaselineRequest:
    """A request. ``settings`` are sizes and options; ``properties``, if any, restricts the check to them;
    ``max_states`` is the bound on states. ``symmetry`` None leaves the choice to the engine, which then counts all
    states."""

    protocol: str
    settings: Mapping[str, int | str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    with_protections: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    max_states: int | None = None
    symmetry: bool | None = None
    slicing: bool = True

    @property
    def title(self) -> str:
        """The request as options of the command, in a fixed order. Raises ``ModelError`` for names that do not fit
        into a line."""
        words = list(self._words())
        for word in words:
            if not word.isprintable() or not word:
                raise ModelError(f"{word!r} cannot be written to a baseline", remedy="rename it in plain characters")
        return shlex.join(words)

    @property
    def command(self) -> str:
        """The command that repeats the check."""
        return f"check -p {self.title} --exhaustive"

    def _words(self) -> Iterator[str]:
        yield self.protocol
        for name in sorted(self.settings):
            yield from ("-s", f"{name}={self.settings[name]}")
        for option, attribute in LISTS.items():
            for name in sorted(set(getattr(self, attribute))):
                yield from (option, name)
        if self.max_states is not None:
            yield from ("--max-states", str(self.max_states))
        yield from (flag for (attribute, value), flag in FLAGS.items() if getattr(self, attribute) is value)


@dataclass(frozen=True)
class Counts:
    """The counts of a complete search: of orbits if ``symmetry``, without the ignored variables ``sliced``."""

    states: int
    transitions: int
    depth: int
    symmetry: bool
    sliced: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecordedVerdict:
    """The verdict on a property, and the length of its counterexample or witness, if any."""

    verdict: Verdict
    steps: int | None = None


@dataclass(frozen=True)
class Item:
    """A line about the model, with the lines below it. ``kind`` is a word such as ``guard``. If there is only one line
    of its kind, it has no name."""

    kind: str
    name: str | None
    text: str
    inner: tuple[Item, ...] = ()

    @property
    def label(self) -> str:
        """The kind and name of the line."""
        return self.kind if self.name is None else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class BaselineEntry:
    """The result of a request. ``counts`` is None if the search was not complete; ``line`` is the first line of the
    entry in its file, from 1 (0: it is in no file)."""

    request: BaselineRequest
    counts: Counts | None
    verdicts: Mapping[str, RecordedVerdict]
    model: tuple[Item, ...]
    line: int = field(default=0, compare=False)

    @property
    def title(self) -> str:
        return self.request.title
