"""The playground: its parts fit together; in a browser, it finds the outage and keeps strangers' models in bounds."""

from __future__ import annotations

import base64
import functools
import importlib.util
import json
import os
import re
import shlex
import shutil
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from planrace.checker.cli.app import app
from tests import ROOT

HERE = ROOT / "docs" / "try"
SECONDS = 120_000
"""Milliseconds within which a question is answered, also on a machine that does something else."""


# Without a browser -------------------------------------------------------------------------------------------------
def test_the_page_knows_only_options_that_exist() -> None:
    text = (HERE / "question.js").read_text()
    commands: dict[str, Any] = {"": app, **{name: app.commands[name] for name in ("prove", "lint", "mutate")}}
    words = re.findall(r"words: \[(.*?)\]", text)
    assert {w.strip('"') for w in words if "," not in w} == {"", "prove", "lint", "mutate"}
    known = {o for command in commands.values() for p in command.params for o in p.opts}
    asked = set(re.findall(r'"(--?[a-z-]+)"', text))
    assert asked >= {"--engine", "-s", "--fault", "--with", "--without", "--property", "--time-limit", "--format"}
    assert asked <= known
    for command in commands.values():
        assert {"-s", "--fault", "--with", "--without", "--time-limit", "--width"} <= {
            o for p in command.params for o in p.opts
        }


def test_files_that_the_page_names_are_there() -> None:
    named = re.findall(r'(?:src|href)="(\w[\w.]*)"', (HERE / "index.html").read_text())
    assert named == ["playground.css", "main.js"]
    scripts = "".join(f.read_text() for f in HERE.glob("*.js"))
    named += re.findall(r'from "\./([\w.]+)"', scripts) + re.findall(r'src: "([\w.]+)"', scripts)
    assert [n for n in named if not (HERE / n).exists()] == []
    assert len(named) > 10


