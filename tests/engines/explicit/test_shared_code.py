"""One step function serves all searches of a run that ask for the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from planrace.checker.api.calls import check
from planrace.checker.engines.explicit.codegen import Emitter
from planrace.checker.engines.explicit.slicing import without
from planrace.checker.engines.explicit.transition_graph import acting
from planrace.checker.engines.temporal.liveness import read_on
from planrace.properties.dns import original
from planrace.properties.kinds import Liveness


def test_no_step_function_is_written_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    written: Counter[Any] = Counter()
    source = Emitter.source

    def noted(self: Emitter) -> str:
        system = self.instance.system
        names = tuple(v.name for v in system.variables), tuple(system.actions)
        written[type(self), self.instance.values, names, self.watch] += 1
        return source(self)

    monkeypatch.setattr(Emitter, "source", noted)
    report = check(original, enactors=2, endpoints=1, plans=3, keep=1)
    assert {f.kind for f in report.findings} >= {"invariant", "step invariant", "liveness", "recoverability"}
    assert len(written) > 8
    assert [key for key, count in written.items() if count > 1] == []


def test_an_instance_of_which_nothing_is_left_out_is_the_same() -> None:
    instance = original.system(["crash"]).instance()
    actions = instance.system.actions
    assert acting(instance, actions) is instance
    some = [n for n, a in actions.items() if a.fault is None]
    assert list(acting(instance, some).system.actions) == some
    live = next(p for p in instance.system.properties if isinstance(p, Liveness))
    faultless = read_on(instance, live)
    assert list(faultless.system.actions) == some
    assert faultless.system.faults == ()
    assert read_on(faultless, live) is faultless
    without_steps = replace(faultless, system=replace(faultless.system, faults=("crash",)))
    assert read_on(without_steps, live).system.faults == ()
    sliced = without(instance, ["rollback"])
    assert [v.name for v in instance.system.variables if v not in sliced.system.variables] == ["rollback"]
    assert without(instance, ["rollback"]) is sliced
    assert without(instance, ["alias"]) is not sliced
