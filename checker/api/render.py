"""The formats of every result of the API, for ``render``, ``save`` and the command.

Texts end with the exit code that the command would have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from planrace.checker.results.blocks import Document
from planrace.checker.results.detail import Detail
from planrace.checker.results.matrix import MatrixReport
from planrace.checker.results.report import Report
from planrace.checker.results.verdict import EXIT_CODES, Verdict

Makers: TypeAlias = "Mapping[str, Callable[[], str]]"
"""Names of formats, each with the function that makes it."""


@dataclass(frozen=True)
class Formats:
    """The text of a result, which ends with the exit ``code``, and its other formats."""

    code: int
    document: Callable[[], Document]
    others: Makers


def formats_for(
    result: Any, code: int | None = None, detail: Detail = Detail.FULL, *, command: str = "", **more: Any
) -> Formats:
    """The formats of a result that has a text; ``code`` is the exit code of the command, if its options determine it,
    ``detail`` is how much the text says, ``command`` is the command line, which pages show, and ``more`` are further
    arguments of the formats of several checks (``everything``)."""
    name = type(result).__name__
    made = _FORMATS[name](result, code, detail, **more)
    if name not in _PAGES:
        return made
    full = _FORMATS[name](result, code, Detail.FULL, **more).document
    page = partial(_OWN_PAGES.get(name, _page), result, full, command)
    return replace(made, others={**made.others, "html": page})


def formats_of(result: Any, trace: str | None = None) -> Makers:
    """All formats that a result has. ``trace`` names the run for formats that show only one. Raises ``TypeError`` if it
    is not a result of the API."""
    if isinstance(result, Report):
        return _report(result, trace)
    name = type(result).__name__
    if name in _FORMATS:
        formats = formats_for(result)
        return {"text": partial(_plain, formats.document), **formats.others}
    if name not in _TEXTS:
        raise TypeError(f"{name} is not a result that can be rendered; there are {', '.join(RENDERED)}")
    return _TEXTS[name](result)


def text_of(result: Any, detail: Detail) -> str:
    """The text of a result, with so much detail."""
    if isinstance(result, Report):
        from planrace.checker.report.text.document import document

        return _plain(partial(document, result, detail=detail))
    if type(result).__name__ in _FORMATS:
        return _plain(formats_for(result, detail=detail).document)
    return formats_of(result)["text"]()


def format_of(result: Any, path: str | Path) -> str:
    """The format of a result for the name of a file. Raises ``ValueError`` if there is none."""
    from planrace.checker.report.formats import format_of as named

    return named(path, tuple(formats_of(result)), type(result).__name__)


def report_formats(report: Report, trace: str | None = None, **more: Any) -> Makers:
    """The formats of a report other than its text. ``trace`` names the run for formats that show only one; ``more``
    are further arguments for formats of the whole report (``expectation``, ``everything``,
    ``command``)."""
    from planrace.checker.report.formats import OF_TRACE, WHOLE, render_trace, render_whole

    whole = {
        format_name: partial(render_whole, format_name, report, **more)
        for format_name in WHOLE
        if format_name != "text"
    }
    return {**whole, **{format_name: partial(render_trace, format_name, report, trace) for format_name in OF_TRACE}}


def _report(report: Report, trace: str | None) -> Makers:
    from planrace.checker.report.text.document import document

    return {"text": partial(_plain, lambda: document(report)), **report_formats(report, trace)}


def _matrix(table: MatrixReport, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.report.json.proofs import matrix_json
    from planrace.checker.report.text.proofs import matrix_document

    code = table.exit_code if code is None else code
    return Formats(
        code,
        partial(matrix_document, table, code, detail),
        {"json": lambda: json.dumps(matrix_json(table), indent=2) + "\n"},
    )


def _fixes(made: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.report.json.fixes import fixes_json
    from planrace.checker.report.text.fixes import fixes_document
    from planrace.checker.report.text.fixes_markdown import fixes_markdown

    code = made.exit_code if code is None else code
    others = {"json": partial(fixes_json, made), "markdown": partial(fixes_markdown, made)}
    return Formats(code, partial(fixes_document, made, code, detail), others)


def _matrix_page(table: MatrixReport, _: Callable[[], Document], command: str) -> str:
    from planrace.checker.report.html.page import render_matrix

    return render_matrix(table, command)


def _reports_page(found: Any, _: Callable[[], Document], command: str) -> str:
    from planrace.checker.report.html.page import render_document
    from planrace.checker.report.text.reports import reports_page

    return render_document(reports_page(found), command)


def _cover_page(found: Any, _: Callable[[], Document], command: str) -> str:
    from planrace.checker.report.html.driving_page import render_cover

    return render_cover(found, command)


def _replay_page(found: Any, _: Callable[[], Document], command: str) -> str:
    from planrace.checker.report.html.driving_page import render_replay

    return render_replay(found, command)


def _conformance_page(found: Any, _: Callable[[], Document], command: str) -> str:
    from planrace.checker.report.html.logs_page import render_conformance

    return render_conformance(found, command)


def _page(_: Any, document: Callable[[], Document], command: str) -> str:
    from planrace.checker.report.html.page import render_document

    return render_document(document(), command)


def _reports(found: Any, code: int | None, detail: Detail, *, everything: bool = False) -> Formats:
    from planrace.checker.report.ci.reports import render_reports
    from planrace.checker.report.formats import FOR_CI
    from planrace.checker.report.json.reports import render_reports_json
    from planrace.checker.report.text.reports import reports_document

    ci = {format_name: partial(render_reports, format_name, found, everything=everything) for format_name in FOR_CI}
    document = partial(reports_document, found, detail)
    return Formats(found.code if code is None else code, document, {"json": partial(render_reports_json, found), **ci})


def _comparison(found: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.report.text.comparison import comparison_document, comparison_json, comparison_markdown

    code = (1 if found.changed else 0) if code is None else code
    others = {"json": partial(comparison_json, found), "markdown": partial(comparison_markdown, found)}
    return Formats(code, partial(comparison_document, found, code, detail), others)


def _compared(found: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.review.baseline.render import changes_document, changes_json, changes_markdown, exit_code

    code = exit_code(found) if code is None else code
    others = {"json": partial(changes_json, found, code), "markdown": partial(changes_markdown, found)}
    return Formats(code, partial(changes_document, found, code, detail), others)


def _mutation(made: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.review.mutation.render import mutation_document, mutation_json

    code = made.exit_code() if code is None else code
    return Formats(code, partial(mutation_document, made, code, detail), {"json": partial(mutation_json, made)})


def _established(made: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.review.gate.render import establishment_document, establishment_json

    code = made.exit_code if code is None else code
    others = {"json": partial(establishment_json, made)}
    return Formats(code, partial(establishment_document, made, code, detail), others)


def _covered(found: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.report.json.driving import cover_json
    from planrace.checker.report.text.driving import cover_document

    code = found.exit_code if code is None else code
    return Formats(
        code, partial(cover_document, found, code, detail), {"json": partial(cover_json, found), **_for_ci(found)}
    )


def _replayed(found: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.report.json.driving import replay_json
    from planrace.checker.report.text.driving import replay_document

    code = found.exit_code if code is None else code
    return Formats(
        code, partial(replay_document, found, code, detail), {"json": partial(replay_json, found), **_for_ci(found)}
    )


def _conformed(found: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.report.json.conformance import conformance_json
    from planrace.checker.report.text.conformance import conformance_document

    code = found.exit_code if code is None else code
    return Formats(code, partial(conformance_document, found, code, detail), {"json": partial(conformance_json, found)})


def _postmortem(found: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.review.postmortem.render import postmortem_document, postmortem_json

    code = found.exit_code if code is None else code
    return Formats(code, partial(postmortem_document, found, code, detail), {"json": partial(postmortem_json, found)})


def _for_ci(found: Any) -> Makers:
    from planrace.checker.report.ci.driving import render_driving
    from planrace.checker.report.formats import FOR_CI

    return {format_name: partial(render_driving, format_name, found) for format_name in FOR_CI}


def _forecast(made: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.advice.forecast.render import forecast_document, forecast_json

    return Formats(code or 0, partial(forecast_document, made, detail), {"json": partial(forecast_json, made)})


def _likelihood(made: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.report.json.likelihood import likelihood_json
    from planrace.checker.report.text.likelihood import likelihood_document

    code = (0 if made.known else EXIT_CODES[Verdict.UNKNOWN]) if code is None else code
    return Formats(code, partial(likelihood_document, made, detail), {"json": partial(likelihood_json, made)})


def _costs(made: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.report.json.costs import costs_json
    from planrace.checker.report.text.costs import costs_document

    code = (0 if made.known else EXIT_CODES[Verdict.UNKNOWN]) if code is None else code
    return Formats(code, partial(costs_document, made, detail), {"json": partial(costs_json, made)})


def _sweep(made: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.report.text.sweep import sweep_csv, sweep_document, sweep_json

    code = made.exit_code() if code is None else code
    others = {"json": partial(sweep_json, made), "csv": partial(sweep_csv, made)}
    return Formats(code, partial(sweep_document, made, detail), others)


def _linted(found: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.advice.lint.render import lint_document, lint_json

    return Formats(code or 0, partial(lint_document, found, code or 0, detail), {"json": partial(lint_json, found)})


def _entry(entry: Any) -> Makers:
    from planrace.checker.review.baseline.write import write_text

    return {"text": lambda: write_text([entry])}


def _crosschecked(found: Any, code: int | None, detail: Detail) -> Formats:
    from planrace.checker.report.json.crosscheck import crosscheck_json
    from planrace.checker.report.text.crosscheck import crosscheck_document

    code = EXIT_CODES[found.verdict] if code is None else code
    return Formats(code, partial(crosscheck_document, found, code, detail), {"json": partial(crosscheck_json, found)})


def _created(found: Any) -> Makers:
    from planrace.checker.api.project.created import created_text

    return {"text": partial(created_text, found)}


def _listing(found: Any) -> Makers:
    from planrace.checker.run.listing import listing_json, listing_text

    return {"text": partial(listing_text, found), "json": partial(listing_json, found)}


def _graph(graph: Any) -> Makers:
    from planrace.checker.report.trace.graphs import render_dot, render_graphml

    return {"dot": partial(render_dot, graph), "graphml": partial(render_graphml, graph)}


def _plain(document: Callable[[], Document]) -> str:
    from planrace.checker.report.text.plain import render_plain

    return render_plain(document())


_FORMATS: Mapping[str, Callable[..., Formats]] = {
    "MatrixReport": _matrix,
    "FixReport": _fixes,
    "Reports": _reports,
    "Comparison": _comparison,
    "Compared": _compared,
    "Mutation": _mutation,
    "Establishment": _established,
    "Forecast": _forecast,
    "Likelihood": _likelihood,
    "CostTable": _costs,
    "Crosscheck": _crosschecked,
    "Sweep": _sweep,
    "LintFindings": _linted,
    "CoverReport": _covered,
    "ReplayReport": _replayed,
    "ConformanceReport": _conformed,
    "Postmortem": _postmortem,
}
_PAGES = (
    "Reports",
    "MatrixReport",
    "FixReport",
    "Mutation",
    "Forecast",
    "Likelihood",
    "CostTable",
    "Crosscheck",
    "Sweep",
    "CoverReport",
    "ReplayReport",
    "ConformanceReport",
    "Postmortem",
)
"""The results that have a page without runs."""
_OWN_PAGES = {
    "MatrixReport": _matrix_page,
    "Reports": _reports_page,
    "CoverReport": _cover_page,
    "ReplayReport": _replay_page,
    "ConformanceReport": _conformance_page,
}
"""Those whose page is not their text."""
_TEXTS: Mapping[str, Callable[[Any], Makers]] = {
    "BaselineEntry": _entry,
    "CreatedProject": _created,
    "ExportedModel": lambda model: {"text": lambda: str(model)},
    "ImportedModel": lambda model: {"text": lambda: str(model)},
    "Listing": _listing,
    "MultiDiGraph": _graph,
}
RENDERED = ("Report", *_FORMATS, *_TEXTS)
"""The results that have formats. The tables have names of classes, not classes, so that they load no engine."""
