"""Arguments of the public calls are held against their signatures."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from planrace import checker
from planrace.checker import Options, Report, check, prove
from planrace.model.language import ModelError
from tests.api.signatures import SIGNATURES
from tests.api.test_api import SMALL

REPORTED = Report("small", {}, (), (), "explicit", (), None)
GIVEN: dict[str, dict[str, Any]] = {
    "check_project": {},
    "create_project": {},
    "explained": {},
    "find": {"name": "fixed"},
    "listing": {},
    "load": {"path": "no.json"},
    "renew_baseline": {"path": "no.json"},
    "compare_baseline": {"path": "no.json"},
    "save_baseline": {"path": "no.json", "protocol": "fixed"},
    "compare": {"before": REPORTED, "after": REPORTED},
    "render": {"report": REPORTED},
    "save": {"report": REPORTED, "path": "no.json"},
    "conform": {"protocol": "fixed", "logs": "no.jsonl"},
    "follow": {"protocol": "fixed", "logs": "no.jsonl"},
    "postmortem": {"facts": "no.toml", "protocol": "fixed"},
    "cover": {"protocol": "fixed", "driver": object},
    "refine": {"protocol": "fixed", "to": "design"},
    "sweep": {"protocol": "fixed", "vary": {"plans": (1,)}},
    "state_machine": {"protocol": "fixed", "driver": object},
    "import_run": {"protocol": "fixed", "path": "run.txt"},
    "import_model": {"path": "Spec.tla"},
    "export_model": {"protocol": "fixed", "language": "promela"},
}
"""What a call needs; all others need a protocol."""


def ran() -> Report:
    """A report with a run."""
    return check("original", SMALL, properties=["cleanup-deletes"])


@pytest.mark.parametrize("name", SIGNATURES)
def test_every_argument_is_held_against_its_sort(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong is named, whichever function would stumble over it."""
    monkeypatch.chdir(tmp_path)
    call = getattr(checker, name)
    given = {"trace": ran(), "driver": object} if name == "replay" else GIVEN.get(name, {"protocol": "fixed"})
    for p in inspect.signature(call).parameters.values():
        if p.kind is not p.VAR_KEYWORD and p.name not in ("report", "driver"):
            with pytest.raises(ModelError) as caught:
                call(**{**given, p.name: object()})
            assert p.name in str(caught.value)
            assert caught.value.where is not None


def test_a_property_in_the_place_of_sizes_is_named() -> None:
    with pytest.raises(ModelError, match=r"no property of original is called 'x' \(there are: .*plans-never-regress"):
        check("original", ["x"])  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"for properties write properties=\['plans-never-regress'\]"):
        prove("original", ["plans-never-regress"])  # type: ignore[arg-type]
    for f in fields(Options):
        if f.name != "beside":
            with pytest.raises(ModelError, match=f.name):
                Options(**{f.name: object()})  # type: ignore[arg-type]
