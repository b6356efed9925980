"""Standard streams that are closed, full, left or poor: the exit code is the verdict's, or 2 with a sentence."""

from __future__ import annotations

import codecs
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from planrace.checker.cli.streams import PLAIN
from tests.counter import PROTOCOL

COMMAND = [sys.executable, "-c", "from planrace.checker.cli import main; main()"]
FULL = Path("/dev/full")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a protocol and with reports on it."""
    made = tmp_path_factory.mktemp("streams")
    (made / "counter.py").write_text(PROTOCOL, encoding="utf-8")
    command(made, "-p", "counter.py:protocol", "-o", "json:violated.json")
    command(made, "-p", "counter.py:fixed", "-o", "json:holds.json")
    command(made, "baseline", "save", "-p", "counter.py:fixed")
    return made


def command(
    folder: Path, *arguments: str, redirected: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """The command in a shell, with redirections."""
    words = " ".join(["exec", '"$@"', redirected]) if "|" not in redirected else f'"$@" {redirected}'
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", words, "check", *COMMAND, *arguments],
        cwd=folder,
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


ASKED = [
    (1, ["-p", "counter.py:protocol"]),
    (0, ["-p", "counter.py:fixed"]),
    (1, ["-p", "counter.py:protocol", "--format", "json"]),
    (1, ["-p", "counter.py:protocol", "--format", "html"]),
    (0, ["explain", "violated.json"]),
    (0, ["explain", "violated.json", "--format", "mermaid"]),
    (1, ["compare", "violated.json", "holds.json"]),
    (0, ["graph", "-p", "counter.py:protocol"]),
    (0, ["list"]),
    (0, ["lint", "-p", "counter.py:fixed"]),
    (0, ["walk", "-p", "counter.py:protocol"]),
    (0, ["baseline", "compare"]),
    (0, ["mutate", "-p", "counter.py:fixed", "--action", "read", "--property", "in-range"]),
    (1, ["establish", "-p", "counter.py:protocol"]),
    (0, ["forecast", "-p", "counter.py:fixed"]),
    (3, ["prove", "-p", "counter.py:fixed", "--rlimit", "1", "--property", "in-range"]),
]


@pytest.mark.parametrize(("code", "arguments"), ASKED, ids=[" ".join(a) for _, a in ASKED])
def test_closed_streams_and_a_reader_that_goes_change_no_exit_code(
    folder: Path, code: int, arguments: list[str]
) -> None:
    if arguments[0] == "prove":
        code = command(folder, *arguments).returncode
    for redirected in (">&- 2>&- <&-", "<&- | true"):
        done = command(folder, *arguments, redirected=redirected)
        assert done.returncode == code, done.stderr
        assert done.stderr == b""


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", [a for _, a in ASKED[:7]], ids=[" ".join(a) for _, a in ASKED[:7]])
def test_a_full_standard_output_is_reported(folder: Path, arguments: list[str]) -> None:
    done = command(folder, *arguments, redirected=">/dev/full")
    assert done.returncode == 2
    assert done.stderr.startswith(b"Error: cannot write to standard output: No space left on device")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_what_cannot_be_said_on_standard_error_changes_nothing(folder: Path) -> None:
    assert command(folder, "-p", "counter.py:none", redirected="2>/dev/full").returncode == 2
    assert command(folder, "-p", "counter.py:none", redirected="2>&-").returncode == 2


def test_a_descriptor_that_was_closed_is_no_file_of_ours(folder: Path) -> None:
    done = command(folder, "-p", "counter.py:protocol", "-o", "json:alone.json", redirected=">&- 2>&-")
    assert done.returncode == 1
    assert json.loads((folder / "alone.json").read_bytes())["verdict"] == "violated"


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_a_terminal_that_knows_few_characters_gets_others(folder: Path, encoding: str) -> None:
    (folder / "told.py").write_text(
        PROTOCOL.replace("when all are done, all are counted", "→ ∀ ≤ ü 数"), encoding="utf-8"
    )
    arguments = ["-p", "told.py:protocol"]
    done = command(folder, *arguments, PYTHONIOENCODING=encoding)
    assert done.returncode == 1, done.stderr
    assert done.stderr == b""
    if encoding == "ascii":
        assert done.stdout.isascii()
        assert rb"-> for all  <= \xfc \u6570" in done.stdout
    data = command(folder, *arguments, "--format", "json", PYTHONIOENCODING=encoding)
    assert json.loads(data.stdout.decode("utf-8"))["verdict"] == "violated"  # what programs read is UTF-8
    page = command(folder, *arguments, "--format", "html", PYTHONIOENCODING=encoding)
    assert "</html>" in page.stdout.decode("utf-8")


LINES: dict[str, tuple[int, list[str]]] = {
    "a search": (1, ["-p", "größe.py:protocol"]),
    "a proof": (3, ["prove", "-p", "größe.py:fixed"]),
    "what there is": (0, ["list"]),
    "lint": (0, ["lint", "-p", "größe.py:protocol"]),
    "help": (0, ["--help"]),
    "no such file": (2, ["-p", "klöße.py:protocol"]),
    "no such option": (2, ["--größe"]),
}


@pytest.mark.parametrize("line", LINES)
def test_a_locale_of_ascii_gets_ascii(folder: Path, line: str) -> None:
    """From click, too, which writes UTF-8 where it takes ASCII for a mistake."""
    code, arguments = LINES[line]
    (folder / "größe.py").write_text(
        PROTOCOL.replace("when all are done, all are counted", "→ ∀ ≤ ü 数"), encoding="utf-8"
    )
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    done = command(folder, *arguments, **plain)
    assert done.returncode == code, done.stderr
    assert done.stdout.isascii()
    assert done.stderr.isascii()
    assert done.stdout + done.stderr
    assert b"Traceback" not in done.stderr


def test_a_report_has_a_file_in_a_locale_of_ascii(folder: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    assert command(folder, "-p", "counter.py:protocol", "-o", "json:größe.json", **plain).returncode == 1
    assert json.loads((folder / "größe.json").read_bytes())["verdict"] == "violated"


def test_characters_that_a_stream_does_not_have() -> None:
    assert codecs.encode("1 → 2 ≤ ü 数 ✗", "latin-1", PLAIN) == b"1 -> 2 <= \xfc \\u6570 x"


def test_input_that_is_no_text_is_reported(folder: Path) -> None:
    done = command(folder, "walk", "-p", "counter.py:protocol", redirected=r"""< <(printf '\377\n')""")
    assert done.returncode == 2
    assert b"there is no command" in done.stderr
