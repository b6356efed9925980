"""Costs of protections: each kind on protocols whose costs are known, the longest stay against a search of all runs."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import jsonschema
import pytest

from planrace.checker import costs
from planrace.checker.cli.main import run
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.transition_graph import graph
from planrace.checker.engines.temporal.staying import longest_stay
from planrace.checker.results.costs import CostKind
from planrace.checker.run.options import Options
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    DefinitionError,
    Instance,
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    forall,
    index,
    integers,
    optional,
    otherwise,
    outcome,
    step,
    taken,
    update,
    when,
)
from planrace.properties import eventually_always, invariant
from planrace.properties.costs import fewest, longest, most, possible, survives
from tests import ROOT

SCHEMA = json.loads((ROOT / "docs" / "costs.schema.json").read_text())


def workers() -> Protocol:
    """Workers who take a lock, work, and free it; a lock may run out as a fault."""
    protocol = Protocol("workers")
    count = protocol.parameter("count", 2, 1, 4)
    worker = index("worker", count, symmetric=True)
    expiry = protocol.fault("expiry", "the lock runs out")
    lock = protocol.variable("lock", optional(worker), None)
    done = protocol.variable("done", array(worker, boolean()), False)
    total = protocol.variable("total", integers(0, 4), 0)

    @protocol.action(worker, by=worker)
    def take(w: Term) -> Step:
        return step(when(lock == None, ~done[w]), update(lock, w))  # noqa: E711

    @protocol.action(worker, by=worker)
    def work(w: Term) -> Step:
        return step(when(lock == w), update(lock, None), update(done[w], True), update(total, total + 1))

    @protocol.action(by="environment", fault=expiry)
    def expire() -> Step:
        return step(when(lock != None), update(lock, None))  # noqa: E711

    protocol.final(forall(worker, lambda w: done[w]))
    protocol.declare(
        invariant("few", total <= count, "nobody works twice"),
        eventually_always("someone", total >= 1, "someone works at last"),
        eventually_always("all", forall(worker, lambda w: done[w]), "all work at last"),
    )
    free = {"expire": lambda member: lock == member}
    protocol.measure(
        most("done-at-most", lambda k: total >= k, "how many are done"),
        fewest("steps", total == count, "steps of all", roles=("worker",), count=3),
        longest("locked", lock != None, "how long it is locked"),  # noqa: E711
        longest("begun", total >= 1, "how long after the first"),
        longest("beyond", total >= 4, "how long all four"),
        possible("work-happens", taken("work"), "someone works"),
        possible("five", total >= 4, "more than there are"),
        survives("one-may-stop", "someone", worker, "someone works although one may stop", leases=free),
        survives("one-may-stop-with-it", "someone", worker, "the same if the lock never runs out"),
        survives("all-although-one-stops", "all", worker, "all work although one may stop", leases=free),
    )

    @protocol.protection("lazy", "nobody begins after the first")
    def lazy(change: Any) -> None:
        change.require("take", lambda w: total == 0)

    return protocol


def values(**more: Any) -> dict[str, tuple[CostKind, int | None]]:
    made = costs(workers(), **more)
    return {v.name: (v.kind, v.number) for v in made.rows[-1].values}


def test_every_kind_on_a_protocol_whose_costs_are_known() -> None:
    assert values(each=False) == {
        "done-at-most": (CostKind.NUMBER, 2),
        "steps": (CostKind.NUMBER, 6),
        "locked": (CostKind.NUMBER, 1),
        "begun": (CostKind.FOR_EVER, None),
        "beyond": (CostKind.NEVER, None),
        "work-happens": (CostKind.YES, None),
        "five": (CostKind.NO, None),
        "one-may-stop": (CostKind.YES, None),
        "one-may-stop-with-it": (CostKind.NO, None),
        "all-although-one-stops": (CostKind.NO, None),
    }


def test_a_protection_has_a_row_of_its_own() -> None:
    made = costs(workers(), names=["done-at-most", "all-although-one-stops", "steps"])
    assert [(row.protections, [v.text for v in row.values]) for row in made.rows] == [
        ((), ["2", "no", "6"]),
        (("lazy",), ["1", "no, nor with all", "never"]),
    ]
    assert len(costs(workers(), with_protections=["lazy"]).rows) == 1


def test_more_than_are_asked_about_at_once() -> None:
    protocol = Protocol("many")
    n = protocol.variable("n", integers(0, 30), 0)

    @protocol.action(by="environment")
    def grow() -> Step:
        return step(when(n < 21), update(n, n + 1))

    protocol.final(n == 21)
    protocol.measure(most("n", lambda k: n >= k, "how large it gets"), most("none", lambda k: n + k < 0, "never"))
    assert [v.number for v in costs(protocol).rows[0].values] == [21, 0]


def test_stays_that_end_in_fair_runs_only() -> None:
    protocol = Protocol("waiting")
    n = protocol.variable("n", integers(0, 2), 0)

    @protocol.action(by="environment")
    def turn() -> Step:
        return step(when(n < 2), update(n, 1 - n))

    @protocol.action(by="environment", fairness="strong")
    def leave() -> Step:
        return step(when(n == 1), update(n, 2))

    protocol.final(n == 2)
    protocol.measure(longest("inside", n < 2, "how long it goes on"))
    assert costs(protocol).rows[0].values[0].kind is CostKind.UNBOUNDED


def test_what_limits_leave_open_is_unknown() -> None:
    made = costs("original", {"enactors": 2, "endpoints": 1}, each=False, options=Options(max_states=50))
    found = {v.name: v for v in made.rows[0].values}
    assert found["steps-to-apply"].number == 5
    for name in ("trees-kept", "stale-plan-active", "redundancy"):
        assert found[name].kind is CostKind.UNKNOWN
        assert "50 states was reached" in found[name].how
    assert not made.known


# The longest stay ------------------------------------------------------------------------------------------------
def random_protocol(draw: Random) -> tuple[Instance, Term]:
    """A number that jumps at random between few values, mostly upwards, and some of them."""
    protocol = Protocol("jumps")
    size = draw.randrange(3, 9)
    n = protocol.variable("n", integers(0, size), 0)
    for k in range(draw.randrange(2, 12)):
        a, b = draw.randrange(size), draw.randrange(size + 1)
        low, high = (a, b) if draw.random() < 0.3 else (min(a, b), max(a, b))

        _jump(protocol, n, k, low, high)
    chosen = {k for k in range(size + 1) if draw.random() < 0.6}
    inside = n.isin(chosen) if chosen else n > size
    return protocol.system().instance(), inside


def _jump(protocol: Protocol, n: Term, k: int, low: int, high: int) -> None:
    def act() -> Step:
        return step(when(n == low), update(n, high))

    act.__name__ = f"jump{k}"
    protocol.action(by="environment")(act)


def by_all_runs(instance: Instance, inside: Term) -> int | None:
    interpreter = Interpreter(instance)
    seen, queue = set(interpreter.initials()), list(interpreter.initials())
    for s in queue:
        for _, t in interpreter.moves(s):
            if t not in seen:
                seen.add(t)
                queue.append(t)

    def stay(s: Any, path: tuple[Any, ...]) -> int | None:
        if s in path:
            return None
        if not interpreter.holds(inside, s):
            return 0
        found = [stay(t, (*path, s)) for _, t in interpreter.moves(s)]
        if None in found:
            return None
        return max((1 + f for f in found if f is not None), default=0)

    every = [stay(s, ()) for s in seen]
    return None if None in every else max(e for e in every if e is not None)


def test_the_longest_stay_is_that_of_all_runs() -> None:
    kinds: set[str] = set()
    for seed in range(150):
        instance, inside = random_protocol(Random(seed))
        search = Search(instance, [], exhaustive=True)
        search.run()
        found = longest_stay(graph(search, list(instance.system.actions), (inside,)))
        assert found == by_all_runs(instance, inside), seed
        kinds.add("cycle" if found is None else "none" if not found else "some" if found < 3 else "long")
    assert kinds == {"cycle", "none", "some", "long"}


# The command and its errors ----------------------------------------------------------------------------------------
def test_the_command_has_a_table_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["costs", "-p", "original", "-s", "enactors=2", "-s", "endpoints=1", "-s", "plans=2", "-s", "keep=1"]
    assert run([*words, "--no-each", "--with", "recheck-under-lock"]) == 0
    text = capsys.readouterr().out
    assert "steps-to-apply: steps of one Enactor" in text
    assert ["(none", "added)", "6", "2", "never", "yes", "yes"] in [line.split() for line in text.splitlines()]
    assert run([*words, "--cost", "steps-to-apply", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, SCHEMA)
    assert len(found["rows"]) > 10
    assert run([*words, "--no-each", "--max-states", "20", "--format", "json"]) == 3
    jsonschema.validate(json.loads(capsys.readouterr().out), SCHEMA)
    assert run([*words, "--cost", "step-to-apply"]) == 2
    assert "no cost of original is called 'step-to-apply' (did you mean steps-to-apply?)" in capsys.readouterr().err


def test_errors_name_what_is_missing() -> None:
    bare = Protocol("bare")
    n = bare.variable("n", integers(0, 1), 0)

    @bare.action(by="environment")
    def grow() -> Step:
        return step(when(n == 0), outcome("up", when(n == 0), update(n, 1)), otherwise("stay", update(n, 0)))

    with pytest.raises(ModelError, match=r"bare declares no costs \(declare some with protocol.measure"):
        costs(bare)
    with pytest.raises(ModelError, match="costs are those of a protocol, not of a System"):
        costs(bare.system())  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="cost x has no meaning"):
        most("x", lambda k: n >= k, " ")
    with pytest.raises(DefinitionError, match="is no index"):
        survives("x", "y", integers(0, 1), "z")  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="cost x"):
        longest("x", taken("grow"), "a step")
    with pytest.raises(DefinitionError, match="measure: an invariant is not a cost"):
        bare.measure(invariant("n", n < 2, "small"))
    bare.measure(possible("x", n == 1, "it grows"))
    with pytest.raises(DefinitionError, match="x"):
        bare.measure(possible("x", n == 1, "it grows"))
