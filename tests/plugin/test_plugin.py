"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from planrace.checker import find, instance_of
from planrace.checker.plugin.budget import CheckBudget
from planrace.checker.run.fingerprint import fingerprint
from planrace.model.language import Instance, changed
from tests.counter import PROTOCOL

pytest_plugins = ["pytester"]


def test_what_holds_passes(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from counter import fixed, protocol

        def test_fix(model_check):
            report = model_check(fixed, workers=3)
            assert report.exploration.complete

        def test_the_fix_is_needed(model_check):
            model_check(protocol, expect="violated")

        def test_one_property(model_check):
            model_check(protocol, "in-range")
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["*model checks*", "holds*counter-fixed (workers=3): * states*", "violated*counter (workers=2): *"]
    )


def test_liveness_without_the_faults_that_are_on_says_so(project: pytest.Pytester) -> None:
    """The line is all that many read: it must not look like an answer about the fault."""
    project.makepyfile(
        """
        from counter import protocol, stage, done
        from planrace.model.language import *
        from planrace.properties import eventually_always

        def test_it(model_check):
            faint = protocol.fault("faint", "nothing comes of it")
            def faints():
                return step(when(done))
            protocol.action(by="nobody", fault=faint)(faints)
            ends = eventually_always("ends", done, "all are done")
            anyhow = eventually_always("ends-anyhow", done, "and though they faint", despite_faults=True)
            model_check(protocol.variant("live").declaring([ends, anyhow]), "ends", "ends-anyhow", faults=["faint"])
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["holds*live (workers=2; faint): * s; note: ends was decided without faint *"])
    assert "ends-anyhow was" not in result.stdout.str()


def test_a_proof_says_that_it_is_for_every_size(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from planrace.model.language import *
        from planrace.properties import invariant

        relay = Protocol("relay", "workers begin and finish")
        Worker = index("worker", relay.parameter("workers", 2, 1, 5))
        begun = relay.variable("begun", array(Worker, boolean()), False)
        finished = relay.variable("finished", array(Worker, boolean()), False)

        @relay.action(Worker, by=Worker)
        def begin(w):
            return step(when(~begun[w]), update(begun[w], True))

        @relay.action(Worker, by=Worker)
        def finish(w):
            return step(when(begun[w]), update(finished[w], True))

        def test_it(model_check):
            ordered = forall(Worker, lambda w: finished[w].implies(begun[w]))
            kept = invariant("begun-first", ordered, "nobody finishes what is not begun")
            model_check(relay, kept, engine="proof")
            model_check(relay, kept, engine="proof", workers=3)
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=1)
    lines = ["holds     relay (every size)*", "holds     relay (every size with workers=3)*"]
    result.stdout.fnmatch_lines(lines)


def test_the_message_of_a_failure_has_the_counterexample(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from counter import protocol

        def test_it(model_check):
            model_check(protocol, workers=2, faults=[])
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    out = result.stdout.str()
    assert "model_check: expected holds, found violated" in out
    assert "1. worker 1 reads 0" in out
    assert "Cause: " in out
    assert "Traceback" not in out
    assert "session.py" not in out
    command = re.search(r"to see it again: (check -p .*counter.py:protocol -s workers=2)", out)
    assert command is not None
    page = re.search(r"html: (\S+)", out)
    trace = re.search(r"itf: (\S+)", out)
    assert page is not None
    assert trace is not None
    assert "<!doctype html>" in Path(page[1]).read_text()
    assert Path(trace[1]).name == "counter.itf.json"
    assert Path(page[1]).parent.parent == project.path / ".model-check"


def test_undecided_fails_unless_it_may(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from counter import fixed

        def test_budget(model_check):
            model_check(fixed, workers=4)

        @pytest.mark.model_check(states=100000)
        def test_a_budget_of_its_own(model_check):
            model_check(fixed, workers=4)

        def test_may_be_open(model_check):
            assert model_check(fixed, workers=4, allow_unknown=True).verdict.word == "unknown"
        """
    )
    result = project.runpytest_inprocess("--model-check-budget", "60,10")
    result.assert_outcomes(passed=2, failed=1)
    assert "expected holds, found unknown" in result.stdout.str()
    assert "the bound of 10 states was reached" in " ".join(result.stdout.str().split())
    project.makeini("[pytest]\nmodel_check_budget = 60,10\n")
    project.runpytest_inprocess().assert_outcomes(passed=2, failed=1)
    wrong = project.runpytest_inprocess("--model-check-budget", "soon")
    assert wrong.ret == pytest.ExitCode.USAGE_ERROR
    wrong.stderr.fnmatch_lines(["*'soon' is not a budget; write SECONDS or SECONDS,STATES*"])


