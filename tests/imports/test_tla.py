"""Specifications in TLA⁺ become protocols with the states and verdicts that TLC finds, or are refused with the line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from planrace.checker import ImportedModel, Options, check, import_model
from planrace.checker.cli.main import run
from planrace.checker.imports.tla.cfg import read_config
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.values import Atom
from planrace.checker.report.errors import ReadError
from planrace.model.language import ModelError

pytest.importorskip("tree_sitter_tlaplus", reason="the grammar of TLA⁺: the extra planrace[tla]")

TEXTS = Path(__file__).parent / "tla"
SEARCH = Options(slicing=False, symmetry=False, exhaustive=True)

AS_TLC = {
    "Jugs": (16, {"Unmeasured": "violated"}),
    "Votes": (288, {"Agreed": "holds", "Sent": "holds", "NoUndo": "holds"}),
    "Gate": (64, {"Alone": "holds", "Passes_1": "holds", "Passes_2": "holds", "Again": "holds", "Stays": "violated"}),
    "Queue": (117, {"Fair": "violated"}),
    "Ring": (31, {"Quiet": "holds", "Back": "holds"}),
    "Leases": (15, {"OneLeader": "violated", "HolderLeads": "holds"}),
    "Library": (4096, {"Apart": "holds", "Two": "holds", "Nobody": "violated"}),
}
"""The distinct states that TLC 2.15 counts (with -continue), and its verdicts. What the sorts say is no property."""


def searched(model: ImportedModel, folder: Path) -> tuple[int, dict[str, str]]:
    """States and verdicts of a model. Each has a folder of its own: a file is loaded once."""
    place = folder / f"{model.name}.py"
    model.write(place)
    found = check(f"{place}:protocol", options=SEARCH)
    assert found.exploration is not None
    return found.exploration.states, {f.name: f.verdict.word for f in found.findings}


@pytest.mark.parametrize("name", AS_TLC)
def test_states_and_verdicts_are_those_of_tlc(name: str, tmp_path: Path) -> None:
    model = import_model(TEXTS / f"{name}.tla", lengths={"queue": 2} if name == "Queue" else {})
    assert model.is_whole
    assert searched(model, tmp_path) == AS_TLC[name]


def specification(folder: Path, body: str, config: str = "INIT Init\nNEXT Next") -> Path:
    """A module of two variables, x and y, with the definitions of ``body``."""
    text = f"---- MODULE Some ----\nEXTENDS Integers, Sequences, FiniteSets\nVARIABLES x, y\n{body}\n====\n"
    (folder / "Some.tla").write_text(text)
    (folder / "Some.cfg").write_text(config)
    return folder / "Some.tla"


def test_the_code_keeps_names_comments_and_structure() -> None:
    text = import_model(TEXTS / "Jugs.tla").text
    assert 'small = protocol.variable("small", integers(0, 3), 0, "gallons in the small jug")' in text
    assert "# What does not fit stays in the small jug.\n" in text
    assert (
        "def Pour() -> Step:  # line 21\n"
        "    return step(\n"
        "        update(small, small - If(small < 5 - large, small, 5 - large)),\n"
        "        update(large, large + If(small < 5 - large, small, 5 - large)),\n"
        "    )\n"
    ) in text
    assert "def Empty_1() -> Step:" in text
    text = import_model(TEXTS / "Votes.tla").text
    assert (
        "def Vote(p: Term) -> Step:  # line 25\n"
        "    return step(\n"
        "        when(state[p] == State.busy),\n"
        "        update(state[p], State.ready),\n"
        "        update(msgs.vote, msgs.vote | {p}),\n"
        "    )\n"
    ) in text
    assert 'Msgs = record("Msgs", vote=subsets(Participant), abort_commit=subsets(Kind))' in text
    assert "protocol.fair(weak(everything))" in text


REFUSED = {
    "CHOOSE": (
        'Init == x = "a" /\\ y = 0\nNext == x\' = (CHOOSE v \\in {"a", "b"} : v # x) /\\ y\' = y',
        "Some.tla, line 5: action Next: CHOOSE of members that have no order",
    ),
    "unknown operator": ("Init == x = 0 /\\ y = 0\nNext == x' = Odd(x) /\\ y' = y", "the operator Odd is not known"),
    "no value": ("Init == x = 0 /\\ y = 0\nNext == x' = 1 - x", "a step does not say what y becomes"),
    "infinitely many": (
        "Init == x \\in Nat /\\ y = 0\nNext == UNCHANGED <<x, y>>",
        "x may begin with infinitely many values",
    ),
    "sequences": (
        "Init == x \\in Seq({1, 2}) /\\ y = 0\nNext == UNCHANGED <<x, y>>",
        "x may begin with infinitely many values",
    ),
    "any number": ("Init == x = 0 /\\ y = 0\nNext == x' \\in Nat /\\ y' = y", "Nat is no finite set"),
    "beyond the type": (
        "TypeOK == x \\in 0..2\nInit == y \\in 0..3 /\\ x = y\nNext == UNCHANGED <<x, y>>",
        "x may begin with values that its type invariant does not have",
    ),
    "two kinds": ("Init == x = 0 /\\ y = TRUE\nNext == x' = y /\\ y' = y", "a truth value where a number is kept"),
    "order of words": (
        "Init == x = 0 /\\ y = 0\nNext == x' \\in {0, \"none\"} /\\ y' = IF x > 0 THEN 1 ELSE 0",
        "arithmetic or an order on a value that may be none",
    ),
    "quantified step": (
        "Init == x = {1} /\\ y = {1}\nNext == (\\A i \\in x : y' = {i}) /\\ UNCHANGED x",
        "\\A over a set that changes, in an action",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_understood_is_refused_with_its_line(kind: str, tmp_path: Path) -> None:
    body, reason = REFUSED[kind]
    with pytest.raises(ModelError) as problem:
        import_model(specification(tmp_path, body))
    assert reason in str(problem.value)


def test_all_that_is_missing_is_named_and_the_rest_is_translated(tmp_path: Path) -> None:
    body = """Init == x = 0 /\\ y = 0
