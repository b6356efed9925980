"""Sets as parameters of actions: an operator drains workers in groups, in every engine and in plain Python."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from planrace import process
from planrace.checker import Options, check, conform, establish, mutate, prove, render
from planrace.checker.api.steps import read_run
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.transition_graph import Graph, graph
from planrace.checker.engines.native.graph import native_graph
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.explain.beliefs import beliefs
from planrace.checker.report.json.read import report_of
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.walk import Walk, picks_of
from planrace.checker.semantics.describe import performer
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import record
from planrace.model.language import (
    DefinitionError,
    ModelError,
    Protocol,
    Term,
    boolean,
    both,
    enabled,
    index,
    integers,
    primed,
    says,
    size_of,
    step,
    subsets,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.subset_numbers import number_of, subset_of
from planrace.model.language.terms import lift
from planrace.model.patterns import clock, timer
from planrace.model.processes import at, local, some
from planrace.properties import invariant, leads_to, lemma, proof, recoverable, step_invariant

pytestmark = pytest.mark.usefixtures("own_cache")


def drained(workers: int = 3, *, symmetric: bool = True, crashes: int = 3) -> Protocol:
    """At most two workers are drained at a time; only drained ones crash, so many at most."""
    p = Protocol("drain", "workers that are drained in groups")
    n = p.parameter("n", workers, low=1, high=40)
    worker = index("worker", n, symmetric=symmetric)
    draining = p.variable("draining", subsets(worker), set(), "drained")
    down = p.variable("down", subsets(worker), set(), "down")

    @p.action(subsets(worker), by="operator", tags=["repair"])
    def drain(group: Term) -> Step:
        free = both(group != set(), (group & draining) == set())
        return step(when(free, size_of(group | draining) <= 2), update(draining, draining | group))

    @p.action(subsets(worker), by="operator", tags=["repair"])
    def resume(group: Term) -> Step:
        return step(
            when(group.issubset(draining), group != set()),
            update(draining, draining - group),
            says("takes {group} back", group=group),
        )

    @p.action(worker, by=worker)
    def crash(w: Term) -> Step:
        return step(when(w.isin(draining), ~w.isin(down), size_of(down) < crashes), update(down, down | {w}))

    p.declare(
        invariant("few-are-drained", size_of(draining) <= 2, "few are drained"),
        invariant("few-are-down", size_of(down) <= 2, "two are down at most"),
        step_invariant(
            "all-come-back", taken("resume", group=draining).implies(primed(draining) == set()), "all come back"
        ),
        step_invariant("some-are-drained", taken("drain").implies(primed(draining) != draining), "some are drained"),
        invariant("can", enabled("resume", group=draining) == (draining != set()), "what is drained can come back"),
        recoverable("quiet", draining == set(), "all can be taken back", helpers=["repair"]),
        leads_to("ends", draining != set(), draining == set(), "the operator takes them back"),
    )
    return p


def plainly(workers: int, crashes: int = 3) -> tuple[set[Any], int]:
    """The states and the number of steps, in plain Python."""
    everyone = range(1, workers + 1)
    groups = [frozenset(g) for k in range(1, workers + 1) for g in combinations(everyone, k)]
    start = (frozenset[int](), frozenset[int]())
    seen, todo, steps = {start}, [start], 0
    while todo:
        draining, down = todo.pop()
        after = [(draining | g, down) for g in groups if not g & draining and len(g | draining) <= 2]
        after += [(draining - g, down) for g in groups if g <= draining]
        after += [(draining, down | {w}) for w in draining - down if len(down) < crashes]
        steps += len(after)
        todo += set(after) - seen
        seen |= set(after)
    return seen, steps


@pytest.mark.parametrize(("workers", "crashes"), [(1, 3), (3, 3), (9, 1)])
def test_states_and_steps(workers: int, crashes: int) -> None:
    """With nine workers, subsets are variables of loops; with fewer they are written out."""
    instance = drained(symmetric=False, crashes=crashes).system().instance(n=workers)
    states, steps = plainly(workers, crashes)
    search = Search(instance, [], exhaustive=True)
    _, found = search.run()
    assert (found.states, found.transitions) == (len(states), steps)
    assert {tuple(search.kernel.layout.decode(s)) for s in search.states()} == states


def test_machine_code() -> None:
    instance = drained(symmetric=False, crashes=1).system().instance(n=9)
    states, steps = plainly(9, 1)
    _, found = NativeSearch(instance, [], exhaustive=True).run()
    assert (found.states, found.transitions) == (len(states), steps)


def test_orbits() -> None:
    """A state stands for those with other names: the numbers of workers that are drained, down, and both."""
    states, _ = plainly(4)
    orbits = {(len(a), len(b), len(a & b)) for a, b in states}
    for search in (Search, NativeSearch):
        made: Any = search(drained().system().instance(n=4), [], exhaustive=True, symmetric=True)
        assert made.run()[1].states == len(orbits)


@pytest.mark.long("graphs of machine code")
def test_labels_of_a_graph() -> None:
    """What fairness is about: each step has its subset, whether the subsets are written out or looped over."""
    for workers in (3, 9):
        instance = drained(symmetric=False, crashes=0).system().instance(n=workers)
        search = Search(instance, [], exhaustive=True)
        search.run()
        found = graph(search, list(instance.system.actions))
        state = search.kernel.layout.decode(found.packed(0))
        labels = [found.names[k] for k, _ in found.steps(0)]
        assert labels == [(m.action.name, m.choice) for m, _ in Interpreter(instance).moves(state)]
        native = NativeSearch(instance, [], exhaustive=True, keep=True)
        native.run()
        other = native_graph(native, list(instance.system.actions))
        assert labels_of(other) == labels_of(found)


def labels_of(g: Graph) -> set[Any]:
    return {(g.packed(n), g.names[k], g.packed(t)) for n in g.numbers for k, t in g.steps(n)}


VERDICTS = {
    "few-are-drained": Verdict.HOLDS,
    "few-are-down": Verdict.VIOLATED,
    "all-come-back": Verdict.HOLDS,
    "some-are-drained": Verdict.HOLDS,
    "can": Verdict.HOLDS,
    "quiet": Verdict.HOLDS,
    "ends": Verdict.VIOLATED,
}


@pytest.mark.parametrize("engine", ["explicit", pytest.param("native", marks=pytest.mark.long("machine code"))])
@pytest.mark.parametrize("symmetry", [True, False])
def test_verdicts(engine: str, symmetry: bool) -> None:
    report = check(drained(), options=Options(engine=engine, symmetry=symmetry))
    assert {f.name: f.verdict for f in report.findings} == VERDICTS
    trace = next(f.trace for f in report.findings if f.name == "few-are-down")
    assert trace is not None
    assert len(trace) == 6


def test_solvers() -> None:
    report = check(drained(), options=Options(engine="bmc", depth=6, properties=("few-are-down", "all-come-back")))
    assert [f.verdict for f in report.findings] == [Verdict.VIOLATED, Verdict.UNKNOWN]
    holds = ("few-are-drained", "all-come-back", "some-are-drained", "can")
    report = check(drained(2), options=Options(engine="induction", properties=holds))
    assert {f.verdict for f in report.findings} == {Verdict.HOLDS}


def test_proofs_for_every_size() -> None:
    """A subset is a function that the solver chooses; what some subset must satisfy is found on a small instance."""
    p = drained()
    p.argue(proof([lemma("drained", p.variables["draining"].term.issubset(p.variables["draining"].term), "trivial")]))
    names = ("few-are-drained", "all-come-back", "can")
    assert {f.name: f.verdict for f in prove(p, properties=names).findings} == dict.fromkeys(names, Verdict.HOLDS)


def test_reports() -> None:
    """A set is a list in JSON, a set in ITF; a run that was saved can be walked again."""
    p = drained()
    report = check(p)
    text = render(report, "json")
    assert render(report_of(json.loads(text)), "json") == text
    steps = next(f for f in json.loads(text)["properties"] if f["name"] == "few-are-down")["trace"]["steps"]
    assert [s["parameters"] for s in steps if s["action"] == "drain"] == [{"group": [1]}, {"group": [2, 3]}]
    assert "operator drain({2, 3})" in render(report, "text")
    assert "operator takes 1 back" in render(report, "text")
    assert '"group": {"tag": "Some", "value": {"#set": [{"#bigint": "2"}, {"#bigint": "3"}]}}' in render(report, "itf")
    instance = p.system().instance()
    walk = Walk(instance)
    walk.replay(picks_of(instance, steps), walk.state)
    assert walk.broken == ["few-are-down"]
    (given,) = read_run(instance, "drain({2, 3})", ["drain"])
    assert given.pick == ("drain", (0b110,))
    for form in ("html", "mermaid", "tlc", "sarif", "svg", "shiviz"):
        assert render(report, form)


@pytest.mark.long("mutants and a gate")
def test_what_reads_whole_actions() -> None:
    """Mutants are compared, and a gate judges."""
    assert mutate(drained(2)).score is not None
    assert not establish(drained(2)).established


def test_a_process_chooses_a_set() -> None:
    p = Protocol("groups", "an operator")
    worker = index("worker", p.parameter("n", 3, low=1, high=20), symmetric=True)
    down = p.variable("down", subsets(worker), set(), "down")

    @process(p, by="operator")
    def operator() -> Any:
        group = local(subsets(worker), set())
        while True:
            group = some(subsets(worker), lambda g: size_of(g) == 2)
            yield at("PICK")
            update(down, down | group)
            yield at("SWITCH")

    p.declare(invariant("few", size_of(down) <= 2, "two are down at most"))
    (finding,) = check(p).findings
    assert finding.trace is not None
    assert [len(s.parameters) for s in finding.trace.steps] == [1, 0, 1, 0]


def test_logs_tell_of_sets(tmp_path: Path) -> None:
    """A line has a list; what the model allows there is written as in reports."""
    lines = [{"action": "drain", "parameters": {"group": group}} for group in ([1], [1, 2])]
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert conform(drained(), log)
    text = " ".join(render(conform(drained(), log, hidden=0), "text").split())
    assert "drain({1, 2}) is not enabled" in text
    assert "the model allows drain({2}) and drain({3})" in text


def test_a_belief_about_a_set() -> None:
    """The members stand in the condition, not the number of the subset."""
    p = Protocol("p")
    worker = index("worker", 3)
    up, seen = p.variable("up", subsets(worker), set()), p.variable("seen", boolean(), False)

    @p.action(subsets(worker), by="operator")
    def look(group: Term) -> Step:
        return step(when((group & up) == set(), ~seen), update(seen, True))

    @p.action(worker, by=worker)
    def start(w: Term) -> Step:
        return step(update(up, up | {w}))

    run = record(Interpreter(p.system().instance()), [("look", (0b101,)), ("start", (3,))])
    found = [(b.text, b.truth) for b in beliefs(run, [performer(m) for m in run.moves])]
    assert found == [("({1, 3} ∩ up) = ∅", (True, False))]


REFUSED: dict[str, tuple[str, Callable[[], object]]] = {
    "too many": (
        r"test_subset.*: action drain: group may be any of the 2\^17 subsets of worker at these sizes; the limit is",
        lambda: drained().system().instance(n=17),
    ),
    "some set": (
        r"enabled: group of drain is a set, and no term asks .*name it: enabled\('drain', group=…\)",
        lambda: _declare(drained(), enabled("drain")),
    ),
    "another set": (r"group of drain is a set of worker", lambda: _declare(drained(), taken("drain", group=lift(3)))),
    "a process for each set": (
        r"process worker: there is one for each member of a sort, and set of truth value is none",
        lambda: _process(subsets(boolean())),
    ),
}


def _declare(p: Protocol, condition: Term) -> object:
    p.declare(step_invariant("x", condition, "x"))
    return p.system()


def _process(sort: Any) -> object:
    @process(Protocol("p"), sort)
    def worker(g: Term) -> Any:
        yield at("A")

    return worker


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    message, makes = REFUSED[case]
    with pytest.raises(ModelError, match=message):
        makes()


def test_deadlines_of_sets_are_refused() -> None:
    p = Protocol("late", "a deadline")
    worker = index("worker", 2)
    down = p.variable("down", subsets(worker), set(), "down")

    @p.action(subsets(worker), by="operator", within=2, since="initially")
    def drain(group: Term) -> Step:
        return step(when(down == set()), update(down, group))

    left = timer(p, "left", 2)
    clock(p, left)
    with pytest.raises(DefinitionError, match="a deadline: group is a set of worker, and no term is about some set"):
        p.system()


def test_numbers_of_subsets() -> None:
    for sort in (subsets(index("worker", 3)), subsets(integers(2, 4)), subsets(boolean())):
        assert [number_of(sort, subset_of(sort, n)) for n in range(4)] == [0, 1, 2, 3]
