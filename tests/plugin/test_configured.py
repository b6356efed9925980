"""``[tool.planrace]`` in tests: ``configured``, and defaults of budget and artifacts."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SECTION = """
[tool.planrace]
{top}

[[tool.planrace.check]]
name = "bug"
protocol = "counter.py:protocol"
expect = "{bug}"

[[tool.planrace.check]]
name = "fix"
protocol = "counter.py:fixed"
sizes = {{ workers = 3 }}
{own}
"""
TESTS = """
from planrace.checker.plugin import configured

@configured
def test_each(report, tmp_path):
    assert report.findings and tmp_path

@configured("fix")
def test_one(report):
    assert report.parameters["workers"] == 3
"""


def configure(project: pytest.Pytester, top: str = "", bug: str = "violated", own: str = "") -> None:
    project.makepyprojecttoml(SECTION.format(top=top, bug=bug, own=own))
    project.makepyfile(test_them=TESTS)


def test_each_check_is_a_test(project: pytest.Pytester) -> None:
    configure(project)
    result = project.runpytest_inprocess("-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*test_each?bug? PASSED*", "*test_each?fix? PASSED*", "*test_one?fix? PASSED*"])
    result.stdout.fnmatch_lines(["violated*counter (workers=2): *", "holds*counter-fixed (workers=3): *"])
    project.runpytest_inprocess("-k", "bug").assert_outcomes(passed=1, deselected=2)


def test_it_is_found_from_the_file_of_the_test(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(project)
    below = project.mkdir("tests")
    (project.path / "test_them.py").rename(below / "test_them.py")
    elsewhere = project.mkdir("elsewhere")
    monkeypatch.chdir(elsewhere)
    project.runpytest_inprocess(str(below)).assert_outcomes(passed=3)


def test_another_verdict_fails_and_leaves_its_page_where_the_section_says(project: pytest.Pytester) -> None:
    configure(project, 'artifacts = "out"', bug="holds")
    result = project.runpytest_inprocess("-k", "bug")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(
        ["*model_check: expected holds, found violated*", "*to see it again: check -p counter.py:protocol"]
    )
    pages = list((project.path / "out").rglob("*.html"))
    assert len(pages) == 1
    project.runpytest_inprocess("-k", "bug", "--model-check-artifacts", "there").assert_outcomes(failed=1, deselected=2)
    assert list((project.path / "there").rglob("*.html"))


@pytest.mark.parametrize(
    ("top", "own", "options", "passed"),
    [
        ("max-states = 2", "", (), 0),
        ("max-states = 2", "max-states = 100000", (), 2),
        ("max-states = 2", "", ("--model-check-budget", "60,100000"), 2),
        ("", "max-states = 2", ("--model-check-budget", "60,100000"), 0),
    ],
)
def test_the_narrowest_limit_counts(
    top: str, own: str, options: tuple[str, ...], passed: int, project: pytest.Pytester
) -> None:
    """That of a check, before the option, before the section."""
    configure(project, top, own=own)
    result = project.runpytest_inprocess("-k", "fix", *options)
    result.assert_outcomes(passed=passed, failed=2 - passed, deselected=1)


def test_the_section_is_the_budget_of_other_tests(project: pytest.Pytester) -> None:
    configure(project, "max-states = 2")
    project.makepyfile("from counter import fixed\n\ndef test_it(model_check):\n    model_check(fixed)\n")
    result = project.runpytest_inprocess("-k", "test_it")
    result.assert_outcomes(failed=1, deselected=3)
    result.stdout.fnmatch_lines(["*expected holds, found unknown*"])


@pytest.mark.parametrize(
    ("top", "message"),
    [
        ("worker = 1", "*pyproject.toml:2: tool.planrace: worker is no key here (did you mean workers?)*"),
        ('artifacts = "."', "*artifacts of [[]tool.planrace] contains the tests*"),
    ],
)
def test_a_section_that_is_wrong_is_told_at_once(top: str, message: str, project: pytest.Pytester) -> None:
    configure(project, top)
    result = project.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_names_that_do_not_exist_are_told_where_they_stand(project: pytest.Pytester) -> None:
    configure(project, own='faults = ["crush"]')
    result = project.runpytest_inprocess("-k", "fix")
    result.stdout.fnmatch_lines(["*pyproject.toml:*no fault of counter is called 'crush'*"])
    (project.path / "test_them.py").write_text(TESTS.replace('"fix"', '"fixe"'))
    result = project.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no check of pyproject.toml is called 'fixe' (did you mean fix?)*"])


def test_without_a_section(project: pytest.Pytester, tmp_path: Path) -> None:
    project.makepyfile(test_them=TESTS)
    result = project.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*there is no pyproject.toml with a section [[]tool.planrace]*`check init` writes one*"]
    )
