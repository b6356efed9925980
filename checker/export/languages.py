"""The languages of other checkers, and the checkers that ``check crosscheck`` can ask.

A new language is one line in ``LANGUAGES``, a new checker one in ``PEERS``. They are imported only where they are used.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from planrace.model.language import Instance
from planrace.model.language.errors import known
from planrace.properties.kinds import Property

if TYPE_CHECKING:
    from planrace.checker.export.peers import Peer


class ModelText(Protocol):
    """An instance in another language. ``asked`` are the properties that the text states, ``left_out`` those that it
    does not, each with the reason. ``beside`` are further files that belong to it, by the ending that their names have
    in place of that of the text (``.cfg``)."""

    @property
    def text(self) -> str: ...
    @property
    def asked(self) -> Sequence[Property]: ...
    @property
    def left_out(self) -> Sequence[tuple[Property, str]]: ...
    @property
    def beside(self) -> Mapping[str, str]: ...


class Writing(Protocol):
    """Writes an instance in a language; ``command`` is the line that does it. Raises ``ModelError`` for what the
    language cannot say."""

    def __call__(self, instance: Instance, command: str) -> ModelText: ...


@dataclass(frozen=True)
class Language:
    """A language: the ``reader`` of its texts, and where the function is that writes them."""

    reader: str
    module: str
    function: str

    @property
    def write(self) -> Writing:
        return cast(Writing, getattr(importlib.import_module(self.module), self.function))


LANGUAGES: Mapping[str, Language] = {
    "promela": Language("SPIN", "planrace.checker.export.promela", "promela"),
    "quint": Language("Quint", "planrace.checker.export.quint", "quint"),
    "tla": Language("TLC", "planrace.checker.export.tla", "tla"),
    "smtlib": Language("SMT-LIB", "planrace.checker.export.smtlib", "smtlib"),
}
"""The languages by the words of ``check export --to``."""

PEERS: Mapping[str, tuple[str, str]] = {
    "spin": ("planrace.checker.export.spin", "Spin"),
    "tlc": ("planrace.checker.export.tlc", "Tlc"),
}
"""The checkers by the words of ``check crosscheck --peer``: the module and the class."""


def language(word: str) -> Language:
    """The language of that name. Raises ``ModelError`` if there is none."""
    return LANGUAGES[known(word, LANGUAGES, "language")]


def peer(word: str) -> Peer[Any]:
    """The checker of that name. Raises ``ModelError`` if there is none."""
    module, name = PEERS[known(word, PEERS, "checker")]
    return cast("Peer[Any]", getattr(importlib.import_module(module), name)())
