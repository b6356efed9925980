"""Solver engines, proofs and the second solver end on time: at their limits, and by signals at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import IO

import pytest

from planrace.checker import Options, check
from planrace.checker.engines import interrupts
from planrace.checker.engines.limits import LimitGuard, Limits, Progress
from planrace.checker.engines.symbolic.solving import SolverStoppedError, Solving
from planrace.checker.results.verdict import Verdict
from planrace.model.language import (
    If,
    Protocol,
    Step,
    count,
    exists,
    forall,
    index,
    integers,
    primed,
    step,
    subsets,
    such_that,
    update,
    when,
)
from planrace.model.language import array as array_of
from planrace.properties import invariant, step_invariant
from tests import ROOT
from tests.cli.test_command import processor_seconds

HEAR = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
COMMAND = [sys.executable, "-c", f"{HEAR}; from planrace.checker.cli import main; main()"]
OVERRUN = 2.0
"""Seconds that a solver engine may take beyond its time limit, of the processor's: the machine may be busy."""

LONG = ["-p", "original", "--with", "transactional-check", "-s", "plans=5"]
WORK = {
    "bmc": [*LONG, "--engine", "bmc", "--depth", "200"],
    "induction": [*LONG, "--engine", "induction"],
    "spacer": [*LONG, "--engine", "spacer"],
    "prove": ["prove", "-p", "original", "--with", "transactional-check"],
    "all": ["prove", "-p", "fixed", "--all"],
    "infer": ["prove", "-p", "fixed", "--infer"],
}


# Signals -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("moment", [0.9, 1.7])
@pytest.mark.parametrize("name", WORK)
def test_a_signal_at_any_moment(name: str, moment: float) -> None:
    """130 with what was decided, or (SIGTERM: 143) that there was nothing yet; and nothing is said to be impossible."""
    sent = signal.SIGINT if moment < 1 else signal.SIGTERM
    code, out, err = interrupted([*WORK[name], "--format", "json"], sent, lambda p: processor_seconds(p) >= moment)
    assert code in (130, 128 + sent), err
    if not out:
        assert "interrupted before there was anything to report" in err
        return
    assert code == 130
    assert err == ""
    report = json.loads(out)
    assert report["interrupted"]
    for p in report["properties"]:
        if name != "all" and p["kind"] not in ("liveness", "reachability"):
            assert "cannot be proved for every size" not in p["how"]


def test_a_signal_while_the_second_solver_works() -> None:
    begun = time.monotonic()

    def asking(pid: int) -> bool:
        found = subprocess.run(["pgrep", "-P", str(pid), "-f", "solver_process.py"], capture_output=True, check=False)
        return found.returncode == 0 or time.monotonic() > begun + 60

    command = ["prove", "-p", "fixed", "--confirm", "--format", "json"]
    code, out, err = interrupted(command, signal.SIGINT, asking)
    assert code == 130, err
    assert "interrupted before the others were checked" in err
    report = json.loads(out)
    assert report["interrupted"]
    assert report["verdict"] == "holds"
    assert report["confirmation"]["doubted"] == []


def interrupted(arguments: list[str], sent: int, due: Callable[[int], bool]) -> tuple[int, str, str]:
    """Exit code and output of a command that gets a signal as soon as it is due. It writes into files: a command that
    ends too early would fill a pipe that nobody reads, and wait for ever."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        with subprocess.Popen([*COMMAND, *arguments], cwd=ROOT, stdout=out, stderr=err) as process:
            while process.poll() is None and not due(process.pid):
                time.sleep(0.02)
            assert process.poll() is None, "it ended before the signal came"
            process.send_signal(sent)
            process.wait(timeout=60)
        return process.returncode, _content(out), _content(err)


def _content(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def test_a_signal_that_was_lost_is_still_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A KeyboardInterrupt in a finaliser is printed and lost; the next solver query still ends the run."""
    monkeypatch.setattr(interrupts, "_came", [])
    solving = Solving(LimitGuard("test", Limits()))
    assert solving.run(lambda: 1) == 1
    interrupts.heard(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        solving.run(lambda: 2)


# Limits --------------------------------------------------------------------------------------------------------
def arithmetic() -> Protocol:
    """Few steps, each of them hard."""
    p = Protocol("arithmetic")
    a, b, c = (p.variable(n, integers(0, 2**60), 1) for n in "abc")

    @p.action(integers(0, 7), by="x")
    def mix(k) -> Step:  # type: ignore[no-untyped-def]
        return step(
            when(a + b + k < 2**59),
            update(a, b + c + k),
            update(b, If(a < c, c - a, a - c)),
            update(c, If(a < b, b - a, a - b)),
        )

    p.declare(invariant("never", ~((a == 123456789123) & (b == 987654321987)), "a number that is hard to reach"))
    return p


def broad() -> Protocol:
    """So many steps, each so large, that writing them down takes long."""
    p = Protocol("broad")
    place = index("place", 40)
    s = p.variable("s", array_of(place, subsets(integers(0, 63))), set())
    m = p.variable("m", array_of(place, array_of(place, integers(0, 7))), 0)

    @p.action(place, place, by="x")
    def put(a, b) -> Step:  # type: ignore[no-untyped-def]
        often = such_that(integers(0, 63), lambda x: x.isin(s[a]) | (count(place, lambda r: x.isin(s[r])) > 3))
        return step(when((a != b) & (m[a][b] < 7)), update(m[a][b], m[a][b] + 1), update(s[a], s[b] | often))

    p.declare(invariant("few", count(place, lambda q: exists(place, lambda r: m[q][r] == 7)) < 40, "not all"))
    p.declare(step_invariant("grows", forall(place, lambda q: s[q].issubset(primed(s[q]))), "sets grow"))
    return p


def unrolled() -> Protocol:
    """A quantifier over so many numbers that writing it down takes long."""
    p = Protocol("unrolled")
    z = p.variable("z", integers(0, 300_000), 0)

    @p.action(by="x")
    def up() -> Step:
        return step(when(z < 5), update(z, z + 1))

    p.declare(invariant("all", forall(integers(0, 300_000), lambda k: (k != z) | (k < 10)), "a quantifier"))
    return p


@pytest.mark.parametrize("engine", ["bmc", "induction", "spacer"])
@pytest.mark.parametrize("protocol", [arithmetic(), broad(), unrolled()], ids=lambda p: p.name)
def test_no_engine_overruns_its_time(engine: str, protocol: Protocol) -> None:
    began = time.process_time()
    report = check(protocol, options=Options(engine=engine, time_limit=1.0, depth=200))
    assert time.process_time() - began < 1.0 + OVERRUN
    assert report.verdict is Verdict.UNKNOWN
    assert all("the time limit of 1 s was reached" in f.how for f in report.findings)


def test_a_full_memory_ends_it() -> None:
    report = check(arithmetic(), options=Options(engine="induction", max_memory=1, depth=200))
    assert report.verdict is Verdict.UNKNOWN
    assert "the memory limit" in report.findings[0].how


STUCK = """
import sys, time
from planrace.checker.engines import interrupts
from planrace.checker.engines.limits import Limits, LimitGuard
from planrace.checker.engines.symbolic.solving import Solving, SolverStoppedError
import z3
try:
    Solving(LimitGuard("test", Limits(seconds=0.2))).run(lambda: time.sleep(30))
except SolverStoppedError as limit:
    print(limit)
x = z3.Int("x")
solver = z3.Solver()
solver.add(x > 1)
again = Solving(LimitGuard("test", Limits()))
print(again.run(lambda: again.check(solver)), interrupts.left_behind(), time.process_time() < 5)
"""


def test_work_that_does_not_listen_is_left_behind() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUCK], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True, env=os.environ
    )
    assert done.stdout.splitlines() == ["the time limit of 0.2 s was reached", "sat True True"]


