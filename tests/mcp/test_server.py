"""The MCP server over the real protocol: tools, schemas, errors, time limits, cancellation, the gate."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

pytest.importorskip("mcp", reason="the extra planrace[mcp] is not installed")

import anyio
from mcp import Client, StdioServerParameters, stdio_client
from mcp.types import CallToolResult, TextContent

from planrace.checker.cli.app import app
from planrace.checker.mcp import process
from planrace.checker.mcp.calls import CALLS
from planrace.checker.mcp.inputs import TIME_LIMIT
from planrace.checker.mcp.server import make_server
from planrace.checker.mcp.tools import TOOLS
from tests import ROOT
from tests.counter import PROTOCOL
from tests.processes import is_gone

REPORT = json.loads((ROOT / "docs" / "report.schema.json").read_text())
BROKEN, FIXED = "counter.py:protocol", "counter.py:fixed"
NOT_TOOLS = {
    "cover": "it performs steps on a system of the user's",
    "replay": "so does this",
    "conform": "it reads logs of any size",
    "export": "it writes such logs, and models for SPIN",
    "import": "it reads what other checkers found in a model that was exported",
    "crosscheck": "it needs SPIN and a compiler, and tells about planrace more than about the protocol",
    "sweep": "it may take as long as a thousand checks",
    "costs": "it compares protections, which only authors of reviews ask for",
    "likelihood": "its rates are what people know of their system",
    "postmortem": "it reads a file of facts that people write",
    "refine": "the tools check and prove ask for the refinements that a protocol declares, too",
    "baseline": "it writes a file of the repository",
    "init": "it writes files into a folder",
    "matrix": "it takes minutes; check and prove answer about one set of protections",
    "mcp": "it is this server",
}
"""Commands that are no tools, and why."""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("counter.py").write_text(PROTOCOL, encoding="utf-8")


def session(work: Callable[[Client], Awaitable[None]], mode: str = "auto") -> None:
    """A client and the server in this process; each call still has its own."""

    async def main() -> None:
        async with Client(make_server(), mode=mode) as client:
            await work(client)

    anyio.run(main)


def one(tool: str, mode: str = "auto", **given: Any) -> CallToolResult:
    """The result of one call."""
    found: list[CallToolResult] = []

    async def work(client: Client) -> None:
        found.append(await client.call_tool(tool, given))

    session(work, mode)
    return found[0]


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


# Every tool --------------------------------------------------------------------------------------------------------
ASKED: dict[str, dict[str, Any]] = {
    "list": {"protocols": ["counter.py"]},
    "lint": {"protocol": FIXED},
    "walk": {"protocol": BROKEN, "steps": [1, 1], "random": 1, "seed": 3},
    "forecast": {"protocol": FIXED},
    "check": {"protocol": BROKEN},
    "explain": {"protocol": BROKEN, "property": "all-counted"},
    "prove": {"protocol": FIXED, "properties": ["in-range"], "time_limit": 10},
    "mutate": {"protocol": FIXED, "parameters": {"workers": 1}},
    "compare": {"before": {"protocol": BROKEN}, "after": {"protocol": FIXED}},
    "graph": {"protocol": BROKEN},
    "establish": {"protocol": FIXED, "parameters": {"workers": 1}, "at_least": 50},
}


def test_every_tool_over_standard_input_and_output() -> None:
    """As a client starts it. What the file prints would break the protocol if it reached standard output."""
    Path("counter.py").write_text(f"import os\nprint('loud')\nos.system('echo louder')\n{PROTOCOL}", encoding="utf-8")
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "planrace", "mcp"], env={"PYTHONPATH": str(ROOT)}
    )
    found: dict[str, CallToolResult] = {}

    async def main() -> None:
        with Path(os.devnull).open("w") as nowhere:
            async with Client(stdio_client(command, errlog=nowhere)) as client:
                listed = await client.list_tools()
                async with anyio.create_task_group() as group:
                    for tool in listed.tools:
                        group.start_soon(call, client, tool.name)
                schemas.update({t.name: t.output_schema for t in listed.tools})

    async def call(client: Client, tool: str) -> None:
        found[tool] = await client.call_tool(tool, ASKED[tool])

    schemas: dict[str, Any] = {}
    anyio.run(main)
    assert set(found) == set(ASKED) == set(TOOLS) == set(CALLS)
    for tool, result in found.items():
        assert not result.is_error, (tool, text_of(result))
        jsonschema.validate(result.structured_content, schemas[tool])
        assert text_of(result).strip()
    values = {tool: result.structured_content for tool, result in found.items()}
    for tool in ("check", "explain", "prove"):
        jsonschema.validate(values[tool], REPORT)
    assert values["check"]["verdict"] == "violated"
    assert [p["depth"] for p in values["check"]["properties"]] == [4, None]
    assert values["check"]["properties"][0]["trace"] is None
    (told,) = values["explain"]["properties"]
    assert len(told["trace"]["steps"]) == 4
    assert "1. worker" in text_of(found["explain"])
    assert values["establish"]["established"] is True
    assert len(values["walk"]["taken"]) == 3
    assert values["compare"]["verdicts"] == [{"what": "all-counted", "before": "violated", "after": "holds"}]
    assert values["graph"]["states"] == 13
    assert {p["name"] for p in values["list"]["protocols"]} >= {"counter-fixed"}


def test_every_command_is_a_tool() -> None:
    """A new command becomes a tool, or says why not."""
    assert {*app.commands, "check"} == {*TOOLS, *NOT_TOOLS}


@pytest.mark.parametrize("name", TOOLS)
def test_tools_say_what_they_take_and_that_they_run_code(name: str) -> None:
    tool = TOOLS[name].tool()
    for schema in (tool.input_schema, tool.output_schema):
        assert schema is not None
        jsonschema.Draft202012Validator.check_schema(schema)
    assert tool.input_schema["properties"]["time_limit"]["default"] == TIME_LIMIT
    described = tool.input_schema["properties"] | tool.input_schema.get("$defs", {})
    assert [n for n, p in described.items() if not p.get("description") and "$ref" not in p] == []
    assert "Executes the model file" in (tool.description or "")
    assert tool.annotations is not None
    assert tool.annotations.read_only_hint is False
    jsonschema.validate(ASKED[name], tool.input_schema)


# Errors ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("tool", "given", "sentence"),
    [
        ("check", {"protocol": "counter.py:nothing"}, "counter.py has no attribute 'nothing'"),
        ("check", {"protocol": BROKEN, "parameters": {"workers": 99}}, "1…5"),
        ("walk", {"protocol": BROKEN, "steps": [1, 77]}, "step 2 of the walk: there is no enabled step 77"),
        ("explain", {"protocol": FIXED}, "there is no trace"),
        ("compare", {"before": {"report": "no.json"}, "after": {"protocol": FIXED}}, "cannot read no.json"),
        ("mutate", {"protocol": FIXED, "max_states": 2}, "no mutant can be judged"),
    ],
)
def test_what_is_wrong_is_a_sentence(tool: str, given: dict[str, Any], sentence: str) -> None:
    result = one(tool, **given)
    assert result.is_error
    assert sentence in text_of(result)
    assert "Traceback" not in text_of(result)


def test_wrong_arguments_name_the_right_ones() -> None:
    """No process is started for them."""
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("check", {"protocol": BROKEN, "depht": 3}, "there is no argument 'depht' (there are time_limit"),
        ("check", {}, "protocol: Field required"),
        ("check", {"protocol": BROKEN, "time_limit": 0}, "time_limit: Input should be greater than 0"),
        ("explain", {"protocol": BROKEN, "report": "r.json"}, "give either protocol or report"),
        ("nothing", {}, "there is no tool 'nothing' (there are list"),
    ]
    for tool, given, sentence in wrong:
        result = one(tool, **given)
        assert result.is_error
        assert sentence in text_of(result)


def test_a_defect_is_told_without_its_traceback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A model that breaks our code, here by what Python runs at its start."""
    broken = "import planrace.checker.mcp.calls as c\nc.CALLS = {'check': lambda *_: {}[1]}\n"
    (tmp_path / "sitecustomize.py").write_text(broken, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    result = one("check", protocol=BROKEN)
    assert result.is_error
    assert text_of(result) == "KeyError: 1. This is a defect of planrace, not of your protocol; please report it."


def test_a_process_that_dies_is_an_error() -> None:
    Path("dies.py").write_text("import ctypes\nctypes.CDLL(None)._exit(7)\n", encoding="utf-8")
    result = one("check", protocol="dies.py:protocol")
    assert result.is_error
    assert "ended without an answer (exit code 7)" in text_of(result)


# Time and cancellation ---------------------------------------------------------------------------------------------
ENDLESS = """\
import os
import re
import shutil
from pathlib import Path

Path("part").write_text(str(os.getpid()))
Path("part").rename("pid")  # nobody reads half of it
while True:
    pass
"""


def test_a_model_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE", 1.0)
    Path("endless.py").write_text(ENDLESS, encoding="utf-8")
    result = one("check", protocol="endless.py:protocol", time_limit=0.5)
    assert result.is_error
    assert "the time limit of 0.5 s was reached, and check did not end by itself" in text_of(result)
    assert is_gone(int(Path("pid").read_text()))


FORKING = """\
import subprocess
from pathlib import Path

child = subprocess.Popen(["sleep", "100"])
Path("part").write_text(str(child.pid))
Path("part").rename("pid")
while True:
    pass
"""


@pytest.mark.skipif(os.name != "posix", reason="process groups")
def test_a_killed_server_leaves_nothing_behind() -> None:
    """Neither the process of a call nor what the model file has started."""
    Path("forking.py").write_text(FORKING, encoding="utf-8")
    request = {"tool": "check", "arguments": TOOLS["check"].given(protocol="forking.py:protocol").model_dump()}
    worker = subprocess.Popen(
        [sys.executable, "-m", process.WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert worker.stdin is not None
    worker.stdin.write(json.dumps(request).encode() + b"\n")
    worker.stdin.flush()
    for _ in range(1000):
        if Path("pid").exists():
            break
        time.sleep(0.02)
    worker.stdin.close()  # as when the server is killed
    worker.wait(30)
    assert is_gone(int(Path("pid").read_text()))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_cancelled_call_ends_its_search_and_progress_is_told(mode: str) -> None:
    """In both generations of the protocol."""
    Path("endless.py").write_text(ENDLESS, encoding="utf-8")
    lines: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        lines.append((progress, total, message))

    async def work(client: Client) -> None:
        with anyio.move_on_after(30) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(call, client)
                while not Path("pid").exists() or "check: started" not in [message for _, _, message in lines]:
                    await anyio.sleep(0.02)
                group.cancel_scope.cancel()
        assert not scope.cancelled_caught
        assert not (await client.call_tool("walk", {"protocol": BROKEN})).is_error, "the server goes on"

    async def call(client: Client) -> None:
        await client.call_tool("check", {"protocol": "endless.py:protocol"}, progress_callback=hear)

    session(work, mode)
    assert {total for _, total, _ in lines} == {TIME_LIMIT}
    assert is_gone(int(Path("pid").read_text()))


def test_a_limit_is_unknown_and_no_success() -> None:
    """The text and the values say so; it is no error, because what was covered is told."""
    result = one("check", "legacy", protocol=FIXED, max_states=3)
    assert not result.is_error
    assert result.structured_content["verdict"] == "unknown"
    gate = one("establish", protocol=FIXED, max_states=3, at_least=0)
    assert not gate.is_error
    assert gate.structured_content["established"] is False
    assert gate.structured_content["outcome"] == "undecided"


def test_the_model_is_read_anew_for_each_call() -> None:
    """Or an agent would be told about the file before its edit."""
    Path("part.py").write_text("WANTED = 1\n", encoding="utf-8")
    file = Path("counter.py")
    file.write_text(PROTOCOL.replace("total == workers", "total >= part.WANTED") + "\n", encoding="utf-8")
    file.write_text(f"import part\n{file.read_text()}", encoding="utf-8")
    verdicts: list[str] = []

    async def work(client: Client) -> None:
        for wanted in (1, 2):
            Path("part.py").write_text(f"WANTED = {wanted}  # now\n", encoding="utf-8")
            result = await client.call_tool("check", {"protocol": BROKEN, "properties": ["all-counted"]})
            verdicts.append(result.structured_content["verdict"])

    session(work)
    assert verdicts == ["holds", "violated"]


# The page ----------------------------------------------------------------------------------------------------------
def test_the_configuration_on_the_page_is_the_command() -> None:
    """Where the command is found: beside the Python of this environment."""
    page = (ROOT / "docs" / "agents.md").read_text()
    found = re.search(r"^```json\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert found is not None
    (entry,) = json.loads(found[1])["mcpServers"].values()
    assert shutil.which(entry["command"], path=str(Path(sys.executable).parent)) is not None
    assert [entry["command"], *entry["args"]] == ["check", "mcp"]  # which the first test starts
    assert {f"`{name}`" for name in TOOLS} <= set(re.findall(r"`\w+`", page[page.index("| tool |") :]))
