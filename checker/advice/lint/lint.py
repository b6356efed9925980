"""Lint of a model: what its author may have overlooked, found in its terms and by bounded explorations.

Unused declarations are searched in everything that the author wrote, whatever faults, protections and options are on.
Missing resets, unbounded growth and what never happens are searched in a small instance with all faults and in the
requested instance. If a search is incomplete, random runs go deeper, and the finding says so. What never happens there
is a finding only if it does not happen with other protections and options either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.family import Family
from planrace.checker.advice.lint.explored import Explored, explored, small
from planrace.checker.advice.lint.fair import fairness
from planrace.checker.advice.lint.finding import KINDS, Lint, LintFindings
from planrace.checker.advice.lint.grows import grows
from planrace.checker.advice.lint.negated import negated
from planrace.checker.advice.lint.never import never
from planrace.checker.advice.lint.processes import busy_waiting
from planrace.checker.advice.lint.reset import resets
from planrace.checker.advice.lint.undeclared import NOTHING, not_declared, remedy
from planrace.checker.advice.lint.unused import unused
from planrace.checker.engines.limits import Limits
from planrace.model.language import Instance, ModelError, System, Variant

__all__ = ["KINDS", "Lint", "lint"]


def lint(subject: Variant | System, selected: Instance, every: System) -> LintFindings:
    """The findings about a model, in the order of ``KINDS``. A finding is no proof that something is wrong.

    ``selected`` is the requested instance, ``every`` its system with all faults. Raises ``ModelError`` if a value
    leaves its range for another reason than growth.
    """
    instances = [small(every), selected]
    budget = SearchBudget()
    limits = Limits(states=budget.states, seconds=budget.seconds)
    runs = list(_explorations(instances, limits))
    family = Family(subject)
    found = [
        *unused(family),
        *negated(family),
        *fairness(family),
        *never(runs, family, limits),
        *busy_waiting(runs, family),
        *resets(runs, family, limits),
        *grows(runs),
        *_forgotten(subject),
    ]
    for run in runs:
        if run.error is not None and not any(
            x.kind == "unbounded growth" and x.where == run.error.where for x in found
        ):
            raise run.error
    return LintFindings(subject.name, sorted(found, key=lambda x: KINDS.index(x.kind)))


def _forgotten(subject: Variant | System) -> Iterator[Lint]:
    for made in not_declared(subject):
        yield Lint("not declared", made.words, made.where, f"{made.words} is {NOTHING}", remedy(made))


def _explorations(instances: Sequence[Instance], limits: Limits) -> Iterator[Explored]:
    for n, instance in enumerate(instances):
        try:
            yield explored(instance, limits)
        except ModelError:
            if n:  # the requested instance; the small one need not exist
                raise
