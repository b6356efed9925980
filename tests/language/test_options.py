"""Options of protocols: the operator, the endless Planner, and how they are chosen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from planrace.checker.api.calls import check
from planrace.checker.cli.main import run
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.options import Options
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.model.language import (
    DefinitionError,
    Instance,
    ModelError,
    Protocol,
    boolean,
    integers,
    one_of,
    record,
    step,
    update,
)
from planrace.model.language.actions import Step
from planrace.properties import invariant
from planrace.properties.dns import fixed, original
from planrace.properties.kinds import Checkable

SMALL = {"enactors": 2, "endpoints": 1, "plans": 4, "keep": 2}


# Choosing --------------------------------------------------------------------------------------------------------
def lamp() -> Protocol:
    """A lamp; with a dimmer it has a level in between."""
    protocol = Protocol("lamp", "a lamp")
    dimmer = protocol.option("dimmer", "how it is switched", "none", "on and off").choice("built-in", "by degrees")
    level = protocol.variable("level", integers(0, 2), 0, "how bright it is")
    known = protocol.variable("known", integers(0, 1), 0, "the dimmer has been used", only=dimmer)

    @protocol.action(by="environment")
    def switch() -> Step:
        return step(update(level, 2 - level))

    @protocol.action(by="environment", only=dimmer)
    def dim() -> Step:
        return step(update(level, 1), update(known, 1))

    @dimmer.change
    def slow(change: Any) -> None:
        change.require("switch", lambda: level != 1)

    protocol.declare(invariant("never-between", level != 1, "it is on or off"))
    return protocol


def test_a_choice_adds_variables_and_actions_and_changes_others() -> None:
    bare = lamp().variant("lamp").system()
    assert ([v.name for v in bare.variables], list(bare.actions), bare.options) == (["level"], ["switch"], ())
    chosen = lamp().variant("lamp").system(options={"dimmer": "built-in"})
    assert ([v.name for v in chosen.variables], list(chosen.actions)) == (["level", "known"], ["switch", "dim"])
    assert chosen.options == (("dimmer", "built-in"),)
    report = check(lamp(), {"dimmer": "built-in"})
    assert report.verdict is Verdict.VIOLATED
    assert report.parameters == {"dimmer": "built-in"}
    assert check(lamp(), {"dimmer": "none"}).verdict is Verdict.HOLDS
    assert check(lamp(), {"dimmer": "none"}).parameters == {}


def test_a_variable_and_an_action_of_one_name_are_two_things() -> None:
    protocol = Protocol("names", "a variable is often called like an action")
    option = protocol.option("more", "what there is", "less", "less")
    more = option.choice("more", "more")
    pair = record("pair", a=boolean(), b=boolean())
    dim = protocol.variable("dim", boolean(), False)
    _ = protocol.variable("lift", pair, one_of(pair(a=False, b=False), pair(a=True, b=True)), "", only=more)
    _ = protocol.variable("drop", boolean(), False, "", only=more)

    @protocol.action(by="somebody", only=more)
    def lift() -> Step:
        return step(update(dim, False))

    @protocol.action(by="somebody")
    def drop() -> Step:
        return step(update(dim, ~dim))

    bare = protocol.system()
    assert ([v.name for v in bare.variables], list(bare.actions), bare.beginnings) == (["dim"], ["drop"], ())
    whole = protocol.system(options={"more": "more"})
    assert [v.name for v in whole.variables] == ["dim", "lift.a", "lift.b", "drop"]
    assert (list(whole.actions), len(whole.beginnings)) == (["lift", "drop"], 1)
    with pytest.raises(DefinitionError, match="variable x: only=less is the default of more"):
        protocol.variable("x", boolean(), False, only=option.choices["less"])


def test_names_are_checked() -> None:
    with pytest.raises(ModelError, match=r"choice of dimmer is called 'builtin'.*did you mean built-in"):
        check(lamp(), {"dimmer": "builtin"})
    with pytest.raises(ModelError, match=r"no parameter or option of lamp is called 'dimer'.*did you mean dimmer"):
        check(lamp(), {"dimer": "built-in"})
    with pytest.raises(ModelError, match="enactors wants a whole number, not 'two'"):
        check(original, {"enactors": "two"})
    protocol = lamp()
    with pytest.raises(DefinitionError, match="option dimmer is declared twice"):
        protocol.option("dimmer", "again", "a", "b")


def test_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    small = [x for n, v in SMALL.items() for x in ("-s", f"{n}={v}")]
    assert run(["-p", "fixed", *small, "-s", "planner=endless", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"] == {**SMALL, "planner": "endless"}
    assert run(["-p", "fixed", *small, "-s", "planner=endles"]) == 2
    assert "did you mean endless?" in capsys.readouterr().err
    assert run(["prove", "-p", "fixed", "-s", "planner=endless"]) == 2
    assert "no proofs for every size with planner=endless" in capsys.readouterr().err
    assert run(["list"]) == 0
    assert "option operator (-s operator=WORD)" in capsys.readouterr().out


# The operator ----------------------------------------------------------------------------------------------------
def test_recovery_with_and_without_an_operator() -> None:
    alone = check(original, SMALL, options=Options(properties=("automation-recovers",)))
    helped = check(original, {**SMALL, "operator": "on"}, options=Options(properties=("automation-recovers",)))
    assert (alone.verdict, helped.verdict) == (Verdict.VIOLATED, Verdict.HOLDS)
    book = helped.findings[0].runbook
    assert book is not None
    assert book.helpless == 0
    assert [i.steps for i in book.interventions] == [("freeze", "install(1)", "unfreeze")]
    healthy = check(fixed, {**SMALL, "operator": "on"}, options=Options(properties=("automation-recovers",)))
    assert healthy.findings[0].runbook is not None
    assert healthy.findings[0].runbook.interventions == ()


GOING_BACK: dict[str, int | str] = {**SMALL, "operator": "rollback"}


def test_one_flip_back_heals_the_name() -> None:
    """After the outage the alias points at a deleted tree, and the rollback record at a newer one that is there."""
    found = check(original, GOING_BACK, options=Options(properties=("automation-recovers",))).findings[0]
    assert found.runbook is not None
    assert [i.steps for i in found.runbook.interventions] == [("rollback_by_hand(1)",)]
    instance = original.system(options={"operator": "rollback"}).instance(**SMALL)
    interpreter, names = Interpreter(instance), [v.name for v in instance.system.variables]
    for s in states(instance):
        for move, t in interpreter.moves(s):
            if move.action.name == "rollback_by_hand":  # never to a tree that is gone
                assert t[names.index("alias")][0] in t[names.index("trees")][0]


def test_the_repair_holds_although_an_operator_goes_back() -> None:
    """To go back is a regress, which only the operator's own steps may be."""
    report = check(fixed, GOING_BACK)
    assert report.verdict is Verdict.HOLDS
    instance = fixed.system(options={"operator": "rollback"}).instance(**SMALL)
    interpreter, back = Interpreter(instance), 0
    at = [v.name for v in instance.system.variables].index("alias")
    for s in states(instance):
        for move, t in interpreter.moves(s):
            lower = any(after < before for before, after in zip(s[at], t[at], strict=True))
            assert not lower or move.action.name == "rollback_by_hand"
            back += lower
    assert back > 0


