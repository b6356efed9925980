"""A fleet of shards in this process: the same answers as one search, also after losses at any call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

pytest.importorskip("numpy", reason="the extra planrace[cluster] is not installed")

from planrace.checker.engines.cluster.fleet import NOTHING
from planrace.checker.engines.cluster.search import ClusterSearch
from planrace.checker.engines.cluster.shard_crew import ShardCrew
from planrace.checker.engines.explicit.vacuity import VacuityCheck
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.results.stop import StopKind
from planrace.checker.run.protocols import find
from planrace.checker.semantics.replay import ReplayError
from planrace.model.language import Instance
from planrace.properties.kinds import Checkable, Property
from tests import ROOT
from tests.engines.cluster.here import Here
from tests.engines.native.test_table import counters

FAULTS = ("crash", "lock-expiry")
COUNTS: list[dict[str, Any]] = json.loads((ROOT / "tests" / "counts.json").read_text())
FEW = [c for c in COUNTS if c["states"] < 3000]


def asked(instance: Instance) -> list[Checkable]:
    return [p for p in instance.system.properties if isinstance(p, Checkable)]


def said(search: NativeSearch) -> tuple[Any, ...]:
    """All that must not depend on shards, workers and losses."""
    answers, covered = search.run()
    told = [(a.property.name, a.verdict, a.recording and a.recording.trace()) for a in answers]
    return covered.states, covered.transitions, covered.depth, covered.complete, told


@pytest.mark.parametrize("entry", FEW[::3], ids=lambda c: f"{c['protocol']}-{c['states']}")
def test_counts_on_two_to_five_shards(entry: dict[str, Any]) -> None:
    check_counts(entry, 2 + entry["states"] % 4)


@pytest.mark.long("every count of the file on one to eight shards")
@pytest.mark.parametrize("shards", [1, 2, 3, 5, 8])
@pytest.mark.parametrize(
    "entry", [c for c in COUNTS if c["states"] < 10**6], ids=lambda c: f"{c['protocol']}-{c['states']}"
)
def test_every_count(entry: dict[str, Any], shards: int) -> None:
    check_counts(entry, shards)


def check_counts(entry: dict[str, Any], shards: int) -> None:
    sizes = {n: entry[n] for n in ("enactors", "plans", "endpoints", "keep")}
    instance = find(entry["protocol"]).system(entry["faults"]).instance(**sizes)
    shortest = entry["shortest_violation"]
    properties = [p for p in asked(instance) if p.name in shortest]
    search = ClusterSearch(instance, properties, Here(shards), exhaustive=True, symmetric=entry["symmetry"])
    answers, covered = search.run()
    assert (covered.states, covered.depth) == (entry["states"], entry["depth"])
    assert entry["transitions"] in (None, covered.transitions), "of some it is not known"
    found = {a.property.name: None if a.recording is None else len(a.recording.moves) for a in answers}
    assert found == {n: shortest[n] for n in found}


@pytest.fixture(scope="module")
def original() -> Instance:
    return find("original").system().instance(enactors=2, endpoints=1, plans=3, keep=1)


@pytest.fixture(scope="module")
def alone(original: Instance) -> tuple[Any, ...]:
    return said(NativeSearch(original, asked(original), exhaustive=True, workers=1))


@pytest.mark.parametrize(("shards", "workers"), [(1, 2), (2, 2), (5, 1)])
def test_counterexamples_are_those_of_one_process(
    original: Instance, alone: tuple[Any, ...], shards: int, workers: int
) -> None:
    hosts = Here(shards, workers)
    assert said(ClusterSearch(original, asked(original), hosts, exhaustive=True)) == alone


@pytest.mark.parametrize("seed", range(12))
def test_losses_change_nothing(original: Instance, alone: tuple[Any, ...], seed: int) -> None:
    """A shard is lost at one to three random calls, before them or when their result is on its way."""
    random = Random(seed)
    kills = [(random.randrange(2, 200), random.random() < 0.5) for _ in range(random.choice((1, 2, 3)))]
    hosts = Here(random.choice((2, 3)), 1 + seed % 2, kills)
    search = ClusterSearch(original, asked(original), hosts, exhaustive=True)
    assert said(search) == alone
    assert hosts.killed >= 1
    assert hosts.epochs == set(range(search.fleet.losses + 1)), "calls from before a loss can be told apart"
    assert search.fleet.losses >= 1


@pytest.mark.parametrize(("first", "gap"), [(61, 2), (61, 5), (61, 6), (90, 4), (122, 1), (127, 3)])
def test_a_loss_while_another_is_mended(original: Instance, alone: tuple[Any, ...], first: int, gap: int) -> None:
    """The process that was started for the first has not all of its states then, but answers."""
    hosts = Here(3, 1, [(first, True), (first + gap, True)])
    search = ClusterSearch(original, asked(original), hosts, exhaustive=True)
    assert said(search) == alone
    assert hosts.killed == search.fleet.losses == 2


def test_a_shard_refuses_to_search_another_level_than_its_own(original: Instance) -> None:
    hosts = Here(2)
    search = ClusterSearch(original, [], hosts)
    search.fleet.begin(search.kernel.initials)
    search.fleet.close()
    shard = hosts.shards[0]
    assert shard is not None
    assert shard.rounds(0, 0) <= 1
    for refused in (lambda: shard.rounds(0, 1), lambda: shard.rounds(0, -1), lambda: shard.turn(0, 2)):
        with pytest.raises(ReplayError, match="up to level 0, not"):
            refused()


@pytest.mark.parametrize(("number", "late"), [(0, False), (1, True), (2, True)])
def test_losses_at_the_very_beginning(original: Instance, alone: tuple[Any, ...], number: int, late: bool) -> None:
    """Some shards have their initial states already, when all are told to begin again."""
    hosts = Here(3, 1, [(number, late)])
    assert said(ClusterSearch(original, asked(original), hosts, exhaustive=True)) == alone
    assert hosts.killed == 1


def test_what_was_met_is_not_lost(original: Instance) -> None:
    """The vacuity check asks what any shard has met, also before it was lost."""
    found = []
    for kills in (None, [], [(150, True)]):
        check = VacuityCheck(original, asked(original))
        settings: dict[str, Any] = {"exhaustive": True, "vacuity": check}
        if kills is None:
            NativeSearch(original, asked(original), workers=1, **settings).run()
        else:
            ClusterSearch(original, asked(original), Here(3, 1, kills), **settings).run()
        found.append(check.bits)
    assert found[0] == found[1] == found[2] != 0
    search = ClusterSearch(original, [], Here(2))
    for n in (0, 1):
        search.fleet._learn([n], [replace(NOTHING, met=1 << n)])
    assert search.fleet.met() == 0b11
    search.fleet.close()


def test_successors_of_others_decide_whether_a_bound_closes(
    original: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here each shard says that it has the successors that it owns itself."""
    alone = NativeSearch(original, [], limits=Limits(depth=8), exhaustive=True, workers=1)
    search = ClusterSearch(original, [], Here(8), limits=Limits(depth=8), exhaustive=True)
    monkeypatch.setattr(ShardCrew, "_known", emptied)
    covered = search.run()[1]
    assert not covered.complete
    assert covered.transitions == alone.run()[1].transitions


