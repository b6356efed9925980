"""The checks of pyproject.toml as tests, and the fix at more sizes. Failing tests write pages into .model-check."""

from planrace.checker.plugin import checked, configured
from release import fixed


@configured()
def test_checks(report):
    """One test for each check of pyproject.toml; the verdict is compared before this runs."""
    assert report.findings


@checked(fixed, sizes=[{"workers": n} for n in (1, 2, 4)])
def test_more_workers(report):
    assert report.exploration.complete
