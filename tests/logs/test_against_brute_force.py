"""The search for logs beside brute force, record by record: what is explained so far, and with how few faults."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from planrace import find
from planrace.checker.logs.explain_event import EventSteps
from planrace.checker.logs.first_run import FirstRun
from planrace.checker.logs.frontier import Frontiers
from planrace.checker.logs.order import EventOrder
from planrace.checker.logs.records import EventReader
from planrace.checker.logs.states import ModelStates
from planrace.checker.results.conformance import LogLine
from planrace.checker.run.request import Selection, select
from planrace.checker.semantics.interpreter import Interpreter
from tests.logs.logs import Records, random_run
from tests.logs.oracle import Explained, certain_part, explanations, streams, times, with_unseen
from tests.logs.wild import changed, wild_logs
from tests.random_systems.draw import draw
from tests.random_systems.write import load

SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
FAULTS = ["crash", "lock-expiry", "stray-delete"]


def selections() -> dict[str, Selection]:
    found = {name: select(find(name), SIZES, faults=FAULTS) for name in ("original", "fixed")}
    for seed in (0, 2, 3, 10, 12, 14, 15, 22, 26, 28, 30, 35, 41):
        described = draw(seed).described
        on = [name for name, _ in described.protections] if described.protected else []
        found[f"system {seed}"] = select(load(described), described.values, faults=described.on, with_protections=on)
    return found


def goes_back(records: Records) -> bool:
    """A clock goes back: what is believed then has tests of its own."""
    return any(times(a)[0] > times(b)[1] for s in streams(records) for n, a in enumerate(s) for b in s[n:])


def outcome_of(selection: Selection, records: Records, hidden: list[str], *, lazy: bool) -> str:
    """What becomes of the records; the search and brute force must agree after each one. The search may be ``lazy`` or
    not about optional records: brute force adds what it has left out."""
    reader = EventReader(selection)
    for n, r in enumerate(records):
        reader.add(r, LogLine("a.jsonl", n + 1, ""), "a")
    order = EventOrder(list(reader.streams.values()))
    if order.contradictions():
        return "contradiction"
    states = ModelStates(selection.instance)
    steps = EventSteps(states, hidden)
    frontiers = Frontiers(order, steps, 10_000, lazy=lazy)
    layer = frontiers.closed(frontiers.first_layer([(order.begin, s) for s in states.starts()]))
    interpreter, lists, count = Interpreter(selection.instance), streams(records), 0
    for count, expected in enumerate(explanations(selection.instance, records, hidden)):
        found: Explained = {}
        for ((positions, situation), _), way in layer.items():
            node = positions, states.state(situation)
            found[node] = min(way.cost.faults, found.get(node, way.cost.faults))
        assert certain_part(lists, with_unseen(interpreter, lists, found, hidden)) == expected, count
        layer = frontiers.closed(frontiers.following(layer))
    assert not layer
    whole = FirstRun(order, steps).search(states.starts()) is not None
    assert whole == (count == order.total)
    return "conforms" if whole else "diverges"


CHOSEN = selections()


def outcomes(name: str) -> Counter[str]:
    """What becomes of some logs of a system."""
    selection, found = CHOSEN[name], Counter[str]()
    actions = selection.instance.system.actions
    for seed in range(10):
        rng = Random(f"{name} {seed}")
        hidden = [a for a in actions if rng.random() < 0.25]
        run = random_run(selection.instance, 8, seed, hidden)
        records = wild_logs(selection.instance, run, hidden, rng)
        for _ in range(rng.choice((0, 2, 4)) if records else 0):
            records = changed(records, rng) or records
        told = {s["action"] for r in records for s in r.get("any", [r])}
        if records and not goes_back(records):
            hidden = [a for a in hidden if a not in told]
            found[outcome_of(selection, records, hidden, lazy=seed % 4 > 0)] += 1
    return found


@pytest.mark.parametrize("name", CHOSEN)
def test_layers_are_those_of_brute_force(name: str) -> None:
    """Whatever records say: times of any kind, serials, values before and after, several steps, optional ones."""
    assert outcomes(name)


def test_both_verdicts_are_met() -> None:
    found = outcomes("system 14") + outcomes("system 15") + outcomes("system 41")
    assert found["conforms"] > 3
    assert found["diverges"] > 3
