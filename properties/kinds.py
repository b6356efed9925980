"""The kinds of properties, and the functions that make them.

A property is a term with a name and one sentence of meaning. State terms refer to one state; step terms may also use
``primed`` (the value after the step) and ``taken`` (which action the step is).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, TypeAlias, TypeVar

from planrace.model.language import DefinitionError, Op, Place, Term
from planrace.model.language.actions import check_state_only
from planrace.model.language.errors import author, listed
from planrace.model.language.ledger import handed_on, made
from planrace.model.language.names import usable
from planrace.model.language.refinement import made_by
from planrace.model.language.sorts import BOOL
from planrace.model.language.terms import TRUE, Value, make, substitute, subterms, truth

_FOR_AUTHORS = True  # errors name the line that calls this module


@dataclass(frozen=True, eq=False)
class Invariant:
    """``holds`` in every reachable state."""

    name: str
    holds: Term
    meaning: str
    kind: ClassVar[str] = "invariant"
    where: Place | None = field(default_factory=author)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms that it reads."""
        return (self.holds,)


@dataclass(frozen=True, eq=False)
class StepInvariant:
    """``holds`` of every step from a reachable state."""

    name: str
    holds: Term
    meaning: str
    kind: ClassVar[str] = "step invariant"
    where: Place | None = field(default_factory=author)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms that it reads."""
        return (self.holds,)


@dataclass(frozen=True, eq=False)
class Reachability:
    """Some reachable state satisfies ``event``, or some step from one if ``event`` is a step term; violated if a
    complete search never finds one."""

    name: str
    event: Term
    meaning: str
    kind: ClassVar[str] = "reachability"
    where: Place | None = field(default_factory=author)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms that it reads."""
        return (self.event,)

    @property
    def of_step(self) -> bool:
        """Whether the event is a step term. Otherwise it is looked for in every state, the initial one and dead ends
        included."""
        return any(t.op in (Op.PRIMED, Op.TAKEN) for t in subterms(self.event))


@dataclass(frozen=True, eq=False)
class Recoverability:
    """AG EF: from every reachable state where ``wherever`` holds, steps of actions with a tag in ``helpers`` can reach
    a state where ``goal`` holds. Actions with a tag in ``manual`` are performed by people and help too; if recovery
    needs them, a runbook says what to do."""

    name: str
    goal: Term
    meaning: str
    wherever: Term
    helpers: frozenset[str]
    manual: frozenset[str] = frozenset()
    kind: ClassVar[str] = "recoverability"
    where: Place | None = field(default_factory=author)

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms that it reads."""
        return (self.goal, self.wherever)

    @property
    def tags(self) -> frozenset[str]:
        """The tags that it names."""
        return self.helpers | self.manual


@dataclass(frozen=True, eq=False)
class Liveness:
    """What every fair run does (names after Manna & Pnueli): ``form`` is "eventually" (◇ ``goal``), "eventually always"
    (◇□ ``goal``), "infinitely often" (□◇ ``goal``) or "leads to" (□(``trigger`` → ◇ ``goal``)). It is checked on the
    model without actions that have a tag in ``without``, and without faults that have no bound, unless
    ``despite_faults`` is set."""

    name: str
    goal: Term
    meaning: str
    form: str = "eventually always"
    trigger: Term = TRUE
    without: frozenset[str] = frozenset()
    despite_faults: bool = False
    kind: ClassVar[str] = "liveness"
    where: Place | None = field(default_factory=author)
    over: tuple[Term, ...] = ()
    """Of a property of each member: the bound variables that stand for it in ``goal`` and ``trigger``, outermost
    first."""

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms that it reads; of a property of each member those of all."""
        return (_of_all(self.goal, self.over), _of_all(self.trigger, self.over))

    def for_each(self, member: Term) -> Liveness:
        """The property of each member that the bound variable ``member`` in its terms stands for. Raises
        ``DefinitionError`` if the terms do not depend on it."""
        if not any(t is member for t in subterms(self.goal, self.trigger)):
            raise DefinitionError(
                f"property {self.name} says the same of each {member.sort.name}", remedy="leave out forall(…)"
            )
        handed_on(self)
        return _made(replace(self, over=(member, *self.over), where=author()))

    @property
    def tags(self) -> frozenset[str]:
        """The tags that it names."""
        return self.without


Checkable: TypeAlias = Invariant | StepInvariant | Reachability
"""Kinds that are decided state by state or step by step; can be used with isinstance."""

Temporal: TypeAlias = Recoverability | Liveness
"""Temporal kinds, about how runs continue: they need the complete state graph."""

P = TypeVar("P", Invariant, StepInvariant, Reachability, Recoverability, Liveness)
Property: TypeAlias = "Invariant | StepInvariant | Reachability | Recoverability | Liveness"


def invariant(name: str, holds: Value, meaning: str = "") -> Invariant:
    """``holds``, a truth value of one state, is true in every reachable state. ``meaning`` is its sentence in reports,
    as for all kinds. Raises ``DefinitionError`` for a term of another sort or a step term."""
    return _made(Invariant(_named(name), _state_term(holds, name), _sentence(meaning, name)))