DEAF = """
import os, time
from planrace.checker.engines.limits import Limits, LimitGuard
from planrace.checker.engines.symbolic.solving import Solving, SolverStoppedError
import z3
made = []
def deaf():
    while True:
        made.append(z3.Int("x").get_id())
        time.sleep(0.001)
try:
    Solving(LimitGuard("test", Limits(seconds=0.1))).run(deaf)
except SolverStoppedError:
    before = len(made)
print(Solving(LimitGuard("test", Limits())).run(lambda: z3.simplify(z3.Int("x") > z3.Int("x"))))
time.sleep(0.2)
print(len(made) - before < 5, flush=True)
os._exit(0)
"""


def test_what_is_left_behind_makes_nothing_in_the_next_context() -> None:
    """Two threads in one context of Z3 corrupt each other's terms."""
    done = subprocess.run(
        [sys.executable, "-c", DEAF], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True, env=os.environ
    )
    assert done.stdout.splitlines() == ["False", "True"]


def test_who_waits_hears_of_progress_and_of_what_fails() -> None:
    heard: list[Progress] = []
    solving = Solving(LimitGuard("test", Limits(), heard.append))

    def work() -> int:
        solving.depth = 3
        time.sleep(0.5)
        return solving.run(lambda: 7)

    assert solving.run(work) == 7
    assert heard[-1].depth == 3
    with pytest.raises(ZeroDivisionError):
        solving.run(lambda: 1 // 0)
    with pytest.raises(SolverStoppedError, match="time limit of 0 s"):
        Solving(LimitGuard("test", Limits(seconds=0.0))).run(lambda: 1)


AFTERWARDS = """
import importlib, os, pkgutil, time
import planrace.checker.engines as engines
from planrace.checker import Options, check, prove
from planrace.checker.engines.limits import Limits, LimitGuard
from planrace.checker.engines.symbolic.solving import Solving, SolverStoppedError
from planrace.model.language import *
from planrace.properties import invariant


protocol = Protocol("shelf")
full = protocol.variable("full", array(integers(1, 3), boolean()), anything)
at = protocol.variable("at", integers(1, 3), anything)
protocol.initially(full[at])

@protocol.action(by="nobody")
def go():
    return step(when(at < 3), update(at, at + 1), update(full[at + 1], True))

protocol.declare(invariant("full", full[at], "it stands where something is"))
for m in pkgutil.walk_packages(engines.__path__, "planrace.checker.engines."):
    importlib.import_module(m.name)
try:
    Solving(LimitGuard("test", Limits(seconds=0.2))).run(lambda: time.sleep(60))
except SolverStoppedError:
    pass
solvers = ["bmc", "induction", "spacer"]
reports = [*(check(protocol, options=Options(engine=e, depth=4)) for e in solvers), prove(protocol)]
print(*(r.verdict.word for r in reports))
os._exit(0)
"""


def test_every_solver_works_after_a_context_was_left_behind() -> None:
    """A formula that a module keeps from the old context fits no formula of the new one."""
    done = subprocess.run(
        [sys.executable, "-c", AFTERWARDS],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ,
    )
    assert done.stdout.split() == ["holds", "holds", "holds", "holds"], done.stderr
