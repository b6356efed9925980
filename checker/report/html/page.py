"""The explorer page: one self-contained HTML file that loads nothing.

The page is assembled from ``assets/``. Its content security policy (CSP level 3, with the hashes of its one script and
one style) allows nothing else to run or load. The report is embedded as JSON, and the script inserts it as text.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from planrace.checker.report.html.proof_page import matrix_data, matrix_title, proof_data
from planrace.checker.report.json.write import variables_json
from planrace.checker.report.text.because import finding_because
from planrace.checker.report.text.continuations import continuation
from planrace.checker.report.text.covered import coverage
from planrace.checker.report.text.document import sizes_text, subject
from planrace.checker.report.text.values import start_text
from planrace.checker.report.trace.traffic import channel_at, deliveries
from planrace.checker.results.blocks import Block, Document, Heading, clean
from planrace.checker.results.explanation import Declared, EnabledStep, Insight, Neighbourhood, Race
from planrace.checker.results.matrix import MatrixReport
from planrace.checker.results.outcome import warned_text
from planrace.checker.results.report import Finding, Report
from planrace.checker.results.scenario import Match
from planrace.checker.results.trace import Change, Observed, Source, Trace, TraceStep
from planrace.checker.results.verdict import Verdict

PAGE = Path(__file__).parent / "assets"
STYLES = ("base", "explorer", "timeline", "state", "tables", "print")
SCRIPTS = (
    *("data", "dom", "frame", "words", "rows", "minimap", "lanes", "rail", "pictures", "panels", "legend", "tabs"),
    *("view", "print", "proofs", "document", "main"),
)
"""The modules of the script, in an order in which each class and constant is defined before it is used."""
NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(("warnings", "variables", "pictures", "properties", "findings", "runs"), ()),
    **dict.fromkeys(("subject", "coverage", "command"), ""),
    **dict.fromkeys(("proof", "matrix", "document"), None),
    "sources": {},
}
"""The data of a page that shows nothing."""
_DIRECTION = re.compile(r"(?<!\\)((?:\\\\)*)\\u(?:202[a-e]|206[6-9])")
"""Characters, as JSON writes them, that turn the direction of the text after them, which may be ours."""


def render_html(report: Report, command: str = "") -> str:
    """The page of a report: its runs, step by step, and its proofs. ``command`` is the command line that made it."""
    return assembled({**_data(report), "command": clean(command)})


def render_matrix(report: MatrixReport, command: str = "") -> str:
    """The page of the table of ``check prove --all``."""
    subject = f"every size with {sizes_text(report.parameters)}" if report.parameters else "every size"
    return assembled(
        {
            **NOTHING,
            "title": matrix_title(report),
            "subject": subject,
            "matrix": matrix_data(report),
            "command": clean(command),
        }
    )


def render_document(document: Document, command: str = "") -> str:
    """The page of a result without runs, of which there is a text: a forecast, the mutants of a protocol."""
    first, *rest = document.blocks
    title = first.text if isinstance(first, Heading) else ""
    blocks = [Heading("In short"), *rest] if title else document.blocks
    shown = {"blocks": [block_data(b) for b in blocks], "closing": clean(document.closing)}
    return assembled({**NOTHING, "title": clean(title), "document": shown, "command": clean(command)})


def block_data(block: Block) -> dict[str, Any]:
    """A block as the page shows it: its fields, and the name of its kind."""
    return {"kind": type(block).__name__.lower(), **asdict(block)}


def assembled(
    data: Mapping[str, Any],
    template: str = "page.html",
    scripts: Sequence[str] = SCRIPTS,
    styles: Sequence[str] = STYLES,
) -> str:
    """A page of these parts, with its data."""
    script = '"use strict";\n(() => {\n' + "\n".join(_module(name) for name in scripts) + "\n})();\n"
    style = "".join(_part(f"{name}.css") for name in styles)
    parts = {
        "title": html.escape(clean(data["title"])),
        "script_hash": _hash(script),
        "style_hash": _hash(style),
        "style": style,
        "data": _embedded(data),
        "script": script,
    }
    page = _part(template)
    pieces = page.split("{{")
    return pieces[0] + "".join(parts[name] + rest for name, _, rest in (p.partition("}}") for p in pieces[1:]))


def _part(name: str) -> str:
    return (PAGE / name).read_text(encoding="utf-8")


def _module(name: str) -> str:
    """A module of the script without its imports and exports: in the page all of them are in one scope."""
    return re.sub(r"^import [^;]*;\n|^export ", "", _part(f"{name}.js"), flags=re.MULTILINE)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _embedded(data: Any) -> str:
    """JSON that an HTML parser cannot mistake for markup."""
    text = _DIRECTION.sub(r"\1\\ufffd", json.dumps(data, ensure_ascii=True, separators=(",", ":")))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _data(report: Report) -> dict[str, Any]:
    """The data of the page. Runs that several properties share are contained once."""
    runs: dict[tuple[Any, ...], int] = {}
    made: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    for f in _with_run(report):
        assert f.trace is not None
        key = (
            f.trace.loop,
            str(f.trace.initial),
            *((s.action, str(dict(s.parameters)), s.outcome) for s in f.trace.steps),
        )
        if key not in runs:
            runs[key] = len(made)
            made.append(_run(f, f.trace, f.insight or Insight(), report.variables))
        findings.append(_finding(f, runs[key], f.variables or report.variables, report.source_of_property(f.name)))
    shown = {f["name"]: n for n, f in reversed(list(enumerate(findings)))}
    properties = [
        {"name": f.name, "word": f.verdict.word, "how": f.how, "finding": shown.get(f.name)} for f in report.findings
    ]
    extra = [{**f, "finding": n, "how": f["promise"]} for n, f in enumerate(findings) if f["word"] == SHOWN]
    return {
        **NOTHING,
        "title": f"{report.protocol}: {report.verdict.word}",
        "subject": subject(report),
        "coverage": coverage(report, report.exploration) if report.exploration else "",
        "sources": {name: f"{where.file}:{where.line}" for name, where in report.sources.items()},
        "warnings": [clean(warned_text(w)) for w in report.warnings],
        "variables": variables_json(report.variables),
        "pictures": [asdict(p) for p in report.pictures],
        "properties": [*properties, *extra],
        "findings": findings,
        "runs": made,
        "proof": proof_data(report),
    }


FULLEST, SCENARIO, SHOWN = "the fullest match", "scenario", "shown"
"""The run that shows the scenario in full: its name, its kind, and the word in place of a verdict."""


def _with_run(report: Report) -> Iterable[Finding]:
    """Findings with a run: violations, the run that shows the scenario in full, other counterexamples, witnesses."""
    broken = [f for f in report.findings if f.trace is not None and f.verdict is Verdict.VIOLATED]
    yield from broken
    full = report.full_match
    if full is not None and full.trace is not None:
        how = f"a run that shows every fact of the scenario ({full.how})"
        yield Finding(FULLEST, SCENARIO, how, Verdict.VIOLATED, full.how, full.trace, full.match, insight=full.insight)
    for f in broken:
        for n, (trace, why) in enumerate(f.others.runs if f.others is not None else (), 1):
            name = f"{f.name}, other {n}"
            yield Finding(name, f.kind, f.meaning, f.verdict, f.how, trace, insight=Insight(causes=why))
    yield from (f for f in report.findings if f.trace is not None and f.verdict is not Verdict.VIOLATED)


def _race(race: Race, variables: Sequence[Declared]) -> dict[str, Any]:
    return {**asdict(race), "places": list(dict.fromkeys(channel_at(p, variables) for p in race.places))}


def _finding(f: Finding, run: int, variables: Sequence[Declared], where: Source | None) -> dict[str, Any]:
    after = [b.text for b in continuation(f) if hasattr(b, "text")]
    causes = f.insight.causes if f.insight is not None else None
    return {
        "name": f.name,
        "word": SHOWN if f.kind == SCENARIO else f.verdict.word,
        "promise": f.meaning if f.kind == SCENARIO else f"Promised: {f.meaning}.",
        "because": " ".join([*after, finding_because(f)]).strip(),
        "run": run,
        "source": None if where is None else f"{where.file}:{where.line}",
        "match": None if f.match is None else _match(f.match),
        "causes": None
        if causes is None
        else {"races": [_race(r, variables) for r in causes.races], "chain": causes.chain},
    }


def _match(match: Match) -> dict[str, Any]:
    return {"scenario": match.scenario, "facts": [asdict(f) for f in match.facts]}


def _run(f: Finding, trace: Trace, insight: Insight, variables: Sequence[Declared]) -> dict[str, Any]:
    near = insight.neighbourhood
    return {
        "variables": variables_json(f.variables) or None,
        "deliveries": [[asdict(d) for d in taken] for taken in deliveries(trace, f.variables or variables)],
        "initial": dict(trace.initial),
        **({"start": start} if (start := start_text(trace, f.variables or variables)) else {}),
        "steps": [_step(s) for s in trace.steps],
        "loop": trace.loop,
        "offers": [] if near is not None else [[_step(o) for o in offers] for offers in insight.offers],
        "truths": [asdict(t) for t in insight.truths],
        "beliefs": [asdict(b) for b in insight.beliefs],
        "recoverable": insight.recoverable,
        "goal": insight.goal,
        "beside": None if insight.beside is None else _other_variant(insight),
        "neighbourhood": None if near is None else _neighbourhood(near),
    }


def _other_variant(insight: Insight) -> dict[str, Any]:
    other = insight.beside
    assert other is not None
    return {
        "protocol": other.protocol,
        "protections": other.protections,
        "initial": dict(other.initial),
        "steps": [None if s is None else _step(s) for s in other.steps],
        "broken": other.broken,
    }


def _neighbourhood(near: Neighbourhood) -> dict[str, Any]:
    """States with their steps; ``edge`` are the states whose steps are not known."""
    states = [{"offers": [_step(o) for o in s.offers], "broken": s.broken} for s in near.states]
    return {"states": states, "edge": [n for n, s in enumerate(near.states) if not s.offers]}


def _step(s: TraceStep | EnabledStep) -> dict[str, Any]:
    return {
        "action": s.action,
        "parameters": dict(s.parameters),
        "by": s.by,
        "role": s.role,
        "outcome": s.outcome,
        "fault": s.fault,
        "text": s.text,
        "changed": [_change(c) for c in s.changed],
        "observed": [_seen(o) for o in s.observed],
        "to": getattr(s, "to", None),
    }


def _change(c: Change) -> Mapping[str, Any]:
    return {"place": c.place, "before": c.before, "after": c.after, "variable": c.variable, "path": c.path}


def _seen(o: Observed) -> Mapping[str, Any]:
    return {"title": o.title, "member": o.member, "text": o.text}
