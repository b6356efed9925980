"""Deciders for the systems of one protocol: bounded faults and protections add variables, so that one is not enough."""

from __future__ import annotations

from collections.abc import Mapping

from planrace.checker.engines.limits import LimitGuard
from planrace.checker.engines.proof.decide import Decider
from planrace.checker.engines.proof.obligations import RLIMIT
from planrace.model.language import System


class Deciders:
    """A decider for each set of variables, initial states and invariants that systems have, made when it is needed.

    ``first`` is that of the first system. Raises ``ModelError`` as a decider does.
    """

    def __init__(
        self,
        system: System,
        fixed: Mapping[str, int] | None = None,
        *,
        limit_guard: LimitGuard | None = None,
        rlimit: int = RLIMIT,
    ) -> None:
        self._fixed = dict(fixed or {})
        self._rlimit = rlimit
        self.first = Decider(system, self._fixed, limit_guard=limit_guard, rlimit=rlimit)
        self._made = [self.first]

    def of(self, system: System) -> Decider:
        """The decider for a system. Raises ``ModelError``."""
        found = next((d for d in self._made if d.fits(system)), None)
        if found is None:
            guard = self.first.obligations.limit_guard
            found = Decider(system, self._fixed, limit_guard=guard, rlimit=self._rlimit)
            self._made.append(found)
        return found

    @property
    def queries(self) -> int:
        """The queries of all solvers."""
        return sum(d.obligations.queries for d in self._made)

    @property
    def stopped(self) -> str | None:
        """Why a search for counterexamples stopped, if one did."""
        return next((d.refuter.stopped for d in self._made if d.refuter.stopped is not None), None)
