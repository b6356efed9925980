"""Runs of random programs over records, sequences and maps, in plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .composite_values import MEMBERS, Drawn, Env, WrongError, checked, settled


class Runs:
    """A program that runs: how it begins, and its actions, each with whether it has a parameter, its guard, and what it
    assigns."""

    begin: Env
    actions: list[Any]

    def steps(self, state: Env) -> Iterator[Env]:
        """The states after all steps from a state. Raises ``WrongError``."""
        for has, guard, updates in self.actions:
            for w in MEMBERS if has else (0,):
                env = {**state, "w": w}
                if guard.value(env):
                    yield self._after(state, [(t, checked(v.value(env))) for t, v in updates], w)

    def _after(self, state: Env, values: list[tuple[str, Any]], w: int) -> Env:
        after = dict(state)
        for target, value in values:
            root = target[0]
            match target:
                case "b.of":
                    after["b"] = {**state["b"], "of": lambda v=value: v}
                case "n.inner":
                    after["n"] = {**state["n"], "inner": lambda v=value: v}
                case "s[w]":
                    after["s"] = {**state["s"], w: value}
                case "m[w]":
                    after["m"] = {**state["m"], w: value}
                case "m[w].at":
                    after["m"] = {**state["m"], w: {**state["m"][w], "at": lambda v=value: v}}
                case _:
                    after[root] = value
        return after

    def search(self, most: int) -> tuple[set[Any], int] | str:
        """All states and the number of transitions, or "error"."""
        try:
            return self._search(most)
        except WrongError:
            return "error"

    def _search(self, most: int) -> tuple[set[Any], int] | str:
        seen, todo, transitions = {settled(self.begin)}, [self.begin], 0
        while todo:
            if len(seen) > most:
                return "many"
            for after in self.steps(todo.pop()):
                transitions += 1
                if settled(after) not in seen:
                    seen.add(settled(after))
                    todo.append(after)
        return seen, transitions

    def everywhere(self, condition: Drawn, most: int) -> bool:
        """Whether a condition holds in all states. Raises ``WrongError``."""
        seen, todo = {settled(self.begin)}, [self.begin]
        while todo and len(seen) <= most:
            state = todo.pop()
            if not condition.value(state):
                return False
            for after in self.steps(state):
                if settled(after) not in seen:
                    seen.add(settled(after))
                    todo.append(after)
        return True
