"""Logs that grow beside a model: the call ``follow``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from planrace.checker.api.conforming import log_files, mapping_of, of_any_size
from planrace.checker.api.request import selected, subject_of
from planrace.checker.engines.limits import Listener
from planrace.checker.logs.conform import WIDTH
from planrace.checker.logs.follow_logs import FollowRequest, follow_logs
from planrace.checker.logs.generations import UNBOUNDED, generations_of
from planrace.checker.logs.mapping.reader import actions_of
from planrace.checker.logs.progress import LogProgress
from planrace.checker.results.conformance import ConformanceReport
from planrace.checker.run.call_site import public
from planrace.checker.run.options import check_number
from planrace.checker.run.ranges import RANGES
from planrace.model.language import Protocol, System, Variant
from planrace.model.language.errors import known

LAG, PATIENCE = 2.0, 60.0


@public
def follow(
    protocol: Protocol | Variant | System | str,
    logs: str | Path | Sequence[str | Path],
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    mapping: str | Path | None = None,
    unlogged: Sequence[str] = (),
    uncertainty: float = 0.0,
    max_width: int = WIDTH,
    lag: float = LAG,
    patience: float = PATIENCE,
    time_limit: float | None = None,
    tell: Callable[[str], None] | None = None,
    listener: Listener | None = None,
) -> ConformanceReport:
    """Read logs while they are written, as ``check conform --follow`` does, until nothing explains what they say, or
    ``time_limit`` seconds have passed, or the user interrupts it.

    ``logs`` are files of JSON lines with times (``docs/conform.md``); with a ``mapping`` they are texts. ``unlogged``
    are the actions that may happen unseen (none named: those of faults; with a mapping those that it does not name). A
    line is in its file ``lag`` seconds after its time, in seconds, at the latest; a step that began and has not ended
    ``patience`` seconds later may have happened or not. ``tell`` gets each violation when all explanations have it.
    Raises ``ModelError`` for a wrong request, a wrong mapping and wrong lines.
    """
    check_number("uncertainty", uncertainty, RANGES["uncertainty"])
    check_number("max_width", max_width, RANGES["max_width"])
    check_number("lag", lag, RANGES["lag"])
    check_number("patience", patience, RANGES["patience"])
    if time_limit is not None:
        check_number("time_limit", time_limit, RANGES["time_limit"])
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = of_any_size(selected(subject_of(protocol, "follow"), parameters, **names))
    actions = selection.instance.system.actions
    for name in unlogged:
        known(name, actions, f"action of {selection.instance.system.name}")
    read = None if mapping is None else mapping_of(mapping)
    named = () if read is None else actions_of(read)
    usual = (a.name for a in actions.values() if (a.fault is not None if read is None else a.name not in named))
    hidden = tuple(unlogged) or tuple(usual)
    generations = generations_of(selection.instance, selection.sizes)
    if generations is not None and not set(hidden).isdisjoint(generations.counting):
        generations = None
    if generations is not None:
        selection = replace(selection, made=generations.instance(UNBOUNDED))
    progress = LogProgress(listener)
    request = FollowRequest(
        selection,
        log_files(logs),
        hidden,
        uncertainty,
        max_width,
        lag,
        patience,
        time_limit,
        generations,
        read,
        tell or (lambda text: None),
        lambda explained, waiting: progress.tell("{:,} events explained, {:,} wait", explained, waiting),
    )
    return follow_logs(request)
