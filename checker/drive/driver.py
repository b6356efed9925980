"""A driver: the user's object that performs steps of the model on a system, and observes the system.

It has a method for each action that it can perform, ``reset()`` and ``observe()``, and may have ``enabled()``,
``show()``, ``close()`` and ``refuses``. Everything about it is checked before the first step.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any

from planrace.checker.drive.observing import parameter_in, parameter_out
from planrace.checker.drive.refusal import Refused
from planrace.checker.results.driving import SystemAnswer
from planrace.checker.semantics.replay import Pick
from planrace.model.language import Action, Instance, ModelError, Place
from planrace.model.language.author_code import mistaken, shown
from planrace.model.language.errors import near

HOOKS = ("reset", "observe", "enabled", "show", "close")
"""The methods that perform no action. An action of such a name is performed by the method with a ``_`` after it."""
LONGEST = 300
"""The most characters of a message of the code."""
NEEDED = {
    "reset": "put the system into its initial state",
    "observe": "return a part of the state, or {}",
}


class ReplyKind(StrEnum):
    """How the code answers a step."""

    DONE = "done"
    REFUSED = "refused"
    RAISED = "raised"


@dataclass(frozen=True)
class Reply:
    """The answer of the code to a step: the outcome that it names, or why there is none."""

    kind: ReplyKind
    outcome: str | None = None
    why: str = ""


class Driver:
    """A checked driver. As a context it opens the loop of async methods, and closes it and the driver at the end.

    ``seconds`` is the time that was spent in its methods. ``others`` are names of actions that the protocol has, but
    not in this system (a fault that is off); methods for them are not used. ``elsewhere`` returns the outcomes that an
    action has in other variants: code that has a protection which the model lacks ends a step so.
    """

    def __init__(
        self,
        given: object,
        instance: Instance,
        others: Iterable[str] = (),
        elsewhere: Callable[[str], Collection[str]] = lambda _: (),
    ) -> None:
        self.instance = instance
        self.name = _name(given)
        self.seconds = 0.0
        self._elsewhere = elsewhere
        self._loop: asyncio.AbstractEventLoop | None = None
        self._object = _made(given, instance)
        self._own = self._object is not given
        self._arguments: dict[Pick, tuple[Any, ...]] = {}
        try:
            self._check({*instance.system.actions, *others})
        except BaseException:
            self.discard()
            raise

    def _check(self, known: set[str]) -> None:
        """Find what the driver has. Raises ``ModelError`` for what is wrong."""
        actions = self.instance.system.actions
        self.methods = _methods(self._object, self.name, actions, known, self.instance)
        self.controlled = tuple(a for a in actions if a in self.methods)
        self.refusing = self._refusing()
        self.has_enabled = callable(getattr(self._object, "enabled", None))
        self.has_show = callable(getattr(self._object, "show", None))

    def discard(self) -> None:
        """Close a driver that performs nothing, if it was made here: it may have opened something."""
        if self._own:
            with suppress(ModelError), self:
                pass

    def __enter__(self) -> Driver:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._loop = asyncio.new_event_loop()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if callable(getattr(self._object, "close", None)):
                self._hook("close")
        finally:
            if self._loop is not None:
                self._loop.close()

    # Calls ---------------------------------------------------------------------------------------------------------
    def reset(self) -> None:
        """Put the system into its initial state. Raises ``ModelError`` if the driver fails."""
        self._hook("reset")

    def observe(self) -> Mapping[str, Any]:
        """A part of the state. Raises ``ModelError`` if the driver fails or returns something else."""
        found = self._hook("observe")
        if not isinstance(found, Mapping):
            what = f"{self.name}.observe returns {shown(found)}, not a mapping from names of variables to values"
            raise ModelError(what, where=self.place("observe"), remedy="return {'variable': value, …}, or {}")
        return found

    def enabled(self) -> frozenset[Pick]:
        """The steps that the code offers. Raises ``ModelError`` if the driver fails or names something unknown."""
        found = self._hook("enabled")
        if isinstance(found, str) or not isinstance(found, Iterable):
            what = f"{self.name}.enabled returns {shown(found)}, not a list of steps"
            raise ModelError(what, where=self.place("enabled"), remedy="return [('flip', 1), 'publish', …]")
        return frozenset(map(self._offered, found))

    def show(self) -> tuple[SystemAnswer, ...]:
        """What users of the system get now. Raises ``ModelError`` if the driver fails or returns something else."""
        found = self._hook("show")
        if not isinstance(found, Mapping):
            what = f"{self.name}.show returns {shown(found)}, not a mapping from what is asked to the answer"
            raise ModelError(what, where=self.place("show"), remedy="return {'GET /': '200 OK', …}, or {}")
        return tuple(SystemAnswer(str(asked), str(answer)) for asked, answer in found.items())

    def perform(self, pick: Pick) -> Reply:
        """Perform a step; what the method raises is a part of the answer. Raises ``ModelError`` for an outcome that the
        action does not have."""
        method, began = self.methods[pick[0]], time.perf_counter()
        try:
            found = self._resolved(method(*self._shown(pick)))
        except Refused as problem:
            return Reply(ReplyKind.REFUSED, why=_one_line(str(problem)))
        except (KeyboardInterrupt, _NoLoopError):
            raise
        except BaseException as problem:
            return Reply(ReplyKind.RAISED, why=_raised(problem, method))
        finally:
            self.seconds += time.perf_counter() - began
        return Reply(ReplyKind.DONE, self._outcome(pick[0], found))

    def _hook(self, name: str) -> Any:
        method, began = getattr(self._object, name), time.perf_counter()
        try:
            found = self._resolved(method())
        except (ModelError, KeyboardInterrupt):
            raise
        except BaseException as problem:
            raise mistaken(f"{self.name}.{name} fails", problem, _file(method)) from problem
        finally:
            self.seconds += time.perf_counter() - began
        return found

    def _resolved(self, found: Any) -> Any:
        """What a method returns, awaited if it is async. Raises ``ModelError`` if it cannot be."""
        if not inspect.isawaitable(found):
            return found
        if self._loop is not None:
            return self._loop.run_until_complete(_awaited(found))
        if inspect.iscoroutine(found):
            found.close()
        raise _NoLoopError(
            f"{self.name}: the thread has a running event loop already, so async methods cannot be awaited",
            remedy="call it in another thread: await asyncio.to_thread(…)",
        )

    # Values --------------------------------------------------------------------------------------------------------
    def _shown(self, pick: Pick) -> tuple[Any, ...]:
        """The arguments of the method for a step."""
        if pick not in self._arguments:
            parameters = self.instance.system.actions[pick[0]].parameters
            self._arguments[pick] = tuple(parameter_out(p.sort, v) for p, v in zip(parameters, pick[1], strict=True))
        return self._arguments[pick]

    def _outcome(self, action: str, found: Any) -> str | None:
        """The outcome that a method names; None if it names none."""
        if found is None:
            return None
        names = [o.name for o in self.instance.system.actions[action].outcomes if o.name is not None]
        if found in names or (isinstance(found, str) and found in self._elsewhere(action)):
            return str(found)
        what = f"{self.name}.{action} returns {shown(found)}, which is no outcome of {action}"
        remedy = near(found, names) if isinstance(found, str) and names else "return nothing"
        if names and not isinstance(found, str):
            remedy = f"return {' or '.join(map(repr, names))}, or nothing"
        raise ModelError(what, where=self.place(action), remedy=remedy)

    def _offered(self, step: Any) -> Pick:
        """A step that ``enabled`` names, as the model has it."""
        name, values = (step, ()) if isinstance(step, str) else _apart(step)
        where = self.place("enabled")
        if name not in self.controlled:
            what = f"{self.name}.enabled names {shown(step)}, which is no action that the driver performs"
            raise ModelError(what, where=where, remedy=near(str(name), self.controlled))
        parameters = self.instance.system.actions[name].parameters
        if len(values) != len(parameters):
            wanted = ", ".join([repr(name), *map(str, parameters)])
            raise ModelError(f"{self.name}.enabled names {shown(step)}", where=where, remedy=f"write ({wanted})")
        what = f"{self.name}.enabled, {name}"
        return name, tuple(
            parameter_in(self.instance, p.sort, v, f"{what}, {p}", where)
            for p, v in zip(parameters, values, strict=True)
        )

    def _refusing(self) -> tuple[str, ...]:
        """The actions whose refusals are tried: those in ``refuses``; True means all."""
        found = getattr(self._object, "refuses", ())
        if isinstance(found, bool):
            return self.controlled if found else ()
        if isinstance(found, str) or not isinstance(found, Iterable):
            what = f"{self.name}.refuses is {shown(found)}, not a list of actions"
            raise ModelError(what, where=_place(type(self._object)), remedy="write refuses = ['flip'], or True for all")
        names = list(found)
        for name in names:
            if name not in self.controlled:
                what = f"{self.name}.refuses names {name!r}, which is no action that the driver performs"
                raise ModelError(what, where=_place(type(self._object)), remedy=near(str(name), self.controlled))
        return tuple(a for a in self.controlled if a in names)

    def place(self, method: str) -> Place | None:
        """The line of the author's file that defines a method."""
        return _place(self.methods.get(method) or getattr(self._object, method, None))


