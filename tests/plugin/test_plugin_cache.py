"""The pytest plugin: budgets of tests, and what is not asked again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import Options, check, find, instance_of
from planrace.checker.plugin.budget import CheckBudget
from planrace.checker.plugin.cache import VerdictCache, lasting
from planrace.checker.plugin.request import CheckRequest
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.run.fingerprint import fingerprint
from planrace.checker.run.request import select
from planrace.model.language import Protocol, Step, Term, array, index, integers, step, update, when
from planrace.model.language.terms import FALSE

pytest_plugins = ["pytester"]


# Budgets ---------------------------------------------------------------------------------------------------------
def test_a_budget_is_of_a_whole_test(project: pytest.Pytester) -> None:
    """Two checks that fit into it one by one need not fit both; the next test begins anew, a call may say its own."""
    states = check(Path(project.path / "counter.py").as_posix() + ":fixed").exploration
    assert states is not None
    project.makepyfile(
        """
        from counter import fixed

        def test_two(model_check):
            assert model_check(fixed).verdict.word == "holds"
            model_check(fixed)

        def test_one(model_check):
            model_check(fixed)

        def test_own(model_check):
            model_check(fixed)
            model_check(fixed, max_states=1000)
        """
    )
    result = project.runpytest_inprocess("--model-check-budget", f"60,{states.states + 2}")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*widen the budget (it is for the whole test), or pass*"])


def test_seconds_are_of_a_whole_test(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import time
        from counter import fixed
        from planrace.checker.plugin import request

        def slow(*asked, **more):
            time.sleep(0.3)
            return run(*asked, **more)

        run = request.run

        def test_it(model_check, monkeypatch):
            monkeypatch.setattr(request, "run", slow)
            for n in range(3):
                report = model_check(fixed, workers=2, allow_unknown=True)
                assert report.verdict.word == ("holds" if n < 2 else "unknown"), report
        """
    )
    project.runpytest_inprocess("--model-check-budget", "0.6").assert_outcomes(passed=1)


# The cache -------------------------------------------------------------------------------------------------------
def key(sizes: Mapping[str, int | str] | None = None, **options: object) -> str:
    found = CheckRequest("fixed", select(find("fixed"), sizes), Options(**options)).key  # type: ignore[arg-type]
    assert found is not None
    return found


def test_other_questions_have_other_keys() -> None:
    usual = {p.name: p.default for p in find("fixed").protocol.parameters.values()}
    assert key() == key(usual) == key(listener=print)
    proofs = [key(engine="proof"), key(usual, engine="proof")]
    asked = [key(seed=1), key(seed=2), key(fail_fast=True), key(explain=True), key(beside=find("original"))]
    assert len({key(), *proofs, *asked}) == 8
    assert CheckRequest("fixed", select(find("fixed")), Options(ir=print)).key is None


def test_budgets_and_explanations_change_no_verdict() -> None:
    def question(**options: object) -> str | None:
        return CheckRequest("fixed", select(find("fixed")), Options(**options)).question  # type: ignore[arg-type]

    same = [question(time_limit=1.5), question(max_states=9), question(max_memory=2**30), question(workers=1)]
    told = [question(explain=True), question(beside=find("original")), question(alternatives=2)]
    assert {*same, *told} == {question()}
    assert {key(time_limit=1.5), key(max_states=9), key(max_memory=2**30)} == {key()}
    other = [question(exhaustive=True), question(symmetry=False), question(properties=("x",)), question(engine="bmc")]
    assert len({question(), *other}) == 5


def test_what_a_fingerprint_reads() -> None:
    instance = instance_of("original", {"plans": 2})
    system = instance.system
    assert system.scenarios
    narrowed = replace(system, scenarios=tuple(replace(s, where=FALSE) for s in system.scenarios))
    assert fingerprint(narrowed) != fingerprint(system)
    moved = replace(system, actions={n: replace(a, where=None) for n, a in system.actions.items()})
    assert fingerprint(moved) == fingerprint(system)
    with pytest.raises(TypeError, match="cannot make a fingerprint"):
        fingerprint(system, [object()])


def test_only_what_lasts_is_kept(tmp_path: Path) -> None:
    small = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
    holds = check("fixed", small)
    assert holds.verdict.word == "holds"
    assert holds.exploration is not None
    assert lasting(holds)
    cut = replace(holds.exploration, complete=False, stopped=StopReason(StopKind.STATES, "a bound"))
    assert not lasting(replace(holds, exploration=cut))
    assert not lasting(replace(holds, exploration=None))
    assert not lasting(replace(holds, findings=()))
    assert not lasting(replace(holds, interrupted=True))
    assert not lasting(check("fixed", small, options=Options(max_states=5)))

    class Folder:
        def mkdir(self, _name: str) -> Path:
            return tmp_path

    cache = VerdictCache(Folder())
    cache.put("k", holds)
    found = cache.get("k")
    assert found is not None
    assert [f.how for f in found.findings] == [f"{f.how} (cached)" for f in holds.findings]
    assert [p.name for p in tmp_path.iterdir()] == ["k.json"]
    (tmp_path / "k.json").write_text((tmp_path / "k.json").read_text()[:-100])
    assert cache.get("k") is None


@pytest.mark.parametrize("text", ["", "soon", "0", "0.0,5", "60,0", "-1", "1,2,3", "1e3", "٣"])
def test_wrong_budgets_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a budget; write SECONDS or SECONDS,STATES"):
        CheckBudget.parsed(text)


