"""Facts of an incident in a file: the run that shows them, what is shown together, claims, protections, and errors."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from random import Random

import jsonschema
import pytest

from planrace.checker import Options, Postmortem, Verdict, find, postmortem, render
from planrace.checker.cli.main import run
from planrace.checker.engines.scenario.match import match
from planrace.checker.engines.scenario.parts import part_of
from planrace.checker.review.postmortem.file import read_facts
from planrace.checker.review.postmortem.schema import facts_schema, facts_schema_text
from planrace.checker.review.postmortem.story import scenario_of
from planrace.checker.run.protocols import attribute_of
from planrace.checker.run.request import request_of
from planrace.checker.run.scenario_search import JudgedScenario, judge_scenario, search_scenario, show
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import record
from planrace.model.language import ModelError, Place, Protocol, primed, taken
from planrace.properties import Scenario, event, fact, never, scenario
from planrace.properties.postmortem import postmortem as in_python
from planrace.properties.postmortem import repaired
from tests import ROOT

FACTS = ROOT / "examples" / "postmortem-2025-10-20.toml"
SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}


# The outage of 20 October 2025 -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("options", "wanted"), [({}, in_python), ({"operator": "on"}, repaired)], ids=["off", "on"])
def test_the_file_says_what_python_says(options: dict[str, str], wanted: Scenario) -> None:
    """Term for term: equal terms are the same object."""
    variant = find("original")
    told = scenario_of(read_facts(FACTS), variant.system(options=options), variant)
    assert [f.optional for f in told.facts if f.name == "F13"] == [True]  # three busy Enactors: in the file only
    told = replace(told, facts=tuple(f for f in told.facts if f.name != "F13"))
    assert {f.name: (f.meaning, f.optional) for f in told.facts} == {
        f.name: (f.meaning, f.optional) for f in wanted.facts
    }
    ours, theirs = ({e.name: e for e in s.events} for s in (told, wanted))
    assert ours.keys() == theirs.keys()
    for name, e in ours.items():
        assert e.happens is theirs[name].happens, name
        assert (e.after, e.since, e.without) == (theirs[name].after, theirs[name].since, theirs[name].without)
    assert (told.title, told.where, told.roles) == (wanted.title, wanted.where, wanted.roles)
    ((claim,), (other,)) = told.claims, wanted.claims
    assert claim.happens is other.happens
    assert (claim.name, claim.meaning, claim.by, claim.after) == (other.name, other.meaning, other.by, other.after)


@pytest.fixture(scope="module")
def shown() -> Postmortem:
    return postmortem(FACTS, "original", SMALL)


def test_a_run_shows_all_facts_and_each_protection_is_judged(shown: Postmortem) -> None:
    found = shown
    assert (found.verdict, found.length, found.exit_code, bool(found)) == (Verdict.HOLDS, 12, 0, True)
    plain = find("original").system().instance(**SMALL)
    assert found.length == show(request_of(plain, (), Options()), "postmortem").findings[0].depth
    steps = {f.name: f.step for f in found.facts}
    assert steps.pop("F3") is None
    assert steps.pop("F13") is None  # with two Enactors
    assert [f.verdict for f in found.facts if f.name == "F13"] == [Verdict.VIOLATED]
    assert steps == {"F1": 4, "F2": 2, "F4": 3, "F5": 7, "F6": 11, "F7": 10, "F8": 10, "F9": 12, "F10": 12, "F11": 12}
    late = next(f for f in found.facts if f.name == "F3")
    assert (late.optional, late.verdict, (late.length or 0) > 12) == (True, Verdict.HOLDS, True)
    judged = {p.name: (p.verdict, p.unclaimed, p.length) for p in found.protections}
    assert judged.keys() == find("original").protocol.protections.keys()
    assert (
        judged.items()
        >= {
            "transactional-check": (Verdict.VIOLATED, False, None),
            "guarded-delete": (Verdict.VIOLATED, False, None),
            "tolerant-rollback": (Verdict.VIOLATED, True, None),
            "plan-validation": (Verdict.HOLDS, False, 12),
            "fencing-token": (Verdict.VIOLATED, False, None),
            "longer-keep": (Verdict.HOLDS, False, 13),
        }.items()
    )
    assert (found.together, found.conflicts, found.open) == ((), (), ())
    text = render(found)
    assert "plan-validation: a run of 12 steps shows it all" in text
    assert "flips endpoint 1 from plan 2 to plan 1 [accepted] <F7, F8>" in text


def test_where_no_run_shows_all_the_most_is_shown_and_what_excludes_it() -> None:
    found = postmortem(FACTS, "fixed", SMALL)
    assert (found.verdict, found.length, found.exit_code) == (Verdict.VIOLATED, None, 1)
    (most,) = found.together
    assert (most.names, most.missing) == (("F1", "F2", "F4", "F5", "F6"), ("F7", "F8", "F9", "F10", "F11"))
    assert found.conflicts == (("F7",), ("F8",), ("F9",), ("F10",))  # and so F11, which comes after F10
    assert found.report.full_match is not None
    assert found.report.full_match.match is not None
    assert found.report.full_match.match.matched == list(most.names)
    assert [(p.name, p.verdict) for p in found.protections] == [
        ("", Verdict.HOLDS),
        ("transactional-check", Verdict.VIOLATED),
        ("guarded-delete", Verdict.VIOLATED),
        ("tolerant-rollback", Verdict.VIOLATED),
        ("plan-validation", Verdict.HOLDS),
    ]
    assert "No run shows F7, F8, F9 or F10, whatever else it shows" in render(found)


def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, TOML)
    (tmp_path / "walk.py").write_text(WALK)
    call = ["postmortem", "facts.toml", "-p", "walk.py:counter", "-q"]
    assert run([*call, "-o", "json:a.json", "-o", "html:a.html"]) == 0
    assert capsys.readouterr().out == "a run shows it all (exit 0)\n"
    data = json.loads((tmp_path / "a.json").read_text())
    assert (data["schema"], data["verdict"], data["length"]) == ("planrace/postmortem/1", "shown", 5)
    jsonschema.validate(data["report"], json.loads((ROOT / "docs" / "report.schema.json").read_text()))
    assert [(p["name"], p["shown"]) for p in data["protections"]] == [("stay", False)]
    assert "somebody goes ahead" in (tmp_path / "a.html").read_text()
    assert run([*call, "--with", "stay"]) == 1
    assert capsys.readouterr().out == "no run shows it all (exit 1)\n"
    assert run([*call, "--max-states", "2"]) == 3
    assert capsys.readouterr().out == "undecided (exit 3)\n"
    assert run(["postmortem", "nothing.toml", *call[2:]]) == 2
    assert "cannot read the facts nothing.toml" in capsys.readouterr().err
    assert run([*call, "-o", "text:facts.toml"]) == 2  # it would replace what it reads


def test_what_a_bound_leaves_open_is_not_decided() -> None:
    found = postmortem(FACTS, "original", SMALL, options=Options(max_states=60))
    assert found.verdict is Verdict.UNKNOWN
    assert {f.verdict for f in found.facts} == {Verdict.UNKNOWN}
    assert (found.protections, found.together, found.conflicts) == ((), (), ())
    assert "is not decided" in render(found)


def test_time_that_is_up_decides_nothing() -> None:
    found = postmortem(FACTS, "original", SMALL, options=Options(time_limit=0.001))
    assert found.exit_code == 3


# A protocol of our own ---------------------------------------------------------------------------------------------
WALK = """
from planrace import *