def test_the_decorator_makes_a_test_of_each_instance(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from planrace.checker.plugin import checked
        from counter import fixed, protocol

        @checked(fixed, sizes=[{"workers": 1}, {"workers": 3}])
        def test_fixed(report):
            assert report.exploration.states > 2

        @checked(protocol, "all-counted", expect="violated")
        def test_broken(report):
            '''The bug is there.'''
            assert report.findings[0].depth == 4
        """
    )
    result = project.runpytest_inprocess("-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        ["*test_fixed?workers-1? PASSED*", "*test_fixed?workers-3? PASSED*", "*test_broken?default?*"]
    )


def test_verdicts_are_cached_by_their_request(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from counter import fixed

        def test_it(model_check):
            model_check(fixed, workers=3)
        """
    )
    first = project.runpytest_inprocess("--model-check-cache")
    again = project.runpytest_inprocess("--model-check-cache")
    plain = project.runpytest_inprocess()
    for result in (first, again, plain):
        result.assert_outcomes(passed=1)
    assert "(cached)" in again.stdout.str()
    assert "(cached)" not in first.stdout.str() + plain.stdout.str()
    project.makepyfile(counter="# a comment\n" + PROTOCOL)
    assert "(cached)" in project.runpytest_inprocess("--model-check-cache").stdout.str()
    project.makepyfile(counter=PROTOCOL.replace("when(stage[w] == 1)", "when(stage[w] == 1, total <= workers)"))
    assert "(cached)" not in project.runpytest_inprocess("--model-check-cache").stdout.str()
    assert "(cached)" not in project.runpytest_inprocess("--model-check-cache", "-p", "no:cacheprovider").stdout.str()


def test_several_processes(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    project.makepyfile(
        """
        from planrace.checker.plugin import checked
        from counter import fixed, protocol

        @checked(fixed, sizes=[{"workers": n} for n in (1, 2, 3, 4)])
        def test_fixed(report):
            pass

        @checked(protocol, sizes=[{"workers": n} for n in (2, 3)])
        def test_broken(report):
            pass
        """
    )
    result = project.runpytest_subprocess("-n", "2", "--model-check-cache")
    result.assert_outcomes(passed=4, failed=2)
    result.stdout.fnmatch_lines(["*model checks*"])
    assert result.stdout.str().count("counter-fixed (workers=") == 4
    assert len(list((project.path / ".model-check").glob("*/*.html"))) == 2


def test_a_wrong_request_is_an_error_of_the_test(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from counter import fixed

        def test_size(model_check):
            model_check(fixed, wrkers=3)

        def test_word(model_check):
            model_check(fixed, expect="good")
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=2)
    assert "did you mean workers?" in result.stdout.str()
    assert "write expect='holds' or expect='violated'" in result.stdout.str()


def test_starting_pytest_loads_no_engine(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import sys

        def test_nothing():
            heavy = {"z3", "llvmlite", "networkx", "planrace.checker.run.run", "planrace.checker.engines.explicit"}
            assert not heavy & set(sys.modules)
        """
    )
    project.runpytest_subprocess().assert_outcomes(passed=1)


# Fingerprints ----------------------------------------------------------------------------------------------------
def small(**changes: int) -> Instance:
    return instance_of("fixed", {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1, **changes})


def test_fingerprints_tell_questions_apart() -> None:
    base = fingerprint(small())
    assert base == fingerprint(small())
    without_cleaning = changed(small().system, lambda change: change.remove("delete_old_plans"))
    others = [
        fingerprint(small(plans=2)),
        fingerprint(small(), ("plans-never-regress",)),
        fingerprint(instance_of("original", {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1})),
        fingerprint(instance_of("fixed", {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}, faults=["crash"])),
        fingerprint(without_cleaning.instance(**small().parameters)),
    ]
    assert len({base, *others}) == 1 + len(others)
    system = find("fixed").system()
    moved = replace(system, actions={n: replace(a, where=None) for n, a in system.actions.items()})
    assert fingerprint(replace(small(), system=moved)) == base


@pytest.mark.parametrize(("text", "budget"), [("60", (60.0, None)), ("1.5s, 20", (1.5, 20)), (",7", (None, 7))])
def test_budgets(text: str, budget: tuple[float | None, int | None]) -> None:
    found = CheckBudget.parsed(text)
    assert (found.seconds, found.states) == budget


def test_warnings_are_reported_and_may_fail(project: pytest.Pytester) -> None:
    """A counter that stops where no end is: told beside what holds, a failure where the test is strict."""
    project.makepyfile(
        stops="""
        from planrace.model.language import *
        from planrace.properties import invariant

        protocol = Protocol("stops", "it stops")
        n = protocol.variable("n", integers(0, 2), 0)

        @protocol.action(by="me")
        def count():
            return step(when(n < 2), update(n, n + 1), says("counts"))

        @protocol.action(by="me")
        def leap():
            return step(when(n == 2, n == 1), update(n, 0), says("leaps"))

        protocol.declare(invariant("small", n <= 2, "it stays small"))
        """
    )
    project.makepyfile(
        """
        from stops import protocol

        def test_lenient(model_check):
            model_check(protocol)

        def test_strict(model_check):
            model_check(protocol, strict=True)
        """
    )
    result = project.runpytest("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*model_check: warnings are failures where strict=True",
            "*nothing is enabled any more*",
            "*to see it again: check -p stops.py:protocol --strict",
            "holds     stops: 3 states*; warning: deadlock after 2 steps; leap *never*",
        ]
    )


def test_artifacts_stay_out_of_the_repository(project: pytest.Pytester) -> None:
    project.makepyfile("from counter import protocol\ndef test_it(model_check): model_check(protocol)")
    project.runpytest().assert_outcomes(failed=1)
    ignored = project.path / ".model-check" / ".gitignore"
    assert ignored.read_text().splitlines()[-1] == "*"
    ignored.write_text("mine")
    project.runpytest().assert_outcomes(failed=1)
    assert ignored.read_text() == "mine"


def test_properties_are_not_an_option(project: pytest.Pytester) -> None:
    project.makepyfile(
        "from counter import fixed\ndef test_it(model_check): model_check(fixed, properties=['in-range'])"
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*has no keyword properties= (name them after the protocol*"])