def emptied(crew: ShardCrew) -> bool:
    """Take all that was sent out of the boxes, and say that it is known."""
    crew._drain()
    for w in crew.workers:
        crew._forget(w)
    return True


def test_a_loss_is_told(original: Instance) -> None:
    search = ClusterSearch(original, [], Here(2, 1, [(50, True)]), exhaustive=True)
    _, covered = search.run()
    assert covered.partition is not None
    assert "Processes were lost 1 time, and made again." in covered.partition


@pytest.mark.parametrize("late", [False, True])
def test_a_shard_that_is_lost_again_and_again_ends_the_search(original: Instance, late: bool) -> None:
    """Unknown, not a wrong count."""
    search = ClusterSearch(original, asked(original), Here(2, 1, [(k, late) for k in range(40, 400)]), exhaustive=True)
    _, covered = search.run()
    assert not covered.complete
    assert covered.stopped is not None
    assert covered.stopped.kind is StopKind.LOST


def test_levels_that_were_not_kept_are_searched_again(
    original: Instance, alone: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full from level 5 on; a shard is lost later, and the others send to it what it had."""
    hosts = Here(3, 1, [(150, True)])
    search = ClusterSearch(original, asked(original), hosts, exhaustive=True)
    kept = search.fleet.kept
    append = kept.append

    def until_five(n: int, level: int, coded: bytes) -> None:
        if level < 5:
            append(n, level, coded)

    monkeypatch.setattr(kept, "append", until_five)
    resent: list[int] = []
    call = hosts.call

    def listened(n: int, method: str, *given: Any, results: int = 1) -> list[Any]:
        if method == "resend":
            resent.append(given[1])
        return call(n, method, *given, results=results)

    monkeypatch.setattr(hosts, "call", listened)
    assert said(search) == alone
    assert hosts.killed == 1
    assert len(set(resent)) >= 3
    assert min(resent) == 4


def test_initial_states_need_not_be_kept(original: Instance, alone: tuple[Any, ...]) -> None:
    """The disk is full from the beginning."""
    hosts = Here(2, 1, [(60, True)])
    search = ClusterSearch(original, asked(original), hosts, exhaustive=True)
    search.fleet.kept.problem = "full"
    assert said(search) == alone
    assert hosts.killed == 1


@pytest.mark.parametrize("missing", [1, -1])
def test_other_states_than_before_are_refused(
    original: Instance, monkeypatch: pytest.MonkeyPatch, missing: int
) -> None:
    """A shard that is made again without the states of a level is a bug of the checker, and no count is given."""
    hosts = Here(2, 1, [(90, True)])
    search = ClusterSearch(original, [], hosts, exhaustive=True)
    read = search.fleet.kept.read

    def without(n: int, count: int) -> list[bytes]:
        levels = read(n, count)
        assert levels[missing], "it has states"
        levels[missing] = b""
        return levels

    monkeypatch.setattr(search.fleet.kept, "read", without)
    with pytest.raises(ReplayError, match="made again with other states"):
        search.run()


@pytest.mark.parametrize("depth", [0, 4, 100])
def test_a_bound_on_depth_means_the_same(original: Instance, depth: int) -> None:
    limits = Limits(depth=depth)
    alone = said(NativeSearch(original, asked(original), limits=limits, exhaustive=True, workers=1))
    assert said(ClusterSearch(original, asked(original), Here(3), limits=limits, exhaustive=True)) == alone


def test_states_of_several_words_and_orbits() -> None:
    wide = counters(3)
    properties: Sequence[Property] = wide.system.properties
    alone = said(NativeSearch(wide, properties, exhaustive=True, workers=1))
    assert said(ClusterSearch(wide, properties, Here(3, 1, [(300, False)]), exhaustive=True)) == alone
    orbits = find("fixed").system(FAULTS).instance(enactors=2, endpoints=2, plans=2)
    one = said(NativeSearch(orbits, asked(orbits), symmetric=True, exhaustive=True, workers=1))
    assert said(ClusterSearch(orbits, asked(orbits), Here(4), symmetric=True, exhaustive=True)) == one


def test_memory_that_ends_names_the_shard(original: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = Here(2)
    search = ClusterSearch(original, asked(original), hosts, exhaustive=True)
    shard = hosts.shards[1]
    assert shard is not None

    def full(*_: object) -> None:
        from planrace.checker.engines.limits import memory_reached
        from planrace.checker.engines.native.stopped import SearchStoppedError

        raise SearchStoppedError(memory_reached(2**30))

    monkeypatch.setattr(shard.crew, "take", full)
    _, covered = search.run()
    assert covered.stopped is not None
    assert covered.stopped.kind is StopKind.MEMORY
    assert "shard 2 of 2" in covered.stopped.sentence
    assert "1 GiB" in covered.stopped.sentence


def test_calls_of_an_earlier_epoch_are_refused(original: Instance) -> None:
    from planrace.checker.engines.cluster.shard import StaleCallError

    hosts = Here(2)
    ClusterSearch(original, [], hosts).fleet.close()
    shard = hosts.shards[0]
    assert shard is not None
    shard.adopt(3)
    for method, given in (("take", ()), ("advance", (0, 1, 0)), ("turn", (1,)), ("resend", (0,)), ("rounds", (0,))):
        with pytest.raises(StaleCallError, match="epoch 2, not 3"):
            getattr(shard, method)(2, *given)
