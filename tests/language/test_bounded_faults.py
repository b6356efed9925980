"""Faults that happen at most so often in a run: in every engine, and in what reports say."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from planrace.checker import Options, Report, check, lint, mutate, prove, render
from planrace.checker.cli.main import run
from planrace.checker.report.json.read import report_of
from planrace.checker.results.verdict import Verdict
from planrace.checker.review.baseline.summary import summary
from planrace.checker.run.listing import listed, listing_text
from planrace.model.language import (
    Changes,
    DefinitionError,
    Parameter,
    Protocol,
    Step,
    System,
    Term,
    array,
    boolean,
    both,
    changed,
    forall,
    index,
    integers,
    outcome,
    says,
    step,
    taken,
    update,
    when,
)
from planrace.properties import eventually_always, invariant, lemma, proof, reachable, step_invariant
from tests.naive import search
from tests.report.test_reports import SCHEMA

pytestmark = pytest.mark.usefixtures("own_cache")


def crashing(at_most: int | str | None, *, fault: str = "crash") -> Protocol:
    """Workers store what they fetch, and forget it when they crash; a name stands for a parameter."""
    p = Protocol("crashing", "workers fetch and store")
    workers = p.parameter("workers", 2, 1, 3)
    worker = index("worker", workers, symmetric=True)
    fetched = p.variable("fetched", array(worker, boolean()), False)
    stored = p.variable("stored", array(worker, boolean()), False)
    bound = p.parameter("crashes", 2, 0, 9) if at_most == "crashes" else at_most
    p.fault(fault, "a worker forgets what it has fetched", at_most=bound)  # type: ignore[arg-type]

    @p.action(worker, by=worker)
    def fetch(w: Term) -> Step:
        return step(when(~fetched[w], ~stored[w]), update(fetched[w], True))

    @p.action(worker, by=worker)
    def store(w: Term) -> Step:
        return step(when(fetched[w]), update(stored[w], True), update(fetched[w], False))

    @p.action(worker, by=worker, fault=fault)
    def crash(w: Term) -> Step:
        return step(when(fetched[w]), update(fetched[w], False), says("forgets"))

    done = forall(worker, lambda w: stored[w])
    p.final(done)
    p.declare(
        eventually_always("all-is-stored", done, "in the end all is stored"),
        invariant("stored-or-fetched", forall(worker, lambda w: ~(stored[w] & fetched[w])), "it is not both"),
    )
    return p


@pytest.mark.parametrize("engine", ["explicit", "native"])
@pytest.mark.parametrize("at_most", [1, 2, "crashes"])
def test_liveness_is_promised_after_them(at_most: int | str, engine: str) -> None:
    report = check(crashing(at_most), faults=["crash"], options=Options(engine=engine))
    (found,) = [f for f in report.findings if f.name == "all-is-stored"]
    words = "once" if at_most == 1 else "twice"
    assert found.verdict is Verdict.HOLDS
    assert f"despite crash (at most {words}), 2 actions fair" in found.how
    assert not report.warnings


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_liveness_is_violated_by_one_that_leaves_nothing_to_do(engine: str) -> None:
    """The fuse blows once, for good. Without a bound the question is asked without the fault."""
    reports = [check(lamp(at_most), faults=["surge"], options=Options(engine=engine)) for at_most in (1, None)]
    assert [r.findings[0].verdict for r in reports] == [Verdict.VIOLATED, Verdict.HOLDS]


def lamp(at_most: int | None) -> Protocol:
    p = Protocol("lamp")
    lit, blown = p.variable("lit", boolean(), False), p.variable("blown", boolean(), False)
    p.fault("surge", "the fuse blows", at_most=at_most)

    @p.action(by="timer")
    def switch_on() -> Step:
        return step(when(~lit, ~blown), update(lit, True))

    @p.action(by="weather", fault="surge")
    def blow() -> Step:
        return step(when(~blown), update(lit, False), update(blown, True))

    p.final(blown | lit)
    p.declare(eventually_always("light", lit, "it is lit in the end"))
    return p


def test_without_a_bound_it_is_promised_without_the_fault() -> None:
    report = check(crashing(None), faults=["crash"])
    assert "was decided without crash (see despite_faults)" in [w.message for w in report.warnings]


@pytest.mark.parametrize("engine", ["explicit", "native"])
@pytest.mark.parametrize("symmetry", [True, False])
def test_states_are_those_of_the_interpreter(engine: str, symmetry: bool) -> None:
    p = crashing(2)
    naive = search(p.system(faults=["crash"]).instance(), [])
    coverage = check(
        p,
        faults=["crash"],
        properties=["stored-or-fetched"],
        options=Options(engine=engine, symmetry=symmetry, exhaustive=True),
    ).exploration
    assert coverage is not None
    assert coverage.states <= naive.states if symmetry else coverage.states == naive.states


def count_of(p: Protocol) -> Term:
    """The variable that counts crashes."""
    return p.fault_bounds["crash"].counter.term


@pytest.mark.parametrize("engine", ["explicit", "native", "bmc", "induction", "spacer"])
def test_every_engine_counts(engine: str) -> None:
    p = crashing(2)
    second = taken("crash") & (count_of(p) == 1)
    p.declare(reachable("second", second, "two crashes"), step_invariant("no-second", ~second, "no two crashes"))
    p.declare(step_invariant("no-third", ~(taken("crash") & (count_of(p) == 2)), "no three crashes"))
    found = {f.name: f for f in check(p, faults=["crash"], options=Options(engine=engine, depth=8)).findings}
    assert found["second"].verdict is Verdict.HOLDS
    assert found["no-second"].verdict is Verdict.VIOLATED
    trace = found["no-second"].trace
    assert trace is not None
    assert len(trace.steps) == 4
    assert found["no-third"].verdict is (Verdict.UNKNOWN if engine == "bmc" else Verdict.HOLDS)


def test_the_command_sets_a_bound_that_is_a_parameter() -> None:
    p = crashing("crashes")
    states = [check(p, faults=["crash"], crashes=n, exhaustive=True).exploration for n in (0, 1, 2, 5)]
    assert [s.states for s in states if s] == sorted({s.states for s in states if s})
    assert not check(p, faults=["crash"], crashes=0).warnings


def test_it_is_proved_for_any_number_of_crashes() -> None:
    report = prove(crashing("crashes"), faults=["crash"])
    assert report.verdict is Verdict.HOLDS
    assert report.at_most == {"crash": "crashes"}
    text = " ".join(render(report, "text").split())
    assert "whatever crash (at most crashes times) does, with any workers and crashes" in text
    assert "whatever crash (at most 3 times) does" in " ".join(
        render(prove(crashing("crashes"), {"crashes": 3}, faults=["crash"]), "text").split()
    )


def test_a_lemma_may_not_be_needed_for_the_counter() -> None:
    p = crashing(3)
    p.argue(proof([lemma("few", count_of(p) <= 3, "no more")]))
    assert prove(p, faults=["crash"]).verdict is Verdict.HOLDS


def test_reports_say_how_often_in_every_form() -> None:
    report = check(crashing("crashes"), faults=["crash"])
    assert "faults: crash (at most twice); protections: none" in " ".join(render(report, "text").split())
    data = json.loads(render(report, "json"))
    jsonschema.validate(data, SCHEMA)
    assert data["at_most"] == {"crash": 2}
    assert again(report).at_most == {"crash": 2}
    assert "at_most" not in json.loads(render(check(crashing(None), faults=["crash"]), "json"))
    shown = listing_text_of(crashing("crashes"))
    assert "a worker forgets what it has fetched (at most crashes in a run)" in shown


@pytest.mark.parametrize("command", ["check", "mutate", "forecast", "establish", "walk"])
def test_every_command_says_how_often(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text(FILE, encoding="utf-8")
    words = [] if command == "check" else [command]
    monkeypatch.setattr("sys.stdin", io.StringIO("quit\n"))
    run([*words, "-p", "m.py:p", "--fault", "crash", "-s", "crashes=1"])
    assert "faults: crash (at most once)" in " ".join(capsys.readouterr().out.split())
    run(["list", "-p", "m.py"])
    assert "it crashes (at most crashes in a run)" in capsys.readouterr().out


FILE = """\
from planrace import *

