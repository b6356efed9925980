"""Modules of TLA+: TLC counts the same states and steps as planrace, and finds the same verdicts, liveness included."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import crosscheck, export_model
from planrace.checker.cli.main import run
from planrace.checker.export import tlc
from planrace.checker.export.peers import PeerError, PeerLimits
from planrace.checker.export.tla import tla
from planrace.checker.export.tla_terms import HANDLERS
from planrace.checker.export.tlc import Tlc, counted_in, error_in, jar
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import names_in
from planrace.model.language import (
    DefinitionError,
    ModelError,
    Op,
    Protocol,
    anything,
    array,
    boolean,
    count,
    each,
    enumeration,
    exists,
    forall,
    index,
    integers,
    least,
    one_of,
    optional,
    otherwise,
    outcome,
    primed,
    step,
    strong,
    subsets,
    such_that,
    sum_of,
    taken,
    update,
    weak,
    when,
)
from planrace.properties import (
    eventually_always,
    infinitely_often,
    invariant,
    leads_to,
    reachable,
    step_invariant,
)
from tests.engines.test_every_protocol import BUILT_IN, EXAMPLES, SMALL
from tests.export.test_promela import exchange, walk
from tests.random_systems.draw import draw
from tests.random_systems.write import load

FEW = Options(max_states=20_000)
LARGE = ("dns_processes",)
GALLERY = [n for f in EXAMPLES if f.stem not in LARGE for n in names_in(str(f))]
LONG = pytest.mark.long("TLC searches the protocols and random systems; Java starts for each")
SEEDS = (7, 26, 40, 63)


@pytest.fixture
def has_tlc() -> None:
    """TLC and Java; CI must have them."""
    try:
        jar()
        missing = None if shutil.which("java") else "java is not installed"
    except PeerError as problem:
        missing = str(problem)
    if missing is not None:
        assert not os.environ.get("CI"), missing
        pytest.skip(missing)


needs_tlc = pytest.mark.usefixtures("has_tlc")


def agrees(subject: Any, sizes: dict[str, int] | None = None, **selection: Any) -> Any:
    found = crosscheck(subject, sizes, peer="tlc", options=FEW, **selection)
    assert found.verdict is Verdict.HOLDS, str(found)
    return found


def test_every_operator_has_a_handler() -> None:
    assert set(Op) - set(HANDLERS) == {Op.ENABLED}  # a guard stands in its place


# TLC agrees --------------------------------------------------------------------------------------------------------
def every_kind() -> Protocol:
    """Each operator, several initial states, words that TLA+ keeps for itself, and steps that change nothing."""
    protocol = Protocol("Next")
    n = protocol.parameter("n", 2, 1, 3, "a size")
    member, slot = index("member", n, symmetric=True), index("slot", n, ordered=True)
    level = integers(-1, 1, "level")
    mode = enumeration("mode", "INIT THEN")
    own = protocol.variable("vars", array(member, optional(member)), None, "whose it is (* or not *)")
    at = protocol.variable("x", array(slot, level), each(slot, lambda s: 0))
    now = protocol.variable("CASE", mode, one_of(mode.INIT, mode.THEN))
    by_mode = protocol.variable("by_mode", array(mode, array(boolean(), subsets(integers(0, 3)))), {1})
    low = protocol.variable("Min", integers(-3, 3), anything)
    protocol.initially(low.isin({-3, 0}) | (now == mode.THEN) & (low == 1))

    @protocol.action(member, subsets(integers(0, 1)), by="somebody", fairness="strong")
    def set_(m: Any, s: Any) -> Any:
        return step(
            when(own[m] == None, exists(member, lambda k: own[k] == None) | (low > 0)),  # noqa: E711
            outcome("a", when(now == mode.INIT), update(own[m], m), update(by_mode[now][low > 0], s | {2})),
            otherwise("b", update(now, mode.INIT), update(by_mode[mode.THEN][True], by_mode[now][False] - s)),
        )

    @protocol.action(member, by="somebody", fairness="none")
    def free(m: Any) -> Any:
        return step(when(own[m] == m), update(own[m], None), update(low, (low * 2 - 1) % 3), update(now, mode.THEN))

    @protocol.action(slot, by="somebody")
    def turn(s: Any) -> Any:
        found = least(level, lambda k: forall(slot, lambda z: (at[z] != k) | (z == s)))
        return step(when(count(slot, lambda z: at[z] == 0) > 1, low // 2 < 1, low % -2 > -2), update(at[s], found))

    spread = sum_of(slot, lambda s: at[s])
    seen = such_that(integers(0, 3), lambda k: exists(mode, lambda m: k.isin(by_mode[m][True])))
    protocol.declare(
        invariant("few", count(member, lambda m: own[m] != None) < 2, "few own"),  # noqa: E711
        invariant("spread", (spread > -2) & (spread < 1) & (seen & {0, 3}).issubset({0, 1, 3}), "it stays"),
        invariant("edge", ~(low < -3) & ~(low <= -4), "its range"),
        step_invariant("down", ~(taken(set_, "b") & (primed(low) > low)), "b keeps it"),
        step_invariant("only-set", taken(set_) | (primed(now) == mode.THEN) | (primed(now) == now), "only set does"),
        step_invariant("no-rest", ~(taken(set_, "b") & (primed(now) == now)), "b goes on"),
        reachable("emptied", taken(free) & (primed(low) == -1), "it happens"),
        leads_to("freed", now == mode.INIT, now == mode.THEN, "it goes on"),
        infinitely_often("zero", low != -3, "it comes back"),
        eventually_always("rests", low == 0, "it rests"),
    )
    protocol.fair(weak(set_, turn))
    return protocol


@needs_tlc
def test_every_operator_and_kind_of_property() -> None:
    assert "Turn(s) => " in str(export_model(every_kind(), "tla"))  # only-set, of each action
    found = agrees(every_kind())
    assert {a.ours for a in found.answers[3:]} == {"holds", "violated"}


@needs_tlc
@pytest.mark.parametrize("name", ["original", pytest.param("fixed", marks=LONG)])
def test_the_dns_protocol(name: str) -> None:
    agrees(name, SMALL, faults=["crash"])


@needs_tlc
@pytest.mark.parametrize("name", [pytest.param(n, marks=LONG) for n in BUILT_IN if n not in ("original", "fixed")])
def test_its_designs(name: str) -> None:
    agrees(name, BUILT_IN[name])


@needs_tlc
@pytest.mark.parametrize("name", [pytest.param(n, marks=LONG) for n in GALLERY if n.endswith(":protocol")])
def test_the_gallery(name: str) -> None:
    agrees(name)


@needs_tlc
@pytest.mark.parametrize("subject", [exchange, pytest.param(lambda: walk(-1), marks=LONG)])
def test_updates_happen_at_once(subject: Callable[[], Protocol]) -> None:
    agrees(subject())


@needs_tlc
@pytest.mark.parametrize("seed", [pytest.param(seed, marks=LONG) for seed in SEEDS])
def test_random_systems(seed: int) -> None:
    d = draw(seed).described
    protections = [name for name, _ in d.protections] if d.protected else []
    try:
        found = crosscheck(load(d), d.values, faults=d.on, with_protections=protections, peer="tlc", options=FEW)
    except (ModelError, DefinitionError):  # it is wrong, or has numbers beyond TLC's
        return
    assert found.verdict is Verdict.HOLDS, str(found)


def idle(kind: str, choice: bool) -> Protocol:
    """A step that may change nothing, and a way out that is open now and then; or a choice of both."""
    protocol = Protocol("idle")
    at = protocol.variable("at", integers(0, 2), 0)

    @protocol.action(by="somebody", fairness="none" if choice else kind)
    def go() -> Any:
        return step(when(at < 2), update(at, at * 2))

    @protocol.action(by="somebody", fairness="none" if choice else "weak")
    def turn() -> Any:
        return step(when(at < 2), update(at, 1 - at))

    protocol.declare(eventually_always("out", at == 2, "it gets out"))
    if choice:
        protocol.fair({"weak": weak, "strong": strong}[kind](go, turn))
    return protocol


@needs_tlc
@pytest.mark.parametrize(
    ("kind", "choice"), [("strong", False), *(pytest.param(k, True, marks=LONG) for k in ("weak", "strong"))]
)
def test_a_step_that_changes_nothing_is_fair(kind: str, choice: bool) -> None:
    assert agrees(idle(kind, choice)).answers[-1].ours == "violated"


# TLC disagrees -----------------------------------------------------------------------------------------------------
def outside(what: str) -> Protocol:
    """Steps that are errors of the model."""
    protocol = Protocol("outside")
    number = integers(0, 2)
    x = protocol.variable("x", number, 0)
    f = protocol.variable("f", array(integers(0, 1), number), 0)

    @protocol.action(by="somebody")
    def act() -> Any:
        updates = {
            "value": (update(x, x + 1),),
            "position": (update(f[x], 1), update(x, (x + 1) % 3)),
            "twice": (update(f[x % 2], 1), update(f[0], 2), update(x, 1)),
        }
        return step(*updates[what])

    return protocol


@needs_tlc
@pytest.mark.parametrize("what", ["position", *(pytest.param(w, marks=LONG) for w in ("value", "twice"))])
def test_what_is_an_error_here_is_no_silence_there(what: str) -> None:
    system = outside(what).system()
    peer = Tlc()
    answers = peer.answers(peer.model(system.instance(), ""), PeerLimits(100))
    assert answers.counts == {"values out of range": 1}
    with pytest.raises(ModelError):
        crosscheck(outside(what), peer="tlc")


@needs_tlc
def test_a_wrong_export_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*given: Any) -> Any:
        made = tla(*given)
        text = made.text.replace("![w] = latest", "![w] = 0")
        assert text != made.text
        return replace(made, text=text)

    monkeypatch.setattr(tlc, "tla", wrong)
    name = str(next(f for f in EXAMPLES if f.stem == "rollout")) + ":protocol"
    found = crosscheck(name, peer="tlc", options=FEW)
    assert {"states", "transitions"} <= {a.question for a in found.answers if a.agrees is False}


def test_a_run_that_was_cut_has_no_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = (
        "Finished computing initial states: 2 distinct states generated at 2026-01-01 00:00:00.\n"
        "1,302 states generated, 17 distinct states found, 0 states left on queue.\n"
    )
    assert counted_in(whole) == {"states": 17, "transitions": 1300, "values out of range": 0}
    for text in (whole.replace(", 0 states", ", 1 states"), ""):
        with pytest.raises(PeerError):
            counted_in(text)
    assert error_in("one\nError: two\nthree\n") == "Error: two three"
    monkeypatch.setenv(tlc.JAR, str(tmp_path / "none.jar"))
    found = crosscheck("register", BUILT_IN["register"], peer="tlc")
    assert (found.verdict, "names no file" in str(found.undecided)) == (Verdict.UNKNOWN, True)


# The text ----------------------------------------------------------------------------------------------------------
def test_the_text_reads_like_the_protocol() -> None:
    found = export_model("original", "tla", {"plans": 3}, faults=["crash"])
    text = str(found)
    for line in (
        "    plans,  \\* generations that the Planner will publish",
        "Plan == 1..plans",
        "    /\\ lock \\in [Endpoint -> Enactor \\cup {None}]",
        "TakeLock(i) ==",
        "    /\\ lock' = [lock EXCEPT ![cursor[i]] = i]",
        "    /\\ trees' = [trees EXCEPT ![cursor[i]] = @ \\cup {plan[i]}]",
        "    \\/ \\E i \\in Enactor : Crash(i)",
        "    /\\ \\A i \\in Enactor : WF_vars(FlipAlias(i))",
        "SpecWithoutFaults == Init /\\ [][NextWithoutFaults]_vars /\\ FairnessWithoutFaults",
        "PlansNeverRegress == [][\\A e \\in Endpoint : alias[e] <= alias'[e]]_vars",
        "ActivePlanNeverDeleted == \\A e \\in Endpoint : alias[e] = 0 \\/ alias[e] \\in trees[e]",
        "\\* It is not stated here: no formula of TLA+ says that something stays possible (AG EF).",
    ):
        assert f"\n{line}\n" in text
    assert "WF_vars(Crash" not in text
    configuration = found.beside[".cfg"]
    assert "\n    Enactor = {enactor1, enactor2, enactor3}\n" in configuration
    assert "\nSYMMETRY Symmetry\n" in configuration
    assert "\nCHECK_DEADLOCK FALSE\n" in configuration
    assert "\nPROPERTIES\n    PlansNeverRegress\n" in configuration
    assert "\nPROPERTIES\n    EndpointsConverge\n" in found.beside[".SpecWithoutFaults.cfg"]
    assert not re.search("^SYMMETRY", found.beside[".SpecWithoutFaults.cfg"], re.MULTILINE)


def test_the_command_writes_the_module_and_its_configurations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "original.tla"
    given = ["export", "-p", "original", "--to", "tla", "-o"]
    assert run([*given, str(place)]) == 0
    assert place.read_text(encoding="ascii").startswith("------")
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {"original.tla", "original.cfg"}
    assert "without automation-recovers" in capsys.readouterr().err
    assert run([*given, str(tmp_path / "other.tla")]) == 2
    assert "original.tla" in capsys.readouterr().err


@pytest.mark.parametrize("bound", [2**31, -(2**31) - 1])
def test_numbers_beyond_those_of_tlc_are_refused(bound: int) -> None:
    protocol = Protocol("wide")
    x = protocol.variable("x", integers(min(bound, 0), max(bound, 0)), 0)

    @protocol.action(by="somebody")
    def act() -> Any:
        return step(update(x, 0))

    with pytest.raises(ModelError, match="beyond the 32 bits") as caught:
        export_model(protocol, "tla")
    assert caught.value.remedy
