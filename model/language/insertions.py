"""Steps that a change inserts before or after an action, without another program counter.

A variable of the system says for which parameters the later of the two steps is pending. The earlier step sets it, the
later one wants and clears it, and meanwhile no other action of the same performer is enabled. Faults are: they do not
wait. A crash that resets the performer forgets what is pending.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from planrace.model.language.actions import Action, Outcome, Step, Update
from planrace.model.language.constructors import both, each, either, exists
from planrace.model.language.errors import DefinitionError, Place, author
from planrace.model.language.names import usable
from planrace.model.language.operators import Op
from planrace.model.language.sorts import BOOL, Array, Scalar, Sort
from planrace.model.language.subset_numbers import refuse_sets
from planrace.model.language.system import Variable
from planrace.model.language.terms import FALSE, TRUE, Term


@dataclass(frozen=True, eq=False)
class Insertion:
    """``later`` follows ``earlier`` (after its outcome ``outcome``, or after each); one of the two is ``inserted``.
    ``pending`` is the variable that says so, over ``parameters``, the performer first. ``forgotten_by`` are the actions
    that forget it; None: crashes of the pattern."""

    earlier: str
    later: str
    inserted: str
    outcome: str | None
    pending: Variable
    parameters: tuple[Term, ...]
    performer: Scalar | str
    forgotten_by: frozenset[str] | None
    where: Place | None

    @property
    def before(self) -> bool:
        """Whether the step is inserted before the other."""
        return self.inserted == self.earlier

    @property
    def here(self) -> Term:
        """Whether the later step is pending for the parameters of both."""
        term = self.pending.term
        for p in self.parameters:
            term = term[p]
        return term

    def busy(self, action: Action) -> Term:
        """Whether it is pending for the performer of ``action``, whatever the other parameters are."""
        return _some(self._row(action))

    def cleared(self, action: Action) -> Update:
        """Nothing is pending for the performer of ``action``, or for anybody if it resets everybody."""
        row = self._row(action)
        return Update(row, _nothing(row.sort), self.where)

    def _row(self, action: Action) -> Term:
        term = self.pending.term
        return term if isinstance(self.performer, str) or action.actor is None else term[action.actor]

    def waits(self, action: Action) -> bool:
        """Whether ``action`` has the same performer, and so has to wait."""
        return action.fault is None and performer(action) == self.performer

    def forgets(self, action: Action) -> bool:
        """Whether ``action`` forgets what is pending."""
        if action.name == self.earlier:
            return False
        if self.forgotten_by is not None:
            return action.name in self.forgotten_by
        if action.forgets is None:
            return False
        return performer(action) == self.performer or (action.actor is None and _resets(action, self.performer))


def inserted(action: Action, name: str, body: Step, what: str, *, before: bool) -> Action:
    """The action that is inserted before or after ``action``. Raises ``DefinitionError`` for a name that no function
    could have, and for a step before a fault."""
    where = author()
    usable(name, "action", where)
    if not name.isidentifier():
        raise DefinitionError(f"{what}: {name!r} is not the name of an action", remedy="use letters, digits and _")
    if before and action.fault is not None:
        raise DefinitionError(
            f"{what}: {action.name} is a fault, which waits for nothing", remedy="insert a step after it, or no fault"
        )
    return Action(
        name,
        action.parameters,
        body.when,
        body.outcomes,
        action.role,
        action.actor,
        fairness=action.fairness if before or action.fairness != "none" else "weak",
        tags=action.tags,
        says=body.says,
        where=where,
        awaits=action.fault or action.awaits,
        given=action.given,
    )


def insertion(
    action: Action,
    made: Action,
    outcome: str | None,
    forgotten_by: Iterable[str] | None,
    insertions: Sequence[Insertion],
    actions: Iterable[Action],
    what: str,
    *,
    before: bool,
) -> Insertion:
    """The insertion of the step ``made`` before or after ``action``: farther from it than what is inserted there
    already. Raises ``DefinitionError`` if it is not certain what comes after which outcome, or which faults forget what
    is pending."""
    near = action.name
    for x in insertions:
        if before and x.before and x.later == near:
            near = x.inserted
        elif not before and not x.before and x.earlier == near:
            if x.outcome == outcome:
                near, outcome = x.inserted, None
            elif None in (x.outcome, outcome):
                raise _uncertain(x, what)
    _check_faults(action, forgotten_by, actions, what)
    earlier, later = (made.name, near) if before else (near, made.name)
    refuse_sets(action.parameters, what, "let a variable hold the set, and insert a step of its own that reads it")
    parameters = tuple(sorted(action.parameters, key=lambda p: p is not action.actor))
    sort: Sort = BOOL
    for p in reversed(parameters):
        sort = Array(p.sort, sort)  # type: ignore[arg-type]
    variable = Variable(f"{made.name}_pending", sort, FALSE, f"{later} is pending", made.where, auxiliary=True)
    forgotten = None if forgotten_by is None else frozenset(forgotten_by)
    return Insertion(earlier, later, made.name, outcome, variable, parameters, performer(action), forgotten, made.where)


def _uncertain(x: Insertion, what: str) -> DefinitionError:
    of = "each outcome" if x.outcome is None else f"its outcome {x.outcome}"
    return DefinitionError(
        f"{what}: {x.inserted} is inserted after {of} of {x.earlier} already",
        remedy=f"insert the step after {x.inserted}, or name the same outcome",
    )


def _check_faults(action: Action, forgotten_by: Iterable[str] | None, actions: Iterable[Action], what: str) -> None:
    if forgotten_by is not None:
        return
    for a in actions:
        if a.fault is not None and a.forgets is None and a is not action and performer(a) == performer(action):
            raise DefinitionError(
                f"{what}: {a.name} is a fault of the same performer, which may forget what is pending or not",
                remedy=f'write forgotten_by=["{a.name}"] if it does, forgotten_by=[] if it does not',
            )


def performer(action: Action) -> Scalar | str:
    """Who performs an action: members of an index, or a word."""
    return action.role if action.actor is None else action.actor.sort  # type: ignore[return-value]


def ordered(insertions: Sequence[Insertion], actions: Mapping[str, Action]) -> dict[str, Action]:
    """The actions, in the order that the insertions require. A step that was inserted before or after an action that is
    gone is gone, too."""
    lost = {x.inserted for x in insertions if not (x.earlier in actions and x.later in actions)} & actions.keys()
    if lost:
        return ordered(insertions, {n: a for n, a in actions.items() if n not in lost})
    there = [x for x in insertions if x.inserted in actions]
    return {n: _woven(a, there, actions) for n, a in actions.items()}


def _woven(action: Action, insertions: Sequence[Insertion], actions: Mapping[str, Action]) -> Action:
    wanted = list(_wanted(action, insertions, actions))
    wanted += [~x.busy(action) for x in insertions if x.waits(action) and action.name not in _exempt(x, insertions)]
    lost = [x for x in insertions if x.forgets(action)]
    when, outcomes = both(_or_busy(action, lost), *wanted), action.outcomes
    for x in insertions:
        if x.later == action.name:
            outcomes = tuple(_with(o, Update(x.here, FALSE, x.where)) for o in outcomes)
        if x.earlier == action.name:
            outcomes = tuple(
                _with(o, Update(x.here, TRUE, x.where)) if x.outcome in (None, o.name) else o for o in outcomes
            )
        if x in lost:
            outcomes = tuple(_with(o, x.cleared(action)) for o in outcomes)
    return (
        action if when is action.when and outcomes == action.outcomes else replace(action, when=when, outcomes=outcomes)
    )


def _wanted(action: Action, insertions: Sequence[Insertion], actions: Mapping[str, Action]) -> Iterator[Term]:
    """What an action wants beside its own guard: to be pending, if it follows a step; and that what follows it would be
    enabled now, if it is inserted before that."""
    for x in insertions:
        if x.later == action.name:
            yield x.here
        if x.before and x.inserted == action.name:
            yield from _ready(actions[x.later], x, insertions, actions)


def _ready(
    action: Action, reached: Insertion, insertions: Sequence[Insertion], actions: Mapping[str, Action]
) -> Iterator[Term]:
    """The conditions under which ``action`` would be enabled if ``reached`` were not."""
    others = [x for x in insertions if x is not reached]
    return iter((action.guard, *_wanted(action, others, actions)))


def _exempt(x: Insertion, insertions: Sequence[Insertion]) -> set[str]:
    """The actions that do not wait for the later step: itself, and what is inserted before it."""
    found = {x.later}
    while True:
        more = {y.inserted for y in insertions if y is not x and y.before and y.later in found} - found
        if not more:
            return found
        found |= more


def _or_busy(action: Action, lost: Sequence[Insertion]) -> Term:
    """The guard of an action that forgets what is pending: a crash of the pattern happens if there is something to
    forget."""
    if not lost:
        return action.when
    pending = [x.busy(action) for x in lost]
    parts = action.when.args if action.when.op is Op.AND else (action.when,)
    return both(*(either(t, *pending) if t is action.forgets else t for t in parts))


def _with(outcome: Outcome, update: Update) -> Outcome:
    return replace(outcome, updates=(*outcome.updates, update))


def _resets(action: Action, sort: Scalar | str) -> bool:
    """Whether a crash of everybody resets an array over ``sort``."""
    written = (u.target.sort for o in action.outcomes for u in o.updates if u.target.op is Op.VARIABLE)
    return any(isinstance(s, Array) and s.domain == sort for s in written)


def _some(term: Term) -> Term:
    if not isinstance(term.sort, Array):
        return term
    return exists(term.sort.domain, lambda x: _some(term[x]))


def _nothing(sort: Sort) -> Term:
    if not isinstance(sort, Array):
        return FALSE
    element = sort.element
    return each(sort.domain, lambda _: _nothing(element))
