"""What a counterexample of a refinement says about the abstract protocol, and what that means for the verdict."""

from __future__ import annotations

from planrace.checker.explain.departure import departure, refinement_of
from planrace.checker.results.departure import Departure
from planrace.checker.results.guard import Guard
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.replay import Recording


def departing(recording: Recording, name: str, guard: Guard) -> Departure | None:
    """Of a run that violates the refinement of which ``name`` is a property: where it leaves the abstract protocol."""
    refinement = refinement_of(recording.interpreter.instance.system, name)
    if refinement is None:
        return None
    return guard.attempt(name, "the abstract run", lambda: departure(recording, refinement), None)


def verdict_on(verdict: Verdict, how: str, left: Departure | None) -> tuple[Verdict, str]:
    """The verdict, and how it was found. A step that the abstract protocol can take after all, with another choice than
    the author's, refutes the choice alone: then nothing is decided."""
    if left is None or not left.possible:
        return verdict, how
    return Verdict.UNKNOWN, f"choosing says otherwise, but {left.protocol} can take {left.possible} there"
