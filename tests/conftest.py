"""Fixtures that several files of tests need; what the usual run leaves out, and on how many cores it runs.

A test that is marked ``long("what it does")``, or stands in ``tests/long.py``, runs with ``--all``; one of those
``ON_REQUEST`` there runs with ``--everything`` only. Each runs if the command line names it (``file::test``).
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from _pytest.pytester import SysModulesSnapshot
from hypothesis import settings

from tests.counter import PROTOCOL
from tests.long import begins_early, why_long, why_on_request

# What hypothesis draws is the same in each run, so that a change fails for what it changes.
# --hypothesis-profile=fuzz draws anew.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("fuzz", derandomize=False)
settings.load_profile("repeatable")


# The command line --------------------------------------------------------------------------------------------------
def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the long tests, too (with -m long: only those)")
    also = "run also what runs on request only (with -m on_request: only that)"
    parser.addoption("--everything", action="store_true", help=also)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long(what): left out without --all; says what the test does for so long")
    config.addinivalue_line("markers", "on_request(what): left out without --everything, for the same reason")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """``pyproject.toml`` asks for a worker on each core; a test that the command line names needs none."""
    if _named(config) and getattr(config.option, "numprocesses", None) == "logical":
        config.option.numprocesses = 0


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    named = _named(config)
    everything = config.getoption("--everything")
    runs = {"long": everything or config.getoption("--all"), "on_request": everything}
    for item in items:
        for kind, why in (("on_request", why_on_request(item.nodeid)), ("long", why_long(item.nodeid))):
            if why is not None:
                item.add_marker(getattr(pytest.mark, kind)(why))
        kind, mark = next(((k, m) for k in ("on_request", "long") if (m := item.get_closest_marker(k))), ("", None))
        if mark is None:
            continue
        item.user_properties.append(("long", mark.args[0]))
        if not runs[kind] and not item.nodeid.startswith(named):
            item.add_marker(pytest.mark.skip(reason=f"{kind.replace('_', ' ')}: {mark.args[0]}"))
    if runs["long"]:
        items.sort(key=lambda item: not begins_early(item.nodeid))


def _named(config: pytest.Config) -> tuple[str, ...]:
    """The tests that the command line names."""
    return tuple(a for a in config.args if "::" in a)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which tests did not run, and why; which long ones did."""
    skipped = Counter(_reason(report) for report in terminalreporter.getreports("skipped"))
    ran = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    long = Counter(str(value) for report in ran for name, value in report.user_properties if name == "long")
    _tell(terminalreporter, "left out, and why (--all runs the long ones, --everything those on request)", skipped)
    _tell(terminalreporter, "long tests that ran", long)


def _tell(terminal: pytest.TerminalReporter, title: str, counts: Counter[str]) -> None:
    if counts:
        terminal.section(title)
    for text, count in counts.most_common():
        terminal.write_line(f"{count:5} {text}")


def _reason(report: pytest.TestReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


# Fixtures ----------------------------------------------------------------------------------------------------------
@pytest.fixture(autouse=True, scope="session")
def unhurried() -> None:
    """How much is explained in two seconds depends on the machine. What tests compare must not."""
    from planrace.checker.run import findings

    findings.TRACE_SECONDS = 60.0


@pytest.fixture(autouse=True, scope="session")
def uncoloured() -> None:
    """Text that tests read has no colours, whatever the one who runs them likes."""
    os.environ.pop("FORCE_COLOR", None)


@pytest.fixture(autouse=True, scope="session")
def shipped_level() -> int:
    """LLVM's level of optimisation for users. In this process it is asked for none: that makes the code in a tenth of
    the time, and small searches take as long. Tests of the code itself are ``optimised``."""
    from planrace.checker.engines.native import jit

    level, jit.LEVEL = jit.LEVEL, 0
    return level


@pytest.fixture
def optimised(shipped_level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code as users get it. What the IR leaves undefined shows itself only here."""
    from planrace.checker.engines.native import jit

    monkeypatch.setattr(jit, "LEVEL", shipped_level)


@pytest.fixture
def unexplained(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests about something else: explanations are cut at once."""
    from planrace.checker.run import findings

    monkeypatch.setattr(findings, "TRACE_SECONDS", 0.0)
    monkeypatch.setattr(findings, "PAGE_SECONDS", 0.0)  # where programs read the report, too


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of machine code that nothing else has written to."""
    old = os.environ.get("PLANRACE_CACHE")
    os.environ["PLANRACE_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("PLANRACE_CACHE") if old is None else os.environ.update(PLANRACE_CACHE=old)


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A directory with the protocol of ``counter.py``, for runs of pytest within tests."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")  # each run would take a second to import it
    restore = SysModulesSnapshot.restore

    def restored(self: SysModulesSnapshot) -> None:
        """After a run pytester forgets what was imported in it. Only files of the test may be forgotten, or there
        would be two copies of a library, and of our classes."""
        here = str(pytester.path)
        ours = {n: m for n, m in sys.modules.items() if not str(getattr(m, "__file__", "")).startswith(here)}
        restore(self)
        sys.modules.update(ours)

    monkeypatch.setattr(SysModulesSnapshot, "restore", restored)
    pytester.makepyfile(counter=PROTOCOL)
    pytester.syspathinsert()
    return pytester
