"""The pytest plugin: requests that are unusual, wrong, or nearly the same as another."""

from __future__ import annotations

import re
import shlex

import pytest

from planrace.checker.api.project.artifacts import sanitised
from planrace.checker.cli.main import run

pytest_plugins = ["pytester"]

NOBODY: dict[str, tuple[str, ...]] = {"faults": (), "with_protections": (), "without": ()}


def test_decorated_functions_are_tests_like_others(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from planrace.checker.plugin import checked
        from counter import fixed, protocol

        @checked(fixed, sizes=[{"workers": 1}])
        def test_without_parameters():
            pass

        @checked(fixed, sizes=[{"workers": 2}])
        def test_with_fixtures(tmp_path, report, model_check):
            assert tmp_path.is_dir()
            assert report.parameters == {"workers": 2}
            model_check(protocol, expect="violated")

        @checked(protocol)
        @pytest.mark.skip(reason="its marks stay")
        def test_with_marks():
            pass

        class TestGroup:
            @checked(fixed)
            def test_method(self, report):
                assert report.verdict.word == "holds"

        @checked(protocol)
        def test_broken():
            raise AssertionError("the check comes first")
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=3, skipped=1, failed=1)
    assert "the check comes first" not in result.stdout.str()


def test_no_instances_are_no_success(project: pytest.Pytester) -> None:
    wrong = ["sizes=[]", "sizes={'workers': 2}", "faults=['crash']", "faults=[]"]
    text = "from planrace.checker.plugin import checked\nfrom counter import fixed\n\n"
    text += "@checked(fixed, {})\ndef test_it(): pass\n"
    project.makepyfile(**{f"test_{n}": text.replace("{}", w) for n, w in enumerate(wrong)})
    result = project.runpytest_inprocess()
    result.assert_outcomes(errors=4)
    assert len(re.findall(r"^test_\d\.py:4: checked: .* gives no instances \(write ", result.stdout.str(), re.M)) == 4
    assert "Traceback" not in result.stdout.str()


def test_wrong_requests_are_sentences(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from counter import fixed

        def test_a(model_check):
            model_check(fixed, faults="crash")

        def test_b(model_check):
            model_check(42)

        def test_c(model_check):
            model_check("nobody")

        @pytest.mark.model_check(second=1)
        def test_d(model_check):
            model_check(fixed)

        @pytest.mark.model_check(states="many")
        def test_e(model_check):
            model_check(fixed)
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=5)
    result.stdout.fnmatch_lines(
        [
            "test_wrong_requests_are_sentences.py:5: faults='crash' is not a list of names (write faults=*",
            "test_wrong_requests_are_sentences.py:8: model_check needs a protocol, not int 42 (pass *",
            "test_wrong_requests_are_sentences.py:11: no protocol is called 'nobody' (there are: original, fixed, *)",
            "*::test_d: the marker model_check(second=1) is not a budget; write *",
            "*::test_e: the marker model_check(states='many') is not a budget; write *",
        ]
    )
    assert not {"session.py", "Traceback", "^^^"} & set(
        re.findall(r"session\.py|Traceback|\^\^\^", result.stdout.str())
    )


