"""Engines that ask Z3 about one size."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from planrace.checker.run.contract import Abilities, Ability, Answers, Engine
from planrace.checker.run.request import Request
from planrace.properties.kinds import Checkable


class _Symbolic(Engine):
    abilities = Abilities(Checkable, Ability.ARGUES)

    @abstractmethod
    def _search(self) -> Any:
        """The class that searches; z3 is loaded with it."""

    def answer(self, request: Request) -> Answers:
        o = request.options
        run = self._search()(
            request.instance,
            request.of(self.abilities.kinds),
            limits=o.limits,
            listener=o.listener,
            fail_fast=o.fail_fast,
        )
        answers = run.run()
        return Answers(self.name, answers, interrupted=run.interrupted, warnings=run.warnings)


class BoundedSearch(_Symbolic):
    name = "bmc"
    summary = "bounded model checking with Z3 to --depth steps (default 30); shortest counterexamples"

    def _search(self) -> Any:
        from planrace.checker.engines.symbolic.bmc import Bounded

        return Bounded


class KInduction(_Symbolic):
    name = "induction"
    summary = "k-induction with Z3 up to k = --depth (default 30), with the protocol's lemmas; proves one size"

    def _search(self) -> Any:
        from planrace.checker.engines.symbolic.induction import Induction

        return Induction


class SpacerSearch(_Symbolic):
    name = "spacer"
    summary = "Z3's fixedpoint engine finds an invariant of one size by itself; the invariant is checked"

    def _search(self) -> Any:
        from planrace.checker.engines.symbolic.spacer import Spacer

        return Spacer
