"""What the processes of the automation write down: a line of JSON for each step, in the words of the model.

``docs/dns.md`` describes the lines. A line is written when its step is over, so the last step of a process that was
killed may be missing, or its line may be cut short.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from planrace.checker.drive.dns.client import NoAnswerError
from planrace.checker.drive.dns.enactor import Enactor, EnactorStep, StepResult

NO_ANSWER = "no-answer"
"""The result of a step that got no answer: whether it was done is unknown."""
AT_AN_ENDPOINT = {"take_lock", "build_tree", "flip_alias", "lose_lock", "delete_old_plans"}
"""The steps that concern the endpoint at the cursor."""


class Journal:
    """Appends lines to a file. ``always`` is in each of them."""

    def __init__(self, file: str | os.PathLike[str], **always: Any) -> None:
        self._file = Path(file).open("a", encoding="utf-8")  # noqa: SIM115  (it stays open for the life of the process)
        self._always = always

    def write(self, begin: float, **line: Any) -> None:
        """A line about what began at ``begin`` (Unix time in seconds) and ends now."""
        self._file.write(json.dumps({"begin": begin, "end": time.time(), **self._always, **line}) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def step(self, enactor: Enactor, step: EnactorStep) -> StepResult:
        """Does a step of the Enactor, and writes it down."""
        begin, before = time.time(), enactor.state()
        line: dict[str, Any] = {"action": step.__name__, "before": before}
        if step.__name__ in AT_AN_ENDPOINT:
            line["e"] = before["cursor"]
        try:
            result = step()
        except NoAnswerError:
            self.write(begin, **line, result=NO_ANSWER, seen=enactor.seen, after=enactor.state())
            raise
        self.write(begin, **line, result=result, seen=enactor.seen, after=enactor.state())
        return result


def read_journal(file: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """The lines of a file, without one that is cut short."""
    with Path(file).open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield json.loads(line)
