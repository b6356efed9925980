"""What a search remembers of the levels before its checkpoint, beside their states."""

from __future__ import annotations

from pathlib import Path

import pytest

from planrace.checker.engines.explicit.vacuity import VacuityCheck
from planrace.checker.engines.native.checkpoints import Checkpoints
from planrace.checker.engines.native.search import NativeSearch
from planrace.model.language import Instance, Protocol, integers, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import invariant
from tests.engines.native.test_checkpoints import cut

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(autouse=True)
def only_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is."""
    monkeypatch.setattr("planrace.checker.engines.native.checkpoints.RATIO", 10**9)


def trapped() -> Instance:
    """What happens only early: a deadlock, an action, and the condition of a property."""
    protocol = Protocol("trapped", "a counter that may be caught")
    n, caught = protocol.variable("n", integers(0, 40), 0), protocol.variable("caught", integers(0, 2), 0)
    protocol.final(n == 40)

    @protocol.action(by="somebody")
    def tick() -> Step:
        return step(when(caught != 1, n < 40), update(n, n + 1))

    @protocol.action(by="somebody")
    def catch() -> Step:
        return step(when(n == 3, caught == 0), update(caught, 1))

    @protocol.action(by="somebody")
    def look() -> Step:
        return step(when(n == 5, caught == 0), update(caught, 2))

    @protocol.action(by="somebody")
    def never() -> Step:
        return step(when(n == 7, caught == 1), update(caught, 0))

    protocol.declare(invariant("early", (n != 2) | (caught == 0), "nothing is caught early"))
    return protocol.system().instance()


def test_what_was_met_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadlock, and actions that only states before the checkpoint enable: no warning is missing or wrong."""
    instance, saved = trapped(), Checkpoints(tmp_path / "file")
    properties = instance.system.properties
    told = []
    for looks in (None, 0, 3, 4, 10, 30):
        if looks is not None:
            vacuity = VacuityCheck(instance, properties)
            search = NativeSearch(instance, properties, exhaustive=True, vacuity=vacuity, checkpoints=saved)
            assert cut(search, looks, monkeypatch)
        vacuity = VacuityCheck(instance, properties)
        going = Checkpoints() if looks is None else Checkpoints(None, saved.path)
        NativeSearch(instance, properties, exhaustive=True, workers=2, vacuity=vacuity, checkpoints=going).run()
        told.append((vacuity.bits, [(w.kind, w.subject, w.message, w.trace) for w in vacuity.warnings(complete=True)]))
    assert [(w[0], w[1]) for w in told[0][1]] == [("deadlock", ""), ("never happens", "never")]
    assert all(t == told[0] for t in told)
