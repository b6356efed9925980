"""The time until a property is decided: probabilities within a time, the probability that it ever is, the mean time.

All three are computed on the part of the chain from which the property can be decided. Each has a bound for what was
left out; rounding is not bounded, but no step subtracts, so it stays near the precision of floating-point numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.linalg import factorized

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.engines.markov.chain import MarkovChain
from planrace.checker.engines.markov.stiff import StiffError

LEFT = 1e-12
"""What may be left out of a probability."""
JUMPS = 2_000_000
"""Steps of uniformization after which a time is too long."""
SWEEPS, WORK, DIRECT = 20_000, 4_000_000_000, 20_000
"""Jumps after which nothing more is expected of them, and multiplications that they may take; with at most so many
states the equations are then solved by factorisation."""
LOOKS = 64
"""Products between two looks at the clock."""


@dataclass(frozen=True)
class Hitting:
    """``steps``: rates between the states from which the property can be decided; ``hits``: the rate at which each is
    left by deciding it; ``exits``: the rate at which each is left. ``starts``: probabilities of these states at first;
    ``at_once``: the probability that it is decided at first."""

    steps: Any
    hits: Any
    exits: Any
    starts: Any
    at_once: float

    @staticmethod
    def of(chain: MarkovChain, k: int, rates: Sequence[float]) -> Hitting:
        """The time until property ``k`` is decided, with a rate for each action by number."""
        offsets = np.frombuffer(chain.offsets, dtype=np.uint64).astype(np.int64)
        count = len(chain.targets)
        targets = np.frombuffer(chain.targets, dtype=np.uint32) if count else np.zeros(0, np.uint32)
        actions = np.frombuffer(chain.actions, dtype=np.uint16) if count else np.zeros(0, np.uint16)
        marked = np.frombuffer(chain.step_marks, dtype=np.uint64) if count else np.zeros(0, np.uint64)
        decided = (np.frombuffer(chain.marks, dtype=np.uint64) >> np.uint64(k) & np.uint64(1)).astype(bool)
        weights = np.asarray(rates, dtype=float)[actions]
        sources = np.repeat(np.arange(chain.states), np.diff(offsets))
        hit = (marked >> np.uint64(k) & np.uint64(1)).astype(bool) | decided[targets]
        moving = (weights > 0) & ~decided[sources]
        inside = _able(chain.states, sources[moving], targets[moving], hit[moving])
        numbers = np.cumsum(inside) - 1
        size = int(inside.sum())
        out = moving & inside[sources]
        exits = np.bincount(numbers[sources[out]], weights[out], size).astype(float)
        into = out & hit
        hits = np.bincount(numbers[sources[into]], weights[into], size).astype(float)
        kept = out & ~hit & inside[targets]
        steps = csr_matrix((weights[kept], (numbers[sources[kept]], numbers[targets[kept]])), (size, size))
        starts, at_once = np.zeros(size), 0.0
        for n, p in chain.starts.items():
            if decided[n]:
                at_once += p
            elif inside[n]:
                starts[numbers[n]] += p
        return Hitting(steps, hits, exits, starts, at_once)

    @property
    def size(self) -> int:
        """The number of its states."""
        return len(self.hits)

    def within(self, times: Sequence[float]) -> list[float]:
        """The probabilities that the property is decided within so many seconds: uniformization (Jensen, "Markoff
        chains as an aid in the study of Markoff processes", Skandinavisk Aktuarietidskrift 36, 1953), backwards from
        what is looked for. Raises ``StiffError``, and ``TimeUpError``.

        After k steps of the uniformized chain the property is decided with a probability that grows with k; the sum
        over k ends where the rest changes less than ``LEFT``, or where no more is to be gained.
        """
        rate = float(self.exits.max(initial=0.0))
        if not rate:
            return [self.at_once for _ in times]
        longest = rate * max(times, default=0.0)
        last = math.ceil(longest + 8 * math.sqrt(longest) + 40)
        if last > JUMPS:
            raise StiffError(f"about {longest:.2g} jumps of the chain are expected, and at most {JUMPS:,} are computed")
        jump, hit, stay = self.steps / rate, self.hits / rate, 1 - self.exits / rate
        most = self.most
        reached, sums, rest = np.zeros(self.size), [0.0 for _ in times], [1.0 for _ in times]
        for n in range(last + 1):
            if n % LOOKS == 0:
                look_at_the_clock()
            now = float(self.starts @ reached)
            weights = [_poisson(n, rate * t) for t in times]
            sums = [s + w * now for s, w in zip(sums, weights, strict=True)]
            rest = [max(0.0, r - w) for r, w in zip(rest, weights, strict=True)]
            if max(rest, default=0.0) * max(0.0, most - now) < LEFT:
                sums = [s + r * now for s, r in zip(sums, rest, strict=True)]
                break
            reached = jump @ reached + stay * reached + hit
        return [min(1.0, self.at_once + s) for s in sums]

    @cached_property
    def most(self) -> float:
        """An upper bound for the probability that it is ever decided, and not at first."""
        found = self._ever
        return float(self.starts.sum()) if found is None else float(self.starts @ found[0]) + found[1]

    @property
    def ever(self) -> float | None:
        """The probability that the property is ever decided; None if that takes too long to compute."""
        found = self._ever
        return None if found is None else min(1.0, self.at_once + float(self.starts @ found[0]))

    @property
    def mean(self) -> float | None:
        """The mean number of seconds until the property is decided, in the runs in which it is; None if that takes too
        long to compute, or if there is no such run.

        With w, the probability of deciding it from each state, and e, the rate at which that is left: a visit to a
        state takes 1/e on average, and w of the runs through it count (Norris 1997, sections 3.3 and 3.4)."""
        found = self._ever
        if found is None or not self.ever:
            return None
        share = found[0] / self.exits
        if self._direct is not None:
            spent = float(self.starts @ self._direct(found[0]))
        else:
            spent, visits, jump = 0.0, self.starts, self._jump.T.tocsr()
            while visits.sum() > LEFT:
                look_at_the_clock()
                spent += float(visits @ share)
                visits = jump @ visits
        assert self.ever is not None
        return spent / self.ever

    @cached_property
    def _jump(self) -> Any:
        """The probabilities of the next states."""
        return diags(1 / self.exits) @ self.steps

    @cached_property
    def _ever(self) -> tuple[Any, float] | None:
        """For each state the probability that the property is ever decided, from below, and how much it may be more;
        None if that takes too long."""
        if not self.size:
            return np.zeros(0), 0.0
        jump, hit = self._jump, self.hits / self.exits
        found, going = np.zeros(self.size), np.ones(self.size)
        for n in range(min(SWEEPS, WORK // max(1, self.steps.nnz))):
            if n % LOOKS == 0:
                look_at_the_clock()
            if going.max() < LEFT:
                return found, float(going.max())
            found, going = jump @ found + hit, jump @ going
        if self._direct is None:
            return None
        return np.clip(self._direct(self.hits), 0.0, 1.0), LEFT

    @cached_property
    def _direct(self) -> Callable[[Any], Any] | None:
        """Solves the equations of the chain by factorisation; None if they are too many."""
        if self.size > DIRECT:
            return None
        return factorized((diags(self.exits) - self.steps).tocsc())  # type: ignore[no-any-return]


def _able(states: int, sources: Any, targets: Any, hit: Any) -> Any:
    """Which states have a run that decides the property: those from which a step in ``hit`` can be reached."""
    last = states  # a state of its own for what is looked for
    backwards = csr_matrix(
        (np.ones(len(sources)), (np.where(hit, last, targets), sources)), shape=(states + 1, states + 1)
    )
    found = np.zeros(states + 1, dtype=bool)
    found[breadth_first_order(backwards, last, return_predecessors=False)] = True
    return found[:states]


def _poisson(n: int, mean: float) -> float:
    """The probability of n events where ``mean`` are expected."""
    if not mean:
        return float(n == 0)
    return math.exp(n * math.log(mean) - mean - math.lgamma(n + 1))
