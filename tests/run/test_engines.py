"""The contract of engines: a new one is one file and one line in the registry."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import get_args

import pytest

from planrace.checker import Options, Verdict, check
from planrace.checker.cli.main import run
from planrace.checker.run.contract import DEMANDS, Ability, Engine
from planrace.checker.run.registry import ENGINES, engine_for
from planrace.model.language import ModelError, Protocol, Step, boolean, step, update, when
from planrace.properties import invariant, reachable
from tests import ROOT
from tests.run.toy import FirstSteps


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> FirstSteps:
    made = FirstSteps()
    monkeypatch.setitem(ENGINES, made.name, made)
    return made


def lamp() -> Protocol:
    p = Protocol("lamp", "a lamp that is switched on")
    on = p.variable("on", boolean(), False)

    @p.action(by="environment")
    def switch() -> Step:
        return step(when(~on), update(on, True))

    p.declare(invariant("dark", ~on, "never lit"), reachable("lit", on, "lit some time"))
    return p


def test_a_new_engine_answers(toy: FirstSteps) -> None:
    report = check(lamp(), engine="toy")
    dark, lit = report.findings
    assert report.engine == "toy"
    assert (dark.verdict, dark.depth) == (Verdict.VIOLATED, 1)
    assert lit.how.startswith("engine toy cannot decide reachability: use --engine auto")


def test_a_new_engine_is_listed(toy: FirstSteps, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "-p", "fixed"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split(maxsplit=1) == ["toy", toy.summary]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--symmetry"], "engine toy has no symmetry reduction (leave out --symmetry)"),
        (
            ["--normalise", "plan"],
            "engine toy counts no states up to a normal form (leave out --normalise or use --engine explicit)",
        ),
        (["--exhaustive"], "engine toy cannot search exhaustively (leave out --exhaustive or use --engine explicit)"),
        (["--dump-ir", "ir.ll"], "engine toy does not generate machine code (use --engine native)"),
        (
            ["--scenario", "outage"],
            "cannot be combined with properties (leave out --engine or --property)",
        ),
        (
            ["--runs", "3"],
            "of random simulation and of bitstate search (add --engine simulate or --engine bitstate)",
        ),
        (["--hashes", "3"], "are options of bitstate search (add --engine bitstate)"),
    ],
)
def test_errors_say_what_a_new_engine_cannot_do(
    toy: FirstSteps, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-p", "original", "--engine", "toy", *words]) == 2
    assert says in capsys.readouterr().err


def test_a_similar_engine_name_is_suggested(toy: FirstSteps) -> None:
    with pytest.raises(ModelError, match="did you mean toy"):
        check(lamp(), engine="toi")


def test_the_default_is_the_first_engine() -> None:
    assert engine_for(Options()) is ENGINES[Options.engine] is next(iter(ENGINES.values()))


def test_the_registry_loads_no_solver_and_no_compiler() -> None:
    code = (
        "import sys; from planrace.checker.run.registry import ENGINES\n"
        "heavy = {'rich', 'z3', 'networkx', 'numpy', 'llvmlite', 'cvc5'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# The documents ---------------------------------------------------------------------------------------------------
COLUMNS = [d.ability for d in sorted(DEMANDS, key=lambda d: list(Ability).index(d.ability))] + [Ability.EVERY_SIZE]


def row(engine: Engine) -> list[str]:
    """What the table of the documents says of an engine."""
    kinds = ", ".join(f"`{k.kind}`" for k in get_args(engine.abilities.kinds))
    return [f"`{engine.name}`", kinds, *("yes" if c in engine.abilities else "" for c in COLUMNS)]


def tables() -> list[list[list[str]]]:
    """Cells of the rows of each table, without its head."""
    found = []
    for block in (ROOT / "docs" / "engines.md").read_text().split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        found += [[[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]] if lines else []
    return found


def test_the_documents_have_every_engine() -> None:
    meanings, able, *_ = tables()
    assert [name for cells in meanings for name in re.findall(r"`(\w+)`", cells[0])] == list(ENGINES)
    assert able == [row(e) for e in ENGINES.values()]
