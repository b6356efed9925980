"""JSON of covering tests and replays is as the published schemas say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from planrace import CoverReport, ReplayReport, check, cover, render, replay
from tests import ROOT
from tests.drive.gate import Driver, protocol
from tests.drive.test_cover import FAULTS, Calm, Forgetful, Leaky, driver
from tests.drive.test_replay_on import Telling, broken


def schema(name: str) -> Any:
    return json.loads((ROOT / "docs" / f"{name}.schema.json").read_text())


REGISTRY: Registry[Any] = Registry().with_resource("report.schema.json", Resource.from_contents(schema("report")))
COVERS: dict[str, dict[str, Any]] = {
    **{gate.__name__: {"driver": driver(gate)} for gate in FAULTS},
    "answers": {"driver": type("Forgetful", (Telling,), {"made": Forgetful})},
    "right": {"driver": Driver},
    "reset": {"driver": Leaky},
    "uncontrolled": {"driver": Calm},
    "budget": {"driver": Driver, "max_steps": 3},
    "runs": {"driver": Driver, "criterion": "runs", "length": 2},
    "given": {"driver": Driver, "run": "turn(1)"},
}


def validate(report: CoverReport | ReplayReport, name: str) -> None:
    published = schema(name)
    Draft202012Validator.check_schema(published)
    Draft202012Validator(published, registry=REGISTRY).validate(json.loads(render(report, "json")))


@pytest.mark.parametrize("name", COVERS)
def test_covers_are_valid(name: str) -> None:
    report = cover(protocol, **COVERS[name])
    validate(report, "cover")
    answers = report.divergence.answers if report.divergence is not None else ()
    assert [a.asked for a in answers] == (["look", "ask the keeper"] if name == "answers" else [])


@pytest.mark.parametrize(
    "made",
    [Driver, Calm, driver(take=None, refuses=()), Telling],
    ids=["follows", "leaves", "undecided", "shows answers"],
)
def test_replays_are_valid(made: type) -> None:
    validate(replay(check(broken), made, broken), "replay")


def test_the_schema_knows_every_word() -> None:
    from planrace.checker.results import driving

    of = schema("cover")["properties"]
    assert of["criterion"]["enum"] == list(driving.Criterion)
    assert of["method"]["enum"] == list(driving.PlanMethod)
    assert of["missed"]["propertyNames"]["enum"] == list(driving.MissReason)
    assert of["divergence"]["anyOf"][0]["properties"]["kind"]["enum"] == list(driving.DivergenceKind)
    assert schema("replay")["properties"]["end"]["enum"] == list(driving.ReplayEnd)
