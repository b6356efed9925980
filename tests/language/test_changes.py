"""Protections: what they can do, the mistakes of their authors, and that they change only one system."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import Options, check, matrix, render
from planrace.checker.cli.main import run
from planrace.checker.run.listing import Listing, listed
from planrace.model.language import (
    Changes,
    DefinitionError,
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    changed,
    either,
    enumeration,
    index,
    integers,
    otherwise,
    outcome,
    says,
    step,
    taken,
    update,
    when,
)
from planrace.properties import invariant, reachable

pytest_plugins = ["pytester"]

PROTOCOL = """\
from planrace.model.language import *
from planrace.properties import *

p = Protocol("vault", "keys are dropped and counted")
Doing = enumeration("doing", "IDLE DONE")
Key = index("key", 2)
keys = p.variable("keys", subsets(Key), set())
doing = p.variable("doing", Doing, Doing.IDLE)
closed = p.variable("closed", boolean(), False)


@p.action(by="me")
def drop():
    return step(when(doing == Doing.IDLE), update(doing, Doing.DONE))


@p.action(Key, by="me")
def take(k):
    return step(when(~k.isin(keys)), update(keys, keys | {k}))


@p.protection("careful", "nothing is dropped while a key is out")
def careful(change):
    change.require("drop", lambda: keys == set())


