"""The models of the benchmark: what they say of themselves, and the same counts from both explorers."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.protocols import find
from planrace.checker.semantics.packing import Layout
from planrace.model.language import Instance
from tests import ROOT

MODELS = ROOT / "bench" / "models.py"


def instance(name: str, **sizes: int) -> Instance:
    return find(f"{MODELS}:{name}").system().instance(**sizes)


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize(
    ("name", "sizes", "states"),
    [
        ("gossip", {"nodes": 4, "versions": 2}, 3**4),
        ("paxos", {"acceptors": 2, "ballots": 2}, None),
        ("vectors", {"nodes": 3, "events": 1}, None),
    ],
)
def test_both_explorers_count_the_same(name: str, sizes: dict[str, int], states: int | None) -> None:
    made = instance(name, **sizes)
    wanted = Search(made, made.system.properties, exhaustive=True).run()
    found = NativeSearch(made, made.system.properties, exhaustive=True, workers=1).run()
    for one, other in zip(wanted[0], found[0], strict=True):
        assert one.verdict is other.verdict is Verdict.HOLDS
    counts = [(c.states, c.transitions, c.depth, c.complete) for _, c in (wanted, found)]
    assert counts[0] == counts[1]
    assert counts[0][3]
    assert states in (None, counts[0][0])


def test_the_table_has_states_of_one_to_five_words() -> None:
    spec = importlib.util.spec_from_file_location("planrace_bench_table", ROOT / "bench" / "native.py")
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = bench
    spec.loader.exec_module(bench)
    assert {Layout(instance(name, **sizes)).words for name, sizes in bench.MODELS} == {1, 2, 3, 4, 5}
