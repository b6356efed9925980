"""Why a worker does not reach its next point: what it stands at, and which other worker has to move first.

The run is over, and the system will be reset. So the other workers may go on now: if the stuck one moves after another
has moved, it waited for that one; if the others get stuck, too, it is a deadlock.
"""

from __future__ import annotations

import sysconfig
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from planrace.checker.drive.order.strand import SHORT, Strand, place_of
from planrace.checker.semantics.replay import Pick

if TYPE_CHECKING:
    from planrace.checker.drive.order.scheduler import Scheduler

FEW = 10
"""How many steps another worker may take until it lets go of what it holds."""
MOMENT = 0.1
"""Seconds that a worker needs to move once it may."""
BUSY = 0.0005
"""Seconds of processor time in a moment that only a worker uses that runs."""
STANDARD = sysconfig.get_path("stdlib")


class Diagnosis:
    """Of one worker, which was let go ``after`` a step."""

    def __init__(self, scheduler: Scheduler, strand: Strand, after: str, called: Callable[[Pick], str]) -> None:
        self._scheduler = scheduler
        self._strand = strand
        self._after = after
        self._called = called
        self._stuck: dict[str, str] = {}
        """Where each worker stands that cannot go on."""
        self._running = False
        """Whether one of them runs, and waits for nothing."""

    def told(self) -> str:
        """What the code does, as the end of a sentence."""
        strand, patience = self._strand, self._scheduler.patience
        others_go = self._note(strand)
        late = f"{strand.name} did not reach a point within {patience:g} s after {self._after}"
        at = self._stuck[strand.name]
        does = f"it {'runs' if self._running else 'stands'} {at}"
        blocker = self._blocker() if others_go else ""
        if blocker:
            return f"does not finish the step: {late}; {does}, and waits for {blocker}"
        if len(self._stuck) > 1 and not self._running and not self._scheduler.waiting:
            each = "; ".join(f"{name} stands {at}" for name, at in self._stuck.items())
            return f"is in a deadlock: {late}, and no other worker goes on: {each}"
        return f"does not finish the step: {late}; {does}"

    def _note(self, strand: Strand) -> bool:
        """Note where a worker stands; whether others can go on."""
        strand.silent = True
        others_go = strand.give_up()
        before = strand.cpu()
        time.sleep(MOMENT)
        self._running = self._running or strand.cpu() - before > BUSY
        self._stuck[strand.name] = standing(strand)
        return others_go

    def _blocker(self) -> str:
        """The worker that the stuck one waits for, with its point; empty if there is none. Moves the others."""
        for other in self._scheduler.waiting:
            assert other.pick is not None
            waits = f"{other.name}, which waits at {self._called(other.pick)}"
            for _ in range(FEW):
                self._scheduler.let_go(other)
                if not self._scheduler.wait_for(other, min(SHORT, self._scheduler.patience)):
                    self._note(other)
                    break
                if self._scheduler.wait_for(self._strand, MOMENT):
                    return waits
                if other.ended is not None:
                    break
        return ""


def standing(strand: Strand) -> str:
    """Where a worker stands, in the code of its author if that is known."""
    lines = strand.standing()
    own = [x for x in lines if not x.startswith(STANDARD) or "site-packages" in x]
    line = next(iter(own or lines), None)
    place = place_of(line)
    if line is None or place is None:
        return "where nobody can see"
    return f"at {place}{line[len(line.partition(' ')[0]) :]}"
