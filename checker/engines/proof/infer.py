"""``check prove --infer``: lemmas that are generated automatically.

Candidates come from a small grammar over the system's own terms: clauses of at most three literals, about one or two
members and perhaps one element. First those are dropped that fail in a reachable state of a small instance, then those
that are not inductive together on a small instance (Houdini with counterexamples: Flanagan & Leino, FME 2001; Garg et
al., "ICE", CAV 2014, for learning from states). The rest are only guesses; the prover has to show them for all sizes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from itertools import islice
from operator import or_

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import LimitGuard, Limits
from planrace.checker.engines.proof.grammar import Candidate, atoms, clauses, contexts
from planrace.checker.engines.proof.learning import Sample, SmallInstance, arbitrary, joined_truth
from planrace.checker.engines.symbolic.solving import SolverStoppedError, Solving
from planrace.checker.results.wording import counted, plural
from planrace.checker.semantics.interpreter import RangeError, State
from planrace.model.language import Instance, System
from planrace.properties.proof import Lemma

SAMPLE = 200
"""The number of reachable states of each instance on which candidates are tried; small, because every literal is
evaluated in each."""
STATES = 20_000
"""The number of states to search for a sample."""
ARBITRARY = 50
"""The number of arbitrary states of each instance: a candidate that is false in one of them is not trivial."""


class Inference:
    """Guesses lemmas for one system from reachable states of ``instances``; the guesses are inductive on each instance.

    ``wide``: a grammar with more clauses about one member.
    """

    def __init__(
        self,
        system: System,
        instances: Sequence[Instance],
        *,
        wide: bool = False,
        limit_guard: LimitGuard | None = None,
    ) -> None:
        self.system = system
        self.wide = wide
        self.instances = tuple(instances)
        self.limit_guard = limit_guard or LimitGuard("inferring", Limits())
        self.solving = Solving(self.limit_guard)
        self.summary = ""

    def run(self) -> list[Candidate]:
        """The candidates that are inductive together on every instance; none when a limit was reached."""
        samples = [Sample(i, self._states(i)) for i in self.instances]
        try:
            return self.solving.run(lambda: self._learnt(samples))
        except SolverStoppedError as limit:
            self.summary = str(limit)
            return []

    def _learnt(self, samples: Sequence[Sample]) -> list[Candidate]:
        seen = sum(len(s.states) for s in samples)
        anywhere = [Sample(i, arbitrary(i, ARBITRARY)) for i in self.instances]
        found, doubtful = list[Candidate](), list[Candidate]()
        for over in contexts(self.system, wide=self.wide):
            literals = list(atoms(self.system, over, wide=self.wide))
            rows, truth = joined_truth(samples, over, literals, self.solving.look)
            tried_here, true = clauses(over, literals, rows, truth, wide=self.wide, look=self.solving.look)
            self.solving.count += tried_here
            rows, truth = joined_truth(anywhere, over, literals, self.solving.look) if true else (0, [])
            for parts in true:
                found.append(Candidate(over, tuple(literals[n] for n in parts)))
                if reduce(or_, (truth[n] for n in parts)) == (1 << rows) - 1:
                    doubtful.append(found[-1])
        tried = self.solving.count
        small = [SmallInstance(i, found, self.solving) for i in self.instances]
        for instance in small:  # two sizes may happen to be the same in one of them
            doubtful = instance.trivial(doubtful)
        trivial = set(map(id, doubtful))
        found = [c for c in found if id(c) not in trivial]
        sampled = len(found)
        for instance in small:
            found = instance.inductive(found)
        where = "a small instance" if len(samples) == 1 else f"{len(samples)} small instances"
        self.summary = (
            f"{counted(tried, 'clause')} tried, {sampled:,} {plural(sampled, 'holds', 'hold')} in "
            f"{counted(seen, 'state')} of {where}, "
            f"{len(found):,} {plural(len(found), 'is', 'are')} inductive there"
        )
        return found

    def _states(self, instance: Instance) -> list[State]:
        """A sample of the reachable states, the same every time. A model error ends the search: whoever decides the
        properties raises it, if it concerns them (it may come from a fault that they are not asked about)."""
        limits = Limits(states=STATES, seconds=self.limit_guard.seconds_left)
        search = Search(instance, [], exhaustive=True, limits=limits, listener=self.limit_guard.listener)
        with suppress(RangeError):
            search.run()
        if search.interrupted:
            raise KeyboardInterrupt
        packed = list(search.states())
        chosen = random.Random(0).sample(packed, min(SAMPLE, len(packed)))
        return [search.kernel.layout.decode(s) for s in chosen]


def instances(system: System, fixed: Mapping[str, int], allowed: Callable[[Instance], bool]) -> list[Instance]:
    """Small instances to learn from: every size one above its least, and each in turn two above."""
    middle = {p.name: fixed.get(p.name, min(p.low + 1, p.high)) for p in system.parameters}
    chosen = [middle]
    for p in system.parameters:
        if p.name not in fixed and p.low + 2 <= p.high:
            chosen.append({**middle, p.name: p.low + 2})
    return [i.checked() for i in (system.sized(**sizes) for sizes in chosen) if allowed(i)]


def lemmas(candidates: Sequence[Candidate], taken: Collection[str] = ()) -> list[Lemma]:
    """The candidates as lemmas, named after their content, unless that name is ``taken``."""
    found: dict[str, Lemma] = {}
    for c in candidates:
        term = c.term
        name = f"found: {term}" if str(term) in taken else str(term)
        found.setdefault(name, Lemma(name, term, "found by inference", None))
    return list(found.values())


def smallest(instances: Iterable[Instance], count: int = 2) -> list[Instance]:
    """The first instances, for systems that allow none of the usual instances to learn from."""
    return list(islice(instances, count))
