"""Symmetry with arrays over optional members: the element of none stays where it is, those of members change places."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.native.search import NativeSearch
from planrace.model.language import If, Protocol, array, boolean, forall, index, integers, optional, step, update, when
from planrace.model.language.actions import Step
from planrace.model.language.terms import constant
from planrace.properties import invariant
from tests.engines.explicit.test_orbits import checkable, drawn, orbit, orbits, outcome

NO, YES = (constant(n, boolean()) for n in (0, 1))


def votes(*, related: bool) -> Protocol:
    """Each votes for one of them or for nobody: votes are counted, for nobody too. ``related``: who voted first is
    known, so members refer to each other; otherwise no order has to be tried."""
    p = Protocol("votes")
    a = index("voter", 3, symmetric=True)
    counted = p.variable("counted", array(optional(a), integers(0, 3)), 0)
    voted = p.variable("voted", array(a, boolean()), NO)
    earliest = p.variable("earliest", array(optional(a), optional(a)), None) if related else None

    @p.action(a, optional(a), by=a)
    def vote(x: Any, y: Any) -> Step:
        more = []
        if earliest is not None:
            more = [update(earliest[y], If(earliest[y] == None, x, earliest[y]))]  # noqa: E711  (a term)
        return step(when(~voted[x]), update(voted[x], YES), update(counted[y], counted[y] + 1), *more)

    p.declare(invariant("few", forall(a, lambda x: counted[x] < 3), "nobody gets all votes; false"))
    return p


@pytest.mark.parametrize("related", [False, True])
def test_as_many_states_as_orbits(related: bool) -> None:
    instance = votes(related=related).system().instance()
    whole = Search(instance, checkable(instance), exhaustive=True)
    told, covered = outcome(whole)
    states = [whole.kernel.layout.decode(s) for s in whole.states()]
    count = orbits(instance, states)
    assert count < len(states)
    asked: dict[str, Any] = {"exhaustive": True, "symmetric": True}
    for search in (
        Search(instance, checkable(instance), **asked),
        NativeSearch(instance, checkable(instance), workers=2, **asked),
    ):
        verdicts, reduced = outcome(search)
        assert (reduced.states, reduced.depth, reduced.states_per_orbit) == (count, covered.depth, 1)
        assert verdicts == told


@pytest.mark.parametrize("related", [False, True])
def test_all_names_of_a_state_have_one_representative(related: bool) -> None:
    """For states that need not be reachable."""
    instance = votes(related=related).system().instance()
    kernel, rng = Kernel(instance, symmetric=True), Random(7)
    for _ in range(60):
        few = rng.random()
        state = tuple(drawn(instance, v.sort, rng, few) for v in instance.system.variables)
        names = {kernel.layout.encode(s) for s in orbit(instance, state)}
        found = {kernel.representative(s) for s in names}
        assert len(found) == 1
        assert found <= names
