"""Code without effect: each such line is refused, or warned about if it may still take effect."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import check
from planrace.checker.cli.main import run
from planrace.model.language import (
    Changes,
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    index,
    integers,
    says,
    step,
    update,
    when,
)
from planrace.model.patterns import unordered
from planrace.properties import invariant

PROTOCOL = """\
from planrace.model.language import *
from planrace.properties import *
p = Protocol("deploy", "a pipeline")
runners = p.parameter("runners", default=2, low=1, high=4, meaning="how many runners")
Runner = index("runner", runners)
n = p.variable("n", integers(0, 3), 0, "releases")
busy = p.variable("busy", array(Runner, boolean()), False, "who works")
def is_free(r) -> Term:
    return ~busy[r]
def is_busy(r):
    return busy[r]
def either_of(r):
    first = busy[r]
    return first, n < 3
def noted(r, seen=[]):
    seen.append(r)
    return busy[r]
class Fleet:
    def free(self, r): return ~busy[r]
fleet = Fleet()
def helping(r):
    return update(busy[r], True)
@p.action(Runner, by=Runner)
def build(r):
    #action
    return step(when(~busy[r]), update(busy[r], True), says("starts"))
@p.action(Runner, by=Runner)
def done(r):
    return step(when(busy[r], n < 3), update(busy[r], False), update(n, n + 1), says("is done"))
@p.protection("careful", "it waits")
def careful(change):
    #protection
    change.require("build", n < 2)
@p.observe("sight")
def sight():
    #observation
    return [(n == 0, says("nothing"))]
