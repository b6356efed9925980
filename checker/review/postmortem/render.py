"""The answer to a file of facts as text (blocks, also those of its page) and as JSON (``planrace/postmortem/1``)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from planrace.checker.report.json.write import to_json
from planrace.checker.report.text.document import run_blocks, subject
from planrace.checker.results.blocks import Block, Bullets, Document, Facts, Heading, Paragraph
from planrace.checker.results.detail import Detail
from planrace.checker.results.scalars import value_text
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted, joined, plural
from planrace.checker.review.postmortem.answers import JudgedFact, JudgedProtection, Postmortem, ShownTogether

SCHEMA = "planrace/postmortem/1"


def postmortem_document(found: Postmortem, exit_code: int, detail: Detail = Detail.FULL) -> Document:
    """The facts with the steps that show them, the run, and what protections do; ``VERDICTS``: one line."""
    closing = f"{found.outcome} (exit {exit_code})"
    if detail is Detail.VERDICTS:
        return Document((), closing, found.verdict.word)
    return Document(tuple(_blocks(found, detail)), closing, found.verdict.word)


def _blocks(found: Postmortem, detail: Detail) -> Iterator[Block]:
    yield Heading(f"{found.title}, in {found.protocol}: {found.outcome}")
    yield Paragraph(f"{subject(found.report)}.")
    if found.source:
        yield Paragraph(f"The facts are from: {found.source}.")
    yield Paragraph(_answer(found), found.verdict.word)
    yield from _facts(found)
    yield from _together(found)
    yield from _run(found)
    yield from _protections(found, detail)
    if found.open:
        yield Heading("Not decided")
        yield Bullets(tuple(f"{o[0].upper()}{o[1:]}." for o in found.open))


def _answer(found: Postmortem) -> str:
    if found.verdict is Verdict.HOLDS:
        return f"A run of {counted(found.length or 0, 'step')} shows every fact that must be shown ({found.how})."
    if found.unclaimed:
        return f"{found.how[0].upper()}{found.how[1:]}."
    if found.verdict is Verdict.VIOLATED:
        return f"No run shows all that must be shown: {found.how.removeprefix('no run shows it: ')}."
    return f"Whether a run shows all that must be shown is not decided: {found.how.removeprefix('not decided: ')}."


# Facts -------------------------------------------------------------------------------------------------------------
def _facts(found: Postmortem) -> Iterator[Block]:
    yield Heading("Facts")
    roles = found.report.full_match.match.roles if _has_match(found) else {}  # type: ignore[union-attr]
    if roles:
        yield Paragraph(f"Roles: {', '.join(f'{n}: {value_text(v)}' for n, v in roles.items())}.")
    yield Facts(
        tuple((f.name, f"{f.meaning}{' (optional)' if f.optional else ''}", _shown(f, found)) for f in found.facts)
    )


def _meaning(f: JudgedFact) -> str:
    return f"{f.meaning} (optional)" if f.optional else f.meaning


def _has_match(found: Postmortem) -> bool:
    return found.report.full_match is not None and found.report.full_match.match is not None


def _shown(f: JudgedFact, found: Postmortem) -> str:
    """Where the run shows a fact; or whether another run does."""
    if f.step is not None:
        return f"from step {f.step} on, whatever follows" if f.claim else f"step {f.step}"
    whole = found.verdict is Verdict.HOLDS
    if f.verdict is Verdict.HOLDS:
        run = f"a run of {counted(f.length or 0, 'step')}"
        return f"not in this run; {run} shows it, too" if whole else f"alone, {run} shows it"
    if f.verdict is Verdict.VIOLATED:
        return "no run shows it with the others" if whole else "no run shows it"
    return "not decided"


def _together(found: Postmortem) -> Iterator[Block]:
    """What a run shows together, what is missing then, and what no run shows together."""
    if not found.together and not found.conflicts:
        return
    yield Heading("What a run shows together")
    yield Bullets(tuple(map(_part, found.together)) or ("None of them.",))
    alone = [c[0] for c in found.conflicts if len(c) == 1]
    pairs = [c for c in found.conflicts if len(c) > 1]
    rows = [f"No run shows {joined(alone, 'or')}, whatever else it shows."] if alone else []
    rows += [f"No run shows {joined(c)} together, but each part of them." for c in pairs]
    if rows:
        yield Bullets(tuple(rows))


def _part(t: ShownTogether) -> str:
    verb = plural(len(t.missing), "is", "are")
    return f"{joined(t.names)}, in {counted(t.length, 'step')}; {joined(t.missing)} {verb} missing."


def _run(found: Postmortem) -> Iterator[Block]:
    full = found.report.full_match
    if full is None or full.trace is None:
        return
    yield Heading("The run" if found.verdict is Verdict.HOLDS else "The run that shows the most")
    yield from run_blocks(full.trace, full.match, found.report.variables)


# Protections -------------------------------------------------------------------------------------------------------
def _protections(found: Postmortem, detail: Detail) -> Iterator[Block]:
    rows = [p for p in found.protections if p.name]
    bare = next((p for p in found.protections if not p.name), None)
    if not rows and bare is None:
        return
    yield Heading("Protections")
    if bare is not None:
        yield Paragraph(f"Without protections: {_effect(bare)}.")
    if rows:
        yield Paragraph("With one of them alone:" if bare is not None else "With one more of them:")
        why = {p.name: f" ({p.how})" if detail is Detail.FULL else "" for p in rows}
        yield Bullets(tuple(f"{p.name}: {_effect(p)}{why[p.name]}." for p in rows))


def _effect(p: JudgedProtection) -> str:
    if p.verdict is Verdict.HOLDS:
        return f"a run of {counted(p.length or 0, 'step')} shows it all"
    if p.unclaimed:
        return "runs show the facts, but what is claimed after them does not hold"
    return "no run shows it all" if p.verdict is Verdict.VIOLATED else "not decided"


# JSON --------------------------------------------------------------------------------------------------------------
def postmortem_json(found: Postmortem) -> str:
    """All answers as JSON text; ``report`` is a report as of ``check --scenario``, with the run."""
    value = {
        "schema": SCHEMA,
        "facts_file": found.path,
        "title": found.title,
        "source": found.source,
        "verdict": {Verdict.HOLDS: "shown", Verdict.VIOLATED: "not shown"}.get(found.verdict, "unknown"),
        "how": found.how,
        "length": found.length,
        "interrupted": found.interrupted,
        "facts": [_fact(f) for f in found.facts],
        "together": [{"facts": list(t.names), "missing": list(t.missing), "length": t.length} for t in found.together],
        "conflicts": [list(c) for c in found.conflicts],
        "protections": [_protection(p) for p in found.protections],
        "open": list(found.open),
        "report": to_json(found.report),
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _fact(f: JudgedFact) -> dict[str, Any]:
    return {
        "id": f.name,
        "text": f.meaning,
        "optional": f.optional,
        "claim": f.claim,
        "step": f.step,
        "shown": None if f.verdict is Verdict.UNKNOWN else f.verdict is Verdict.HOLDS,
        "length": f.length,
        "how": f.how,
    }


def _protection(p: JudgedProtection) -> dict[str, Any]:
    return {
        "name": p.name or None,
        "protections": list(p.protections),
        "shown": None if p.verdict is Verdict.UNKNOWN else p.verdict is Verdict.HOLDS,
        "length": p.length,
        "how": p.how,
    }
