"""What reports say of a trace beyond its steps: beliefs, truth values, what else was enabled, causes, a run beside it.

States are numbered from 0, the initial one; state n is the one after step n. Pure data, like ``vocabulary``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planrace.checker.results.trace import Change, Observed, Shown, ShownState, TraceStep


@dataclass(frozen=True)
class Shape:
    """A sort as reports describe it. ``kind`` is "truth value", "number", "enumeration", "index", "optional" (an index
    or 0 for none), "set" or "array".

    ``low`` and ``high`` bound a scalar; ``members`` names those of an enumeration; ``element`` is what a set or array
    has, ``domain`` what an array is over.
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


@dataclass(frozen=True)
class ChannelPart:
    """What a variable is of the channel of messages ``channel``: "slots" of a field of messages in order, the "length"
    that counts them, or "messages" in no order: an array over parts of a message of sets, or numbers of copies, of the
    last; ``order`` says where among these each part of a message is. ``over``: there is a channel for each member, over
    which the variable is an array."""

    channel: str
    what: str
    over: bool = False
    order: tuple[int, ...] = ()


@dataclass(frozen=True)
class Declared:
    """A state variable; ``part`` says of which channel it is a part, if of any."""

    name: str
    shape: Shape
    meaning: str = ""
    part: ChannelPart | None = None


@dataclass(frozen=True)
class MemberPicture:
    """How to draw what belongs to each member of the index ``title``: ``things`` is an array of sets, ``pointers`` are
    arrays of numbers that name one of these things each (0: none), ``holder`` is an array of who has a lock, or empty.
    Without a title they are no arrays but a set, numbers and a member."""

    title: str
    things: str
    pointers: tuple[str, ...]
    holder: str = ""


@dataclass(frozen=True)
class EnabledStep:
    """A step that is enabled in a state: what ``TraceStep`` has but for the state after it. ``to`` is the number of
    that state among ``Neighbourhood.states``, if it is there."""

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
    """A state near a trace: what is enabled in it and which properties it breaks."""

    offers: tuple[EnabledStep, ...]
    broken: tuple[str, ...] = ()


@dataclass(frozen=True)
class Neighbourhood:
    """States within ``depth`` steps of a trace. The first ones are those of the trace, in its order; ``whole``: none
    within that distance was left out."""

    states: tuple[Neighbour, ...]
    depth: int
    whole: bool


@dataclass(frozen=True)
class PropertyTruth:
    """A property at every state of a trace; one about steps, at the step that leads there, and None at state 0.

    ``offenders`` names at each state the members for which it is false (endpoint 1), as far as it speaks of members.
    """

    property: str
    meaning: str
    holds: tuple[bool | None, ...]
    offenders: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Belief:
    """Something that ``who`` found true at step ``since`` and still acts on: a condition that it ``checked``, or a copy
    that it took. ``truth`` says whether it is true in state ``since`` and in those that follow, while it is kept."""

    who: str
    text: str
    checked: bool
    since: int
    truth: tuple[bool, ...]

    @property
    def stale(self) -> int | None:
        """The first step after which it is false, if any."""
        return next((self.since + n for n, true in enumerate(self.truth) if not true), None)


@dataclass(frozen=True)
class Race:
    """Steps ``first`` and ``second`` of different processes, whose order decides: had the second come before the first,
    the property would hold in whatever order the others followed then. ``places`` is what both touch.

    ``effect``: the first is then "not enabled", has "another outcome", writes "other values", or "the same".
    """

    first: int
    second: int
    places: tuple[str, ...]
    effect: str


@dataclass(frozen=True)
class Delay:
    """The least that ``who`` has to sleep through in the middle of its work for the property to break: so many steps of
    each action. ``how`` says how it was found."""

    who: str
    steps: Mapping[str, int]
    how: str


@dataclass(frozen=True)
class Causes:
    """Why a trace breaks a property. ``needed`` are the steps that remain when all are left out that can be;
    ``races`` the pairs of them whose order decides; ``chain`` the longest sequence of steps that such pairs link.

    ``edges`` is the happens-before relation, transitively reduced: pairs of steps with why ("program order",
    "reads what it wrote", "overwrites").
    """

    property: str
    needed: tuple[int, ...]
    races: tuple[Race, ...]
    chain: tuple[int, ...]
    edges: tuple[tuple[int, int, str], ...]
    delay: Delay | None = None
    unchecked: tuple[str, ...] = ()
    """Where there is no chain: places that the property reads and the last step does not check."""


@dataclass(frozen=True)
class OtherVariant:
    """The same steps in another variant of the protocol, as far as they are enabled there: for each step of the trace
    what became of it, or None where it is not enabled. ``broken`` names at each state the properties that are false."""

    protocol: str
    protections: tuple[str, ...]
    initial: ShownState
    steps: tuple[TraceStep | None, ...]
    broken: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Insight:
    """All of that for one trace; parts that were not asked for are empty. ``recoverable`` is the last state from which
    ``goal`` could still be reached, None where there is no such state or nobody asked."""

    offers: tuple[tuple[EnabledStep, ...], ...] = ()
    truths: tuple[PropertyTruth, ...] = ()
    beliefs: tuple[Belief, ...] = ()
    touched: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    """For each step the places that it reads and those that it writes."""
    recoverable: int | None = None
    goal: str = ""
    causes: Causes | None = None
    beside: OtherVariant | None = None
    neighbourhood: Neighbourhood | None = None
