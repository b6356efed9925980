"""Records that hold terms compare and hash on every Python, and every one of them is of the kind that does."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import sys
import types
import typing
from dataclasses import dataclass, field

import pytest

from planrace import checker, model, properties
from planrace.model.language import Term, boolean, integers
from planrace.model.language.protocol import Protocol
from planrace.model.language.structural import Structural


def _packages() -> list[types.ModuleType]:
    """Every module of ours but what pytest loads, which lies outside of the packages."""
    found = []
    for package in (model, checker, properties):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "entry" not in info.name.split("."):
                found.append(importlib.import_module(info.name))
    return found


MODULES = _packages()
ALIASES = {name: value for m in MODULES for name, value in vars(m).items() if name[:1].isupper()}
EVERYWHERE = ALIASES | {name: value for m in MODULES for name, value in vars(m).items() if inspect.isclass(value)}
CLASSES: set[type[object]] = {c for m in MODULES for c in vars(m).values() if inspect.isclass(c)}
CLASSES = {c for c in CLASSES if dataclasses.is_dataclass(c) and c.__module__.startswith("planrace.")}


class Names(dict[str, object]):
    """What the names in annotations of a module mean; one that is imported for type checkers only is looked up in all
    modules, and an alias that is written as a string (because of a circle) is read."""

    def __getitem__(self, name: str) -> object:
        value = super().__getitem__(name)
        if not isinstance(value, str):
            return value
        self[name] = object  # an alias may speak of itself
        return eval(value, {}, self)


def _hints(record: type) -> list[object]:
    """The types of the fields that are compared."""
    names = Names(EVERYWHERE | vars(sys.modules[record.__module__]))
    return [eval(str(field.type), {}, names) for field in dataclasses.fields(record) if field.compare]


def _holds(kind: object, seen: frozenset[object] = frozenset()) -> bool:
    """Whether values of ``kind`` hold terms that ``==`` would compare."""
    if isinstance(kind, list):  # the parameters of a Callable
        return any(_holds(part, seen) for part in kind)
    if kind in seen:
        return False
    if kind is Term:
        return True
    if inspect.isclass(kind) and dataclasses.is_dataclass(kind) and "__eq__" in vars(kind):
        return any(_holds(hint, seen | {kind}) for hint in _hints(kind))
    return any(_holds(part, seen) for part in typing.get_args(kind))


@pytest.mark.parametrize("record", sorted(CLASSES, key=str))
def test_no_record_with_generated_equality_holds_terms(record: type[object]) -> None:
    if "__eq__" not in vars(record):
        return
    assert not _holds(record), "it holds terms: derive it from Structural and declare it with eq=False"


@dataclass(frozen=True, eq=False)
class Pair(Structural):
    first: object
    second: object
    note: str = field(default="", compare=False)


def test_records_are_equal_where_their_terms_are_the_same() -> None:
    protocol = Protocol("p")
    x = protocol.variable("x", integers(0, 3), 0)
    y = protocol.variable("y", boolean(), False)
    assert Pair(x, (x + 1, y)) == Pair(x, (x + 1, y), note="other")
    assert hash(Pair(x, (x + 1, y))) == hash(Pair(x, (x + 1, y)))
    assert Pair(x, (x + 1, y)) != Pair(x, (x + 2, y))
    assert Pair(x, [y]) != Pair(x, (y,))
    assert Pair({"a": x}, 1) == Pair({"a": x}, 1)
    assert Pair({"a": x}, 1) != Pair({"a": x + 1}, 1)
    assert Pair(x, 1) != Pair(1, x)
    assert Pair(x, 1) != (x, 1)
    assert len({Pair(x, 1), Pair(x, 1), Pair(x, 2)}) == 2
