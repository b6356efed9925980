"""The parts of a proof for all sizes: lemmas, assumptions about sizes, schedules of recovery.

Nothing here is taken for granted. The prover selects the lemmas that are inductive together for the given system, and
discharges every obligation itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from planrace.model.language import DefinitionError, Op, Place, Term
from planrace.model.language.actions import check_state_only
from planrace.model.language.errors import author, instances, listed
from planrace.model.language.ledger import handed_on, made
from planrace.model.language.names import usable
from planrace.model.language.terms import Value, subterms, truth
from planrace.properties.schedule import Schedule

_FOR_AUTHORS = True  # errors name the line that calls this module


@dataclass(frozen=True, eq=False)
class Lemma:
    """A conjunct of an inductive invariant: ``holds`` (a closed truth-valued state term) should hold in every reachable
    state. ``meaning`` is its sentence in reports."""

    name: str
    holds: Term
    meaning: str
    where: Place | None = field(default_factory=author)


@dataclass(frozen=True, eq=False)
class Proof:
    """Lemmas that invariants may need, schedules of recovery, and assumptions about the sizes (terms over parameters
    only)."""

    lemmas: tuple[Lemma, ...]
    assuming: tuple[Term, ...] = ()
    schedules: tuple[Schedule, ...] = ()


def lemma(name: str, holds: Value, meaning: str) -> Lemma:
    """A named conjunct: ``holds`` in every reachable state, if the prover agrees."""
    term = truth(holds, f"lemma {name}")
    check_state_only(term, f"lemma {name}", author())
    if not isinstance(meaning, str) or not meaning.strip():
        raise DefinitionError(f"lemma {name} has no meaning", remedy="say in one sentence what it states")
    found = Lemma(usable(name, "lemma"), term, meaning)
    made(found, f"lemma {name}", "proof([…])", (term,))
    return found


def proof(lemmas: Iterable[Lemma], *, assuming: Iterable[Value] = (), schedules: Iterable[Schedule] = ()) -> Proof:
    """Lemmas with distinct names, under assumptions such as ``keep >= 1``, and schedules of recovery."""
    chosen = instances(lemmas, Lemma, "proof", "lemma(…)")
    planned = instances(schedules, Schedule, "schedules of a proof", "what @schedule(…) returns")
    names = [x.name for x in chosen]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise DefinitionError(f"lemma {twice[0]} is declared twice", remedy="rename one of the two")
    given = tuple(truth(a, "assumption") for a in listed(assuming, "assumptions of a proof"))
    for term in given:
        for t in subterms(term):
            if t.op in (Op.VARIABLE, Op.BOUND, Op.PRIMED, Op.TAKEN, Op.ENABLED):
                raise DefinitionError(
                    f"assumption {term}: {t} is not a parameter", remedy="use only parameters in assumptions"
                )
    found = Proof(chosen, given, planned)
    handed_on(*chosen, *found.schedules)
    made(found, "a proof", "protocol.argue(…)", tuple(x.holds for x in chosen))
    return found
