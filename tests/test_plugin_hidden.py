"""Repositories with packages of their own that are called like ours, in runs of pytest of their own."""

from __future__ import annotations

import sys

import pytest

pytest_plugins = ["pytester"]

FORMS = {"pytest": ["-P", "-m", "pytest"], "python -m pytest": ["-m", "pytest"]}
"""With -P the directory is not on the path, as where the script runs."""


@pytest.fixture
def theirs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A repository with a ``checker`` and a ``model.py``, whose tests want these."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")
    pytester.makepyfile(
        **{
            "checker/__init__": "MINE = True",
            "model": "MINE = True",
            "test_own": """
                import checker
                import model

                def test_it():
                    assert checker.MINE
                    assert model.MINE
            """,
        }
    )
    return pytester


@pytest.mark.parametrize("form", FORMS)
def test_their_tests_run_undisturbed(theirs: pytest.Pytester, form: str) -> None:
    result = theirs.run(sys.executable, *FORMS[form], "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


def test_a_test_that_asks_for_us_names_what_hides_us(theirs: pytest.Pytester) -> None:
    theirs.makepyfile(test_asks="def test_it(model_check):\n    model_check('original')\n")
    theirs.makepyfile(test_imports="from planrace.model.language import Protocol\n")
    theirs.makepyfile(test_decorates="from planrace.checker.plugin import checked\n")
    result = theirs.run(sys.executable, *FORMS["python -m pytest"], "--continue-on-collection-errors")
    result.assert_outcomes(passed=1, errors=3)
    out = " ".join(result.stdout.str().split())
    assert f"planrace's package 'model' is hidden by {theirs.path / 'model.py'}: rename that, or run" in out
    assert f"planrace's package 'checker' is hidden by {theirs.path / 'checker' / '__init__.py'}: rename that" in out
    assert "Traceback" not in out
    budget = theirs.run(sys.executable, *FORMS["python -m pytest"], "--model-check-budget", "60")
    assert budget.ret == pytest.ExitCode.USAGE_ERROR
    budget.stderr.fnmatch_lines(["*--model-check-budget: planrace's package 'model' is hidden by *"])


@pytest.mark.parametrize("form", FORMS)
def test_it_is_all_there_where_nothing_hides_it(pytester: pytest.Pytester, form: str) -> None:
    pytester.makepyfile(
        """
        from planrace.checker.plugin import checked

        @checked("fixed", "plans-never-regress", sizes=[{"enactors": 1, "plans": 2}])
        def test_decorated(report):
            assert report

        def test_it(model_check):
            model_check("fixed", "plans-never-regress", enactors=1, plans=2)
        """
    )
    result = pytester.run(sys.executable, *FORMS[form], "-n", "2", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*model checks*"])
