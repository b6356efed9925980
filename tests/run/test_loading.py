"""Files of authors: what they raise, print and how often they run, whichever command loads them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import check
from planrace.checker.cli.main import run
from planrace.checker.run.protocols import find, find_variant
from planrace.model.language import ModelError, Protocol, integers, step, update, when

COMMAND = [sys.executable, "-c", "from planrace.checker.cli import main; main()"]

PROTOCOL = """\
from planrace.model.language import *
from planrace.properties import *
import asyncio, sys
import pytest
class Mine(BaseException): pass
#top
p = Protocol("counter")
n = p.variable("n", integers(0, 3), 0)
@p.action(by="me")
def count():
    pass #action
    return step(when(n < 3), update(n, n + 1))
@p.protection("careful", "it stops earlier")
def careful(change):
    pass #protection
    change.require("count", n < 2)
o = p.option("way", "how it counts", "up", "one by one")
@o.choice("slow", "it stops at 2").change
def slow(change):
    pass #option
    change.require("count", n < 2)
@p.observe("sight")
def sight():
    pass #observation
    return [(n == 0, says("nothing"))]
def small():
    pass #property
    return n <= 3
def start():
    pass #value
    return set()
s = p.variable("s", subsets(integers(0, 3)), start())
fixed = p.variant("other", ["careful"])
p.final(n >= 2)
p.declare(invariant("small", small(), "it stays small"))
def __getattr__(name):
    if name != "lazy": raise AttributeError(name)
    pass #attribute
    return p
"""
PLACES = ["top", "action", "protection", "option", "observation", "property", "value"]
RAISED = [
    "sys.exit(0)",
    "sys.exit('no')",
    "__import__('os')._exit(0)",
    "pytest.skip('no', allow_module_level=True)",
    "raise GeneratorExit",
    "raise asyncio.CancelledError",
    "raise Mine",
    "raise KeyboardInterrupt",
    "raise MemoryError",
    "(lambda f: f(f))(lambda f: f(f))",
    "raise StopIteration",
]
CHOSEN = ["--with", "careful", "-s", "way=slow"]


def written(place: str, text: str) -> int:
    """Put ``text`` at a place of the protocol, in the current directory; its line."""
    lines = PROTOCOL.replace(f"pass #{place}", text).replace(f"#{place}", text)
    Path("m.py").write_text(lines, encoding="utf-8")
    return next(i for i, line in enumerate(lines.splitlines(), 1) if text in line)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("raised", RAISED)
@pytest.mark.parametrize("place", PLACES)
def test_whatever_a_file_raises_is_an_error_of_the_model(place: str, raised: str, capsys: Any) -> None:
    line = written(place, raised)
    assert run(["-p", "m.py:p", *CHOSEN, "-s", "way=slow"]) == 2
    error = capsys.readouterr()
    assert error.out == ""
    assert error.err.startswith(f"Error: m.py:{line}: ")
    assert "Traceback" not in error.err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork processes")
def test_processes_that_a_file_forks_end_as_usual() -> None:
    """With the code that they were given: nothing of the command goes on in them."""
    quiet = "import os, warnings; warnings.simplefilter('ignore')"  # of forking beside threads
    written("top", f"{quiet}; forked = os.fork() or os._exit(7); assert os.waitpid(forked, 0)[1] == 7 << 8")
    assert run(["-p", "m.py:p", *CHOSEN]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "-p"],
        ["prove", "--with", "careful", "-p"],
        ["lint", "--with", "careful", "-p"],
        ["graph", "--with", "careful", "-p"],
        ["walk", "--with", "careful", "-p"],
        ["forecast", "--with", "careful", "-p"],
        ["mutate", "--with", "careful", "-p"],
        ["establish", "--with", "careful", "-p"],
        ["baseline", "save", "--with", "careful", "-p"],
        ["--engine", "bmc", "--depth", "2", "--with", "careful", "-p"],
    ],
)
def test_in_every_command(arguments: list[str], capsys: Any) -> None:
    place = "top" if arguments[0] == "list" else "protection"
    line = written(place, "sys.exit(0)")
    assert run([*arguments, "m.py:p"]) == 2
    assert f"m.py:{line}: " in capsys.readouterr().err


def test_attributes_that_a_file_makes_when_asked(capsys: Any) -> None:
    line = written("attribute", "sys.exit(0)")
    assert run(["-p", "m.py:lazy"]) == 2
    assert capsys.readouterr().err.startswith(f"Error: m.py:{line}: ")
    written("top", "")
    assert run(["-p", "m.py:lazy"]) == 0


def test_actions_that_raise_are_errors_in_python_too() -> None:
    protocol = Protocol("t")

    def leave() -> Any:
        sys.exit(0)

    with pytest.raises(ModelError, match=r"test_loading.py:\d+: action leave fails: SystemExit: 0 \(remove it"):
        protocol.action(by="me")(leave)
    n = protocol.variable("n", integers(0, 1), 0)

    @protocol.action(by="me")
    def go() -> Any:
        return step(when(n < 1), update(n, 1))

    @protocol.protection("skips", "it skips")
    def skips(change: Any) -> None:
        pytest.skip("this would make a test green")

    with pytest.raises(ModelError, match="protection skips fails: Skipped"):
        check(protocol, with_protections=["skips"])


@pytest.mark.parametrize("place", ["top", "action", "protection"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_a_file_is_loaded_ends_the_command(place: str, sent: signal.Signals) -> None:
    """Even where the file catches it and raises something else."""
    slow = (
        "exec('import time, os\\ntry: os.write(2, b\"READY\\\\n\"); time.sleep(30)\\nexcept KeyboardInterrupt: raise')"
    )
    written(place, slow)
    hear = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{hear}; from planrace.checker.cli import main; main()", "-p", "m.py:p", *CHOSEN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while process.stderr.readline() != "READY\n":
            assert process.poll() is None
        process.send_signal(sent)
        code = process.wait(30)
        assert code == 130 if sent == signal.SIGINT else code in (130, 143)
        assert "Traceback" not in process.stderr.read()
        assert process.stdout.read() == ""


LOUD = """\
import atexit, ctypes, logging, os, sys
def shout(where):
    print(where, "PRINTED"); sys.stdout.write("PRINTED\\n"); sys.__stdout__.write("PRINTED\\n")
    os.write(1, b"PRINTED\\n"); os.system("echo PRINTED"); ctypes.CDLL(None).puts(b"PRINTED")
    logging.info("PRINTED")
