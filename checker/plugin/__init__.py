"""The pytest plugin: ``model_check`` in tests, artifacts of what fails, budgets, a cache of verdicts.

``docs/pytest.md`` shows how to use it. Nothing of the checker is imported before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from .decorator import checked
from .display import LINES, lines_of, plainly

if TYPE_CHECKING:
    from .session import ModelCheck

__all__ = ["checked", "model_check"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("planrace", "model checking")
    group.addoption(
        "--model-check-budget",
        metavar="SECONDS[,STATES]",
        help="Bound of every model check; one that reaches it is undecided, and fails.",
    )
    group.addoption("--model-check-cache", action="store_true", help="Do not check again what has not changed.")
    group.addoption(
        "--model-check-artifacts",
        metavar="DIR",
        default=".model-check",
        help="Where pages and traces of failures go, below the root directory (default: .model-check).",
    )
    parser.addini("model_check_budget", "as --model-check-budget", default="")


def pytest_configure(config: pytest.Config) -> None:
    """The marker; a budget that cannot be read is a wrong request."""
    config.addinivalue_line("markers", "model_check(seconds=None, states=None): the budget of a test's model checks")
    from .budget import Budget

    try:
        Budget.of(config)
    except ValueError as problem:
        raise pytest.UsageError(str(problem)) from None


@pytest.fixture
def model_check(request: pytest.FixtureRequest) -> ModelCheck:
    """Checks a protocol in a test: ``model_check(fixed, workers=3)``. Returns the report."""
    from .session import ModelCheck

    return ModelCheck(request.node)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What fails says what the checker says; the lines of the summary go with the report, to another process too."""
    report = yield
    plainly(report, call.excinfo)
    setattr(report, LINES, item.stash.setdefault(lines_of, []).copy())
    item.stash[lines_of].clear()
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A protocol that is wrong is so when its module is imported."""
    report = yield
    call = getattr(report, "call", None)
    plainly(report, call.excinfo if call is not None else None)
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """One line for each model check."""
    reports = [r for rs in terminalreporter.stats.values() for r in rs]
    lines = [text for r in reports for text in getattr(r, LINES, [])]
    if not lines:
        return
    terminalreporter.section("model checks")
    if config.getoption("--model-check-cache") and getattr(config, "cache", None) is None:
        terminalreporter.line("nothing was cached: --model-check-cache wants pytest's cacheprovider")
    for line in lines:
        terminalreporter.line(line)
