"""What both kinds of channels have in common: the fields of a message, and its receiver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from planrace.model.language import DefinitionError, Index, RecordSort, Term, each
from planrace.model.language.composite import Composite
from planrace.model.language.errors import so_many
from planrace.model.language.sorts import Scalar, describe, is_scalar
from planrace.model.language.structural import Structural
from planrace.model.language.terms import Value, expect

_FOR_AUTHORS = True  # errors and places name the line that calls this module

ENDS = ("sender", "to")
"""The parameter names of those whose channel it is."""
Fields: TypeAlias = "Scalar | tuple[Scalar, ...] | RecordSort"
"""The sort of a message: one scalar, several fields, or a record of scalars."""
Message: TypeAlias = "Value | Composite | tuple[Value | Composite, ...]"
"""A message: the values of its fields, preceded by the member whose channel it is in."""


@dataclass(frozen=True, eq=False)
class Channel(Structural):
    """Messages in transit, with one or several fields ``of``; one channel for each member if it is declared ``over`` an
    index, or for each pair of a sender and a receiver. Methods take that member (the sender, then the receiver) first,
    then the fields as separate arguments."""

    name: str
    of: tuple[Scalar, ...]
    over: tuple[Index, ...]
    record: RecordSort | None
    """What a message is, if it is a record: ``of`` has the sorts of its leaves."""

    @property
    def fields(self) -> dict[str, Scalar]:
        """The fields of a message by name."""
        return named(self.of, self.record)

    @property
    def parts(self) -> dict[str, Scalar]:
        """The parts that identify a message, by the parameter names that actions on messages use."""
        return {**self.ends, **self.fields}

    @property
    def ends(self) -> dict[str, Index]:
        """Whose channel it is: who receives, after who sends, by the parameter names that actions use."""
        return dict(zip(ENDS[2 - len(self.over) :], self.over, strict=True))

    def template_values(self, message: tuple[Term, ...]) -> dict[str, Any]:
        """The values that words may use about a message: its parts by name, and a single field or a record also as
        ``m``."""
        found: dict[str, Any] = dict(zip(self.parts, message, strict=True))
        if self.record is not None:
            return {**found, "m": held(self.record, message[len(self.over) :])}
        return {**found, "m": message[-1]} if len(self.of) == 1 else found

    def words(self, verb: str) -> str:
        """The default words for what happens to a message."""
        if self.record is not None:
            fields = "{m}"
        elif len(self.of) == 1:
            fields = f"{describe(self.of[0])} {{m}}"
        else:
            fields = ", ".join(f"{describe(s)} {{{n}}}" for n, s in self.fields.items())
        whose = {"sender": "from", "to": "of" if len(self.over) == 1 else "to"}
        return f"{verb} {fields} of {self.name}" + "".join(
            f" {whose[n]} {sort.name} {{{n}}}" for n, sort in self.ends.items()
        )

    def message(self, given: Message) -> tuple[Term, ...]:
        """The parts of one message, checked against their sorts."""
        values: tuple[Any, ...] = given if isinstance(given, tuple) else (given,)
        if self.record is not None:
            role = f"message of {self.name}"
            read = (self.record.read(v, role)._leaves if isinstance(v, Composite) else (v,) for v in values)
            values = tuple(leaf for leaves in read for leaf in leaves)
        if len(values) != len(self.parts):
            raise DefinitionError(
                f"channel {self.name}: a message is {', '.join(map(describe, self.parts.values()))}, "
                f"not {so_many(values, 'value')}",
                remedy=f"write ({', '.join(self.parts)}), in this order",
            )
        return tuple(expect(v, s, f"message of {self.name}") for v, s in zip(values, self.parts.values(), strict=True))

    def member(self, given: tuple[Value, ...], remedy: str) -> tuple[Term, ...]:
        """The member or the pair whose channel is meant, if there are several; ``remedy`` shows how the call is
        written."""
        if len(given) != len(self.over):
            wanted = " and ".join(f"one {sort.name}" for sort in self.over) or "no member"
            raise DefinitionError(f"channel {self.name} takes {wanted}, not {len(given)}", remedy=remedy)
        return tuple(expect(g, sort, f"channel {self.name}") for g, sort in zip(given, self.over, strict=True))

    def of_each(self, what: Callable[[tuple[Term, ...]], Term]) -> Term:
        """What a function says of one channel, for each of them: ``x[to]``, or ``x[sender][to]``."""
        return _of_each(self.over, what)


def _of_each(over: tuple[Index, ...], what: Callable[[tuple[Term, ...]], Term]) -> Term:
    if not over:
        return what(())
    first, *rest = over
    return each(first, lambda m: _of_each(tuple(rest), lambda more: what((m, *more))))


def place_of(term: Term, members: tuple[Term, ...]) -> Term:
    """The element for these members, outermost first."""
    for m in members:
        term = term[m]
    return term


def ends_of(name: str, over: object) -> tuple[Index, ...]:
    """What an author gives as ``over``: an index, or a pair of them. Raises ``DefinitionError`` for anything else."""
    given = () if over is None else over if isinstance(over, tuple) else (over,)
    if len(given) <= len(ENDS) and (given or over is None) and all(isinstance(x, Index) for x in given):
        return given
    shown = ", ".join(map(describe, given)) or "()"
    raise DefinitionError(
        f"channel {name}: over={shown} is not who receives",
        remedy="name an index, over=Receiver; or two, over=(Sender, Receiver)",
    )


def held(record: RecordSort, fields: Sequence[Term]) -> Any:
    """The record of these fields, which may be blank."""
    blank, _ = record.blank()
    return blank.value(fields)


def named(fields: tuple[Scalar, ...], record: RecordSort | None = None) -> dict[str, Scalar]:
    """Names of fields: the names of their sorts, numbered if a sort occurs twice; of a record, their own names."""
    if record is None and len(fields) == 1:
        return {"message": fields[0]}
    plain = ["_".join(describe(f).split()) for f in fields]
    if record is not None:
        plain = [path.replace(".", "_") for path, _ in record.leaves]
    often, seen, names = Counter([*plain, *ENDS]), Counter[str](), []
    for p in plain:
        seen[p] += 1
        names.append(f"{p}_{seen[p]}" if often[p] > 1 else p)
    return dict(zip(names, fields, strict=True))


def record_of(message: Fields) -> RecordSort | None:
    """The sort of messages that are records."""
    return message if isinstance(message, RecordSort) else None


def fields_of(name: str, message: Fields) -> tuple[Scalar, ...]:
    """The fields of a message, one by one; of a record, its leaves."""
    if isinstance(message, RecordSort):
        for path, leaf in message.leaves:
            if not is_scalar(leaf):
                raise DefinitionError(
                    f"channel {name}: a message holds scalars, and {path} of {message.name} is a {describe(leaf)}",
                    remedy="send a number of the whole, and let a variable hold the wholes: array(Number, sort)",
                )
        return tuple(leaf for _, leaf in message.leaves)  # type: ignore[misc]  # scalars
    fields = message if isinstance(message, tuple) else (message,)
    for f in fields:
        if not is_scalar(f):
            raise DefinitionError(
                f"channel {name}: a message holds scalars, not {describe(f)}",
                remedy="a record stands alone, and several fields in a tuple: (Worker, Value)",
            )
    if not fields:
        raise DefinitionError(f"channel {name}: a message has no fields", remedy="name the sort of its content")
    return fields


def said(name: str, meaning: object) -> str:
    """The description of a channel; a sort in its place was probably meant for the message."""
    if not isinstance(meaning, str):
        raise DefinitionError(
            f"channel {name}: {describe(meaning)} is given in place of its meaning",
            remedy=f"give several fields as a tuple: unordered(protocol, {name!r}, (Worker, Value))",
        )
    return meaning
