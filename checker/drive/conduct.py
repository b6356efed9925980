"""Performs steps on a system and compares: the model may be in several states where the observation does not tell."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from planrace.checker.drive.driver import Driver
from planrace.checker.drive.model_steps import ModelSteps
from planrace.checker.drive.observing import Observer, matches
from planrace.checker.drive.reply import Reply, ReplyKind
from planrace.checker.results.driving import DivergenceKind, PlaceMismatch
from planrace.checker.results.wording import joined, listed
from planrace.checker.semantics.interpreter import State
from planrace.checker.semantics.replay import Pick

FAILING = {
    ReplyKind.RAISED: DivergenceKind.RAISED,
    ReplyKind.STUCK: DivergenceKind.STUCK,
    ReplyKind.LOST: DivergenceKind.LOST,
}
"""How a step differs that the code neither takes nor refuses."""


@dataclass(frozen=True)
class Failure:
    """A difference at the last step of a run: ``pick`` (None: at its reset). ``model`` and ``code`` are what the two
    do, as the ends of sentences. ``allowed``: the model allows the step; ``after`` is its state after it then, or the
    one before it."""

    kind: DivergenceKind
    pick: Pick | None
    model: str
    code: str
    allowed: bool
    after: State
    mismatches: tuple[PlaceMismatch, ...] = ()

    @property
    def key(self) -> tuple[DivergenceKind, str | None]:
        """Failures with the same key are the same divergence."""
        return self.kind, None if self.pick is None else self.pick[0]


@dataclass
class Conductor:
    """Conducts one run at a time. ``possible`` are the states of the model that agree with everything that was seen in
    this run; ``history`` has a pick (None for the reset) and the possible states after it."""

    driver: Driver
    steps: ModelSteps
    observer: Observer
    try_refusals: bool = True
    possible: tuple[State, ...] = ()
    start: State = ()
    """The initial state of this run."""
    begun: set[State] = field(default_factory=set)
    """The initial states in which runs have begun."""
    history: list[tuple[Pick | None, tuple[State, ...]]] = field(default_factory=list)
    resets: int = 0
    performed: int = 0
    refused: set[tuple[State, Pick]] = field(default_factory=set)
    """The refusals of the model that were tried."""
    observation: Sequence[tuple[int, Any]] = ()
    """The last observation."""
    compared: int = 0
    """How many observed variables, outcomes, offered steps and refusals were compared."""
    was_refused: bool = False
    """Whether the code refused the last step, and the model does so, too, perhaps after uncontrolled steps."""
    attempted: int = 0
    """How many steps of a run the model refused."""
    ended: Collection[str | None] = ()
    """The outcomes of the last step that agree with what was seen."""
    named: dict[str, bool] = field(default_factory=dict)
    """For each action that was performed, whether the code has named an outcome of it."""

    def begin(self, start: State | None = None) -> Failure | None:
        """Reset the system, and compare. The run begins in ``start``, without it in the first initial state."""
        self.start = self.steps.initials[0] if start is None else start
        reply = self.driver.reset(self.observer.state_out(self.start) if self.driver.takes_state else None)
        self.resets += 1
        self.begun.add(self.start)
        self.history = []
        if reply is not None:
            return self._failure(FAILING[reply.kind], None, reply, self.start, allowed=False)
        return self._settle(None, [(None, self.start)])[0] or self._refusals()

    def allows(self, pick: Pick) -> bool:
        """Whether the model may allow a step now."""
        return any(pick in self.steps.of(s).controlled for p in self.possible for s in self.steps.closed(p))

    def outcomes(self, pick: Pick) -> list[str | None]:
        """The outcomes that a step may have in the model now; none if the model refuses it."""
        found = (self.steps.of(s).controlled.get(pick) for s in self._before())
        return list(dict.fromkeys(f[0] for f in found if f is not None))

    @property
    def unnamed(self) -> tuple[str, ...]:
        """The actions with several outcomes that were performed, and of which the code has named none."""
        actions = self.steps.interpreter.instance.system.actions
        return tuple(a for a in actions if not self.named.get(a, True) and len(actions[a].outcomes) > 1)

    def step(self, pick: Pick) -> tuple[Failure | None, State | None]:
        """Perform a step and compare. Also returns the state that the step counts as performed from: the one that was
        observed before, if there is only one and it agrees with what was seen after the step."""
        before = self._before()
        found = [s for s in before if pick in self.steps.of(s).controlled]
        self.ended = ()
        if not found:
            self.was_refused = True
            self.attempted += 1
            return self._attempt(pick, before), None
        reply = self.driver.perform(pick)
        self.performed += 1
        self.was_refused = reply.kind is ReplyKind.REFUSED
        if self.was_refused:
            rest = [s for s in before if pick not in self.steps.of(s).controlled]
            if not rest:
                return self._failure(DivergenceKind.REFUSED, pick, reply, found[0]), None
            return self._settle(pick, [(None, s) for s in rest], moved=False)[0], None
        if reply.kind in FAILING:
            return self._failure(FAILING[reply.kind], pick, reply, found[0]), None
        self.compared += reply.outcome is not None
        self.named[pick[0]] = self.named.get(pick[0], False) or reply.outcome is not None
        pairs = [(s, *self.steps.of(s).controlled[pick]) for s in found]
        agreed = [(s, after) for s, outcome, after in pairs if reply.outcome in (None, outcome)]
        if not agreed:
            return self._ended_otherwise(pick, reply, found[0]), None
        known = self.possible[0] if len(self.possible) == 1 else None
        failure, sources = self._settle(pick, agreed)
        self.ended = {self.steps.of(s).controlled[pick][0] for s in sources if s is not None}
        return failure or self._refusals(), known if known in sources else None

    def _before(self) -> list[State]:
        """The possible states, and those that the system may have gone to since."""
        if self.steps.alone:
            return list(self.possible)
        return list(dict.fromkeys(s for p in self.possible for s in self.steps.closed(p)))

    def _settle(
        self, pick: Pick | None, pairs: Sequence[tuple[State | None, State]], *, moved: bool = True
    ) -> tuple[Failure | None, Collection[State | None]]:
        """Observe, and keep the states that agree; ``pairs`` are states with their sources, of which those that agree
        are returned."""
        read = self.observation = self.observer.read(self.driver.observe(), self.driver.place("observe"))
        self.compared += len(read) + self.driver.has_enabled
        kept: dict[State, None] = {}
        sources: dict[State | None, None] = {}
        for source, after in pairs:
            for s in self.steps.closed(after):
                if all(matches(pattern, s[n]) for n, pattern in read):
                    kept[s] = sources[source] = None
        if not kept:
            differ = min((self.observer.mismatches(read, s) for _, s in pairs), key=len)
            after = next(s for _, s in pairs if self.observer.mismatches(read, s) == differ)
            return self._observed(pick, after, differ, moved=moved), ()
        self.possible = tuple(kept)
        if self.driver.has_enabled:
            failure = self._offers(pick, moved=moved)
            if failure is not None:
                return failure, ()
        self.history.append((pick, self.possible))
        return None, sources

    def _offers(self, pick: Pick | None, *, moved: bool) -> Failure | None:
        """Compare the steps that the code offers, and keep the states that agree."""
        offered = self.driver.enabled()
        kept = tuple(s for s in self.possible if self.steps.of(s).controlled.keys() == offered)
        if kept:
            self.possible = kept
            return None
        s = self.possible[0]
        wanted = self.steps.of(s).controlled.keys()
        code = [self.steps.called(p) for p in sorted(offered - wanted)]
        model = [self.steps.called(p) for p in sorted(wanted - offered)]
        parts = [f"offers {listed(code)}, which the model refuses" if code else ""]
        parts.append(f"does not offer {listed(model)}" if model else "")
        says = f"allows {listed([self.steps.called(p) for p in wanted])}" if wanted else "allows no step"
        return Failure(DivergenceKind.ENABLED, pick, says, joined([p for p in parts if p]), moved, s)

    # Refusals ------------------------------------------------------------------------------------------------------
    def _refusals(self) -> Failure | None:
        """In a state that is new, try the steps that the model refuses."""
        if not (self.try_refusals and self.driver.refusing and len(self.possible) == 1):
            return None
        (state,) = self.possible
        for pick in self.refusable(state):
            if (state, pick) not in self.refused:
                self.refused.add((state, pick))
                failure = self._attempt(pick, [state])
                if failure is not None:
                    return failure
        return None

    def refusable(self, state: State) -> list[Pick]:
        """The steps that the model refuses in a state, whatever uncontrolled steps are taken, and whose refusals are
        tried."""
        allowed = {p for s in self.steps.closed(state) for p in self.steps.of(s).controlled}
        instance, actions = self.steps.interpreter.instance, self.steps.interpreter.instance.system.actions
        picks = ((name, choice) for name in self.driver.refusing for choice in instance.choices(actions[name]))
        return [p for p in picks if p not in allowed]

    def _attempt(self, pick: Pick, before: Sequence[State]) -> Failure | None:
        """Try a step that the model refuses: the code must refuse it too, and stay where it is."""
        reply = self.driver.perform(pick)
        self.compared += 1
        if reply.kind is not ReplyKind.REFUSED:
            kind = FAILING.get(reply.kind, DivergenceKind.ACCEPTED)
            return self._failure(kind, pick, reply, before[0], allowed=False)
        read = self.observation = self.observer.read(self.driver.observe(), self.driver.place("observe"))
        kept = tuple(s for s in before if all(matches(pattern, s[n]) for n, pattern in read))
        if not kept:
            differ = min((self.observer.mismatches(read, s) for s in before), key=len)
            failure = self._observed(pick, before[0], differ, moved=False)
            code = f"refuses {self.steps.called(pick)}, and changes its state all the same"
            return Failure(failure.kind, pick, "refuses the step", code, False, before[0], differ)
        self.possible = kept
        if self.driver.offers() is not None:  # a worker that was refused has moved to another point
            self.history.append((pick, kept))
        return None

    def picks_to(self, failure: Failure) -> list[Pick]:
        """The steps of this run, up to the failure."""
        picks = [p for p, _ in self.history if p is not None]
        return picks if failure.pick is None else [*picks, failure.pick]

    # Failures ------------------------------------------------------------------------------------------------------
    def _observed(self, pick: Pick | None, after: State, differ: tuple[PlaceMismatch, ...], *, moved: bool) -> Failure:
        places = [m.place for m in differ]
        model = f"has {listed([f'{m.place} = {m.expected}' for m in differ])}"
        code = f"has {listed([f'{m.place} = {m.observed}' for m in differ])}" if places else "has another state"
        return Failure(DivergenceKind.OBSERVATION, pick, model, code, moved, after, differ)

    def _ended_otherwise(self, pick: Pick, reply: Reply, s: State) -> Failure:
        """The step has another outcome in the code: what else is different is observed, too."""
        failure = self._failure(DivergenceKind.OUTCOME, pick, reply, s)
        self.observation = self.observer.read(self.driver.observe(), self.driver.place("observe"))
        return replace(failure, mismatches=self.observer.mismatches(self.observation, failure.after))

    def _failure(
        self, kind: DivergenceKind, pick: Pick | None, reply: Reply, s: State, *, allowed: bool = True
    ) -> Failure:
        outcome, after = self.steps.of(s).controlled[pick] if allowed and pick is not None else (None, s)
        accepts = "accepts the step" if reply.outcome is None else f"accepts the step (outcome {reply.outcome})"
        code = {
            DivergenceKind.REFUSED: f"refuses the step{reply.why and f': {reply.why}'}",
            DivergenceKind.RAISED: f"raises {reply.why}",
            DivergenceKind.OUTCOME: f"ends the step as {reply.outcome}",
            DivergenceKind.STUCK: reply.why,
            DivergenceKind.LOST: reply.why,
        }.get(kind, accepts)
        model = "refuses the step" if not allowed else "allows the step"
        if pick is None:
            model = f"is in {'its' if len(self.steps.initials) == 1 else 'this'} initial state"
        if kind is DivergenceKind.OUTCOME:
            model = f"ends the step as {outcome}" if outcome else "ends the step in its outcome without a name"
        return Failure(kind, pick, model, code, allowed, after)
