"""Properties of each member: which single ones decide them, and the answer for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from planrace.checker.engines.answer import Answer
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted
from planrace.checker.run.strategies import symmetric
from planrace.model.language import Instance
from planrace.properties.kinds import Liveness
from planrace.properties.members import is_of_each, members, representatives


def single(instance: Instance, properties: Sequence[Liveness]) -> list[Liveness]:
    """The properties that are to be decided: those of single members in place of those of each, each once."""
    found = (q for p in properties for q in (members(instance, p) if p.over else (p,)))
    return list({q.name: q for q in found}.values())


def alike(instance: Instance) -> Mapping[str, str]:
    """By the name of the property of a member: the name of one that has the same verdict, because members of symmetric
    indexes can exchange their names in all runs. Fairness of an action is fairness of all its instances, so it allows
    that, too. Properties that name a member, and all if the system names one, are left out."""
    found: dict[str, str] = {}
    for p in filter(is_of_each, instance.system.properties):
        if isinstance(p, Liveness) and symmetric(instance, [p]):
            found |= representatives(instance, p)
    return found


def known_by_symmetry(p: Liveness, answers: Mapping[str, Answer], same: Mapping[str, str]) -> Answer | None:
    """The answer for ``p`` if it holds for a member that is interchangeable with its own; that it is violated is told
    by a run of its own."""
    known = answers.get(same.get(p.name, p.name))
    if known is None or known.verdict is not Verdict.HOLDS:
        return None
    return Answer(p, Verdict.HOLDS, f"by symmetry as {known.property.name}: members are interchangeable")


def of_all(instance: Instance, p: Liveness, answers: Mapping[str, Answer]) -> Answer:
    """The answer for a property of each member, from those for single members: the worst, and of several the first."""
    found = [answers[m.name] for m in members(instance, p)]
    if not found:
        return Answer(p, Verdict.HOLDS, "there are no members")
    worst = min(found, key=lambda a: a.verdict)
    if worst.verdict is Verdict.HOLDS:
        return Answer(p, Verdict.HOLDS, f"{found[0].how}, for {counted(len(found), 'member')}")
    return replace(worst, property=p, how=f"{worst.how} ({worst.property.name})")