def test_commands_that_are_printed_say_the_same(
    project: pytest.Pytester, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project.makepyfile(
        """
        from planrace.checker import Options
        from counter import fixed, protocol

        system = fixed.system(without=["compare-and-set"])
        nameless = [protocol.variant("nameless")]

        def test_system(model_check):
            model_check(system, "all-counted", parameters={"workers": 3})

        def test_seed(model_check):
            model_check(protocol, engine="simulate", runs=50)

        def test_bound(model_check):
            model_check(fixed, options=Options(max_states=5, symmetry=False))

        def test_nameless(model_check):
            model_check(nameless[0])
        """
    )
    out = project.runpytest_inprocess().stdout.str()
    commands = re.findall(r"to see it again: (.*)", out)
    assert commands[0] == "check -p counter.py:fixed -s workers=3 --without compare-and-set --property all-counted"
    assert re.fullmatch(r"check -p counter.py:protocol --engine simulate --seed \d+ --runs 50", commands[1])
    assert commands[2] == "check -p counter.py:fixed --max-states 5 --no-symmetry"
    assert re.match(r"pytest \S+::test_nameless \(no module has this protocol as an attribute", commands[3])
    monkeypatch.chdir(project.path)
    capsys.readouterr()
    assert [run(shlex.split(c)[1:]) for c in commands[:3]] == [1, 1, 3]


def test_artifacts_have_places_of_their_own_or_a_reason(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from counter import protocol

        def test_it(model_check):
            for _ in range(2):
                with pytest.raises(AssertionError, match="html: "):
                    model_check(protocol.variant("a/b <c>"))
        """
    )
    project.runpytest_inprocess("-p", "no:junitxml", "--model-check-artifacts", "out").assert_outcomes(passed=1)
    written = sorted(p.name for p in (project.path / "out").glob("*/*"))
    name = sanitised("a/b <c>")
    assert written == sorted(f"{name}{n}.{e}" for n in ("", "-2") for e in ("html", "itf.json"))
    for one, other in (("t.py::t[a b]", "t.py::t[a_b]"), ("t[a/b]", "t[a_b]"), ("a/t.py::t", "a_t.py::t")):
        assert sanitised(one) != sanitised(other)
    (project.path / "file").write_text("")
    project.makepyfile("def test_it(model_check):\n    import counter\n    model_check(counter.protocol)")
    out = project.runpytest_inprocess("--model-check-artifacts", "file/x").stdout.str()
    assert "html: not written: cannot write" in out
    assert "1. worker 1 reads 0" in out


def test_an_interruption_stops_the_session(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from counter import fixed

        def interrupt(progress):
            raise KeyboardInterrupt

        def test_it(model_check, monkeypatch):
            monkeypatch.setattr("planrace.checker.engines.limits.INTERVAL", -1.0)
            model_check(fixed, listener=interrupt)
        """
    )
    assert project.runpytest_inprocess(no_reraise_ctrlc=True).ret == pytest.ExitCode.INTERRUPTED


# Properties of the test ------------------------------------------------------------------------------------------
def test_properties_can_be_given_themselves(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from planrace.checker.plugin import checked
        from counter import *
        from planrace.model.language import *
        from planrace.properties import invariant, reachable, step_invariant

        low = invariant("low", total < 2, "nobody gets to two")
        two = reachable("two", total == 2, "somebody gets to two")

        @pytest.mark.parametrize("subject", [protocol, fixed, fixed.system(), __file__ + ":fixed"])
        def test_on_top(model_check, subject):
            expect = "violated" if subject is protocol else "holds"
            report = model_check(subject, two, "in-range", protocol.properties[0], expect=expect)
            assert [f.name for f in report.findings] == ["two", "in-range", "all-counted"]

        def test_fails(model_check):
            model_check(fixed, low)

        @checked(fixed, two)
        def test_decorated(report):
            assert [p.name for p in protocol.properties] == ["all-counted", "in-range"]

        lamp = Protocol("lamp", "a lamp")
        lit = lamp.variable("lit", boolean(), False)

        @lamp.action(by="somebody")
        def light():
            return step(when(~lit), update(lit, True))

        def test_proved(model_check):
            model_check(lamp, step_invariant("stays-lit", lit.implies(primed(lit)), "it stays lit"), engine="proof")

        def test_twice(model_check):
            model_check(fixed, invariant("in-range", total < 9, "another of that name"))

        def test_no_property(model_check):
            model_check(fixed, total < 2)

        def test_unknown_action(model_check):
            model_check(fixed.system(), reachable("never", taken("rite"), "it writes"))
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=6, failed=4)
    out = " ".join(result.stdout.str().split())
    assert "low: violated" in out
    assert re.search(r"to see it again: pytest \S+::test_fails", out)
    assert re.search(r"property in-range is declared twice .*\(rename one of the two\)", out)
    assert "is not a property (name a declared one, or pass invariant(…), reachable(…))" in out
    assert "taken: no action is called 'rite'" in out


def test_a_fault_that_no_protocol_has_is_refused(project: pytest.Pytester) -> None:
    """Also where the protocol has no faults at all: otherwise a misspelt one would be a test without it."""
    project.makepyfile(
        """
        from counter import fixed

        def test_it(model_check):
            model_check(fixed, faults=["no-such-fault"])
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*.py:4: no fault of counter is called 'no-such-fault' (there are none)"])


def test_wrong_requests_name_their_line(project: pytest.Pytester) -> None:
    """Also where a decorator asks; a decorator without its protocol is one."""
    project.makepyfile(
        """
        from planrace.checker import check; from planrace.checker.plugin import checked
        from counter import fixed

        @checked(fixed, "all-countd")
        def test_a(): pass

        def test_b(model_check):
            model_check(fixed, with_protections=["compare-and-set"])

        def test_c(model_check):
            model_check(fixed, expects="violated")

        @checked(fixed, size=[{"workers": 2}])
        def test_d(): pass

        def test_e():
            check(fixed, faults=["crsh"])
        """
    )
    project.makepyfile(
        test_bare="from planrace.checker.plugin import checked\n\n\n@checked\ndef test_d(report): pass\n"
    )
    result = project.runpytest_inprocess("--continue-on-collection-errors")
    result.assert_outcomes(failed=5, errors=1)
    result.stdout.fnmatch_lines(
        [
            "test_bare.py:4: checked needs a protocol as its first argument (write @checked(protocol))",
            "*.py:4: no property of counter-fixed is called 'all-countd' (did you mean all-counted?)",
            "*.py:8: model_check has no keyword 'with_protections', and * has no such size (did you mean with_?)",
            "*.py:11: model_check has no keyword 'expects', and counter-fixed has no such size (did you mean expect?)",
            "*.py:13: model_check has no keyword 'size', and counter-fixed has no such size (did you mean sizes?)",
            "*.py:17: no fault of counter is called 'crsh' (there are none)",
        ]
    )


def test_instances_can_be_chosen_by_name(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from planrace.checker.plugin import checked
        from counter import fixed

        @checked(fixed, sizes=[{"workers": 2}, {"workers": 3}])
        def test_it(): pass
        """
    )
    project.runpytest_inprocess("-k", "workers-3").assert_outcomes(passed=1, deselected=1)


def test_artifacts_are_those_of_the_last_run(project: pytest.Pytester) -> None:
    """What holds now leaves no page of when it did not; an expected violation has one where it is asked for."""
    project.makepyfile(
        """
        import os
        from counter import fixed, protocol

        def test_it(model_check):
            model_check(protocol if "BROKEN" in os.environ else fixed)

        def test_broken(model_check):
            model_check(protocol, expect="violated", explain=True)

        def test_known(model_check):
            model_check(protocol, expect="violated")
        """
    )
    folder = project.path / ".model-check"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BROKEN", "1")
        project.runpytest_inprocess().assert_outcomes(passed=2, failed=1)
    assert len(list(folder.glob("*test_it-*/*"))) == 2
    (folder / "mine").mkdir()
    project.runpytest_inprocess().assert_outcomes(passed=3)
    named = (p.name.rpartition(".py_")[2].partition("-")[0] for p in folder.glob("*/"))  # a hash follows
    assert sorted(named) == ["mine", "test_broken"]


def test_a_promise_that_the_engine_cannot_answer_is_open(project: pytest.Pytester) -> None:
    """Otherwise a test would be green about a property that nobody looked at."""
    project.makepyfile(
        """
        import counter
        from counter import *
        from planrace.properties import eventually_always

        live = counter.fixed.protocol
        live.declare(eventually_always("all-done", done, "all are done sometime"))

        def test_it(model_check):
            model_check(fixed, workers=1, engine="induction")

        def test_named(model_check):
            model_check(fixed, "in-range", workers=1, engine="induction")

        def test_may_be_open(model_check):
            model_check(fixed, workers=1, engine="induction", allow_unknown=True)

        def test_proof(model_check):
            model_check(fixed, engine="proof", allow_unknown=True)
        """
    )
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=3, failed=1)
    said = " ".join(result.stdout.str().split())
    assert "UNKNOWN all-done: engine induction cannot decide liveness: use --engine auto" in said
    assert re.search(r"^\w+ +counter-fixed \(every size\); left out: all-done$", result.stdout.str(), re.M)


@pytest.mark.parametrize("folder", ["", ".", "..", "/"])
def test_artifacts_have_a_folder_of_their_own(project: pytest.Pytester, folder: str) -> None:
    project.makepyfile("def test_it():\n    pass\n")
    result = project.runpytest_inprocess("--model-check-artifacts", folder)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*contains the tests; name a separate folder*"])
    assert not (project.path / ".gitignore").exists()
