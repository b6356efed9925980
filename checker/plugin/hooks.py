"""Where pytest finds planrace: options, the marker, the fixture ``model_check``, what reports and the summary say.

Pytest loads this module in every run, also of tests that check no protocol. So it imports nothing of planrace before
a test asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from planrace.checker.plugin.session import ModelCheck

LINES = "planrace_lines"
"""The attribute of a test's report with its lines of the summary; pytest-xdist carries attributes over."""

_lines = pytest.StashKey[list[str]]()
"""The lines of the test that is running."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("planrace", "model checking")
    group.addoption(
        "--model-check-budget",
        metavar="SECONDS[,STATES]",
        help="Bound of the model checks of each test; one that reaches it is undecided, and fails.",
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
    folder = config.rootpath / config.getoption("--model-check-artifacts")
    if config.rootpath.resolve().is_relative_to(folder.resolve()):
        raise pytest.UsageError(
            f"--model-check-artifacts: {config.getoption('--model-check-artifacts')!r} holds the tests themselves; "
            "name a folder of its own, such as .model-check"
        )
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


# What reports say ------------------------------------------------------------------------------------------------
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What fails says what the checker says; the lines of the summary go with the report, to another process too."""
    report = yield
    _plainly(report, call.excinfo)
    setattr(report, LINES, item.stash.setdefault(_lines, []).copy())
    item.stash[_lines].clear()
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A protocol that is wrong is so when its module is imported."""
    report = yield
    call = getattr(report, "call", None)
    if call is not None and call.excinfo is not None:
        _plainly(report, call.excinfo)
    return report


def _plainly(
    report: pytest.TestReport | pytest.CollectReport, excinfo: pytest.ExceptionInfo[BaseException] | None
) -> None:
    """Let the report show the message alone, if it is one of ours or about the author's model."""
    if excinfo is None or report.longrepr is None or not isinstance(excinfo.value, _ours()):
        return
    shown: Any = excinfo.getrepr(style="value", chain=False)
    if shown.reprcrash is not None:
        shown.reprcrash.message = str(excinfo.value).partition("\n")[0]
    report.longrepr = shown


def _ours() -> tuple[type[BaseException], ...]:
    """The errors of ours, of modules that somebody has imported; otherwise nobody can have raised them."""
    there = {"planrace.model.language.errors": "ModelError", "planrace.checker.plugin.session": "ModelCheckError"}
    found = (getattr(sys.modules.get(module), name, None) for module, name in there.items())
    return tuple(f for f in found if isinstance(f, type))


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
