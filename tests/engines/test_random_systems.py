"""Random systems against an oracle in plain Python: see ``tests/random_systems``.

The usual run asks about the first 50 systems, ``pytest --all`` about 150 and ``--everything`` about 300.
``PLANRACE_SYSTEMS=24000`` asks about more of them, ``PLANRACE_SEED=5000`` about others. Whatever is wrong is shown as a
protocol that can be run, made smaller; ``python -m tests.random_systems SEED`` shows it again.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.random_systems.draw import draw, system
from tests.random_systems.drawn import drawn, expected
from tests.random_systems.engines import STAGES, complaints
from tests.random_systems.report import failure

CHOSEN = "PLANRACE_SYSTEMS" in os.environ or "PLANRACE_SEED" in os.environ
SYSTEMS = int(os.environ.get("PLANRACE_SYSTEMS", "300"))
FIRST = int(os.environ.get("PLANRACE_SEED", "0"))
PART = 50
USUAL = 1
"""So many parts are in the usual run."""
ALL = 3
"""So many are in that of all tests."""
EVERY = {"explicit": 1, "orbits": 4, "usual": 8, "simulate": 20, "forms": 100, "native": 100, "native_orbits": 100}
EVERY |= {"interpreter": 4, "bitstate": 50, "bmc": 20, "induction": 20, "spacer": 100, "proof": 20}
"""Of so many systems one is asked about by that engine or in these forms."""
LONG = pytest.mark.long(f"{(ALL - USUAL) * PART:,} of {SYSTEMS:,} random systems, 50 a test, in every engine")
REST = pytest.mark.on_request(f"{SYSTEMS - ALL * PART:,} more of the random systems")


def stages(seed: int) -> list[str]:
    """Who is asked about the system of a seed: all of them if it is the first of so many."""
    return [name for name in STAGES if seed % EVERY[name] == 0]


def parts() -> list[Any]:
    """The first seeds of the parts. Who chooses the systems gets all of them."""
    firsts = range(FIRST, FIRST + SYSTEMS, PART)
    marks = [() if CHOSEN or n < USUAL else LONG if n < ALL else REST for n in range(len(firsts))]
    return [pytest.param(first, marks=m) for first, m in zip(firsts, marks, strict=True)]


def test_what_went_wrong_once_is_drawn() -> None:
    counts = Counter(kind for seed in range(300) for kind in set(drawn(system(Random(f"{seed}:0"), f"{seed}"))))
    assert {kind: counts[kind] for kind in expected() if counts[kind] < 3} == {}
    assert set(counts) == set(expected())


@pytest.mark.usefixtures("optimised")
@pytest.mark.parametrize("first", parts())
def test_engines_and_formats_agree_with_the_oracle(first: int) -> None:
    for seed in range(first, min(first + PART, FIRST + SYSTEMS)):
        drawn, asked = draw(seed), stages(seed)
        found = complaints(drawn, asked)
        if found:
            pytest.fail(failure(drawn, found, asked), pytrace=False)
