"""Makes the screenshots of the documents: ``python docs/images/make.py [lanes]``. Wants chromium and playwright."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from planrace.checker import Options, check, conform, find, render
from planrace.checker.report.html.page import render_html

HERE = Path(__file__).parent


def main() -> None:
    """Two places of the page of the default run, in light and dark."""
    report = check(find("original"), options=Options(explain=True, beside=find("fixed")))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "page.html"
        page_file.write_text(render_html(report), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 1400, "height": 830}, color_scheme=scheme)
            page.goto(f"{page_file.as_uri()}#0.14")
            page.screenshot(path=HERE / f"explorer-{scheme}.png")
            page.set_viewport_size({"width": 1400, "height": 900})
            page.wait_for_timeout(200)  # the page fits its heights to the window
            page.evaluate("document.getElementById('step').scrollIntoView()")
            page.screenshot(path=HERE / f"beliefs-{scheme}.png")
        browser.close()


def lanes() -> None:
    """The page of the log that the page about logs shows."""
    (log,) = re.findall(
        r"file: region\.jsonl -->\n```json\n(.*?)```", (HERE.parent / "conform.md").read_text(), re.DOTALL
    )
    sizes = {"enactors": 2, "endpoints": 1, "plans": 2}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file, page_file = Path(folder) / "region.jsonl", Path(folder) / "page.html"
        file.write_text(log)
        report = conform("fixed", file, sizes, faults=["crash", "lock-expiry"], uncertainty=0.2)
        page_file.write_text(render(report, "html").replace(f"{folder}/", ""), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 1400, "height": 780}, color_scheme=scheme)
            page.goto(f"{page_file.as_uri()}#6")
            page.wait_for_timeout(200)  # a frame is drawn
            page.screenshot(path=HERE / f"lanes-{scheme}.png")
        browser.close()


if __name__ == "__main__":
    if "lanes" not in sys.argv:
        main()
    lanes()