logging.basicConfig(stream=sys.stdout, level=logging.INFO)
atexit.register(print, "PRINTED")
open("loaded", "a").write("x")
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "json", "-p", "m.py:p", *CHOSEN],
        ["--format", "html", "-p", "m.py:p", "--beside", "fixed"],
        ["list", "-p", "m.py"],
        ["lint", "--format", "json", "-p", "m.py:fixed"],
    ],
)
def test_what_a_file_prints_goes_to_standard_error(arguments: list[str]) -> None:
    """From C and from child processes too, while it is loaded, in its functions, and at the end of the process; and it
    is loaded once."""
    text = PROTOCOL.replace("#top", f"{LOUD}shout('top')")
    for place in ("action", "protection", "option"):
        text = text.replace(f"pass #{place}", f"shout({place!r})")
    Path("m.py").write_text(text, encoding="utf-8")
    made = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert made.returncode == 0, made.stderr
    assert "PRINTED" not in made.stdout
    assert "top PRINTED" in made.stderr
    assert "action PRINTED" in made.stderr
    assert "protection PRINTED" in made.stderr or "--with" not in arguments
    assert made.stderr.count("PRINTED") > 7
    if "json" in arguments:
        json.loads(made.stdout)
    assert Path("loaded").read_text(encoding="utf-8") == "x"


def test_standard_output_is_as_it_was(capsys: Any) -> None:
    """After a file that wrapped it, and after one that failed."""
    wraps = "import io; sys.stdout = io.StringIO()"
    written("top", wraps)
    kept = sys.stdout
    find("m.py:p")
    assert sys.stdout is kept
    written("top", "raise ValueError")
    with pytest.raises(ModelError):
        find("m.py:p")
    assert sys.stdout is kept
    print("still here")
    assert capsys.readouterr().out == "still here\n"


def test_a_call_from_python_loads_a_file_anew() -> None:
    """It may have been edited; within one call it is loaded once."""
    written("top", "with open('loaded', 'a') as log: log.write('x')")
    check("m.py:p")
    check("m.py:p")
    assert Path("loaded").read_text(encoding="utf-8") == "xx"


def test_beside_means_what_the_file_has() -> None:
    written("top", "")
    assert find_variant("m.py:p", "fixed").name == "other"
    assert find_variant("m.py:p", "original").name == "original"
    assert find_variant("original", "fixed").name == "fixed"
    assert check("m.py:p", beside="fixed")
    with pytest.raises(ModelError, match=r"beside=3 is not a protocol"):
        check("m.py:p", beside=3)
    with pytest.raises(
        ModelError, match=r"no protocol of m.py or built-in protocol is called 'fixd' \(did you mean fixed"
    ):
        find_variant("m.py:p", "fixd")
    os.chdir("/")


def test_the_text_that_is_there_is_run(tmp_path: Path) -> None:
    """Also where Python would take compiled code for it, of the file or of one beside it: both have their size and time
    after an edit."""
    model, sizes = tmp_path / "model.py", tmp_path / "sizes_of_it.py"
    text = "from planrace import *\nfrom sizes_of_it import TOP\np = Protocol('counter')\n"
    text += "n = p.variable('n', integers(0, 9), 0)\n@p.action(by='me')\ndef count():\n"
    text += "    return step(when(n < TOP), update(n, n + 1))\np.declare(invariant('low', n < 5, 'n is low'))\n"

    def verdict(limit: int, top: int) -> int:
        model.write_text(text.replace("n < 5", f"n < {limit}"))
        sizes.write_text(f"TOP = {top}\n")
        for file in (model, sizes):
            os.utime(file, (1_000_000_000, 1_000_000_000))
        asked = [*COMMAND, "-p", f"{model}:p"]
        return subprocess.run(asked, env=writing, capture_output=True, timeout=60, check=False).returncode

    writing = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    assert [verdict(5, 3), verdict(3, 3), verdict(4, 3), verdict(4, 6)] == [0, 1, 0, 1]