A == x < 3 /\\ x' = x + 1 /\\ UNCHANGED y
B == x > 0 /\\ x' = x - 1 /\\ UNCHANGED y
Next == A \\/ B
Spec == Init /\\ [][Next]_<<x, y>> /\\ WF_x(A /\\ y > 0)
Low == x < 3
Ends == <>(x = 3)
Odd == (<>(x = 3)) \\/ (<>(x = 2))"""
    config = "SPECIFICATION Spec\nINVARIANT Low\nPROPERTIES Ends Odd\nSYMMETRY Perms"
    model = import_model(specification(tmp_path, body, config), ranges={"x": (0, 3)})
    assert model.missing == (
        "Some.tla, line 8: fairness WF_x(A /\\ y > 0): fairness of an action with a further condition\n"
        "    Spec == Init /\\ [][Next]_<<x, y>> /\\ WF_x(A /\\ y > 0)",
        "Some.tla, line 11: property Odd: a formula about runs that planrace has no property for\n"
        "    Odd == (<>(x = 3)) \\/ (<>(x = 2))",
        "Some.tla, line 10: property Ends: it is liveness, and the fairness that it needs is not translated\n"
        "    Ends == <>(x = 3)",
    )
    assert "NOT TRANSLATED" in model.text
    assert model.notes == ("SYMMETRY Perms of the configuration is left out",)
    assert searched(model, tmp_path) == (4, {"Low": "violated"})


def test_a_value_beyond_an_assumed_bound_is_an_error_and_not_silence(tmp_path: Path) -> None:
    body = "Init == x = 0 /\\ y = <<>>\nNext == x' = x + 1 /\\ y' = Append(y, x % 2)\nP == Len(y) < 99"
    model = import_model(specification(tmp_path, body, "INVARIANT P"), ranges={"x": (0, 9)}, lengths={"y": 4})
    with pytest.raises(ModelError, match="there is no room in y for another element"):
        searched(model, tmp_path)


def test_words_that_a_sort_has_beside_those_of_a_variable_are_no_initial_values(tmp_path: Path) -> None:
    """x and y share an enumeration, as y may become what x is; x never begins with a word of y."""
    body = """Init == x \\in {"a", "b"} /\\ y = "none"
Next == y' = x /\\ x' = x
P == x # "none" """
    assert searched(import_model(specification(tmp_path, body, "INVARIANT P")), tmp_path) == (4, {"P": "holds"})


def test_fairness_of_a_choice_for_each_member_splits_the_actions(tmp_path: Path) -> None:
    body = """P == {1, 2}
Init == x = [p \\in P |-> 0] /\\ y = 0
Go(p) == \\E n \\in {1, 2} : x[p] + n <= 2 /\\ x' = [x EXCEPT ![p] = @ + n] /\\ UNCHANGED y
Spin == y' = 1 - y /\\ UNCHANGED x
Next == Spin \\/ \\E p \\in P : Go(p)
Spec == Init /\\ [][Next]_<<x, y>> /\\ \\A p \\in P : WF_<<x, y>>(Go(p))
Ends == <>(x[1] = 2 /\\ x[2] = 2)
Ones == <>(x[1] = 1)"""
    model = import_model(specification(tmp_path, body, "SPECIFICATION Spec\nPROPERTIES Ends Ones"))
    assert "protocol.fair(weak(Go_1))\nprotocol.fair(weak(Go_2))" in model.text
    assert searched(model, tmp_path) == (18, {"Ends": "holds", "Ones": "violated"})


