"""Actions: a guard, ordered outcomes, simultaneous updates, and the words that describe them.

An action is written as a function from its parameters to a ``step`` of parts::

    @dns.action(Enactor, by=Enactor)
    def take_lock(i: Term) -> Step:
        c = cursor[i]
        return step(
            when(phase[i] == Phase.LOCK, lock[c] == None),
            update(lock[c], i),
            ...
        )
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from planrace.model.language.composite import Composite, CompositeSort
from planrace.model.language.constructors import both, either
from planrace.model.language.errors import DefinitionError, Place, author, instances
from planrace.model.language.initial_values import check_held
from planrace.model.language.ledger import handed_on
from planrace.model.language.ledger import made as enter
from planrace.model.language.names import usable
from planrace.model.language.operators import Op
from planrace.model.language.sorts import Array, SetOf, describe
from planrace.model.language.templates import checked_template
from planrace.model.language.terms import TRUE, Term, Value, expect, is_checked, subterms

if TYPE_CHECKING:
    from planrace.model.language.timing import Timing


@dataclass(frozen=True, eq=False)
class When:
    """A condition: of the action, or of the outcome it stands in."""

    condition: Term
    where: Place | None

    def __repr__(self) -> str:
        return f"when({self.condition!r})"


@dataclass(frozen=True, eq=False)
class Update:
    """``target`` (a variable or an array element) gets ``value``; both are evaluated in the state before the step.
    ``remedy`` is the advice to show if the sort of the target does not hold that value, and ``amiss`` what is wrong
    then; patterns and clocks set them."""

    target: Term
    value: Term
    where: Place | None = None
    remedy: str | None = None
    amiss: str | None = None

    def __repr__(self) -> str:
        return f"update({self.target!r}, {self.value!r})"

    def __iter__(self) -> Iterator[Update]:
        """Yields itself, so that a caller may star the result of a pattern whether it is one update or several."""
        yield self

    @property
    def variable(self) -> Term:
        """The state variable that is written."""
        term = self.target
        while term.op is Op.SELECT:
            term = term.args[0]
        return term


@dataclass(frozen=True, eq=False)
class Says:
    """Words for reports; ``{name}`` in the template stands for the value of a term before the step."""

    template: str
    terms: tuple[tuple[str, Term], ...]
    composites: tuple[tuple[str, CompositeSort[Any]], ...] = ()
    """The names that stand for values with parts, whose leaves are among the terms: ``b.of`` of ``b``."""

    def __repr__(self) -> str:
        return f"says({self.template!r})"


@dataclass(frozen=True, eq=False)
class Outcome:
    """One possible result of an action; ``name`` is None if it is the only one."""

    name: str | None
    condition: Term
    updates: tuple[Update, ...]
    says: Says | None = None
    where: Place | None = None

    def __repr__(self) -> str:
        return "outcome(…)" if self.name is None else f"outcome({self.name!r}, …)"


@dataclass(frozen=True, eq=False)
class AnyOutcome:
    """The outcomes of a step that is enabled only where one of them applies."""

    outcomes: tuple[Outcome, ...]
    where: Place | None

    def __repr__(self) -> str:
        return "any_outcome(…)"


@dataclass(frozen=True, eq=False)
class Step:
    """The body of an action, as ``step`` gathers it."""

    when: Term
    outcomes: tuple[Outcome, ...]
    says: Says | None

    def __repr__(self) -> str:
        return "step(…)"


Part: TypeAlias = "When | Update | Says | Outcome | AnyOutcome"
Piece: TypeAlias = "Part | Sequence[Part]"
"""What a step is made of: one part, or several in a sequence."""


@dataclass(frozen=True)
class Origin:
    """The point of a process that an action leads on from, with the lines (from 1) of its step."""

    process: str
    point: str
    first: int
    last: int
    members: int  # the first parameters of the action, which are those of the process


@dataclass(frozen=True, eq=False)
class Action:
    """A named step of a protocol.

    ``parameters`` are bound terms over index or bounded sorts. The action is enabled for those parameters where
    ``guard`` holds; the first outcome whose condition holds then happens. ``when`` is what the author requires; the
    guard also requires that some outcome applies, which is always so where the last one has no condition.
    ``role`` says who performs it (planner, enactor, cleaner, environment, …), ``actor`` which parameter that is.
    ``fairness`` applies to each instance of the action: none, weak or strong. ``awaits`` names a fault; while that
    fault is off, no warning is given if the action never happens.
    """

    name: str
    parameters: tuple[Term, ...]
    when: Term
    outcomes: tuple[Outcome, ...]
    role: str
    actor: Term | None = None
    fault: str | None = None
    fairness: str = "weak"
    tags: frozenset[str] = frozenset()
    says: Says | None = None
    where: Place | None = None
    awaits: str | None = None
    forgets: Term | None = None
    """Of the pattern ``crash``: there is something to forget. It is the guard that the pattern has made."""
    written: Action | None = None
    """The action as authors wrote it, if a system adds to it."""
    origin: Origin | None = None
    timing: Timing | None = None
    passes: Term | None = None
    """Of an action that is a tick: some timer runs. It is the guard that the pattern ``clock`` has made."""
    given: tuple[Any, ...] = ()  # what the author's function got: the parameters, in records

    @cached_property
    def guard(self) -> Term:
        """The condition under which the action is enabled: ``when``, and some outcome applies."""
        if self.outcomes[-1].condition is TRUE:
            return self.when
        return both(self.when, either(*(o.condition for o in self.outcomes)))

    @property
    def outcome_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(o.name for o in self.outcomes if o.name is not None))


def when(*conditions: Value) -> When:
    """All of ``conditions`` must hold in the state before the step. In a step they form its guard; in an outcome they
    decide whether it applies. Several ``when`` in one step are joined."""
    made = When(both(*conditions), author())
    enter(made, "when(…)", "step(…) or outcome(…)")
    return made


@overload
def update(target: Composite, value: object) -> tuple[Update, ...]: ...
@overload
def update(target: Term, value: Value | str) -> Update: ...
def update(target: Any, value: Any) -> Any:
    """Assign ``value`` to ``target``, which is a state variable, or an element (``work[w]``) or field (``batch.of``) of
    one. All updates of a step happen at once: every value is read before any is written. Raises ``DefinitionError`` if
    ``target`` cannot be assigned to or the sorts differ; a search reports a number that leaves its range."""
    here = author()
    if isinstance(target, Composite):
        leaves = target._sort.assigned(target, value, f"assignment to {target}")
        return tuple(_update(leaf, given, here) for leaf, given in leaves)
    return _update(target, value, here)


def _update(target: Term, value: Value, here: Place | None) -> Update:
    instances((target,), Term, "update", "update(variable, value)")
    term = target
    while term.op is Op.SELECT:
        term = term.args[0]
    if term.op is not Op.VARIABLE:
        part = "; assign the whole: update(s, s.put(k, x)), update(b, b.replace(at=x))" if is_checked(target) else ""
        raise DefinitionError(f"{target} cannot be assigned to", remedy=f"only variables and places in them can{part}")
    given = expect(value, target.sort, role := f"assignment to {target}")
    if isinstance(target.sort, SetOf):
        check_held(target.sort, given, role)
    made = Update(target, given, here)
    enter(made, f"update({target}, …)", "step(…) or outcome(…)")
    return made


def advised(given: Update, remedy: str) -> Update:
    """The update with advice for the case that the sort of its target does not hold the value."""
    made = replace(given, remedy=remedy)
    handed_on(given)
    enter(made, f"what changes {given.variable}", "step(…) or outcome(…)")
    return made


def says(template: str, /, **terms: Value | Composite) -> Says:
    """Words for the report of this step; ``{name}`` in ``template`` is the value of the term ``name`` before the step:
    ``says("takes plan {p}", p=plan[w])``."""
    made = Says(template, *checked_template(template, terms))
    enter(made, f"says({template!r})", "step(…) or outcome(…)")
    return made


def outcome(name: str | None = None, *pieces: Piece) -> Outcome:
    """One outcome of an action: its condition (``when``), updates and words. Outcomes are tried in order, and the
    first that applies happens; the last has no condition (``otherwise``). ``name`` identifies it in reports and in
    ``taken``."""
    return _ending("outcome", name, pieces)


def any_outcome(*outcomes: Outcome | Sequence[Outcome]) -> AnyOutcome:
    """All outcomes of a step that is enabled only where one of them applies; otherwise it waits. So no condition is
    written twice, and there is no ``otherwise``: ``step(any_outcome(outcome("grant", when(free), …), outcome("refuse",
    when(full), …)))``. As always, the first that applies happens. Raises ``DefinitionError`` if an outcome has no
    condition, because then the step would never wait."""
    here, parts = author(), flat(outcomes)
    strange = next((p for p in parts if not isinstance(p, Outcome)), None)
    if strange is not None or not parts:
        what = "nothing is given" if strange is None else f"{describe(strange)!r} is not an outcome"
        raise DefinitionError(
            f"any_outcome: {what}",
            remedy="write any_outcome(outcome(name, when(…), …), …); other parts stand beside it",
        )
    endings = tuple(p for p in parts if isinstance(p, Outcome))
    always = next((o for o in endings if o.condition is TRUE), None)
    if always is not None:
        named = "an outcome" if always.name is None else f"the outcome {always.name}"
        raise DefinitionError(
            f"any_outcome: {named} has no condition, so one always applies and the action never waits",
            where=always.where,
            remedy="give it one: outcome(name, when(…), …); or leave out any_outcome(…)",
        )
    made = AnyOutcome(endings, here)
    handed_on(*endings)
    enter(made, "any_outcome(…)", "step(…)")
    return made


def _ending(kind: str, name: str | None, pieces: tuple[Piece, ...]) -> Outcome:
    form = "otherwise(name, …)" if kind == "otherwise" else "outcome(name, when(…), …)"
    if name is not None and (not isinstance(name, str) or not name.strip()):
        piece = isinstance(name, When | Update | Says | Outcome)
        shown = f"{type(name).__name__.lower()}(…)" if piece else repr(name)
        raise DefinitionError(
            f"{kind}: {shown} is given in place of the name",
            remedy=f"write {form}, the name first",
        )
    here, parts = author(), flat(pieces)
    if name is not None:
        usable(name, "outcome")
    conditions = [p.condition for p in parts if isinstance(p, When)]
    if any(isinstance(p, Outcome | AnyOutcome) for p in parts):
        raise DefinitionError(f"outcome {name}: an outcome cannot hold another one")
    made = Outcome(name, both(*conditions), updates_of(parts), _words(parts), here)
    handed_on(*parts)
    enter(made, f"{kind}(…)" if name is None else f"{kind} {name}", "step(…)")
    return made


def otherwise(name: str | None = None, *pieces: Piece) -> Outcome:
    """The last outcome of a step: it happens if no other applies. Raises ``DefinitionError`` if a condition is
    given."""
    result = _ending("otherwise", name, pieces)
    if result.condition is not TRUE:
        raise DefinitionError(f"otherwise({name!r}) takes no condition", remedy="use outcome(…)")
    return result


def step(*pieces: Piece) -> Step:
    """What an action returns: its parts, which are ``when``, ``update``, ``outcome``, ``otherwise``, ``any_outcome``
    and ``says``. Updates outside outcomes belong to every outcome. Raises ``DefinitionError`` if a target is assigned
    twice, or if the last outcome has a condition and they do not stand in ``any_outcome``."""
    parts = flat(pieces)
    common, words = updates_of(parts), _words(parts)
    guard = both(*(p.condition for p in parts if isinstance(p, When)))
    handed_on(*parts)
    made = _step(guard, common, words, parts)
    enter(made, "step(…)", "the action: return step(…)")
    return made


def _step(when: Term, common: tuple[Update, ...], words: Says | None, parts: tuple[Part, ...]) -> Step:
    endings = _endings(parts)
    if not endings:
        where = next((p.where for p in parts if isinstance(p, When)), None) or author()
        return Step(when, (Outcome(None, TRUE, common, None, where),), words)
    check_reached(endings)
    check_names(endings)
    return Step(when, tuple(merged(o, common) for o in endings), words)


def _endings(parts: tuple[Part, ...]) -> Sequence[Outcome]:
    """The outcomes among the parts of a step: those of ``any_outcome``, or a sequence that ends with one that always
    applies."""
    plain = [p for p in parts if isinstance(p, Outcome)]
    chosen = [p for p in parts if isinstance(p, AnyOutcome)]
    if len(chosen) > 1:
        raise DefinitionError(
            "any_outcome(…) appears twice in one step", where=chosen[1].where, remedy="put all outcomes into one"
        )
    if chosen and plain:
        named = "an outcome" if plain[0].name is None else f"the outcome {plain[0].name}"
        raise DefinitionError(
            f"{named} stands beside any_outcome(…)", where=plain[0].where, remedy="put all outcomes into it"
        )
    if plain and plain[-1].condition is not TRUE:
        raise DefinitionError(
            f"the last outcome, {plain[-1].name}, has a condition",
            remedy="end with otherwise(…), so that one applies; or, if the action waits where none does, write "
            "any_outcome(…) around all of them",
        )
    return chosen[0].outcomes if chosen else plain


def check_reached(endings: Sequence[Outcome]) -> None:
    """Outcomes are tried in order, so none before the last may apply always."""
    for early, after in pairwise(endings):
        if early.condition is TRUE:
            named = "an outcome" if early.name is None else f"the outcome {early.name}"
            later = "the next one" if after.name is None else after.name
            raise DefinitionError(
                f"{named} has no condition, so {later} never happens",
                where=early.where,
                remedy="give it one: outcome(name, when(…), …); or put it last",
            )


def check_names(endings: Iterable[Outcome]) -> None:
    """Outcomes of one action have distinct names; several may have no name."""
    seen: dict[str, Outcome] = {}
    for o in endings:
        if o.name is not None and seen.setdefault(o.name, o) is not o:
            raise DefinitionError(
                f"two outcomes of one step are called {o.name}, the first at {seen[o.name].where}",
                where=o.where,
                remedy="rename one of the two; reports and taken(…) tell them apart by their names",
            )


def merged(ending: Outcome, common: tuple[Update, ...]) -> Outcome:
    """``ending`` with the updates that all outcomes share."""
    return Outcome(ending.name, ending.condition, check_once(common + ending.updates), ending.says, ending.where)


def check_once(updates: tuple[Update, ...]) -> tuple[Update, ...]:
    """Every target is assigned at most once; a whole array and one of its elements are one target."""
    seen: dict[Term, Update] = {}
    for u in updates:
        clash = seen.get(u.target)
        if clash is None:
            whole = [t for t in seen if _contains(t, u.target) or _contains(u.target, t)]
            clash = seen[whole[0]] if whole else None
        if clash is not None:
            first = f", first at {clash.where}" if clash.where else ""
            raise DefinitionError(
                f"{u.target} is assigned twice in one step{first}",
                where=u.where,
                remedy="keep one of the two",
            )
        seen[u.target] = u
    return updates


def check_state_only(term: Term, what: str, where: Place | None) -> None:
    """Refuse a ``term`` that refers to a step instead of a single state."""
    for t in subterms(term):
        if t.op in (Op.PRIMED, Op.TAKEN):
            raise DefinitionError(
                f"{what}: {t} refers to a step",
                where=where,
                remedy="primed and taken are for properties and events of steps",
            )


def _contains(outer: Term, inner: Term) -> bool:
    """Whether ``inner`` is an element of the array ``outer``."""
    if not isinstance(outer.sort, Array):
        return False
    while inner.op is Op.SELECT:
        inner = inner.args[0]
        if inner is outer:
            return True
    return False


def flat(pieces: Iterable[Piece]) -> tuple[Part, ...]:
    """The parts as one flat tuple."""
    found: list[Part] = []
    for piece in pieces:
        found += flat(piece) if isinstance(piece, tuple | list) else (piece,)  # type: ignore[arg-type]
    return tuple(found)


def updates_of(parts: tuple[Part, ...]) -> tuple[Update, ...]:
    """The updates among parts; every target is assigned at most once."""
    for p in parts:
        if not isinstance(p, When | Update | Says | Outcome | AnyOutcome):
            raise DefinitionError(
                f"{describe(p)!r} is not a part of a step",
                remedy="parts are when, update, outcome, otherwise, any_outcome and says",
            )
    return check_once(tuple(p for p in parts if isinstance(p, Update)))


def _words(parts: tuple[Part, ...]) -> Says | None:
    found = [p for p in parts if isinstance(p, Says)]
    if len(found) > 1:
        raise DefinitionError("says(…) appears twice in one step or outcome", remedy="keep one")
    return found[0] if found else None
