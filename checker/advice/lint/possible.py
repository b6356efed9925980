"""Guards and conditions that some state makes true, reachable or not: Z3 decides over all values in their ranges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planrace.checker.engines.limits import LimitGuard, Limits
from planrace.checker.semantics.packing import Layout
from planrace.model.language import Action, Instance, ModelError, Term

RLIMIT = 2_000_000
"""The limit of Z3's steps for one query."""


class Possible:
    """Queries about the actions of one instance."""

    def __init__(self, instance: Instance) -> None:
        import z3

        from planrace.checker.engines.symbolic.bitvectors import Encoder
        from planrace.checker.engines.symbolic.solving import Solving

        layout, system = Layout(instance), instance.system
        terms = [t for a in system.actions.values() for t in (a.guard, *(o.condition for o in a.outcomes))]
        self._solving = Solving(LimitGuard("asking what is possible", Limits()))
        terms += [v.term for v in system.variables]
        self._encoder = Encoder(instance, layout, terms, self._solving.look)
        self._state = self._encoder.state(self._encoder.fields("s"))
        self.instance = instance
        self._z3: Any = z3
        self._inside = [self._encoder.inside(f, self._state[place]) for place, f in layout.fields.items()]

    def never(self, action: Action) -> tuple[bool, frozenset[int]]:
        """Whether no state makes the guard of ``action`` true, and the numbers of its outcomes whose conditions the
        guard or earlier conditions exclude. If Z3 does not answer, they count as possible."""
        try:
            if self._excluded(action, [action.guard]):
                return True, frozenset()
            before, found = [action.guard], []
            for n, o in enumerate(action.outcomes):
                if len(action.outcomes) > 1 and self._excluded(action, [*before, o.condition]):
                    found.append(n)
                before.append(~o.condition)
        except (ModelError, NotImplementedError):
            return False, frozenset()
        return False, frozenset(found)

    def _excluded(self, action: Action, terms: Sequence[Term]) -> bool:
        """No state and no choice of parameters make all of ``terms`` true. False if there is no time to find out."""
        from planrace.checker.engines.symbolic.solving import SolverStoppedError

        try:
            return self._solving.run(lambda: self._no_state(action, terms))
        except SolverStoppedError:
            return False

    def _no_state(self, action: Action, terms: Sequence[Term]) -> bool:
        from planrace.checker.engines.symbolic.bitvectors import Frame

        if any(map(self._encoder.may_fail, terms)):
            return False  # the encoding is meaningless where a term has no value
        for choice in self.instance.choices(action):
            frame = Frame(dict(zip(action.parameters, choice, strict=True)), self._state)
            solver = self._z3.SolverFor("QF_BV")
            solver.set("rlimit", RLIMIT)
            solver.add(*self._inside, *(self._encoder.truth(t, frame) for t in terms))
            if self._solving.check(solver) != self._z3.unsat:
                return False
        return True
