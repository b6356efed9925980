"""A driver: the user's object that performs steps of the model on a system, and observes the system.

It has a method for each action that it can perform, ``reset()`` and ``observe()``, and may have ``enabled()``,
``show()``, ``close()``, ``event_loop()`` and ``refuses``. Everything about it is checked before the first step. If it
is ``Workers``, a scheduler performs the actions that have no method.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any

from planrace.checker.drive.driver_checks import (
    apart,
    driver_name,
    file_of_code,
    made_driver,
    methods_of,
    place_of_code,
    takes_state,
)
from planrace.checker.drive.observing import parameter_in, parameter_out
from planrace.checker.drive.order.naming import PointNames
from planrace.checker.drive.order.scheduler import Scheduler, checked_functions
from planrace.checker.drive.order.workers import Workers
from planrace.checker.drive.refusal import Refused
from planrace.checker.drive.reply import Reply, ReplyKind, UndoneError, one_line, raised
from planrace.checker.results.driving import SystemAnswer
from planrace.checker.results.trace import Source
from planrace.checker.semantics.replay import Pick
from planrace.model.language import Instance, ModelError, Place
from planrace.model.language.author_code import mistaken, shown
from planrace.model.language.errors import near


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
        self.name = driver_name(given)
        self.seconds = 0.0
        self._elsewhere = elsewhere
        self._loop: asyncio.AbstractEventLoop | None = None
        self._object = made_driver(given, instance)
        self._own = self._object is not given
        self._arguments: dict[Pick, tuple[Any, ...]] = {}
        self._scheduler: Scheduler | None = None
        self._names: PointNames | None = None
        try:
            self._check({*instance.system.actions, *others})
        except BaseException:
            self.discard()
            raise

    def _check(self, known: set[str]) -> None:
        """Find what the driver has. Raises ``ModelError`` for what is wrong."""
        actions = self.instance.system.actions
        self.methods = methods_of(self._object, self.name, actions, known, self.instance)
        of_workers: tuple[str, ...] = ()
        if isinstance(self._object, Workers):
            where = place_of_code(type(self._object))
            self._names = PointNames(self._object, self.name, self.instance, self.methods, known, where)
            self._scheduler = Scheduler(
                self._functions, self._names, self._new_loop, self._object.patience, self.place("workers")
            )
            self._object._scheduler = self._scheduler
            of_workers = self._names.actions
        self.controlled = tuple(a for a in actions if a in self.methods or a in of_workers)
        self.takes_state = takes_state(self._object, self.name)
        self.refusing = self._refusing()
        self.has_enabled = callable(getattr(self._object, "enabled", None))
        self.has_show = callable(getattr(self._object, "show", None))

    @property
    def sources(self) -> dict[str, Source]:
        """The lines of the methods, and of the points of workers, by action."""
        found = {action: place_of_code(method) for action, method in self.methods.items()}
        found |= {} if self._names is None else self._names.places
        return {action: Source(where.file, where.line) for action, where in found.items() if where is not None}

    def discard(self) -> None:
        """Close a driver that performs nothing, if it was made here: it may have opened something."""
        if self._own:
            with suppress(ModelError), self:
                pass

    def _functions(self) -> Mapping[Hashable, Any]:
        """The workers. Raises ``ModelError`` for what is wrong with them."""
        return checked_functions(self._hook("workers"), self.place("workers"), f"{self.name}.workers")

    def _new_loop(self) -> asyncio.AbstractEventLoop:
        """The loop that async methods and tasks run in: that of the driver, or a new one."""
        if not callable(getattr(self._object, "event_loop", None)):
            return asyncio.new_event_loop()
        found = self._hook("event_loop")
        if not isinstance(found, asyncio.AbstractEventLoop) or found.is_closed():
            what = "a loop that is closed" if isinstance(found, asyncio.AbstractEventLoop) else shown(found)
            remedy = "return a new loop of asyncio; it is closed at the end"
            raise ModelError(f"{self.name}.event_loop returns {what}", where=self.place("event_loop"), remedy=remedy)
        return found

    def __enter__(self) -> Driver:
        if self._scheduler is None:
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                self._loop = self._new_loop()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._scheduler is not None:
                self._scheduler.end()
        finally:
            try:
                if callable(getattr(self._object, "close", None)):
                    self._hook("close")
            finally:
                for opened in (self._scheduler, self._loop):
                    if opened is not None:
                        opened.close()

    # Calls ---------------------------------------------------------------------------------------------------------
    def reset(self, state: Mapping[str, Any] | None) -> Reply | None:
        """Put the system into an initial state (that of the model, where ``reset`` takes it), and the workers at their
        first points. Returns what keeps a worker from getting there. Raises ``ModelError`` if the driver fails."""
        given = (state,) if self.takes_state else ()
        if self._scheduler is None:
            self._hook("reset", *given)
            return None
        began, inside = time.perf_counter(), self.seconds
        try:
            self._scheduler.end()
            self._hook("reset", *given)
            return self._scheduler.begin()
        finally:
            self.seconds = inside + time.perf_counter() - began

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
        method, began = self.methods.get(pick[0]), time.perf_counter()
        try:
            if method is None:
                return self._performed(pick)
            found = self._resolved(method(*self._shown(pick)))
        except UndoneError as problem:
            return problem.reply
        except Refused as problem:
            return Reply(ReplyKind.REFUSED, why=one_line(str(problem)))
        except (KeyboardInterrupt, _NoLoopError):
            raise
        except BaseException as problem:
            if self._scheduler is not None and isinstance(problem, ModelError):  # a mistake about workers
                raise
            return Reply(ReplyKind.RAISED, why=raised(problem, file_of_code(method)))
        finally:
            self.seconds += time.perf_counter() - began
        return Reply(ReplyKind.DONE, self._outcome(pick[0], found))

    def _performed(self, pick: Pick) -> Reply:
        """Let a worker perform a step."""
        assert self._scheduler is not None
        reply = self._scheduler.perform(pick)
        return replace(reply, outcome=self._outcome(pick[0], reply.outcome))

    def worker_at(self, pick: Pick) -> str | None:
        """The worker that waits at a step."""
        strand = None if self._scheduler is None else self._scheduler.offers().get(pick)
        return None if strand is None else strand.name

    def offers(self) -> tuple[Pick, ...] | None:
        """The steps at which workers wait, in their order; None if the driver has no workers."""
        if self._scheduler is None:
            return None
        return tuple(p for p in self._scheduler.offers() if p[0] in self.controlled)

    def _hook(self, name: str, *given: Any) -> Any:
        method, began = getattr(self._object, name), time.perf_counter()
        try:
            found = self._resolved(method(*given))
        except (ModelError, KeyboardInterrupt):
            raise
        except BaseException as problem:
            raise mistaken(f"{self.name}.{name} fails", problem, file_of_code(method)) from problem
        finally:
            self.seconds += time.perf_counter() - began
        return found

    def _resolved(self, found: Any) -> Any:
        """What a method returns, awaited if it is async. Raises ``ModelError`` if it cannot be."""
        if not inspect.isawaitable(found):
            return found
        if self._scheduler is not None:
            return self._scheduler.runner.run(found)
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
        returns = f"{self.name}.{action} returns" if action in self.methods else f"a worker ends {action} as"
        what = f"{returns} {shown(found)}, which is no outcome of {action}"
        remedy = near(found, names) if isinstance(found, str) and names else "return nothing"
        if names and not isinstance(found, str):
            remedy = f"return {' or '.join(map(repr, names))}, or nothing"
        raise ModelError(what, where=self.place(action), remedy=remedy)

    def _offered(self, step: Any) -> Pick:
        """A step that ``enabled`` names, as the model has it."""
        name, values = (step, ()) if isinstance(step, str) else apart(step)
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
            raise ModelError(
                what, where=place_of_code(type(self._object)), remedy="write refuses = ['flip'], or True for all"
            )
        names = list(found)
        for name in names:
            if name not in self.controlled:
                what = f"{self.name}.refuses names {name!r}, which is no action that the driver performs"
                raise ModelError(what, where=place_of_code(type(self._object)), remedy=near(str(name), self.controlled))
        return tuple(a for a in self.controlled if a in names)

    def place(self, method: str) -> Place | None:
        """The line of the author's file that defines a method."""
        return place_of_code(self.methods.get(method) or getattr(self._object, method, None))


class _NoLoopError(ModelError):
    """An async method was called where it cannot be awaited."""


async def _awaited(found: Any) -> Any:
    return await found
