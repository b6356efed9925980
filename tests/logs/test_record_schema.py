"""The schema of records in ``docs`` accepts and refuses what the reader does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from planrace import ModelError, find
from planrace.checker.logs.begun import those_that_count
from planrace.checker.logs.records import KEYS, EventReader
from planrace.checker.results.conformance import LogLine
from planrace.checker.run.request import select
from tests import ROOT

SCHEMA = json.loads((ROOT / "docs" / "log-record.schema.json").read_text())
STEP = {"action": "take_lock", "parameters": [1]}
VALUES: dict[str, tuple[list[Any], list[Any]]] = {
    "action": (["publish"], [1, None, ["publish"], True]),
    "parameters": ([[1], {"i": 1}, {}], [1, "1", None, True]),
    "outcome": ([None], [1, True, ["accepted"], {}]),
    "any": ([], [None, [], [1], {}, [{}], [STEP, {"note": 1}], [STEP]]),
    "at": (
        [1, 1.5, -3, "2025-10-19T23:48:01Z", [1, 2], [1, "2025-10-19"], None],
        [True, [1], [1, 2, 3], {}, [None, 1], []],
    ),
    "uncertainty": ([0, 0.5], [-1, "1", None, True]),
    "before": ([{}, {"latest": 1}, {"alias": {"1": 0}}], [1, None, [1], "latest"]),
    "after": ([{}, {"trees": [[1, 2]]}], [1, None, [1], True]),
    "serials": ([{}, {"zone": 3}], [1, None, {"zone": "3"}, {"zone": 1.5}, {"zone": True}]),
    "stream": (["a", 1], [None, 1.5, [1], True]),
    "optional": ([True, False], [1, None, "true"]),
    "begins": ([1, "x"], [None, True, 1.5, [1]]),
    "ends": ([1, "x"], [None, True, 1.5, {}]),
    "refused": (["stale", "", None, 1], []),
    "note": ([None, 1, {"any": "thing"}], []),
}
"""For each key values that are right and values that are not, beside a step."""
TOGETHER = [
    ({"any": [STEP, {"action": "publish"}], "at": 1}, True),
    ({"any": [STEP], "outcome": None}, False),
    ({"any": [STEP], "parameters": []}, False),
    ({**STEP, "optional": True, "serials": {"zone": 1}}, False),
    ({**STEP, "optional": False, "serials": {"zone": 1}}, True),
    ({**STEP, "begins": 1, "serials": {"zone": 1}}, False),
    ({**STEP, "ends": 1, "serials": {"zone": 1}}, True),
    ({**STEP, "begins": 1, "ends": 1}, False),
    ({"at": 1}, False),
    ({"refused": "", "ends": 1}, False),
    ({**STEP, "actions": 1}, False),
]


def reads(record: dict[str, Any]) -> bool:
    """Whether the reader takes it."""
    reader = EventReader(select(find("fixed"), {"enactors": 2, "endpoints": 1}))
    try:
        for line, counted in those_that_count([(LogLine("a", 1, ""), record)]):
            reader.add(counted, line, "a")
    except ModelError:
        return False
    return True


def test_it_describes_every_key() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == set(KEYS) == set(VALUES)
    assert all("description" in v or "$ref" in v for v in SCHEMA["properties"].values())


@pytest.mark.parametrize("key", VALUES)
def test_values(key: str) -> None:
    for right, values in zip((True, False), VALUES[key], strict=True):
        for value in values:
            record = {"action": "publish"} if key in ("action", "outcome") else STEP
            record = {**record, key: value}
            assert Draft202012Validator(SCHEMA).is_valid(record) is right, record
            assert reads(record) is right, record


@pytest.mark.parametrize(("record", "right"), TOGETHER)
def test_keys_together(record: dict[str, Any], right: bool) -> None:
    assert Draft202012Validator(SCHEMA).is_valid(record) is right
    assert reads(record) is right
