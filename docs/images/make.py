"""Makes the screenshots of the README: ``python docs/images/make.py``. Wants chromium and playwright."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from planrace.checker import Options, check, find
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


if __name__ == "__main__":
    main()
