"""Searches that had ended, or that begin anew, and their checkpoints."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from planrace.checker.engines.limits import Limits
from planrace.checker.engines.native.checkpoints import Checkpoints
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.native.stopped import SearchStoppedError
from planrace.model.language import (
    Instance,
    ModelError,
    Protocol,
    Term,
    array,
    index,
    integers,
    step,
    subsets,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.properties import invariant
from tests.engines.native.test_checkpoints import CUT, small_instance
from tests.engines.native.test_native import checkable, shape

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(autouse=True)
def only_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is."""
    monkeypatch.setattr("planrace.checker.engines.native.checkpoints.RATIO", 10**9)


@pytest.mark.parametrize("options", [{"exhaustive": True}, {"fail_fast": True}, {"fail_fast": True, "keep": True}])
def test_what_has_ended_is_reported_as_often_as_it_is_asked(options: dict[str, Any], tmp_path: Path) -> None:
    """Also from a file that a search wrote which had read it, or another one: it has no states, but their number."""
    instance, properties = small_instance()
    files = [tmp_path / name for name in ("file", "file", "file", "other", "third")]
    wanted = shape(NativeSearch(instance, properties, workers=1, checkpoints=Checkpoints(files[0]), **options))
    content = files[0].read_bytes()
    for read, write in pairwise(files):
        again = NativeSearch(instance, properties, workers=1, checkpoints=Checkpoints(write, read), **options)
        assert shape(again) == wanted
        assert files[0].read_bytes() == content


def valueless() -> Instance:
    """A property that is violated early, and has no value later."""
    protocol = Protocol("valueless", "a place behind the last one is read")
    cell = integers(0, 3, "cell")
    a, k = protocol.variable("a", array(cell, integers(0, 4)), 0), protocol.variable("k", integers(0, 6), 0)
    protocol.final(k == 6)

    @protocol.action(by="somebody")
    def tick() -> Step:
        return step(when(k < 6), update(k, k + 1))

    @protocol.action(by="somebody")
    def put() -> Step:
        return step(when(k < 4, a[k] < 4), update(a[k], a[k] + 1))

    protocol.declare(invariant("early", a[k] != 1, "places stay empty"), invariant("late", k != 6, "it does not end"))
    return protocol.system().instance()


@pytest.mark.parametrize("again", ["no crew", "no states"])
def test_a_search_that_begins_anew_has_not_the_levels_before(
    again: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be cut before it has states, and goes on from the last file, with an answer that was known there."""
    instance = valueless()
    properties = checkable(instance.system)
    wanted, file = shape(NativeSearch(instance, properties, exhaustive=True, workers=1)), tmp_path / "file"
    limits = Limits(depth=3)
    NativeSearch(instance, properties, exhaustive=True, limits=limits, checkpoints=Checkpoints(file)).run()
    content = file.read_bytes()
    search = NativeSearch(instance, properties, exhaustive=True, workers=2, checkpoints=Checkpoints(file, file))
    prepare = search._prepare

    def cutting(count: int) -> None:
        if again == "no states":
            prepare(count)
        monkeypatch.setattr(search, "_check_clock" if again == "no states" else "_prepare", stop)
        if again == "no crew":
            stop()

    def stop(*_: Any) -> None:
        raise SearchStoppedError(CUT)

    monkeypatch.setattr(search, "_prepare", cutting)
    assert search.run()[1].stopped == CUT
    assert search.checkpoints.last is None
    assert file.read_bytes() == content
    for _ in range(2):
        going = NativeSearch(instance, properties, exhaustive=True, workers=1, checkpoints=Checkpoints(file, file))
        assert shape(going) == wanted


def test_an_orbit_must_have_the_same_states(tmp_path: Path) -> None:
    """A search that tries few orders of members knows others than one that was asked for all orders."""
    protocol = Protocol("followers", "members follow each other")
    member = index("member", 3, symmetric=True)
    followers = protocol.variable("followers", array(member, subsets(member)), set())

    @protocol.action(member, member, by=member)
    def follow(a: Term, b: Term) -> Step:
        return step(when(~a.isin(followers[b])), update(followers[b], followers[b] | {a}))

    instance, file = protocol.system().instance(), tmp_path / "file"
    options: dict[str, Any] = {"symmetric": True, "limits": Limits(depth=2)}
    NativeSearch(instance, [], tried=1, checkpoints=Checkpoints(file), **options).run()
    with pytest.raises(ModelError, match=r"with most states for an orbit \d+, not 1 \("):
        NativeSearch(instance, [], checkpoints=Checkpoints(None, file), **options).run()
