"""SPIN and planrace agree on every protocol of the repository: states, transitions, verdicts, liveness included.

The whole table, to 100,000 states, is made by ``bench/crosscheck.py``; these are instances that cover it.
"""

from __future__ import annotations

from typing import Any

import pytest

from planrace.checker import Options, Verdict, crosscheck, find, render
from planrace.checker.run.protocols import names_in
from planrace.model.language import DefinitionError, ModelError, Variant
from tests import ROOT
from tests.engines.test_every_protocol import BUILT_IN, EXAMPLES, SMALL
from tests.export.test_promela import needs_spin
from tests.random_systems.draw import draw
from tests.random_systems.write import load

FEW = Options(max_states=20_000)
SIZES: dict[str, dict[str, int]] = {
    "dns_processes": SMALL,
    "allocator": {"resources": 1},
    "clock_mutex": {"processes": 2},
    "coffee_can": {"most": 20},
    "paxos_commit": {"managers": 1},
    "readers_writers": {"actors": 2},
    "regular_registers": {"processes": 4},
    "snapshot_store": {"transactions": 1},
}
"""Of files whose usual sizes are too large."""
GALLERY = [n for f in EXAMPLES for n in names_in(str(f))]
GROUND = [n for f in sorted((ROOT / "examples" / "ground_truth").glob("*.py")) for n in names_in(str(f))]
LONG = pytest.mark.long("SPIN searches published specifications, other variants, each fault alone, and random systems")
USUAL = [*BUILT_IN, *(n if n.endswith(":protocol") else pytest.param(n, marks=LONG) for n in GALLERY)]


def sizes(name: str) -> dict[str, int] | None:
    return BUILT_IN.get(name) or SIZES.get(name.rpartition("/")[2].partition(".")[0])


def faults_of(name: str) -> tuple[str, ...]:
    found = find(name)
    return tuple((found.protocol if isinstance(found, Variant) else found).faults)


def agree(name: str, faults: tuple[str, ...]) -> None:
    found = crosscheck(name, sizes(name), faults=faults, options=FEW)
    assert found.verdict is Verdict.HOLDS, render(found)


def short(value: Any) -> str:
    return str(value).removeprefix(f"{ROOT}/examples/")


@needs_spin
@pytest.mark.parametrize("name", USUAL, ids=short)
def test_with_all_faults(name: str) -> None:
    agree(name, faults_of(name))


@needs_spin
@LONG
@pytest.mark.parametrize("name", [*BUILT_IN, *GALLERY], ids=short)
def test_with_fewer_faults(name: str) -> None:
    every = faults_of(name)
    for some in [(), *((f,) for f in every)] if every else []:
        agree(name, some)


@needs_spin
@LONG
@pytest.mark.parametrize("name", GROUND, ids=short)
def test_published_specifications(name: str) -> None:
    agree(name, ())


@needs_spin
@LONG
@pytest.mark.parametrize("first", range(100, 120, 10))
def test_random_systems(first: int) -> None:
    asked = 0
    for seed in range(first, first + 10):
        d = draw(seed).described
        protections = [n for n, _ in d.protections] if d.protected else []
        try:
            found = crosscheck(load(d), d.values, faults=d.on, with_protections=protections, options=FEW)
        except (ModelError, DefinitionError):  # it is wrong, or Promela cannot say it
            continue
        assert found.verdict is Verdict.HOLDS, f"seed {seed}\n{render(found)}"
        asked += 1
    assert asked > 0