def test_a_step_that_changes_nothing_does_not_count_as_taken_where_a_choice_is_fair(tmp_path: Path) -> None:
    body = """Init == x = 0 /\\ y = 0
Stay == x' = x /\\ y' = y
Go == x' = 1 /\\ y' = y
Next == Stay \\/ Go
Spec == Init /\\ [][Next]_<<x, y>> /\\ WF_<<x, y>>(Next)
Ends == <>(x = 1)"""
    model = import_model(specification(tmp_path, body, "SPECIFICATION Spec\nPROPERTY Ends"))
    assert searched(model, tmp_path) == (2, {"Ends": "holds"})


def test_sets_that_are_written_out_are_compared_in_each_state(tmp_path: Path) -> None:
    body = """Init == x \\in {1, 2} /\\ y \\in {1, 2, 3}
Next == {x, y} = {1, 3} /\\ x' = y /\\ y' = x
P == {x} # {y} \\/ x < 3"""
    model = import_model(specification(tmp_path, body, "INVARIANT P"))
    assert searched(model, tmp_path) == (7, {"P": "holds"})


def test_a_set_that_stays_empty_has_a_sort(tmp_path: Path) -> None:
    body = "Init == x = {} /\\ y = << >>\nNext == UNCHANGED <<x, y>>\nP == x = {} /\\ y = << >>"
    assert searched(import_model(specification(tmp_path, body, "INVARIANT P")), tmp_path) == (1, {"P": "holds"})


def test_a_configuration_is_read() -> None:
    found = read_config(
        """CONSTANTS N = -3  S = {a, "b", 2}   \\* a comment
  F <- MyF  G <- [Inner]MyG (* another *)
INVARIANTS A B
CHECK_DEADLOCK FALSE""",
        "x.cfg",
    )
    assert found.values == {"N": -3, "S": frozenset({Atom("a", False), Atom("b", True), 2})}
    assert (found.replaced, found.replaced_in) == ({"F": "MyF"}, {("Inner", "G"): "MyG"})
    assert found.names("invariants") == ["A", "B"]
    assert not found.checks_deadlock
    with pytest.raises(TlaError, match="belongs to no section"):
        read_config("N = 3", "x.cfg")