counter = Protocol("counter")
at = counter.variable("at", integers(0, 4, "place"), 0)
side = counter.variable("side", integers(0, 1), 0)


@counter.action(by="walker", tags=["walk"])
def ahead():
    return step(when(at < 4), update(at, at + 1))


@counter.action(by="walker", tags=["walk"])
def aside():
    return step(when(side == 0, at == 0), update(side, 1))


@counter.action(by="walker", tags=["home"])
def home():
    return step(when(at == 4, side == 0), update(at, 0))


@counter.protection("stay", "nobody goes ahead")
def stay(change):
    change.require("ahead", lambda: at < 0)
"""


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Protocol:
    place = tmp_path_factory.mktemp("walk") / "walk.py"
    place.write_text(WALK)
    found = attribute_of(f"{place}:counter", "protocol", "walk.py:counter")
    assert isinstance(found, Protocol)
    return found


def judged(counter: Protocol, story: Scenario) -> JudgedScenario:
    return judge_scenario(replace(counter.system(), scenarios=(story,)).instance(), story, Options())


def test_a_claim_is_judged_on_every_run_that_shows_the_facts(counter: Protocol) -> None:
    """After the shortest run the walker may come home; after a longer one, which first goes aside, he may not."""
    at = counter.variables["at"].term
    far = fact("A", "he is far", event(primed(at) == 3))
    claim = never("B", "he never comes home", taken("home"), by=["walk", "home"], after="A")
    story = scenario("far", "he goes far", (), far, claim)
    found = judged(counter, story)
    assert found.verdict is Verdict.HOLDS
    assert found.run is not None
    assert found.match is not None
    assert found.run.moves[0].action.name == "aside"
    assert found.match.missing == []
    assert len(search_scenario(found.run.interpreter.instance, story, Options()).best.moves) == 3  # type: ignore[union-attr]
    claim = never("B", "he never walks on", taken("ahead"), by=["walk"], after="A")
    bold = scenario("far", "he goes far", (), far, claim)
    assert (judged(counter, bold).verdict, judged(counter, bold).unclaimed) == (Verdict.VIOLATED, True)
    only_home = scenario("far", "he goes far", (), far, never("B", "b", taken("ahead"), by=["home"], after="A"))
    assert judged(counter, only_home).verdict is Verdict.HOLDS


TOML = """
title = "a walk"
[roles]
far = "place"
[let]
arrives = "ahead() and after(at) == far"
[[fact]]
id = "A"
text = "somebody goes ahead"
step = "ahead()"
[[fact]]
id = "B"
text = "he arrives"
after = ["A"]
step = "arrives and far == 3"
[[fact]]
id = "C"
text = "he comes home, without a step aside since"
after = ["B"]
step = "home()"
without = "aside()"
[[claim]]
id = "D"
text = "he never goes aside again"
after = "C"
never = "aside() and at == 1"
"""


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "facts.toml").write_text(text, encoding="utf-8")
    return tmp_path / "facts.toml"


def test_facts_of_a_protocol_of_ones_own(tmp_path: Path, counter: Protocol) -> None:
    found = postmortem(written(tmp_path, TOML), counter)
    assert (found.verdict, found.length) == (Verdict.HOLDS, 5)
    assert [(f.name, f.step) for f in found.facts] == [("A", 1), ("B", 3), ("C", 5), ("D", 5)]
    assert [(p.name, p.verdict) for p in found.protections] == [("stay", Verdict.VIOLATED)]
    assert found.report.full_match is not None
    assert found.report.full_match.match is not None
    assert dict(found.report.full_match.match.roles) == {"far": 3}
    by_action = TOML.replace('never = "aside() and at == 1"', 'never = "ahead()"\nby = ["aside"]')
    assert postmortem(written(tmp_path, by_action), counter).verdict is Verdict.HOLDS
    by_all = TOML.replace('never = "aside() and at == 1"', 'never = "ahead()"')
    refuted = postmortem(written(tmp_path, by_all), counter)
    assert (refuted.verdict, refuted.unclaimed) == (Verdict.VIOLATED, True)
    assert refuted.conflicts == (("D",),)
    forbidden = postmortem(written(tmp_path, TOML.replace('without = "aside()"', 'without = "ahead()"')), counter)
    assert forbidden.verdict is Verdict.VIOLATED  # he has to go ahead before he can come home
    assert forbidden.conflicts == (("B", "C"),)


def test_facts_that_exclude_each_other(tmp_path: Path, counter: Protocol) -> None:
    """Each pair is possible, not all three: who goes aside first cannot come home, and aside goes only who is at 0."""
    text = """
