"""Models for Quint. What Quint itself says of them is asked where it is installed, and by ``bench/quint.py``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import Verdict, import_run
from planrace.checker.api.crosschecking import export_model
from planrace.checker.cli.main import run
from planrace.checker.export.quint import quint
from planrace.checker.export.quint_terms import HANDLERS
from planrace.checker.export.quint_text import WIDTH, laid_out
from planrace.model.language import (
    DefinitionError,
    ModelError,
    Op,
    Protocol,
    anything,
    array,
    boolean,
    each,
    enumeration,
    exists,
    forall,
    index,
    integers,
    least,
    one_of,
    step,
    strong,
    subsets,
    sum_of,
    update,
    when,
)
from planrace.properties import eventually, invariant, leads_to
from tests import HERE, ROOT
from tests.export.test_promela import exchange, walk
from tests.random_systems.draw import draw
from tests.random_systems.write import load

QUINT = os.environ.get("QUINT") or shutil.which("quint")
ROLLOUT = "examples/rollout.py:protocol"


def fair() -> Protocol:
    """Choices of initial states, names for terms, sets as parameters, an array that is read where it is made, and
    liveness on a part of the model."""
    protocol = Protocol("fair")
    phases = enumeration("phase", "idle work")
    workers = index("worker", protocol.parameter("workers", 2, 1, 3))
    numbers = integers(0, 2, "number")
    phase = protocol.variable("phase", array(workers, phases), one_of(phases.idle, phases.work))
    chosen = protocol.variable("chosen", subsets(numbers), anything)
    held = protocol.variable("held", array(workers, array(numbers, boolean())), False)
    number = protocol.variable("number", array(workers, numbers), one_of(0, each(workers, lambda w: 1)))
    busy = protocol.let("busy", workers, lambda w: phase[w] == phases.work)
    total = protocol.let("total", sum_of(workers, lambda w: number[w]))
    protocol.initially(forall(workers, lambda w: busy(w).implies(chosen == {1})))
    protocol.fault("stop", "it stops")

    @protocol.action(workers, subsets(numbers), by=workers)
    def begin(w: Any, s: Any) -> Any:
        first = least(numbers, lambda n: n.isin(s))
        return step(when(~busy(w), total > 0, exists(numbers, lambda n: n.isin(s))), update(held[w][first], True))

    @protocol.action(workers, workers, by=workers, fairness="strong")
    def move(w: Any, v: Any) -> Any:
        swapped = each(workers, lambda x: number[x])[v]
        return step(update(number[w], swapped), update(number[v], swapped), update(phase[w], phases.idle))

    @protocol.action(by="nobody", fault="stop")
    def stop() -> Any:
        return step(update(chosen, set()))

    protocol.fair(strong(begin, move))
    protocol.declare(
        invariant("held", forall(workers, lambda w: ~held[w][2] | busy(w) | (total <= 4)), "it is held"),
        eventually("idle", ~exists(workers, busy), "all rest", despite_faults=True),
        forall(workers, lambda w: leads_to("rests", busy(w), phase[w] == phases.idle, "each rests")),
    )
    return protocol


SUBJECTS: dict[str, Any] = {"rollout": ROLLOUT, "exchange": exchange(), "walk": walk(-1), "fair": fair()}
FAULTS = {"fair": ("stop",)}


def text_of(name: str) -> str:
    return export_model(SUBJECTS[name], "quint", faults=FAULTS.get(name, ())).text


def test_every_operator_has_a_handler() -> None:
    assert set(Op) - set(HANDLERS) == {Op.ENABLED}  # a guard stands in its place


@pytest.mark.parametrize("name", SUBJECTS)
def test_texts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quint 0.33.1 accepts the texts that are expected, and its simulator agrees with us about them."""
    monkeypatch.chdir(ROOT)
    file = HERE / "golden" / f"{name}.qnt"
    text = text_of(name)
    if os.environ.get("PLANRACE_GOLDEN") == "write":
        file.write_text(text)
    assert text == file.read_text()


def test_the_command_writes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "model.qnt"
    assert (
        run(["export", "-p", "original", "-s", "plans=3", "--fault", "crash", "--to", "quint", "-o", str(place)]) == 0
    )
    text = place.read_text(encoding="ascii")
    assert "pure val plans = 3" in text
    assert "// Not said here: automation-recovers (recoverability)" in text
    assert "without automation-recovers" in capsys.readouterr().err
    assert max(map(len, text.splitlines())) <= 120 + len("original")