def test_the_command_writes_the_protocol_and_its_exit_code_says_how_much_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "jugs.py"
    assert run(["import", str(TEXTS / "Jugs.tla"), "-o", str(place)]) == 0
    assert "all of it is translated" in capsys.readouterr().err
    assert place.read_text().startswith('"""Jugs, read from Jugs.tla.')
    body = "Init == x = 0 /\\ y = 0\nNext == UNCHANGED <<x, y>>\nP == ENABLED x"
    partly = specification(tmp_path, body, "INVARIANT P")
    assert run(["import", str(partly)]) == 3
    out, err = capsys.readouterr()
    assert "NOT TRANSLATED" in out
    assert "1 thing missing" in err
    refused = specification(tmp_path, "Init == x = 0 /\\ y = 0\nNext == x' = Odd(x) /\\ y' = y")
    assert run(["import", str(refused), "-o", str(tmp_path / "no.py")]) == 2
    assert "the operator Odd is not known" in capsys.readouterr().err
    assert not (tmp_path / "no.py").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["-p", "fixed"], "options of a run such as --protocol"),
        (["--bound", "small=9"], "NAME=LOW..HIGH"),
        (["--most", "small"], "NAME=NUMBER"),
        (["--bound", "nothing=0..9"], "has no variable nothing"),
        (["--cfg", "no.cfg"], "there is no such file"),
    ],
)
def test_wrong_options_are_named(more: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", str(TEXTS / "Jugs.tla"), *more]) == 2
    assert words in capsys.readouterr().err


def test_what_is_no_tla_is_refused_with_its_place(tmp_path: Path) -> None:
    place = tmp_path / "No.tla"
    place.write_text("---- MODULE No ----\nInit == = 0\n====\n")
    with pytest.raises(ReadError, match=rf"{os.sep}No\.tla:2: no TLA"):
        import_model(place)


def test_a_constant_without_a_value_is_named(tmp_path: Path) -> None:
    body = "CONSTANT N\nInit == x = 0 /\\ y = N\nNext == UNCHANGED <<x, y>>\nC == x < 3"
    with pytest.raises(ModelError, match="N is a constant without a value"):
        import_model(specification(tmp_path, body))


def test_a_constraint_keeps_runs_within_it(tmp_path: Path) -> None:
    body = """Init == x = 0 /\\ y \\in 0..5
Next == x' \\in {x + 1, x + 2} /\\ y' = y
C == x + y < 4
Up == x' > x + 1 \\/ y > 0
P == x < 3"""
    found = import_model(specification(tmp_path, body, "CONSTRAINT C\nACTION_CONSTRAINT Up\nINVARIANT P"))
    assert "the constraint C is in the guards" in "\n".join(found.notes)
    assert searched(found, tmp_path) == (8, {"P": "holds"})


BY_ONE_STATE = {
    "two changes at one key": (
        "Init == x = [i \\in 1..2 |-> 0] /\\ y \\in {1, 2}\n"
        "Next == x' = [x EXCEPT ![y] = 1, ![1] = 2] /\\ y' = y\nP == x[2] < 2",
        "INVARIANT P",
        (4, {"P": "holds"}),
    ),
    "a word of others in a set": (
        'Init == x = {"a"} /\\ y = "c"\n'
        'Next == x\' = (IF y = "c" THEN {"a"} ELSE {"a", "b"}) /\\ y\' \\in x\nP == "c" \\notin x',
        "INVARIANT P",
        (4, {"P": "holds"}),
    ),
    "none of the possible values": (
        "Init == x \\in {0, 1} /\\ y = 0\nNext == UNCHANGED <<x, y>>\nP == ~(x \\in {5, 6})",
        "INVARIANT P",
        (2, {"P": "holds"}),
    ),
    "a part that ends before it begins": (
        "Init == x \\in {1, 2, 3} /\\ y = <<7>>\nNext == UNCHANGED <<x, y>>\n"
        "P == Len(SubSeq(y, x, 1)) = (IF x = 1 THEN 1 ELSE 0)",
        "INVARIANT P",
        (3, {"P": "holds"}),
    ),
    "words that only a property brings together": (
        'Init == x \\in {"a", "b"} /\\ y \\in {"c", "d"}\nNext == UNCHANGED <<x, y>>\n'
        'P == (IF x = "a" THEN x ELSE y) # "d"',
        "INVARIANT P",
        (4, {"P": "violated"}),
    ),
    "a function, a set and an image in the next state": (
        "Init == x = [i \\in {1, 2} |-> 0] /\\ y = 0\nNext == x' = [x EXCEPT ![1] = 1] /\\ y' = y\n"
        "F == [i \\in {1, 2} |-> x[i] + 1]\nS == {i \\in {1, 2} : x[i] > y}\nM == {x[i] : i \\in {1, 2}}\n"
        "P == [][F'[1] = 2 /\\ F'[2] = 1 /\\ S' = {1} /\\ M' = {0, 1}]_<<x, y>>\nQ == [][S' = S \\/ M' = M]_<<x, y>>",
        "PROPERTIES P Q",
        (2, {"P": "holds", "Q": "violated"}),
    ),
    "a choice that may change nothing": (
        "Init == x = 0 /\\ y = 0\nGo(v) == x' = v /\\ y' = y\nNext == \\E v \\in {0, 1} : Go(v)\n"
        "Spec == Init /\\ [][Next]_<<x, y>> /\\ WF_<<x, y>>(Next)\nP == <>(x = 1)",
        "SPECIFICATION Spec\nPROPERTY P",
        (2, {"P": "holds"}),
    ),
}
"""Small specifications, each about one thing, with what TLC 2.15 says."""


@pytest.mark.parametrize("about", BY_ONE_STATE)
def test_one_thing_is_as_in_tlc(about: str, tmp_path: Path) -> None:
    body, config, expected = BY_ONE_STATE[about]
    assert searched(import_model(specification(tmp_path, body, config)), tmp_path) == expected


def test_what_holds_from_then_on_is_translated_for_one_predicate_only(tmp_path: Path) -> None:
    body = (
        "Init == x = 0 /\\ y = 0\nNext == x' = 1 /\\ y' = y\nSame == [](x = 1 => [](x = 1))\n"
        "Other == [](x = 1 => [](y = 0))"
    )
    found = import_model(specification(tmp_path, body, "PROPERTIES Same Other"))
    assert [m.split(":")[1] for m in found.missing] == [" property Other"]
    assert searched(found, tmp_path) == (2, {"Same": "holds"})