title = "three ways"
[[fact]]
id = "A"
text = "aside"
step = "aside() and at == 0"
[[fact]]
id = "B"
text = "home"
step = "home()"
[[fact]]
id = "C"
text = "aside before home"
step = "ahead() and side == 1"
"""
    text += '[[fact]]\nid = "D"\ntext = "d"\nafter = ["C"]\nstep = "home()"\n'
    found = postmortem(written(tmp_path, text), counter)
    assert found.verdict is Verdict.VIOLATED
    assert [t.names for t in found.together] == [("A", "B", "C"), ("A", "B", "D")]
    assert found.conflicts == (("C", "D"),)
    assert "No run shows C and D together, but each part of them" in render(found)


# Parts, by brute force ---------------------------------------------------------------------------------------------
def embeds(story: Scenario, word: str) -> bool:
    """Whether some choice of steps shows all events in their order; each event is a letter."""

    def placed(k: int, places: dict[str, int]) -> bool:
        if k == len(story.events):
            return True
        e = story.events[k]
        letter = e.happens.data[0]
        for n, here in enumerate(word):
            fits = all(places[x] < n for x in e.after) and all(places[x] <= n for x in e.since)
            if here == letter and fits and placed(k + 1, {**places, e.name: n}):
                return True
        return False

    return placed(0, {})


def random_story(chance: Random) -> Scenario:
    facts: list[str] = []
    parts = []
    for name in "PQRST":
        earlier = chance.sample(facts, min(len(facts), chance.randrange(3)))
        after, since = earlier[:1], earlier[1:]
        if chance.random() < 0.5:
            after, since = since, after
        events = [event(taken(chance.choice("abc")), after=tuple(after), since=tuple(since))]
        if chance.random() < 0.3:
            events.append(event(taken(chance.choice("abc"))))
        parts.append(fact(name, "f", *events))
        facts.append(name)
    return scenario("story", "s", (), *parts)


def test_whoever_shows_a_scenario_shows_its_parts_in_the_same_order() -> None:
    chance, partial = Random(4), 0
    for _ in range(300):
        story, word = random_story(chance), "".join(chance.choices("abc", k=8))
        kept = [f.name for f in story.facts if chance.random() < 0.6]
        part = part_of(story, kept)
        assert [f.name for f in part.facts] == kept
        if embeds(story, word):
            assert embeds(part, word), (word, kept)
        partial += embeds(part, word) and not embeds(story, word)
    assert partial > 20


@pytest.mark.parametrize(
    ("order", "word", "wanted"),
    [
        ("after after", "ac", True),
        ("after after", "ca", False),
        ("after after", "x", False),
        ("after since", "x", False),  # C not before B, and B after A: not the same step
        ("since after", "x", False),
        ("since since", "x", True),
    ],
)
def test_what_is_left_out_leaves_its_order(order: str, word: str, wanted: bool) -> None:
    """A, then B, then C; B is left out. In the word x, one step shows all."""
    first, second = order.split()
    a, c = ("x", "x") if word == "x" else ("a", "c")
    story = scenario(
        "s",
        "s",
        (),
        fact("A", "a", event(taken(a))),
        fact("B", "b", event(taken("b"), **{first: ("A",)})),  # type: ignore[arg-type]
        fact("C", "c", event(taken(c), **{second: ("B",)})),  # type: ignore[arg-type]
    )
    assert embeds(part_of(story, ["A", "C"]), word) is wanted


# Files that are wrong ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ('title = "a walk"', "", 0, "the file has no title"),
        ('title = "a walk"', "title = 3", 2, "the file: title is not a text: 3"),
        ('far = "place"', 'far = "plaec"', 4, "role far: no sort is called 'plaec'"),
        (
            'arrives = "ahead() and',
            'arrives = "ahaed() and',
            6,
            "let arrives: no action and no function is called",
        ),
        ('step = "ahead()"', 'stepp = "ahead()"', 10, "fact 1: stepp is no key here"),
        ('step = "ahead()"', "", 7, "fact A has no step"),
        ('step = "ahead()"', 'step = "ahead()"\nsteps = ["home()"]', 7, "fact A has a step and steps"),
        ('step = "ahead()"', "steps = [3]", 10, "fact 1: steps is not"),
        ('step = "ahead()"', 'step = "at"', 10, "step of fact A: the expression: at is a place"),
        ('step = "ahead()"', 'steps = ["ahead()", "at ="]', 10, "steps 2 of fact A: not an expression"),
        ('step = "ahead()"', 'step = "ahead[late]"', 7, "taken: ahead has no outcome 'late'"),
        ('id = "B"', 'id = "A"', 11, "two facts are called A"),
        ('after = ["A"]', 'after = ["X"]', 11, "event B refers to X"),
        ('after = ["A"]', 'after = "A"', 14, "fact 2: after is not a list: 'A'"),
        ('after = "C"', 'after = "X"', 22, "claim D refers to X"),
        ('after = "C"', 'after = "C"\nby = ["wlak"]', 26, "claim D: 'wlak' is neither a tag nor an action"),
        ('never = "aside() and at == 1"', "", 22, "claim 1 has no never"),
        ('text = "he arrives"', 'text = "he arrives"\nonly = { pace = "slow" }', 14, "no option is called 'pace'"),
        ('text = "he arrives"', "optional = 1\ntext = 'x'", 13, "fact 2: optional is not true or false: 1"),
        ("[[fact]]", "[[fact", 0, "is not TOML"),
    ],
)
def test_errors_name_the_line(tmp_path: Path, counter: Protocol, old: str, new: str, line: int, problem: str) -> None:
    assert old in TOML
    with pytest.raises(ModelError) as found:
        postmortem(written(tmp_path, TOML.replace(old, new, 1)), counter)
    assert problem in found.value.what
    assert found.value.remedy
    if line:
        assert found.value.where == Place(str(tmp_path / "facts.toml"), line)


@pytest.mark.parametrize("text", ["", "title = 'x'", "title = 'x'\nfact = []", "title = 'x'\nfact = 3", "fact = [3]"])
def test_a_file_without_facts(tmp_path: Path, counter: Protocol, text: str) -> None:
    with pytest.raises(ModelError, match=r"the file|fact"):
        postmortem(written(tmp_path, text), counter)


def test_facts_that_are_all_optional(tmp_path: Path, counter: Protocol) -> None:
    text = TOML.replace("[[claim]]", "[[nothing]]").partition("[[nothing]]")[0]
    with pytest.raises(ModelError, match="every fact is optional"):
        postmortem(written(tmp_path, text.replace("[[fact]]", "[[fact]]\noptional = true")), counter)


def test_the_published_schema_is_that_of_the_classes() -> None:
    path = ROOT / "docs" / "facts.schema.json"
    assert path.read_text() == facts_schema_text()
    jsonschema.Draft7Validator.check_schema(facts_schema())
    for text in (FACTS.read_text(), TOML):
        jsonschema.validate(tomllib.loads(text), facts_schema())
    wrong = tomllib.loads(TOML)
    wrong["fact"][0]["stepp"] = ""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, facts_schema())


def test_a_match_of_the_run_says_the_same(shown: Postmortem) -> None:
    """The run is replayed by the plain interpreter, and matched with the scenario of the protocol."""
    found, full = shown, shown.report.full_match
    assert full is not None
    assert full.trace is not None
    instance = find("original").system().instance(**SMALL)
    picks = [(s.action, tuple(v for v in s.parameters.values() if isinstance(v, int))) for s in full.trace.steps]
    again = match(in_python, record(Interpreter(instance), picks))
    assert {f.fact: f.step for f in again.facts} == {f.name: f.step for f in found.facts if f.name != "F13"}
