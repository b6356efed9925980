"""Faults of networks: messages are lost or duplicated."""

from __future__ import annotations

from planrace.model.language import Action, DefinitionError, Protocol, Says, Step, Term, step, when
from planrace.model.language.errors import instances
from planrace.model.patterns.bags import Unordered
from planrace.model.patterns.declared import Words, declared, worded
from planrace.model.patterns.messages import place_of
from planrace.model.patterns.queues import Ordered

_FOR_AUTHORS = True  # errors and places name the line that calls this module


def lossy(
    protocol: Protocol, channel: Unordered | Ordered, *, fault: str, by: str = "network", words: Words | None = None
) -> Action:
    """While ``fault`` is on, messages get lost: any message in transit; in an ordered channel the next one, as every
    message becomes the next one at some time. Declares the action ``lose_NAME``. In ``words``, ``{m}`` is the message;
    if it has several fields, each is available by the name of its sort; ``{to}`` is the member of a channel that is
    over an index, and ``{sender}`` who sends if it is over a pair. ``words`` may also be a function of these, ``to``
    (``sender``, ``to``) first, that returns ``says(…)``."""
    return _happening(protocol, "lossy", "lose", channel, words, fault, by)


def duplicating(
    protocol: Protocol, channel: Unordered | Ordered, *, fault: str, by: str = "network", words: Words | None = None
) -> Action:
    """While ``fault`` is on, messages are duplicated as far as there is room: any message in transit; in an ordered
    channel the next one, which then comes twice in a row. Declares the action ``duplicate_NAME``; ``words`` are those
    of ``lossy``. An unordered channel needs ``copies``: in a set equal messages are one."""
    if isinstance(channel, Unordered) and channel.copies is None:
        raise DefinitionError(
            f"duplicating: {channel.name} is a set, which holds each message at most once",
            remedy=f"allow copies: unordered(protocol, {channel.name!r}, …, copies=2)",
        )
    return _happening(protocol, "duplicating", "duplicate", channel, words, fault, by)


def _happening(
    protocol: Protocol,
    pattern: str,
    verb: str,
    channel: Unordered | Ordered,
    words: Words | None,
    fault: str,
    by: str,
) -> Action:
    """The network's action: in an ordered channel it affects the next message, otherwise any message."""
    instances((protocol,), Protocol, pattern, f"{pattern}(protocol, …)")
    if not isinstance(channel, Ordered | Unordered):
        raise DefinitionError(
            f"{pattern}: {channel!r} is not a channel", remedy="name what unordered(…) or ordered(…) has returned"
        )
    twice, name = verb == "duplicate", f"{verb}_{channel.name}"

    def described(*message: Term) -> Says:
        about = dict(zip(channel.parts, message, strict=True))
        return worded(
            channel.words(f"{verb}s") if words is None else words, name, about, channel.template_values(message)
        )

    def on_next(*to: Term) -> Step:
        assert isinstance(channel, Ordered)
        waiting, room, *heads = (place_of(t, to) for t in (channel.waiting, channel.room, *channel.heads))
        change = channel.doubling(*to) if twice else channel.receiving(*to)
        return step(when(waiting, *[room] * twice), change, described(*to, *heads))

    def on_any(*message: Term) -> Step:
        assert isinstance(channel, Unordered)
        change = channel.sending(*message) if twice else channel.receiving(*message)
        possible = when(channel.carries(*message), *[channel.room(*message)] * twice)
        return step(possible, change, described(*message))

    if isinstance(channel, Unordered):
        return declared(protocol, name, on_any, channel.parts, by=by, fault=fault)
    return declared(protocol, name, on_next, channel.ends, by=by, fault=fault)
