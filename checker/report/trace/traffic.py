"""Channels in states: the messages in them, and who receives which message from whom.

``Declared.part`` of a report's variables says which of them store channels. If a state does not fit these variables, as
one from a stranger's file, it has no channels and its variables are shown as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from planrace.checker.results.explanation import ChannelPart, Declared, Shape
from planrace.checker.results.scalars import value_text
from planrace.checker.results.trace import Shown, ShownState, Trace, TraceStep

_Values: TypeAlias = "list[tuple[Shape, Shown]]"
Mail: TypeAlias = "tuple[str, ...]"
"""The messages in a channel as texts: in order if the channel is ordered, otherwise sorted; copies are repeated."""


@dataclass(frozen=True)
class ChannelContent:
    """The messages in a channel at ``place``: ``queue``, or ``inbox[2]`` if each member has one, ``link[1][2]`` if each
    pair has."""

    place: str
    ordered: bool
    mail: Mail

    def __str__(self) -> str:
        if self.ordered:
            return f"[{', '.join(self.mail)}]"
        texts = (text if n == 1 else f"{text} ×{n}" for text, n in Counter(self.mail).items())
        return "{" + ", ".join(texts) + "}"


def channels(state: ShownState, variables: Sequence[Declared]) -> dict[str, list[ChannelContent]]:
    """The channels of a state, by the names of the variables that store them."""
    found: dict[str, list[ChannelContent]] = {}
    for name, parts in _grouped(variables).items():
        made = _channel(name, parts, state)
        if made is not None:
            found |= {v.name: made for v, _ in parts}
    return found


def channel_at(place: str, variables: Sequence[Declared]) -> str:
    """The channel that a place (``queue_kind[2]``) belongs to; otherwise the place itself."""
    name, *path = place.replace("]", "").split("[")
    part = next((v.part for v in variables if v.name == name), None)
    if part is None:
        return place
    return part.channel + "".join(f"[{p}]" for p in path[: part.over])


def _grouped(variables: Sequence[Declared]) -> dict[str, list[tuple[Declared, ChannelPart]]]:
    groups: dict[str, list[tuple[Declared, ChannelPart]]] = {}
    for v in variables:
        if v.part is not None:
            groups.setdefault(v.part.channel, []).append((v, v.part))
    return groups


def _channel(name: str, parts: list[tuple[Declared, ChannelPart]], state: ShownState) -> list[ChannelContent] | None:
    """The channel, or one for each member; None if the state does not fit the variables."""
    ordered = any(part.what == "length" for _, part in parts)
    try:
        values = [(v.shape, state[v.name]) for v, _ in parts]
        return [
            ChannelContent(name + "".join(f"[{m}]" for m in to), ordered, _mail(parts, here, to))
            for to, here in _of_each(values, parts[0][1].over)
        ]
    except (LookupError, TypeError, ValueError):
        return None


def _of_each(values: _Values, over: int, to: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], _Values]]:
    """Whose channels there are, each with the values of its variables."""
    if over == 0:
        yield to, values
        return
    for n, m in enumerate(_values(values[0][0].domain)):
        yield from _of_each([_at(shape, value, n) for shape, value in values], over - 1, (*to, m))


def _mail(parts: list[tuple[Declared, ChannelPart]], values: _Values, to: tuple[str, ...]) -> Mail:
    """The messages in a channel whose variables have these values."""
    whats = [part.what for _, part in parts]
    if "length" not in whats:
        (shape, value), (_, part) = values[0], parts[0]
        order = part.order or tuple(range(len(to) + _depth(shape) + 1))
        keys = [(*to, *key) for key in _keys(shape, value)]
        return tuple(" ".join(key[n] for n in order[len(to) :]) for key in keys)
    length = values[whats.index("length")][1]
    columns = [value for value, what in zip(values, whats, strict=True) if what == "slots"]
    if not isinstance(length, int) or not all(isinstance(slots, list) for _, slots in columns):
        raise TypeError(length)
    return tuple(" ".join(_slot(shape, value, k) for shape, value in columns) for k in range(length))


def _slot(shape: Shape, value: Shown, k: int) -> str:
    inner, x = _at(shape, value, k)
    return value_text(x, inner)


def _at(shape: Shape, value: Shown, n: int) -> tuple[Shape, Shown]:
    if not isinstance(value, list) or shape.element is None:
        raise TypeError(value)
    return shape.element, value[n]


def _depth(shape: Shape) -> int:
    return 0 if shape.kind != "array" or shape.element is None else 1 + _depth(shape.element)


def _keys(shape: Shape, value: Shown) -> Iterator[tuple[str, ...]]:
    """The messages in nested arrays, as parts, in order; copies are repeated."""
    if shape.kind == "set":
        if not isinstance(value, list):
            raise TypeError(value)
        yield from ((value_text(v, shape.element),) for v in value)
        return
    for n, member in enumerate(_values(shape.domain)):
        inner, x = _at(shape, value, n)
        if inner.kind in ("array", "set"):
            yield from ((member, *key) for key in _keys(inner, x))
        elif isinstance(x, int):
            yield from ((member,) for _ in range(x))


def _values(shape: Shape | None) -> list[str]:
    return [] if shape is None else [value_text(v, shape) for v in shape.values]


# Senders and receivers ---------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class MessageReceipt:
    """A message from ``sender`` ("controller") that a step takes out of the channel at ``place``."""

    sender: str
    message: str
    place: str


def deliveries(trace: Trace, variables: Sequence[Declared]) -> list[list[MessageReceipt]]:
    """For each step, the messages that it takes out of channels and that were sent in this run."""
    senders: dict[str, list[tuple[str, str]]] = {}
    found, before = [], trace.initial
    for step in trace.steps:
        old, new = (_by_place(channels(s, variables)) for s in (before, step.state))
        taken: list[MessageReceipt] = []
        for place, channel in old.items():
            if place in new and channel.mail != new[place].mail:
                left, gone = _handled(senders.get(place, []), channel, new[place].mail, step)
                senders[place] = left
                taken += [MessageReceipt(who, message, place) for message, who in gone]
        found.append(taken)
        before = step.state
    return found


def _by_place(found: Mapping[str, list[ChannelContent]]) -> dict[str, ChannelContent]:
    return {c.place: c for made in found.values() for c in made}


def _handled(
    known: list[tuple[str, str]], before: ChannelContent, after: Mail, step: TraceStep
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The messages with their senders that are in the channel after a step, and those that it has taken out. A message
    that a fault adds is a copy of an earlier one, with the same sender."""
    there = list(known)
    gone = []
    for message in _less(before.mail, after):
        sent = next((x for x in there if x[0] == message), None)
        if sent is not None:
            there.remove(sent)
            gone.append(sent)
    for message in _less(after, before.mail):
        again = next((x for x in known if x[0] == message), None) if step.fault is not None else None
        there.append(again or (message, step.by))
    return there, gone


def _less(mail: Mail, other: Mail) -> list[str]:
    """The messages that are only in the first, in its order."""
    return list((Counter(mail) - Counter(other)).elements())
