"""The page of a proof and of the table of all proofs: its content, and its appearance in a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import MatrixReport, Report, find, matrix, prove, render
from planrace.checker.cli.main import run
from planrace.checker.results.proof import Confirmation
from tests import ROOT
from tests.report.test_page import browser

__all__ = ["browser"]

EXAMPLE = str(ROOT / "examples" / "blue_green.py")


@pytest.fixture(scope="module")
def proved() -> Report:
    return prove(find(f"{EXAMPLE}:fixed"))


@pytest.fixture(scope="module")
def table() -> MatrixReport:
    return matrix(find(f"{EXAMPLE}:protocol"))


def data_of(page: str) -> Any:
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_the_page_of_a_proof_contains_the_proof(proved: Report) -> None:
    """Once it showed "no run" and empty cards."""
    data = data_of(render(proved, "html"))
    (certificate,) = proved.proofs
    (shown,) = data["proof"]["proofs"]
    assert (shown["statement"], shown["assumptions"]) == (certificate.statement, certificate.assumptions)
    assert [f["name"] for f in shown["facts"]] == [c.name for c in certificate.conjuncts]
    assert all(f["meaning"] for f in shown["facts"])
    cells = [c for row in shown["rows"] for c in row["cells"] if c is not None]
    assert len(cells) == len(certificate.obligations)
    assert all(c["proved"] for c in cells)
    assert data["proof"]["confirmation"]["text"].startswith("No second solver was asked")


def test_the_page_shows_the_answer_of_the_second_solver(proved: Report, table: MatrixReport) -> None:
    doubts = Confirmation("cvc5", 3, (("0001-old", "unknown"),))
    for page in (
        render(replace(proved, confirmation=doubts), "html"),
        render(replace(table, confirmation=doubts), "html"),
    ):
        data = data_of(page)
        said = (data["proof"] or data["matrix"])["confirmation"]
        assert said == {"text": "2 of 3 obligations confirmed by cvc5.", "doubted": ["0001-old: unknown"]}
    doubted = replace(table, confirmation=doubts)
    assert doubted.exit_code == 3
    assert json.loads(render(doubted, "json"))["confirmation"]["doubted"] == [["0001-old", "unknown"]]
    assert "Not confirmed by the second solver: 0001-old: unknown." in render(doubted)
    assert data_of(render(doubted, "html"))["matrix"]["word"] == "unknown"


def test_the_page_of_the_table_contains_every_cell(table: MatrixReport) -> None:
    shown = data_of(render(table, "html"))["matrix"]
    (grid,) = shown["tables"]
    texts = [[c["text"] for c in row["cells"]] for row in grid["rows"]]
    assert texts == [["8"], ["∀"]]
    assert "counterexample on a small instance" in grid["rows"][0]["cells"][0]["how"]
    assert "the invariant: " in grid["rows"][1]["cells"][0]["how"]


def test_the_command_writes_the_page_of_the_table(tmp_path: Path) -> None:
    page = tmp_path / "table.html"
    assert run(["prove", "-p", f"{EXAMPLE}:protocol", "--all", "--format", f"html:{page}"]) == 0
    assert data_of(page.read_text())["matrix"]["closing"] == "2 of 2 cells decided for every size, 0 undecided"


# In a browser ----------------------------------------------------------------------------------------------------
Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a page from disk, with a given width and colours. There may be no network request and no error."""
    complaints: list[str] = []
    contexts = []

    def opened(text: str, width: int, colours: str) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=colours)
        contexts.append(context)
        context.on("request", lambda r: None if r.url.startswith("file:") else complaints.append(r.url))
        (tmp_path / "page.html").write_text(text)
        page = context.new_page()
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.on("console", lambda m: complaints.append(m.text))
        page.goto(f"file://{tmp_path}/page.html")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_proofs_are_visible_and_empty_parts_are_not(
    open_page: Open, proved: Report, table: MatrixReport, width: int, colours: str
) -> None:
    for result in (proved, table):
        page = open_page(render(result, "html"), width, colours)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert page.locator("#proofs .card").count() >= 3
        for card in ("#explorer", "#time", "#story"):
            assert not page.locator(card).is_visible(), card
        empty = "[...document.querySelectorAll('section')].filter(s => s.offsetParent && !s.textContent.trim()).length"
        assert page.evaluate(empty) == 0
        assert "There is no run" not in page.locator("main").inner_text()


def test_a_cell_shows_how_it_was_decided(open_page: Open, table: MatrixReport) -> None:
    page = open_page(render(table, "html"), 390, "light")
    page.locator("td.violated-cell").click()
    assert "no protection; no fault: counterexample on a small instance" in page.locator("#proofs").inner_text()


def test_one_page_shows_runs_and_proofs(open_page: Open) -> None:
    report = prove(
        find("fixed"), properties=["active-plan-never-deleted", "plans-never-regress"], faults=["stray-delete"]
    )
    page = open_page(render(report, "html"), 1400, "light")
    assert page.locator("#explorer").is_visible()
    assert "Proved: fixed with" in page.locator("#proofs").inner_text()


def test_hostile_statements_stay_text(open_page: Open, proved: Report) -> None:
    bad = "<img src=x onerror=document.title=1>"
    (certificate,) = proved.proofs
    hostile = replace(proved, proofs=(replace(certificate, statement=bad, properties=(bad,)),))
    page = open_page(render(hostile, "html"), 1400, "dark")
    assert page.locator("img").count() == 0
    assert bad in page.locator("#proofs").inner_text()
