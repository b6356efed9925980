"""Terms about channels in readable form: ``length of inbox[1]`` in place of ``inbox_length[1]``.

The variables that a channel is made of (``inbox_length``, ``queue_kind``) have generated names; reports refer to the
channel instead, in states and in terms.
"""

from __future__ import annotations

from collections.abc import Sequence

from planrace.model.language import Array, Op, SetOf, Sort, Term
from planrace.model.language.named_terms import in_names
from planrace.model.language.render import applied, render
from planrace.model.language.size_limits import DEEPEST, READABLE
from planrace.model.language.system import Messages, System
from planrace.model.language.terms import make


def term_text(term: Term, system: System) -> str:
    """The term as text, with the names that authors give to terms and channels."""
    term = in_names(term, system.named_terms)
    if not system.channels or term.depth > DEEPEST or term.parts > READABLE:
        return render(term)
    return render(_Words(system.channels).of(term))


def channel_of(place: str, channels: Sequence[Messages]) -> str:
    """The channel that a place (``inbox_length[1]``) is in; the place itself if it is not in a channel."""
    name, *path = place.replace("]", "").split("[")
    found = _parts(channels).get(name)
    if found is None:
        return place
    return found.name + "".join(f"[{p}]" for p in path[: found.over])


def _parts(channels: Sequence[Messages]) -> dict[str, Messages]:
    """Channels by the names of the variables that they are made of."""
    return {t.data: c for c in channels for t in (*c.columns, *([] if c.length is None else [c.length]))}


class _Words:
    """Replaces the variables of channels by readable names."""

    def __init__(self, channels: Sequence[Messages]) -> None:
        self._channels = _parts(channels)
        self._done: dict[Term, Term] = {}

    def of(self, term: Term) -> Term:
        """The term with readable names."""
        if term not in self._done:
            self._done[term] = self._named(applied(term))
        return self._done[term]

    def _named(self, term: Term) -> Term:
        if term.op is Op.MEMBER and (found := self._root(term.args[1])) is not None:
            channel, path = found
            if channel.length is None:
                where, message = _parted(channel, [*path, self.of(term.args[0])])
                return make(Op.MEMBER, (_name(message, term.args[0].sort), _name(where, term.args[1].sort)), term.sort)
        if not isinstance(term.sort, Array | SetOf) and (found := self._root(term)) is not None:
            return _name(_place(term, *found), term.sort)
        return make(term.op, tuple(map(self.of, term.args)), term.sort, term.data)

    def _root(self, term: Term) -> tuple[Messages, list[Term]] | None:
        """The channel that a place is in, and its positions there."""
        path: list[Term] = []
        while term.op is Op.SELECT:
            term, position = applied(term).args
            path.insert(0, self.of(position))
        if term.op is not Op.VARIABLE or term.data not in self._channels:
            return None
        return self._channels[term.data], path


def _name(words: str, sort: Sort) -> Term:
    """A text disguised as a term, to be rendered inside one."""
    return make(Op.VARIABLE, (), sort, words)


def _place(term: Term, channel: Messages, path: list[Term]) -> str:
    """The readable name of a single value in a channel."""
    if channel.length is None:
        where, message = _parted(channel, path)
        return f"copies of {message} in {where}"
    where = channel.name + "".join(f"[{render(path.pop(0))}]" for _ in range(channel.over))
    if not path:
        return f"length of {where}"
    variable = term
    while variable.op is Op.SELECT:
        variable = variable.args[0]
    field = variable.data.removeprefix(channel.name).removeprefix("_")
    return f"{f'{field} of ' if field else ''}message {render(path[0])} of {where}"


def _parted(channel: Messages, path: list[Term]) -> tuple[str, str]:
    """The unordered channel and the message that the positions ``path`` lead to."""
    words = [render(t) for t in path]
    message = [words[n] for n in (channel.order or tuple(range(len(words))))]
    where = channel.name + "".join(f"[{message.pop(0)}]" for _ in range(channel.over))
    return where, " ".join(message)
