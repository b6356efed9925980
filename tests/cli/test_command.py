"""The command: every exit code, every bad input, progress, interruption."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from planrace.checker.cli.main import run
from tests import ROOT

EXAMPLE = str(ROOT / "examples" / "blue_green.py")
PETERSON = str(ROOT / "examples" / "peterson.py")
PETERSON_SAFETY = [w for n in ("one-inside", "somebody-is-inside") for w in ("--property", n)]
SMALL = ["-s", "enactors=2", "-s", "endpoints=1", "-s", "plans=3", "-s", "keep=1"]
COMMAND = [sys.executable, "-c", "from planrace.checker.cli import main; main()"]
HEAR = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
LISTENING = [sys.executable, "-c", f"{HEAR}; from planrace.checker.cli import main; main()"]
"""The command that hears of interruptions even where it is a shell's job in the background."""


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (0, ["-p", "fixed", *SMALL]),
        (1, ["-p", "original", *SMALL]),
        (3, ["-p", "fixed", *SMALL, "--max-states", "50"]),
        (3, ["-p", "fixed", *SMALL, "--depth", "3"]),
        (3, ["-p", "fixed", "--time-limit", "0"]),
        (3, ["-p", "fixed", "--max-memory", "1M"]),
        (0, ["-p", "fixed", *SMALL, "--property", "automation-recovers"]),
        (1, ["-p", "fixed", *SMALL, "--property", "automation-recovers", "--fault", "crash"]),
        (0, ["-p", "fixed", *SMALL, "--property", "endpoints-converge", "--property", "cleanup-deletes"]),
        (1, ["-p", "original", *SMALL, "--property", "endpoints-converge", "--engine", "native"]),
        (3, ["-p", "original", *SMALL, "--property", "endpoints-converge", "--engine", "bmc"]),
        (3, ["-p", "fixed", *SMALL, "--property", "automation-recovers", "--depth", "3"]),
        (3, ["-p", "fixed", *SMALL, "--engine", "simulate", "--seed", "1", "--runs", "3"]),
        (1, ["-p", "original", *SMALL, "--engine", "simulate", "--seed", "1"]),
        (1, ["-p", "original", *SMALL, "--engine", "bmc"]),
        (3, ["-p", "fixed", *SMALL, "--engine", "bmc", "--depth", "5"]),
        (0, ["-p", "original", *SMALL, "--expect", "violated"]),
        (1, ["-p", "original", *SMALL, "--expect", "holds"]),
        (0, ["-p", "fixed", *SMALL, "--expect", "holds"]),
        (1, ["-p", "fixed", *SMALL, "--expect", "violated"]),
        (3, ["-p", "fixed", *SMALL, "--expect", "holds", "--max-states", "50"]),
        (1, ["-p", "fixed", *SMALL, "--without", "transactional-check"]),
        (0, ["-p", "original", *SMALL, "--with", "transactional-check", "--property", "plans-never-regress"]),
        (1, ["-p", f"{EXAMPLE}:protocol"]),
        (0, ["-p", f"{EXAMPLE}:fixed"]),
        (0, ["-p", f"{EXAMPLE}:protocol", "--with", "compare-and-set"]),
        (0, ["-p", "planrace.properties.dns:fixed", *SMALL]),
        (3, ["-p", f"{PETERSON}:fixed", "--engine", "induction"]),
        (0, ["-p", f"{PETERSON}:fixed", "--engine", "induction", *PETERSON_SAFETY]),
        (3, ["-p", f"{PETERSON}:fixed", "--engine", "spacer", "--expect", "holds"]),
        (0, ["-p", f"{PETERSON}:fixed"]),
        (0, ["list"]),
        (0, ["--help"]),
        (0, ["--version"]),
    ],
)
def test_exit_codes(code: int, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    got, out, err = check(capsys, *arguments)
    assert got == code
    assert err == ""
    if arguments[0] == "-p":
        assert out.endswith(f"(exit {code})\n")


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        (
            r"no protocol is called 'nonsense' \(there are: original, fixed, design, register, prefixes,",
            ["-p", "nonsense"],
        ),
        (r"did you mean original\?", ["-p", "orginal"]),
        (r"plans=0 is out of range \(plans is 1…15\)", ["-p", "original", "-s", "plans=0"]),
        (r"plans wants a whole number, not 'many'", ["-p", "original", "-s", "plans=many"]),
        (r"'plans' is not of the form NAME=VALUE", ["-p", "original", "-s", "plans"]),
        (r"plans is set twice: 3 and 4", ["-p", "original", "-s", "plans=3", "-s", "plans=4"]),
        (
            r"no parameter of original is called 'plan' \(did you mean plans",
            ["-p", "original", "-s", "plan=3"],
        ),
        (r"no protection of dns is called 'nothing' \(there are", ["-p", "original", "--with", "nothing"]),
        (r"did you mean guarded-delete\?", ["-p", "fixed", "--without", "guarded-deletes"]),
        (
            r"no fault of dns is called 'crush' \(did you mean crash\?\)",
            ["-p", "original", "--fault", "crush"],
        ),
        (r"no property of original is called 'never'", ["-p", "original", "--property", "never"]),
        (r"no engine is called 'warp'", ["-p", "original", "--engine", "warp"]),
        (r"engine bmc cannot search exhaustively", ["-p", "original", "--engine", "bmc", "--exhaustive"]),
        (r"engine bmc has no symmetry reduction", ["-p", "original", "--engine", "bmc", "--symmetry"]),
        (r"are options of random simulation", ["-p", "original", "--seed", "3"]),
        (r"cannot search exhaustively", ["-p", "original", "--engine", "simulate", "--exhaustive"]),
        (r"'lots' is not an amount of memory", ["-p", "original", "--max-memory", "lots"]),
        (r"cannot read missing.py: No such file", ["-p", "missing.py:protocol"]),
        (r"cannot read missing.py: No such file", ["-p", "missing.py"]),
        (r"there is no module nowhere", ["-p", "nowhere.at:all"]),
        (r"no attribute 'protocl' \(protocols in it: protocol", ["-p", f"{EXAMPLE}:protocl"]),
        (r"is not a protocol, but of type Protection", ["-p", f"{EXAMPLE}:compare_and_set"]),
        (r"no directory .*missing", ["-p", "original", "-o", "missing/report.json"]),
        (r"it is a directory", ["-p", "original", "-o", "."]),
        (r"Missing option '-p'", ["--exhaustive"]),
        (r"Missing option '-p'.*file.py:attribute", ["lint"]),
        (r"No such option", ["--protcol", "original"]),
    ],
)
def test_bad_requests(message: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = check(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert re.search(message, err), err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("message", "source"),
    [
        (r"broken.py:1: not valid Python", "def"),
        (r"broken.py:2: .* ZeroDivisionError", "x = 0\nx = 1 / x\n"),
        (
            r"broken.py:3: \+: x is a truth value, not a number",
            "from planrace.model.language import *\np = Protocol('p')\nx = p.variable('x', boolean(), False) + 1\n",
        ),
        (
            r"broken.py:2: initial value of x: 7 is out of the range",
            "from planrace.model.language import *\nx = Protocol('p').variable('x', integers(0, 3), 7)\n",
        ),
        (r"has no variables", "from planrace.model.language import *\nprotocol = Protocol('p')\n"),
        (r"fails while it is loaded: SystemExit", "raise SystemExit(0)\n"),
        (r"no attribute 'protocol' \(it defines no protocol\)", "x = 1\n"),
        (
            r"declares no properties",
            "from planrace import *\nprotocol = Protocol('p')\nx = protocol.variable('x', boolean(), False)\n"
            "@protocol.action(by='me')\ndef act():\n    return step(update(x, ~x))\n",
        ),
    ],
)
def test_broken_protocol_files(message: str, source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "broken.py"
    file.write_text(source)
    code, out, err = check(capsys, "-p", f"{file}:protocol")
    assert code == 2
    assert out == ""
    assert re.search(message, err), err
    assert "Traceback" not in err


def test_an_internal_error_shows_itself(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import planrace.checker.engines.explicit.search

    def fail(*_: object) -> None:
        raise RuntimeError("out of cheese")

    monkeypatch.setattr(planrace.checker.engines.explicit.search, "retrace", fail)
    code, _, err = check(capsys, "-p", "original", *SMALL)
    assert code == 70
    assert "Traceback" in err
    assert "out of cheese" in err


def test_reports_go_where_they_are_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, data = tmp_path / "report.txt", tmp_path / "report.json"
    code, out, _ = check(capsys, "-p", "original", *SMALL, "-o", str(text), "-o", f"json:{data}")
    assert code == 1
    assert out == "verdict: violated (exit 1)\n"
    assert text.read_text().endswith("verdict: violated (exit 1)\n")
    assert json.loads(data.read_text())["verdict"] == "violated"
    code, out, _ = check(capsys, "-p", "original", *SMALL, "-o", f"json:{data}")
    assert out.startswith("original: violated")


def test_a_report_that_cannot_be_written_is_shown_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, out, err = check(capsys, "-p", "original", *SMALL, "-o", str(tmp_path / "r.txt"))
    assert code == 2
    assert out.endswith("verdict: violated (exit 1)\n")
    assert "No space left" in err
    assert list(tmp_path.iterdir()) == []


def test_counts_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = ["-s", "enactors=3", "-s", "endpoints=1", "--exhaustive", "--no-symmetry", "--format", "json"]
    code, out, _ = check(capsys, "-p", "original", *wanted)
    found = json.loads(out)["exploration"]
    assert code == 1
    assert (found["states"], found["transitions"], found["depth"]) == (97563, 253486, 40)
    assert found["complete"] is True


def test_fail_fast_says_what_it_left_undecided(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(capsys, "-p", "original", "-x", "--format", "json")
    data = json.loads(out)
    verdicts = {p["name"]: (p["verdict"], p["depth"]) for p in data["properties"]}
    assert code == 1
    assert verdicts["plans-never-regress"] == ("violated", 10)
    assert verdicts["active-plan-never-deleted"] == ("unknown", None)


def test_a_depth_bound_still_checks_the_states_at_the_bound(capsys: pytest.CaptureFixture[str]) -> None:
    only = ["--property", "active-plan-never-deleted"]
    assert check(capsys, "-p", "original", *SMALL, *only, "--depth", "12")[0] == 1
    assert check(capsys, "-p", "original", *SMALL, *only, "--depth", "11")[0] == 3
    assert check(capsys, "-p", "fixed", *SMALL, "--depth", "23")[0] == 0
    assert check(capsys, "-p", "fixed", *SMALL, "--depth", "22")[0] == 3


@pytest.mark.usefixtures("unexplained")
def test_simulation_repeats_with_its_seed(capsys: pytest.CaptureFixture[str]) -> None:
    def steps(*arguments: str) -> tuple[int, list[object]]:
        few = ["-p", "original", "--engine", "simulate", "--runs", "10", "--format", "json"]
        _, out, _ = check(capsys, *few, *arguments)
        data = json.loads(out)
        assert data["exploration"]["complete"] is False
        told = [p["trace"]["steps"] for p in data["properties"] if p["trace"]]
        traces: list[object] = [(s["action"], s["parameters"]) for steps in told for s in steps]
        return data["exploration"]["seed"], traces

    seed, first = steps()
    assert steps("--seed", str(seed)) == (seed, first)
    assert steps("--seed", str(seed + 1)) != (seed, first)


@pytest.mark.usefixtures("unexplained")
def test_simulation_of_an_instance_too_large_to_search(capsys: pytest.CaptureFixture[str]) -> None:
    large = ["-s", "enactors=6", "-s", "endpoints=4", "-s", "plans=10", "--engine", "simulate", "--seed", "1"]
    code, out, _ = check(capsys, "-p", "original", *large, "--property", "active-plan-never-deleted")
    assert code == 1
    assert "seed 1" in out


def test_interruption_says_how_far_it_came() -> None:
    large = ["-p", "fixed", "-s", "plans=8", "-s", "enactors=5", "--exhaustive", "--max-memory", "4G"]
    for number in (signal.SIGINT, signal.SIGTERM):
        with subprocess.Popen(
            [*LISTENING, *large], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            while process.poll() is None and processor_seconds(process.pid) < 1.5:
                time.sleep(0.05)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        assert "not complete: it was interrupted" in " ".join(out.split())
        assert out.endswith("verdict: unknown (exit 130)\n")
        assert err == ""


def processor_seconds(pid: int) -> float:
    """What a process has used: by then it is at work, however busy the machine is."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_progress_is_drawn_on_a_terminal_only() -> None:
    master, slave = pty.openpty()
    run_ = [*COMMAND, "-p", "fixed", "--engine", "explicit"]
    with subprocess.Popen(run_, cwd=ROOT, stdout=subprocess.PIPE, stderr=slave) as process:
        os.close(slave)
        drawn = b""
        while True:
            try:
                chunk = os.read(master, 4096)
            except OSError:
                break
            if not chunk:
                break
            drawn += chunk
        process.wait(timeout=60)
    os.close(master)
    assert b"searching:" in drawn
    assert b"states" in drawn


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        f"{' '.join(map(repr, COMMAND))} -p original -s endpoints=1 | head -1",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "original: violated\n"
    assert done.stderr == ""


def test_help_loads_no_engine() -> None:
    code = (
        "import sys; from planrace.checker.cli.main import run; run(['--help'])\n"
        "heavy = {'rich', 'z3', 'networkx', 'numpy', 'llvmlite', 'planrace.model.language'}\n"
        "heavy |= {'planrace.checker.engines.explicit'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_list_names_what_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = check(capsys, "list")
    for word in ("enactors", "guarded-delete", "lock-expiry", "endpoints-converge", "simulate"):
        assert word in out
    _, out, _ = check(capsys, "list", "-p", f"{EXAMPLE}:protocol")
    assert "compare-and-set" in out


CLAIM = """
from planrace.model.language import Protocol, boolean, step, update, when
from planrace.properties import reachable
from planrace.model.language import taken

protocol = Protocol("claim", "a job")
rows = protocol.parameter("rows", 1, 1, 4)
done = protocol.variable("done", boolean(), False)


@protocol.action(by="me")
def do():
    return step(when(~done), update(done, True))


protocol.declare(reachable("done", taken("do"), "it is done"))
fixed = protocol.variant("claim-fixed")
"""


def test_slips_are_reported_with_their_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "claim.py").write_text(CLAIM)
    monkeypatch.setattr("sys.path", [p for p in sys.path if p])

    def error(*words: str) -> str:
        assert run([*words]) == 2
        return " ".join(capsys.readouterr().err.split())

    assert "there is no module claim (for the one in that file write claim.py:…)" in error("-p", "claim:fixed")
    assert "no protocol is called 'claim.fixed' (for the one in that file write claim.py:fixed)" in error(
        "-p", "claim.fixed"
    )
    repeat = "'crash,loss' is not one name; repeat the option: --fault crash --fault loss"
    assert repeat in error("-p", "claim.py:protocol", "--fault", "crash,loss")
    assert "rows is 1…4; to widen it, raise high=… in its declaration" in error("-p", "claim.py:fixed", "-s", "rows=5")
    assert run(["list", "-p", "claim.py"]) == 0
    listed = capsys.readouterr().out
    assert "claim: a job" in listed
    assert "claim-fixed: " in listed


def test_the_command_looks_for_garbage_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the process of the command: a program that calls us decides itself."""
    command = importlib.import_module("planrace.checker.cli.main")
    monkeypatch.setattr(command, "finish", lambda _: 0)
    monkeypatch.setattr(command, "end_process", lambda _: None)
    before = gc.get_threshold()
    try:
        command.run(["list"])
        assert gc.get_threshold() == before
        command.main([])
        assert gc.get_threshold() == (command.GARBAGE, *before[1:])
        assert before[0] < command.GARBAGE
        assert gc.isenabled()
    finally:
        gc.set_threshold(*before)
