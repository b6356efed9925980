"""Sorts: what a variable can hold.

Every scalar is represented by a whole number: a truth value by 0 or 1, an enumeration by its member's position, an
index by 1…n, an optional index by 0 (none) or 1…n, a bounded integer by itself. Sizes may be parameters, so a sort is
finite only once an instance fixes them: ``Scalar.low`` and ``Scalar.high`` are numbers or parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, overload

from planrace.model.language.arithmetic import Arithmetic
from planrace.model.language.composite import AnySort, CompositeSort
from planrace.model.language.errors import DefinitionError, Place, author
from planrace.model.language.names import usable
from planrace.model.language.number_ranges import COMBINED, COMPUTED, may_be_zero
from planrace.model.language.operators import DIVISIONS, Op
from planrace.model.language.size_limits import AT_MOST, DEEPEST, GREATEST, in_few_words
from planrace.model.language.unsupported import Unformatted, Unwalked
from planrace.model.language.writing import in_process

if TYPE_CHECKING:
    from planrace.model.language.composites import CompositeArray
    from planrace.model.language.records import OptionalRecord, RecordSort
    from planrace.model.language.terms import Term, Value


@dataclass(frozen=True)
class Parameter(Arithmetic, Unformatted):
    """A size of the protocol: a whole number that an instance fixes, or that a proof leaves arbitrary."""

    name: str
    default: int
    low: int
    high: int
    meaning: str = ""
    where: Place | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.low <= self.default <= self.high:
            raise DefinitionError(
                f"parameter {self.name}: the default {self.default} is not in {self.low}…{self.high}",
                remedy="widen the range or change the default",
            )

    def _text(self) -> str:
        return self.name

    @property
    def term(self) -> Term:
        """The parameter as a number in terms; operators take the parameter itself too."""
        from planrace.model.language.terms import lift

        return lift(self)

    def __index__(self) -> NoReturn:
        raise DefinitionError(
            f"{self.name} has no number here: each run chooses it",
            remedy="for each member write forall(sort, lambda x: …), each(sort, lambda x: …), or a parameter",
        )

    __int__ = __float__ = __index__

    def __lt__(self, other: Value) -> Term:
        return self.term < other

    def __le__(self, other: Value) -> Term:
        return self.term <= other

    def __gt__(self, other: Value) -> Term:
        return self.term > other

    def __ge__(self, other: Value) -> Term:
        return self.term >= other


@dataclass(frozen=True)
class ComputedSize(Unformatted):
    """A bound that is computed from parameters, such as ``n + 1``. ``low`` and ``high`` hold in all instances."""

    op: Op
    args: tuple[Size, ...]
    low: int
    high: int

    @property
    def term(self) -> Term:
        """The bound as a number in terms."""
        from planrace.model.language.terms import lift, make

        return make(self.op, tuple(map(lift, self.args)), INTEGER)

    def _text(self) -> str:
        return str(self.term)

    def value(self, of: Callable[[Size], int]) -> int:
        """Its value, given those of what it is computed from."""
        return reduce(COMPUTED[self.op], map(of, self.args))


Size: TypeAlias = "int | Parameter | ComputedSize"
"""A bound of a sort: a number, the value of a parameter, or what an instance computes from parameters."""
SizeValue: TypeAlias = "Size | Term"
"""What an author may write as a bound: ``3``, ``n``, ``n + 1``."""


@dataclass(frozen=True)
class Bool(Unwalked):
    """Truth values."""

    name: str = "truth value"


@dataclass(frozen=True)
class Int(Unwalked):
    """Whole numbers low…high, both included. Without a name of its own it is described by its range."""

    low: Size
    high: Size
    name: str = "number"


@dataclass(frozen=True)
class Ticks(Int):
    """The ticks that a clock has counted; -1 while it does not run."""


@dataclass(frozen=True)
class Presence(Int):
    """The number 1: the only position of an array whose element is there where a condition holds (see ``checked``).
    ``name`` says what is wrong where it does not."""


@dataclass(frozen=True)
class Integer(Unwalked):
    """Whole numbers without bounds: what arithmetic yields. No variable has this sort."""

    name: str = "whole number"


@dataclass(frozen=True)
class Enum(Unwalked):
    """A named enumeration. ``Phase.LOCK`` is the constant term."""

    name: str
    members: tuple[str, ...]
    _where: Place | None = field(default=None, compare=False, repr=False)
    by_text: bool = field(default=False, compare=False, repr=False)
    """Members may be written as texts, too: the points of a process."""

    def __getattr__(self, member: str) -> Term:
        from planrace.model.language.terms import constant

        if member.startswith("_") or member not in self.members:
            raise AttributeError(f"{self.name} has no member {member}; its members are {', '.join(self.members)}")
        return constant(self.members.index(member), self)


@dataclass(frozen=True)
class Index(Unwalked):
    """A family of members 1…size, such as Enactors or endpoints.

    ``symmetric``: members are interchangeable; they may be compared only for equality. ``ordered``: they can be walked
    from the first to the last.
    """

    name: str
    size: Size
    symmetric: bool = False
    ordered: bool = False
    _where: Place | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.symmetric and self.ordered:
            raise DefinitionError(
                f"index {self.name} cannot be both symmetric and ordered",
                remedy="interchangeable members have no order: drop one of the two",
            )


@dataclass(frozen=True)
class Maybe(Unwalked):
    """A member of an index sort, or none of them (0)."""

    index: Index

    @property
    def name(self) -> str:
        return f"{self.index.name} or none"


Scalar: TypeAlias = "Bool | Int | Integer | Enum | Index | Maybe"


@dataclass(frozen=True)
class SetOf:
    """Subsets of a scalar sort."""

    element: Scalar

    @property
    def name(self) -> str:
        return f"set of {self.element.name}"


@dataclass(frozen=True)
class Array:
    """One ``element`` for each member of ``domain``; elements may be arrays again."""

    domain: Scalar
    element: Sort

    @property
    def name(self) -> str:
        return f"{self.element.name} for each {self.domain.name}"


Sort: TypeAlias = "Scalar | SetOf | Array"

BOOL = Bool()
INTEGER = Integer()


def boolean() -> Bool:
    """Truth values: ``True`` and ``False`` in terms and as initial values, ``~ & |`` and ``implies`` to join them."""
    return BOOL


def integers(low: SizeValue, high: SizeValue, name: str = "number") -> Int:
    """Whole numbers ``low``…``high``, both included; each bound is a number, a parameter of the protocol, or computed
    from these: ``integers(0, n + 1)``. ``name`` appears in reports and errors. Intermediate results may leave the
    range; an assigned value may not, and a search that meets such a step reports it. Raises ``DefinitionError`` for an
    empty range."""
    usable(name, "range")
    low, high = size_of_sort(low, "low"), size_of_sort(high, "high")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        raise DefinitionError(f"{name}: the range {low}…{high} is empty", remedy="write the smaller bound first")
    return Int(low, high, name)


def enumeration(name: str, members: str | tuple[str, ...] | list[str]) -> Enum:
    """A named enumeration; ``members`` as a list or as one string with blanks between: ``enumeration("phase", "IDLE
    WORK")``. The constants are attributes of the sort: ``Phase.IDLE``."""
    usable(name, "enumeration")
    if not isinstance(members, str | tuple | list) or any(not isinstance(m, str) for m in members):
        raise DefinitionError(
            f"enumeration {name}: its members are a list of words, not {members!r}", remedy="write ['IDLE', 'WORK']"
        )
    found = tuple(members.split() if isinstance(members, str) else members)
    if not found:
        raise DefinitionError(f"enumeration {name} has no members", remedy="name at least one")
    if len(set(found)) != len(found):
        raise DefinitionError(f"enumeration {name} names a member twice: {', '.join(found)}")
    bad = [m for m in found if not m.isidentifier() or m.startswith("_") or m in ("name", "members")]
    if bad:
        raise DefinitionError(
            f"enumeration {name}: {bad[0]!r} cannot name a member", remedy="use a plain word such as IDLE"
        )
    return Enum(name, found, author())


def index(name: str, size: SizeValue, *, symmetric: bool = False, ordered: bool = False) -> Index:
    """A family of members 1…``size``; ``size`` is a number, a parameter, or computed from these. ``symmetric``: members
    can only be told apart by comparing for equality, so a search may count orbits. ``ordered``: they are walked from
    the ``first`` to the ``last``."""
    usable(name, "index")
    size = size_of_sort(size, "size")
    if (size if isinstance(size, int) else size.high) < 1:
        raise DefinitionError(f"index {name} has no members", remedy="a size of at least 1")
    return Index(name, size, symmetric, ordered, author())


@overload
def optional(sort: RecordSort) -> OptionalRecord: ...
@overload
def optional(sort: Index) -> Maybe: ...
def optional(sort: Index | RecordSort) -> Maybe | OptionalRecord:
    """A member of the index sort ``sort``, or ``None``: ``lock[c] == None``; or a record or ``None``. Raises
    ``DefinitionError`` for another sort."""
    if isinstance(sort, CompositeSort):
        return sort.or_none()
    if not isinstance(sort, Index):
        raise DefinitionError(
            f"optional() needs an index sort, not {describe(sort)}",
            remedy="let a value of its own stand for none, such as 0 of integers(0, …) or a further word",
        )
    return Maybe(sort)


def subsets(of: Scalar) -> SetOf:
    """Sets of members of ``of``, a bounded scalar sort: ``set()`` is empty, ``s | {x}``, ``s & t``, ``s - t`` and
    ``x.isin(s)`` are terms. Raises ``DefinitionError`` for numbers that may be negative."""
    if not is_scalar(of) or isinstance(of, Integer):
        raise DefinitionError(f"subsets() needs a bounded scalar sort, not {describe(of)}", remedy=_without_sets(of))
    if isinstance(of, Int) and low_of(of) < 0:
        raise DefinitionError("subsets() of integers that may be negative", remedy="start the range at 0 or above")
    return SetOf(of)


@overload
def array(domain: Scalar, element: Sort) -> Array: ...
@overload
def array(domain: Scalar, element: CompositeSort[Any]) -> CompositeArray: ...
def array(domain: Scalar, element: AnySort) -> Array | CompositeArray:
    """An array with one ``element``, of any sort, for each member of ``domain``, a bounded scalar sort: ``plan[w]``
    is the element at ``w``; for an array of arrays write ``plan[w][e]``. Raises ``DefinitionError`` for unbounded
    sorts."""
    if not is_scalar(domain) or isinstance(domain, Integer):
        what = f"the domain of array() is a bounded scalar sort, not {describe(domain)}"
        raise DefinitionError(what, remedy=_without_sets(domain))
    if isinstance(element, CompositeSort):
        return element.over(domain)
    if isinstance(element, Integer) or not isinstance(element, Bool | Int | Enum | Index | Maybe | SetOf | Array):
        raise DefinitionError(f"the elements of array() need a bounded sort, not {describe(element)}")
    return Array(domain, element)


def _without_sets(sort: object) -> str | None:
    """The remedy for sets of records, and arrays over them."""
    if not isinstance(sort, CompositeSort):
        return None
    return "take an array with a dimension for each field: array(Worker, array(Slot, boolean()))"


def is_scalar(sort: object) -> bool:
    return isinstance(sort, Bool | Int | Integer | Enum | Index | Maybe)


def is_numeric(sort: Sort) -> bool:
    return isinstance(sort, Int | Integer)


def describe(sort: object) -> str:
    """The name of a sort in error messages."""
    return str(getattr(sort, "name", sort))


def one(sort: object) -> str:
    """One member, with its article: a worker, an old writer."""
    name = describe(sort)
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def not_numbers(sort: Sort) -> str | None:
    """The remedy for a number where a member of an index ``sort`` is expected, or the reverse."""
    of = sort.index if isinstance(sort, Maybe) else sort
    if not isinstance(of, Index):
        return None
    walk = "; first, last and following walk them" if of.ordered else ""
    name = f"name one by some({of.name}, …)" if in_process() else f"give the action a parameter over {of.name}"
    return f"members of {of.name} are not numbers: {name}, or bind one by forall{walk}"


def place_of(sort: Index | Enum) -> Place | None:
    """Where a sort was defined (a function, because the attributes of an enumeration are its members)."""
    return sort._where


def low_of(sort: Scalar) -> int:
    """The least value that any instance gives ``sort``."""
    low, _ = bounds_of(sort)
    return low if isinstance(low, int) else low.low


def high_of(sort: Scalar) -> int:
    """The greatest value that any instance gives ``sort``."""
    _, high = bounds_of(sort)
    return high if isinstance(high, int) else high.high


def bounds_of(sort: Scalar) -> tuple[Size, Size]:
    """Least and greatest value of a bounded scalar sort, as sizes."""
    match sort:
        case Bool():
            return 0, 1
        case Int(low=low, high=high):
            return low, high
        case Enum(members=members):
            return 0, len(members) - 1
        case Index(size=size):
            return 1, size
        case Maybe(index=of):
            return 0, of.size
        case _:
            raise DefinitionError(f"{describe(sort)} has no bounds")


def check_number(number: object, what: str) -> None:
    """Refuse a value that is not a whole number, or is too large. Raises ``DefinitionError``."""
    if isinstance(number, bool) or not isinstance(number, int):
        raise DefinitionError(f"{what} must be a whole number, not {number!r}")
    if abs(number) > GREATEST:
        raise DefinitionError(f"{what}: {in_few_words(number)} is too large", remedy=AT_MOST)


def size_of_sort(size: object, what: str) -> Size:
    """What an author wrote as a bound. Raises ``DefinitionError`` for anything else."""
    if isinstance(size, Parameter | ComputedSize):
        return size
    if getattr(size, "op", None) is not None:
        return _computed(size, what)  # type: ignore[arg-type]
    if isinstance(size, int) and not isinstance(size, bool):
        check_number(size, what)
        return size
    raise DefinitionError(
        f"{what} must be a whole number or a parameter, not {size!r}",
        remedy="write a number, what protocol.parameter(…) has returned, or n + 1 of it",
    )


def size_at(size: Size, values: Mapping[str, int]) -> int:
    """A bound where parameters have these values."""
    if isinstance(size, int):
        return size
    return size.value(lambda s: size_at(s, values)) if isinstance(size, ComputedSize) else values[size.name]


def parameters_of(size: Size) -> tuple[Parameter, ...]:
    """The parameters that decide a bound."""
    if isinstance(size, ComputedSize):
        return tuple(dict.fromkeys(p for a in size.args for p in parameters_of(a)))
    return () if isinstance(size, int) else (size,)


def _computed(term: Term, what: str) -> Size:
    """A term over numbers and parameters as a bound."""
    if term.op in (Op.CONST, Op.PARAMETER) and is_numeric(term.sort):
        return term.data  # type: ignore[no-any-return]
    if term.op not in COMBINED or term.depth > DEEPEST:
        raise DefinitionError(
            f"{what}: {term} is not known before a run begins",
            remedy="sizes are computed from numbers and parameters by + - * // % minimum maximum",
        )
    args = tuple(_computed(a, what) for a in term.args)
    ends = [(a, a) if isinstance(a, int) else (a.low, a.high) for a in args]
    if term.op in DIVISIONS and may_be_zero(ends[1]):
        raise DefinitionError(
            f"{what}: {term} divides by {term.args[1]}, which may be 0",
            remedy=f"raise low= of {', '.join(p.name for p in parameters_of(args[1]))}",
        )
    low, high = COMBINED[term.op](ends)
    if max(-low, high) > GREATEST:
        raise DefinitionError(f"{what}: {term} may be {in_few_words(max(-low, high))}", remedy=AT_MOST)
    return ComputedSize(term.op, args, low, high)
