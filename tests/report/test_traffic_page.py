"""Channels and members on the page of a report, in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import Options, Report, check, render
from planrace.checker.report.text.values import changes, state_before
from planrace.checker.report.trace.traffic import channels, deliveries
from planrace.model.language import (
    Protocol,
    Step,
    Term,
    array,
    boolean,
    enumeration,
    forall,
    index,
    optional,
    step,
    update,
    when,
)
from planrace.properties import invariant
from tests.orders import orders
from tests.patterns.test_pairs import links


# On the page -------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def report() -> Report:
    return check(orders(), options=Options(explain=True, alternatives=1, slicing=False))


@pytest.fixture
def page(report: Report, tmp_path: Path) -> Iterator[Callable[[int], Any]]:
    with opened_page(report, tmp_path) as at:
        yield at


@contextmanager
def opened_page(report: Report, tmp_path: Path) -> Iterator[Callable[[int], Any]]:
    """A function that opens the page of a report at a step."""
    import os
    import shutil

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing; CI must have it")
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    (tmp_path / "page.html").write_text(render(report, "html"))
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.on("pageerror", lambda e: complaints.append(str(e)))

        def at(n: int) -> Any:
            opened.goto(f"file://{tmp_path}/page.html")
            opened.goto(f"file://{tmp_path}/page.html#0.{n}")
            return opened

        yield at
        browser.close()
    assert complaints == []


@pytest.mark.long("a browser")
def test_channels_of_pairs_agree_with_the_text(tmp_path: Path) -> None:
    made = check(links()[0], options=Options(explain=True, slicing=False))
    f = next(f for f in made.findings if f.trace is not None)
    assert f.trace is not None
    with opened_page(made, tmp_path) as at:
        for n, step_ in enumerate(f.trace.steps, 1):
            rows = [[x.strip() for x in row] for row in table_rows(at(n))]
            for c in {c.place: c for one in channels(step_.state, made.variables).values() for c in one}.values():
                assert [c.place, str(c)] in rows
    assert "link[1][2]" in {c.place for one in channels(f.trace.initial, made.variables).values() for c in one}


def test_the_page_agrees_with_the_text(report: Report, page: Callable[[int], Any]) -> None:
    f = next(f for f in report.findings if f.trace is not None)
    assert f.trace is not None
    for n, step_ in enumerate(f.trace.steps, 1):
        shown = page(n)
        said = ", ".join(map(str, changes(step_, state_before(f.trace, n), report.variables)))
        assert shown.text_content("#step-body p.note") == said
        assert shown.text_content("#tables").count("queue_") == 0
        for c in {c.place: c for made in channels(step_.state, report.variables).values() for c in made}.values():
            assert [c.place, str(c)] in [[x.strip() for x in row] for row in table_rows(shown)]
    assert shown.locator("#width .arrow.mail").count() == sum(map(bool, deliveries(f.trace, report.variables)))
    assert "owner" in shown.text_content("#tables")
    assert "none" in shown.text_content("#tables")


def table_rows(shown: Any) -> Any:
    rows = "[...document.querySelectorAll('#tables tr')]"
    return shown.evaluate(f"{rows}.map(r => [...r.children].map(c => c.textContent))")


def test_members_have_their_names() -> None:
    """Also members for which a property is false, and those of arrays over an optional index."""
    p = Protocol("named")
    kind, worker = enumeration("kind", "START STOP"), index("worker", 1)
    late = p.variable("late", array(kind, boolean()), False)
    last = p.variable("last", array(optional(worker), boolean()), False)

    @p.action(kind, by="clock")
    def wait(k: Term) -> Step:
        return step(when(~late[k]), update(late[k], True), update(last[None], True))

    p.declare(invariant("never-late", forall(kind, lambda k: ~late[k]), "nothing is late"))
    (f,) = check(p, options=Options(explain=True)).findings
    assert f.insight is not None
    assert f.insight.truths[0].offenders[1] == ("kind START",)
    assert f.insight.touched[0][1] == ("last[none]", "late[START]")
    assert f.trace is not None
    assert [c.place for c in f.trace.steps[0].changed] == ["late[START]", "last[none]"]
