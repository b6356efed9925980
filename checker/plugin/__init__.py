"""The pytest plugin: ``model_check`` in tests, artifacts of what fails, budgets, a cache of verdicts.

``docs/pytest.md`` shows how to use it. Nothing of the checker is imported before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from .decorator import checked

if TYPE_CHECKING:
    from .session import ModelCheck

__all__ = ["checked", "model_check"]

TOLD = "planrace"
"""The name of the property of a test's report that says what was checked."""


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
        help="Where pages and traces of failures go (default: .model-check).",
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
def model_check(request: pytest.FixtureRequest, record_property: Any) -> ModelCheck:
    """Checks a protocol in a test: ``model_check(fixed, workers=3)``. Returns the report."""
    from .session import ModelCheck

    return ModelCheck(request, record_property)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A model check that fails says what the checker says, not where in Python it was called."""
    report = yield
    if call.excinfo is not None and type(call.excinfo.value).__name__ == "ModelCheckError":
        report.longrepr = str(call.excinfo.value)
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line for each model check."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    lines = [text for r in reports for name, text in getattr(r, "user_properties", []) if name == TOLD]
    if lines:
        terminalreporter.section("model checks")
        for line in lines:
            terminalreporter.line(line)
