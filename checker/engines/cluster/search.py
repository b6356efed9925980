"""The search in machine code by processes on several machines: the loop is that of one process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from planrace.checker.engines.answer import Answer
from planrace.checker.engines.cluster.choice import Chosen, choose
from planrace.checker.engines.cluster.fleet import Fleet
from planrace.checker.engines.cluster.hosts import Hosts
from planrace.checker.engines.cluster.sampling import sample
from planrace.checker.engines.cluster.shard import Order, table_code
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.native.crew import Crew
from planrace.checker.engines.native.program import ShardCode
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.results.report import Coverage
from planrace.checker.results.wording import counted, joined
from planrace.model.language import Instance
from planrace.properties.kinds import Property


class ClusterSearch(NativeSearch):
    """One exploration of one instance by the shards of ``hosts``; the arguments are those of ``NativeSearch``.

    Raises ``UnsupportedError`` if the instance does not fit into machine words.
    """

    def __init__(self, instance: Instance, properties: Sequence[Property], hosts: Hosts, **settings: Any) -> None:
        self.hosts = hosts
        self.chosen: Chosen | None = None
        super().__init__(instance, properties, **settings)

    def _hired(self, watch: Watch, count: int, most: float | None) -> Crew:
        kernel = self.kernel
        if self.chosen is None:
            self._limit_guard.announce("choosing what divides the states")
            self.chosen = choose(sample(kernel), kernel.layout, self.hosts.count)
        code = ShardCode.of(kernel.instance, kernel.layout, watch, kernel.canonical, self.chosen.partition)
        bounds = [b for b in (self.limits.memory, self.hosts.memory) if b is not None]
        order = Order(code, table_code(), min(bounds, default=None), kernel.orders)
        self._limit_guard.announce("starting processes")
        self.fleet = Fleet(self.hosts, order, self._check_clock)
        return self.fleet

    def run(self) -> tuple[list[Answer], Coverage]:
        """Search; the processes end with it."""
        try:
            answers, covered = super().run()
            memory = covered.peak_memory_bytes + self.fleet.memory
            covered = replace(covered, peak_memory_bytes=memory, partition=self._divided())
        finally:
            self.hosts.close()
        return answers, covered

    def _divided(self) -> str | None:
        """How the states were divided, and what that has come to; None if there are none."""
        shares = self.fleet.shares
        if not any(shares):
            return None
        if len(shares) == 1 or self.chosen is None:
            return "One shard."
        by = f"by {joined(self.chosen.variables)}" if self.chosen.variables else "by all variables"
        found = (
            f"{len(shares)} shards, states divided {by}; {100 * self.chosen.crossing:.1f} % of the steps of a sample"
        )
        ratio = max(shares) * len(shares) / max(1, sum(shares))
        found += f" lead from one to another, and the largest has {ratio:.2f} times the mean."
        found += f" {self.fleet.sent / max(1, self.fleet.transitions):.2f} bytes were sent for a step."
        losses = self.fleet.losses
        return f"{found} Processes were lost {counted(losses, 'time')}, and made again." if losses else found
