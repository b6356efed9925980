"""The formats of a report by name: of the whole report, or of one of its traces."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from planrace.checker.report.output import OutputError
from planrace.checker.results.blocks import clean
from planrace.checker.results.explanation import Declared, Insight
from planrace.checker.results.guard import defect_text
from planrace.checker.results.outcome import Broken, Expectation, warned_text
from planrace.checker.results.report import UNAVAILABLE, Finding, Report
from planrace.checker.results.scenario import Match
from planrace.checker.results.trace import Trace
from planrace.checker.results.verdict import Verdict

WHOLE = ("text", "json", "html", "junit", "sarif", "annotations", "summary")
"""The formats of a whole report."""
FOR_CI = ("junit", "sarif", "annotations", "summary")
"""The formats that also exist for a run without a report."""
ENDINGS = (
    (".itf.json", "itf"),
    (".tlc.json", "tlc"),
    (".json", "json"),
    (".txt", "text"),
    (".baseline", "text"),
    (".html", "html"),
    (".xml", "junit"),
    (".sarif", "sarif"),
    (".md", "summary"),
    (".md", "markdown"),
    (".mmd", "mermaid"),
    (".mermaid", "mermaid"),
    (".svg", "svg"),
    (".dot", "dot"),
    (".graphml", "graphml"),
)
"""The formats by the endings of file names. The first one that is available is used."""


def format_of(path: str | Path, there: Collection[str] | None = None, what: str = "report") -> str:
    """The format of a file by its ending, among those that are ``there`` (default: all). Without an ending: JSON,
    or else the first. Raises ``ValueError`` for other endings. ``what`` names the thing to write."""
    there = FORMATS if there is None else there
    name = Path(path).name
    found = next((format_name for end, format_name in ENDINGS if name.endswith(end) and format_name in there), None)
    if found is None and Path(path).suffix:
        raise ValueError(
            f"no format of a {what} has files that end with {Path(path).suffix!r}; name a format: {', '.join(there)}"
        )
    return found or ("json" if "json" in there else next(iter(there)))


class NoTraceError(Exception):
    """The report does not have the requested trace. The message names the traces that it has."""


@dataclass(frozen=True)
class SelectedTrace:
    """A trace of a report with its explanation. ``witness``: it violates nothing but shows what is possible."""

    name: str
    trace: Trace
    match: Match | None
    insight: Insight | None
    variables: tuple[Declared, ...]
    witness: bool = False


def select_trace(report: Report, name: str | None = None) -> SelectedTrace:
    """The trace of the property ``name`` (or "fullest"); without a name, that of the first violated property, or else
    the first trace. Raises ``NoTraceError``."""
    there = list(_traces(report))
    found = there[0] if there and name is None else next((c for c in there if c.name == name), None)
    if found is None:
        names = ", ".join(c.name for c in there) or "none: no property is violated or reached"
        problem = "there is no trace" if name is None else f"there is no trace called {name!r}"
        raise NoTraceError(f"{problem} in the report of {report.protocol} (there are: {names})")
    return found


def _traces(report: Report) -> Iterator[SelectedTrace]:
    def of(f: Finding) -> Iterator[SelectedTrace]:
        if f.trace is not None:
            witness = f.verdict is Verdict.HOLDS
            yield SelectedTrace(f.name, f.trace, f.match, f.insight, f.variables or report.variables, witness)

    for f in sorted(report.findings, key=lambda f: f.verdict is not Verdict.VIOLATED):
        yield from of(f)
    full = report.full_match
    if full is not None and full.trace is not None:
        yield SelectedTrace("fullest", full.trace, full.match, full.insight, report.variables)


def render_whole(
    format_name: str,
    report: Report,
    expectation: Expectation | None = None,
    *,
    everything: bool = False,
    command: str = "",
) -> str:
    """The whole report in a format other than text, which needs an exit code. ``expectation`` is the user's expectation
    (formats for CI); ``everything`` includes results that are no failures (SARIF); ``command`` is the command line that
    made the report (the page)."""
    match format_name:
        case "json":
            from planrace.checker.report.json.write import render_json

            return render_json(report)
        case "html":
            from planrace.checker.report.html.page import render_html

            return render_html(report, command)
        case "junit":
            from planrace.checker.report.ci.junit import render_junit

            return render_junit(report, expectation)
        case "sarif":
            from planrace.checker.report.ci.sarif import render_sarif

            return render_sarif(report, expectation, everything=everything)
    from planrace.checker.report.ci.github import render_annotations, render_summary

    return {"annotations": render_annotations, "summary": render_summary}[format_name](report, expectation)


def render_broken(format_name: str, broken: Broken) -> str:
    """A format for CI for a run without a report. Raises ``OutputError``, so that the reason is never hidden."""
    from planrace.checker.report.ci import github, junit, sarif

    makers: dict[str, Callable[[Broken], str]] = {
        "junit": junit.render_broken,
        "sarif": sarif.render_broken,
        "annotations": github.broken_annotations,
        "summary": github.broken_summary,
    }
    try:
        return makers[format_name](broken)
    except Exception as problem:
        raise OutputError(f"this failure cannot be written as {format_name}: {defect_text(problem)}") from problem


def render_trace(format_name: str, report: Report, name: str | None = None) -> str:
    """One trace of the report in a format. Raises ``NoTraceError``."""
    made = OF_TRACE[format_name](report, select_trace(report, name))
    return made + "".join(
        _COMMENTS[format_name].format(text.replace("--", "- -")) for text in missing(report) if format_name in _COMMENTS
    )


def missing(report: Report) -> list[str]:
    """The "unavailable" warnings, as sentences."""
    return [clean(warned_text(w)) for w in report.warnings if w.kind == UNAVAILABLE]


def _mermaid(report: Report, c: SelectedTrace) -> str:
    from planrace.checker.report.trace.mermaid import render_mermaid

    return render_mermaid(c.trace, c.match, _title(report, c), witness=c.witness, variables=c.variables)


def _svg(report: Report, c: SelectedTrace) -> str:
    from planrace.checker.report.trace.svg import render_svg

    return render_svg(c.trace, c.match, _title(report, c), witness=c.witness, variables=c.variables)


def _shiviz(report: Report, c: SelectedTrace) -> str:
    from planrace.checker.report.trace.shiviz import render_shiviz

    return render_shiviz(c.trace, c.insight.touched if c.insight is not None else ())


def _itf(report: Report, c: SelectedTrace) -> str:
    from planrace.checker.report.trace.itf import render_itf

    description = ". ".join([_title(report, c), *missing(report)])
    return render_itf(c.trace, c.variables, description=description, parameters=report.parameters)


def _tlc(report: Report, c: SelectedTrace) -> str:
    from planrace.checker.report.trace.tlc import render_tlc

    module = report.protocol if report.protocol.isidentifier() else "Model"
    return render_tlc(c.trace, c.variables, module=module)


def _dot(report: Report, c: SelectedTrace) -> str:
    from planrace.checker.report.trace.graphs import render_dot, trace_graph

    return render_dot(trace_graph(c.trace, c.insight))


def _graphml(report: Report, c: SelectedTrace) -> str:
    from planrace.checker.report.trace.graphs import render_graphml, trace_graph

    return render_graphml(trace_graph(c.trace, c.insight))


def _title(report: Report, c: SelectedTrace) -> str:
    return f"{report.protocol}: {c.name}" + (" (a witness, nothing is violated)" if c.witness else "")


_COMMENTS = {"mermaid": "%% {}\n", "dot": "// {}\n", "svg": "<!-- {} -->\n", "graphml": "<!-- {} -->\n"}
"""The comments of each format."""
OF_TRACE: dict[str, Callable[[Report, SelectedTrace], str]] = {
    "mermaid": _mermaid,
    "svg": _svg,
    "shiviz": _shiviz,
    "itf": _itf,
    "tlc": _tlc,
    "dot": _dot,
    "graphml": _graphml,
}
"""The formats of one trace, each with the function that writes it."""
FORMATS = (*WHOLE, *OF_TRACE)