#top
p.final(n == 3)
p.declare(invariant("small", n <= 3, "few releases"))
fixed = p.variant("fixed", ["careful"])
"""

HELPING = PROTOCOL[: PROTOCOL.index("    return update(busy[r], True)")].count("\n") + 1
ALONE = r"on a line of its own does nothing"
NOTHING = r"is made here and never used \(hand it to step\(…\)"
LOST: dict[str, str] = {
    "n == 2": rf"n == 2 {ALONE} \(",
    "n < 2": ALONE,
    "~busy[r]": ALONE,
    "n + 1": ALONE,
    "n": ALONE,
    "busy[r]": ALONE,
    "p.final": rf"p.final {ALONE} \(call it: p.final\(…\)",
    "n.isin({1})": ALONE,
    "(n == 1).implies(n == 2)": ALONE,
    "forall(Runner, lambda x: busy[x])": ALONE,
    "If(both(), 1, 2)": ALONE,
    "both(n == 1)": ALONE,
    "is_free(r)": ALONE,
    "n == 1, n == 2": ALONE,
    "is_busy(r)": rf"is_busy\(r\) {ALONE} \(use what it returns, or remove it\)",
    "is_busy(r), len([2])": ALONE,
    "either_of(r)": ALONE,
    "fleet.free(r)": ALONE,
    "same = is_busy; same(r)": ALONE,
    "if True: is_busy(r)": ALONE,
    "def within(): return n == 2\n    within()": ALONE,
    "def within(): n == 2\n    within()": ALONE,
    "[is_busy(x) for x in [r]]": ALONE,
    "[busy[x] for x in [r]]": ALONE,
    "{x: n < x for x in [1, 2]}": ALONE,
    "(update(n, x) for x in [1, 2])": ALONE,
    "[update(n, x) for x in [1, 2]]": NOTHING,
    "free = n == 2\n    free = n == 1\n    print(free)": "free = n == 2 assigns a name that nothing reads",
    "more = update(n, 1)\n    more = update(n, 2)\n    assert more": NOTHING,
    "for x in [1, 2]:\n        more = update(n, x)\n    assert more": (
        r"update\(n, …\) is made here in each turn of a loop, and only the last is used \(collect them"
    ),
    "if True: n == 2": ALONE,
    "for x in [1, 2]: n == x": ALONE,
    "update(n, 1)": rf"update\(n, …\) {NOTHING}",
    "update(n, 1),": NOTHING,
    "[update(n, 1)]": NOTHING,
    "when(n == 1)": rf"when\(…\) {NOTHING}",
    "says('hears')": NOTHING,
    "outcome('late', when(n == 1))": r"outcome late is made here",
    "otherwise('late')": r"otherwise late is made here",
    "step(when(n == 1))": r"hand it to the action: return step",
    "helping(r)": rf"m.py:{HELPING}: .*update\(busy\[r\], …\) {NOTHING}",
    "more = []; more.append(update(n, 1))": NOTHING,
    "n = 2": r"n = 2 gives the name of a state variable .*write update\(n, 2\)",
    "n = 2; m = n; print(m)": r"write update\(n, 2\)",
    "ready = n == 2": r"ready = … assigns a name that nothing reads \(use it in the step",
    "more: Update = update(n, 1)": r"nothing reads",
    "global n\n    n = 2": r"n is a state variable, and this line gives its name to another value",
}
KEPT = [
    '"""What it does."""',
    "_ = n == 2",
    "print('debugging', n)",
    "one, other = update(n, 1), update(n, 2); print(one.where)",
    "chosen = update(n, 1) if runners.default > 2 else None; chosen and print(chosen)",
    "moves = {'up': update(n, 1), 'down': update(n, 0)}; print(len(moves))",
    "def within(): return update(n, 1)",
    "import math",
    "names = {str(r): 1}; assert str(r) in names",
    "more = []; more.append(1)",
    "noted(r)",
    "more = []; more.append(is_busy(r))",
    "more = []; more.extend(map(is_busy, [r]))",
    "more = [r]; more.sort(key=is_busy)",
    "print(is_busy(r))",
    "more = None\n    for x in [1, 2]:\n        more = update(n, x)\n        if x > 1: break\n    print(more)",
    "for x in [1, 2]:\n        if x > 1: more = update(n, x)\n    print(more)",
    "all_ = []\n    for x in [1, 2]:\n        more = update(n, x)\n        all_.append(more)\n    print(all_)",
    "more = update(n, 1)\n    if runners.default > 5:\n        more = update(n, 2)\n    print(more)",
    "free = n == 2\n    free = free & (n == 1)\n    print(free)",
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(place: str, line: str) -> None:
    Path("m.py").write_text(PROTOCOL.replace(f"#{place}", line), encoding="utf-8")


def lost() -> Iterator[tuple[str, str]]:
    """Where each line stands; those with the parameter of the action only there."""
    for line in LOST:
        yield "action", line
        if not re.search(r"\br\b", line):
            yield "protection", line
            yield "observation", line


@pytest.mark.parametrize(("place", "line"), [*lost()])
def test_lines_without_effect_are_refused(place: str, line: str, capsys: Any) -> None:
    written(place, line)
    first = PROTOCOL[: PROTOCOL.index(f"#{place}")].count("\n") + 1
    assert run(["-p", "m.py:fixed"]) == 2
    error = capsys.readouterr().err
    assert re.match(rf"Error: m.py:({first}|{first + 1}|{HELPING}): {place}", error), error
    assert "Traceback" not in error
    if place == "action":
        assert re.search(LOST[line], error), error


@pytest.mark.parametrize(
    ("place", "line"),
    [*(("action", k) for k in KEPT), *(("protection", k) for k in KEPT if not re.search(r"\br\b", k))],
)
def test_what_python_may_mean_is_left_alone(place: str, line: str, capsys: Any) -> None:
    written(place, line)
    assert run(["-p", "m.py:fixed"]) == 0, capsys.readouterr().err


def test_a_profiler_of_the_user_goes_on() -> None:
    """Python allows one profiler, so then only the source text is checked."""
    heard: list[str] = []
    written("action", "is_busy(r)")
    sys.setprofile(lambda frame, event, _: heard.append(frame.f_code.co_name) if event == "call" else None)
    try:
        code = run(["list", "-p", "m.py:p"])
        still = sys.getprofile()
    finally:
        sys.setprofile(None)
    assert code == 0
    assert still is not None
    assert "is_busy" in heard


def test_helpers_may_make_more_than_is_used() -> None:
    """A function beside the action may offer several updates, of which the action takes some; terms are shared."""
    protocol = Protocol("helped")
    n = protocol.variable("n", integers(0, 3), 0)
    worker = index("worker", 2)
    box = unordered(protocol, "box", integers(0, 1, "letter"))
    common = update(n, 1)

    def both_ways() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(2):
            found.setdefault("up", update(n, 1))
        return {**found, "down": update(n, 0), "other": box.sending(1)}

    @protocol.action(by="me")
    def up() -> Step:
        is_small = n == 0
        assert is_small is (n == 0)
        return step(when(n == 0), both_ways()["up"])

    @protocol.action(worker, by="me")
    def down(w: Term) -> Step:
        assert w is not None
        shift = box.receiving(1) if w is None else box.sending(1)
        return step(when(n == 0, n == 0), common, *shift)

    @protocol.action(by="me")
    def more() -> Step:
        parts = [update(n, 2)]
        parts.append(box.sending(0))
        return step(when(n == 1), parts, says("goes on"))

    assert len(protocol.system().actions) == 3


def test_patterns_on_a_line_of_their_own() -> None:
    protocol = Protocol("lost")
    n = protocol.variable("n", integers(0, 1), 0)
    box = unordered(protocol, "box", integers(0, 1, "letter"))

    def send() -> Step:
        box.sending(1)
        return step(when(n == 0))

    def wait() -> Step:
        box.carries(1)
        return step(when(n == 0))

    with pytest.raises(ModelError, match=r"test_forgotten.py:\d+: action send: what changes box is made here"):
        protocol.action(by="me")(send)
    with pytest.raises(ModelError, match=r"action wait: box.carries\(1\) on a line of its own does nothing"):
        protocol.action(by="me")(wait)


LINE = PROTOCOL[: PROTOCOL.index("#top")].count("\n") + 1
TOP: dict[str, tuple[int, str]] = {
    "n == 2": (2, r"Error: m.py:{line}: n == 2 on a line of its own does nothing"),
    "p.final": (2, r"m.py:{line}: p.final on a line of its own"),
    "forall(Runner, lambda r: busy[r])": (2, r"m.py:{line}: .* on a line of its own"),
    "p.variant('x')": (2, r"give it a name"),
    "p.action(by='me')\ndef go(): return step()": (
        2,
        r"m.py:{line}: deploy.action\(…\) decorates no function, .*put @",
    ),
    "p.protection('x', 'y')": (2, r"m.py:{line}: deploy.protection\('x', …\) decorates no function"),
    "p.observe('x')": (2, r"m.py:{line}: deploy.observe\('x'\) decorates no function"),
    "@p.observe\ndef seen(): return []": (2, r"m.py:{line}: an observation needs a title"),
    "p.final(n == 2)": (2, r"m.py:{after}: final states of deploy are declared twice, first at m.py:{line}"),
    "p.argue(lemma('x', n < 4, 'y'))": (2, r"m.py:{line}: argue: a lemma is not a proof"),
    "p.declare(scenario('x', 'y', ()))": (2, r"m.py:{line}: declare: a Scenario is not a property"),
    "p.scenario(reachable('x', n == 3, 'y'))": (2, r"m.py:{line}: scenario: a reachability is not a scenario"),
    "@p.action(3, by='x')\ndef go(x): return step()": (
        2,
        r"m.py:{line}: an action takes sorts, and 3 is not one",
    ),
    "p.variable('unnamed', boolean(), False)": (0, ""),
    "1 + 1": (0, ""),
    "'text'": (0, ""),
    "p.name": (2, r"p.name on a line of its own"),
}


@pytest.mark.parametrize("line", TOP)
def test_lines_outside_of_functions(line: str, capsys: Any) -> None:
    code, message = TOP[line]
    written("top", line)
    assert run(["-p", "m.py:p"]) == code
    error = capsys.readouterr().err
    message = message.replace("{line}", str(LINE)).replace("{after}", str(LINE + 1))
    assert re.search(message, error), error


UNDECLARED = {
    "invariant('lost', n < 3, 'y')": "property lost: was made at m.py:{line}",
    "lost = reachable('lost', n == 3, 'y')": "property lost: was made at m.py:{line}",
    "x = recoverable('lost', n == 3, 'y', helpers=['x'])": "property lost: was made at m.py:{line}",
    "x = leads_to('lost', n == 1, n == 3, 'y')": "property lost: was made at m.py:{line}",
    "lemma('lost', n < 4, 'y')": (
        r"lemma lost: was made at m.py:{line} and is not part of the protocol: hand it to proof([…])"
    ),
    "proof([lemma('lost', n < 4, 'y')])": "a proof: was made at m.py:{line}",
    "fact('F', 'y', event(n == 1))": "fact F: was made at m.py:{line}",
    "event(n == 1)": "an event: was made at m.py:{line}",
    "scenario('S', 'y', (), fact('F', 'y', event(n == 1)))": "scenario S: was made at m.py:{line}",
    "update(n, 1)": "update(n, …): was made at m.py:{line}",
    "says('x')": "says('x'): was made at m.py:{line}",
}


@pytest.mark.parametrize("line", UNDECLARED)
@pytest.mark.parametrize("command", [[], ["prove"]])
def test_what_is_declared_nowhere_is_warned_of(command: list[str], line: str, capsys: Any) -> None:
    """By searches and by proofs; a warning does not change the verdict, unless ``--strict`` is given."""
    written("top", line)
    assert run([*command, "-p", "m.py:p"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert UNDECLARED[line].format(line=LINE) in told
    if not command:
        assert run(["-p", "m.py:p", "--strict"]) == 1


@pytest.mark.parametrize("line", UNDECLARED)
def test_lint_reports_what_is_declared_nowhere(line: str, capsys: Any) -> None:
    written("top", line)
    told = UNDECLARED[line].format(line=LINE).partition(" and is ")[0]
    what, where = told.split(": was made at ")
    assert run(["lint", "-p", "m.py:p"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"{where}: not declared: {what} is not part of the protocol (hand it to " in text
    assert run(["lint", "-p", "m.py:p", "--strict", "--format", "json"]) == 1
    assert '"kind": "not declared"' in capsys.readouterr().out


def test_what_is_declared_somewhere_is_not(capsys: Any) -> None:
    """Declared with the protocol, with a variant, or for a choice; what belongs to another protocol is not this one's
    concern."""
    lines = """\
