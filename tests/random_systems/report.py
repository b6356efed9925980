"""What a failure prints: the system as a protocol that can be run, made smaller, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .draw import Drawn, judged
from .engines import complaints
from .shrink import shrunk
from .write import text


def kinds(found: Sequence[str]) -> set[str]:
    """Complaints without their numbers and names, so that those of a smaller system compare."""
    plain = (re.sub(r"\S+\.py:\d+: ", "", c) for c in found)
    told = (re.sub(r": (\S+ ?\S* )\S+: ", r": \1", re.sub(r"-?\d+", "#", c), count=1)[:90] for c in plain)
    return set(told)


def failure(drawn: Drawn, found: Sequence[str], stages: Sequence[str], seconds: float = 30.0) -> str:
    """The whole story; so many seconds are spent on making the system smaller."""
    wanted = kinds(found)
    small = judged(shrunk(drawn.described, lambda d: bool(kinds(complaints(judged(d), stages)) & wanted), seconds))
    return "\n".join(
        [
            f"system {drawn.described.seed} (python -m tests.random_systems {drawn.described.seed}):",
            *(f"  {c}" for c in found),
            "smaller:",
            shown(small, complaints(small, stages)),
        ]
    )


def shown(drawn: Drawn, found: Sequence[str]) -> str:
    """A system as its file, what is true of it, and what is wrong."""
    truth = drawn.truth
    counts = f"# {len(truth.depths)} states, {truth.transitions} transitions, depth {truth.depth}"
    lines = [text(drawn.described)]
    lines += [counts if truth.wrong is None else f"# wrong at depth {truth.wrong}: {truth.why}"]
    for name, told in truth.told.items():
        lengths = "" if told.length is None else f" in {told.length} steps"
        lines.append(f"# {name}: {told.verdict}{lengths}" + ("" if told.wrong is None else f", wrong in {told.wrong}"))
    return "\n".join([*lines, *(f"# WRONG {c}" for c in found)] if found else [*lines, "# nothing is wrong"])