p.final(both())
p.declare(invariant("closed-is-done", closed.implies(doing == Doing.DONE), "what is closed is done"))
"""

WRITTEN = 'change.require("drop", lambda: keys == set())'
SLIPS: dict[str, tuple[str, str]] = {
    "no function": (
        'change.require("drop", "keys")',
        r"'keys' is not a function \(write change.require\(\"drop\", lambda:",
    ),
    "a string of a value": (
        'change.value("drop", doing, "x")',
        r"write change.value\(\"drop\", doing, lambda assigned: …",
    ),
    "a value of no such outcome": (
        'change.value("drop", doing, Doing.DONE, outcome="x")',
        r"drop has no outcome x",
    ),
    "words that are no words": (
        'change.words("take", "takes it")',
        r"words of take: 'takes it' is not says\(…\) .*change.words",
    ),
    "words of no such outcome": ('change.words("take", says("x"), outcome="x")', "take has no outcome x"),
    "too many arguments": (
        'change.require("drop", lambda k: keys == set())',
        r"must take no argument \(write .*lambda: …",
    ),
    "too few arguments": (
        'change.require("take", lambda: closed)',
        r"must take 1 argument \(write .*\"take\", lambda k: …",
    ),
    "too few of an outcome": (
        'change.outcome("take", lambda: outcome("x", when(closed)))',
        r"write change.outcome\(\"take\", lambda k: outcome\(…\)\)",
    ),
    "step for outcome": (
        'change.outcome("drop", lambda: step(when(closed)))',
        r"a step is not an outcome \(write outcome\(",
    ),
    "step for outcome, plain": (
        'change.outcome("drop", step(when(closed)))',
        r"a step is not an outcome \(write outcome\(",
    ),
    "no outcome": ('change.outcome("drop", lambda: None)', r"nothing is not an outcome \(write outcome\("),
    "no condition": ('change.outcome("drop", outcome("x"))', r"has no condition, so no other would ever happen"),
    "misspelt method": ('change.forgett("drop", doing)', r"a change has no 'forgett' \(did you mean forget"),
    "misspelt outcome": ('change.outcom("drop", 1)', r"a change has no 'outcom' \(did you mean outcome"),
    "add": ('change.add(by="migrator")', r"a change has no 'add' \(write @change.action\("),
    "no action": ("change.require(doing, closed)", "doing is not an action .*change.require"),
    "not an ending": ('change.condition("drop", "x", closed)', "drop has no outcome x"),
    "misspelt action": ('change.require("dorp", closed)', r"there is no action dorp \(did you mean drop"),
    "a name": (
        'change.require("drop", lambda: kyes == set())',
        r"NameError: name 'kyes' is not defined \(did you mean keys",
    ),
    "a member": ('change.require("drop", lambda: doing == Doing.IDEL)', r"AttributeError: doing has no member IDEL"),
    "a method": ('change.require("take", lambda k: k.is_in(keys))', r"a term has no 'is_in' \(did you mean isin\?\)"),
    "Python's assignment": ("doing += 1", r"doing \+= 1 is not an update \(write update\(doing, doing \+ 1\)\)"),
    "its own division": ("1 / 0", r"protection careful fails: ZeroDivisionError"),
    "is": ('change.require("drop", lambda: doing is None)', r"Python has evaluated it to False.*write x == None"),
    "not assigned": ('change.forget("take", doing)', r"take does not assign doing \(it assigns keys\)"),
    "not a variable": ('change.forget("take", "keys")', r"'keys' is not a variable"),
    "an action of the protocol": (
        '@p.action(by="me")\n    def shut(): return step(update(closed, True))',
        r"declares action shut in vault itself, for all its variants \(write @change.action",
    ),
    "a variable of the protocol": ('p.variable("x", boolean(), False)', r"write x = change.variable\("),
    "a property": ('p.declare(invariant("x", closed, "y"))', r"declares properties in vault itself.*outside"),
    "an action that is there": (
        '@change.action(by="me")\n    def drop(): return step(update(closed, True))',
        r"there is an action drop already",
    ),
    "a variable that is there": ('change.variable("keys", boolean(), False)', r"there is a variable keys already"),
    "nobody": ("@change.action()\n    def shut(): return step()", r"who performs it"),
    "an unknown fault": (
        '@change.action(by="me", fault="rain")\n    def shut(): return step()',
        "'rain' is not declared",
    ),
}


@pytest.mark.parametrize(
    ("name", "command"),
    [*((name, "") for name in SLIPS), ("a name", "prove"), ("a name", "lint"), ("a name", "forecast")],
)
def test_slips_in_a_protection(
    name: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slip, message = SLIPS[name]
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text(PROTOCOL.replace(WRITTEN, slip), encoding="utf-8")
    assert run([*command.split(), "-p", "m.py:p", "--with", "careful"]) == 2
    error = capsys.readouterr().err
    assert re.match(r"Error: m\.py:2[3-5]: ", error), error
    assert "Traceback" not in error
    assert re.search(message, error), error


def test_slips_are_reported_by_pytest_in_a_sentence(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(m=PROTOCOL.replace(WRITTEN, 'change.require("drop", lambda: kyes == set())'))
    pytester.makepyfile(
        "from m import p\n\ndef test_it(model_check):\n    model_check(p.variant('safe', ['careful']))\n"
    )
    pytester.syspathinsert()
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    out = result.stdout.str()
    assert "m.py:24: protection careful fails: NameError: name 'kyes' is not defined (did you mean keys" in out
    assert "Traceback" not in out
    assert "mistakes.py" not in out


def test_a_protection_takes_what_it_changes() -> None:
    p = Protocol("p")
    with pytest.raises(DefinitionError, match=r"protection x: shut must take .*write def shut\(change\)") as problem:

        @p.protection("x", "y")  # type: ignore[arg-type]
        def shut() -> None: ...

    assert problem.value.where is not None
    assert problem.value.where.file == __file__


# What changes, and what does not -----------------------------------------------------------------------------------
def lamp() -> Protocol:
    """A lamp that is switched on and off, and a protection that adds a fuse."""
    p = Protocol("lamp")
    on = p.variable("on", boolean(), False)
    storm = p.fault("storm", "lightning strikes")

    @p.action(by="somebody")
    def switch() -> Step:
        return step(update(on, ~on))

    @p.protection("fuse", "somebody can take the current away")
    def fuse(change: Changes) -> None:
        blown = change.variable("blown", boolean(), False, "there is no current")

        @change.action(by="electrician", fairness="none", tags=["manual"])
        def blow() -> Step:
            return step(when(~blown), update(blown, True), update(on, False))

        @change.action(by="weather", fault=storm)
        def strike() -> Step:
            return step(when(~blown), update(blown, True))

        change.require("switch", ~blown)

    p.final(~on)
    p.declare(reachable("on", on, "there is light"), reachable("blown", taken("blow"), "somebody works at it"))
    return p


def states(p: Protocol, **more: Any) -> int:
    exploration = check(p, options=Options(slicing=False), **more).exploration
    assert exploration is not None
    return exploration.states


def test_what_a_protection_adds_is_of_its_system_only() -> None:
    """Whatever was built before: twice the same variant, then the protocol without it."""
    p = lamp()
    variant = p.variant("lamp-with-fuse", ["fuse"])
    for _ in range(2):
        assert set(variant.system().actions) == {"switch", "blow"}
        assert [v.name for v in variant.system().variables] == ["on", "blown"]
        assert set(variant.system(["storm"]).actions) == {"switch", "blow", "strike"}
        assert set(p.system().actions) == set(p.actions) == {"switch"}
        assert [v.name for v in p.system().variables] == ["on"]
        assert (states(p), states(p, with_protections=["fuse"])) == (2, 3)
    system = variant.system()
    assert (system.actions["blow"].fairness, *system.actions["blow"].tags) == ("none", "manual")
    assert system.actions["blow"].where is not None


def test_after_a_protection_that_fails_declarations_are_open_again() -> None:
    p = lamp()

    @p.protection("wrong", "it fails")
    def wrong(change: Changes) -> None:
        raise LookupError("nothing")

    with pytest.raises(ModelError, match="protection wrong fails: LookupError: nothing"):
        p.system(["wrong"])
    p.variable("later", boolean(), False)


def test_what_does_not_depend_on_parameters_needs_no_function() -> None:
    p = Protocol("p")
    who = index("who", 2)
    n, kind = p.variable("n", integers(0, 3), 0), enumeration("kind", "A B")
    last = p.variable("last", kind, kind.A)

    @p.action(who, by=who)
    def act(w: Term) -> Step:
        return step(update(n, n + 1), update(last, kind.A), otherwise("done"))

    def plain(change: Changes) -> None:
        change.require("act", n < 3)
        change.value("act", n, 2)
        change.outcome("act", outcome("idle", when(n == 2), update(last, kind.B)))

    def functions(change: Changes) -> None:
        change.require("act", lambda w: n < 3)
        change.value(act, n, lambda assigned, w: 2)
        change.outcome("act", lambda w: outcome("idle", when(n == 2), update(last, kind.B)))

    a, b = (changed(p.system(), c).actions["act"] for c in (plain, functions))
    assert a.guard is b.guard
    pieces = [[(o.name, o.condition, *((u.target, u.value) for u in o.updates)) for o in x.outcomes] for x in (a, b)]
    assert repr(pieces[0]) == repr(pieces[1])


def test_an_outcome_that_is_added_does_what_it_says() -> None:
    """Updates that the action's own outcomes share are not added to it; the tellers of the cookbook depend on that."""
    p = Protocol("p")
    n, m = p.variable("n", integers(0, 3), 0), p.variable("m", integers(0, 3), 0)

    @p.action(by="me")
    def act() -> Step:
        return step(update(n, 1), outcome("a", when(n == 0)), otherwise("b", update(m, 1)))

    system = changed(p.system(), lambda change: change.outcome("act", outcome("c", when(m == 1), update(m, 2))))
    assert [[str(u.target) for u in o.updates] for o in system.actions["act"].outcomes] == [["m"], ["n"], ["n", "m"]]
    p.declare(invariant("small", n < 3, "small"))
    assert check(p)


