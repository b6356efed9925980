"""What the answers on logs have in common, whether they were read when they were complete or while they grew."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from planrace.checker.explain.model_data import declared
from planrace.checker.logs.choices import Node
from planrace.checker.logs.diagnosis import DivergenceDiagnosis
from planrace.checker.logs.explain_event import EventSteps
from planrace.checker.logs.generations import Generations
from planrace.checker.logs.judge import judged_of
from planrace.checker.logs.logged_events import logged_events
from planrace.checker.logs.order import EventOrder
from planrace.checker.logs.runs import LoggedRun
from planrace.checker.results.conformance import Conformance, ConformanceReport, LogDivergence, LogStream
from planrace.model.language import Instance


class ConformanceAnswers:
    """Makes reports on logs, for one instance; with ``generations`` these have no bound. ``began`` is the time of
    ``time.monotonic`` at which the work began."""

    def __init__(self, instance: Instance, generations: Generations | None, began: float) -> None:
        self._instance, self._generations, self._began = instance, generations, began

    def report(
        self, verdict: Conformance, order: EventOrder, streams: Mapping[str, int], **found: object
    ) -> ConformanceReport:
        """The report; ``streams`` are the numbers of their events."""
        system, sizes = self._instance.system, self._instance.parameters
        unbounded = None if self._generations is None else self._generations.parameter.name
        if unbounded is not None:
            del sizes[unbounded]
        return ConformanceReport(
            protocol=system.name,
            parameters=dict([*sizes.items(), *system.options]),
            unbounded=unbounded,
            faults=system.faults,
            protections=system.protections,
            verdict=verdict,
            streams=tuple(LogStream(name, many) for name, many in streams.items()),
            seconds=time.monotonic() - self._began,
            properties=tuple(p.name for p in judged_of(system.properties)),
            variables=declared(self._instance),
            logged=tuple(logged_events(system, list(streams), order)),
            **found,  # type: ignore[arg-type]
        )


def divergence_of(
    order: EventOrder,
    steps: EventSteps,
    nodes: Sequence[Node],
    run: LoggedRun,
    streams: Sequence[str],
    explained: int | None = None,
) -> LogDivergence:
    """Where the logs leave the model: ``nodes`` are those of the last layer, and ``run`` is one to them. ``explained``
    counts events, if not all of them are in the run."""
    diagnosis = DivergenceDiagnosis(order, steps, nodes)
    places = zip(streams, order.events, nodes[0][0], strict=True)
    return LogDivergence(
        explained=sum(t is not None for t in run.told) if explained is None else explained,
        trace=run.trace(),
        lines=run.lines,
        told=run.told,
        last=tuple((name, events[at - 1].line if at else None) for name, events, at in places),
        blocked=diagnosis.blocked(),
        hypotheses=len({situation for _, situation in nodes}),
        repairs=diagnosis.repairs(),
    )
