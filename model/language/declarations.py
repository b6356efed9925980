"""Actions as authors write them: a function from parameters to a step, with who performs it and under which
conditions."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from planrace.model.language.actions import Action, Says, Step, check_state_only
from planrace.model.language.actions import step as make_step
from planrace.model.language.author_code import applying, shown
from planrace.model.language.author_text import refuse_vain
from planrace.model.language.chosen_composites import check_chosen, grouped, leaf_parameters
from planrace.model.language.composite import AnySort, CompositeSort
from planrace.model.language.composite_variables import Split, split
from planrace.model.language.constructors import both
from planrace.model.language.errors import (
    DefinitionError,
    Place,
    author,
    author_value,
    instances,
    is_authors_code,
    listed,
    so_many,
)
from planrace.model.language.fairness import FairChoice
from planrace.model.language.ledger import handed_on
from planrace.model.language.name_tables import check_own
from planrace.model.language.names import meant, usable
from planrace.model.language.operators import Op
from planrace.model.language.size_limits import check_term_size
from planrace.model.language.sorts import (
    INTEGER,
    Array,
    Index,
    Parameter,
    Scalar,
    SetOf,
    Sort,
    bounds_of,
    describe,
    is_scalar,
    one,
)
from planrace.model.language.starts import Start, starts_of
from planrace.model.language.subset_numbers import check_numbered
from planrace.model.language.system import Beginning, Observation, Picture, Variable
from planrace.model.language.terms import TRUE, Term, Value, make, subterms, truth
from planrace.model.language.timing import Timing, check_due

SORTS = "sorts are boolean(), integers(…), enumeration(…), index(…), optional(…), subsets(…), array(…) and record(…)"
FAIRNESS = ("none", "weak", "strong")


@dataclass(frozen=True)
class Circumstances:
    """Everything about an action except its function, as ``Protocol.action`` explains it."""

    sorts: tuple[Scalar | SetOf | CompositeSort[Any], ...]
    by: str | Index | None
    role: str | None
    fault: str | None
    fairness: str | None
    tags: Iterable[str]
    awaits: str | None
    timing: Timing | None = None

    def check(self, faults: Collection[str]) -> None:
        """Refuse invalid combinations; ``faults`` are the declared ones."""
        self._check_by()
        for s in self.sorts:
            _check_parameter(s)
        if self.fairness is not None and self.fairness not in FAIRNESS:
            raise DefinitionError(f"fairness {self.fairness!r} is unknown", remedy=f"one of {', '.join(FAIRNESS)}")
        for f in (self.fault, self.awaits):
            if f is not None and f not in faults:
                raise DefinitionError(f"fault {f!r} is not declared", remedy="declare it with protocol.fault(…)")
        if self.timing is not None and self.timing.within is not None:
            check_due(self.fault, self.fairness)
        listed(self.tags, "tags", author())

    def _check_by(self) -> None:
        how = "write @….action(sorts…, by='planner'), or by= the index whose member does it"
        if self.by is None:
            raise DefinitionError("an action does not say who performs it", remedy=how)
        if not isinstance(self.by, Index | str) or not self.by:
            raise DefinitionError(f"by={shown(self.by)} is neither a word nor an index", remedy=how)
        if isinstance(self.by, str):
            self._check_word(self.by)
        for what in (self.role, self.fault, self.awaits):
            if what is not None and not isinstance(what, str):
                raise DefinitionError(f"role, fault and awaits are words, not {shown(what)}", remedy=how)

    def _check_word(self, by: str) -> None:
        """Refuse a word for the performer that is the name of an index."""
        meant = author_value(by)
        known = [s for s in self.sorts if isinstance(s, Index) and (s.name == by or s is meant)]
        if isinstance(meant, Index) and meant.name != by:
            known.append(meant)
        if known:
            written = by if known[0] is meant else "the Python name of that index"
            raise DefinitionError(
                f"by={by!r} is a word, so no member of the index {known[0].name} performs the action",
                remedy=f"write by={written}, without quotes; something else that performs it has a word of its own",
            )

    def action(self, body: Callable[..., Step]) -> Action:
        """The action that ``body`` describes."""
        (name, where), by = named(body), self.by
        names = _positional(body, where)
        _check_parameters(self.sorts, names, name)
        if by in names and isinstance(self.sorts[names.index(by)], Index):
            sort = self.sorts[names.index(by)]
            raise DefinitionError(
                f"action {name}: by={by!r} is a word, and not the parameter {by}",
                where=where,
                remedy=f"if {one(sort)} performs it, write by= the sort of {by}, without quotes; "
                "something else that performs it has a word of its own",
            )
        if inspect.iscoroutinefunction(body):
            raise DefinitionError(f"action {name} is a coroutine", where=where, remedy="write def, without async")
        leaves = tuple(leaf_parameters(n, s) for s, n in zip(self.sorts, names, strict=True))
        terms = tuple(t for some in leaves for t in some)
        _check_once(terms, name)
        given, proper = grouped(self.sorts, leaves)
        actor = next((t for t in terms if isinstance(by, Index) and t.sort == by), None)
        if isinstance(by, Index) and actor is None:
            raise DefinitionError(
                f"action {name}: by={by.name} says that {one(by)} performs it, and no parameter is {one(by)}",
                where=where,
                remedy="add the sort of that parameter to @….action(…), or name the sort of another one",
            )
        if is_authors_code(body):
            refuse_vain(body, f"action {name}", "conditions stand in when(…), what changes in update(…)")
        with applying(f"action {name}", body):
            parts: object = body(*given)
            if not isinstance(parts, Step):
                raise _no_step(name, parts, where)
            handed_on(parts)
        return Action(
            name,
            terms,
            parts.when if proper is TRUE else both(proper, parts.when),
            parts.outcomes,
            self.role or describe(by),
            actor,
            self.fault,
            self.fairness or ("none" if self.fault else "weak"),
            frozenset(self.tags),
            parts.says,
            where,
            self.awaits,
            timing=self.timing,
            given=given,
        )


def _check_once(terms: tuple[Term, ...], action: str) -> None:
    """Fields of records may have the names of other parameters."""
    names = Counter(map(str, terms))
    twice = next((n for n, often in names.items() if often > 1), None)
    if twice is not None:
        raise DefinitionError(f"action {action}: two parameters are called {twice}", remedy="rename one of the two")


def _check_parameters(sorts: tuple[AnySort, ...], names: tuple[str, ...], action: str) -> None:
    if len(sorts) != len(names):
        raise DefinitionError(
            f"action {action} has {so_many(names, 'parameter')} ({', '.join(names) or 'none'}) but "
            f"{so_many(sorts, 'sort')}",
            remedy="give one sort for each parameter in @….action(…)",
        )


def named(body: object) -> tuple[str, Place]:
    """The name of a function that describes an action, and its line (for a pattern's action: the line of the pattern's
    user)."""
    if not inspect.isfunction(body):
        raise DefinitionError(f"an action is a function, not {shown(body)}", remedy="write @….action(…) above a def")
    user = author() if body.__globals__.get("_FOR_AUTHORS") else None
    where = user or Place(body.__code__.co_filename, body.__code__.co_firstlineno)
    return usable(body.__name__, "action", where), where


def _positional(body: Callable[..., object], where: Place) -> tuple[str, ...]:
    """The names of its parameters, each of which gets one term."""
    found = inspect.signature(body).parameters
    for p in found.values():
        if p.kind not in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) or p.default is not p.empty:
            raise DefinitionError(
                f"action {body.__name__}: the parameter {p} is not plain",
                where=where,
                remedy="each parameter is a name alone, with its sort in @….action(…)",
            )
    return tuple(found)


def _check_parameter(sort: object) -> None:
    """Refuse a sort that a parameter of an action cannot have."""
    if is_scalar(sort) and sort != INTEGER:
        return
    if isinstance(sort, SetOf):
        check_numbered(sort, "an action")
        return
    if isinstance(sort, CompositeSort):
        check_chosen(sort)
        return
    if isinstance(sort, Array):
        raise DefinitionError(
            f"a parameter of an action is a member, a set or a record of these, not a {describe(sort)}",
            remedy="give a parameter for each member that is chosen; let a variable hold the whole",
        )
    if isinstance(sort, Parameter):
        remedy = (
            f"for that many members declare an index: index(name, {sort.name}); for numbers integers(0, {sort.name})"
        )
    else:
        remedy = f"give the sort of each parameter; {SORTS}"
    given = sort.name if isinstance(sort, Parameter) else shown(sort)
    raise DefinitionError(f"an action takes sorts, and {given} is not one", remedy=remedy)


def _no_step(name: str, given: object, where: Place) -> DefinitionError:
    """The error of an action that returns something else."""
    what = "nothing" if given is None else f"a {type(given).__name__}"
    meant = "call it: return step(…)" if given is make_step else "write return step(…) around all parts"
    return DefinitionError(f"action {name} returns no step but {what}", where=where, remedy=meant)


def check_action(action: Action, sorts: Mapping[str, Sort], parameters: Mapping[str, Parameter], protocol: str) -> None:
    """Check that the terms of an action are about single states, variables with these ``sorts``, its own parameters,
    and sizes of the protocol. Raises ``DefinitionError``."""
    allowed = {id(p) for p in action.parameters}
    for term, where in _pieces(action):
        check_term_size(term, f"action {action.name}", where)
        check_state_only(term, f"action {action.name}", where)
        for t in subterms(term):
            if t.op is Op.ENABLED:
                raise DefinitionError(
                    f"action {action.name}: {t} may stand in properties and lemmas only",
                    where=where,
                    remedy="write the condition of that action",
                )
            if t.op is Op.VARIABLE and sorts.get(t.data) != t.sort:
                raise DefinitionError(
                    f"action {action.name}: unknown variable {t.data}",
                    where=where,
                    remedy=f"declare it in protocol {protocol}",
                )
            if t.op is Op.PARAMETER or t.op is Op.BOUND:
                check_own(t, parameters, f"action {action.name}", where)
            if t.op is Op.BOUND and t.data[1] == 0 and id(t) not in allowed:
                raise DefinitionError(f"action {action.name}: {t} is a parameter of another action", where=where)


def _pieces(action: Action) -> Iterator[tuple[Term, Place | None]]:
    """All terms of an action, each with its line."""
    yield action.guard, action.where
    yield from ((t, action.where) for _, t in (action.says.terms if action.says else ()))
    for o in action.outcomes:
        yield o.condition, o.where or action.where
        yield from ((t, u.where or action.where) for u in o.updates for t in (u.target, u.value))
        yield from ((t, o.where or action.where) for _, t in (o.says.terms if o.says else ()))


def declared(name: str, sort: AnySort, initially: Any, meaning: str) -> Split:
    """What the declaration of a state variable makes: several if its sort is composite."""
    meant(meaning, f"variable {name}")
    if not isinstance(sort, CompositeSort):
        made = variable(name, sort, initially, meaning)
        return Split(made.term, (made,), ())
    _check_name(name)
    return split(name, sort, initially, meaning, author())


def _check_name(name: str) -> None:
    usable(name, "variable")
    if not name.isidentifier():
        raise DefinitionError(f"variable {name!r} is not a name", remedy="use letters, digits and _")


def variable(name: str, sort: Sort, initially: Start, meaning: str) -> Variable:
    """A state variable with the initial value ``initially``, or several."""
    _check_name(name)
    _check_sort(sort, name)
    starts = starts_of(sort, initially, name)
    one = starts[0] if len(starts) == 1 else None
    return Variable(name, sort, one, meaning, author(), among=starts if one is None else ())


def beginning(condition: Value) -> Beginning:
    """A condition that holds in every initial state."""
    where = author()
    return Beginning(state_condition(condition, "initial states", where), where)


def state_condition(condition: Value, what: str, where: Place | None) -> Term:
    """A condition on single states. Raises ``DefinitionError`` if it is about steps, or too large."""
    term = truth(condition, what)
    check_term_size(term, what, where)
    check_state_only(term, what, where)
    return term


def check_property(given: object) -> None:
    """Refuse what is not a property."""
    if not hasattr(given, "terms") or not hasattr(given, "kind"):
        raise DefinitionError(
            f"declare: a {type(given).__name__} is not a property",
            remedy="pass properties one by one: declare(invariant(…), reachable(…)), declare(*several)",
        )


def _check_sort(sort: Sort, name: str) -> None:
    base = sort
    while isinstance(base, Array):
        base = base.element
    if isinstance(base, CompositeSort):
        what = f"{name}: a local variable of a process has no parts, and {base.one()} has"
        raise DefinitionError(what, remedy="let the protocol declare it: array(Worker, sort), and update it there")
    if not is_scalar(base) and not isinstance(base, SetOf):
        raise DefinitionError(f"variable {name}: {describe(base)} is not a sort", remedy=SORTS)
    bounds_of(base.element if isinstance(base, SetOf) else base)


def check_observed(title: object, over: object) -> None:
    """Refuse what is not the title of an observation, or not the sort of what is observed."""
    if not isinstance(title, str):
        raise DefinitionError("an observation needs a title", remedy="write @….observe(title), or observe(title, sort)")
    if over is not None and not is_scalar(over):
        raise DefinitionError(f"observation {title}: {shown(over)} is not a sort of things to observe", remedy=SORTS)


def observation(title: str, over: Scalar | None, body: Callable[..., Any]) -> Observation:
    """The observation whose cases the function of the author returns."""
    if is_authors_code(body):
        refuse_vain(body, f"observation {title}", "conditions stand in cases: return [(condition, says(…)), …]")
    names = inspect.signature(body).parameters
    variable = None if over is None else make(Op.BOUND, (), over, (next(iter(names), "x"), 0))
    with applying(f"observation {title}", body):
        cases = cases_of(body() if variable is None else body(variable), title)
    return Observation(title, variable, cases, author())


def picture(things: Term, pointers: tuple[Term, ...], holder: Term | None) -> Picture:
    """A picture. Raises ``DefinitionError`` for what is not a variable, or has another sort than it should."""
    instances((things, *pointers, *(() if holder is None else (holder,))), Term, "picture", "variables")
    where, over = author(), apart(things.sort)[0]
    for n, term in enumerate((things, *pointers, *(() if holder is None else (holder,)))):
        domain, element = apart(term.sort)
        sets = isinstance(element, SetOf | Array)
        if term.op is not Op.VARIABLE or domain != over or sets != (n == 0):
            what = "number or member" if n else "set"
            raise DefinitionError(
                f"picture: {term} must be a variable that holds a {what}, or an array of those over the same index "
                "as the others",
                where=where,
                remedy="name the variable with sets first, then the pointers",
            )
    return Picture(things, pointers, holder)


def cases_of(cases: Any, title: str) -> tuple[tuple[Term, Says], ...]:
    """The cases of an observation, as its function returns them."""
    what = f"observation {title}"
    found = []
    for case in cases if isinstance(cases, Iterable) else [cases]:
        if not isinstance(case, tuple) or len(case) != 2 or not isinstance(case[1], Says):
            raise DefinitionError(f"{what}: {case!r} is not a case", remedy="return [(condition, says(…)), …]")
        found.append((truth(case[0], what), case[1]))
    if not found:
        raise DefinitionError(f"{what} has no cases", remedy="return [(condition, says(…)), …]")
    handed_on(*(words for _, words in found))
    return tuple(found)


def apart(sort: Sort) -> tuple[Scalar | None, Sort]:
    """The domain of an array sort and its element sort; for any other sort, None and the sort itself."""
    return (sort.domain, sort.element) if isinstance(sort, Array) else (None, sort)


def fair_choices(choices: tuple[FairChoice, ...]) -> tuple[FairChoice, ...]:
    """The choices that runs are fair to. Raises ``DefinitionError`` for anything else."""
    for c in choices:
        if not isinstance(c, FairChoice):
            raise DefinitionError(f"fair: {shown(c)} is not fairness", remedy="write fair(weak(…)), fair(strong(…))")
        handed_on(c)
    return choices
