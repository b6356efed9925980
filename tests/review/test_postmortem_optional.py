"""Facts of an incident that a run may leave out, where no run shows all that must be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from planrace.checker import Verdict, postmortem, render
from planrace.checker.run.protocols import attribute_of
from planrace.model.language import Protocol
from tests.review.test_postmortem import WALK, written


@pytest.fixture(scope="module")
def walker(tmp_path_factory: pytest.TempPathFactory) -> Protocol:
    place = tmp_path_factory.mktemp("walk") / "walk.py"
    place.write_text(WALK)
    found = attribute_of(f"{place}:counter", "protocol", "walk.py:counter")
    assert isinstance(found, Protocol)
    return found


def test_claims_after_an_optional_fact_where_no_run_shows_all(tmp_path: Path, walker: Protocol) -> None:
    """What is shown together has the optional fact, too; of two sets of claims and facts the run is told that shows
    more."""
    text = """
title = "a walk"
fact = [
    { id = "A", text = "he steps aside", step = "aside()", optional = true },
    { id = "B", text = "he comes home", step = "home()" },
    { id = "C", text = "he is at 1 then", step = "home() and after(at) == 1" },
]
claim = [{ id = "X", text = "he never comes home", after = "A", never = "home() or at == 1" }]
"""
    found = postmortem(written(tmp_path, text), walker)
    assert found.verdict is Verdict.VIOLATED
    assert [(t.names, t.missing, t.length) for t in found.together] == [(("B",), ("C", "X"), 5)]
    assert "<B>" in render(found)
    apart = text.replace("never comes", "stays away and").replace("home() or at == 1", "home()")
    apart = apart.replace('step = "home()" }', 'step = "home()", after = ["A"] }')
    other = postmortem(written(tmp_path, apart), walker)
    assert [(t.names, t.length) for t in other.together] == [(("B",), 5), (("X",), 1)]
    assert "aside <A>" in render(other)
    weaker = text.replace("home() or at == 1", "home()")
    both = postmortem(written(tmp_path, weaker), walker)
    assert [(t.names, t.length) for t in both.together] == [(("B", "X"), 6)]
    assert "aside <A>" in render(both)
