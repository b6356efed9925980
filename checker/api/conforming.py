"""Logs of a running system beside its model: the call ``conform``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from planrace.checker.api.request import selected, subject_of
from planrace.checker.engines.limits import Listener, until
from planrace.checker.logs.begun import those_that_count
from planrace.checker.logs.conform import WIDTH, ConformRequest, conform_logs
from planrace.checker.logs.events import Stream
from planrace.checker.logs.generations import UNBOUNDED, generations_of
from planrace.checker.logs.mapping.file import LogMapping, read_mapping
from planrace.checker.logs.mapping.reader import MappedLogs
from planrace.checker.logs.progress import SILENT, LogProgress
from planrace.checker.logs.records import EventReader, lines_of, parsed, stream_names
from planrace.checker.results.conformance import ConformanceReport, LogLine
from planrace.checker.results.mapping import MappingExplanation
from planrace.checker.run.call_site import public
from planrace.checker.run.options import check_number, check_numbers
from planrace.checker.run.ranges import RANGES, shortened
from planrace.checker.run.request import Selection
from planrace.model.language import ModelError, Place, Protocol, System, Variant


@public
def conform(
    protocol: Protocol | Variant | System | str,
    logs: str | Path | Sequence[str | Path],
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    mapping: str | Path | None = None,
    logged: Sequence[str] = (),
    hidden: int | None = None,
    uncertainty: float = 0.0,
    max_width: int = WIDTH,
    every: bool = False,
    join: bool = False,
    verbose: bool = False,
    time_limit: float | None = None,
    listener: Listener | None = None,
) -> ConformanceReport:
    """Search for a run of the model that the logs tell, as ``check conform`` does. The result is true only if there is
    one that explains every line and violates no property.

    ``logs`` are files of JSON lines, a stream each unless their records name their streams (``docs/conform.md``); with
    a ``mapping``, a file that says how lines become records, they are texts of any form. Actions that no line can be
    may happen unseen; ``logged`` names actions of which every step is logged, although none may occur, and so are those
    that the mapping names. ``hidden`` is the most unseen steps between two events (0: none). ``uncertainty`` is how
    many seconds a clock may be wrong by. ``max_width`` is the most states that are held apart to find out exactly where
    logs leave the model, and to search all runs; beyond it the answer is unknown. ``every``: search all runs that
    explain the logs, however long it takes, for the one with the fewest faults and for what they violate; otherwise
    this is done where it takes a few seconds. ``join``: the logs begin while the system runs, in any state that the
    model reaches. ``verbose``: explain a violation however long it takes. ``listener`` hears of the progress. Raises
    ``ModelError`` for a wrong request, a wrong mapping and wrong lines.
    """
    check_numbers(**{n: v for n, v in {"time_limit": time_limit, "hidden": hidden}.items() if v is not None})
    check_number("uncertainty", uncertainty, RANGES["uncertainty"])
    check_number("max_width", max_width, RANGES["max_width"])
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = of_any_size(selected(subject_of(protocol, "conform"), parameters, **names))
    files = log_files(logs)
    progress = LogProgress(listener)

    def request(chosen: Selection) -> ConformRequest:
        read = _read(chosen, files, mapping, uncertainty, progress)
        certain = (*logged, *read.logged)
        return ConformRequest(
            chosen,
            read.streams,
            certain,
            hidden,
            max_width,
            read.ignored,
            every,
            join=join,
            verbose=verbose,
            progress=progress,
        )

    with until(time_limit):
        generations = generations_of(selection.instance, selection.sizes)
        if generations is not None:
            made = request(replace(selection, made=generations.instance(UNBOUNDED)))
            told = hidden == 0 or all(a in made.told or a in made.logged for a in generations.counting)
            if told and not (join and generations.named_in(made.streams)):
                return conform_logs(replace(made, generations=generations))
        return conform_logs(request(selection))


@dataclass(frozen=True)
class _Read:
    """What logs say: their streams, the actions of which every step is logged, and the number of ignored lines."""

    streams: tuple[Stream, ...]
    logged: tuple[str, ...] = ()
    ignored: int = 0


def _read(
    selection: Selection, files: Sequence[Path], mapping: object, uncertainty: float, progress: LogProgress
) -> _Read:
    reader = EventReader(selection, uncertainty)
    if mapping is not None:
        mapped = _mapped(mapping, reader, progress)
        with progress.reading():
            mapped.read(files)
        return _Read(tuple(reader.streams.values()), tuple(mapped.actions), mapped.unrecognised)
    with progress.reading():
        for file, stream in stream_names(files).items():
            read = progress.lines(lines_of(file), file)
            lines = (LogLine(str(file), number, text) for number, text in read)
            records = ((line, parsed(line.text, Place(line.file, line.line), once=True)) for line in lines)
            for line, record in those_that_count(records):
                reader.add(record, line, stream)
    return _Read(tuple(reader.streams.values()))


def of_any_size(selection: Selection) -> Selection:
    """The selection with sizes that may be greater than the protocol declares: nothing is searched but what the logs
    tell, so many plans in them are no obstacle."""
    if isinstance(selection.subject, System) and not selection.sizes:
        return selection
    system = selection.system
    wider = tuple(replace(p, high=max(p.high, selection.sizes.get(p.name, 0))) for p in system.parameters)
    return replace(selection, made=replace(system, parameters=wider).instance(**selection.sizes))


def explain_mapping(
    protocol: Protocol | Variant | System | str,
    logs: str | Path | Sequence[str | Path],
    mapping: str | Path,
    parameters: Mapping[str, int | str] | None = None,
    **selection: Sequence[str],
) -> MappingExplanation:
    """What a mapping makes of the lines of logs. Raises ``ModelError`` for a wrong mapping, and for logs that
    cannot be read."""
    chosen = of_any_size(selected(subject_of(protocol, "conform"), parameters, **selection))
    return _mapped(mapping, EventReader(chosen)).explain(log_files(logs))


def _mapped(mapping: object, reader: EventReader, progress: LogProgress = SILENT) -> MappedLogs:
    return MappedLogs(mapping_of(mapping), reader, progress)


def mapping_of(mapping: object) -> LogMapping:
    """The mapping of a file. Raises ``ModelError``."""
    if not isinstance(mapping, str | Path):
        raise ModelError(f"mapping={shortened(mapping)} names no file", remedy='write mapping="mapping.toml"')
    return read_mapping(mapping)


def log_files(logs: object) -> list[Path]:
    """The files of logs. Raises ``ModelError``."""
    files = [logs] if isinstance(logs, str | Path) else list(logs) if isinstance(logs, Sequence) else [logs]
    if not files or not all(isinstance(f, str | Path) for f in files):
        what = "no log is named" if not files else f"logs={shortened(logs)} names no files"
        raise ModelError(what, remedy="name one or more files of JSON lines: logs=[…]")
    return [Path(str(f)) for f in files]
