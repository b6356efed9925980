"""Arguments of public calls are held against the signature of the call: a slip is an error that names the argument.

Without this, ``options=3`` or ``faults=None`` would be an error of Python in some inner function, and ``explain="no"``
would be true.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from planrace.checker.run.ranges import shortened
from planrace.model.language import ModelError


@dataclass(frozen=True)
class _Kind:
    """What an annotation wants: ``fits`` is the test, ``what`` the words for it, ``example`` a value."""

    fits: Callable[[object], bool]
    what: str
    example: str


def is_names(value: object) -> bool:
    """Whether the value is a list of names. A string is none: ``faults="crash"`` would mean five faults."""
    return not isinstance(value, str) and isinstance(value, Sequence) and all(isinstance(x, str) for x in value)


def _instance(name: str) -> Callable[[object], bool]:
    """The test for an instance of a class that is known by its name: its room may be above this one."""
    return lambda value: any(c.__name__ == name for c in type(value).__mro__)


_NAMES = _Kind(is_names, "a list of names", "['…']")
_FUNCTION = _Kind(callable, "a function", "lambda …: …")
_NUMBER = _Kind(lambda value: value is not None, "a number", "1")
_KINDS = {
    "None": _Kind(lambda value: value is None, "", "None"),
    "str": _Kind(lambda value: isinstance(value, str), "a string", "'…'"),
    "Path": _Kind(lambda value: isinstance(value, str | os.PathLike), "a path", "'…'"),
    "bool": _Kind(lambda value: isinstance(value, bool), "True or False", "True"),
    "int": _NUMBER,  # what is no whole number, or too large, is said with its range
    "float": _NUMBER,
    "Sequence[str]": _NAMES,
    "tuple[str, ...]": _NAMES,
    "Listener": _FUNCTION,
    "Callable[[str], None]": _FUNCTION,
    "Options": _Kind(_instance("Options"), "Options", "Options(…)"),
    "Bounds": _Kind(_instance("Bounds"), "Bounds", "Bounds(…)"),
    "Report": _Kind(_instance("Report"), "a report", "check(…)"),
    "Instance": _Kind(_instance("Instance"), "an instance", "instance_of(…)"),
}
"""Annotations whose values are tested here. Of others the call itself says more, as of protocols and drivers."""


def check_arguments(given: Mapping[str, object], annotations: Mapping[str, object]) -> None:
    """Raise ``ModelError`` for an argument that its annotation (a text) does not allow."""
    for name, value in given.items():
        kinds = _kinds(str(annotations.get(name, "")))
        if kinds and not any(kind.fits(value) for kind in kinds):
            what = " or ".join(kind.what for kind in kinds if kind.what)
            raise ModelError(f"{name}={shortened(value)} is not {what}", remedy=f"write {name}={kinds[0].example}")


def _kinds(annotation: str) -> list[_Kind]:
    """What the annotation allows; nothing if some part of it is not tested here."""
    parts = re.split(r" \| (?![^\[]*\])", annotation.replace("str | Path", "Path"))
    return [_KINDS[p] for p in parts] if all(p in _KINDS for p in parts) else []
