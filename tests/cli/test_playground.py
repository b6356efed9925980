"""The playground's side in Python; the page itself is tested in a browser (tests/docs/test_playground.py)."""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from planrace.checker import check
from planrace.checker.api import failures
from planrace.checker.cli import playground
from planrace.checker.cli.playground import answered, described, load_on_demand
from planrace.checker.engines import limits
from planrace.checker.engines.symbolic import solving
from planrace.checker.results import browser
from planrace.checker.run.protocols import siblings_of
from planrace.model.language import ModelError
from tests import ROOT

ROLLOUT = (ROOT / "examples" / "rollout.py").read_text()
WRONG = """from planrace import *

protocol = Protocol("wrong", "a value out of its range")
n = protocol.variable("n", integers(0, 3), 7)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def answer(source: str, *arguments: str) -> Any:
    return json.loads(answered(source, arguments, lambda _: None))


def test_what_can_be_chosen() -> None:
    found = {p["attribute"]: p for p in json.loads(described(ROLLOUT))["protocols"]}
    assert list(found) == ["protocol", "fixed"]
    assert [p["name"] for p in found["protocol"]["parameters"]] == ["workers", "versions"]
    assert found["fixed"]["protections"][0]["on"]


def test_the_command_answers_and_reads_the_model_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INTERVAL", 0.0)
    heard: list[str] = []
    found = json.loads(
        answered(ROLLOUT, ["-p", "model.py:protocol", "--format", "text", "--format", "html:page.html"], heard.append)
    )
    assert found["code"] == 1
    assert "VIOLATED  active-is-stored: in 7 steps" in found["output"]
    assert found["page"].startswith("<!doctype html>")
    assert any("states" in line for line in heard)
    repaired = ROLLOUT.replace("when(picked[w] > 0)", "when(picked[w] > active)")
    assert repaired != ROLLOUT
    again = answer(repaired, "-p", "model.py:protocol")
    assert (again["code"], again["page"]) == (0, None), "neither the old model nor the old page is shown"


def test_an_edit_of_the_same_length_within_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    write = playground._write

    def at_the_same_time(source: str) -> None:
        write(source)
        os.utime("model.py", (1e9, 1e9))

    monkeypatch.setattr(playground, "_write", at_the_same_time)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    for text in ("pick the newest", "pick the oldest"):
        source = ROLLOUT.replace('Protocol("rollout", "', f'Protocol("rollout", "{text}')
        assert json.loads(described(source))["protocols"][0]["meaning"].startswith(text)


def test_errors_have_their_line() -> None:
    for found in (json.loads(described(WRONG)), answer(WRONG, "-p", "model.py:protocol")):
        assert (found["code"], found["line"]) == (2, 4)
        assert "7 is out of the range" in found["errors"]
        assert "Traceback" not in found["errors"]
    assert "defines no protocol" in json.loads(described("x = 1\n"))["errors"]


def test_what_a_browser_has_not_is_no_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [
        ModuleNotFoundError("No module named 'numpy'", name="numpy"),
        RuntimeError("can't start new thread"),
        OSError(138, "emscripten does not support processes."),
        ModuleNotFoundError("No module named '_multiprocessing'", name="_multiprocessing"),
    ]
    assert {failures.code_of(p) for p in problems} == {failures.INTERNAL}
    monkeypatch.setattr(failures, "IN_BROWSER", True)
    for problem, what in zip(problems, ("the library numpy", "threads", "processes", "processes"), strict=True):
        assert failures.code_of(problem) == failures.USAGE
        assert failures.sentence_of(problem).startswith(f"not available in the browser: this needs {what} (")
    for ours in (ModuleNotFoundError("", name="planrace.x"), RuntimeError("x"), OSError(2, "x")):
        assert failures.code_of(ours) == failures.INTERNAL


def test_machine_code_that_a_browser_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "planrace.checker.engines.native.emit", None)
    with pytest.raises(ModelError, match="there is none: llvmlite cannot be loaded"):
        check("original", engine="bitstate")
    monkeypatch.setattr(browser, "IN_BROWSER", True)
    with pytest.raises(ModelError, match="there is none: llvmlite is not available in the browser"):
        check("original", engine="bitstate")


def test_z3_works_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "THREADS", False)
    monkeypatch.setattr(threading.Thread, "start", lambda _: pytest.fail("a thread was started"))
    found = check(str(ROOT / "examples" / "rollout.py") + ":protocol", engine="bmc", properties=["active-is-stored"])
    assert found.verdict.word == "violated"
    out_of_time: Any = SimpleNamespace(look=lambda *_: SimpleNamespace(sentence="the time was up"), seconds_left=0)
    with pytest.raises(solving.SolverStoppedError, match="the time was up"):
        solving.Solving(out_of_time).run(lambda: None)


def test_a_library_is_loaded_when_it_is_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.syspath_prepend(str(tmp_path))

    def load(name: str) -> None:
        asked.append(name)
        if len(asked) == 1:
            raise OSError("no connection")
        (tmp_path / f"{name}.py").write_text("here = True\n")

    load_on_demand(["a_large_library"], load)
    with pytest.raises(ModuleNotFoundError, match="no connection"):
        importlib.import_module("a_large_library")
    import a_large_library  # type: ignore[import-not-found]

    assert a_large_library.here
    assert asked == ["a_large_library"] * 2
    load_on_demand(["nothing_in_it"], asked.append)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("nothing_in_it")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_library")


def test_modules_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some libraries, and the browser's, put other objects among the modules."""
    from planrace.checker import find

    class Bare:
        __slots__ = ()

    monkeypatch.setitem(sys.modules, "not_a_module", Bare())
    monkeypatch.setitem(sys.modules, "nor_this", SimpleNamespace())
    assert [v.name for v in siblings_of(find("original"))]
