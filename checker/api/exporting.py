"""Runs for other tools: the log of a run that a report tells, or of a random one."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from planrace.checker.api.request import selected, subject_of
from planrace.checker.logs.writing import LogLayout, StepToLog, by_stream, log_text
from planrace.checker.report.formats import select_trace
from planrace.checker.report.json.read import read_report
from planrace.checker.report.output import OutputError, write_whole
from planrace.checker.results.wording import counted
from planrace.checker.run.call_site import public
from planrace.checker.run.random_run import random_run
from planrace.model.language import ModelError, Protocol, System, Variant


@dataclass(frozen=True)
class ExportedLog:
    """The lines of a log. ``summary`` says of what run."""

    records: Sequence[Mapping[str, Any]]
    summary: str

    def __str__(self) -> str:
        return log_text(self.records)

    def write(self, place: str | Path) -> None:
        """Write one file, or, if ``place`` is a folder or ends with a slash, a file for each stream in it. Raises
        ``OutputError``, and ``ModelError`` for a folder that has logs of other streams."""
        if not str(place).endswith(("/", "\\")) and not Path(place).is_dir():
            write_whole(place, str(self))
            return
        files = by_stream(self.records)
        strangers = sorted({f.name for f in Path(place).glob("*.jsonl")} - files.keys())
        if strangers:  # read together with these, they would be a log of no run
            raise ModelError(f"{place} has {strangers[0]}, which is no stream of this run", remedy="name a new folder")
        try:
            Path(place).mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise OutputError(f"cannot make the folder {place}: {problem.strerror} (name another one)") from None
        for name, text in files.items():
            write_whole(Path(place) / name, text)


def log_of_report(path: str | Path, trace: str | None, layout: LogLayout) -> ExportedLog:
    """The log of a run of a report; ``trace`` names the property whose run it is. Raises ``ReadError``,
    ``NoTraceError`` and ``ModelError``."""
    found = select_trace(read_report(path), trace)
    steps = [StepToLog.of_trace(s) for s in found.trace.steps]
    records = layout.records(steps, (s.action for s in steps))
    return ExportedLog(records, f"{counted(len(steps), 'step')} of {path}: {_lines(records)}")


@public
def log_of_random_run(
    protocol: Protocol | Variant | System | str,
    steps: int,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    seed: int | None = None,
    layout: LogLayout | None = None,
) -> ExportedLog:
    """The log of a random run of a protocol, which ends early where nothing is enabled; the summary says so. ``seed``
    is for the run and for the layout. Raises ``ModelError``."""
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    instance = selected(subject_of(protocol, "export"), parameters, **names).instance
    seed = random.SystemRandom().randrange(2**32) if seed is None else seed
    run = random_run(instance, steps, seed)
    if not run.moves:
        what = f"nothing is enabled in the initial state of {instance.system.name}, so there is nothing to log"
        raise ModelError(what, remedy="switch a fault on, or choose other sizes")
    layout = replace(layout or LogLayout(), seed=seed)
    records = layout.records([StepToLog.of_move(m) for m in run.moves], instance.system.actions)
    went = counted(len(run.moves), "random step")
    if len(run.moves) < steps:
        went = f"{went}, not {steps:,}, because nothing is enabled then,"
    return ExportedLog(records, f"{went} of {instance.system.name} with seed {seed}: {_lines(records)}")


def _lines(records: Sequence[Mapping[str, Any]]) -> str:
    streams = len({r["stream"] for r in records})
    return f"{counted(len(records), 'line')} of {counted(streams, 'stream')}"
