"""What driving a system along its model has found, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from planrace.checker.report.text.document import timeline
from planrace.checker.report.text.values import changes, start_text, state_before
from planrace.checker.results.blocks import (
    Block,
    Bullets,
    Document,
    Grid,
    Heading,
    Paragraph,
    Timeline,
    TimelineEntry,
)
from planrace.checker.results.detail import Detail
from planrace.checker.results.driving import (
    CoverReport,
    Criterion,
    Divergence,
    DivergenceKind,
    DrivenSystem,
    FurtherSteps,
    MissReason,
    PlaceMismatch,
    PlanMethod,
    ReplayEnd,
    ReplayReport,
    SystemAnswer,
)
from planrace.checker.results.wording import counted, ending, joined, limited, plural

METHODS = {
    PlanMethod.POSTMAN: "the cheapest tour",
    PlanMethod.TOUR: "a short tour",
    PlanMethod.NEAREST: "the nearest missing step first",
    PlanMethod.TREE: "each run from its beginning",
    PlanMethod.GIVEN: "as given",
    PlanMethod.RANDOM: "a random schedule",
    PlanMethod.PCT: "random priorities",
    PlanMethod.UNSEEN: "what was taken least first",
}


def cover_document(report: CoverReport, exit_code: int, detail: Detail = Detail.FULL) -> Document:
    """What was covered, what was not and why, and the first divergence."""
    blocks: list[Block] = [Heading(f"{report.system.protocol}: {covered_text(report)}")]
    if detail is not Detail.VERDICTS:
        blocks += _covered(report, detail)
    if report.divergence is not None:
        blocks += divergence_blocks(report.divergence, report.system, detail)
    return Document(tuple(blocks), f"{closing_text(report)} (exit {exit_code})", report.verdict.word)


def covered_text(report: CoverReport) -> str:
    """One sentence: how much was performed."""
    many, total = f"{report.performed:,}", report.total
    if report.criterion is Criterion.GIVEN:
        return f"{many} of {counted(total, 'step')} of the given run were performed on your code"
    if not report.graph_known:
        return f"{many} different {plural(report.performed, 'transition')} of the model were performed on your code"
    things = {
        Criterion.TRANSITIONS: plural(total, "transition"),
        Criterion.OUTCOMES: plural(total, "outcome"),
        Criterion.PAIRS: plural(total, "pair of steps", "pairs of steps"),
        Criterion.RUNS: f"{plural(total, 'run')} of at most {counted(report.length or 1, 'step')}",
    }
    return f"{many} of {total:,} {things[report.criterion]} of the model were performed on your code"


def closing_text(report: CoverReport) -> str:
    """The answer in one line."""
    if report.divergence is not None:
        return "the code and the model differ"
    if report.verdict:
        return "no difference between the code and the model was found"
    if report.enough and not report.compared:
        return "undecided: nothing was compared, for the driver observes no variable and returns no outcome"
    if not report.graph_known:
        return "undecided: the model has too many states to know how many transitions there are"
    return "undecided: less was performed than was asked for"


def subject_text(system: DrivenSystem) -> str:
    """What was driven, at which size."""
    sizes = ", ".join(f"{n}={v}" for n, v in system.parameters.items()) or "no parameters"
    faults = ", ".join(limited(system.faults, system.at_most)) or "none"
    protections = ", ".join(system.protections) or "none"
    return f"{sizes}; faults: {faults}; protections: {protections}; driver: {system.driver.name}."


def _covered(report: CoverReport, detail: Detail) -> Iterator[Block]:
    yield from figures(report)
    if report.shares and (detail is Detail.FULL or report.performed < report.total):
        rows = tuple((ending(s.action, s.outcome), f"{s.performed:,}", f"{s.total:,}") for s in report.shares)
        yield Grid(("transitions by action", "performed", "of"), rows)
    missed = list(missed_texts(report))
    if missed:
        yield Bullets(tuple(missed))
    yield from blind(report.system)


def figures(report: CoverReport) -> Iterator[Block]:
    """What was driven, in how many steps, and how long it took."""
    yield Paragraph(subject_text(report.system))
    runs = f"{counted(report.steps, 'step')} in {counted(report.resets, 'run')}{_starts(report)} ({_method(report)})"
    inside, beside = report.driver_seconds, report.beside_seconds
    took = f"{report.planning_seconds:.2f} s to plan, {inside:.2f} s in the driver, {beside:.2f} s beside it"
    yield Paragraph(f"{runs}: {took}.")
    if report.refusals_total:
        tried = f"{report.refusals:,} of {counted(report.refusals_total, 'step')} that the model refuses were tried"
        yield Paragraph(f"{tried} ({', '.join(report.system.driver.refusing)}).")
    elif report.untried and not report.system.driver.refusing:
        yield Paragraph("Refusals were not tried: the driver names no action in refuses.")


def _starts(report: CoverReport) -> str:
    """In how many initial states runs began, if there are several."""
    if report.starts_total == 1:
        return ""
    return f" from {report.starts:,} of {counted(report.starts_total, 'initial state')}"


def _method(report: CoverReport) -> str:
    """How the runs were chosen; with the seed, where that decides about every step."""
    how = METHODS[report.method]
    if report.method not in (PlanMethod.RANDOM, PlanMethod.PCT, PlanMethod.UNSEEN):
        return how
    depth = f" of depth {report.depth}" if report.depth is not None else ""
    return f"{how}{depth}, seed {report.seed}"


def missed_texts(report: CoverReport) -> Iterator[str]:
    """Why something was not performed."""
    for reason, many in report.missed:
        match reason:
            case MissReason.STOPPED if report.divergence is not None:
                yield f"not performed: {many:,}, because a divergence ended the run"
            case MissReason.STOPPED:
                yield f"not performed: {many:,}, because {report.stopped} (seed {report.seed})"
            case MissReason.UNSURE:
                why = "the system took other steps, or what is observed does not tell the states of the model apart"
                yield f"not performed for certain: {many:,}, because {why}"
            case MissReason.REFUSED:
                whom = plural(many, "it", "them")
                yield f"not performed: {many:,}, because the model and the code refuse {whom}"
            case MissReason.ELSEWHERE:
                where = "that only steps lead to which the driver does not perform"
                yield f"not counted: {counted(many, 'transition')} of states {where}"
    if not report.graph_known:
        why = f"because {report.stopped}" if report.stopped is not None else "for nothing was left to do"
        yield f"{counted(report.states, 'state')} of the model were met; the run ended {why}"
    elif report.total == 0:
        yield "there is nothing to perform: the driver performs no step that is enabled"
    elif report.performed < report.total and report.enough:
        yield f"{report.share:.1f} % were performed, {report.at_least:g} % were asked for"


def blind(system: DrivenSystem) -> Iterator[Block]:
    """What the driver does not do and does not see."""
    driver = system.driver
    if driver.uncontrolled:
        what = plural(len(driver.uncontrolled), "the action", "the actions")
        names = joined(driver.uncontrolled)
        yield Paragraph(f"The driver does not perform {what} {names}; the system may take such steps by itself.")
    if driver.unobserved:
        yield Paragraph(f"Never observed: {joined(driver.unobserved)}. No difference there is noticed.")
    if driver.partly:
        yield Paragraph(f"Observed in part: {joined(driver.partly)}.")
    if driver.unnamed:
        names = joined(driver.unnamed)
        yield Paragraph(f"Outcomes of {names} were not compared: the driver never named one.")


def divergence_blocks(d: Divergence, system: DrivenSystem, detail: Detail) -> Iterator[Block]:
    """The run to the first difference, and both sides."""
    where = "after the reset" if d.called == "reset" else f"at {d.called}"
    yield Heading(f"The code and the model differ {where}")
    if detail is Detail.VERDICTS:
        yield Paragraph(f"The model {d.model}; the code {d.code}.", "violated")
        return
    if d.start is not None:
        yield Paragraph(f"In initial state {d.start:,}: {start_text(d.trace, system.variables)}.")
    if len(d.trace):
        yield _run(d, system)
    yield Paragraph(f"{_at(d)}: the model {d.model}; the code {d.code}.", "violated")
    if d.mismatches:
        yield _differences(d.mismatches, "in the model", system)
    yield Paragraph(_how_short(d))
    yield Paragraph(f"To see it again: {d.repeat}")


def _run(d: Divergence, system: DrivenSystem) -> Timeline:
    """The run; its last step is the one that differs, if the model allows that."""
    told = timeline(d.trace, variables=system.variables, mark=d.kind is not DivergenceKind.ACCEPTED)
    if d.kind is DivergenceKind.ACCEPTED:
        return told
    *entries, last = told.entries
    details = f"in the model: {last.details}"
    ours = replace(last, details=details, sees=(f"the code {d.code}",), quoted=tuple(_quoted(d.answers)))
    return Timeline((*entries, ours))


def _differences(found: Sequence[PlaceMismatch], where: str, system: DrivenSystem) -> Grid:
    """The places that differ, with what the author says of the variable."""
    meanings = {v.name: v.meaning for v in system.variables}
    rows = [(m.place, m.expected, m.observed, meanings.get(m.place.partition("[")[0], "")) for m in found]
    if not any(meaning for *_, meaning in rows):
        return Grid(("place", where, "observed"), tuple((place, a, b) for place, a, b, _ in rows))
    return Grid(("place", where, "observed", "meaning"), tuple(rows))


def _at(d: Divergence) -> str:
    """Where the divergence is."""
    if d.called == "reset":
        return "After the reset"
    return f"At {d.called}" if len(d.trace) else f"At the first step, {d.called}"


def _how_short(d: Divergence) -> str:
    many = len(d.run.split())
    if not d.repeated:
        return (
            f"Found after {counted(d.found_after, 'step')}. It did not happen again when the run was repeated after a "
            "reset: does reset() restore everything, or does the code depend on time or chance?"
        )
    shortest = "no step can be left out" if d.minimal else "there was no time to find out whether it can be shorter"
    if many < d.found_after:
        return f"Found after {counted(d.found_after, 'step')}, shortened to {many:,}: {shortest}."
    return f"Found after {counted(d.found_after, 'step')}; {shortest}."


# Replay ------------------------------------------------------------------------------------------------------------
def replay_document(report: ReplayReport, exit_code: int, detail: Detail = Detail.FULL) -> Document:
    """Whether the system follows a run, step by step with what was observed."""
    blocks: list[Block] = [Heading(f"{report.system.protocol}: {replayed_text(report)}")]
    if detail is not Detail.VERDICTS:
        loop = f"; the loop after step {report.trace.loop} {report.loops} times" if report.loops else ""
        run = f"The run of {report.name}, {counted(_length(report), 'step')}{loop}{_then(report)}."
        blocks += [Paragraph(subject_text(report.system)), Paragraph(run)]
        if report.trace.chosen:
            blocks.append(Paragraph(f"It begins in {start_text(report.trace, report.system.variables)}."))
        if report.trace.steps and (report.observed or report.answers or report.step):
            blocks.append(Timeline(tuple(_performed(report))))
        if report.mismatches:
            blocks.append(_differences(report.mismatches, "in the run", report.system))
        blocks += _read_back(report)
        blocks += blind(report.system)
    tone = {ReplayEnd.FOLLOWED: "violated", ReplayEnd.LEFT: "holds", ReplayEnd.UNDECIDED: "unknown"}[report.end]
    closing = _END[report.end]
    if report.further is not None and report.further.end is not ReplayEnd.FOLLOWED:
        closing += f"; further steps: {_BEYOND[report.further.end]}"
    return Document(tuple(blocks), f"{closing} (exit {exit_code})", tone)


_END = {
    ReplayEnd.FOLLOWED: "your system does it too",
    ReplayEnd.LEFT: "your system leaves the run",
    ReplayEnd.UNDECIDED: "undecided",
}
_BEYOND = {ReplayEnd.LEFT: "it leaves them", ReplayEnd.UNDECIDED: "undecided"}


def replayed_text(report: ReplayReport) -> str:
    """One sentence: what the system does."""
    where = f"at step {report.step}" if report.step else "after the reset"
    match report.end:
        case ReplayEnd.FOLLOWED:
            return f"your system does it too, {counted(report.step, 'step')}{_beyond(report.further)}"
        case ReplayEnd.LEFT:
            return f"your system leaves the run {where}: it {report.why}"
    return f"undecided {where}: the system {report.why}"


def _beyond(further: FurtherSteps | None) -> str:
    """What the system does after the run."""
    if further is None:
        return ""
    steps = counted(further.many, "further step")
    match further.end:
        case ReplayEnd.FOLLOWED:
            return f", and takes {steps}"
        case ReplayEnd.LEFT:
            return f"; of {steps} it leaves step {further.step}: it {further.why}"
    return f"; of {steps} step {further.step} is undecided: the system {further.why}"


def _length(report: ReplayReport) -> int:
    """The number of steps of the run itself."""
    return len(report.trace) - (0 if report.further is None else report.further.many)


def _then(report: ReplayReport) -> str:
    return "" if report.further is None else f", and {counted(report.further.many, 'further step')}"


def _performed(report: ReplayReport) -> Iterator[TimelineEntry]:
    """Each step that was attempted, what was observed, and what users got. Marked are the last step of the run, and
    where the system left it or the further steps."""
    answers = dict(enumerate(report.answers))
    if report.answers:
        yield TimelineEntry(0, "reset", "leads to the initial state", "", quoted=tuple(_quoted(answers[0])))
    whole = timeline(report.trace, variables=report.system.variables).entries
    why = report.why if report.further is None else report.further.why
    for n, at in enumerate(_order(report), 1):
        left = n == report.last_step and n > len(report.observed)
        mark = left or n == report.step
        entry = replace(whole[at], number=n, mark=mark, quoted=tuple(_quoted(answers.get(n, ()))))
        if left:
            yield replace(entry, details=f"in the run: {entry.details}", sees=(f"your system {why}",))
        elif n <= len(report.observed):
            yield replace(entry, details=f"{entry.details}{_also(report, at, report.observed[n - 1])}")


def _also(report: ReplayReport, at: int, seen: Sequence[str]) -> str:
    """What was observed at a step, unless it is all that the step changes."""
    whole = changes(report.trace.steps[at], state_before(report.trace, at + 1), report.system.variables)
    return "" if set(seen) == set(map(str, whole)) else f"; observed: {', '.join(seen) or 'nothing new'}"


def _order(report: ReplayReport) -> Sequence[int]:
    """The positions in the run of the steps that were to be performed."""
    every, loop = range(len(report.trace)), report.trace.loop
    return every if loop is None else [*every, *(n for _ in range(report.loops - 1) for n in every[loop:])]


def _quoted(new: Sequence[SystemAnswer]) -> Iterator[str]:
    for a in new:
        yield f"$ {a.asked}"
        yield from a.answer.splitlines()


def _read_back(report: ReplayReport) -> Iterator[Block]:
    """How often the state was compared without a difference."""
    driver = report.system.driver
    end = report.end if report.further is None else report.further.end
    compared = len(report.observed) if end is ReplayEnd.FOLLOWED else report.last_step - 1
    observable = {v.name for v in report.system.variables} - set(report.system.auxiliary)
    if compared > 0 and set(driver.unobserved) < observable:
        steps = "after the step" if compared == 1 else f"after each of {counted(compared, 'step')}"
        yield Paragraph(f"Read back {steps} and compared with the model: no difference.")
