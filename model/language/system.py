"""Systems (sizes open) and instances (sizes fixed): what engines read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from planrace.model.language.actions import Action, Says
from planrace.model.language.composite import CompositeSort
from planrace.model.language.errors import ModelError, Place
from planrace.model.language.fairness import FairChoice
from planrace.model.language.named_terms import NamedTerm
from planrace.model.language.operators import Op
from planrace.model.language.render import applied
from planrace.model.language.size_limits import in_few_words
from planrace.model.language.sorts import Array, Parameter, Scalar, SetOf, Size, Sort, bounds_of, parameters_of, size_at
from planrace.model.language.terms import Term, make

if TYPE_CHECKING:
    from planrace.model.language.insertions import Insertion
    from planrace.model.language.point_insertions import PointInsertion
    from planrace.model.language.refinement import Refinement
    from planrace.model.language.timekeeping import PlaceClock
    from planrace.model.language.timing import Clock


@dataclass(frozen=True)
class Whole:
    """A state variable with parts, as its author declared it. Each leaf of its sort is a variable of the system."""

    name: str
    sort: CompositeSort[Any]


@dataclass(frozen=True, eq=False)
class Variable:
    """A state variable. ``initially`` is the constant that it starts with: a value of its sort, or else the value that
    each innermost element of an array starts with. None: there are several. Then each element starts with what one of
    ``among`` has at its place, or if there are none, with any value of its sort. An ``auxiliary`` variable is not the
    author's: it counts steps of a fault, or ticks, or says that an inserted step is pending. Nothing but properties,
    lemmas and other histories reads a ``history``."""

    name: str
    sort: Sort
    initially: Term | None
    meaning: str = ""
    where: Place | None = None
    auxiliary: bool = False
    history: bool = False
    among: tuple[Term, ...] = ()
    whole: Whole | None = None
    """What it is a leaf of, if it is a part of a record, a sequence or a map."""

    @property
    def starts(self) -> tuple[Term, ...]:
        """The constants that it may start with; () stands for all values of its sort."""
        return self.among if self.initially is None else (self.initially,)

    def start_at(self, *positions: Term) -> Term:
        """The initial value of the array at positions, outermost first; there must be only one."""
        term = self.initially
        assert term is not None, f"{self.name} has several initial values"
        for at in positions:
            if isinstance(term.sort, Array):
                term = applied(term[at])
        return term

    @property
    def term(self) -> Term:
        return make(Op.VARIABLE, (), self.sort, self.name)


@dataclass(frozen=True, eq=False)
class Beginning:
    """A condition that holds in every initial state, and where it is declared."""

    holds: Term
    where: Place | None = None
    of: str = ""
    """The variable whose declaration says so; the condition exists with it."""


@dataclass(frozen=True, eq=False)
class Observation:
    """What the outside world sees (for each member of ``over``): the words of the first case that holds."""

    title: str
    over: Term | None
    cases: tuple[tuple[Term, Says], ...]
    place: Place | None = None


@dataclass(frozen=True, eq=False)
class Picture:
    """How reports draw the parts of a state that belong to a member of an index: sets of ``things``, ``pointers`` that
    each name one of them (0: none), and the ``holder`` of its lock."""

    things: Term
    pointers: tuple[Term, ...]
    holder: Term | None


@dataclass(frozen=True, eq=False)
class Messages:
    """The variables that make up a channel, for reports about messages in transit.

    With a ``length`` (the number of messages) the channel is ordered, and each of ``columns`` holds the slots of one
    field. Without a length there is a single column: an array over all parts of a message but the last, which holds
    sets of that part, or numbers of copies. ``order`` gives, for each part of a message, its position among these.
    ``over``: of how many indices there is a channel for each member or pair; their positions come first.
    """

    name: str
    columns: tuple[Term, ...]
    length: Term | None
    order: tuple[int, ...]
    over: int


@dataclass(frozen=True, eq=False)
class FaultBound:
    """At most so many steps of ``fault`` happen in a run; ``counter`` is the state variable that counts them."""

    fault: str
    at_most: Size
    counter: Variable


@dataclass(frozen=True, eq=False)
class System:
    """Variables, actions and parameters of a protocol with protections and faults chosen."""

    name: str
    parameters: tuple[Parameter, ...]
    variables: tuple[Variable, ...]
    actions: Mapping[str, Action]
    protections: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    bounds: tuple[FaultBound, ...] = ()
    """Of those faults that may happen only so often."""
    insertions: tuple[Insertion, ...] = ()
    """Steps that changes have inserted before or after others."""
    point_insertions: tuple[PointInsertion, ...] = ()
    """Steps that changes have inserted into processes."""
    clocks: tuple[Clock, ...] = ()
    """Of timed actions."""
    place_clocks: tuple[PlaceClock, ...] = ()
    """Of processes that wait for time."""
    observations: tuple[Observation, ...] = ()
    pictures: tuple[Picture, ...] = ()
    channels: tuple[Messages, ...] = ()
    named_terms: tuple[NamedTerm, ...] = ()
    properties: tuple[Any, ...] = ()
    scenarios: tuple[Any, ...] = ()
    proofs: tuple[Any, ...] = ()
    final: tuple[Term, ...] = ()
    """States where a run may end without a deadlock."""
    ended: Place | None = None
    """Where these are declared."""
    beginnings: tuple[Beginning, ...] = ()
    """Conditions on initial states, beside the initial values of the variables."""
    fairness: tuple[FairChoice, ...] = ()
    """Of choices between actions, beside that of each instance of an action."""
    options: tuple[tuple[str, str], ...] = ()
    """Options and their chosen values, if these are not the defaults."""
    where: Place | None = None
    """Where the protocol is declared."""
    refinements: tuple[Refinement, ...] = ()
    """What the protocol refines; ``properties`` has those that are asked for."""
    stated: tuple[tuple[Any, ...], tuple[Any, ...]] | None = None
    """Properties and proofs as they are written, if they ask whether actions are enabled."""

    @property
    def starts_alike(self) -> bool:
        """Whether each variable has one initial value, so that there is at most one initial state."""
        return all(v.initially is not None for v in self.variables)

    def at_most(self, sizes: Mapping[str, int]) -> dict[str, int | str]:
        """How often each bounded fault may happen in a run: a number, or the bound as it is written if it depends on a
        parameter that is not among ``sizes``."""
        return {
            b.fault: size_at(b.at_most, sizes) if sizes.keys() >= _named(b.at_most) else str(b.at_most)
            for b in self.bounds
        }

    @property
    def auxiliary(self) -> frozenset[str]:
        """The names of the variables that are not the author's, or histories: what runs do not depend on, or do not
        show."""
        return frozenset(v.name for v in self.variables if v.auxiliary or v.history)

    @cached_property
    def bound(self) -> tuple[Term, ...]:
        """A bound variable of each sort that terms quantify over."""
        from planrace.model.language.instance_size import bound_in

        return bound_in(self)

    def sort_of(self, variable: str) -> Sort:
        """The sort of the state variable of that name."""
        return next(v.sort for v in self.variables if v.name == variable)

    def instance(self, /, **values: int) -> Instance:
        """The instance with these parameter values; the other parameters have their defaults. Raises ``ModelError`` for
        invalid values, and if the sort of a variable does not hold its initial value at these sizes."""
        return self.sized(**values).checked()

    def sized(self, /, **values: int) -> Instance:
        """Like ``instance``, without the check of initial values: a proof may rule out such sizes by its
        assumptions."""
        return Instance(self, self._values(values))

    def _values(self, given: Mapping[str, int]) -> tuple[int, ...]:
        from planrace.model.language.errors import known

        table = {p.name: p for p in self.parameters}
        for name in given:
            known(name, table, f"parameter of {self.name}")
        chosen = []
        for p in self.parameters:
            value = given.get(p.name, p.default)
            if isinstance(value, bool) or not isinstance(value, int):
                raise ModelError(f"{p.name} wants a whole number, not {value!r}", remedy="`check list` has the ranges")
            if not p.low <= value <= p.high:
                wider = "; to widen it, raise high=… in its declaration" if value > p.high else ""
                raise ModelError(
                    f"{p.name}={in_few_words(value)} is out of range", remedy=f"{p.name} is {p.low}…{p.high}{wider}"
                )
            chosen.append(value)
        return tuple(chosen)


@dataclass(frozen=True)
class Instance:
    """A system whose sizes are fixed; ``values`` are in the order of the system's parameters."""

    system: System
    values: tuple[int, ...]

    def checked(self) -> Instance:
        """This instance, after a check. Raises ``ModelError`` if the sort of a variable does not hold its initial value
        at these sizes."""
        from planrace.model.language.initial_values import check_started
        from planrace.model.language.instance_size import check_unrolled

        check_unrolled(self)
        check_started(self)
        return self

    @property
    def parameters(self) -> dict[str, int]:
        return {p.name: v for p, v in zip(self.system.parameters, self.values, strict=True)}

    @property
    def at_most(self) -> dict[str, int | str]:
        """How often each bounded fault may happen in a run."""
        return {b.fault: self.size(b.at_most) for b in self.system.bounds}

    def size(self, size: Size) -> int:
        """A bound of a sort as a number."""
        if isinstance(size, int):
            return size
        found = self._sizes.get(size)
        if found is None:
            found = self._sizes[size] = size_at(size, self.parameters)
        return found

    @cached_property
    def _sizes(self) -> dict[Size, int]:
        return {}

    def bounds(self, sort: Scalar | SetOf) -> tuple[int, int]:
        """Least and greatest value of a bounded scalar sort; of a set, the numbers of its subsets."""
        found = self._bounds.get(id(sort))
        if found is None:
            found = self._bounds[id(sort)] = sort, self._computed_bounds(sort)
        return found[1]

    def _computed_bounds(self, sort: Scalar | SetOf) -> tuple[int, int]:
        if isinstance(sort, SetOf):
            low, high = self.bounds(sort.element)
            return 0, 2 ** max(0, high - low + 1) - 1
        least, most = bounds_of(sort)
        return self.size(least), self.size(most)

    @cached_property
    def _bounds(self) -> dict[int, tuple[Scalar | SetOf, tuple[int, int]]]:
        """By identity, which is found sooner than by value; the sort is kept, so that no other gets its identity."""
        return {}

    def members(self, sort: Scalar | SetOf) -> range:
        """Every value of a bounded scalar sort, ascending; of a set, the numbers of its subsets."""
        low, high = self.bounds(sort)
        return range(low, high + 1)

    def choices(self, action: Action) -> Iterator[tuple[int, ...]]:
        """Every choice of the parameters of ``action``, in order."""
        return product(*(self.members(_parameter_sort(p.sort)) for p in action.parameters))


def _named(size: Size) -> set[str]:
    """The names of the parameters that decide a bound."""
    return {p.name for p in parameters_of(size)}


def _parameter_sort(sort: Sort) -> Scalar | SetOf:
    assert not isinstance(sort, Array), sort
    return sort
