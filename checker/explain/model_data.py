"""What reports say about a model: its state variables, its pictures, and lines of the author's file."""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.results.explanation import ChannelPart, Declared, MemberPicture, WholeVariable
from planrace.checker.results.trace import Source
from planrace.checker.results.wording import about, ending
from planrace.checker.semantics.shapes import shape_of, structure_of
from planrace.model.language import Array, Instance, Place, System, Term, Variable


def declared(instance: Instance) -> tuple[Declared, ...]:
    """The state variables of an instance with their sorts."""
    parts = dict(_parts(instance.system))
    return tuple(
        Declared(v.name, shape_of(instance, v.sort), v.meaning, parts.get(v.name), _whole(v))
        for v in instance.system.variables
    )


def _whole(v: Variable) -> WholeVariable | None:
    """What a variable is a leaf of."""
    return None if v.whole is None else WholeVariable(v.whole.name, structure_of(v.whole.sort))


def _parts(system: System) -> Iterator[tuple[str, ChannelPart]]:
    """The variables that store channels, with the parts that they store."""
    for c in system.channels:
        for column in c.columns:
            yield column.data, ChannelPart(c.name, "messages" if c.length is None else "slots", c.over, c.order)
        if c.length is not None:
            yield c.length.data, ChannelPart(c.name, "length", c.over)


def pictures(instance: Instance) -> tuple[MemberPicture, ...]:
    """The pictures that the author declared, by the names of their variables."""
    return tuple(_picture(p.things, p.pointers, p.holder) for p in instance.system.pictures)


def sources(system: System) -> dict[str, Source]:
    """The lines that declare the properties of a system, by name or ``about``, and its actions, by name and ``ending``.
    Files below the working directory are relative to it."""
    places: dict[str, Place | None] = {}
    for a in system.actions.values():
        places[a.name] = a.where
        places |= {ending(a.name, o.name): o.where or a.where for o in a.outcomes}
    for p in system.properties:
        places[about(p.name) if p.name in places else p.name] = p.where
    known = {name: where for name, where in places.items() if where is not None}
    return {name: Source(str(where).rpartition(":")[0], where.line) for name, where in known.items()}


def _picture(things: Term, pointers: tuple[Term, ...], holder: Term | None) -> MemberPicture:
    title = things.sort.domain.name if isinstance(things.sort, Array) else ""
    return MemberPicture(title, str(things), tuple(map(str, pointers)), "" if holder is None else str(holder))
