"""Says how far a long search in machine code is: the share of its states that it has found.

That takes a table of small instances (``advice/forecast/profile.py``), which Python counts in about a second, because
machine code would take the memory and the cores of the search. The table is made once: for a progress line after LONG
seconds, or when a limit has ended a search that took as long. It changes no verdict: nothing is counted while a time
limit runs, or where the memory limit is near.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Context
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from planrace.checker.engines.limits import Limits, Listener, Progress, deadline, memory_in_use, until
from planrace.checker.results.guard import Guard, TimeUpError
from planrace.checker.results.report import Coverage
from planrace.checker.results.stop import StopKind
from planrace.model.language import Instance, ModelError

if TYPE_CHECKING:
    from planrace.checker.advice.forecast.profile import ShareTable
    from planrace.checker.engines.native.search import NativeSearch

LONG = 20.0
"""Seconds from which on a search is long."""
SECONDS = 1.0
"""Seconds for the table, as a search that a time limit ended may take them beyond that limit."""
ROOM = 64 * 2**20
"""Bytes that must be left of the memory limit: the table takes some megabytes."""
LIMITS = (StopKind.TIME, StopKind.MEMORY, StopKind.STATES)
"""What ends a search before it is complete, with time left for its report."""


class SearchShare:
    """The share of all states that searches of an ``instance`` find, one after the other, for their ``listener``.
    There is none where depth is limited, and none of normal forms."""

    def __init__(self, instance: Instance, limits: Limits, listener: Listener | None) -> None:
        self._instance, self._limits, self._listener = instance, limits, listener
        self._search: NativeSearch | None = None
        self._reduced: Mapping[str, Any] = {}
        self._tables: list[ShareTable | None] = []
        self._told: dict[int, tuple[float, float] | None] = {}
        self.guard = Guard()

    @property
    def listener(self) -> Listener | None:
        """A listener for the search, which passes on each event with the share."""
        return None if self._listener is None else self._hear

    def watch(self, search: NativeSearch, reduced: Mapping[str, Any]) -> None:
        """This search begins, with these reductions: symmetric, sliced, …"""
        self._search, self._told = search, {}
        if reduced != self._reduced:
            self._reduced, self._tables = reduced, []

    def coverage(self, covered: Coverage) -> Coverage:
        """What the search covered, with the share of all states that it has found, if a limit ended it."""
        stopped, search = covered.stopped, self._search
        if search is None or stopped is None or stopped.kind not in LIMITS or covered.seconds < LONG:
            return covered
        self.guard = guard = Guard(keeps=True)
        made = guard.attempt("the search", "estimates of how far it came", lambda: self._share(covered.states), None)
        search.interrupted |= guard.interrupted
        return replace(covered, found_share=made)

    def _hear(self, event: Progress) -> None:
        assert self._listener is not None
        if event.states and event.seconds >= LONG and (self._tables or self._may_count()):
            what = "estimates of how far it is"
            share = self.guard.attempt("the search", what, lambda: self._share(event.states), None)
            event = replace(event, share=share)
        self._listener(event)

    def _may_count(self) -> bool:
        """Whether the table may be made while the search goes on."""
        memory = self._limits.memory
        return deadline() is None and (memory is None or memory_in_use() + ROOM <= memory)

    def _share(self, states: int) -> tuple[float, float] | None:
        """The share of ``states`` that were found."""
        assert self._search is not None
        found = tuple(self._search.found)
        if not found or self._limits.depth is not None or self._search.kernel.normalised is not None:
            return None
        if not self._tables:
            self._tables.append(Context().run(self._counted))
        table = self._tables[0]
        if table is None:
            return None
        if len(found) not in self._told:
            known = table.share(found)
            self._told[len(found)] = None if known is None else (known.low, known.high)
        told = self._told[len(found)]
        if told is None:
            return None
        low, high = (min(1.0, x * states / found[-1]) for x in told)
        return low, high

    def _counted(self) -> ShareTable | None:
        """The table of small instances; None if there is none."""
        from planrace.checker.advice.budget import SearchBudget
        from planrace.checker.advice.forecast.filling import filled
        from planrace.checker.advice.forecast.profile import LevelProfile, ShareTable
        from planrace.checker.advice.forecast.sample import SearchSample, sampled

        def count(instance: Instance, most: int, seconds: float) -> SearchSample | None:
            try:
                _, sample = sampled(instance, SearchBudget(states=most, seconds=seconds), **self._reduced)
            except (ModelError, TimeUpError):  # there is no such instance, or an error only there
                return None
            return sample if sample.complete else None

        with until(SECONDS):
            made = filled(self._instance, count, SECONDS, None)
        profiles = {v: LevelProfile(s.levels) for v, s in made.counted.items()}
        return ShareTable(self._instance.values, profiles) if profiles else None