def test_what_is_decided_in_full_is_not_asked_again(project: pytest.Pytester) -> None:
    """Whatever the budget is now, and whether the next one looks for a violation; a proof too."""
    project.makepyfile(
        """
        from counter import fixed, protocol
        from planrace.model.language import Protocol, boolean, primed, step, update, when
        from planrace.properties import step_invariant

        def test_searched(model_check):
            model_check(fixed)

        lamp = Protocol("lamp", "a lamp")
        lit = lamp.variable("lit", boolean(), False)

        @lamp.action(by="somebody")
        def light():
            return step(when(~lit), update(lit, True))

        def test_proved(model_check):
            model_check(lamp, step_invariant("stays-lit", lit.implies(primed(lit)), "it stays lit"), engine="proof")

        def test_inductive(model_check):
            model_check(fixed, "in-range", engine="induction")

        def test_broken(model_check):
            model_check(protocol, expect="violated")
        """
    )
    again = ["--model-check-cache", "--model-check-budget"]
    for budget, cached in (("60", 0), ("50,100000", 4), ("0.001,1", 4)):
        result = project.runpytest_inprocess(*again, budget)
        result.assert_outcomes(passed=4)
        assert result.stdout.str().count("(cached)") == cached


# Files that answer another question ------------------------------------------------------------------------------
BOTH = """
from counter import fixed, protocol

def test_original(model_check):
    model_check(protocol)

def test_fixed(model_check):
    model_check(fixed)
"""


def cached(project: pytest.Pytester) -> dict[str, Path]:
    """The files of the cache by the name of their protocol."""
    files = (project.path / ".pytest_cache" / "d" / "planrace").glob("*.json")
    return {json.loads(f.read_text())["question"]["protocol"]: f for f in files}


@pytest.fixture
def both(project: pytest.Pytester) -> pytest.Pytester:
    project.makepyfile(BOTH)
    project.runpytest_inprocess("--model-check-cache").assert_outcomes(passed=1, failed=1)
    project.runpytest_inprocess("--model-check-cache").assert_outcomes(passed=1, failed=1)
    return project


def test_a_verdict_under_the_key_of_another_question_is_not_used(both: pytest.Pytester) -> None:
    there = cached(both)
    there["counter"].write_text(there["counter-fixed"].read_text())
    result = both.runpytest_inprocess("--model-check-cache")
    result.assert_outcomes(passed=1, failed=1)
    assert result.stdout.str().count("(cached)") == 1


def forged(data: dict[str, Any]) -> None:
    """The digest is right, whatever the file says."""
    digest = {n: v for n, v in data.items() if n != "digest"}
    data["digest"] = hashlib.sha256(json.dumps(digest, sort_keys=True).encode()).hexdigest()


def test_a_file_that_was_renamed_or_mended_answers_its_own_question_only(both: pytest.Pytester) -> None:
    there = cached(both)
    right, other = (json.loads(there[name].read_text()) for name in ("counter", "counter-fixed"))
    for question in (other["question"], right["question"]):
        data = {**other, "key": right["key"], "question": question}
        forged(data)
        there["counter"].write_text(json.dumps(data))
        both.runpytest_inprocess("--model-check-cache").assert_outcomes(passed=1, failed=1)


def holding(data: dict[str, Any]) -> None:
    report = data["report"]
    report["verdict"] = "holds"
    for p in report["properties"]:
        p["verdict"] = "holds"


def another_run(data: dict[str, Any]) -> None:
    for p in data["report"]["properties"]:
        if p["trace"]:
            p["trace"]["steps"].pop()


def fewer_states(data: dict[str, Any]) -> None:
    data["report"]["exploration"]["states"] -= 1


@pytest.mark.parametrize(("change", "mended"), [(fewer_states, False), *product((holding, another_run), (False, True))])
def test_a_verdict_that_was_changed_is_asked_anew(
    both: pytest.Pytester, change: Callable[[dict[str, Any]], None], mended: bool
) -> None:
    file = cached(both)["counter"]
    data = json.loads(file.read_text())
    change(data)
    if mended:
        forged(data)
    file.write_text(json.dumps(data))
    result = both.runpytest_inprocess("--model-check-cache")
    result.assert_outcomes(passed=1, failed=1)
    assert result.stdout.str().count("(cached)") == 1


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"schema": "planrace/cached/1"}', '{"schema": 1}', "\x00" * 99]
)
def test_damaged_cache_files_are_ignored(tmp_path: Path, text: str) -> None:
    class Folder:
        def mkdir(self, _name: str) -> Path:
            return tmp_path

    (tmp_path / "k.json").write_text(text)
    assert VerdictCache(Folder()).get("k") is None


def test_a_folder_that_cannot_be_made_costs_time_only() -> None:
    class Nowhere:
        def mkdir(self, name: str) -> Path:
            raise NotADirectoryError(20, "Not a directory", name)

    cache = VerdictCache(Nowhere())
    cache.put("k", check("fixed", plans=2))
    assert cache.get("k") is None


def test_names_for_members_have_the_same_fingerprint_in_every_process() -> None:
    """Such a name is a term with holes, each of which is marked by an object of the process."""

    kept = []

    def made(swapped: bool = False) -> str:
        p = Protocol("load", "who works")
        kept.append(p)  # else the objects of the next one may be at the same addresses
        worker = index("worker", 2)
        jobs = p.variable("jobs", array(worker, integers(0, 2)), 0)
        p.let("both", worker, worker, lambda a, b: jobs[b] - jobs[a] if swapped else jobs[a] - jobs[b])

        @p.action(worker, by=worker)
        def begin(w: Term) -> Step:
            return step(when(jobs[w] < 2), update(jobs[w], jobs[w] + 1))

        return fingerprint(p.system())

    assert made() == made() != made(swapped=True)
