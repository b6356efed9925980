"""The compiled step function of an instance: ``emit``'s source made callable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from model.language import Instance

from ..interpreter import Interpreter
from ..layout import Layout
from .emit import Emitter, Watch

Expand: TypeAlias = Callable[[int, "list[Any]", "list[tuple[int, int]]"], int]


class OutOfRangeError(Exception):
    """A position or an assigned value is outside its sort; the interpreter says which."""


class Kernel:
    """Packed states of one instance and their successors."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.layout = Layout(instance)
        self.interpreter = Interpreter(instance)
        self.initial = self.layout.encode(self.interpreter.initial())

    def expand(self, watch: Watch) -> Expand:
        """The function of ``emit`` for ``watch``."""
        return compiled(Emitter(self.instance, self.layout, watch).source())


def compiled(source: str) -> Expand:
    """The function ``expand`` that ``source`` defines."""
    names: dict[str, Any] = {"_out_of_range": _out_of_range, "_in_range": _in_range}
    exec(compile(source, "<planrace: generated from the protocol>", "exec"), names)
    expand: Expand = names["expand"]
    return expand


def _out_of_range() -> int:
    raise OutOfRangeError


def _in_range(at: int, length: int) -> int:
    if not 0 <= at < length:
        raise OutOfRangeError
    return at
