"""Random systems against an oracle in plain Python: see ``tests/random_systems``.

``PLANRACE_SYSTEMS=24000`` asks about more systems than usual, ``PLANRACE_SEED=5000`` about others. Whatever is wrong is
shown as a protocol that can be run, made smaller; ``python -m tests.random_systems SEED`` shows it again.
"""

from __future__ import annotations

import os

import pytest

from tests.random_systems.draw import draw
from tests.random_systems.engines import STAGES, complaints
from tests.random_systems.report import failure

SYSTEMS = int(os.environ.get("PLANRACE_SYSTEMS", "2000"))
FIRST = int(os.environ.get("PLANRACE_SEED", "0"))
PART = 50
EVERY = {"explicit": 1, "orbits": 4, "usual": 8, "simulate": 20, "forms": 100, "native": 100, "native_orbits": 100}
EVERY |= {"interpreter": 4, "bmc": 50, "induction": 50, "spacer": 100, "proof": 50}
"""Of so many systems one is asked about by that engine or in these forms."""


def stages(seed: int) -> list[str]:
    """Who is asked about the system of a seed: all of them if it is the first of so many."""
    return [name for name in STAGES if seed % EVERY[name] == 0]


@pytest.mark.parametrize("first", range(FIRST, FIRST + SYSTEMS, PART))
def test_engines_and_forms_say_what_is_true(first: int) -> None:
    for seed in range(first, min(first + PART, FIRST + SYSTEMS)):
        drawn, asked = draw(seed), stages(seed)
        found = complaints(drawn, asked)
        if found:
            pytest.fail(failure(drawn, found, asked), pytrace=False)
