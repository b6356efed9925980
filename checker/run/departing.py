"""What a counterexample of a refinement says about the abstract protocol, and what that means for the verdict."""

from __future__ import annotations

from planrace.checker.engines.answer import Answer
from planrace.checker.explain.departure import departure, refinement_of
from planrace.checker.results.departure import Departure
from planrace.checker.results.guard import Guard
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.replay import Recording
from planrace.model.language import System


def departing(recording: Recording, name: str, guard: Guard) -> Departure | None:
    """Of a run that violates the refinement of which ``name`` is a property: where it leaves the abstract protocol."""
    refinement = refinement_of(recording.interpreter.instance.system, name)
    if refinement is None:
        return None
    return guard.attempt(name, "the abstract run", lambda: departure(recording, refinement), None)


def believed(answer: Answer, system: System) -> Verdict:
    """The verdict of an engine on a property of ``system``, unless it refutes only what the author of a refinement has
    chosen. For those who read answers and show no run."""
    if answer.verdict is not Verdict.VIOLATED or answer.recording is None:
        return answer.verdict
    name = answer.property.name
    left = departing(answer.recording, name, Guard())
    return verdict_on(answer.verdict, answer.how, system, name, left)[0]


def verdict_on(verdict: Verdict, how: str, system: System, name: str, left: Departure | None) -> tuple[Verdict, str]:
    """The verdict on the property ``name`` of ``system``, and how it was found. A step that the abstract protocol can
    take after all, with another choice than the author's, refutes the choice alone: then nothing is decided. Nor is it
    if the abstract run is not known, because then such a step may be there."""
    if left is None:
        refinement = refinement_of(system, name) if verdict is Verdict.VIOLATED else None
        if refinement is None or not refinement.choosing or name != refinement.names[1]:
            return verdict, how
        away = f"choosing finds no step of {refinement.abstract.name}"
        return Verdict.UNKNOWN, f"{away}, and whether another choice would was not decided"
    if not left.possible:
        return verdict, how
    return Verdict.UNKNOWN, f"choosing says otherwise, but {left.protocol} can take {left.possible} there"
