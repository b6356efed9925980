"""The blocks of a text report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from planrace.checker.report.text.because import finding_because, others_text
from planrace.checker.report.text.bitstate import bitstate_blocks
from planrace.checker.report.text.continuations import continuation, runbook
from planrace.checker.report.text.covered import coverage
from planrace.checker.report.text.matches import match_blocks
from planrace.checker.report.text.proofs import certificate
from planrace.checker.report.text.values import changes, start_text, state_before, state_text
from planrace.checker.results.blocks import (
    Block,
    Bullets,
    Document,
    Heading,
    Paragraph,
    Timeline,
    TimelineEntry,
    Verdicts,
)
from planrace.checker.results.detail import Detail
from planrace.checker.results.explanation import Declared
from planrace.checker.results.guard import defect_text
from planrace.checker.results.outcome import warned_text
from planrace.checker.results.proof import InductionCounterexample
from planrace.checker.results.report import (
    ABOUT_CODE,
    LEFT_OUT,
    MANY_STATES,
    UNAVAILABLE,
    Coverage,
    Finding,
    Others,
    Report,
)
from planrace.checker.results.scalars import value_text
from planrace.checker.results.scenario import Match
from planrace.checker.results.trace import Observed, ShownState, Trace, TraceStep
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted, joined, limited, plural


def document(report: Report, exit_code: int | None = None, why: str = "", detail: Detail = Detail.FULL) -> Document:
    """The text report of a run with this ``exit_code``, by default that of its verdict; ``why`` says why it differs."""
    code = report.exit_code if exit_code is None else exit_code
    if detail is Detail.VERDICTS:
        blocks = list(_safe("the verdicts", lambda: _outcome(report, code)))
    else:
        blocks = list(_safe("the rest", lambda: _blocks(report, detail)))
        blocks += _safe("the moral", lambda: _moral(report, blocks))
    if code != report.exit_code and why:
        blocks.append(Paragraph(why))
    return Document(tuple(blocks), f"verdict: {report.verdict} (exit {code})", report.verdict.word)


def _outcome(report: Report, code: int) -> Iterator[Block]:
    """The verdicts alone, one line for each property, and what else decides the exit ``code``."""
    yield Heading(f"{report.protocol}: {report.verdict.word}")
    yield Verdicts(tuple((f.name, f.verdict.word, _in_short(f)) for f in report.findings))
    yield from left_out(report)
    if code not in (0, report.exit_code):
        yield from (Paragraph(f"Warning: {warned_text(w)}", "unknown") for w in report.warnings if w.strict)
    yield from _doubted(report)


def _in_short(f: Finding) -> str:
    """The length of a run; for what is undecided, the reason."""
    return f.how if f.verdict is Verdict.UNKNOWN else _length(f)


def left_out(report: Report) -> Iterator[Block]:
    """The properties that were not checked."""
    if report.left_out:
        names = ", ".join(f"{name} ({kind})" for name, kind, _ in report.left_out)
        yield Paragraph(f"Left out: {names}: {report.left_out[0][2]}.", "unknown")


def _doubted(report: Report) -> Iterator[Block]:
    for name, why in report.doubted:
        yield Paragraph(f"Not confirmed by the second solver: {name}: {why}.", "unknown")


def _blocks(report: Report, detail: Detail) -> Iterator[Block]:
    """The parts of the report. A part that fails is replaced by a sentence about it."""
    yield Heading(f"{report.protocol}: {report.verdict.word}")
    yield from _safe("the request", lambda: [Paragraph(subject(report))])
    yield from _safe("what was covered", lambda: _covered(report))
    yield from _safe("the verdicts", lambda: [_verdicts(report)])
    for f in report.findings:
        if f.kind == "run" and f.trace is not None:
            yield from _safe(f.name, lambda f=f, t=f.trace: run_blocks(t, f.match, report.variables))  # type: ignore[misc]
    yield from left_out(report)
    yield from _decided_alone(report)
    broken = [f for f in report.findings if f.verdict is Verdict.VIOLATED and f.kind != "scenario"]
    yield from violations(broken, detail, report.variables)
    yield from _safe("warnings", partial(_warnings, report))
    for f in report.findings:
        if f.runbook is not None:
            yield from _safe("the runbook", partial(runbook, f.name, f.runbook))
    yield from _inductions(report, detail)
    if report.full_match is not None:
        yield from _safe("the fullest match", partial(_telling, report, detail))
    for proof in report.proofs:
        yield from _safe("the proof", partial(certificate, proof, detail))
    yield from _doubted(report)


def violations(broken: Sequence[Finding], detail: Detail, variables: Sequence[Declared] = ()) -> Iterator[Block]:
    """Every violated property with its run. ``USUAL``: the first one, and a line for each other. ``variables`` are
    those of findings without their own."""
    shown: dict[tuple[object, ...], str] = {}
    in_full = broken if detail is Detail.FULL else broken[:1]
    for f in in_full:
        yield from _safe(f.name, partial(violation, f, f.variables or variables, shown))
    yield from _in_brief("Violated, too", [partial(_briefly, f, shown) for f in broken[len(in_full) :]])


def _inductions(report: Report, detail: Detail) -> Iterator[Block]:
    """Every counterexample to induction. ``USUAL``: the first one, and a line for each other."""
    stuck = [(f, f.cti) for f in report.findings if f.cti is not None]
    shown = stuck if detail is Detail.FULL else stuck[:1]
    for f, cti in shown:
        yield from _safe(f.name, partial(induction_blocks, f.name, cti, f.variables or report.variables))
    rest = [partial(_cti_briefly, f.name, cti) for f, cti in stuck[len(shown) :]]
    yield from _in_brief("More counterexamples to induction", rest)


def _decided_alone(report: Report) -> Iterator[Block]:
    """If a solver decides some properties and not others: how to ask about the former. A bound on a search is no such
    case: more of it may decide all."""
    undecided = [f.name for f in report.findings if f.verdict is Verdict.UNKNOWN]
    others = [f.name for f in report.findings if f.verdict is not Verdict.UNKNOWN]
    bounded = report.interrupted or (report.exploration is not None and report.exploration.stopped is not None)
    if undecided and others and report.verdict is Verdict.UNKNOWN and not bounded:
        options = " ".join(f"--property {n}" for n in others)
        which = f"Only {joined(undecided)} {plural(len(undecided), 'is', 'are')} undecided"
        yield Paragraph(f"{which}. To ask about the others alone: {options}")


def _in_brief(title: str, rows: Sequence[Callable[[], str]]) -> Iterator[Block]:
    """A line for each thing that is not shown, and how to see it."""
    if rows:
        yield Heading(title)
        yield from _safe(title, lambda: [Bullets(tuple(row() for row in rows))])
        yield Paragraph(f"-v shows {'its run' if len(rows) == 1 else 'their runs'}.")


def _briefly(f: Finding, shown: dict[tuple[object, ...], str]) -> str:
    """A violated property in a line. ``shown`` are the runs that were shown."""
    where = shown.get(_key(f.trace)) if f.trace is not None else None
    how = f"{_length(f) or f.how}" if where is None else f"{_same_run(f, where)}"
    return f"{f.name}, {how}: {f.meaning}."


def _cti_briefly(name: str, u: InductionCounterexample) -> str:
    return f"{name}: {counted(len(u.trace), 'step')} at {sizes_text(u.parameters)}."


def _safe(what: str, blocks: Callable[[], Iterable[Block]]) -> Iterator[Block]:
    """The blocks of a part; if it fails, those made so far and the reason."""
    try:
        yield from blocks()
    except Exception as problem:
        yield Paragraph(f"Unavailable: {what}: {defect_text(problem)}.", "unknown")


def _covered(report: Report) -> Iterator[Block]:
    if report.exploration is not None:
        yield Paragraph(coverage(report, report.exploration))
        if report.exploration.bitstate is not None:
            yield from bitstate_blocks(report.exploration.bitstate)
        yield from (Paragraph(w.message) for w in report.warnings if w.kind in ABOUT_CODE)
        if _outgrown(report, report.exploration):
            yield from (Paragraph(w.message) for w in report.warnings if w.kind == MANY_STATES)
            yield Paragraph("`check forecast` with the same options estimates the size of the search and explains it.")


def _verdicts(report: Report) -> Verdicts:
    return Verdicts(tuple((f.name, f.verdict.word, how(f)) for f in report.findings))


def _outgrown(report: Report, e: Coverage) -> bool:
    """A bound stopped a search before it could decide."""
    undecided = report.verdict is Verdict.UNKNOWN and e.stopped is not None and not report.interrupted
    return undecided and report.engine not in ("simulate", "bitstate") and not report.every_size


def _moral(report: Report, said: list[Block]) -> Iterator[Block]:
    """The cause of the first violation at the end of the report, unless it is already the last sentence."""
    sentences = (finding_because(f) for f in report.findings if f.verdict is Verdict.VIOLATED)
    sentence = next(filter(None, sentences), "")
    if sentence and getattr(said[-1], "text", "") != sentence:
        yield Heading("In short")
        yield Paragraph(sentence, "violated")


def subject(report: Report) -> str:
    """Sizes, faults and protections."""
    sizes = ", ".join(f"{n}={v}" for n, v in report.parameters.items()) or "no parameters"
    if report.every_size:
        sizes = f"every size with {sizes}" if report.parameters else "every size"
    faults = ", ".join(limited(report.faults, report.at_most)) or "none"
    protections = ", ".join(report.protections) or "none"
    return f"{sizes}; faults: {faults}; protections: {protections}"


def how(f: Finding) -> str:
    """How a verdict was found, with the length of its run."""
    return f.how if f.trace is None else f"{_length(f)} ({f.how})"


def _length(f: Finding) -> str:
    """The length of the run of a finding; empty if it has none."""
    if f.trace is None:
        return ""
    word = "in" if f.verdict is Verdict.VIOLATED else "reached in"
    return f"{word} {counted(len(f.trace), 'step')}"


def _key(trace: Trace) -> tuple[object, ...]:
    """What makes two runs the same."""
    start = tuple((name, str(trace.initial[name])) for name in trace.chosen)
    return (start, *((s.action, str(dict(s.parameters)), s.outcome) for s in trace.steps))


def _same_run(f: Finding, other: str) -> str:
    """That the run of a finding is that of another property."""
    if f.trace is None or not f.trace.steps:
        return f"in the initial state, like {other}"
    steps = "step" if len(f.trace) == 1 else counted(len(f.trace), "step")
    return f"by the same {steps} as {other}"


def violation(f: Finding, variables: Sequence[Declared], shown: dict[tuple[object, ...], str]) -> Iterator[Block]:
    """A violated property with its run. ``shown`` are the runs that were already shown, by their steps."""
    yield Heading(f"{f.name}: violated")
    yield Paragraph(f"Promised: {f.meaning}.")
    if f.trace is None:
        yield Paragraph(f"Violated: {f.how}.", "violated")
        return
    key = _key(f.trace)
    if key in shown:
        yield Paragraph(f"Violated {_same_run(f, shown[key])}.", "violated")
        yield from continuation(f)
        if f.others is not None:
            yield from _others(f.others, variables)
        return
    shown[key] = f.name
    if f.parameters is not None:
        yield Paragraph(f"A run at {sizes_text(f.parameters)}:")
    if f.trace.steps:
        yield from run_blocks(f.trace, f.match, variables)
    else:
        yield Paragraph(state_text(f.trace.initial, variables))
    if f.trace.loop is None and f.dead_end is None:
        yield Paragraph(f"Violated {_ordinal(f.trace)}.", "violated")
    yield from _safe("how it goes on", partial(continuation, f))
    yield from _safe("why", partial(_because, f))
    if f.others is not None:
        yield from _safe("other counterexamples", partial(_others, f.others, variables))
    if f.match is not None:
        yield from _safe("its match", partial(match_blocks, f.match, "Match of this trace with"))


def _because(f: Finding) -> Iterator[Block]:
    sentence = finding_because(f)
    if sentence:
        yield Paragraph(sentence)


def _others(others: Others, variables: Sequence[Declared]) -> Iterator[Block]:
    yield Paragraph(f"Counterexamples with different races: {len(others.runs)} among {others.how}.")
    for (trace, _), text in zip(others.runs, others_text(others), strict=True):
        yield Paragraph(text)
        yield from run_blocks(trace, None, variables)


def _warnings(report: Report) -> Iterator[Block]:
    """Warnings about the model, then unavailable parts, then notes."""
    serious = [w for w in report.warnings if w.strict]
    missing = [w for w in report.warnings if w.kind == UNAVAILABLE and not w.strict]
    apart = (MANY_STATES, *ABOUT_CODE, UNAVAILABLE)  # shown with the coverage, or under their own heading
    notes = [f"{w.subject} {w.message}" for w in report.warnings if not w.strict and w.kind not in apart]
    if serious:
        yield Heading("Warnings")
        for w in serious:
            yield Paragraph(warned_text(w), "unknown")
            if w.trace is not None and w.kind == LEFT_OUT:
                yield Paragraph(state_text(w.trace.initial, report.variables))
            if w.trace is not None:
                yield from run_blocks(w.trace, None, report.variables)
    if missing:
        yield Heading("Unavailable")
        yield from (Paragraph(warned_text(w), "unknown") for w in missing)
    if notes:
        yield Heading("Notes")
        yield Paragraph(f"{'; '.join(notes)}.")


def sizes_text(parameters: Mapping[str, int]) -> str:
    """The sizes of a run as text."""
    return ", ".join(f"{n}={v}" for n, v in parameters.items()) or "the only size"


def induction_blocks(name: str, u: InductionCounterexample, variables: Sequence[Declared]) -> Iterator[Block]:
    """A counterexample to induction, with its first state."""
    yield Heading(f"{name}: a counterexample to induction")
    yield Paragraph(
        f"At {sizes_text(u.parameters)}, from a state that need not be reachable; a lemma that excludes it would help:",
        "unknown",
    )
    yield Paragraph(state_text(u.trace.initial, variables))
    yield timeline(u.trace, variables=variables)


def _ordinal(trace: Trace) -> str:
    at_once = "in this initial state" if trace.chosen else "in the initial state"
    return f"by step {len(trace)}" if trace.steps else at_once


def _telling(report: Report, detail: Detail) -> Iterator[Block]:
    """The run that shows most of a scenario. ``USUAL``: a sentence about it, unless the user asked for it."""
    full_match = report.full_match
    assert full_match is not None
    found, match, asked = full_match.trace, full_match.match, report.findings[0].kind == "scenario"
    yield Heading("The run" if asked else "The fullest match")
    if found is None or match is None:
        yield Paragraph(f"A trace that shows every fact: {full_match.how}.")
    elif detail is not Detail.FULL and not asked:
        steps = counted(len(found), "step")
        yield Paragraph(f"A run of {steps} shows every fact of the {match.scenario} ({full_match.how}). -v shows it.")
    else:
        yield Paragraph(f"A trace that shows every fact of the scenario ({full_match.how}):")
        yield from run_blocks(found, match, report.variables)
        yield from match_blocks(match, "Match of this trace with")


def run_blocks(trace: Trace, match: Match | None, variables: Sequence[Declared]) -> Iterator[Block]:
    """Where a run starts, if it may start differently, and its timeline."""
    start = start_text(trace, variables)
    if start:
        yield Paragraph(f"Starts with {start}.")
    yield timeline(trace, match, variables)


def timeline(
    trace: Trace, match: Match | None = None, variables: Sequence[Declared] = (), *, mark: bool = True, first: int = 1
) -> Timeline:
    """The timeline of a trace with these ``variables``, from step ``first`` on. Each step names the facts that it
    completes. ``mark``: the last step decides the verdict."""
    facts: dict[int, list[str]] = {}
    for f in match.facts if match is not None else ():
        if f.step is not None and not f.onward:
            facts.setdefault(f.step, []).append(f.fact)
    final = len(trace.steps)
    return Timeline(
        tuple(
            _entry(
                n,
                s,
                _step_texts(s, variables, state_before(trace, n)),
                tuple(facts.get(n, ())),
                mark=mark and n == final,
            )
            for n, s in enumerate(trace.steps[first - 1 :], first)
        ),
    )


def _entry(
    number: int, step: TraceStep, columns: tuple[str, str, str], facts: tuple[str, ...], *, mark: bool
) -> TimelineEntry:
    sees = tuple(f"{_seen(o)} now {o.text}" for o in step.observed)
    return TimelineEntry(number, *columns, sees, facts, mark)


def _step_texts(step: TraceStep, variables: Sequence[Declared], before: ShownState) -> tuple[str, str, str]:
    """The performer of a step, its text, and its changes."""
    who = step.by if step.role in step.by else f"{step.by} ({step.role})"
    outcome = f" [{step.outcome}]" if step.outcome is not None else ""
    fault = f" (fault: {step.fault})" if step.fault is not None else ""
    details = ", ".join(map(str, changes(step, before, variables)))
    return who, f"{step.text}{outcome}{fault}", details or "nothing changes"


def sentence(step: TraceStep, before: ShownState, variables: Sequence[Declared] = ()) -> str:
    """A step as one sentence, with its changes of the state ``before``."""
    who, text, details = _step_texts(step, variables, before)
    return f"{who} {text} ({details})"


def _seen(o: Observed) -> str:
    return o.title if o.member is None else f"{o.title} {value_text(o.member)}"
