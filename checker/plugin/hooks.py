"""The entry point for pytest: options, the marker, the fixtures, texts of reports and the summary.

Pytest loads this module in every run, even if no test checks a protocol. So it imports other modules of planrace only
when a test needs them.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from planrace.checker.plugin.driving import Drive
    from planrace.checker.plugin.session import ModelCheck

LINES = "planrace_lines"
"""The attribute of a test's report with its lines of the summary; pytest-xdist carries attributes over."""

_lines = pytest.StashKey[list[str]]()
"""The lines of the test that is running."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("planrace", "model checking")
    group.addoption(
        "--model-check-budget",
        metavar="SECONDS[,STATES]",
        help="Limit on the model checks of each test; a check that reaches it is undecided and fails.",
    )
    group.addoption(
        "--model-check-cache", action="store_true", help="Reuse verdicts of protocols that have not changed."
    )
    group.addoption(
        "--model-check-artifacts",
        metavar="DIR",
        help="Directory for pages and traces of failures, below the root directory (default: artifacts of "
        "[tool.planrace] in pyproject.toml, or .model-check).",
    )
    parser.addini("model_check_budget", "as --model-check-budget", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and check the directory and the budget. Raises ``UsageError``."""
    config.addinivalue_line("markers", "model_check(seconds=None, states=None): the budget of a test's model checks")
    from planrace.checker.plugin.configuration import ARTIFACTS, artifacts_folder

    folder = artifacts_folder(config)
    if config.rootpath.resolve().is_relative_to(folder.resolve()):
        named = config.getoption("--model-check-artifacts")
        what = "artifacts of [tool.planrace]" if named is None else f"--model-check-artifacts: {named!r}"
        raise pytest.UsageError(f"{what} contains the tests; name a separate folder, such as {ARTIFACTS}")
    if not (config.getoption("--model-check-budget") or config.getini("model_check_budget")):
        return
    from planrace.checker.plugin.budget import CheckBudget

    try:
        CheckBudget.of(config)
    except ValueError as problem:
        raise pytest.UsageError(str(problem)) from None


@pytest.fixture
def model_check(request: pytest.FixtureRequest) -> ModelCheck:
    """Checks a protocol in a test: ``model_check(fixed, workers=3)``. Returns the report."""
    from planrace.checker.plugin.session import ModelCheck

    return ModelCheck(request.node, request.node.stash.setdefault(_lines, []))


@pytest.fixture
def drive(request: pytest.FixtureRequest) -> Drive:
    """Covers a protocol on your code in a test: ``drive(protocol, Driver, workers=2)``. Returns the report."""
    from planrace.checker.plugin.driving import Drive

    return Drive(request.node, request.node.stash.setdefault(_lines, []))


# Reports ---------------------------------------------------------------------------------------------------------
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shorten the failures of our checks to their message, and attach the summary lines to the test's report."""
    report = yield
    _plainly(report, call.excinfo)
    setattr(report, LINES, item.stash.setdefault(_lines, []).copy())
    item.stash[_lines].clear()
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Shorten errors in a protocol that appear when its module is imported."""
    report = yield
    call = getattr(report, "call", None)
    if call is not None and call.excinfo is not None:
        _plainly(report, call.excinfo)
    return report


def _plainly(
    report: pytest.TestReport | pytest.CollectReport, excinfo: pytest.ExceptionInfo[BaseException] | None
) -> None:
    """Let the report show only the message, if the exception is one of ours."""
    if excinfo is None or report.longrepr is None or not isinstance(excinfo.value, _ours()):
        return
    shown: Any = excinfo.getrepr(style="value", chain=False)
    if shown.reprcrash is not None:
        shown.reprcrash.message = str(excinfo.value).partition("\n")[0]
    report.longrepr = shown


def _ours() -> tuple[type[BaseException], ...]:
    """Our exceptions, of modules that are already imported; others cannot have been raised."""
    there = {"planrace.model.language.errors": "ModelError", "planrace.checker.plugin.session": "ModelCheckError"}
    found = (getattr(sys.modules.get(module), name, None) for module, name in there.items())
    return tuple(f for f in found if isinstance(f, type))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print one line for each model check."""
    reports = [r for rs in terminalreporter.stats.values() for r in rs]
    lines = [text for r in reports for text in getattr(r, LINES, [])]
    if not lines:
        return
    terminalreporter.section("model checks")
    if config.getoption("--model-check-cache") and getattr(config, "cache", None) is None:
        terminalreporter.line("nothing was cached: --model-check-cache needs pytest's cacheprovider")
    for line in lines:
        terminalreporter.line(line)
