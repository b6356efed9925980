"""Judging the conditions of the gate.

A condition is met only by evidence that is there and complete. Whatever is missing, cut short or bounded makes it
undecided; the tests try every combination.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from planrace.checker.results.outcome import warned_text, warned_title
from planrace.checker.results.report import (
    NEVER_HAPPENS,
    NOT_TOLD,
    OF_MODEL,
    OF_THE_RUN,
    UNAVAILABLE,
    VACUOUS,
    Finding,
    ModelWarning,
    Report,
)
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted, joined
from planrace.checker.review.gate.conditions import (
    ConditionStatus,
    Establishment,
    Evidence,
    GateCondition,
    GateRequest,
    JudgedCondition,
)
from planrace.checker.review.mutation.judge import JudgedMutant, MutantStatus
from planrace.checker.run.contract import Ability
from planrace.checker.run.registry import able
from planrace.properties.kinds import Reachability

IDLE = (NEVER_HAPPENS, VACUOUS)
"""Kinds of warning that say that a part of the model does nothing."""

Result = tuple[ConditionStatus, str, Sequence[str]]
"""The status of a condition, why, and what is open."""


def judge(request: GateRequest, evidence: Evidence) -> Establishment:
    """Judge every condition."""
    judged = [JudgedCondition(c, status, why, tuple(rest)) for c, (status, why, rest) in _all(request, evidence)]
    return Establishment(request, evidence, tuple(judged))


def _all(request: GateRequest, evidence: Evidence) -> Iterator[tuple[GateCondition, Result]]:
    for condition, decide in CONDITIONS.items():
        yield condition, decide(request, evidence)


# Verdicts ----------------------------------------------------------------------------------------------------------
def _decided(request: GateRequest, evidence: Evidence) -> Result:
    undecided = [*_undecided_here(evidence), *_undecided_everywhere(request, evidence)]
    if undecided:
        return ConditionStatus.UNDECIDED, "a verdict is undecided", undecided
    many = counted(len(evidence.report.findings), "property", "properties")
    proof = evidence.proof if request.every_size else None
    sizes = "" if proof is None else f"; {len(proof.findings)} of them decided for every size"
    one_size = () if proof is None else [f"{name}: {why} ({kind})" for name, kind, why in proof.left_out]
    return ConditionStatus.MET, f"{many}, decided by {_search(evidence.report)}{sizes}", one_size


def _undecided_here(evidence: Evidence) -> Iterator[str]:
    report, proved = evidence.report, _proved(evidence)
    if not report.findings:
        yield "no property was checked"
    yield from _unsure(report)
    for f in report.findings:
        if f.name not in proved and not _is_decided(f, report):
            yield f"{f.name}: {f.how}"


def _undecided_everywhere(request: GateRequest, evidence: Evidence) -> Iterator[str]:
    """What the proofs for every size leave open, if they are asked for."""
    if not request.every_size:
        return
    if evidence.proof is None:
        yield f"there is no proof for every size: {evidence.why_not('proof')}"
        return
    if not evidence.proof.findings:
        yield "no property is of a kind that can be proved for every size"
    yield from _unsure(evidence.proof)
    for f in evidence.proof.findings:
        if not _is_decided(f, evidence.proof):
            yield f"{f.name}, for every size: {f.how}"


def _unsure(report: Report) -> Iterator[str]:
    """Reasons to take no verdict of the report as decided."""
    if report.interrupted:
        yield "the run was interrupted"
    for name, why in report.doubted:
        yield f"not confirmed: {name}: {why}"


def _is_decided(f: Finding, report: Report) -> bool:
    """Whether a verdict rests on a run, a complete search or an argument. Engines never say "holds" of less; a report
    that does so is not believed."""
    if f.verdict is not Verdict.HOLDS:
        return f.verdict is Verdict.VIOLATED
    argued = report.every_size or able(report.engine, Ability.ARGUES)
    return argued or _complete(report) or (f.kind == Reachability.kind and f.trace is not None)


def _proved(evidence: Evidence) -> set[str]:
    """The properties that hold for every size."""
    proof = evidence.proof
    if proof is None or any(_unsure(proof)):
        return set()
    return {f.name for f in proof.findings if f.verdict is Verdict.HOLDS and _is_decided(f, proof)}


def _complete(report: Report) -> bool:
    return report.exploration is not None and report.exploration.complete and not report.interrupted


def _search(report: Report) -> str:
    found = report.exploration
    return f"a complete search of {counted(found.states, 'state')}" if found is not None else "an argument"


def _as_expected(request: GateRequest, evidence: Evidence) -> Result:
    reports = [evidence.report, *([evidence.proof] if evidence.proof is not None else [])]
    wrong = [
        f"{f.name}: {f.verdict}, expected: {request.expected(f.name)}{' (at some size)' if r.every_size else ''}"
        for r in reports
        for f in r.findings
        if f.verdict is not Verdict.UNKNOWN and f.verdict is not request.expected(f.name)
        if not r.is_of_member(f.name)  # the property of all is the worst of these
    ]
    if wrong:
        return ConditionStatus.NOT_MET, "a verdict is not as expected", wrong
    undecided = [*_undecided_here(evidence), *_undecided_everywhere(request, evidence)]
    if undecided:
        return ConditionStatus.UNDECIDED, "a verdict is undecided", undecided
    meant = f", {joined(request.violated)} as meant" if request.violated else ""
    return ConditionStatus.MET, f"every property has its expected verdict{meant}", ()


# Mutants -----------------------------------------------------------------------------------------------------------
def _specified(request: GateRequest, evidence: Evidence) -> Result:
    made, found = evidence.mutation, evidence.report.findings
    if found and all(f.kind == Reachability.kind for f in found):
        why = "every property is a witness: they say what can happen, and nothing says what must hold"
        return ConditionStatus.NOT_MET, why, [f"{f.name}: {f.meaning}" for f in found]
    if made is None:
        return ConditionStatus.UNDECIDED, f"no mutants were judged: {evidence.why_not('mutation')}", ()
    if made.interrupted:
        return ConditionStatus.UNDECIDED, "the run was interrupted", ()
    if made.score is None or made.best is None:
        return ConditionStatus.NOT_MET, "no mutant differs from the protocol, so nothing shows what is specified", ()
    wanted = request.at_least / 100
    survivors = [_mutant(j) for j in made.of(MutantStatus.SURVIVED)]
    undecided = [_mutant(j) for j in made.of(MutantStatus.UNDECIDED)]
    if made.score >= wanted:
        least = "at least " if undecided else ""
        why = f"{least}{made.score:.1%} of mutants are noticed, {request.at_least:g} % are asked"
        return ConditionStatus.MET, why, [*undecided, *survivors]
    if made.best >= wanted:
        why = f"{made.score:.1%} of mutants are noticed, {made.best:.1%} if all undecided ones are"
        return ConditionStatus.UNDECIDED, f"{why}; {request.at_least:g} % are asked", [*undecided, *survivors]
    why = f"only {made.score:.1%} of mutants are noticed, {request.at_least:g} % are asked"
    return ConditionStatus.NOT_MET, why, survivors


def _mutant(j: JudgedMutant) -> str:
    where = f"{j.mutant.where}: " if j.mutant.where else ""
    return f"{where}{j.mutant}{f': {j.how}' if j.how else ''}"


# Warnings ----------------------------------------------------------------------------------------------------------
def _no_warnings(request: GateRequest, evidence: Evidence) -> Result:
    found = [w for r in (evidence.report, evidence.proof) if r is not None for w in r.warnings]
    pending = [warned_text(w) for w in _open(request, found) if w.kind not in IDLE and not _missing(w)]
    pending += [str(x) for x in evidence.linted or () if f"{x.kind}: {x.subject}" not in request.accepted]
    if pending:
        return ConditionStatus.NOT_MET, f"{counted(len(pending), 'warning')} open", pending
    unknown = [warned_text(w) for w in found if _missing(w)]
    if evidence.linted is None:
        unknown.append(f"lint is not complete: {evidence.why_not('linted')}")
    if not _complete(evidence.report):
        unknown.append("what is warned of after a complete search is not known")
    if unknown:
        return ConditionStatus.UNDECIDED, "whether there are warnings is undecided", unknown
    return ConditionStatus.MET, "no warning is open", list(_notes(request, evidence, found))


def _notes(request: GateRequest, evidence: Evidence, warnings: Sequence[ModelWarning]) -> Iterator[str]:
    """What a reader should know although no warning is open: notes about the model, and what was accepted."""
    for w in warnings:
        if w.kind not in OF_THE_RUN and (not w.strict or warned_title(w) in request.accepted):
            yield warned_text(w)
    kinds = {*map(warned_title, warnings), *(f"{x.kind}: {x.subject}" for x in evidence.linted or ())}
    for name in request.accepted:
        yield f"accepted: {name}" if name in kinds else f"accepted, but not there: {name}"


def _open(request: GateRequest, warnings: Sequence[ModelWarning]) -> list[ModelWarning]:
    """The warnings that are more than notes, and that nobody has accepted."""
    return [w for w in warnings if w.strict and warned_title(w) not in request.accepted]


def _missing(w: ModelWarning) -> bool:
    """The warning says that warnings about the model are missing."""
    return w.kind in (NOT_TOLD, UNAVAILABLE) and w.subject == OF_MODEL


# The model acts ----------------------------------------------------------------------------------------------------
def _acts(request: GateRequest, evidence: Evidence) -> Result:
    report = evidence.report
    if report.exploration is not None and _complete(report) and report.exploration.transitions == 0:
        return ConditionStatus.NOT_MET, "the model takes no step", ()
    idle = [warned_text(w) for w in _open(request, report.warnings) if w.kind in IDLE]
    witnesses = [f for f in report.findings if f.kind == Reachability.kind and f.name not in request.violated]
    idle += [f"{f.name}: never reached" for f in witnesses if f.verdict is Verdict.VIOLATED]
    if idle:
        return ConditionStatus.NOT_MET, "a part of the model does nothing", idle
    unknown = [f"{f.name}: {f.how}" for f in witnesses if f.verdict is Verdict.UNKNOWN]
    if not _complete(report):
        unknown.append("the search is not complete, so what never happens is not known")
    if unknown:
        return ConditionStatus.UNDECIDED, "what the model does is undecided", unknown
    reached = f", {counted(len(witnesses), 'witness', 'witnesses')} reached" if witnesses else ""
    accepted = [warned_text(w) for w in report.warnings if w.kind in IDLE]
    but = ", but for what is accepted" if accepted else ""
    return ConditionStatus.MET, f"every action happens, no property is vacuous{but}{reached}", accepted


CONDITIONS: dict[GateCondition, Callable[[GateRequest, Evidence], Result]] = {
    GateCondition.DECIDED: _decided,
    GateCondition.AS_EXPECTED: _as_expected,
    GateCondition.SPECIFIED: _specified,
    GateCondition.NO_WARNINGS: _no_warnings,
    GateCondition.ACTS: _acts,
}
"""Who decides a condition, in the order in which they are told."""
