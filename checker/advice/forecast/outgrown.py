"""A short explanation of why a search that reached its bound of states or memory is large."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.forecast.explosion import Explosion, explain_explosion
from planrace.checker.advice.forecast.fewer import NOTABLE
from planrace.checker.results.report import MANY_STATES, ModelWarning
from planrace.checker.results.wording import counted
from planrace.model.language import Instance
from planrace.properties.kinds import Property

BRIEF = SearchBudget(states=5_000, seconds=1.0, total=2.0)
"""A small budget: the search itself is over."""
NAMED = 3
"""The most variables and actions that are named."""


def outgrown(instance: Instance, properties: Sequence[Property], seconds: float | None = None) -> ModelWarning:
    """What multiplies the states of ``instance``, measured as in ``check forecast`` but faster, within ``seconds``.
    Raises ``ModelError`` if the model is wrong."""
    most = math.inf if seconds is None else seconds
    budget = replace(BRIEF, seconds=min(BRIEF.seconds, most), total=min(BRIEF.total, most))
    x = explain_explosion(instance, properties, budget)
    return ModelWarning(MANY_STATES, x.variables[0].name if x.variables else "", " ".join(_sentences(x)))


def _sentences(x: Explosion) -> Iterator[str]:
    sizes = ", ".join(f"{n}={v}" for n, v in x.measured_at.items())
    whole = "all" if x.complete else "the first"
    yield f"Measured on {whole} {counted(x.states, 'state')}{f' of {sizes}' if sizes else ''}:"
    times = [f"{v.name} {v.ratio:.1f} times" for v in x.variables[:NAMED] if v.ratio >= NOTABLE]
    yield f"variables that multiply them: {', '.join(times) or 'none by much'};"
    finders = [f"{a.name} {a.found_share:.0%}" for a in x.actions[:NAMED] if a.found]
    yield f"actions that find them: {', '.join(finders) or 'none, there is only one state'}."
    cuts = [f"{c.ratio:.1f} with {c.name}={c.to}" for c in x.cuts[:NAMED] if c.ratio >= NOTABLE]
    if cuts:
        yield f"Reduction factors: {', '.join(cuts)}."
    for a in x.advice[:1]:
        yield f"{a.subject}: {a.sentence}."
