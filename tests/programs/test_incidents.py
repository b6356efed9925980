"""Two incidents as processes and as actions: the same states, steps and lengths."""

from __future__ import annotations

import pytest

from planrace import Protocol, find
from tests import ROOT, naive
from tests.programs.by_hand import autoscaler, registry

INCIDENTS = [
    ("autoscaler", (), autoscaler(), (300, 904), 5),
    ("autoscaler", ("taint-late",), autoscaler("late"), (400, 1184), 6),
    ("autoscaler", ("taint-first",), autoscaler("first"), (400, 1144), 6),
    ("autoscaler", ("checked-binding",), autoscaler(checked=True), (300, 904), 5),
    ("autoscaler", ("taint-first", "checked-binding"), autoscaler("first", checked=True), (280, 820), None),
    ("registry", (), registry(), (143, 289), 5),
    ("registry", ("spare-new",), registry(spare=True), (162, 327), 5),
    ("registry", ("look-again",), registry(again=True), (143, 289), 5),
    ("registry", ("whole-images",), registry(whole=True), (121, 245), 5),
    ("registry", ("look-again", "whole-images"), registry(again=True, whole=True), (76, 155), None),
]


@pytest.mark.parametrize(
    ("example", "protections", "by_hand", "counts", "length"),
    INCIDENTS,
    ids=[f"{e}-{'-'.join(p) or 'as-it-was'}" for e, p, *_ in INCIDENTS],
)
def test_both_styles_are_the_same(
    example: str, protections: tuple[str, ...], by_hand: Protocol, counts: tuple[int, int], length: int | None
) -> None:
    process = find(f"{ROOT}/examples/{example}.py:protocol").system(with_protections=protections)
    found, other = naive.search(process.instance()), naive.search(by_hand.system().instance())
    assert (found.states, found.transitions) == (other.states, other.transitions) == counts
    name = by_hand.system().properties[0].name
    assert found.shortest.get(name) == other.shortest.get(name) == length


@pytest.mark.parametrize("example", ["addresses", "autoscaler", "broker", "registry"])
def test_a_process_is_short(example: str) -> None:
    """What is modelled: all before the first protection but imports."""
    text = (ROOT / "examples" / f"{example}.py").read_text()
    modelled = text[text.index("\nprotocol = ") : text.index("@protocol.protection")]
    assert 25 < len([line for line in modelled.splitlines() if line]) < 45