p = Protocol("p")
x = p.variable("x", boolean(), False)
p.fault("crash", "it crashes", at_most=p.parameter("crashes", 2, 0, 3))


@p.action(by="me")
def go():
    return step(when(~x), update(x, True))


@p.action(by="me", fault="crash")
def crash():
    return step(when(x), update(x, False))


p.final(x)
p.declare(eventually_always("goes", x, "it goes in the end"))
"""


def again(report: Report) -> Report:
    """The report as it is read back."""
    return report_of(json.loads(render(report, "json")))


def listing_text_of(p: Protocol) -> str:
    from planrace.checker.run.listing import Listing

    return listing_text(Listing((listed(p.variant("crashing")),), {}))


def test_a_change_of_the_bound_is_a_change_of_the_model() -> None:
    one, two = crashing(1), crashing(2)
    lines = [
        [i.text for i in summary(p.variant("v"), p.system(faults=["crash"]).instance(), ()) if i.kind == "fault"]
        for p in (one, two)
    ]
    assert lines == [["on, at most 1 in a run"], ["on, at most 2 in a run"]]


def test_the_counter_is_shown_where_it_counts() -> None:
    p = crashing(2)
    p.declare(reachable("second", taken("crash") & (count_of(p) == 1), "a second crash"))
    report = check(p, faults=["crash"])
    trace = next(f for f in report.findings if f.name == "second").trace
    assert trace is not None
    changes = [[f"{c.place}: {c.before} → {c.after}" for c in s.changed if "count" in c.place] for s in trace.steps]
    assert [c for c in changes if c] == [["crash_count: 0 → 1"], ["crash_count: 1 → 2"]]


def test_lint_and_mutants_leave_the_counter_alone() -> None:
    for at_most in (1, "crashes"):
        assert [str(x) for x in lint(crashing(at_most), faults=["crash"]) if "crash" in x.subject] == []
    judged = mutate(crashing(1), faults=["crash"], actions=["crash"]).judged
    assert [str(j.mutant) for j in judged if "count" in str(j.mutant)] == []
    assert "crash: guard without fetched[w]" in [str(j.mutant) for j in judged]


# Protections ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "change",
    [
        lambda c, fetched: c.guard("crash", both()),
        lambda c, fetched: c.updates("crash", lambda w: update(fetched[w], False)),
        lambda c, fetched: c.outcome("crash", lambda w: outcome("idle", when(~fetched[w]))),
        lambda c, fetched: c.forget("crash", fetched),
    ],
)
@pytest.mark.parametrize("later", [True, False])
def test_protections_cannot_lose_the_count(change: Callable[[Changes, Term], None], later: bool) -> None:
    """Also where a built system is changed."""
    p = crashing(1)
    fetched = p.variables["fetched"].term
    if later:
        system = changed(p.system(faults=["crash"]), lambda c: change(c, fetched))
    else:
        p.protection("other", "something else")(protecting(change, fetched))
        system = p.system(["other"], ["crash"])
    assert most_crashes(system) == 1


def test_changing_a_system_again_adds_nothing_twice() -> None:
    system = crashing(1).system(faults=["crash"])
    again = changed(system, lambda c: c.require("store", both()))
    one, two = system.actions["crash"], again.actions["crash"]
    assert one.when is two.when
    assert [len(o.updates) for o in one.outcomes] == [len(o.updates) for o in two.outcomes] == [2]


def protecting(change: Callable[[Changes, Term], None], fetched: Term) -> Callable[[Changes], None]:
    def protect(c: Changes) -> None:
        change(c, fetched)

    return protect


def test_actions_that_a_protection_adds_count_too() -> None:
    p = crashing(1)
    worker, stored = p.actions["fetch"].parameters[0].sort, p.variables["stored"].term

    @p.protection("worse", "stores are lost too")
    def worse(c: Changes) -> None:
        @c.action(worker, by=worker, fault="crash")  # type: ignore[arg-type]
        def lose(w: Term) -> Step:
            return step(when(stored[w]), update(stored[w], False))

    assert most_crashes(p.system(["worse"], ["crash"])) == 1


def most_crashes(system: System) -> int:
    """How many steps of the fault a run has: the greatest number of them on a way through all states."""
    from planrace.checker.semantics.interpreter import Interpreter

    interpreter = Interpreter(system.instance())
    most = {interpreter.initial(): 0}
    waiting = list(most)
    while waiting:
        s = waiting.pop()
        for move, t in interpreter.moves(s):
            n = most[s] + (move.action.fault == "crash")
            if n > most.get(t, -1):
                assert n < 9, "it happens again and again"
                most[t] = n
                waiting.append(t)
    return max(most.values())


# Errors ----------------------------------------------------------------------------------------------------------
def other_parameter() -> Parameter:
    return Protocol("other").parameter("many", 1, 1, 2)


@pytest.mark.parametrize(
    ("at_most", "message"),
    [
        (lambda p: 0, r"fault crash: with at_most=0 it never happens \(leave it off, or give a number from 1 on\)"),
        (lambda p: True, r"at_most=True is neither a number nor a parameter \(write at_most=2"),
        (lambda p: 1.5, r"at_most=1.5 is neither a number nor a parameter"),
        (lambda p: "crashes", r"at_most='crashes' is neither a number nor a parameter"),
        (lambda p: p.parameter("less", 0, -1, 1), r"at_most=less may be negative \(declare less with low=0\)"),
        (lambda p: other_parameter(), r"fault crash: many is a parameter of another protocol"),
    ],
)
def test_what_is_no_bound_is_refused(at_most: Callable[[Protocol], object], message: str) -> None:
    p = Protocol("p")
    with pytest.raises(DefinitionError, match=message) as problem:
        p.fault("crash", "it crashes", at_most=at_most(p))  # type: ignore[arg-type]
    assert problem.value.where is not None
    assert problem.value.where.file == __file__


def test_the_name_of_the_counter_is_taken() -> None:
    p = Protocol("p")
    p.fault("lock-expiry", "a lock expires", at_most=2)
    assert p.fault_bounds["lock-expiry"].counter.name == "lock_expiry_count"
    with pytest.raises(DefinitionError, match=r"variable lock_expiry_count is declared twice, first at"):
        p.variable("lock_expiry_count", integers(0, 3), 0)
