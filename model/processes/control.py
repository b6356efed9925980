"""Where control is in a process: what remains to be done, as frames, the innermost first.

Two places with the same rest are one point. A frame that has nothing left is dropped, so that the end of a loop's body
and its beginning are the same point.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Any

from planrace.model.language.terms import Term
from planrace.model.processes.source import ProcessText


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A process, or a sub-process where it is called. ``known`` are its parameters; ``locals`` its local variables and
    cursors (the elements for this member of the process); ``prefix`` begins their names."""

    source: ProcessText
    known: dict[str, Any]
    locals: dict[str, Term]
    prefix: str


@dataclass(frozen=True)
class BlockRest:
    """The rest of a block of statements, from number ``n`` on. ``entered``: that statement is a loop whose body was
    done. ``is_loop``: the block is the body of a loop."""

    block: list[ast.stmt]
    n: int
    scope: Surroundings
    entered: bool = False
    is_loop: bool = False

    @property
    def done(self) -> bool:
        return self.n >= len(self.block)

    @property
    def key(self) -> tuple[int, int, bool, int]:
        return id(self.block), self.n, self.entered, id(self.scope)


@dataclass(frozen=True, eq=False)
class Rest:
    """What remains to be done."""

    frames: tuple[BlockRest, ...]

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for equal rests."""
        return tuple(f.key for f in self.frames)

    @property
    def top(self) -> BlockRest:
        return self.frames[0]

    @property
    def statement(self) -> ast.stmt:
        return self.top.block[self.top.n]

    def after(self) -> Rest:
        """Past the statement."""
        return Rest((replace(self.top, n=self.top.n + 1, entered=False), *self.frames[1:])).normal()

    def into(self, block: list[ast.stmt], *, loop: bool = False, scope: Surroundings | None = None) -> Rest:
        """Into a block of the statement: back to it after the block if it is a loop, else past it."""
        here = replace(self.top, entered=True) if loop else replace(self.top, n=self.top.n + 1, entered=False)
        inner = BlockRest(block, 0, scope or self.top.scope, is_loop=loop)
        return Rest((inner, here, *self.frames[1:])).normal()

    def loop(self) -> Rest | None:
        """At the innermost loop of this scope, whose body is left; None if there is none."""
        for n, f in enumerate(self.frames):
            if f.scope is not self.top.scope:
                return None
            if f.is_loop:
                return Rest(self.frames[n + 1 :])
        return None

    def out(self) -> Rest:
        """Past the rest of the (sub-)process."""
        scope = self.top.scope
        return Rest(tuple(f for f in self.frames if f.scope is not scope)).normal()

    def normal(self) -> Rest:
        """Without what has nothing left; the body of a loop stays, so that ``break`` finds its loop."""
        frames = list(self.frames)
        while frames and frames[0].done:
            frames.pop(0)
        return Rest(tuple(f for f in frames if f.is_loop or not f.done))