def test_the_world_stays_in_place_while_frozen() -> None:
    """No step of the automation is enabled, and freezing and unfreezing change nothing else."""
    instance = original.system(["crash"], options={"operator": "on"}).instance(enactors=2, endpoints=1, plans=2)
    interpreter = Interpreter(instance)
    at = [v.name for v in instance.system.variables].index("frozen")
    seen = frozen = 0
    for s in states(instance):
        for move, t in interpreter.moves(s):
            if s[at]:
                frozen += 1
                assert "automation" not in move.action.tags
            if move.action.name in ("freeze", "unfreeze"):
                seen += 1
                assert [x for n, x in enumerate(s) if n != at] == [x for n, x in enumerate(t) if n != at]
    assert seen > 100
    assert frozen > 100


def states(instance: Instance) -> Iterator[State]:
    interpreter = Interpreter(instance)
    found = {interpreter.initial(): None}
    queue = list(found)
    for s in queue:
        yield s
        for _, t in interpreter.moves(s):
            if t not in found:
                found[t] = None
                queue.append(t)


# The endless Planner ---------------------------------------------------------------------------------------------
GENERATIONS = ("latest", "alias", "rollback", "plan", "fence")
SETS = ("empty", "trees", "doomed", "marked")


remembering = original.protocol.variant("remembering", ["fencing-token", "delete-after-grace"])
"""Protections that remember generations of their own."""


