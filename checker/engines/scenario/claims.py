"""Searches for a run that shows a scenario with its claims: claims are about all that can follow a fact, so the search
does not go on from a state at which a fact is completed and a claim after it is refuted."""

from __future__ import annotations

from collections.abc import Sequence

from planrace.checker.engines.explicit.closure import MOST, closure
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.transition_graph import acting
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import Limits, Listener, timed
from planrace.checker.engines.scenario.guide import Guide, Node
from planrace.checker.engines.scenario.match import Cast
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance
from planrace.properties.scenario import Claim, Scenario


class ClaimGuide(Guide):
    """The guided search for one scenario, whose facts must all be shown and whose claims must hold. ``undecided`` says
    that it left a state out because too many states follow it: then no run that is found is no answer."""

    def __init__(
        self,
        instance: Instance,
        scenario: Scenario,
        *,
        limits: Limits | None = None,
        listener: Listener | None = None,
    ) -> None:
        super().__init__(instance, scenario, limits=limits, listener=listener)
        self.undecided: StopReason | None = None
        self._claims = [_Following(instance, c, self.casts) for c in scenario.claims]
        at = {e.name: n for n, e in enumerate(self.monitor.events)}
        self._ends = [at[f.events[-1].name] for c in scenario.claims for f in scenario.facts if f.name == c.after]

    def run(self) -> Recording | None:
        """As in ``Guide``; a time limit ends it, too."""
        try:
            return super().run()
        except TimeUpError as problem:
            self.stopped = StopReason(StopKind.TIME, str(problem))
            return None

    def admits(self, node: Node, following: Node, seen: int) -> bool:
        """Whether every claim holds from there on whose fact the step completes, or shows anew."""
        cast, done, _ = node
        _, now, state = following
        anew = self.monitor.reset(done, seen, self.monitor.grown(done, seen)) if self.monitor.forbidding else 0
        for claim, k in zip(self._claims, self._ends, strict=True):
            if now >> k & 1 and (not done >> k & 1 or anew >> k & 1):
                holds = claim.holds(cast, state)
                if holds is None:
                    self.undecided = StopReason.bound(StopKind.STATES, f"bound of {numbered(MOST, 'state')}")
                if not holds:
                    return False
        return True


class _Following:
    """What can follow states, as far as a claim is about it. Where it holds, it holds in all that follows."""

    def __init__(self, instance: Instance, claim: Claim, casts: Sequence[Cast]) -> None:
        actions = instance.system.actions.items()
        self._kernel = Kernel(acting(instance, [n for n, a in actions if claim.allows(n, a.tags)]))
        self._watches = [Watch(steps=(claim.happens,), roles=tuple(c.items())) for c in casts]
        self._known: dict[tuple[int, int], bool | None] = {}

    def holds(self, cast: int, state: int) -> bool | None:
        """Whether no step that can follow refutes the claim; None if too many states follow to say."""
        key = (cast, state)
        if key not in self._known:
            states, whole = closure(self._kernel, state, self._watches[cast])
            self._known[key] = True if whole else None if len(states) > MOST else False
            if whole:
                self._known.update(dict.fromkeys([(cast, s) for s in timed(states)], True))
        return self._known[key]