LONG = pytest.mark.long("random systems are drawn")


@pytest.mark.parametrize("seeds", [range(2), pytest.param(range(2, 12), marks=LONG)], ids=str)
def test_random_systems_are_written_always_the_same(seeds: range) -> None:
    """Each definition has one name, and the actions and variables are those of the system."""
    for seed in seeds:
        d = draw(seed).described
        try:
            instance = load(d).system(faults=d.on).instance(**d.values)
        except (ModelError, DefinitionError):
            continue
        text = quint(instance, "").text
        assert text == quint(instance, "").text
        assert all(line.count('"') % 2 == 0 for line in text.splitlines())
        defined = re.findall(r"^  (?:pure )?(?:val|def|var|action|type|temporal) (\w+)", text, re.MULTILINE)
        assert len(defined) == len(set(defined))
        assert len(re.findall(r"^  action ", text, re.MULTILINE)) >= len(instance.system.actions) + 2
        assert len(re.findall(r"^  var ", text, re.MULTILINE)) >= len(instance.system.variables)


@pytest.mark.parametrize(
    "text",
    [
        f"if ({'a' * 90}) {'b' * 30} else if ({'c' * 20}) {'d' * 50} else {'e' * 9}",
        f"{'a' * 40} and ({'b' * 40} or {'c' * 60}) and {'d' * 80}",
        f"Set({', '.join('abcdefghij' * 2 for _ in range(9))}).forall(x => {'x' * 60} implies {'y' * 70})",
        f'f("{"(, and " * 20}", {"b" * 50})',
        "x" * 300,
    ],
)
def test_lines_are_broken_where_that_changes_nothing(text: str) -> None:
    lines = laid_out(text, 3, ",")
    assert "".join("".join(lines).split()) == "".join(text.split()) + ","
    breakable = [line for line in lines if " " in line.strip() and '"' not in line]
    assert all(len(line) <= WIDTH for line in breakable)


def test_conditions_are_assigned_in_parentheses() -> None:
    """An assignment of Quint binds more tightly than ``and``."""
    protocol = Protocol("flags")
    low, high = protocol.variable("low", integers(0, 3), 0), protocol.variable("high", integers(0, 3), 3)
    apart = protocol.variable("apart", boolean(), False)

    @protocol.action(by="somebody")
    def look() -> Any:
        return step(when(apart | ~(low <= high)), update(apart, (low < high) & ~apart))

    text = export_model(protocol, "quint").text
    assert "apart' = (low < high and not(apart))," in text
    assert "apart or low > high," in text


def test_no_place_gets_two_values() -> None:
    """A row and an element of it: the element of what the row gets is compared."""
    protocol = Protocol("rows")
    numbers = integers(0, 1)
    grid = protocol.variable("grid", array(numbers, array(numbers, numbers)), 0)

    @protocol.action(numbers, numbers, by="somebody")
    def write(a: Any, b: Any) -> Any:
        return step(update(grid[a][b], 1), update(grid[1 - a], grid[0]), update(grid[b][a], 1))

    text = export_model(protocol, "quint").text
    assert "assert(1 - a != a or grid.get(0).get(b) == 1)," in text
    assert text.count("assert(") == 2  # two of the values are the same
    assert "grid' = grid.setBy(a, row => row.set(b, 1)).set(1 - a, grid.get(0)).setBy(b, row => row.set(a, 1))" in text


# Quint itself ------------------------------------------------------------------------------------------------------
needs_quint = pytest.mark.skipif(QUINT is None, reason="quint is missing (QUINT names it)")


@needs_quint
@pytest.mark.parametrize("name", SUBJECTS)
def test_quint_accepts_them(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    place = tmp_path / "model.qnt"
    place.write_text(text_of(name))
    done = subprocess.run([str(QUINT), "typecheck", str(place)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_quint
def test_what_quint_finds_is_a_counterexample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    place, found = tmp_path / "model.qnt", tmp_path / "run.itf.json"
    place.write_text(text_of("rollout"))
    command = [str(QUINT), "run", str(place), "--backend=typescript", "--invariants", "active_is_stored", "--mbt"]
    subprocess.run([*command, "--max-samples=2000", f"--out-itf={found}"], capture_output=True, check=False)
    (finding,) = import_run(ROLLOUT, found).findings
    assert (finding.name, finding.verdict) == ("active-is-stored", Verdict.VIOLATED)
