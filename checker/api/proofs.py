"""Proofs for every size and the table of ``prove --all``, with files of obligations and a check by a second solver."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from planrace.checker.api.request import selected
from planrace.checker.engines.limits import Limits, Listener, until
from planrace.checker.engines.proof.matrix import Matrix
from planrace.checker.engines.proof.smtlib import scripts
from planrace.checker.report.output import OutputError, write_whole
from planrace.checker.results.matrix import MatrixReport
from planrace.checker.results.report import Report
from planrace.checker.run.cluster_tasks import task_hosts
from planrace.checker.run.options import check_cluster, check_numbers
from planrace.checker.run.proof_engine import EverySize
from planrace.checker.run.proof_tasks import ProvingElsewhere
from planrace.checker.run.proving import Proving
from planrace.checker.run.request import Selection, select_properties
from planrace.model.language import Variant
from planrace.properties.proof import Lemma

if TYPE_CHECKING:
    from planrace.checker.engines.cluster.tasks import TaskHosts

Scripts: TypeAlias = "Iterable[tuple[str, str]]"
"""SMT-LIB 2 scripts, each with the name of its file."""
Listening: TypeAlias = "Callable[[], AbstractContextManager[Listener | None]]"
"""Makes a listener for a part of the work."""
R = TypeVar("R", Report, MatrixReport)


class ProofRun:
    """One request for proofs. Obligations are written into ``directory``; with ``confirm`` a second solver checks them;
    ``time_limit`` limits the seconds of all of it. Properties, and what the second solver checks, are tasks on a
    ``cluster``, if one is named.

    A wrong directory or a missing solver is reported before the work, which may take long. Raises ``OutputError`` and
    ``ModelError``.
    """

    def __init__(
        self,
        directory: str | Path | None,
        *,
        confirm: bool,
        time_limit: float | None,
        rlimit: int,
        cluster: str | None = None,
        listening: Listening = nullcontext,
    ) -> None:
        check_numbers(time_limit=time_limit, rlimit=rlimit)
        if cluster is not None:
            check_cluster(cluster)
        self._cluster = cluster
        self._directory, self._confirm = directory, confirm
        self._time_limit, self._rlimit, self._listening = time_limit, rlimit, listening
        self._scripts: Callable[[], Scripts] = tuple
        self.inferred: list[Lemma] = []
        """The inferred lemmas that a proof uses."""
        if directory is not None:
            _check_directory(directory)
        if confirm:
            from planrace.checker.engines.proof.second_solver import confirmer

            confirmer()

    def prove(
        self,
        variant: Variant,
        parameters: Mapping[str, int | str] | None,
        properties: Sequence[str],
        *,
        faults: Sequence[str] | None,
        with_protections: Sequence[str],
        without: Sequence[str],
        infer: bool,
    ) -> Report:
        """Prove properties. Without ``faults``, what holds is proved under as many faults as possible."""
        names = {"faults": faults or (), "with_protections": with_protections, "without": without}
        selection = selected(variant, parameters, **names)
        with until(self._time_limit), self._hosts() as hosts:
            with self._listening() as listener:
                proving = self._proving(selection, hosts, survive=faults is None, listener=listener, infer=infer)
                report = proving.run(*select_properties(proving.system, properties, EverySize.abilities.kinds))
            self.inferred = proving.inferred_lemmas()
            self._scripts = proving.scripts
            return self._confirmed(report, hosts)

    def _hosts(self) -> AbstractContextManager[TaskHosts | None]:
        return nullcontext() if self._cluster is None else task_hosts(self._cluster)

    def _proving(self, selection: Selection, hosts: TaskHosts | None, **more: Any) -> Proving:
        more |= {"limits": Limits(seconds=self._time_limit), "rlimit": self._rlimit}
        if hosts is None:
            return Proving(selection, **more)
        wanted = self._confirm or self._directory is not None
        return ProvingElsewhere(selection, hosts, scripts_wanted=wanted, **more)

    def table(self, variant: Variant, parameters: Mapping[str, int | str] | None) -> MatrixReport:
        """Decide every set of protections under every set of faults."""
        selection = selected(variant, parameters)
        selection.check_every_size()
        with until(self._time_limit):
            with self._listening() as listener:
                limits = Limits(seconds=self._time_limit)
                table = Matrix(variant, selection.sizes, limits=limits, listener=listener, rlimit=self._rlimit)
                report = table.run()
            self._scripts = lambda: scripts(table.decider.obligations, table.discharged())
            return self._confirmed(report)

    def write(self) -> int:
        """If there is a directory, write each obligation into a file of its own. Returns the number of files."""
        if self._directory is None:
            return 0
        count = 0
        for name, text in self._scripts():
            write_whole(Path(self._directory) / name, text)
            count += 1
        return count

    def _confirmed(self, report: R, hosts: TaskHosts | None = None) -> R:
        """The report with the second solver's answer, if requested. Interrupting that solver interrupts the report."""
        from planrace.checker.engines.proof.second_solver import Confirming

        if not self._confirm or report.interrupted:
            return report
        try:
            with self._listening() as listener:
                confirming = Confirming(self._scripts(), listener, hosts)
                confirmation = confirming.run()
        except KeyboardInterrupt:
            return replace(report, interrupted=True)
        return replace(report, confirmation=confirmation, interrupted=report.interrupted or confirming.interrupted)


def _check_directory(directory: str | Path) -> None:
    """Make the directory. Raises ``OutputError`` if that is not possible."""
    try:
        if not str(directory):
            raise FileNotFoundError(errno.ENOENT, "that names no directory")
        Path(directory).mkdir(parents=True, exist_ok=True)
        if not os.access(directory, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "it is not writable")
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        shown = str(directory) or repr("")
        raise OutputError(f"cannot write to {shown}: {reason} (name a directory)") from problem
