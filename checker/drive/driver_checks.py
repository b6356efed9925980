"""What a driver must be: its methods, their parameters, and the sizes that it is made with. Errors name its lines."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from planrace.checker.drive.order.workers import Workers
from planrace.model.language import Action, Instance, ModelError, Place
from planrace.model.language.author_code import mistaken
from planrace.model.language.errors import near

HOOKS = ("reset", "observe", "enabled", "show", "close", "event_loop")
"""The methods that perform no action. An action of such a name is performed by the method with a ``_`` after it."""
OF_WORKERS = ("workers", "stop", "start")
"""Further ones of drivers that are ``Workers``."""
NEEDED = {
    "reset": "put the system into its initial state",
    "observe": "return a part of the state, or {}",
    "workers": "return {1: work, …}: async functions, functions, or lists of strings",
}


def driver_name(given: object) -> str:
    return getattr(given, "__name__", None) or type(given).__name__


def made_driver(given: object, instance: Instance) -> object:
    """The driver itself; a class or another factory is called with the sizes that its parameters name."""
    if not (inspect.isclass(given) or (callable(given) and not hasattr(given, "observe"))):
        return given
    assert callable(given)
    system = instance.system
    sizes: dict[str, Any] = {"protections": tuple(system.protections), "faults": tuple(system.faults)}
    sizes |= dict([*instance.parameters.items(), *system.options])
    try:
        parameters = inspect.signature(given).parameters.values()
    except (TypeError, ValueError):  # a class without a signature
        parameters = {}.values()
    rest = any(p.kind is p.VAR_KEYWORD for p in parameters)
    named = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    for p in parameters:
        if p.default is p.empty and p.name not in sizes and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
            what = f"{driver_name(given)} needs {p.name}, which is no size of {instance.system.name}"
            remedy = f"{near(p.name, sizes)}; or give it a default" if sizes else "give it a default"
            raise ModelError(what, where=place_of_code(given), remedy=remedy)
    try:
        return given(**{n: v for n, v in sizes.items() if rest or n in named})
    except (ModelError, KeyboardInterrupt):
        raise
    except BaseException as problem:
        raise mistaken(f"{driver_name(given)} cannot be made", problem, file_of_code(given)) from problem


def methods_of(
    made: object, name: str, actions: Mapping[str, Action], known: set[str], instance: Instance
) -> dict[str, Callable[..., Any]]:
    """The methods that perform actions of this system, by action. Raises ``ModelError`` for what is wrong."""
    hooks = (*HOOKS, *OF_WORKERS) if isinstance(made, Workers) else HOOKS
    for hook, what in NEEDED.items():
        if hook == "workers" and not isinstance(made, Workers):
            continue
        if not callable(getattr(made, hook, None)) or getattr(type(made), hook, None) is Workers.workers:
            remedy = f"write def {hook}(self): {what}"
            raise ModelError(f"driver {name} has no method {hook}", where=place_of_code(type(made)), remedy=remedy)
    found: dict[str, Callable[..., Any]] = {}
    for attribute in dir(type(made)):
        if attribute.startswith("_") or attribute in hooks:
            continue
        if isinstance(inspect.getattr_static(type(made), attribute), property):
            continue
        method = getattr(made, attribute)
        if not callable(method) or inspect.isclass(method):
            continue
        action = attribute.removesuffix("_") if attribute.removesuffix("_") in hooks else attribute
        if action not in known:
            what = f"{name}.{attribute} performs no action: {instance.system.name} has none of this name"
            remedy = f"{near(attribute, sorted(known))}; helpers begin with _"
            raise ModelError(what, where=place_of_code(method), remedy=remedy)
        if action in actions:
            _check_parameters(name, attribute, method, actions[action])
            found[action] = method
    if not found and not isinstance(made, Workers):
        remedy = f"write a method for one of them: {', '.join(actions)}"
        raise ModelError(f"driver {name} performs no action", where=place_of_code(type(made)), remedy=remedy)
    return found


def _check_parameters(name: str, attribute: str, method: Callable[..., Any], action: Action) -> None:
    """The method takes the parameters of the action, in their order."""
    wanted = [str(p) for p in action.parameters]
    try:
        signature = inspect.signature(method)
    except ValueError:  # some built-in functions have none
        return
    remedy = f"write def {attribute}({', '.join(['self', *wanted])})"
    try:
        signature.bind(*wanted)
    except TypeError as problem:
        what = f"{name}.{attribute} does not take the parameters of {action.name}: {problem}"
        raise ModelError(what, where=place_of_code(method), remedy=remedy) from None
    names = list(signature.parameters)[: len(wanted)]
    if names != wanted and sorted(names) == sorted(wanted):
        what = f"{name}.{attribute} takes the parameters of {action.name} in another order"
        raise ModelError(what, where=place_of_code(method), remedy=remedy)


def takes_state(made: object, name: str) -> bool:
    """Whether ``reset`` has a parameter for the initial state: one that it needs, or that is called ``state``. Raises
    ``ModelError`` if it needs more."""
    method = made.reset  # type: ignore[attr-defined]
    try:
        signature = inspect.signature(method)
    except ValueError:  # some built-in functions have none
        return False
    for given in ((), ("state",)):
        try:
            signature.bind(*given)
        except TypeError:
            continue
        return bool(given) or "state" in signature.parameters
    what = f"{name}.reset takes more than the initial state"
    raise ModelError(what, where=place_of_code(method), remedy="write def reset(self) or def reset(self, state)")


def apart(step: Any) -> tuple[str, Sequence[Any]]:
    """Name and values of a step that is written as a tuple."""
    if not isinstance(step, tuple | list) or not step:
        return str(step), ()
    name, *values = step
    one = len(values) == 1 and isinstance(values[0], tuple | list)
    return str(name), values[0] if one else values


def place_of_code(thing: Any) -> Place | None:
    """The line that defines a class or function."""
    if thing is None:
        return None
    code = getattr(inspect.unwrap(thing), "__code__", None) or getattr(
        getattr(thing, "__func__", None), "__code__", None
    )
    if code is not None:
        return Place(code.co_filename, code.co_firstlineno)
    try:
        return Place(inspect.getfile(thing), inspect.getsourcelines(thing)[1] or 1)
    except (TypeError, OSError):
        return None


def file_of_code(thing: Any) -> str:
    place = place_of_code(thing)
    return "" if place is None else place.file