def test_values_and_words_of_one_outcome() -> None:
    """Of several outcomes, also of the same name, those of the name change, and no other."""
    p = Protocol("lamp", "it is switched")
    on = p.variable("on", integers(0, 3), 0)

    @p.action(by="me")
    def press() -> Step:
        return step(
            outcome("more", when(on < 1), update(on, on + 1), says("brighter")),
            otherwise("off", update(on, 0), says("dark")),
        )

    @p.protection("dim", "it gets dark in steps")
    def dim(change: Changes) -> None:
        change.outcome("press", outcome("more", when(on == 1), update(on, 2), says("brighter")))
        change.value("press", on, lambda old: old + 1, outcome="more")
        change.words("press", says("is off"), outcome="off")

    @p.protection("told", "all is told alike")
    def told(change: Changes) -> None:
        change.words("press", lambda: says("is pressed"))

    p.declare(reachable("dark", taken("press", outcome="off"), "it can be dark"))
    plain, dimmed = (p.system(some).actions["press"] for some in ([], ["dim"]))
    assert [[str(u.value) for u in o.updates] for o in dimmed.outcomes] == [["2 + 1"], ["(on + 1) + 1"], ["0"]]
    words = [[o.says.template for o in a.outcomes if o.says is not None] for a in (plain, dimmed)]
    assert words == [["brighter", "dark"], ["brighter", "brighter", "is off"]]
    alone = p.system(["told"]).actions["press"]
    assert (alone.says is not None, alone.outcomes) == (True, plain.outcomes)

    def unassigned(change: Changes) -> None:
        change.outcome("press", outcome("idle", when(on == 3)))
        change.value("press", on, 1, outcome="idle")

    with pytest.raises(DefinitionError, match="press does not assign on"):
        changed(p.system(), unassigned)


