"""Small changes of a system: what protections, and mutations in tests, are written with.

Every method takes terms by functions of the action's parameters, so a change is written in the same words as the
action it changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .actions import Action, Outcome, Says, Update, check_once, merged
from .errors import DefinitionError, author
from .sorts import BOOL
from .system import System, Variable
from .terms import TRUE, Term, Value, expect


class Changes:
    """A system that is being changed."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._actions = dict(system.actions)
        self._variables = list(system.variables)
        self.reason = "change"

    def done(self) -> System:
        """The changed system."""
        return replace(self._system, actions=self._actions, variables=tuple(self._variables))

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions as they are now."""
        return tuple(self._actions.values())

    def has(self, action: str) -> bool:
        """Whether the system has ``action`` (actions of faults that are off are absent)."""
        return action in self._actions

    def require(self, action: str, condition: Callable[..., Value]) -> None:
        """Strengthen the guard of ``action``."""
        a = self._find(action)
        extra = expect(condition(*a.parameters), BOOL, f"{self.reason}: guard of {action}")
        self._actions[action] = replace(a, guard=a.guard & extra)

    def guard(self, action: str, condition: Callable[..., Value]) -> None:
        """Replace the guard of ``action``."""
        a = self._find(action)
        self._actions[action] = replace(
            a, guard=expect(condition(*a.parameters), BOOL, f"{self.reason}: guard of {action}")
        )

    def outcome(self, action: str, ending: Callable[..., Outcome], *, before: str | None = None) -> None:
        """Add an outcome: first of all, or before the one named ``before``."""
        a = self._find(action)
        at = 0 if before is None else self._position(a, before)
        made = merged(ending(*a.parameters), ())
        if made.condition is TRUE:
            raise DefinitionError(f"{self.reason}: the outcome {made.name} of {action} has no condition")
        self._actions[action] = replace(a, outcomes=(*a.outcomes[:at], made, *a.outcomes[at:]))

    def condition(self, action: str, ending: str, condition: Callable[..., Value]) -> None:
        """Replace the condition of an outcome."""
        a = self._find(action)
        at = self._position(a, ending)
        term = expect(condition(*a.parameters), BOOL, f"{self.reason}: {ending} of {action}")
        endings = list(a.outcomes)
        endings[at] = replace(endings[at], condition=term)
        self._actions[action] = replace(a, outcomes=tuple(endings))

    def value(self, action: str, variable: Term, value: Callable[..., Value]) -> None:
        """Replace what every outcome of ``action`` assigns to ``variable`` or its elements.

        ``value`` gets what would have been assigned, then the parameters of the action.
        """
        a = self._find(action)

        def change(u: Update) -> Update:
            if u.variable is not variable:
                return u
            new = expect(value(u.value, *a.parameters), u.target.sort, f"{self.reason}: {u.target}")
            return Update(u.target, new, author())

        endings = tuple(replace(o, updates=tuple(map(change, o.updates))) for o in a.outcomes)
        if not any(u.variable is variable for o in a.outcomes for u in o.updates):
            raise DefinitionError(f"{self.reason}: {action} does not assign {variable}", remedy="see the action")
        self._actions[action] = replace(a, outcomes=endings)

    def updates(self, action: str, *updates: Update, words: Says | None = None) -> None:
        """Replace what every outcome of ``action`` assigns, and the words for it."""
        a = self._find(action)
        endings = tuple(replace(o, updates=check_once(updates)) for o in a.outcomes)
        self._actions[action] = replace(a, outcomes=endings, says=words or a.says)

    def forget(self, action: str, variable: Term) -> None:
        """Drop every update of ``variable`` from ``action``."""
        a = self._find(action)
        endings = tuple(
            replace(o, updates=check_once(tuple(u for u in o.updates if u.variable is not variable)))
            for o in a.outcomes
        )
        self._actions[action] = replace(a, outcomes=endings)

    def remove(self, action: str) -> None:
        """Take an action out of the system."""
        self._find(action)
        del self._actions[action]

    def add(self, action: Action) -> None:
        """Put a further action into the system."""
        if action.name in self._actions:
            raise DefinitionError(f"{self.reason}: action {action.name} exists already")
        self._actions[action.name] = action

    def variable(self, variable: Variable) -> None:
        """Put a further state variable into the system."""
        self._variables.append(variable)

    def _find(self, action: str) -> Action:
        if action not in self._actions:
            raise DefinitionError(
                f"{self.reason}: there is no action {action}", remedy=f"there are {', '.join(self._actions)}"
            )
        return self._actions[action]

    def _position(self, action: Action, ending: str) -> int:
        for at, o in enumerate(action.outcomes):
            if o.name == ending:
                return at
        names = ", ".join(action.outcome_names) or "none with a name"
        raise DefinitionError(f"{self.reason}: {action.name} has no outcome {ending}", remedy=f"there are: {names}")
