"""Which steps of the model begin at the points of workers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from planrace.checker.drive.model_steps import called
from planrace.checker.drive.observing import parameter_in, parameter_out
from planrace.checker.drive.order.strand import Arrived, Strand
from planrace.checker.drive.order.workers import Workers
from planrace.checker.semantics.replay import Pick
from planrace.model.language import Instance, ModelError, Place
from planrace.model.language.author_code import shown
from planrace.model.language.errors import near


class PointNames:
    """Points of one driver. ``performed`` are the actions that its methods perform, ``known`` all that the protocol
    has, also those that are off in this system."""

    def __init__(
        self,
        given: Workers,
        name: str,
        instance: Instance,
        performed: Collection[str],
        known: Collection[str],
        where: Place | None,
    ) -> None:
        self._name = name
        self._instance = instance
        self._performed = performed
        self._known = known
        self._actions = instance.system.actions
        self._points = self._mapping(given.points, where)
        uncontrolled = self._uncontrolled(given.uncontrolled, where)
        self.actions = tuple(a for a in self._actions if a not in performed and a not in uncontrolled)
        """The actions that workers perform."""
        self.places: dict[str, Place] = {}
        """Where their points are, as far as a worker has been there."""

    def _mapping(self, points: object, where: Place | None) -> Mapping[str, str | None]:
        if not isinstance(points, Mapping):
            remedy = "write points = {'FLIP': 'flip'}"
            raise ModelError(f"{self._name}.points is {shown(points)}, not a mapping", where=where, remedy=remedy)
        for point, action in points.items():
            if action is not None and action not in self._known:
                what = f"{self._name}.points maps {point!r} to {shown(action)}, which is no action"
                raise ModelError(what, where=where, remedy=near(str(action), self._known))
        return points

    def _uncontrolled(self, names: object, where: Place | None) -> Collection[str]:
        if isinstance(names, str) or not isinstance(names, Iterable):
            what = f"{self._name}.uncontrolled is {shown(names)}, not a list of actions"
            raise ModelError(what, where=where, remedy="write uncontrolled = ['expire']")
        found = list(names)
        for name in found:
            if name not in self._known or name in self._performed:
                free = [a for a in self._known if a not in self._performed]
                why = "which a method performs" if name in self._performed else "which is no action"
                what = f"{self._name}.uncontrolled names {shown(name)}, {why}"
                raise ModelError(what, where=where, remedy=near(str(name), free))
        return found

    def pick_of(self, strand: Strand, at: Arrived) -> Pick | None:
        """The step that begins where a worker has arrived; None if the point begins none. Raises ``ModelError`` if the
        point is no action, or its parameters are wrong."""
        name = self._points.get(at.name, at.name)
        if name is None:
            return None
        what = f"{strand.name} reaches the point {at.name}"
        if name in self._performed:
            why = f"{what}, but {self._name}.{name} performs that step"
            raise ModelError(why, where=at.place, remedy="remove the method or the point")
        if name not in self._known:
            remedy = f"{near(name, self._known)}; a point that begins no step: points = {{{at.name!r}: None}}"
            raise ModelError(f"{what}, which is no action", where=at.place, remedy=remedy)
        if name not in self.actions:  # it is off in this system, or uncontrolled: the worker waits for good
            return name, ()
        if at.place is not None:
            self.places[name] = at.place
        return name, self._parameters(strand, at, name)

    def _parameters(self, strand: Strand, at: Arrived, name: str) -> tuple[int, ...]:
        parameters = self._actions[name].parameters
        given = at.parameters or (strand.own if parameters else ())
        if len(given) != len(parameters):
            wanted = ", ".join([repr(at.name), *map(str, parameters)])
            what = f"{strand.name} reaches {at.name} with the parameters {shown(list(given))}"
            raise ModelError(what, where=at.place, remedy=f"write ({wanted})")
        what = f"{strand.name} reaches {at.name}, {{}}"
        return tuple(
            parameter_in(self._instance, p.sort, v, what.format(p), at.place)
            for p, v in zip(parameters, given, strict=True)
        )

    def called(self, pick: Pick) -> str:
        """A step as a call: ``flip(1)``."""
        return called(self._instance, pick) if pick[0] in self.actions else pick[0]

    def is_of(self, strand: Strand, pick: Pick) -> bool:
        """Whether a step has the number of a worker."""
        parameters = self._actions[pick[0]].parameters
        values: tuple[Any, ...] = tuple(parameter_out(p.sort, v) for p, v in zip(parameters, pick[1], strict=True))
        return bool(strand.own) and values[: len(strand.own)] == strand.own
