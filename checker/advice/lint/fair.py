"""Lint of fairness: assumptions that change no answer, and liveness that no assumption can make true.

A choice adds nothing to what is assumed of each action, or by other choices, in these cases. (There are finitely many
instances, and a run without faults from some step on either takes an action infinitely often or rests.)

* Each of its actions is strongly fair by itself, or in a strong choice between some of its actions: if some instance is
  enabled again and again, one and the same is, or one and the same choice, and it is taken.
* It is weak, and of one action without parameters, which is fair by itself, or it is the same as another one.
* It is weak, and of all actions that are no faults, each of which is fair by itself: a run that takes none of them any
  more rests in a state, where an enabled one stays enabled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from planrace.checker.advice.family import Family, variables_of
from planrace.checker.advice.lint.finding import Lint
from planrace.checker.semantics.packing import root_of
from planrace.model.language import System
from planrace.model.language.fairness import FairChoice

NONE = 'fairness="none"'


def fairness(family: Family) -> Iterator[Lint]:
    """All findings about fairness."""
    lively = [p for p in family.properties if p.kind == "liveness"]
    choices = {id(c): c for s in family.systems for c in s.fairness}.values()
    for c in choices:
        where = [s for s in family.systems if any(d is c for d in s.fairness) and c.among(s.actions.values())]
        reasons = [covered(c, s, lively) for s in where]
        if not lively:
            yield _unused(f"{c.kind} fairness of {c}", c)
        elif reasons and all(reasons):
            yield _adds_nothing(c, str(reasons[0]))
    if not lively:
        strong = [a for a in family.actions if a.fairness == "strong" and a.passes is None]  # no step of time
        named = {a.name if a.origin is None else a.origin.process: a for a in reversed(strong)}  # first step of each
        yield from (_unused(f"strong fairness of {name}", a) for name, a in reversed(named.items()))
    for p in lively:
        if all(nobody_has_to(p, s) for s in family.systems):
            yield Lint(
                "nothing fair",
                p.name,
                p.where,
                f"property {p.name}: no action that writes what its goal reads is fair, so nobody has to make it true",
                f"give such an action another fairness than none, or write protocol.fair(…){_or_safety(p)}",
            )


def _or_safety(p: Any) -> str:
    return "; if the goal is always true, an invariant says so" if p.form != "leads to" else ""


def _unused(what: str, about: Any) -> Lint:
    sentence = f"{what}: fairness matters for liveness only, and no property is one"
    return Lint("unused fairness", what, about.where, sentence, "add the property that it is for, or remove it")


def _adds_nothing(c: FairChoice, reason: str) -> Lint:
    subject = f"{c.kind} fairness of {c}"
    remedy = f"remove it, or give the actions {NONE}"
    if not c.names:
        remedy = f"for WF(Next) of TLA⁺ give all actions {NONE}; else remove it"
    return Lint("covered fairness", subject, c.where, f"{subject}: {reason}, so it adds nothing", remedy)


def covered(c: FairChoice, system: System, lively: Sequence[Any]) -> str:
    """Why a choice adds nothing in a system, or an empty text."""
    actions = [system.actions[n] for n in c.among(system.actions.values())]
    names = {a.name for a in actions}
    others = [d for d in system.fairness if d is not c]
    before = system.fairness[: system.fairness.index(c)]
    if any(d.kind == c.kind and d.among(system.actions.values()) == names for d in before):
        return "it is assumed already"
    strong = {a.name for a in actions if a.fairness == "strong"}
    for d in others:
        inside = d.among(system.actions.values())
        if d.kind == "strong" and inside <= names and (c.kind == "weak" or inside < names):
            strong |= inside
    if strong == names:
        return "strong fairness that is assumed elsewhere covers it"
    if c.kind == "strong" or any(a.fairness == "none" for a in actions):
        return ""
    if len(actions) == 1 and not actions[0].parameters:
        return f"{actions[0].name} is fair by itself"
    despite = any(p.despite_faults for p in lively) and bool(system.faults)
    if names == {a.name for a in system.actions.values() if a.fault is None} and not despite:
        return "every action is fair by itself"
    return ""


def nobody_has_to(p: Any, system: System) -> bool:
    """Whether a run may leave out all actions that write what the goal reads. Only they can make it true."""
    read = variables_of(p.terms[0])
    asked = [a for a in system.actions.values() if not a.tags & p.without]
    writers = {a.name: a for a in asked if any(root_of(u.target)[0] in read for o in a.outcomes for u in o.updates)}
    chosen = {n for c in system.fairness for n in c.among(asked)}
    return bool(read) and all(a.fairness == "none" and n not in chosen for n, a in writers.items())
