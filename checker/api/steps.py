"""Reads steps as users write them: ``publish pick(1)``, and ``flip_alias(3)[refused]`` where an outcome is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from planrace.checker.drive.cover import GivenStep
from planrace.checker.drive.further import StepGoal
from planrace.checker.drive.observing import parameter_in
from planrace.checker.run.request import Selection
from planrace.model.language import Instance, ModelError, System
from planrace.model.language.errors import known

_STEP = re.compile(r"([^\W\d]\w*)(?:\(([^()]*)\))?(?:\[([^\[\]]+)\])?")


def read_run(instance: Instance, text: str, controlled: Sequence[str]) -> list[GivenStep]:
    """The steps of ``--run``: names of actions with their parameters in brackets, perhaps with an outcome. Raises
    ``ModelError``."""
    found: list[GivenStep] = []
    for n, word in _words(text):
        match = _STEP.fullmatch(word)
        if match is None:
            what = f"step {n} of the run, {word!r}, is no step"
            raise ModelError(what, remedy="write publish, flip(1) or flip(1)[refused]")
        name = known(match[1], controlled, f"action that the driver performs (step {n} of the run)")
        pick = name, _values(instance, name, match[2] or "", word, f"step {n} of the run")
        found.append(GivenStep(word, pick, _outcome(instance, name, match[3], f"step {n} of the run")))
    return found


def read_goals(selection: Selection, text: str, controlled: Sequence[str]) -> list[StepGoal]:
    """The steps of ``--then``: as in a run, perhaps without parameters, perhaps with an outcome. Raises
    ``ModelError``."""
    instance = selection.instance
    found: list[StepGoal] = []
    for n, word in _words(text):
        match = _STEP.fullmatch(word)
        if match is None:
            raise ModelError(
                f"further step {n}, {word!r}, is no step", remedy="write publish, flip(1) or flip[refused]"
            )
        _check_chosen(selection, match[1])
        name = known(match[1], controlled, f"action that the driver performs (further step {n})")
        values = None if match[2] is None else _values(instance, name, match[2], word, f"further step {n}")
        found.append(StepGoal(word, name, values, _outcome(instance, name, match[3], f"further step {n}")))
    return found


def _words(text: str) -> Iterator[tuple[int, str]]:
    return enumerate(re.sub(r",\s+", ",", text).split(), 1)


def _values(instance: Instance, name: str, text: str, word: str, where: str) -> tuple[int, ...]:
    """The values of a step's parameters."""
    values = [v.strip() for v in re.split(r",(?![^{}]*\})", text)] if text else []
    parameters = instance.system.actions[name].parameters
    if len(values) != len(parameters):
        wanted = f"{name}({', '.join(map(str, parameters))})" if parameters else name
        raise ModelError(f"{where} is {word}", remedy=f"write {wanted}")
    what = f"{where}, {word}: the parameter"
    pairs = zip(parameters, values, strict=True)
    return tuple(parameter_in(instance, p.sort, _value(v), what, None) for p, v in pairs)


def _outcome(instance: Instance, action: str, named: str | None, where: str) -> str | None:
    """The outcome that a step names."""
    outcomes = [o.name for o in instance.system.actions[action].outcomes if o.name is not None]
    return None if named is None else known(named, outcomes, f"outcome of {action} ({where})")


def _value(word: str) -> Any:
    """A value of a parameter as it is written in a run."""
    if word in ("true", "false"):
        return word == "true"
    if word[:1] == "{" and word[-1:] == "}":
        return {_value(inner.strip()) for inner in word[1:-1].split(",") if inner.strip()}
    return int(word) if re.fullmatch(r"-?\d+", word) else word


def _check_chosen(selection: Selection, action: str) -> None:
    """Raises ``ModelError`` for an action that exists only with another choice of an option."""
    if action in selection.instance.system.actions or isinstance(selection.subject, System):
        return
    protocol = selection.subject.protocol
    for option in protocol.options.values():
        for choice in option.choices:
            if action in protocol.bare_system(options={option.name: choice}).actions:
                raise ModelError(
                    f"{protocol.name} has the action {action} only with {option.name}={choice}",
                    remedy=f"add -s {option.name}={choice}",
                )
