"""Warnings about models: deadlocks, what never happens, what holds vacuously."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from planrace.checker.api.calls import check
from planrace.checker.cli.main import run
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.vacuity import VacuityCheck
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.report.json.write import to_json
from planrace.checker.run.options import Options
from planrace.checker.semantics.interpreter import Interpreter, RangeError
from planrace.model.language import Protocol, System, Term, changed, integers, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import invariant, step_invariant
from planrace.properties.dns import fixed, original
from tests.report.test_reports import SCHEMA
from tests.systems import random_systems

SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}


def counter(*, most: int = 2, final: bool = False) -> Protocol:
    """A number that counts to 2, and may be reset when it is ``most``."""
    protocol = Protocol("counter", "a number")
    number = protocol.variable("number", integers(0, 3), 0, "it")

    @protocol.action(by="environment")
    def count() -> Step:
        return step(when(number < 2), update(number, number + 1))

    @protocol.action(by="environment")
    def reset() -> Step:
        return step(when(number == most), update(number, 0))

    protocol.declare(
        invariant("small-when-three", (number == 3).implies(number < 3), "three is small"),
        invariant("small-when-two", (number == 2).implies(number < 3), "two is small"),
    )
    if final:
        protocol.final(number == 2)
    return protocol


def told(report: Any) -> set[tuple[str, str]]:
    return {(w.kind, w.subject) for w in report.warnings}


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_a_guard_that_is_never_true(engine: str) -> None:
    """It makes an action dead, causes a deadlock, and makes a property hold vacuously."""
    options = Options(engine=engine)
    fine = check(counter(), options=options)
    assert told(fine) == {("vacuous", "small-when-three")}
    broken = check(counter(most=3), options=options)
    assert told(broken) == {("vacuous", "small-when-three"), ("never happens", "reset"), ("deadlock", "")}
    (deadlock,) = [w for w in broken.warnings if w.kind == "deadlock"]
    assert deadlock.trace is not None
    assert [s.action for s in deadlock.trace.steps] == ["count", "count"]
    assert told(check(counter(most=3, final=True), options=options)) == told(broken) - {("deadlock", "")}
    jsonschema.validate(to_json(broken), SCHEMA)


def test_what_was_not_searched_gives_no_warning() -> None:
    report = check(counter(most=3), options=Options(depth=1))
    assert told(report) == set()


def test_strict(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["-p", "tests.engines.explicit.test_warnings:QUIET"]
    assert run(["-p", "tests.engines.explicit.test_warnings:NOISY", "--no-slicing"]) == 0
    assert "Warnings" in capsys.readouterr().out
    assert run(["-p", "tests.engines.explicit.test_warnings:NOISY", "--strict"]) == 1
    why = "With --strict, the warnings above count as failures."
    assert capsys.readouterr().out.splitlines()[-3:] == [why, "", "verdict: holds (exit 1)"]
    assert run([*asked, "--strict"]) == 0
    assert why not in capsys.readouterr().out
    assert run([*asked, "--strict", "--expect", "violated"]) == 1
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "Expected verdict: violated.",
        "",
        "verdict: holds (exit 1)",
    ]


def quiet() -> Protocol:
    protocol = Protocol("quiet", "two states")
    here = protocol.variable("here", integers(0, 1), 0, "which")

    @protocol.action(by="environment")
    def go() -> Step:
        return step(update(here, 1 - here))

    protocol.declare(invariant("few", here < 2, "there are two"))
    return protocol


QUIET, NOISY = quiet(), counter()


def test_warnings_of_the_built_in_protocols_are_known() -> None:
    """The only warnings are about outcomes that a fix, or the size, makes impossible; losing a lock awaits the fault
    that locks expire."""
    for variant, faults in (
        (original, []),
        (fixed, []),
        (fixed, ["crash", "lock-expiry"]),
        (original, ["stray-delete"]),
    ):
        report = check(variant, SMALL, faults=faults)
        assert [w for w in report.warnings if w.strict] == []
    assert ("outcome never happens", "flip_alias") in told(check(fixed, SMALL))
    assert ("outcome never happens", "flip_alias") not in told(check(original, SMALL))


def test_a_mutant_is_noticed() -> None:
    """An Enactor that never frees a lock: the others wait for ever."""
    from planrace.model.dns.protocol import lock

    system = changed(fixed.system(), lambda change: change.forget("flip_alias", lock))
    report = check(system, SMALL)
    assert ("deadlock", "") in told(report)


# Against the interpreter -----------------------------------------------------------------------------------------
def naive(system: System, vacuity: VacuityCheck) -> tuple[set[int], int | None]:
    """Which subjects of a vacuity check are met, and the depth of the first state without steps, by the interpreter
    alone."""
    interpreter = Interpreter(system.instance())
    found, level, depth = set(interpreter.initials()), list(interpreter.initials()), 0
    met: set[int] = set()
    stuck: int | None = None
    terms = [(n, s.term, s.of_steps) for n, s in enumerate(vacuity.subjects) if s.term is not None]
    endings = {(s.name, s.part): n for n, s in enumerate(vacuity.subjects) if s.term is None}
    while level:
        fresh = []
        for s in level:
            met |= {n for n, term, of_steps in terms if not of_steps and interpreter.holds(term, s)}
            moves = list(interpreter.moves(s))
            if not moves and stuck is None:
                stuck = depth
            for move, t in moves:
                met.add(endings[move.action.name, move.outcome.name or ""])
                met |= {n for n, term, of_steps in terms if of_steps and interpreter.holds(term, s, t, move)}
                if t not in found:
                    found.add(t)
                    fresh.append(t)
        level = fresh
        depth += 1
    return met, stuck


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_random_systems(drawn: tuple[System, list[Term], list[Term]]) -> None:
    system, states, steps = drawn
    asked: list[Any] = [invariant(f"s{k}", t.implies(states[0]), "random") for k, t in enumerate(states)]
    asked += [step_invariant(f"t{k}", t.implies(steps[0]), "random") for k, t in enumerate(steps)]
    instance = system.instance()
    checks = [VacuityCheck(instance, asked) for _ in range(3)]
    reference = Search(instance, asked, exhaustive=True, limits=Limits(states=1500), vacuity=checks[0])
    try:
        reference.run()
    except RangeError:
        return
    if reference.full:
        return
    for workers in (1, 2):
        NativeSearch(instance, asked, exhaustive=True, workers=workers, vacuity=checks[workers]).run()
    met, stuck = naive(system, checks[0])
    for vacuity in checks:
        assert {n for n in range(len(vacuity.subjects)) if vacuity.bits >> n & 1} == met
        assert (None if vacuity.stuck is None else len(vacuity.stuck.moves)) == stuck
    runs = [[(m.action.name, m.choice) for m in c.stuck.moves] if c.stuck is not None else [] for c in checks[1:]]
    assert runs[0] == runs[1]
