"""Mistakes of people who write their first protocol: each gets the line and the remedy, and no traceback."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import check
from planrace.checker.cli.main import run
from planrace.checker.results.verdict import Verdict
from planrace.model.language import ModelError, Protocol, Variant, integers, outcome, step, taken, update, when
from planrace.properties import event, fact, invariant, reachable, role, scenario

PROTOCOL = """\
from planrace import *


p = Protocol("deploy", "a pipeline flips a pointer and deletes old releases")
runners = p.parameter("runners", default=2, low=1, high=4, meaning="how many runners")
Runner = index("runner", runners)
Phase = enumeration("phase", "IDLE BUILT")
live = p.variable("live", integers(0, 3), 0, "the release that is live")
phase = p.variable("phase", array(Runner, Phase), Phase.IDLE, "what a runner does")
kept = p.variable("kept", subsets(integers(1, 3)), set(), "releases that exist")


@p.action(Runner, by=Runner)
def build(r):
    return step(
        when(phase[r] == Phase.IDLE, live < 3),
        update(phase[r], Phase.BUILT),
        update(kept, kept | {live + 1}),
        says("builds"),
    )


@p.action(Runner, by=Runner)
def flip(r):
    return step(
        when(phase[r] == Phase.BUILT, live < 3),
        update(live, live + 1),
        update(phase[r], Phase.IDLE),
        says("flips"),
    )


