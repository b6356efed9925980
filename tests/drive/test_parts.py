"""Drivers observe records, sequences and maps as one value each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from planrace.checker.drive.observing import Observer
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    ModelError,
    Protocol,
    Step,
    array,
    enumeration,
    index,
    integers,
    mapping,
    optional,
    record,
    sequence,
    step,
)

Worker = index("worker", 2)
Site = enumeration("site", "EAST WEST")
Number = integers(0, 3, "number")
Batch = record("batch", of=Number, at=Site)


@dataclass
class Observed:
    of: int
    at: str


EXPECTED: dict[str, Any] = {
    "b": Observed(1, "WEST"),
    "m": [{"of": 2, "at": "EAST"}, Observed(2, "EAST")],
    "o": None,
    "q": [{"of": 3, "at": "WEST"}],
    "owner": {"EAST": 2},
}


def observer() -> tuple[Observer, Any]:
    p = Protocol("p", "a protocol")
    p.variable("b", Batch, Batch(of=1, at=Site.WEST))
    p.variable("m", array(Worker, Batch), Batch(of=2, at=Site.EAST))
    p.variable("o", optional(Batch), None)
    p.variable("q", sequence(Batch, 2), [Batch(of=3, at=Site.WEST)])
    p.variable("owner", mapping(Site, Number), {Site.EAST: 2})

    @p.action(by="somebody")
    def rest() -> Step:
        return step()

    instance = p.system().instance()
    return Observer(instance, "driver"), Interpreter(instance).initials()[0]


def test_what_is_as_expected() -> None:
    seen, state = observer()
    read = seen.read(EXPECTED, None)
    assert seen.mismatches(read, state) == ()
    assert not seen.partly
    assert len(read) == len(state)


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("b", {"of": 1, "at": "EAST"}, "b.at"),
        ("m", {2: {"of": 1}}, "m.of[2]"),
        ("o", {"of": 1, "at": "EAST"}, "o.present"),
        ("q", [], "q.length"),
        ("q", [{"of": 3, "at": "EAST"}], "q.slots.at[1]"),
        ("owner", {"EAST": 1}, "owner.values[EAST]"),
        ("owner", {}, "owner.keys"),
    ],
)
def test_what_differs_is_told_by_its_place(name: str, value: Any, place: str) -> None:
    seen, state = observer()
    assert place in [m.place for m in seen.mismatches(seen.read({name: value}, None), state)]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("b", 3, "b is 3, not a dict or an object with of, at"),
        ("b", {"off": 3}, "b has no field 'off' .did you mean of"),
        ("q", 3, "q is 3, not a list"),
        ("q", [1, 2, 3], "not a list of at most 2 elements"),
        ("owner", {"NORTH": 1}, "a key, is 'NORTH', not a member of site"),
        ("c", 1, "no variable 'c'"),
    ],
)
def test_mistakes(name: str, value: Any, error: str) -> None:
    seen, _ = observer()
    with pytest.raises(ModelError, match=error):
        seen.read({name: value}, None)
