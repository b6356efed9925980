"""The model and a driver as a state machine of hypothesis: it chooses the steps, and shrinks a run that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from planrace.checker.drive.conduct import Conductor, Failure
from planrace.checker.drive.cover import driver_of, steps_of
from planrace.checker.drive.minimise import Shortener
from planrace.checker.drive.model_steps import ModelSteps
from planrace.checker.drive.observing import Observer, parameter_out
from planrace.checker.results.extras import install_command
from planrace.checker.results.wording import counted
from planrace.checker.run.request import Selection
from planrace.checker.semantics.interpreter import State
from planrace.checker.semantics.replay import Pick
from planrace.model.language import ModelError
from planrace.properties.kinds import Invariant

SECONDS = 3.0
"""The most time that shortening a run takes."""
Shortest: TypeAlias = "dict[object, tuple[Sequence[Pick], State]]"
"""The shortest runs that were found, with their initial states, by what failures have in common."""

if TYPE_CHECKING:
    from hypothesis.stateful import RuleBasedStateMachine


def machine_of(given: object, selection: Selection, *, invariants: bool = True) -> type[RuleBasedStateMachine]:
    """A class of state machines: a rule for each action that the driver performs, with the guard of the model as its
    precondition. After each step outcome and observation are compared, and the ``invariants`` of the model are checked.
    Raises ``ModelError`` if hypothesis is not installed, and for mistakes in the driver."""
    try:
        from hypothesis import stateful, strategies
    except ImportError:
        what = "a state machine needs hypothesis, which is not installed"
        raise ModelError(what, remedy=install_command("hypothesis")) from None

    checked = driver_of(given, selection)
    checked.discard()  # each run makes its own
    steps = steps_of(checked)
    shortest: Shortest = {}
    many = len(steps.initials)
    start = {"start": strategies.integers(1, many)} if many > 1 else {}
    initialize, rule = cast("Any", stateful.initialize), cast("Any", stateful.rule)

    def begin(self: Any, start: int = 1) -> None:
        self._drive.begin(steps.initials[start - 1])

    def begin_again(self: Any, start: int = 1) -> None:
        self._drive.begin(steps.initials[start - 1])

    methods: dict[str, Any] = {
        "__init__": _made(
            stateful.RuleBasedStateMachine, lambda: _Run(given, selection, steps, shortest, invariants=invariants)
        ),
        "teardown": lambda self: self._drive.end(),
        "begin": initialize(**start)(begin),
        "begin_again": stateful.precondition(lambda self: not self._drive.enabled())(rule(**start)(begin_again)),
    }
    for action in checked.controlled:
        name = f"{action}_" if action in methods or hasattr(stateful.RuleBasedStateMachine, action) else action
        methods[name] = _rule(name, action, parameters=bool(selection.instance.system.actions[action].parameters))
    return type(f"{checked.name}Machine", (stateful.RuleBasedStateMachine,), methods)


def _made(base: type, run: Callable[[], _Run]) -> Callable[[Any], None]:
    """The constructor: each run has a driver of its own."""

    def constructor(self: Any) -> None:
        base.__init__(self)  # type: ignore[misc]
        self._drive = run()

    return constructor


def _rule(name: str, action: str, *, parameters: bool) -> Any:
    """The rule of an action: it takes one of the steps that the model allows."""
    from hypothesis import stateful
    from hypothesis import strategies as st

    def perform(self: Any, **drawn: Any) -> None:
        picks = self._drive.enabled(action)
        if drawn:
            values = {self._drive.values(p): p for p in picks}
            self._drive.step(values[drawn["data"].draw(st.sampled_from(list(values)), label=action)])
        else:
            self._drive.step(picks[0])

    perform.__name__ = name
    taken = stateful.rule(data=st.data()) if parameters else stateful.rule()
    return stateful.precondition(lambda self: bool(self._drive.enabled(action)))(taken(perform))


class _Run:
    """One run of a state machine."""

    def __init__(
        self, given: object, selection: Selection, steps: ModelSteps, shortest: Shortest, *, invariants: bool
    ) -> None:
        self._driver = driver_of(given, selection)
        self._shortest = shortest
        self._steps = steps
        self._conductor = Conductor(self._driver, steps, Observer(selection.instance, f"{self._driver.name}.observe"))
        self._invariants = [p for p in selection.system.properties if invariants and isinstance(p, Invariant)]
        self._open = False

    def begin(self, start: State) -> None:
        if not self._open:
            self._driver.__enter__()
            self._open = True
        self._compare(self._conductor.begin(start))

    def end(self) -> None:
        if self._open:
            self._open = False
            self._driver.__exit__(None, None, None)

    def enabled(self, action: str | None = None) -> list[Pick]:
        """The steps (of one action) that the model allows for certain."""
        found: list[list[Pick]] = [list(self._steps.of(s).controlled) for s in self._conductor.possible]
        first = found[0] if found else []
        return [p for p in first if action in (None, p[0]) and all(p in f for f in found)]

    def values(self, pick: Pick) -> tuple[Any, ...]:
        """The parameters of a step, as its method gets them."""
        parameters = self._driver.instance.system.actions[pick[0]].parameters
        return tuple(parameter_out(p.sort, v) for p, v in zip(parameters, pick[1], strict=True))

    def step(self, pick: Pick) -> None:
        self._compare(self._conductor.step(pick)[0])

    def _compare(self, failure: Failure | None) -> None:
        if failure is not None:
            where = "after the reset" if failure.pick is None else f"at {self._steps.called(failure.pick)}"
            what = f"{where} the model {failure.model}; the code {failure.code}"
            raise AssertionError(f"{what}{self._shortened(failure)}")
        for p in self._invariants:
            self._check(p, self._conductor.possible[0])

    def _shortened(self, failure: Failure) -> str:
        """The shortest run that was found for such a failure. Hypothesis shrinks what it draws, and a step that it
        leaves out may be one that later steps need, so that it gives up; delta debugging tries the run itself."""
        picks, known = self._conductor.picks_to(failure), self._shortest.get(failure.key)
        if known is None or len(picks) < len(known[0]):
            found = Shortener(self._conductor, failure, seconds=SECONDS).shorten(picks)
            if not found.repeated:
                return ""
            known = self._shortest[failure.key] = found.picks, self._conductor.start
        run = " ".join(map(self._steps.called, known[0])) or "reset"
        many = len(self._steps.initials)
        start = f" from initial state {self._steps.initials.index(known[1]) + 1}" if many > 1 else ""
        return f". The shortest run found{start}, {counted(len(known[0]), 'step')}: {run}"

    def _check(self, p: Invariant, state: State) -> None:
        """Raises ``AssertionError`` if an invariant is false in the state of the model that the code is in."""
        if len(self._conductor.possible) == 1 and not self._steps.interpreter.holds(p.holds, state):
            raise AssertionError(f"the code is in a state that violates {p.name}: {p.meaning}")