class _NoLoopError(ModelError):
    """An async method was called where it cannot be awaited."""


async def _awaited(found: Any) -> Any:
    return await found


# Checks ------------------------------------------------------------------------------------------------------------
def _name(given: object) -> str:
    return getattr(given, "__name__", None) or type(given).__name__


def _made(given: object, instance: Instance) -> object:
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
            what = f"{_name(given)} needs {p.name}, which is no size of {instance.system.name}"
            remedy = f"{near(p.name, sizes)}; or give it a default" if sizes else "give it a default"
            raise ModelError(what, where=_place(given), remedy=remedy)
    try:
        return given(**{n: v for n, v in sizes.items() if rest or n in named})
    except (ModelError, KeyboardInterrupt):
        raise
    except BaseException as problem:
        raise mistaken(f"{_name(given)} cannot be made", problem, _file(given)) from problem


def _methods(
    made: object, name: str, actions: Mapping[str, Action], known: set[str], instance: Instance
) -> dict[str, Callable[..., Any]]:
    """The methods that perform actions of this system, by action. Raises ``ModelError`` for what is wrong."""
    for hook, what in NEEDED.items():
        if not callable(getattr(made, hook, None)):
            remedy = f"write def {hook}(self): {what}"
            raise ModelError(f"driver {name} has no method {hook}", where=_place(type(made)), remedy=remedy)
    found: dict[str, Callable[..., Any]] = {}
    for attribute in dir(type(made)):
        if attribute.startswith("_") or attribute in HOOKS:
            continue
        if isinstance(inspect.getattr_static(type(made), attribute), property):
            continue
        method = getattr(made, attribute)
        if not callable(method) or inspect.isclass(method):
            continue
        action = attribute.removesuffix("_") if attribute.removesuffix("_") in HOOKS else attribute
        if action not in known:
            what = f"{name}.{attribute} performs no action: {instance.system.name} has none of this name"
            remedy = f"{near(attribute, sorted(known))}; helpers begin with _"
            raise ModelError(what, where=_place(method), remedy=remedy)
        if action in actions:
            _check_parameters(name, attribute, method, actions[action])
            found[action] = method
    if not found:
        remedy = f"write a method for one of them: {', '.join(actions)}"
        raise ModelError(f"driver {name} performs no action", where=_place(type(made)), remedy=remedy)
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
        raise ModelError(what, where=_place(method), remedy=remedy) from None
    names = list(signature.parameters)[: len(wanted)]
    if names != wanted and sorted(names) == sorted(wanted):
        what = f"{name}.{attribute} takes the parameters of {action.name} in another order"
        raise ModelError(what, where=_place(method), remedy=remedy)


def _apart(step: Any) -> tuple[str, Sequence[Any]]:
    """Name and values of a step that is written as a tuple."""
    if not isinstance(step, tuple | list) or not step:
        return str(step), ()
    name, *values = step
    one = len(values) == 1 and isinstance(values[0], tuple | list)
    return str(name), values[0] if one else values


def _place(thing: Any) -> Place | None:
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


def _file(thing: Any) -> str:
    place = _place(thing)
    return "" if place is None else place.file


def _raised(problem: BaseException, method: Callable[..., Any]) -> str:
    """An exception of the code in words, with its line."""
    return _one_line(str(mistaken("", problem, _file(method))))


def _one_line(text: str) -> str:
    """A message of the code for a sentence: in one line, and not longer than a few."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
