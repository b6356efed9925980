"""What becomes of the obligations of proofs: files for other solvers, and a second solver's word on them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from planrace.checker.engines.limits import Listener
from planrace.checker.report.output import OutputError, write_whole
from planrace.checker.results.matrix import MatrixReport
from planrace.checker.results.report import Report

Scripts = Iterable[tuple[str, str]]
"""SMT-LIB 2 scripts, each with the name of its file."""


R = TypeVar("R", Report, MatrixReport)


@dataclass(frozen=True)
class ProofFiles:
    """What is wanted of obligations: a directory to write them into, a second solver's word."""

    directory: str | Path | None = None
    confirm: bool = False

    def prepare(self) -> None:
        """Say what is missing before the work, which may take long: the second solver, or a directory that cannot be
        made. Raises ``OutputError`` and ``ModelError``."""
        from planrace.checker.engines.proof.second_solver import confirmer

        if self.directory is not None:
            try:
                if not str(self.directory):
                    raise FileNotFoundError(errno.ENOENT, "that names no directory")
                Path(self.directory).mkdir(parents=True, exist_ok=True)
                if not os.access(self.directory, os.W_OK | os.X_OK):
                    raise PermissionError(errno.EACCES, "it is not writable")
            except (OSError, ValueError) as problem:
                reason = problem.strerror if isinstance(problem, OSError) else str(problem)
                shown = str(self.directory) or repr("")
                what = f"cannot write to {shown}: {reason} (name a directory)"
                raise OutputError(what) from problem
        if self.confirm:
            confirmer()

    def write(self, scripts: Callable[[], Scripts]) -> int:
        """Write each into a file of its own; how many there are."""
        if self.directory is None:
            return 0
        count = 0
        for name, text in scripts():
            write_whole(Path(self.directory) / name, text)
            count += 1
        return count

    def done(self, report: R, scripts: Callable[[], Scripts]) -> R:
        """The report, when all that is wanted is done."""
        self.write(scripts)
        return self.confirmed(report, scripts)

    def confirmed(self, report: R, scripts: Callable[[], Scripts], listener: Listener | None = None) -> R:
        """The report with the second solver's word, if it is wanted; where that is interrupted, so is the report."""
        from planrace.checker.engines.proof.second_solver import Confirming

        if not self.confirm or report.interrupted:
            return report
        try:
            confirming = Confirming(scripts(), listener)
            confirmation = confirming.run()
        except KeyboardInterrupt:
            return replace(report, interrupted=True)
        return replace(report, confirmation=confirmation, interrupted=report.interrupted or confirming.interrupted)