p.declare(
    invariant("live-exists", (live == 0) | live.isin(kept), "the live release exists"),
)
"""

EXISTS = "(live == 0) | live.isin(kept)"
PROPERTY = 'invariant("live-exists", (live == 0) | live.isin(kept), "the live release exists"),'
GUARD = "when(phase[r] == Phase.BUILT, live < 3)"

SLIPS: dict[str, tuple[str, str, str]] = {
    "and": (EXISTS, "(live == 0) or live.isin(kept)", r"m.py:34: a term has no truth value .*use &, \| and ~"),
    "in": (EXISTS, "live in kept", r"m.py:34: .*write x.isin"),
    "precedence": (EXISTS, "live == 0 | live.isin(kept)", r"m.py:34: or: 0 is .*put comparisons in parentheses"),
    "precedence of members": (GUARD, "when(phase[r] == Phase.BUILT & live < 3)", r"m.py:26: .*put comparisons"),
    "misspelt": ("update(live, live", "update(lvie, live", r"m.py:27: .*'lvie' is not defined \(did you mean live"),
    "not imported": (
        "from planrace import *\n",
        "from planrace.model.language import *\n",
        r"invariant' is not defined \(from planrace import invariant",
    ),
    "quoted member": (
        "Phase.BUILT),\n        update(kept",
        "'BUILT'),\n        update(kept",
        r"m.py:17: .*Phase.MEMBER",
    ),
    "a set's method": ("kept | {live + 1}", "kept.add(live + 1)", r"m.py:18: .*a term has no 'add' \(write s \| \{x\}"),
    "quotient": (
        "live + 1),\n        update(phase",
        "live / 2),\n        update(phase",
        r"m.py:27: .*they have no / \(write //, which rounds down",
    ),
    "power": ("live + 1),\n        update(phase", "live**2),\n        update(phase", r"m.py:27: .*no powers"),
    "Python's max": ("live + 1),\n        update(phase", "max(live, 2)),\n        update(phase", r"m.py:27: .*maximum"),
    "divided by zero": ("live + 1),\n        update(phase", "live // 0),\n        update(phase", r"m.py:27: .*by 0"),
    "loop": (EXISTS, "all(phase[r] == Phase.IDLE for r in Runner)", r"m.py:34: .*forall\(sort, lambda"),
    "len": (EXISTS, "len(kept) > 0", r"m.py:34: .*size_of\(s\)"),
    "bare decorator": (
        "@p.action(Runner, by=Runner)\ndef flip",
        "@p.action\ndef flip",
        r"m.py:23: .*write @….action\(",
    ),
    "a function": (EXISTS, "lambda: live == 0", r"m.py:34: .*write the term itself"),
    "no return": (
        "return step(\n        when(phase[r] == Phase.B",
        "step(\n        when(phase[r] == Phase.B",
        r"return step",
    ),
    "a dictionary": ('Phase.IDLE, "what', '{1: Phase.IDLE}, "what', r"m.py:9: .*starts with one value everywhere"),
    "None": (EXISTS, "print(end='')", r"m.py:34: None is .*lack its return"),
    "a list of properties": (PROPERTY, f"[{PROPERTY}]", r"m.py:3\d: declare: a list is not a property"),
    "no such action": (PROPERTY, 'reachable("x", taken("flipp"), "y")', r"property x: .*no action .*did you mean flip"),
    "no such outcome": (PROPERTY, 'reachable("x", taken("flip", "ok"), "y")', r"flip has no outcome 'ok'"),
    "no such parameter": (
        PROPERTY,
        'reachable("x", exists(Runner, lambda w: taken("flip", w=w)), "y")',
        r"flip has no parameter 'w' \(there are: r",
    ),
    "parameter of another sort": (PROPERTY, 'reachable("x", taken("flip", r=live), "y")', r"live is a number.*runner"),
    "parameter outside": (
        "p.declare(\n",
        "@p.action(Runner, by=Runner)\ndef stop(r):\n    global outer\n    outer = r\n    return step()\n"
        'p.declare(invariant("x", phase[outer] == Phase.IDLE, "y"),\n',
        r"property x: r is a parameter of an action",
    ),
    "is None": (
        GUARD,
        "when(phase[r] is None)",
        r"m.py:26: condition: Python has evaluated it to False.*write x == None",
    ),
    "in Python's set": (GUARD, "when(live in {1, 2})", r"m.py:26: .*evaluated it to False.*x.isin\({…}\) for x in {…}"),
    "is not": (EXISTS, "live is not kept", r"m.py:34: property live-exists: Python has evaluated it to True.*x != y"),
    "is, beside a term": (EXISTS, "(live == 0) | (live is None)", r"m.py:34: or: Python has evaluated it to False"),
    "is, in a quantifier": (
        EXISTS,
        "exists(Runner, lambda r: phase[r] is None)",
        r"m.py:34: exists: Python has evaluated",
    ),
    "sizes compared": (EXISTS, "(live == 0).implies(runners == 2)", r"m.py:34: .*n.term == m to compare two sizes"),
    "a string of tags": ("Runner, by=Runner)\ndef flip", "Runner, by=Runner, tags='x')\ndef flip", r"write \['x'\]"),
    "a string of helpers": (
        PROPERTY,
        'recoverable("x", live == 0, "y", helpers="help")',
        r"m.py:34: helpers of x: 'help' is one string, but a list is expected \(write \['help'\]\)",
    ),
    "no such tag": (
        PROPERTY,
        'recoverable("x", live == 0, "y", helpers={"help"})',
        r"m.py:34: property x: no action has the tag 'help' \(write @….action\(…, tags=\[…\]\)\)",
    ),
    "no such tag to leave out": (
        PROPERTY,
        'eventually_always("x", live == 0, "y", without=["help"])',
        r"m.py:34: property x: no action has the tag 'help'",
    ),
    "an empty dictionary": ('set(), "rel', '{}, "rel', r"m.py:10: .*the empty set is set\(\)"),
    "formatted words": (
        'update(phase[r], Phase.IDLE),\n        says("flips")',
        'update(phase[r], Phase.IDLE),\n        says(f"flips {live}")',
        r'm.py:29: .*the text live, not the value .*write says\("… \{x\} …", x=live\), without f',
    ),
    "percent": ('says("flips")', 'says("flips %s" % live)', r"m.py:29: % contains the text live.*x=live\)"),
    "percent and a tuple": ('says("flips")', 'says("%s flips %s" % (r, live))', r"m.py:29: .* contains the text"),
    "percent and repr": ('says("flips")', 'says("flips %r" % live)', r"m.py:29: % contains the text live"),
    "format": ('says("flips")', 'says("flips {}".format(live))', r"m.py:29: .* contains the text live"),
    "text of a term": ('says("flips")', 'says("flips " + str(live))', r"m.py:29: this text contains the text live"),
    "text for words": ('says("flips")', "says(str(r))", r"m.py:29: this text contains the text r"),
    "no text": ('says("flips")', "says(live)", r"m.py:29: says: live is not a text \(write says\("),
    "words without names": ('says("flips")', 'says("flips {}")', r"m.py:29: .*give each value a name: write says\("),
    "a number's format": ('says("flips")', 'says("{x:d}", x=live)', r"m.py:29: the template '{x:d}': .*are text here"),
    "braces": ('says("flips")', 'says("{flips")', r"m.py:29: the template .*write \{\{ and \}\} for braces"),
    "an array in words": ('says("flips")', 'says("{x}", x=phase)', r"m.py:29: says: x=phase is an array.*x=phase\[i\]"),
    "outcomes without a name": (
        'update(phase[r], Phase.IDLE),\n        says("flips"),',
        'outcome(when(live < 2), update(phase[r], Phase.IDLE)), otherwise("x"),',
        r"m.py:28: outcome: when\(…\) is given in place of the name \(write outcome\(name, when\(…\), …\), the name",
    ),
    "the last outcome without a name": (
        'update(phase[r], Phase.IDLE),\n        says("flips"),',
        'outcome("y", when(live < 2)), otherwise(update(phase[r], Phase.IDLE)),',
        r"m.py:28: otherwise: update\(…\) is given in place of the name",
    ),
    "an outcome with an empty name": (
        'says("flips"),',
        'outcome("", when(live < 2)), otherwise("x"),',
        r"m.py:29: outcome: '' is given in place of the name",
    ),
    "two outcomes of one name": (
        'says("flips"),',
        'outcome("x", when(live < 2)),\n        outcome("x", when(live < 1)), otherwise("y"),',
        r"m.py:30: two outcomes of one step are called x, the first at m.py:29 \(rename",
    ),
    "an outcome that is always the first": (
        'says("flips"),',
        'outcome("x", when(live < 2)),\n        otherwise("y"),\n        otherwise("z"),',
        r"m.py:30: the outcome y has no condition, so z never happens \(give it one: outcome\(name, when\(…\), …\); or",
    ),
    "an update for an outcome": (
        PROPERTY + "\n)",
        ')\np.protection("x", "y")(lambda c: c.outcome("flip", lambda r: update(live, 2)))\np = p.variant("z", ["x"])',
        r"m.py:35: protection x: outcome of flip: update\(live, 2\) is not an outcome \(write outcome\(name",
    ),
    "when for a condition": (
        EXISTS,
        "when(live.isin(kept))",
        r"m.py:34: when\(live ∈ kept\) is neither .* \(write the condition itself, without when\(…\): live ∈ kept\)",
    ),
    "a coroutine": ("def flip", "async def flip", r"m.py:23: action flip is a coroutine \(write def, without async\)"),
    "an index that no parameter has": (
        "by=Runner)\ndef flip",
        'by=index("pilot", 2))\ndef flip',
        r"m.py:23: action flip: by=pilot says that a pilot performs it, and no parameter is a pilot \(add the sort of",
    ),
    "a parameter as a word": (
        "by=Runner)\ndef flip",
        "by='r')\ndef flip",
        r"m.py:23: action flip: by='r' is a word, and not the parameter r \(if a runner performs it, write by=",
    ),
    "an index as a word": (
        "by=Runner)\ndef flip",
        "by='Runner')\ndef flip",
        r"m.py:23: by='Runner' is .*write by=Runner,",
    ),
    "a condition beside a step": (GUARD, f"{GUARD}, live == 2", r"m.py:2\d: 'live = 2' is not a part of a step"),
    "a member beside a set": ("kept | {live + 1}", "kept | live", r"m.py:18: .*the set of it alone is \{live\}"),
    "a sum of sets": ("kept | {live + 1}", "kept + {live}", r"m.py:18: .*united by \|, as in s \| \{x\}"),
    "a sum with a member": ("kept | {live + 1}", "kept + live", r"m.py:18: .*united by \|, as in s \| \{x\}"),
    "an element assigned": (GUARD, "phase.__setitem__(r, Phase.IDLE)", r"m.py:26: .*write update\(a\[i\], value\)"),
    "the sort last": (EXISTS, "forall(lambda r: live == 0, Runner)", r"m.py:34: .*the sort comes first: forall\(sort"),
    "two sorts": (
        EXISTS,
        "forall(Runner, Runner, lambda r, s: live == 0)",
        r"m.py:34: forall is over one sort \(nest them: forall\(a, lambda x: forall\(b, lambda y: …\)\)",
    ),
    "no lambda": (
        EXISTS,
        "forall(Runner, live == 0)",
        r"m.py:34: .*is not a function \(write forall\(sort, lambda x: …\)",
    ),
    "lambda of two": (
        EXISTS,
        "forall(Runner, lambda r, s: live == 0)",
        r"m.py:34: forall: .*must take 1 argument \(write forall\(sort, lambda x: …\)\)",
    ),
    "lambda of none": (EXISTS, "exists(Runner, lambda: live == 0)", r"m.py:34: exists: .*must take 1 argument"),
    "a sort for a set": (
        EXISTS,
        "kept == Runner",
        r"the sort runner is neither .*forall\(sort, lambda x: x.isin",
    ),
    "a string of protections": (
        PROPERTY + "\n)",
        ')\np.variant("x", "idempotency-key")',
        r"m.py:35: protections of x: 'idempotency-key' is one string, but a list is expected",
    ),
    "no such protection": (PROPERTY + "\n)", ')\np.variant("x", ["drian"])', r"m.py:35: no protection of deploy is"),
    "no properties": (PROPERTY, "", r"m.py:4: deploy declares no properties"),
    "another protocol's": (
        PROPERTY,
        'invariant("x", Protocol("other").variable("speed", integers(0, 1), 0) == 0, "y")',
        r"property x: speed is not a variable of deploy \(there are: live, phase, kept\)",
    ),
}


REBOUND = {
    "live += 1": r"live \+= 1 is not an update \(write update\(live, live \+ 1\)\)",
    "print(live := 2)": "",
    "live, other = 1, 2; print(other)": "",
    "for live in (1, 2): pass": "",
    "import math as live": "",
    "from math import e as live": "",
    "def live(): pass": "",
    "class live: pass": "",
    "with open('m.py') as live: pass": "",
    "if True:\n        for live in (1, 2): pass": "",
    "try: pass\n    except ValueError as live: pass": "",
    "match 1:\n        case live: pass": "",
    "print([live for live in (1, 2)], (lambda live: live)(1))": None,
}
"""Lines that give the name of a state variable to something else, and what is told; None: it is another name there."""


@pytest.mark.parametrize("line", REBOUND)
def test_the_name_of_a_variable_is_not_given_away(line: str, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "m.py"
    file.write_text(PROTOCOL.replace("def flip(r):\n", f"def flip(r):\n    {line}\n"), encoding="utf-8")
    wanted = REBOUND[line]
    assert run(["list", "-p", f"{file}:p"]) == (0 if wanted is None else 2)
    error = capsys.readouterr().err
    gives = r"this line gives the name of the state variable live to something else \(choose another name\)"
    if wanted is not None:
        assert re.search(rf"m.py:2[56]: action flip: {wanted or gives}", error), error


@pytest.mark.parametrize("name", SLIPS)
def test_slips(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    written, slip, message = SLIPS[name]
    assert PROTOCOL.count(written) == 1
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text(PROTOCOL.replace(written, slip), encoding="utf-8")
    assert run(["-p", "m.py:p"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: m.py:")
    assert "Traceback" not in error
    assert re.search(message, error), error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["m.py:p"], "Name a protocol with -p: check -p m.py:p"),
        (["m.py"], "check -p m.py"),
        (["-p", "m.py"], "write m.py:p)"),
        (["-p", "m"], "write m.py:protocol"),
        (["-p", "m.py:Runner"], "is not a protocol, but of type Index"),
        (["lnt"], "lint"),
    ],
)
def test_slips_on_the_command_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text(PROTOCOL, encoding="utf-8")
    assert run(arguments) == 2
    assert message in capsys.readouterr().err


# What may be spoken of -----------------------------------------------------------------------------------------
def counter() -> tuple[Protocol, Variant]:
    """A counter, and a protection that adds an action, an outcome and a fault that adds one more."""
    protocol = Protocol("counter")
    n = protocol.variable("n", integers(0, 3), 0)
    broken = protocol.fault("crash", "it starts again")

    @protocol.action(by="me")
    def count() -> Any:
        return step(when(n < 3), update(n, n + 1))

    @protocol.action(by="me", fault=broken)
    def crash() -> Any:
        return step(when(n > 0), update(n, 0))

    @protocol.protection("careful", "it may stop")
    def careful(change: Any) -> None:
        change.outcome("count", lambda: outcome("stopped", when(n == 2)))

    protocol.final(n == 3)
    return protocol, protocol.variant("careful-counter", ["careful"])


def test_what_exists_with_others_may_be_spoken_of() -> None:
    """An action of a fault that is off, an outcome of a protection that is off: they are only never taken."""
    protocol, careful = counter()
    for n, term in enumerate((taken("crash"), taken("count", "stopped"), ~taken("crash"))):
        protocol.declare(reachable(f"r{n}", term, "it is taken"))
    verdicts = {f.name: f.verdict for f in check(protocol).findings}
    assert verdicts == {"r0": Verdict.VIOLATED, "r1": Verdict.VIOLATED, "r2": Verdict.HOLDS}
    assert check(careful, faults=["crash"])


def test_an_action_may_be_named_by_itself() -> None:
    protocol, _ = counter()
    assert taken(protocol.actions["count"]) is taken("count")
    with pytest.raises(ModelError, match="None is not an action"):
        taken(None)  # type: ignore[arg-type]


def test_scenarios_speak_of_what_there_is() -> None:
    protocol, _ = counter()
    who = role("who", integers(0, 3))
    protocol.scenario(scenario("story", "it counts", (who,), fact("F1", "it counts", event(taken("cuont")))))
    protocol.declare(reachable("it-counts", taken("count"), "it counts"))
    with pytest.raises(ModelError, match=r"scenario story: .*'cuont' \(did you mean count"):
        protocol.system()


def test_a_report_is_true_only_if_it_holds() -> None:
    protocol, _ = counter()
    n = protocol.system().variables[0].term
    protocol.declare(invariant("small", n < 3, "it stays small"))
    report = check(protocol)
    assert not report
    assert not report.verdict
    assert not Verdict.UNKNOWN
    protocol.properties.clear()
    protocol.declare(invariant("positive", n >= 0, "it is never negative"))
    assert check(protocol)