o = p.option("way", "how", "up", "up")
c = o.choice("down", "down")
a = p.variant("a").declaring([invariant("mine", n < 9, "y")], [scenario("S", "y", (), fact("F", "y", event(n == 1)))])
b = a.where(c, [reachable("yours", n == 1, "y")])
q = Protocol("other")
speed = q.variable("speed", integers(0, 1), 0)
invariant("of another", speed < 2, "y")
p.argue(proof([lemma("l", n < 4, "y")]))
shared = update(n, 0)
"""
    written("top", lines)
    assert run(["-p", "m.py:p", "--strict"]) == 0, capsys.readouterr().out
    run(["lint", "-p", "m.py:p"])
    assert "not declared" not in capsys.readouterr().out


def test_twice_the_same_line() -> None:
    """A function that makes a protocol may run again and again: what it declared once it declares always."""

    def make(declares: bool) -> Protocol:
        protocol = Protocol("made")
        x = protocol.variable("x", integers(0, 1), 0)

        @protocol.action(by="me")
        def go() -> Step:
            return step(when(x == 0), update(x, 1))

        protocol.final(x == 1)
        protocol.declare(invariant("first", x < 2, "y"))
        second = invariant("second", x < 2, "y")
        if declares:
            protocol.declare(second)
        return protocol

    kinds = [[w.subject for w in check(make(d)).warnings] for d in (True, False, True)]
    assert kinds == [[], ["property second"], []]


# Changes ----------------------------------------------------------------------------------------------------------
def changed(change: Any) -> Any:
    protocol = Protocol("changed")
    worker = index("worker", 2)
    n = protocol.variable("n", array(worker, integers(0, 1)), 0)

    @protocol.action(worker, by=worker)
    def go(w: Term) -> Step:
        return step(when(n[w] == 0), update(n[w], 1), says("goes"))

    protocol.protection("other", "it is another")(lambda c: change(c, n))
    return protocol.system(["other"]).actions["go"]


def test_words_of_a_change_may_use_parameters() -> None:
    def by_function(change: Changes, n: Term) -> None:
        change.updates("go", lambda w: update(n[w], 0), words=lambda w: says("{w} stays", w=w))

    def among_updates(change: Changes, n: Term) -> None:
        change.updates("go", lambda w: [update(n[w], 0), says("{w} stays", w=w)])

    def plain(change: Changes, n: Term) -> None:
        change.updates("go", lambda w: update(n[w], 0), words=says("stays"))

    assert changed(by_function).says.template == "{w} stays"
    assert changed(among_updates).says.template == "{w} stays"
    assert changed(plain).says.template == "stays"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"words": "stays"}, r"words of go: 'stays' is not says\(…\) \(write change.updates\(.*words=lambda w: says"),
        ({"words": lambda w: "stays"}, r"words of go: 'stays' is not says"),
        ({"words": lambda: says("x")}, r"words of go: the function must take 1 argument"),
    ],
)
def test_wrong_arguments_of_updates_are_refused(more: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        changed(lambda change, n: change.updates("go", lambda w: update(n[w], 0), **more))


def test_a_change_of_updates_takes_updates() -> None:
    with pytest.raises(ModelError, match=r"updates of go: when\(…\) is not an update \(conditions are changed by"):
        changed(lambda change, n: change.updates("go", lambda w: [update(n[w], 0), when(n[w] == 0)]))
