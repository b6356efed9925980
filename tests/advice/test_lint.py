"""Lint: each kind of finding on a protocol made for it, and none on a correct protocol."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from planrace.checker import find
from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.lint.finding import KINDS, Lint
from planrace.checker.api.calls import lint
from planrace.checker.cli.main import run
from planrace.model.language import (
    Changes,
    If,
    ModelError,
    Protocol,
    Step,
    Term,
    any_outcome,
    array,
    boolean,
    enabled,
    enumeration,
    forall,
    index,
    integers,
    otherwise,
    outcome,
    says,
    step,
    subsets,
    update,
    when,
)
from planrace.properties import invariant, reachable
from tests import ROOT

EXAMPLE = str(ROOT / "examples" / "blue_green.py")
SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
QUICK = SearchBudget(states=2000, native=False)


def light(**wrong: bool) -> Protocol:
    """A traffic light that is correct except for the requested defect."""
    p = Protocol("light")
    colours = enumeration("colour", "RED GREEN")
    seconds = p.parameter("seconds", 3, 2, 9, "how long green lasts")
    broken = p.fault("broken", "it goes dark")
    colour = p.variable("colour", colours, colours.RED)
    clock = p.variable("clock", integers(0, seconds), 0)
    dark = p.variable("dark", boolean(), False)
    if wrong.get("unread"):
        shadow = p.variable("shadow", colours, colours.RED)
    if wrong.get("unwritten"):
        spare = p.variable("spare", boolean(), False)
    if wrong.get("parameter"):
        p.parameter("lamps", 2, 1, 4, "nobody asks")
    if wrong.get("fault"):
        p.fault("flood", "the junction is under water")

    @p.action(by="light")
    def turn() -> Step:
        parts = [update(shadow, colour)] if wrong.get("unread") else []
        guard = [~spare] if wrong.get("unwritten") else []
        return step(
            when(clock == seconds, *guard),
            *parts,
            update(clock, 0),
            outcome("go", when(colour == colours.RED), update(colour, colours.GREEN)),
            *(
                [outcome("again", when(colour == colours.RED, clock > 0), update(colour, colours.RED))]
                if wrong.get("outcome")
                else []
            ),
            otherwise("stop", update(colour, colours.RED)),
        )

    @p.action(by="light")
    def tick() -> Step:
        return step(when(clock < seconds), update(clock, clock + 1))

    @p.action(by="light", fault=broken)
    def fail() -> Step:
        never = [clock == seconds] if wrong.get("guard") else []
        return step(when(~dark, clock < seconds, *never), update(dark, True))

    if wrong.get("unreachable"):

        @p.action(by="light")
        def blink() -> Step:
            return step(when(dark, colour == colours.GREEN, clock > seconds - 1), update(clock, 0))

        del p.actions["fail"], p.faults["broken"]

        @p.action(by="light")
        def mend() -> Step:
            return step(when(dark), update(dark, False))

    @p.protection("guarded", "it does not fail while it is green")
    def guarded(change: object) -> None:
        if not wrong.get("protection"):
            change.require("turn", lambda: ~dark)  # type: ignore[attr-defined]

    p.declare(invariant("dark-is-dark", dark | (clock >= 0), "it says what it shows"))
    if wrong.get("nothing"):
        p.declare(invariant("fine", seconds >= 1, "it lasts"))
    if wrong.get("negated"):
        p.declare(invariant("dim", ~dark.implies(clock >= 0) & (clock >= 0), "when it is not dark, time passes"))
    if wrong.get("negation"):
        p.declare(invariant("dim", (~dark).implies(clock >= 0) & ~(dark & (clock < 0)), "it is right"))
    return p


def kinds(found: tuple[Lint, ...]) -> list[tuple[str, str]]:
    return [(x.kind, x.subject) for x in found]


def test_a_model_without_findings() -> None:
    assert lint(light()) == lint(light(negation=True)) == ()


@pytest.mark.parametrize(
    ("wrong", "kind", "subject"),
    [
        ("unread", "never read", "shadow"),
        ("unwritten", "never written", "spare"),
        ("parameter", "unused parameter", "lamps"),
        ("fault", "unused fault", "flood"),
        ("protection", "unused protection", "guarded"),
        ("nothing", "reads nothing", "fine"),
        ("negated", "negated implication", "dim"),
        ("outcome", "outcome never chosen", "turn [again]"),
        ("guard", "guard never true", "fail"),
    ],
)
def test_exactly_the_defect_is_found(wrong: str, kind: str, subject: str) -> None:
    (found,) = lint(light(**{wrong: True}))
    assert (found.kind, found.subject) == (kind, subject)
    assert found.where is not None
    assert Path(found.where.file).name == "test_lint.py"
    assert found.remedy


def test_places_are_those_of_the_declarations() -> None:
    lines = Path(__file__).read_text().splitlines()
    for wrong, text in [("parameter", '"lamps"'), ("fault", '"flood"'), ("unread", '"shadow"'), ("guard", '"fail"')]:
        (found,) = lint(light(**{wrong: True}))
        assert found.where is not None
        at = "def fail" if wrong == "guard" else text
        assert at in "\n".join(lines[found.where.line - 1 : found.where.line + 1])


def test_a_guard_that_is_false_in_all_reachable_states() -> None:
    found = [x for x in lint(light(unreachable=True)) if x.kind == "guard never true"]
    assert {x.subject for x in found} == {"blink", "mend"}
    assert all("is false in all explored states (all " in x.sentence for x in found)


def test_an_action_that_awaits_a_fault_is_no_finding() -> None:
    def made(awaits: str | None) -> tuple[Lint, ...]:
        p = Protocol("wait")
        late = p.fault("late", "nobody has written what it does")
        at = p.variable("at", integers(0, 1), 0)

        @p.action(by="a")
        def go() -> Step:
            return step(when(at == 0), update(at, 0))

        @p.action(by="a", awaits=awaits)
        def back() -> Step:
            return step(when(at == 1), update(at, 0))

        del late
        return lint(p.system())

    assert kinds(made("late")) == []
    assert kinds(made(None)) == [("guard never true", "back")]


def clerk(
    *, forgets: bool = False, sometimes: bool = False, remembers: bool = False, protected: bool = False
) -> Protocol:
    """Clerks draw tickets and serve them. ``forgets``: they never reset the ticket; ``sometimes``: only sometimes;
    ``remembers``: they keep it on purpose, so that nobody draws the same ticket twice; ``protected``: a protection says
    that."""
    p = Protocol("clerk")
    clerks = index("clerk", p.parameter("clerks", 2, 1, 3), symmetric=True)
    places = enumeration("at", "FREE BUSY")
    at = p.variable("at", array(clerks, places), places.FREE)
    ticket = p.variable("ticket", array(clerks, integers(0, 3)), 0)
    numbers = integers(1, 3)

    @p.action(clerks, numbers, by=clerks)
    def draw(c: Term, n: Term) -> Step:
        rule = [ticket[c] != n] if remembers else []
        return step(when(at[c] == places.FREE, *rule), update(at[c], places.BUSY), update(ticket[c], n))

    if protected:

        @p.protection("another", "nobody draws the same ticket twice")
        def another(change: Changes) -> None:
            change.require("draw", lambda c, n: ticket[c] != n)

    @p.action(clerks, by=clerks)
    def serve(c: Term) -> Step:
        reset = [] if forgets or remembers else [update(ticket[c], 0)]
        return step(when(at[c] == places.BUSY, ticket[c] > 1), update(at[c], places.FREE), *reset)

    @p.action(clerks, by=clerks)
    def refuse(c: Term) -> Step:
        reset = [] if forgets or sometimes or remembers else [update(ticket[c], 0)]
        return step(when(at[c] == places.BUSY, ticket[c] == 1), update(at[c], places.FREE), *reset)

    return p


def test_a_missing_reset() -> None:
    assert lint(clerk()) == ()
    assert lint(clerk(remembers=True)) == ()
    (forgets,) = lint(clerk(forgets=True))
    assert (forgets.kind, forgets.subject) == ("missing reset", "ticket")
    assert "nothing depends on there" in forgets.sentence
    (sometimes,) = lint(clerk(sometimes=True))
    assert (sometimes.kind, sometimes.subject) == ("missing reset", "ticket")
    assert "refuse does not" in sometimes.sentence
    assert lint(clerk(forgets=True, protected=True)) == ()


def count_up(
    grow: Callable[[Term, Term], list[object]], *, final: bool = False, history: bool = False
) -> tuple[Lint, ...]:
    p = Protocol("count")
    declare = p.history if history else p.variable
    number = declare("number", integers(0, 3), 0)
    seen = declare("seen", subsets(integers(0, 3)), set())

    @p.action(by="a")
    def go() -> Step:
        return step(says("{n} {s}", n=number, s=seen), *grow(number, seen))  # type: ignore[arg-type]

    if final:
        p.final(number == 3)
    if history:
        p.declare(invariant("small", (number <= 3) & ~number.isin(seen - {number}), "histories are read"))
    return lint(p)


def test_unbounded_growth() -> None:
    def beyond(n: Term, s: Term) -> list[object]:
        return [update(n, n + 1), update(s, {0})]

    def stays(n: Term, s: Term) -> list[object]:
        return [update(n, If(n < 3, n + 1, n)), update(s, {0})]

    def wraps(n: Term, s: Term) -> list[object]:
        return [update(n, If(n < 3, n + 1, 0)), update(s, {0})]

    def gathers(n: Term, s: Term) -> list[object]:
        return [update(n, If(n < 3, n + 1, 0)), update(s, s | {n})]

    def guarded(n: Term, s: Term) -> list[object]:
        return [when(n < 3), update(n, n + 1), update(s, s | {n})]

    assert [x.subject for x in count_up(wraps)] == []
    assert [x.subject for x in count_up(guarded, final=True)] == []
    for grow, subjects in [(beyond, ["number"]), (stays, ["number"]), (gathers, ["seen"])]:
        found = count_up(grow)
        assert [x.subject for x in found] == subjects
        assert {x.kind for x in found} == {"unbounded growth"}
    assert [x.subject for x in count_up(guarded)] == ["number", "seen"]
    for grow, subjects in [(beyond, ["number"]), (stays, []), (gathers, [])]:
        assert [x.subject for x in count_up(grow, history=True)] == subjects, "a history ends no run, unless it errs"


def factory(*, ends: bool, down: bool = False) -> tuple[Lint, ...]:
    """A number of things are made, counted up or down. That bounds everything except the number of attempts."""
    p = Protocol("factory")
    n = p.parameter("n", 2, 1, 5)
    worker = index("worker", 2)
    made = p.variable("made", integers(0, n), n if down else 0)
    counted, shipped, delivered, tries = (
        p.variable(name, integers(0, n), 0) for name in ("counted", "shipped", "delivered", "tries")
    )
    names = p.variable("names", subsets(integers(1, n)), set())
    of_each = p.variable("of_each", array(worker, integers(0, n)), 0)

    @p.action(worker, integers(1, n), by=worker)
    def make(w: Term, k: Term) -> Step:
        return step(
            when(made > 0 if down else made < n, ~k.isin(names)),
            update(made, made - 1 if down else made + 1),
            update(counted, counted + 1),
            update(names, names | {k}),
            update(of_each[w], of_each[w] + 1),
        )

    @p.action(by="shipper")
    def ship() -> Step:
        return step(when(shipped < counted), update(shipped, shipped + 1))

    @p.action(by="postman")
    def deliver() -> Step:
        return step(when(delivered < shipped), update(delivered, delivered + 1))

    @p.action(by="clerk")
    def retry() -> Step:
        return step(when(made < n, tries < n), update(tries, tries + 1))

    if ends:
        p.final(made == (0 if down else n))
    sums = forall(worker, lambda w: of_each[w] <= counted)
    p.declare(invariant("in-order", (delivered <= shipped) & (tries <= n) & sums & ~(names == set()), "in order"))
    return tuple(x for x in lint(p) if x.kind == "unbounded growth")


@pytest.mark.parametrize("down", [False, True])
def test_what_final_bounds_is_no_unbounded_growth(down: bool) -> None:
    """Variables that are bounded by a counter that ``final`` reads are no finding; one that only grows is."""
    assert [x.subject for x in factory(ends=True, down=down)] == ["tries"]
    grown = ["counted", "shipped", "delivered", "tries", "names", "of_each"]
    assert [x.subject for x in factory(ends=False, down=down)] == ([] if down else ["made"]) + grown


def test_a_value_that_leaves_its_range_without_growth_is_an_error() -> None:
    with pytest.raises(ModelError, match="assigns number the value -1"):
        count_up(lambda n, s: [update(n, n - 1), update(s, {0})])


@pytest.mark.parametrize("name", ["original", "fixed", f"{EXAMPLE}:protocol", f"{EXAMPLE}:fixed"])
def test_no_false_alarm(name: str) -> None:
    assert lint(find(name), SMALL if ":" not in name else None) == ()


def test_the_endless_planner_is_linted_too() -> None:
    assert lint(find("original"), {**SMALL, "planner": "endless"}) == ()


def test_the_command_lint(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "late.py"
    file.write_text(
        "from planrace.model.language import *\np = Protocol('late')\nx = p.variable('x', boolean(), False)\n"
        "y = p.variable('y', boolean(), False)\n@p.action(by='a')\ndef go():\n return step(when(~y), update(x, ~x))\n"
    )
    assert run(["lint", "-p", f"{file}:p"]) == 0
    text = capsys.readouterr().out
    assert "late.py:3: never read: variable x" in " ".join(text.split())
    assert text.endswith("lint of late: 2 findings (exit 0)\n")
    assert run(["lint", "-p", f"{file}:p", "--strict", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "planrace/lint/1"
    assert [(x["kind"], x["line"]) for x in found["findings"]] == [("never read", 3), ("never written", 4)]
    assert {x["kind"] for x in found["findings"]} <= set(KINDS)
    assert run(["lint", "-p", f"{EXAMPLE}:fixed", "--strict"]) == 0
    capsys.readouterr()
    assert run(["lint", "-p", f"{file}:p", "-s", "size=3"]) == 2
    assert "no parameter of late" in capsys.readouterr().err


def chooser(*, protected: bool) -> tuple[Lint, ...]:
    """An outcome that only a protection makes possible."""
    p = Protocol("chooser")
    x = p.variable("x", integers(0, 2), 0)

    @p.action(by="a")
    def go() -> Step:
        return step(outcome("up", when(x >= 0), update(x, If(x < 2, x + 1, 0))), otherwise("down", update(x, 0)))

    if protected:

        @p.protection("careful", "it goes down from the top")
        def careful(change: Changes) -> None:
            change.condition("go", "up", lambda: x < 2)

    return lint(p)


def test_an_outcome_for_a_protection_is_no_finding() -> None:
    assert kinds(chooser(protected=False)) == [("outcome never chosen", "go [down]")]
    assert chooser(protected=True) == ()


def test_what_another_protection_replaces_is_read_without_it() -> None:
    """Declarations are used if any variant uses them: here ``seen`` and the fault are those of one protection, and the
    other one replaces the only condition that reads ``seen``."""
    p = Protocol("replaced")
    number = p.variable("number", integers(0, 2), 0)
    loss = p.fault("loss", "it is forgotten")

    @p.action(by="a")
    def go() -> Step:
        low = outcome("low", when(number < 2), update(number, number + 1))
        return step(any_outcome(low, outcome("high", when(number == 2), update(number, 0))))

    @p.protection("first", "what it has seen decides")
    def first(change: Changes) -> None:
        seen = change.variable("seen", boolean(), False)
        change.condition("go", "low", (number < 2) & ~seen)
        change.also("go", update(seen, True), outcome="high")

        @change.action(by="b", fault=loss)
        def forget() -> Step:
            return step(when(seen), update(number, 0))

    @p.protection("second", "it does not")
    def second(change: Changes) -> None:
        change.condition("go", "low", number < 2)

    p.declare(reachable("forgets", enabled("forget"), "it can be forgotten"))
    assert kinds(lint(p)) == kinds(lint(p.variant("both", ["first", "second"]))) == []
    assert kinds(lint(p.variant("both", ["first", "second"]).system())) == [("never read", "seen")]


def test_sets_of_members_cannot_grow_without_bound() -> None:
    p = Protocol("vote")
    voters = index("voter", 2)
    votes = p.variable("votes", subsets(voters), set())

    @p.action(voters, by=voters)
    def vote(v: Term) -> Step:
        return step(when(~v.isin(votes)), update(votes, votes | {v}))

    assert lint(p) == ()