def test_models_reach_no_other_site() -> None:
    """The browser enforces the policy; a worker from a file would have none, so none may begin."""
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', (HERE / "index.html").read_text())
    assert policy is not None
    parts = dict(part.strip().partition(" ")[::2] for part in policy[1].split(";"))
    assert (parts["default-src"], parts["connect-src"], parts["worker-src"]) == ("'none'", "'self'", "blob:")
    assert parts["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert 'setAttribute("sandbox", "allow-scripts")' in (HERE / "result.js").read_text()


def test_what_browsers_need_is_what_planrace_needs() -> None:
    needed = dict(builder()._requirements())
    assert set(needed) == {"click", "rich", "z3-solver", "networkx", "msgspec", "lazy-loader"}


def builder() -> Any:
    """The module that builds the page; it is a script."""
    spec = importlib.util.spec_from_file_location("build_playground", HERE / "build_playground.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# In a browser ------------------------------------------------------------------------------------------------------
class Quiet(SimpleHTTPRequestHandler):
    """A plain server of files, which keeps what was asked of it."""

    asked: list[str]

    def log_message(self, *_: Any) -> None:
        self.asked.append(self.path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built page: that of CI, or built here if npm's packages are there."""
    if "PLANRACE_PLAYGROUND" in os.environ:
        return Path(os.environ["PLANRACE_PLAYGROUND"])
    modules = ROOT / ".ci" / "node_modules"
    if not (modules / "pyodide").exists():
        missing("the packages of .ci/package.json are not installed: npm ci --prefix .ci")
    where = tmp_path_factory.mktemp("playground")
    builder().build(where, modules)
    return where


def missing(what: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@contextmanager
def serving(handler: type[Quiet], **more: Any) -> Iterator[tuple[str, list[str]]]:
    """The address of a server, and what is asked of it."""
    handler.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, **more)) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}/", handler.asked
        served.shutdown()


class Stranger(Quiet):
    """Another site, which answers everybody."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()


class Page:
    """The page in a browser, and what users do there."""

    def __init__(self, context: Any, url: str, where: str, complaints: list[str]) -> None:
        self.page = context.new_page()
        self.page.set_default_timeout(SECONDS)
        self.page.on("pageerror", lambda e: complaints.append(str(e)))
        self.url = url
        self.go(where)

    def go(self, where: str) -> None:
        self.page.goto(f"{self.url}index.html{where}")
        self.page.locator("#example option").nth(3).wait_for(state="attached")

    def text(self, what: str) -> str:
        return str(self.page.inner_text(what))

    def run(self) -> str:
        """Press Run; the verdict."""
        self.page.click("#run")
        self.page.locator("#run:enabled").wait_for()
        return self.text("#verdict") if self.page.is_visible("#verdict") else self.text("#status")

    def append(self, text: str) -> None:
        """Type at the end of the model."""
        self.page.locator(".cm-content").click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.insert_text(text)


def link(source: str) -> str:
    """The fragment that carries a model."""
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(json.dumps({"source": source, "protocol": "protocol"}).encode()) + packer.flush()
    return "#m=" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


@pytest.mark.long("Python in a browser: the playground's page, with real examples")
def test_the_page(built: Path) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("chromium is not installed")
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    with (
        serving(Quiet, directory=str(built)) as (here, ours),
        serving(Stranger) as (site, theirs),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        mine = (here, f"blob:{here}")
        context.on("request", lambda r: None if r.url.startswith(mine) else complaints.append(r.url))
        one = Page(context, here, "#e=dns_processes.py", complaints)
        finds_the_outage(one)
        tells_what_is_wrong(one)
        asks_again_after_an_edit(one)
        shares(one, Page(context, here, "#e=rollout.py", complaints))
        quotes_words(one)
        stops(one)
        assert complaints == []
        keeps_strangers_inside(one, site)
        assert [path for path in ours if "nested" in path] + theirs == []
        survives_an_end_of_python(one)
        browser.close()


def finds_the_outage(one: Page) -> None:
    assert one.page.input_value("#protocol") == "original"
    assert one.run() == "violated"
    assert "VIOLATED  active-plan-never-deleted: in 12 steps" in one.text("#output")
    one.page.click("#as-page")
    frame = one.page.frame_locator("#page iframe")
    assert frame.locator("#title").inner_text() == "original: violated"
    frame.locator("[data-go=back]").click()
    frame.locator("[data-go=back]").press("ArrowLeft")
    assert frame.locator("#number").input_value() == "10"


def tells_what_is_wrong(one: Page) -> None:
    one.go("#e=rollout.py")
    one.append('n = protocol.variable("n", integers(0, 3), 7)\n')
    lines = (ROOT / "examples" / "rollout.py").read_text().count("\n") + 1
    assert one.run() == "wrong model or request"
    assert one.text("#errors").startswith(f"model.py:{lines}: initial value of n: 7 is out of the range")
    assert "Traceback" not in one.text("#errors")
    assert one.text("#jump") == f"Go to line {lines}"
    one.page.click("#jump")
    assert one.page.locator(".cm-activeLine .cm-lintRange-error").count() == 1
    one.page.keyboard.press("Shift+End")
    one.page.keyboard.press("Delete")


def asks_again_after_an_edit(one: Page) -> None:
    one.page.select_option("#protocol", "fixed")
    assert one.run() == "holds"
    one.append('protocol.declare(invariant("never-active", active == 0, "nobody goes live"))\n')
    assert one.run() == "violated"
    assert "VIOLATED  never-active: in 3 steps" in one.text("#output")
    one.page.select_option("#task", "prove")
    assert one.run() == "violated", "Z3 is loaded where it is asked"
    assert one.page.locator("#page iframe").count() == 1


def shares(one: Page, other: Page) -> None:
    """Another page shows the model of the link, and runs nothing before it is told to."""
    one.page.select_option("#task", "search")
    one.page.locator("#settings input").first.fill("3")
    for choices in ("#protections", "#properties"):
        one.page.click(f"{choices} summary")
        one.page.locator(f"{choices} input").first.uncheck()
    one.page.fill("#more", "--fail-fast")
    chosen = "-s workers=3 --without compare-again --property never-active --time-limit 60 --fail-fast"
    assert one.text("#command") == f"check -p model.py:fixed {chosen}"
    one.page.click("#share")
    shared = one.page.locator("#told input").input_value()
    other.page.goto(shared)  # only the fragment differs
    other.page.locator("#shared").wait_for()
    assert other.text("#command") == one.text("#command")
    other.page.keyboard.press("Control+End")
    assert "never-active" in other.text(".cm-content")
    assert not other.page.is_visible("#result")
    assert not other.page.is_visible("#properties"), "the model has not run"
    for where, why in (("#m=x", "damaged"), (link("#" * 2_000_000), "too large"), ("#m=" + "A" * 200_001, "too long")):
        other.page.goto(f"{other.url}index.html{where}")
        other.page.locator("#status", has_text=why).wait_for()
    other.page.close()


def stops(one: Page) -> None:
    one.go("#e=dns_processes.py")
    one.page.locator("#settings input").nth(0).fill("4")
    one.page.locator("#settings input").nth(1).fill("2")
    one.page.check("#faults input")
    assert "-s enactors=4 -s plans=3 -s keep=1 --fault crash" in one.text("#command")
    one.page.click("#run")
    one.page.locator("#status", has_text="states").wait_for()
    one.page.click("#stop")
    one.page.locator("#status", has_text="Stopped").wait_for()
    assert one.page.is_enabled("#run")
    assert not one.page.is_visible("#result")


def quotes_words(one: Page) -> None:
    words = """--accept "a: b" '' -x"""
    made = one.page.evaluate("words => import('./question.js').then(question => question.wordsOf(words))", words)
    assert made == shlex.split(words)
    choices = "{...question.NOTHING, task: 'lint', protocol: 'p', settings: {n: \"it's\"}, time: ''}"
    line = one.page.evaluate(f"import('./question.js').then(question => question.commandOf({choices}))")
    assert shlex.split(line) == ["check", "lint", "-p", "model.py:p", "-s", "n=it's"]


HOSTILE = """
from pathlib import Path
from planrace.checker.cli import playground
playground.PAGE = Path("hostile.html")
playground.PAGE.write_text('''<p></p><script>
    fetch("SITE fetch").catch(() => 0);
    new Image().src = "SITE image";
    for (const way of [() => open("SITE window"), () => { top.location = "SITE top"; }, () => parent.document.title])
      try { way(); } catch (problem) { document.querySelector("p").textContent += `${problem.name} `; }
    document.querySelector("p").append("ran");
    setTimeout(() => { location = "SITE frame"; }, 500);
</script>''')
"""
"""A model that has a page of its own shown in place of the report's."""


def keeps_strangers_inside(one: Page, site: str) -> None:
    """A model that came with a link, and speaks to another site in every way that a worker and a page have."""
    socket = site.replace("http", "ws")
    tries = (
        f"x = js.XMLHttpRequest.new(); x.open('GET', '{site}request', False); x.send()",
        f"js.fetch('{site}fetch')",
        f"js.WebSocket.new('{socket}socket')",
        "js.Worker.new(js.location.origin + '/worker.js?nested')",  # it would have no policy
        f"js.Function.new(\"import('{site}module')\")()",
    )
    source = "import js\nfrom planrace import *\n"
    for attempt in tries:
        source += f"try:\n    {attempt}\nexcept Exception as problem:\n    print(problem)\n"
    source += HOSTILE.replace("SITE ", site)
    source += (ROOT / "examples" / "rollout.py").read_text().replace("from __future__ import annotations\n", "")
    one.go(link(source))
    assert one.run() == "violated", "what is refused is an error of JavaScript; the model goes on after it"
    assert "NetworkError" in one.text("#errors")
    one.page.click("#as-page")
    assert one.page.frame_locator("#page iframe").locator("p").inner_text() == "SecurityError SecurityError ran"
    one.page.wait_for_timeout(900)  # some are not refused at once
    assert len(one.page.context.pages) == 1
    assert one.page.url.startswith(one.url)


def survives_an_end_of_python(one: Page) -> None:
    """As where the memory is full."""
    one.go(link("import os\nos.abort()\n"))
    with one.page.expect_event("worker"):  # it is loaded anew
        assert one.run().startswith("Python has ended, or could not be loaded")
    assert one.page.is_enabled("#run")
