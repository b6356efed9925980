"""The steps of a run of chaos as records for ``check conform``, a file for each process.

Enactors and the Planner write them by ``planrace.drive``, as any program may. Plans have their numbers for good,
counted from 1. A kill is a crash of the model, unless the Enactor was idle; so its record is ``optional``. It stands in
the stream of the Enactor that was killed.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from planrace import drive
from planrace.checker.drive.dns.client import NoAnswerError
from planrace.checker.drive.dns.enactor import WAITING, Enactor, EnactorStep, Performs, StepResult

NO_STEP = {*WAITING, StepResult.LOST}
"""Results of attempts that are no step of the model."""
OUTCOMES = {"flip_alias", "list_old_plans", "delete_old_plans"}
"""The steps whose results are outcomes of the model."""
UNDER_A_LOCK = {"take_lock", "build_tree", "flip_alias"}
"""The steps that begin, use or end a hold of the lock; ``serials`` asks which changes of the zone they made."""
OVER_AN_ALIAS = {StepResult.ACCEPTED, StepResult.SUPERSEDED}
"""Results of a flip whose message had the active plan and the rollback plan among its conditions."""


class RecordedEnactor:
    """Writes down what Enactor ``i`` does. ``afresh``: where no answer comes, it forgets everything, as if it had
    crashed, for the model knows no lost answer."""

    def __init__(self, enactor: Enactor, i: int, afresh: bool) -> None:
        self._enactor, self._i, self._afresh = enactor, i, afresh

    def perform(self, step: EnactorStep, does: Performs) -> StepResult:
        """Do a step by ``does``. Raises what that raises; the record of the step then stays open."""
        e, plan, lease = self._enactor.cursor + 1, self._enactor.plan, self._enactor.lease
        try:
            with drive.step(step.__name__, self._i) as s:
                result = does(step)
                if result in NO_STEP:
                    s.refused(result)
                else:
                    s.log(after=self._own())
                    if step.__name__ in UNDER_A_LOCK:
                        s.log(note={"endpoint": e, "plan": plan, "lock": str(self._enactor.lease or lease)})
                    if step.__name__ in OUTCOMES:
                        s.outcome(result)
                    if result in OVER_AN_ALIAS:
                        seen = self._enactor.seen
                        s.log(before={"alias": {e: seen["alias"]}, "rollback": {e: seen["rollback"]}})
        except NoAnswerError:
            if self._afresh:
                self.crash()
            raise
        return result

    def crash(self) -> None:
        """The Enactor forgets everything."""
        with drive.step("crash", self._i) as s:
            s.log(optional=True)
            self._enactor.crash()

    def _own(self) -> dict[str, Any]:
        """The variables of the Enactor."""
        return {name: {self._i: value} for name, value in self._enactor.state().items()}


def record_kill(file: Path, stream: str, i: int, begin: float) -> None:
    """Enactor ``i`` was killed between ``begin`` and now."""
    record = {"stream": stream, "action": "crash", "parameters": [i], "optional": True, "at": [begin, time.time()]}
    with file.open("a", encoding="utf-8") as log:
        log.write(json.dumps(record) + "\n")