def test_a_plausible_protection_is_listed_apart_with_its_argument() -> None:
    p = Protocol("safe", "it is opened")
    x = p.variable("x", boolean(), False)

    @p.action(by="me")
    def act() -> Step:
        return step(update(x, True))

    @p.protection("never", "nobody opens it")
    def never(change: Changes) -> None:
        change.require("act", either())

    @p.protection("hope", "it is not opened twice", plausible=True)
    def hope(change: Changes) -> None:
        """Who has opened it

        is content."""
        change.require("act", ~x)

    p.declare(invariant("shut", ~x, "it stays shut"))
    assert [(q.plausible, q.argument) for q in p.protections.values()] == [
        (False, ""),
        (True, "Who has opened it is content."),
    ]
    assert matrix(p).protections == ("never",)
    lines = render(Listing((listed(p.variant("safe")),), {})).splitlines()
    assert lines.index("    hope  off it is not opened twice") > lines.index(
        "  plausible protections, which may not suffice (--with, check matrix)"
    )


def test_updates_may_speak_of_parameters() -> None:
    p = Protocol("p")
    who = index("who", 2)
    last = p.variable("last", array(who, boolean()), False)

    @p.action(who, by=who)
    def act(w: Term) -> Step:
        return step(update(last[w], False))

    system = changed(p.system(), lambda change: change.updates(act, lambda w: update(last[w], True)))
    (made,) = system.actions["act"].outcomes[0].updates
    assert repr(made.value) == "true"


def test_the_change_of_an_option_is_reported_like_a_protection() -> None:
    p = lamp()
    dim = p.option("light", "how bright it is", "bright", "as it should be").choice("dim", "it is saved")

    @dim.change
    def dimmed(change: Changes) -> None:
        change.forgett("switch")  # type: ignore[attr-defined]

    with pytest.raises(ModelError, match=r"light=dim fails: AttributeError: .*did you mean forget") as problem:
        p.system(options={"light": "dim"})
    assert problem.value.where is not None
    assert problem.value.where.file == __file__
    with pytest.raises(DefinitionError, match="light=dim: <lambda> must take what it changes"):
        dim.change(lambda: None)  # type: ignore[arg-type, misc]


def test_names_with_braces_are_no_templates() -> None:
    """Names of actions, outcomes and protections stand in the forms that errors show."""
    p = Protocol("braces")
    x = p.variable("x", boolean(), False)

    def act() -> Step:
        return step(outcome("{n}", when(x)), otherwise("{}", update(x, True)))

    act.__name__ = "act"
    p.action(by="somebody")(act)
    p.protection("{p}", "never")(lambda change: change.condition("act", "{n}", lambda: ~x))
    p.declare(invariant("any", x | ~x, "drawn"))
    assert str(p.variant("v", protections=["{p}"]).system().actions["act"].outcomes[0].condition) == "¬x"
    wrong = p.variant("w").protocol
    wrong.protection("{q}", "wrong")(lambda change: change.condition("act", "{n}", lambda a, b: ~x))
    with pytest.raises(ModelError, match=r'write change\.condition\("act", "{n}", lambda: …\)'):
        wrong.variant("w", protections=["{q}"]).system()
