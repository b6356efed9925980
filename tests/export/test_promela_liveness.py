"""Liveness in SPIN: its verdicts under fairness, and its lassos as runs of the protocol."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import crosscheck, export_model, import_run, render
from planrace.checker.export.promela_claims import GUESSED
from planrace.checker.results.crosscheck import ComparedKind
from planrace.checker.results.verdict import Verdict
from planrace.model.language import (
    Protocol,
    anything,
    array,
    boolean,
    each,
    forall,
    index,
    integers,
    one_of,
    step,
    strong,
    update,
    weak,
    when,
)
from planrace.properties import eventually, eventually_always, infinitely_often, leads_to
from tests.export.test_promela import needs_spin


def counter(fairness: str = "weak", choice: str = "", *, both: bool = False, many: int = 2) -> Protocol:
    """Clients wait to be served while a door opens and closes, and a counter goes up as long as it is not jammed.
    ``fairness`` is that of serving; ``choice`` is the fairness of the choice of whom to serve. Variables have names
    that claims use."""
    protocol = Protocol("counter")
    client = index("client", many)
    protocol.fault("jam", "the counter is stuck for ever")
    waiting = protocol.variable("owed", array(client, boolean()), each(client, lambda _: False))
    opened = protocol.variable("took", boolean(), anything if both else False)
    served = protocol.variable("accept_0", integers(0, 2), 0)
    jammed = protocol.variable("last_step", boolean(), False)

    @protocol.action(client, by=client, fairness="none")
    def ask(c: Any) -> Any:
        return step(when(~waiting[c]), update(waiting[c], True))

    @protocol.action(client, by="server", fairness=fairness)
    def serve(c: Any) -> Any:
        return step(when(waiting[c], opened), update(waiting[c], False))

    @protocol.action(by="server")
    def turn() -> Any:
        return step(update(opened, ~opened))

    @protocol.action(by="server")
    def count() -> Any:
        return step(when(served < 2, ~jammed), update(served, served + 1))

    @protocol.action(by="somebody", tags=["impatience"])
    def reset() -> Any:
        return step(when(served == 2), update(served, 0))

    @protocol.action(by="environment", fault="jam")
    def jam() -> Any:
        return step(when(~jammed), update(jammed, True))

    if choice:
        protocol.fair((weak if choice == "weak" else strong)(serve))
    protocol.declare(
        forall(client, lambda c: leads_to("served", waiting[c], ~waiting[c], "who waits is served")),
        infinitely_often("opens", opened, "the door opens again and again"),
        eventually_always("stays-open", opened, "it stays open; it does not"),
        eventually("two", served == 2, "two are served"),
        eventually("none", served == 0, "the first state counts"),
        eventually_always("rests", served == 2, "it stays at two; it does not"),
        eventually_always(
            "rests-without", served == 2, "it stays at two, if nobody is impatient", without=["impatience"]
        ),
        eventually("two-despite", served == 2, "two are served in spite of faults", despite_faults=True),
    )
    return protocol


VERDICTS = {
    "served": "violated",  # weak: the door closes again and again
    "opens": "holds",
    "stays-open": "violated",
    "two": "holds",
    "none": "holds",
    "rests": "violated",
    "rests-without": "holds",
    "two-despite": "violated",
}


@needs_spin
@pytest.mark.parametrize(
    ("protocol", "served"),
    [
        (counter(), "violated"),
        (counter("strong", both=True), "holds"),
        (counter("none", "strong", many=1), "holds"),
        (counter("none", "strong"), "violated"),  # always the same one is served
        (counter("none", "weak", many=1), "violated"),
    ],
    ids=["weak", "strong", "strong choice of one", "strong choice", "weak choice"],
)
def test_spin_says_the_same_of_fair_runs(protocol: Protocol, served: str) -> None:
    found = crosscheck(protocol, faults=["jam"])
    assert found.verdict is Verdict.HOLDS, render(found)
    theirs = {a.question: a.theirs for a in found.answers if a.kind is ComparedKind.VERDICT}
    assert theirs == {**VERDICTS, "served": served}


def pairs(fairness: str) -> Protocol:
    """Pairs are picked for ever, from one of two beginnings."""
    protocol = Protocol("pairs")
    numbers = integers(0, 1)
    begun = protocol.variable("begun", integers(0, 2), one_of(1, 2))
    one, two = (protocol.variable(n, numbers, 0) for n in ("one", "two"))

    @protocol.action(numbers, numbers, by="somebody", fairness=fairness)
    def pick(a: Any, b: Any) -> Any:
        return step(update(one, a), update(two, b))

    protocol.declare(
        infinitely_often("each", (one == 1) & (two == 0), "each pair is picked again and again"),
        leads_to("never-zero", begun == 0, (one == 1) & (one == 0), "it does not begin with 0, so nothing is owed"),
    )
    return protocol


@needs_spin
@pytest.mark.parametrize(("fairness", "each_pair"), [("weak", "holds"), ("none", "violated")])
def test_each_instance_has_a_number_of_its_own(fairness: str, each_pair: str) -> None:
    found = crosscheck(pairs(fairness))
    assert found.verdict is Verdict.HOLDS, render(found)
    assert [a.theirs for a in found.answers[-2:]] == [each_pair, "holds"]


@needs_spin
def test_a_run_may_rest() -> None:
    """Nothing else violates the property: the only step is not fair."""
    protocol = Protocol("rest")
    done = protocol.variable("done", boolean(), False)

    @protocol.action(by="somebody", fairness="none")
    def do() -> Any:
        return step(when(~done), update(done, True))

    protocol.declare(eventually("ends", done, "it is done at last; it need not be"))
    found = crosscheck(protocol)
    assert found.verdict is Verdict.HOLDS, render(found)
    assert found.answers[-1].theirs == "violated"


def lasso(protocol: Protocol, switch: str, folder: Path, **selection: Any) -> Path:
    """A trail of SPIN, read by SPIN."""
    (folder / "model.pml").write_text(str(export_model(protocol, "promela", **selection)))
    for command in (
        ["spin", "-a", "-o1", "-o2", "-o3", f"-D{switch}", "model.pml"],
        ["gcc", "-O0", "-w", "-DNOREDUCE", "-o", "pan", "pan.c"],
        ["./pan", "-E", "-a"],
    ):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    said = subprocess.run(
        ["spin", "-t", "-p", f"-D{switch}", "model.pml"], cwd=folder, check=True, capture_output=True, text=True
    )
    (folder / "run.txt").write_text(said.stdout)
    return folder / "run.txt"


@needs_spin
def test_a_lasso_comes_back(tmp_path: Path) -> None:
    """What SPIN prints, and its trail, are fair lassos for the interpreter, too."""
    protocol = counter(both=True)
    printed = lasso(protocol, "CHECK_two_despite", tmp_path, faults=["jam"])
    for place in (printed, tmp_path / "model.pml.trail"):
        found = {f.name: f for f in import_run(protocol, place, faults=["jam"]).findings}
        told = found["two-despite"]
        assert told.verdict is Verdict.VIOLATED
        assert told.trace is not None
        assert told.trace.loop is not None
        assert {f.how for f in told.fairness} <= {"taken", "disabled again and again", "need not be taken"}
        assert "two" not in found  # it is about runs without faults


@needs_spin
def test_a_loop_that_is_not_fair_violates_nothing(tmp_path: Path) -> None:
    """The same text for a protocol with another fairness: SPIN's run is there, and it is not fair."""
    weakly, strongly = counter(), counter("strong")
    printed = lasso(weakly, "CHECK_served_1", tmp_path)
    assert import_run(weakly, printed).findings[0].verdict is Verdict.VIOLATED
    names = [f.name for f in import_run(strongly, printed).findings]
    assert not any(n.startswith("served") for n in names)


def test_too_much_to_guess_is_left_out() -> None:
    summary = export_model(counter("strong", many=GUESSED + 1), "promela")
    assert (
        "Not checked here: served (liveness): it has 5 strongly fair instances, and a claim guesses at most 4"
        in str(summary)
    )
