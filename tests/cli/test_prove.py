"""The command ``check prove``: exit codes, bad requests, reports, obligations as files, and inference."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from planrace.checker.api.calls import render
from planrace.checker.cli.main import run
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.report.json.write import to_json
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.protocols import find
from planrace.model.dns.protocol import keep, latest
from planrace.model.language import (
    DefinitionError,
    Protocol,
    Term,
    Variant,
    array,
    boolean,
    count,
    exists,
    forall,
    index,
    integers,
    optional,
    otherwise,
    outcome,
    step,
    subsets,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.terms import equal
from planrace.properties import invariant, lemma, proof
from planrace.properties.kinds import Invariant, StepInvariant
from planrace.properties.proof import Proof
from tests import ROOT
from tests.proving import proving

PETERSON = str(ROOT / "examples" / "peterson.py")
EXAMPLE = "examples/blue_green.py"
SCHEMA, TABLE = (json.loads((ROOT / "docs" / f"{n}.schema.json").read_text()) for n in ("report", "matrix"))


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def prove(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["prove", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (0, ["-p", "fixed"]),
        (0, ["-p", "fixed", "--property", "plans-never-regress", "--fault", "stray-delete"]),
        (1, ["-p", "fixed", "--property", "active-plan-never-deleted", "--fault", "stray-delete"]),
        (1, ["-p", "fixed", "--property", "plans-never-regress", "--without", "transactional-check"]),
        (0, ["-p", "original", "--property", "plans-never-regress", "--with", "transactional-check"]),
        (1, ["-p", "original"]),
        (0, ["-p", "original", "--expect", "violated"]),
        (1, ["-p", "fixed", "--property", "record-never-empty", "--expect", "violated"]),
        (3, ["-p", "fixed", "--property", "endpoints-converge"]),
        (3, ["-p", "fixed", "--rlimit", "1", "--property", "plans-never-regress"]),
        (3, ["-p", "fixed", "--time-limit", "0"]),
        (3, ["-p", "fixed", "--time-limit", "0", "--property", "plans-never-regress", "--expect", "holds"]),
        (3, ["-p", "fixed", "--all", "--time-limit", "0"]),
        (0, ["-p", f"{EXAMPLE}:fixed"]),
        (1, ["-p", f"{EXAMPLE}:protocol"]),
        (0, ["-p", f"{EXAMPLE}:protocol", "--all"]),
    ],
)
def test_exit_codes(code: int, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    got, out, err = prove(capsys, *arguments)
    assert (got, err) == (code, "")
    assert out.endswith(f"(exit {code})\n")


def test_the_engine_is_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """``--engine proof`` gives the verdicts of ``check prove``, about the faults that are named."""
    one = ["--property", "record-never-empty"]
    assert run(["-p", "fixed", "--engine", "proof", "--fault", "crash", "--fault", "lock-expiry", *one]) == 0
    out, _ = capsys.readouterr()
    assert "whatever crash and lock-expiry do" in " ".join(out.split())


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        (r"no size satisfies 1 ≤ keep and keep = 0", ["-p", "fixed", "-s", "keep=0"]),
        (r"enactors=0 is out of range", ["-p", "fixed", "-s", "enactors=0"]),
        (r"no property of fixed is called 'never'", ["-p", "fixed", "--property", "never"]),
        (r"leave out --fault", ["-p", "fixed", "--all", "--fault", "crash"]),
        (r"leave out --without", ["-p", "fixed", "--all", "--without", "plan-validation"]),
        (r"--all takes no --property, --infer or --expect", ["-p", "fixed", "--all", "--infer"]),
        (r"cannot write to README.md: File exists", ["-p", "fixed", "--dump-smt", "README.md"]),
        (r"Missing option '-p'", []),
    ],
)
def test_bad_requests(message: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = prove(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert re.search(message, err), err
    assert "Traceback" not in err


# Reports -------------------------------------------------------------------------------------------------------
def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    _, out, _ = prove(capsys, *arguments, "--format", "json")
    return json.loads(out)


def test_json_of_a_proof(capsys: pytest.CaptureFixture[str]) -> None:
    data = as_json(capsys, "-p", "fixed", "--property", "record-never-empty", "--property", "plans-never-regress")
    jsonschema.validate(data, SCHEMA)
    assert (data["every_size"], data["verdict"], data["parameters"]) == (True, "holds", {})
    proved = [name for p in data["proofs"] for name in p["properties"]]
    assert sorted(proved) == sorted(p["name"] for p in data["properties"]) != []
    assert all(o["proved"] for p in data["proofs"] for o in p["obligations"])


def test_json_of_a_counterexample_and_of_a_gap(capsys: pytest.CaptureFixture[str]) -> None:
    data = as_json(capsys, "-p", "original", "--property", "active-plan-never-deleted")
    jsonschema.validate(data, SCHEMA)
    (found,) = data["properties"]
    assert (found["verdict"], found["depth"]) == ("violated", len(found["trace"]["steps"]))
    assert found["parameters"] == {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 1}
    data = as_json(capsys, "-p", "original", "--property", "plans-never-regress", "-s", "enactors=1")
    jsonschema.validate(data, SCHEMA)
    (found,) = data["properties"]
    assert (found["verdict"], found["trace"]) == ("unknown", None)
    assert len(found["unreached"]["trace"]["steps"]) == 1


def test_json_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    data = as_json(capsys, "-p", f"{EXAMPLE}:protocol", "--all")
    jsonschema.Draft202012Validator.check_schema(TABLE)
    jsonschema.validate(data, TABLE)
    verdicts = {tuple(c["protections"]): c["verdict"] for c in data["cells"]}
    assert verdicts == {(): "violated", ("compare-and-set",): "holds"}
    assert data["undecided"] == 0


def test_the_text_names_every_obligation(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = prove(capsys, "-v", "-p", "fixed", "--property", "active-plan-never-deleted")
    words = " ".join(out.split())
    assert "with any enactors, endpoints, plans and keep such that 1 ≤ keep: in every reachable state" in words
    assert "keep ≥ 0, as great as you like, as long as 1 ≤ keep." in words
    for action in ("initially", *find("fixed").system(["crash"]).actions):
        assert re.search(rf"^ *{action} [ \d]+$", out, re.MULTILINE), action


def test_the_options_that_leave_out_what_is_undecided_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """They decide the rest, so that a script can use them as they are."""
    asked = ["-p", f"{PETERSON}:fixed", "--engine", "induction"]
    assert run(asked) == 3
    words = " ".join(capsys.readouterr().out.split())
    hint = re.search(r"Only (.*) are undecided\. To ask about the others alone: ((?:--property \S+ ?)+)", words)
    assert hint is not None
    assert hint[1] == "process-1-gets-in and process-2-gets-in"
    assert run([*asked, *hint[2].split()]) == 0
    assert "To ask about the others" not in capsys.readouterr().out
    assert run(["-p", f"{PETERSON}:fixed", "--max-states", "5"]) == 3  # a larger bound decides all
    assert "To ask about the others" not in capsys.readouterr().out


# Obligations as files ------------------------------------------------------------------------------------------
def test_obligations_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "made" / "here"
    code, _, err = prove(capsys, "-p", f"{EXAMPLE}:fixed", "--dump-smt", str(target))
    files = sorted(target.iterdir())
    assert code == 0
    assert f"{len(files)} obligations written" in err
    data = as_json(capsys, "-p", f"{EXAMPLE}:fixed")
    assert len(files) == sum(len(p["obligations"]) for p in data["proofs"])
    assert all(f.read_text().rstrip().endswith("(check-sat)") for f in files)


def test_the_second_solver_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("cvc5", reason="the second solver: pip install planrace[cvc5]")
    code, _, err = prove(capsys, "-p", f"{EXAMPLE}:fixed", "--confirm")
    assert code == 0
    agreed = re.search(r"(\d+) of (\d+) obligations confirmed by cvc5", err)
    assert agreed is not None
    assert agreed[1] == agreed[2] != "0"


# Inference -----------------------------------------------------------------------------------------------------
def bare(name: str) -> Variant:
    """The protocol without its lemmas."""
    variant = find(name)
    variant.protocol.proofs.clear()
    return Variant(variant.name, variant.protocol, variant.protections, variant.meaning, variant.properties)


def test_a_lost_lemma_is_found_again() -> None:
    """Blue/green has no proof without lemmas; inference finds some, none of which the protocol declares (it ignores
    those), and they hold in every reachable state."""
    name = str(ROOT / EXAMPLE) + ":fixed"
    variant = find(name)
    declared = {x.name for a in variant.protocol.proofs for x in a.lemmas}
    safety = [p for p in variant.system().properties if isinstance(p, Invariant)]
    assert proving(bare(name)).run(safety).verdict is Verdict.UNKNOWN
    made = proving(variant, infer=True)
    told = made.run(safety)
    assert told.verdict is Verdict.HOLDS
    assert "Lemmas were inferred" in told.proofs[0].assumptions
    (argument,) = [a for a in made.system.proofs if isinstance(a, Proof)]
    used = {c.name for c in told.proofs[0].conjuncts}
    assert declared
    assert used & declared == set()
    asked = [invariant(x.name, x.holds, x.meaning) for x in argument.lemmas if x.name in used]
    assert asked
    answers, _ = Search(made.system.instance(deployers=3, releases=4), asked).run()
    assert [a.property.name for a in answers if a.verdict is not Verdict.HOLDS] == []


def test_an_invariant_of_the_repaired_automation_is_found() -> None:
    variant = replace(find("fixed"), proofs=(proof([], assuming=[keep >= 1]),))
    faults = ["crash", "lock-expiry", "bad-plan"]
    made = proving(variant, faults=faults, infer=True)
    told = made.run([p for p in variant.properties if isinstance(p, Invariant | StepInvariant)])
    assert told.verdict is Verdict.HOLDS
    (argument,) = [a for a in made.system.proofs if isinstance(a, Proof)]
    used = {c.name for c in told.proofs[0].conjuncts}
    asked = [invariant(x.name, x.holds, x.meaning) for x in argument.lemmas if x.name in used]
    assert asked
    sizes = {"enactors": 2, "endpoints": 2, "plans": 2, "keep": 1}
    answers, _ = Search(made.system.instance(**sizes), asked, limits=Limits(states=60_000)).run()
    assert [a.property.name for a in answers if a.verdict is Verdict.VIOLATED] == []


def migration(lemma_of: Callable[[Term, Term], Term] | None = None) -> Variant:
    """A column is dropped when nobody writes to it; a lemma about both is needed, or to be found."""
    protocol = Protocol("migration", "a column is dropped while applications write")
    writers, rows = protocol.parameter("writers", 1, 1, 3), protocol.parameter("rows", 1, 1, 3)
    writer, row = index("writer", writers), index("row", rows)
    column = protocol.variable("column", boolean(), True)
    writes = protocol.variable("writes", array(writer, optional(row)), None)
    lost = protocol.variable("lost", subsets(row), set())
    idle = forall(writer, lambda w: equal(writes[w], None))

    @protocol.action(writer, row, by=writer)
    def begin(w: Term, r: Term) -> Step:
        return step(when(column, equal(writes[w], None)), update(writes[w], r))

    @protocol.action(writer, row, by=writer)
    def commit(w: Term, r: Term) -> Step:
        return step(
            when(equal(writes[w], r)),
            update(writes[w], None),
            outcome("stored", when(column)),
            otherwise("lost", update(lost, lost | {r})),
        )

    @protocol.action(by="migrator")
    def drop() -> Step:
        return step(when(column, idle), update(column, False))

    protocol.declare(invariant("no-write-lost", equal(lost, set()), "every write is stored"))
    proofs = [] if lemma_of is None else [proof([lemma("no-stragglers", lemma_of(column, idle), "nobody writes then")])]
    return protocol.variant("migration").declaring(proofs=proofs)


def test_inference_speaks_of_truth_values_and_of_who_is_named() -> None:
    """Neither a Boolean nor "nobody" nor the members of a set were in the grammar."""
    variant = migration()
    asked = list(variant.system().properties)
    assert proving(variant).run(asked).verdict is Verdict.UNKNOWN
    told = proving(variant, infer=True).run(asked)
    assert told.verdict is Verdict.HOLDS
    assert [c.name for c in told.proofs[0].conjuncts if c.kind == "lemma"] == [
        "∀i ∈ writer. ∀j ∈ row. column ∨ writes[i] ≠ j"
    ]


def even() -> Protocol:
    """A number that is never 3, since it is even: no lemma of the grammar says so."""
    protocol = Protocol("even")
    limit = protocol.parameter("limit", 4, 4, 20)
    number = protocol.variable("number", integers(0, limit), 0)

    @protocol.action(by="somebody")
    def add() -> Step:
        return step(when(number + 2 <= limit), update(number, number + 2))

    @protocol.action(by="somebody")
    def reset() -> Step:
        return step(update(number, 0))

    protocol.declare(invariant("not-three", number != 3, "the number is even"))
    return protocol


def test_inference_in_vain_says_what_it_tried() -> None:
    variant = even().variant("even")
    (found,) = proving(variant, infer=True).run(list(variant.system().properties)).findings
    assert found.verdict is Verdict.UNKNOWN
    assert re.search(
        r"inferred: [\d,]+ clauses? tried, \d+ holds? in \d+ states of 2 small instances, \d+ (is|are) ind", found.how
    )


def one_token() -> Protocol:
    """Who holds the token may be inside; that nobody else holds it is a lemma about two members of one sort."""
    protocol = Protocol("token")
    worker = index("worker", protocol.parameter("workers", 2, 1, 5))
    holds = protocol.variable("holds", array(worker, boolean()), False)
    inside = protocol.variable("inside", array(worker, boolean()), False)

    @protocol.action(worker, by=worker)
    def take(w: Term) -> Step:
        return step(when(~exists(worker, lambda v: holds[v])), update(holds[w], True))

    @protocol.action(worker, worker, by=worker)
    def hand_over(w: Term, v: Term) -> Step:
        return step(when(holds[w], ~inside[w], w != v), update(holds[w], False), update(holds[v], True))

    @protocol.action(worker, by=worker)
    def enter(w: Term) -> Step:
        return step(when(holds[w]), update(inside[w], True))

    @protocol.action(worker, by=worker)
    def leave(w: Term) -> Step:
        return step(when(inside[w]), update(inside[w], False))

    alone = count(worker, lambda w: inside[w]) <= 1
    protocol.declare(invariant("alone", alone, "never two are inside"))
    return protocol


def test_inference_says_that_at_most_one_member_is_somewhere() -> None:
    variant = one_token().variant("token")
    told = proving(variant, infer=True).run(list(variant.system().properties))
    assert told.verdict is Verdict.HOLDS
    lemmas = [c.name for c in told.proofs[0].conjuncts if c.kind == "lemma"]
    assert any("count(" in x or "i2" in x for x in lemmas), lemmas


LEMMAS: dict[str, tuple[Callable[[Term, Term], Term], str, list[str]]] = {
    "not inductive": (
        lambda column, idle: column.implies(idle),
        "left out, because begin does not preserve it",
        ["begin"],
    ),
    "false": (lambda column, idle: ~column, "left out, because it is false initially", []),
}


@pytest.mark.parametrize("name", LEMMAS)
def test_a_lemma_that_is_left_out_is_reported(name: str) -> None:
    """It was dropped in silence: the report was the same as without it."""
    lemma_of, message, steps = LEMMAS[name]
    variant = migration(lemma_of)
    report = proving(variant).run(list(variant.system().properties))
    assert report.verdict is Verdict.UNKNOWN
    (warned,) = report.warnings
    assert (warned.kind, warned.subject) == ("lemma left out", "lemma no-stragglers")
    assert warned.message.startswith(message)
    assert [s.action for s in (warned.trace.steps if warned.trace is not None else ())] == steps
    jsonschema.validate(to_json(report), SCHEMA)
    text = " ".join(render(report).split())
    assert f"lemma no-stragglers: {message}" in text
    assert not steps or "that may be unreachable). column: true, writes: {0}, lost: {} > 1. writer 1" in text


def test_lemmas_of_proved_properties_are_not_reported() -> None:
    """One list serves every set of protections, so that one which is false somewhere is no mistake."""
    good = migration(lambda column, idle: (~column).implies(idle))
    assert proving(good).run(list(good.system().properties)).verdict is Verdict.HOLDS
    assert proving(good).run(list(good.system().properties)).warnings == ()


def test_inference_finds_no_proof_of_what_is_false() -> None:
    variant = bare(str(ROOT / EXAMPLE) + ":protocol")
    told = proving(variant, infer=True).run([p for p in variant.system().properties if isinstance(p, Invariant)])
    assert told.verdict is Verdict.VIOLATED


def test_a_lemma_needs_a_meaning_and_a_name_of_its_own() -> None:
    with pytest.raises(DefinitionError, match="lemma quiet has no meaning"):
        lemma("quiet", latest >= 0, " ")
    with pytest.raises(DefinitionError, match="lemma same is declared twice"):
        proof([lemma("same", latest >= 0, "a"), lemma("same", latest >= 0, "b")])
    with pytest.raises(DefinitionError, match="latest is not a parameter"):
        proof([], assuming=[latest >= 0])