def step_invariant(name: str, holds: Value, meaning: str = "") -> StepInvariant:
    """Every step from a reachable state satisfies ``holds``, a truth value that may use ``primed`` and ``taken``."""
    return _made(StepInvariant(_named(name), _step_term(holds, name), _sentence(meaning, name)))


def reachable(name: str, event: Value, meaning: str = "") -> Reachability:
    """Some reachable state, the initial one included, satisfies ``event``; if that uses ``primed`` or ``taken``, some
    step from a reachable state does. It catches protocols that are safe only because they do nothing."""
    return _made(Reachability(_named(name), _step_term(event, name), _sentence(meaning, name)))


def recoverable(
    name: str,
    goal: Value,
    meaning: str,
    *,
    wherever: Value = TRUE,
    helpers: Iterable[str],
    manual: Iterable[str] = (),
) -> Recoverability:
    """From every reachable state where ``wherever`` holds, steps of actions with a tag in ``helpers`` can lead to
    ``goal`` (AG EF). Actions of people, with a tag in ``manual``, can help; if recovery needs them, a runbook says
    how."""
    return _made(
        Recoverability(
            _named(name),
            _state_term(goal, name),
            _sentence(meaning, name),
            _state_term(wherever, name),
            frozenset(listed(helpers, f"helpers of {name}", author())),
            frozenset(listed(manual, f"manual of {name}", author())),
        )
    )


def eventually(
    name: str, goal: Value, meaning: str, *, without: Iterable[str] = (), despite_faults: bool = False
) -> Liveness:
    """Every fair run has a state with ``goal`` (◇), which may be its initial one and need not last. Checked without
    actions that have a tag in ``without``, and without faults that have no bound; with ``despite_faults``, all faults
    that are switched on may happen. The same holds for ``eventually_always``, ``infinitely_often`` and ``leads_to``."""
    return _liveness(name, goal, meaning, "eventually", without, despite_faults)


def eventually_always(
    name: str, goal: Value, meaning: str, *, without: Iterable[str] = (), despite_faults: bool = False
) -> Liveness:
    """Every fair run reaches states with ``goal`` and stays in them (◇□); with ``despite_faults``, even if the faults
    that are switched on happen."""
    return _liveness(name, goal, meaning, "eventually always", without, despite_faults)


def infinitely_often(
    name: str, goal: Value, meaning: str, *, without: Iterable[str] = (), despite_faults: bool = False
) -> Liveness:
    """Every fair run reaches states with ``goal`` again and again (□◇); with ``despite_faults``, even if the faults
    that are switched on happen."""
    return _liveness(name, goal, meaning, "infinitely often", without, despite_faults)


def leads_to(
    name: str,
    trigger: Value,
    goal: Value,
    meaning: str,
    *,
    without: Iterable[str] = (),
    despite_faults: bool = False,
) -> Liveness:
    """On every fair run a state with ``trigger`` is followed by one with ``goal``, at once or later; with
    ``despite_faults``, even if the faults that are switched on happen."""
    return _liveness(name, goal, meaning, "leads to", without, despite_faults, trigger)


def _of_all(term: Term, over: Sequence[Term]) -> Term:
    """``term`` for every member that the bound variables ``over`` stand for."""
    for member in reversed(over):
        if any(t is member for t in subterms(term)):
            variable = make(Op.BOUND, (), member.sort, (member.data[0], term.height + 1))
            term = make(Op.FORALL, (variable, substitute(term, {member: variable})), BOOL)
    return term


def _liveness(
    name: str,
    goal: Value,
    meaning: str,
    form: str,
    without: Iterable[str],
    despite_faults: bool,
    trigger: Value = TRUE,
) -> Liveness:
    owed = _state_term(trigger, name)
    left_out = frozenset(listed(without, f"without of {name}", author()))
    kept = _state_term(goal, name)
    return _made(Liveness(_named(name), kept, _sentence(meaning, name), form, owed, left_out, despite_faults))


def _made(found: P) -> P:
    """Record a property in the ledger: it must be declared somewhere."""
    made(found, f"property {found.name}", "protocol.declare(…)", found.terms)
    return found


def _state_term(value: Value, name: str) -> Term:
    term = _step_term(value, name)
    check_state_only(term, f"property {name}", author())
    return term


def _step_term(value: Value, name: str) -> Term:
    term = truth(value, f"property {name}")
    _check_closed(term, name)
    return term


def _check_closed(term: Term, name: str) -> None:
    for t in subterms(term):
        if t.op is Op.BOUND and t.data[1] == 0:
            raise DefinitionError(f"property {name}: {t} is a parameter of an action", remedy="quantify over it")


def _named(name: str) -> str:
    return usable(name, "property")


def _sentence(meaning: str, name: str) -> str:
    if not isinstance(meaning, str) or not meaning.strip():
        raise DefinitionError(
            f"property {name} has no meaning",
            remedy='say in one sentence what it promises, as the last argument: "no two workers at once"',
        )
    return meaning


def _of_refinement(name: str, holds: Term, meaning: str, where: Place | None, of_step: bool) -> Property:
    return (StepInvariant if of_step else Invariant)(name, holds, meaning, where=where)


made_by(_of_refinement)
