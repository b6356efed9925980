"""Objects that go to other processes: they mean there what they mean here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from planrace.checker import instance_of
from planrace.checker.engines.cluster.shipping import received, shipped
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.run.protocols import find, names_in
from planrace.model.language import Instance, ModelError, Op, Place, System, integers
from planrace.model.language.terms import constant, make
from planrace.properties.kinds import Checkable
from tests import ROOT
from tests.random_systems.draw import draw
from tests.random_systems.judge import Judge

EXAMPLES = [n for file in ("rollout", "peterson", "resolver", "broker") for n in names_in(f"{ROOT}/examples/{file}.py")]


def again(thing: object) -> object:
    return received(shipped(thing))


@pytest.mark.parametrize("name", ["original", "fixed", *EXAMPLES], ids=lambda n: str(n).rpartition("/")[2])
def test_terms_are_the_same_objects(name: str) -> None:
    system = find(name).system()
    found = again(system)
    assert isinstance(found, System)
    for a, b in zip(system.actions.values(), found.actions.values(), strict=True):
        assert a.guard is b.guard
        assert a is not b
        assert [u.value for o in a.outcomes for u in o.updates] == [u.value for o in b.outcomes for u in o.updates]
    assert [v.sort for v in system.variables] == [v.sort for v in found.variables]
    assert [v.where for v in system.variables] == [v.where for v in found.variables]


def test_a_property_and_its_system_stay_together() -> None:
    system = find("original").system()
    found, properties = received(shipped((system, system.properties)))
    assert properties[0] is found.properties[0]


def test_what_a_dataclass_computed_stays_here() -> None:
    instance = find("original").system().instance(enactors=2, endpoints=1, plans=2, keep=1)
    vars(instance)["computed"] = lambda: None
    found = again(instance)
    assert "computed" not in vars(found)
    assert vars(found).keys() < vars(instance).keys()


def test_a_term_may_be_nested_deeper_than_pickle_goes() -> None:
    n = integers(0, 3, "n")
    term = constant(1, n)
    for _ in range(20_000):
        term = make(Op.ADD, (term, constant(2, n)), n)
    assert again(term) is term


def test_another_process_searches_the_same(tmp_path: Path) -> None:
    """Its strings have other hashes, and it has no terms yet."""
    instance = find(f"{ROOT}/examples/rollout.py:protocol").system().instance()
    path = tmp_path / "instance"
    path.write_bytes(shipped((instance, [p for p in instance.system.properties if isinstance(p, Checkable)])))
    code = (
        "import sys; from pathlib import Path\n"
        "from planrace.checker.engines.cluster.shipping import received\n"
        "from planrace.checker.engines.explicit.search import Search\n"
        "instance, properties = received(Path(sys.argv[1]).read_bytes())\n"
        "answers, covered = Search(instance, properties, exhaustive=True).run()\n"
        "print(covered.states, covered.transitions, covered.depth, [len(a.recording.moves) for a in answers])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    answers, covered = Search(instance, instance.system.properties, exhaustive=True).run()
    lengths = [len(a.recording.moves) for a in answers if a.recording is not None]
    assert done.stdout.strip() == f"{covered.states} {covered.transitions} {covered.depth} {lengths}", done.stderr


@pytest.mark.parametrize("seed", range(40))
def test_random_systems(seed: int) -> None:
    """Each is searched here, and what was sent and received is, too."""
    judge = Judge(draw(seed))
    if not judge.define():
        pytest.skip("the system is refused")
    try:
        instance = instance_of(judge.protocol, **judge.about)
    except ModelError:
        pytest.skip("the system is refused at this size")
    found = again(instance)
    assert isinstance(found, Instance)
    assert searched(found) == searched(instance)
    guards = [a.guard for a in found.system.actions.values()]
    assert all(a.guard is g for a, g in zip(instance.system.actions.values(), guards, strict=True))


def searched(instance: Instance) -> object:
    properties = [p for p in instance.system.properties if isinstance(p, Checkable)]
    try:
        answers, covered = Search(instance, properties, limits=Limits(states=2000), exhaustive=True).run()
    except ModelError as problem:
        return str(problem)
    told = [(a.property.name, a.verdict, a.recording and a.recording.trace()) for a in answers]
    return covered.states, covered.transitions, covered.depth, told


def test_an_error_keeps_its_place() -> None:
    found = again(ModelError("it is wrong", where=Place("mine.py", 7), remedy="mend it"))
    assert isinstance(found, ModelError)
    assert (found.what, found.where, found.remedy) == ("it is wrong", Place("mine.py", 7), "mend it")


def test_what_cannot_be_sent_is_an_error() -> None:
    with pytest.raises(TypeError, match="cannot be sent"):
        shipped(lambda: None)