def image(instance: Instance, state: State, window: int) -> State:
    """A state of the bounded model in the numbers of the endless one: the newest generation is number ``window``."""
    names = [v.name for v in instance.system.variables]
    shift = window - state[names.index("latest")]
    return tuple(_shifted(name, value, shift) for name, value in zip(names, state, strict=True))


def _shifted(name: str, value: Any, shift: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_shifted(name, v, shift) for v in value)
    if name in SETS:
        return frozenset(g + shift for g in value if g + shift >= 1)
    if name in GENERATIONS and value:
        return value + shift
    return value


def oldest(instance: Instance, state: State) -> int:
    """The oldest generation that something refers to, or a large number."""
    found = [10**6]
    for v, value in zip(instance.system.variables, state, strict=True):
        if v.name in ("alias", "rollback", "plan", "fence"):
            found += [g for g in value if g]
        if v.name == "marked":
            found += value
        if v.name in ("trees", "doomed"):
            found += [g for s in value for g in s]
    return min(found)


@pytest.mark.parametrize(
    ("variant", "faults"),
    [
        (original, []),
        (fixed, []),
        (fixed, ["crash", "lock-expiry"]),
        (fixed, ["bad-plan"]),
        (remembering, []),
        (remembering, ["bad-plan"]),
    ],
    ids=["original", "fixed", "fixed crash lock-expiry", "fixed bad-plan", "remembering", "remembering bad-plan"],
)
def test_it_simulates_the_bounded_planner(variant: Any, faults: list[str]) -> None:
    """Every step of the bounded model whose generations all fit into the window is a step of the endless one, between
    the images of its states and with the same name; where they do not fit, it is publishing that waits."""
    window = 3
    bounded = variant.system(faults).instance(enactors=2, endpoints=1, plans=4, keep=1)
    endless = variant.system(faults, options={"planner": "endless"}).instance(
        enactors=2, endpoints=1, plans=window, keep=1
    )
    one, other = Interpreter(bounded), Interpreter(endless)
    latest = [v.name for v in bounded.system.variables].index("latest")
    assert image(bounded, one.initial(), window) == other.initial()

    def fits(s: State) -> bool:
        return bool(oldest(bounded, s) + window > s[latest])

    matched = waiting = 0
    for s in states(bounded):
        if not fits(s):
            continue
        here = image(bounded, s, window)
        moves = {(m.action.name, m.choice): (m.outcome.name, t) for m, t in other.moves(here)}
        for move, t in one.moves(s):
            known = moves.get((move.action.name, move.choice))
            if not fits(t):
                assert move.action.name.startswith("publish")
                assert known is None
                waiting += 1
                continue
            assert known == (move.outcome.name, image(bounded, t, window))
            matched += 1
    assert matched > 500
    assert waiting > 10


COUNTS = {
    ("original", ()): (2955, 5957),
    ("fixed", ()): (1743, 3460),
    ("fixed", ("crash", "lock-expiry")): (16438, 68381),
}


@pytest.mark.parametrize(("name", "faults"), COUNTS)
def test_no_bound_on_the_number_of_plans(name: str, faults: tuple[str, ...]) -> None:
    """What holds in ``fixed`` holds though the Planner never stops; counts are those of both explorers."""
    variant = {"original": original, "fixed": fixed}[name]
    report = check(variant, {**SMALL, "planner": "endless"}, faults=faults, options=Options(exhaustive=True))
    assert report.exploration is not None
    assert (report.exploration.states, report.exploration.transitions) == COUNTS[name, faults]
    verdicts = {f.name: f.verdict for f in report.findings}
    assert verdicts.pop("cleanup-deletes") is Verdict.HOLDS
    assert set(verdicts) == {
        "active-plan-never-deleted",
        "record-never-empty",
        "plans-never-regress",
        "rollback-target-exists",
        "automation-recovers",
        "endpoints-answer",
    }
    assert set(verdicts.values()) == {Verdict.VIOLATED if name == "original" else Verdict.HOLDS}
    instance = variant.system(faults, options={"planner": "endless"}).instance(**SMALL)
    asked = [p for p in instance.system.properties if isinstance(p, Checkable)]
    _, covered = NativeSearch(instance, asked, exhaustive=True).run()
    assert (covered.states, covered.transitions) == COUNTS[name, faults]
