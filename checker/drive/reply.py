"""How the code answers a step."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from planrace.model.language.author_code import mistaken

LONGEST = 300
"""The most characters of a message of the code."""


class ReplyKind(StrEnum):
    """How the code answers a step."""

    DONE = "done"
    REFUSED = "refused"
    RAISED = "raised"
    STUCK = "stuck"
    """A worker does not reach its next point."""
    LOST = "lost"
    """The process of a worker ended in the middle of the step."""


@dataclass(frozen=True)
class Reply:
    """The answer of the code to a step: the outcome that it names, or why there is none. ``why`` is what the code does,
    as the end of a sentence, where a worker is stuck or lost."""

    kind: ReplyKind
    outcome: str | None = None
    why: str = ""


class UndoneError(Exception):
    """A method of a driver could not do what it was to do, because a worker did not do its part."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.why)
        self.reply = reply


def raised(problem: BaseException, file: str) -> str:
    """An exception of the code in words, with its line, which is in ``file`` if the traceback gets there."""
    return one_line(str(mistaken("", problem, file)))


def one_line(text: str) -> str:
    """A message of the code for a sentence: in one line, and not longer than a few."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
