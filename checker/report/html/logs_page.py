"""The page of what logs say beside a model: streams as lanes, the run that explains their lines, and where it ends.

Logs are long, so the data are columns of numbers: each text and each place of a state is there once, times are whole
microseconds after the first one, and of a change only the value after it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from planrace.checker.report.html.page import NOTHING, assembled, block_data
from planrace.checker.report.json.write import variables_json
from planrace.checker.report.text.because import why
from planrace.checker.report.text.conformance import closing_text, conformance_document, conformance_text, further_text
from planrace.checker.results.blocks import Bullets, Document, Heading, Paragraph, Timeline, clean
from planrace.checker.results.conformance import BlockedEvent, ConformanceReport, LoggedEvent
from planrace.checker.results.report import Finding
from planrace.checker.results.trace import Observed, Trace
from planrace.checker.results.verdict import Verdict

TEMPLATE = "logs.html"
STYLES = ("base", "explorer", "timeline", "state", "tables", "logs")
SCRIPTS = (
    *("data", "dom", "frame", "rows", "pictures", "proofs", "document"),
    *("log-data", "log-axis", "log-marks", "log-lanes", "log-map", "log-list", "log-panels", "logs"),
)
"""The modules of the script, in an order in which each class and constant is defined before it is used."""
HEAD, TAIL = 700, 200
"""Characters of a line that are shown of its begin and its end, if it is longer than both."""
FARTHEST = 2**52
"""Microseconds; later times than that after the first one are shown as this."""
FEW = 40
"""Rows of a list in the text below the lanes; the list of steps beside them has all."""


def render_conformance(report: ConformanceReport, command: str = "") -> str:
    """The page. ``command`` is the command line that made it."""
    subject, *rest = _words(report)
    shown = {"blocks": [block_data(b) for b in rest], "closing": clean(closing_text(report))}
    data = {
        **NOTHING,
        "title": clean(f"{report.protocol}: {conformance_text(report)}"),
        "subject": clean(subject.text) if isinstance(subject, Paragraph) else "",
        "variables": variables_json(report.variables),
        "document": shown,
        "logs": _Logs(report).data(),
        "command": clean(command),
    }
    return assembled(data, TEMPLATE, SCRIPTS, STYLES)


def _words(report: ConformanceReport) -> Iterator[Any]:
    """What the text report says of what was read and of each step alone: the lanes show the rest."""
    short = replace(report, hidden=(), divergence=None, judged=None)
    document: Document = conformance_document(short, report.exit_code)
    first, *rest = document.blocks[1:]
    yield first
    yield Heading("What was read")
    for block in rest:
        if isinstance(block, Bullets) and len(block.rows) > FEW:
            yield Bullets(block.rows[:FEW])
            yield Paragraph(f"… and {len(block.rows) - FEW:,} more.")
        elif not isinstance(block, Timeline):
            yield block


class _Logs:
    """The events of a report and the run that explains them, in columns."""

    def __init__(self, report: ConformanceReport) -> None:
        self._report = report
        self._texts: dict[str, int] = {}
        self._places: dict[tuple[str, str, tuple[int, ...]], int] = {}
        known = [t for e in report.logged for t in (e.earliest, e.latest) if t is not None]
        self._base = min(known, default=0.0)

    def data(self) -> dict[str, Any]:
        """The columns, and what is special at some of them."""
        report, divergence = self._report, self._report.divergence
        trace, told = report.trace, report.told
        if divergence is not None:
            trace, told = divergence.trace, divergence.told
        steps = self._steps(trace, told)
        skipped, forgotten = self._without_step(told)
        return {
            "verdict": str(report.verdict),
            "violates": report.judged is not None or bool(report.violates),
            "streams": [clean(s.name) for s in report.streams],
            "base": self._base,
            "events": self._events(report.logged),
            "initial": {} if trace is None else dict(trace.initial),
            "steps": steps,
            "skipped": skipped,
            "forgotten": forgotten,
            "broken": [*_broken(report), *self._violated()],
            "facts": list(_facts(report)),
            "explained": None if divergence is None else divergence.explained,
            "hypotheses": 0 if divergence is None else divergence.hypotheses,
            "blocked": [] if divergence is None else list(self._blocked(divergence.blocked, told)),
            "repairs": [] if divergence is None else [f"{r.text}: {further_text(r)}" for r in divergence.repairs],
            "texts": [*self._texts],
            "places": [[place, variable, path] for place, variable, path in self._places],
        }

    def _violated(self) -> Iterator[dict[str, Any]]:
        """The properties of which only a line is known by which they are violated."""
        number = {e.line: n for n, e in reversed([*enumerate(self._report.logged)])}
        for name, line in self._report.violates:
            at = f"by {line} at the latest"
            known = {"name": clean(name), "meaning": "", "because": "", "step": None}
            yield {**known, "at": clean(at), "event": number.get(line, -1)}

    def _text(self, text: str | None) -> int:
        """The number of a text; -1 for none."""
        return -1 if text is None else self._texts.setdefault(clean(text), len(self._texts))

    # Events --------------------------------------------------------------------------------------------------------
    def _events(self, events: Sequence[LoggedEvent]) -> Mapping[str, Any]:
        stream = {s.name: n for n, s in enumerate(self._report.streams)}
        return {
            "stream": [stream[e.stream] for e in events],
            "file": [self._text(e.line.file) for e in events],
            "line": [e.line.line for e in events],
            "text": [self._text(shortened_line(e.line.text)) for e in events],
            "says": [self._text(e.says) for e in events],
            "from": [self._microseconds(e.earliest) for e in events],
            "to": [self._microseconds(e.latest) for e in events],
        }

    def _microseconds(self, at: float | None) -> int | None:
        """A time after the first one."""
        return None if at is None else round(min((at - self._base) * 1e6, FARTHEST))

    # Steps ---------------------------------------------------------------------------------------------------------
    def _steps(self, trace: Trace | None, told: Sequence[int | None]) -> Mapping[str, Any]:
        """The columns of the run; each step is asked for once, for it may be made only then."""
        found: dict[str, list[Any]] = {name: [] for name in ("by", "text", "action", "fault", "changed")}
        seen: dict[int, list[int]] = {}
        for n, s in enumerate(() if trace is None else trace.steps):
            found["by"].append(self._text(s.by))
            found["text"].append(self._text(s.text + (f" [{s.outcome}]" if s.outcome is not None else "")))
            found["action"].append(self._text(s.action))
            found["fault"].append(self._text(s.fault))
            found["changed"].append([x for c in s.changed for x in (self._place(c), c.after)])
            if s.observed:
                seen[n] = [self._text(_seen(o)) for o in s.observed]
        return {**found, "event": [-1 if n is None else n for n in told], "seen": seen}

    def _place(self, change: Any) -> int:
        return self._places.setdefault((change.place, change.variable, change.path), len(self._places))

    def _without_step(self, told: Sequence[int | None]) -> tuple[list[int], list[int]]:
        """The explained events without a step: those that may not have happened, and did not; and those of a log that
        was followed of which the run is no longer known, and everything before them in their streams."""
        events, divergence = self._report.logged, self._report.divergence
        explained = {n for n in told if n is not None}
        if divergence is None:
            found = [n for n in range(len(events)) if n not in explained and self._report.explained]
        else:
            last = dict(divergence.last)
            ends = {events[n].stream: n for n in sorted(explained)}
            for n, e in enumerate(events):
                if e.optional and last[e.stream] == e.line:
                    ends[e.stream] = max(n, ends.get(e.stream, n))
            found = [n for n, e in enumerate(events) if n not in explained and n <= ends.get(e.stream, -1)]
        kept = {events[n].stream: n for n in found if not events[n].optional}
        forgotten = [n for n in found if n <= kept.get(events[n].stream, -1)]
        return [n for n in found if n > kept.get(events[n].stream, -1)], forgotten

    # Where they leave the model ------------------------------------------------------------------------------------
    def _blocked(self, blocked: Iterable[BlockedEvent], told: Sequence[int | None]) -> Iterator[dict[str, Any]]:
        """The events that nothing explains, each with its number: the first of its line that no step tells."""
        explained = set(told)
        number: dict[Any, int] = {}
        for n, e in enumerate(self._report.logged):
            if n not in explained:
                number.setdefault(e.line, n)
        for b in blocked:
            yield {
                "event": number.get(b.line, -1),
                "step": clean(b.called),
                "why": clean(b.why),
                "enabled": [clean(x) for x in b.enabled],
            }


def _seen(o: Observed) -> str:
    return f"{o.title if o.member is None else f'{o.title} {o.member}'} now {o.text}"


def _broken(report: ConformanceReport) -> Iterator[dict[str, Any]]:
    """The properties that are violated, with the step that does; None for a step of another run."""
    for f in _violations(report):
        assert f.trace is not None
        yield {
            "name": clean(f.name),
            "meaning": clean(f.meaning),
            "step": len(f.trace) if _is_part(f.trace, report.trace) else None,
            "because": clean(why(f)),
            "at": "by another run that explains the logs, too",
            "event": -1,
        }


def _violations(report: ConformanceReport) -> Iterator[Finding]:
    for f in () if report.judged is None else report.judged.findings:
        if f.trace is not None and f.verdict is Verdict.VIOLATED:
            yield f


def _is_part(trace: Trace, run: Trace | None) -> bool:
    """Whether a run begins with these steps. Of ambiguous logs what is violated may be so by another run."""
    taken = [(s.action, s.parameters, s.outcome) for s in trace.steps]
    own = () if run is None else run.steps[: len(trace)]
    return taken == [(s.action, s.parameters, s.outcome) for s in own]


def _facts(report: ConformanceReport) -> Iterator[dict[str, Any]]:
    """The facts of the scenario that steps of the run show, each once."""
    found: dict[tuple[int, str], str] = {}
    for f in _violations(report):
        assert f.trace is not None
        for m in () if f.match is None or not _is_part(f.trace, report.trace) else f.match.facts:
            if m.step is not None and not m.onward:
                found.setdefault((m.step, m.fact), m.meaning)
    for (step, fact), meaning in sorted(found.items()):
        yield {"step": step, "fact": clean(fact), "meaning": clean(meaning)}


def shortened_line(text: str) -> str:
    """A line of a log as the page shows it: of a long one its begin and its end."""
    text = text.replace("\t", " ")
    if len(text) <= HEAD + TAIL:
        return text
    return f"{text[:HEAD]} … {len(text) - HEAD - TAIL:,} characters … {text[-TAIL:]}"
