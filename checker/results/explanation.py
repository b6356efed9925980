"""What explains a trace: beliefs, truth values, enabled steps, causes, the same steps in another variant. Pure data.

States are numbered from 0, the initial state; state n is the state after step n.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from planrace.checker.results.trace import Change, Observed, Shown, ShownState, TraceStep


@dataclass(frozen=True)
class Shape:
    """A sort as reports describe it. ``kind`` is "truth value", "number", "enumeration", "index", "optional" (an index,
    or 0 for none), "ticks" (counted by a clock, or -1 while it is off), "set" or "array".

    ``low`` and ``high`` bound a scalar. ``members`` are the names of an enumeration's members. ``element`` is the sort
    of the elements of a set or array, ``domain`` the sort that indexes an array.
    """

    kind: str
    name: str
    low: int = 0
    high: int = 0
    members: tuple[str, ...] = ()
    domain: Shape | None = None
    element: Shape | None = None

    @property
    def values(self) -> list[Shown]:
        """Every value of a scalar, in order, as reports show them."""
        if self.kind == "truth value":
            return [False, True]
        if self.kind == "enumeration":
            return list(self.members)
        return list(range(self.low, self.high + 1))

    @property
    def size(self) -> int:
        """How many values a scalar has, computed without listing them: a file may claim any number."""
        sizes = {"truth value": 2, "enumeration": len(self.members)}
        return sizes.get(self.kind, self.high - self.low + 1)


@dataclass(frozen=True)
class ChannelPart:
    """How a variable stores a part of the channel ``channel``. ``what`` is one of:

    * "slots": one field of all messages, in their order;
    * "length": the number of messages;
    * "messages": messages in no order. The variable is an array over the parts of a message except the last; its
      elements are sets of the last part, or numbers of copies. ``order`` says at which position each part is.

    ``over``: 1 if there is one channel for each member of an index, 2 for each pair of a sender and a receiver; the
    variable is an array over that index, or over both.
    """

    channel: str
    what: str
    over: int | bool = 0
    order: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "over", int(self.over))  # reports had a truth value before there were pairs


@dataclass(frozen=True)
class Structure:
    """How a value is put together from its leaves. ``kind`` is "leaf", "record", "optional" (a record or none; before
    its leaves stands whether it is there), "array" (of composite values: each leaf is an array), "sequence" or "map"
    (like an array; before the leaves of the elements stands the length, or the set of keys). ``label`` is the name of a
    field, ``parts`` are the fields, or else the element."""

    kind: str
    label: str = ""
    parts: tuple[Structure, ...] = ()


@dataclass(frozen=True)
class WholeVariable:
    """A state variable as its author declared it, which has a variable for each leaf of its ``structure``."""

    variable: str
    structure: Structure


@dataclass(frozen=True)
class Declared:
    """A state variable; ``part`` is the part of a channel that it stores, ``whole`` the variable that it is a leaf of,
    if any."""

    name: str
    shape: Shape
    meaning: str = ""
    part: ChannelPart | None = None
    whole: WholeVariable | None = None


@dataclass(frozen=True)
class MemberPicture:
    """How to draw what belongs to each member of the index ``title``. ``things`` is an array of sets. ``pointers`` are
    arrays of numbers; each number names one of these things (0: none). ``holder`` is an array of lock holders, or
    empty. Without a title these variables are a set, numbers and a member instead of arrays."""

    title: str
    things: str
    pointers: tuple[str, ...]
    holder: str = ""


@dataclass(frozen=True)
class EnabledStep:
    """A step that is enabled in a state: a ``TraceStep`` without the state after it. ``to`` is the number of that state
    in ``Neighbourhood.states``, if it is there."""

    action: str
    parameters: Mapping[str, Shown]
    by: str
    role: str
    outcome: str | None
    fault: str | None
    text: str
    changed: tuple[Change, ...] = ()
    observed: tuple[Observed, ...] = ()
    to: int | None = None


@dataclass(frozen=True)
class Neighbour:
    """A state near a trace: the steps that are enabled in it and the properties that it violates."""

    offers: tuple[EnabledStep, ...]
    broken: tuple[str, ...] = ()


@dataclass(frozen=True)
class Neighbourhood:
    """States within ``depth`` steps of a trace. The states of the trace come first, in their order. ``whole``: no state
    within that distance was left out."""

    states: tuple[Neighbour, ...]
    depth: int
    whole: bool


class Inner(StrEnum):
    """The conditions inside properties about whole runs: of liveness (the goal that must be true once, finally always,
    or again and again, or the answer to a trigger), of recovery, and of reachability."""

    ONCE = "once"
    ALWAYS = "finally always"
    AGAIN = "again and again"
    TRIGGER = "trigger"
    ANSWER = "answer"
    GOAL = "goal"
    EVENT = "event"


@dataclass(frozen=True)
class PropertyTruth:
    """The truth value of a property at every state of a trace. A property of steps is evaluated at the step that leads
    to the state; at state 0 it is None.

    Properties about whole runs have no truth value at a state. ``inner`` then says which of their conditions ``holds``
    tells about; where that is false, nothing is violated. It is None for other properties.

    ``offenders`` names, at each state, the members for which the property is false ("endpoint 1"), if it quantifies
    over members.
    """

    property: str
    meaning: str
    holds: tuple[bool | None, ...]
    offenders: tuple[tuple[str, ...], ...] = ()
    inner: Inner | None = None

    def broken_at(self, n: int) -> bool:
        """Whether the property itself is false at state ``n``."""
        return self.inner is None and self.holds[n] is False


@dataclass(frozen=True)
class Belief:
    """A condition that ``who`` found true at step ``since`` and still relies on. ``checked``: the step checked it; else
    the step took a copy. ``truth`` says whether it is true in state ``since`` and in each later state in which the
    process still holds the belief. ``sentence`` is the condition as a clause in which the process is "it" ("its plan is
    the latest"), or empty if the condition has no good one."""

    who: str
    text: str
    checked: bool
    since: int
    truth: tuple[bool, ...]
    sentence: str = ""

    @property
    def stale(self) -> int | None:
        """The first step after which the belief is false, if any."""
        return next((self.since + n for n, true in enumerate(self.truth) if not true), None)


@dataclass(frozen=True)
class Race:
    """Steps ``first`` and ``second`` of different processes, whose order decides: if the second comes before the first,
    the property holds, whatever the order of the steps that follow. ``places`` are the places that both touch.

    ``effect`` is what happens to the first step in that order: it is "not enabled", has "another outcome", writes
    "other values", or does "the same".
    """

    first: int
    second: int
    places: tuple[str, ...]
    effect: str


@dataclass(frozen=True)
class Delay:
    """The shortest delay of ``who``, in the middle of its work, that violates the property: the steps of each action
    that happen meanwhile. ``how`` says how it was found."""

    who: str
    steps: Mapping[str, int]
    how: str


@dataclass(frozen=True)
class Causes:
    """Why a trace violates a property. ``needed`` are the steps that remain after all removable steps are removed,
    ``races`` the pairs of steps whose order decides, ``chain`` the longest sequence of steps linked by such pairs.

    ``edges`` is the transitively reduced happens-before relation: pairs of steps and the reason for their order
    ("program order", "reads what it wrote", "overwrites").
    """

    property: str
    needed: tuple[int, ...]
    races: tuple[Race, ...]
    chain: tuple[int, ...]
    edges: tuple[tuple[int, int, str], ...]
    delay: Delay | None = None
    unchecked: tuple[str, ...] = ()
    """Without a chain: the places that the property reads and one step does not check."""
    unchecked_by: int | None = None
    """That step: the one that enables the last step, or the last step."""


@dataclass(frozen=True)
class OtherVariant:
    """The same steps in another variant of the protocol. ``steps`` has one entry for each step of the trace: the step
    in that variant, or None where it is not enabled. ``broken`` names, at each state, the properties that are false."""

    protocol: str
    protections: tuple[str, ...]
    initial: ShownState
    steps: tuple[TraceStep | None, ...]
    broken: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Insight:
    """The explanation of one trace; parts that were not requested are empty. ``recoverable`` is the last state from
    which ``goal`` can still be reached; None: there is no such state, or it was not requested."""

    offers: tuple[tuple[EnabledStep, ...], ...] = ()
    truths: tuple[PropertyTruth, ...] = ()
    beliefs: tuple[Belief, ...] = ()
    touched: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    """For each step, the places that it reads and the places that it writes."""
    recoverable: int | None = None
    goal: str = ""
    causes: Causes | None = None
    beside: OtherVariant | None = None
    neighbourhood: Neighbourhood | None = None
