"""Runs that other checkers report on exported models: the call ``import_run``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from planrace.checker.api.request import selected, subject_of
from planrace.checker.engines.answer import Answer
from planrace.checker.engines.limits import until
from planrace.checker.imports.fitting import fit
from planrace.checker.imports.formats import format_of_run
from planrace.checker.imports.judging import answers_on
from planrace.checker.report.errors import MalformedError, ReadError
from planrace.checker.report.json.decode import content
from planrace.checker.results.report import Finding, Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.call_site import public
from planrace.checker.run.options import Options
from planrace.checker.run.request import Request, Selection
from planrace.checker.run.run import report_on_run
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Protocol, System, Variant
from planrace.properties.members import members

ENGINE = "import"


@public
def import_run(
    protocol: Protocol | Variant | System | str,
    path: str | Path,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    options: Options | None = None,
) -> Report:
    """The run in a file of another checker, which searched the exported protocol: found again step by step by the plain
    interpreter, judged and explained, as ``check import`` does. The format is recognised by its content. The report has
    the properties that the run shows; if there are none, it has only the run. Raises ``ReadError`` for the file,
    and ``ModelError`` if a step does not fit."""
    options = options or Options()
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "import_run"), parameters, **names)
    with until(options.time_limit):
        found = _runs(selection, str(path))
        answers: dict[str, Answer] = {}
        for _, those in found:
            for a in those:
                known = answers.get(a.property.name)
                if known is None or known.verdict is Verdict.UNKNOWN:
                    answers[a.property.name] = a
        if not answers:
            return _unjudged(selection, found[0][0], options)
        request = Request(selection, [a.property for a in answers.values()], options)
        return report_on_run(request, list(answers.values()), ENGINE)


def _runs(selection: Selection, path: str) -> list[tuple[Recording, list[Answer]]]:
    """The runs in a file, and what each shows."""
    text = content(path).decode(errors="replace")
    try:
        found = format_of_run(text).runs(text, selection.instance)
    except MalformedError as problem:
        raise ReadError(f"{path}: {problem}") from None
    runs = [(fit(selection.instance, r), r) for r in found]
    properties = [q for p in selection.system.properties for q in (members(selection.instance, p) or (p,))]
    return [(recording, answers_on(recording, r, properties)) for recording, r in runs]


def _unjudged(selection: Selection, recording: Recording, options: Options) -> Report:
    """The report on a run that shows no property."""
    how = "it fits the protocol, and shows no property"
    alone = Finding("run", "run", "a run of another checker", Verdict.UNKNOWN, how, recording.trace())
    report = report_on_run(Request(selection, [], options), [], ENGINE)
    return replace(report, findings=(alone,))
