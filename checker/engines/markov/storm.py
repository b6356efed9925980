"""The Markov chain in the explicit format of Storm, a probabilistic model checker (Hensel, Junges, Katoen, Quatmann &
Volk, "The probabilistic model checker Storm", STTT 24, 2022): ``storm --explicit chain.tra chain.lab``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from planrace.checker.engines.markov.chain import MarkovChain


def transitions_text(chain: MarkovChain, rates: Sequence[float]) -> str:
    """The rates between states, one line for each pair. A step that decides a property leads to a copy of its target
    with the label of that property, so several steps between two states may be several lines."""
    lines = ["ctmc"]
    copies = _copies(chain)
    for n in range(chain.states):
        lines += _row(n, n, chain, rates, copies)
    for (n, _), number in copies.items():
        lines += _row(number, n, chain, rates, copies)
    return "\n".join(lines) + "\n"


def labels_text(chain: MarkovChain, names: Sequence[str]) -> str:
    """The labels of the states: ``init``, and the name of each property in the states that decide it."""
    own = [n.replace("-", "_") for n in names]
    found: dict[int, list[str]] = defaultdict(list)
    for n in chain.starts:
        found[n].append("init")
    for n in range(chain.states):
        found[n] += [own[k] for k in range(len(own)) if chain.marks[n] >> k & 1]
    for (n, m), number in _copies(chain).items():
        found[number] += [own[k] for k in range(len(own)) if (chain.marks[n] | m) >> k & 1]
    lines = [f"{n} {' '.join(labels)}" for n, labels in sorted(found.items()) if labels]
    return "\n".join(["#DECLARATION", " ".join(["init", *own]), "#END", *lines]) + "\n"


def _copies(chain: MarkovChain) -> dict[tuple[int, int], int]:
    """Numbers for the copies of states that steps with marks lead to."""
    found: dict[tuple[int, int], int] = {}
    for n in range(chain.states):
        for t, _, m in chain.steps(n):
            if m:
                found.setdefault((t, m), chain.states + len(found))
    return found


def _row(
    number: int, n: int, chain: MarkovChain, rates: Sequence[float], copies: dict[tuple[int, int], int]
) -> list[str]:
    totals: dict[int, float] = defaultdict(float)
    for t, a, m in chain.steps(n):
        if rates[a]:
            totals[copies[t, m] if m else t] += rates[a]
    return [f"{number} {t} {rate!r}" for t, rate in sorted(totals.items())]
