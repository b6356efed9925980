"""Records, sequences and maps in JSON and ITF: each is a value in one place, beside the variables of its parts."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from planrace import (
    Protocol,
    Report,
    Step,
    Term,
    array,
    check,
    enumeration,
    index,
    integers,
    invariant,
    load,
    mapping,
    optional,
    record,
    render,
    save,
    sequence,
    step,
    subsets,
    update,
    when,
)
from tests import ROOT

TRUCK, GATE = index("truck", 2), enumeration("gate", "NORTH SOUTH")
PLACE = record("place", gate=GATE, seen=subsets(TRUCK))
BATCH = record("batch", of=integers(1, 3), at=PLACE)
HERE = PLACE(gate=GATE.SOUTH, seen=set())


def loaded() -> Report:
    """One step, after which every kind of value with parts holds something."""
    p = Protocol("yard", "values with parts within others")
    queue = p.variable("queue", sequence(BATCH, 2), [])
    inside = p.variable("inside", mapping(GATE, sequence(TRUCK, 2)), {})
    held = p.variable("held", array(TRUCK, optional(BATCH)), None)
    n = p.variable("n", integers(0, 1), 0)

    @p.action(TRUCK, by=TRUCK)
    def load_up(t: Term) -> Step:
        batch = BATCH(of=2, at=HERE.replace(seen={t}))
        return step(
            when(n == 0),
            update(queue, queue.append(batch)),
            update(inside, inside.put(GATE.NORTH, sequence(TRUCK, 2)(t))),
            update(held[t], batch),
            update(n, 1),
        )

    p.declare(invariant("empty", n == 0, "nothing happens; this is false"))
    return check(p)


def test_values_are_whole_in_json(tmp_path: Path) -> None:
    report = loaded()
    found = json.loads(render(report, "json"))
    jsonschema.validate(found, json.loads((ROOT / "docs" / "report.schema.json").read_text()))
    batch = {"of": 2, "at": {"gate": "SOUTH", "seen": [1]}}
    assert found["properties"][0]["trace"]["wholes"] == [
        {"queue": [], "inside": [], "held": [None, None]},
        {"queue": [batch], "inside": [["NORTH", [1]]], "held": [batch, None]},
    ]
    save(report, tmp_path / "r.json")
    assert render(load(tmp_path / "r.json"), "json") == render(report, "json")


def test_values_are_whole_in_itf(tmp_path: Path) -> None:
    report = loaded()
    found = json.loads(render(report, "itf"))
    jsonschema.validate(found, json.loads((ROOT / "docs" / "itf.schema.json").read_text()))
    kind = "{ of: Int, at: { gate: Str, seen: Set(Int) } }"
    types = {n: t for n, t in found["#meta"]["varTypes"].items() if n in ("queue", "inside", "held")}
    assert types == {
        "queue": f"Seq({kind})",
        "inside": "Str -> Seq(Int)",
        "held": f"Int -> (Some({kind}) | None(UNIT))",
    }
    one, two = {"#bigint": "1"}, {"#bigint": "2"}
    batch = {"of": two, "at": {"gate": "SOUTH", "seen": {"#set": [one]}}}
    absent = {"tag": "None", "value": {"#tup": []}}
    assert {n: found["states"][1][n] for n in types} == {
        "queue": [batch],
        "inside": {"#map": [["NORTH", [one]]]},
        "held": {"#map": [[one, {"tag": "Some", "value": batch}], [two, absent]]},
    }
    save(report, tmp_path / "run.itf.json")
    again = load(tmp_path / "run.itf.json")
    assert "queue: ⟨⟩ → ⟨{of 2, at {gate SOUTH, seen {1}}}⟩, inside: {} → {NORTH ↦ ⟨1⟩}" in render(again)
    assert json.loads(render(again, "itf"))["states"] == found["states"]
