"""Small changes of a system; protections, and mutations in tests, are written with them.

Methods take functions of the action's parameters that return terms, so a change is written in the same words as the
action it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from planrace.model.language.actions import (
    Action,
    Outcome,
    Piece,
    Says,
    Step,
    Update,
    check_once,
    flat,
    merged,
)
from planrace.model.language.change_functions import fault_actions, name_of, only_updates
from planrace.model.language.change_parts import evaluated, joined, of_name, position, public_names, step_of, words_of
from planrace.model.language.changed_parts import assigned_leaves, check_assigned
from planrace.model.language.composite import AnySort, Composite, CompositeSort
from planrace.model.language.constructors import both
from planrace.model.language.declarations import Circumstances, beginning, declared, fair_choices
from planrace.model.language.decorators import Decorators
from planrace.model.language.enabled import settled
from planrace.model.language.errors import DefinitionError, Place, author, near
from planrace.model.language.fairness import FairChoice
from planrace.model.language.insertions import inserted, insertion
from planrace.model.language.ledger import handed_on
from planrace.model.language.name_tables import values_of
from planrace.model.language.point_insertions import inserted_step, inserting, point_insertion
from planrace.model.language.sorts import Index, Scalar, SetOf, SizeValue
from planrace.model.language.step_change import StepChange, actions_at
from planrace.model.language.system import System, Variable
from planrace.model.language.terms import TRUE, Term, Value, expect, truth
from planrace.model.language.timing import Occasions, check_due, clock_name, timing_of
from planrace.model.language.weaving import as_written, woven

INSTEAD = {
    "add": "write @change.action(…), which takes the same arguments as @protocol.action",
    "history": "declare it by protocol.history(…), so that properties can name it, and update it by change.also(…)",
}
"""For methods that a change lacks: what to write instead."""


class Changes:
    """A system that is being changed; the function of a protection, an option's choice or a mutation gets it.
    ``faults`` are all declared faults, on or off.

    Actions are given by name or as the value that their decorator returned, outcomes by name. Terms are given as
    functions of the parameters of the action, in their order (``lambda w: plan[w] > 0``); conditions, values and
    outcomes that do not depend on the parameters may be given directly. Methods raise ``DefinitionError`` if the action
    or the outcome does not exist, and if a term has another sort than what it replaces.
    """

    def __init__(self, system: System, faults: Iterable[str] | None = None) -> None:
        self._system = system
        self._faults = tuple(system.faults if faults is None else faults)
        self._actions = as_written(system)
        self._variables = list(system.variables)
        self._insertions = list(system.insertions)
        self._point_insertions = list(system.point_insertions)
        self._beginnings = list(system.beginnings)
        self._fairness = system.fairness
        self._decorators = Decorators()
        self.reason = "change"

    def done(self) -> System:
        """The changed system."""
        self._decorators.check()
        made = replace(self._system, actions=self._actions, variables=tuple(self._variables))
        made = replace(made, insertions=tuple(self._insertions), point_insertions=tuple(self._point_insertions))
        return settled(woven(replace(made, beginnings=tuple(self._beginnings), fairness=self._fairness)))

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions as they are now."""
        return tuple(self._actions.values())

    def has(self, action: str | Action) -> bool:
        """Whether the system has ``action`` (actions of faults that are off are absent)."""
        return name_of(action) in self._actions

    def step(self, process: object, point: str) -> StepChange:
        """The step of a process at ``point``, for changes of it: ``change.step(enactor, "FLIP").require(…)``. Where a
        choice makes several actions of the step, each of them is changed."""
        return StepChange(self, actions_at(self.actions, str(getattr(process, "name", process)), point, self.reason))

    def require(self, action: str | Action, condition: Value | Callable[..., Value]) -> None:
        """Strengthen the guard of ``action``: ``condition`` must hold, too."""
        a = self._find(action)
        self._actions[a.name] = replace(a, when=a.when & self._condition(a, condition, "require"))

    def guard(self, action: str | Action, condition: Value | Callable[..., Value]) -> None:
        """Replace the guard of ``action`` by ``condition``."""
        a = self._find(action)
        self._actions[a.name] = replace(a, when=self._condition(a, condition, "guard"))

    def outcome(
        self, action: str | Action, ending: Outcome | Callable[..., Outcome], *, before: str | None = None
    ) -> None:
        """Add the outcome that ``ending`` returns: before all others, or before the one named ``before``. It needs a
        condition. It consists only of its own updates: those that the action's outcomes share are not added. It may
        have the name of an existing outcome, as another way to reach it."""
        a = self._find(action)
        at = 0 if before is None else position(self.reason, a, before)
        made = evaluated(
            self.reason, a, ending, f'change.outcome("{a.name}", lambda {{}}: outcome(…))', f"outcome of {a.name}"
        )
        if not isinstance(made, Outcome):
            instead = "a step" if isinstance(made, Step) else "nothing" if made is None else f"{made!r}"
            raise DefinitionError(
                f"{self.reason}: outcome of {a.name}: {instead} is not an outcome",
                remedy="write outcome(name, when(…), …)",
            )
        handed_on(made)
        made = merged(made, ())
        if made.condition is TRUE:
            raise DefinitionError(
                f"{self.reason}: the outcome {made.name} of {a.name} has no condition, so no other would ever happen",
                remedy="give it one: outcome(name, when(…), …)",
            )
        self._actions[a.name] = replace(a, outcomes=(*a.outcomes[:at], made, *a.outcomes[at:]))

    def condition(self, action: str | Action, ending: str, condition: Value | Callable[..., Value]) -> None:
        """Replace the condition of the outcome named ``ending``."""
        a = self._find(action)
        at = position(self.reason, a, ending)
        term = self._condition(a, condition, "condition", f'"{ending}", ')
        if a.outcomes[at].condition is TRUE and at == len(a.outcomes) - 1:
            raise DefinitionError(
                f"{self.reason}: {ending} of {a.name} is what happens if no other outcome applies",
                remedy="change the conditions of the others, or write change.require(…) if the action waits",
            )
        endings = list(a.outcomes)
        endings[at] = replace(endings[at], condition=term)
        self._actions[a.name] = replace(a, outcomes=tuple(endings))

    def drop_outcome(self, action: str | Action, ending: str, *, waits: bool = False) -> None:
        """Drop the outcome named ``ending``. Where it would have happened, the later outcomes are tried; with
        ``waits``, the action is not enabled there. What happens if no other outcome applies can only be dropped with
        ``waits``: an action never gets another guard unless the author says so. The only outcome cannot be dropped."""
        a = self._find(action)
        position(self.reason, a, ending)
        kept = tuple(o for o in a.outcomes if o.name != ending)
        if not kept:
            raise DefinitionError(
                f"{self.reason}: {ending} is the only outcome of {a.name}",
                remedy=f'write change.remove("{a.name}"), or change.updates("{a.name}", …)',
            )
        if a.outcomes[-1].condition is TRUE and kept[-1].condition is not TRUE and not waits:
            raise DefinitionError(
                f"{self.reason}: {ending} of {a.name} is what happens if no other outcome applies",
                remedy=f'write change.drop_outcome("{a.name}", "{ending}", waits=True) if the action waits there, or '
                f'change.condition("{a.name}", "{kept[-1].name}", …) first',
            )
        followed = [n for n, o in enumerate(a.outcomes[:-1]) if o.name == ending]
        excluded = [~both(*(~o.condition for o in a.outcomes[:n]), a.outcomes[n].condition) for n in followed]
        self._actions[a.name] = replace(a, when=both(a.when, *excluded) if waits else a.when, outcomes=kept)

    def also(self, action: str | Action, *updates: Piece | Callable[..., Piece], outcome: str | None = None) -> None:
        """Add updates to every outcome of ``action``, or to those named ``outcome``. They are read before the step, as
        all are. Raises ``DefinitionError`` if such an outcome assigns the same place already."""
        a = self._find(action)
        form = f'change.also("{a.name}", lambda {{}}: update(…))'
        pieces: list[Any] = [
            evaluated(self.reason, a, u, form, f"also of {a.name}") if callable(u) else u for u in updates
        ]
        added = only_updates(flat(pieces), f"{self.reason}: also of {a.name}")
        if not added:
            raise DefinitionError(f"{self.reason}: also of {a.name} adds nothing", remedy="name what is assigned")
        handed_on(*added)
        self._end(a, outcome, lambda o: joined(o, added, f"{self.reason}: also of {a.name}"))

    def value(
        self, action: str | Action, variable: Term, value: Value | Callable[..., Value], *, outcome: str | None = None
    ) -> None:
        """Replace the value that every outcome of ``action``, or those named ``outcome``, assign to ``variable`` or its
        elements. ``value`` gets the old value, then the parameters of the action."""
        a, place = self._find(action), author()
        form = f'change.value("{a.name}", {variable}, lambda {{}}: …)'

        def change(u: Update) -> Update:
            if u.variable is not variable:
                return u
            given = evaluated(self.reason, a, value, form, f"value of {variable}", u.value)
            return Update(u.target, expect(given, u.target.sort, f"{self.reason}: {u.target}"), place)

        chosen = replace(a, outcomes=of_name(self.reason, a, outcome))
        check_assigned(chosen, variable, self.reason, f'; to assign {variable}, too, write change.also("{a.name}", …)')
        self._end(a, outcome, lambda o: replace(o, updates=tuple(map(change, o.updates))))

    def updates(
        self,
        action: str | Action,
        *updates: Piece | Callable[..., Piece],
        words: Says | Callable[..., Says] | None = None,
    ) -> None:
        """Replace all updates of every outcome of ``action``, and its words, which may be a function of the action's
        parameters too: ``words=lambda w: says("{w} gives up", w=w)``."""
        a = self._find(action)
        form = f'change.updates("{a.name}", lambda {{}}: update(…))'
        pieces: list[Any] = [
            evaluated(self.reason, a, u, form, f"updates of {a.name}") if callable(u) else u for u in updates
        ]
        parts = flat(pieces)
        changes = [p for p in parts if not isinstance(p, Says)]
        all_of_them = only_updates(changes, f"{self.reason}: updates of {a.name}")
        said = [p for p in parts if isinstance(p, Says)]
        if words is not None:
            said.append(words_of(self.reason, a, words))
        if len(said) > 1:
            raise DefinitionError(f"{self.reason}: says(…) appears twice for {a.name}", remedy="keep one")
        handed_on(*parts, *said)
        endings = tuple(replace(o, updates=all_of_them, says=None if said else o.says) for o in a.outcomes)
        self._actions[a.name] = replace(a, outcomes=endings, says=said[0] if said else a.says)

    def words(self, action: str | Action, words: Says | Callable[..., Says], *, outcome: str | None = None) -> None:
        """Replace the words of ``action``, or of its outcomes named ``outcome``."""
        a = self._find(action)
        said = words_of(self.reason, a, words, "words")
        handed_on(said)
        if outcome is None:
            self._actions[a.name] = replace(a, says=said)
        else:
            self._end(a, outcome, lambda o: replace(o, says=said))

    def forget(self, action: str | Action, variable: Term | Composite) -> None:
        """Drop every update of ``variable`` from ``action``; of a record, those of its fields."""
        a = self._find(action)
        gone = assigned_leaves(a, variable, self.reason)
        kept = [tuple(u for u in o.updates if u.variable not in gone) for o in a.outcomes]
        endings = tuple(replace(o, updates=check_once(u)) for o, u in zip(a.outcomes, kept, strict=True))
        self._actions[a.name] = replace(a, outcomes=endings)

    def timed(
        self,
        action: str | Action,
        *,
        within: SizeValue | None = None,
        after: SizeValue | None = None,
        since: Occasions,
        until: Occasions | None = None,
    ) -> None:
        """Give ``action``, which has none, these limits of time; ``Protocol.action`` explains them."""
        a, timing = self._find(action), timing_of(within, after, since, until)
        if a.timing is not None:
            first = f"{self.reason}: {a.name} has limits of time already, at {a.timing.where}"
            raise DefinitionError(first, remedy="let them be parameters: runs choose those")
        if timing is not None and timing.within is not None:
            check_due(a.fault, a.fairness)
        self._refuse_clock(a.name)
        self._actions[a.name] = replace(a, timing=timing)

    def _end(self, a: Action, name: str | None, change: Callable[[Outcome], Outcome]) -> None:
        """Change the outcomes of an action, or those of one name."""
        chosen = of_name(self.reason, a, name)
        endings = tuple(change(o) if o in chosen else o for o in a.outcomes)
        self._actions[a.name] = replace(a, outcomes=endings)

    def _refuse_clock(self, action: str) -> None:
        """Refuse a clock whose name a variable has."""
        for v in self._variables:
            taken = v.name == clock_name(action) and not v.auxiliary
            self._refuse_second("a variable", taken, v.name, v.where)

    def remove(self, action: str | Action) -> None:
        """Take an action out of the system."""
        del self._actions[self._find(action).name]

    def action(
        self,
        *sorts: Scalar | SetOf | CompositeSort[Any],
        by: str | Index | None = None,
        role: str | None = None,
        fault: str | None = None,
        fairness: str | None = None,
        tags: Iterable[str] = (),
        awaits: str | None = None,
        within: SizeValue | None = None,
        after: SizeValue | None = None,
        since: Occasions | None = None,
        until: Occasions | None = None,
    ) -> Callable[[Callable[..., Step]], Action]:
        """Decorator: add an action to this system only, declared as in ``Protocol.action``. The action of a fault
        exists while the fault is switched on."""
        timing = timing_of(within, after, since, until)
        circumstances = Circumstances(sorts, by, role, fault, fairness, tags, awaits, timing)
        circumstances.check(self._faults)
        begun = self._decorators.begin("change.action(…)")

        def add(body: Callable[..., Step]) -> Action:
            self._decorators.end(begun)
            made = circumstances.action(body)
            for a in self._actions.values():
                self._refuse_second("an action", a.name == made.name, a.name, a.where)
            if timing is not None:
                self._refuse_clock(made.name)
            if fault is None or fault in self._system.faults:
                self._actions[made.name] = made
            return made

        return add

    def before(
        self,
        action: str | Action,
        *,
        name: str,
        steps: Step | Callable[..., Step],
        outcome: str | None = None,
        forgotten_by: Iterable[str] | None = None,
    ) -> Action:
        """Insert an atomic step ``name`` before ``action``: it happens when ``action`` would, and ``action`` is pending
        then, with the same parameters. With ``outcome``, only after this outcome of ``steps``; after the others it does
        not happen. Everything else is as for ``after``."""
        return self._insert(self._find(action), name, steps, outcome, forgotten_by, before=True)

    def after(
        self,
        action: str | Action,
        *,
        name: str,
        steps: Step | Callable[..., Step],
        outcome: str | None = None,
        forgotten_by: Iterable[str] | None = None,
    ) -> Action:
        """Insert an atomic step ``name`` after ``action``, or after its outcome ``outcome`` only. ``steps`` returns it,
        given the parameters of ``action``; it has the same performer, fairness and tags.

        While the later of the two is pending, the other actions of the performer wait, except faults: those by the same
        word, or by the same member of the index. What is pending is forgotten by a crash of the pattern that resets the
        performer; ``forgotten_by`` names the actions that do so instead, and must be given if there are other faults by
        the same performer."""
        return self._insert(self._find(action), name, steps, outcome, forgotten_by, before=False)

    def insert(
        self,
        process: object,
        *,
        steps: Step | Callable[..., Step],
        after: str | None = None,
        before: str | None = None,
        name: str | None = None,
        outcome: str | None = None,
    ) -> Action:
        """Insert an atomic step into a process, given by itself or by name, after or before the step at a point:
        ``change.insert(enactor, after="FLIP", name="VERIFY", steps=lambda i: step(…))``. ``steps`` gets the member of
        the process; ``name`` is the point for further changes. It has the performer, fairness and tags of the step
        beside it. With ``outcome``, only that outcome of the earlier step leads to the later one; other outcomes of an
        inserted step have to say where the process goes on. The process's other steps wait for it, and whatever else
        assigns the place of the process, such as a crash, forgets it."""
        at = inserting(process, after, before, name, self.actions, self.reason)
        made = inserted_step(at, step_of(self.reason, at.template, steps, at.form, f"insert {at.name}"))
        if outcome is not None:
            for a in (made,) if at.before else at.beside:
                position(self.reason, a, outcome)
        place = next(v.term for v in self._variables if v.name == at.process)
        x = point_insertion(at, made, outcome, place, self._point_insertions, f"{self.reason}: insert {at.name}")
        self._add_variable(x.flag)
        self._actions[made.name] = made
        self._point_insertions.append(x)
        return made

    def _insert(
        self,
        a: Action,
        name: str,
        steps: object,
        outcome: str | None,
        forgotten_by: Iterable[str] | None,
        *,
        before: bool,
    ) -> Action:
        how = "before" if before else "after"
        what = f"{self.reason}: {how} {a.name}"
        for other in self._actions.values():
            self._refuse_second("an action", other.name == name, name, other.where)
        form = f'change.{how}("{a.name}", name="{name}", steps=lambda {{}}: step(…))'
        body = step_of(self.reason, a, steps, form, f"{how} {a.name}")
        made = inserted(a, name, body, what, before=before)
        if outcome is not None:
            position(self.reason, made if before else a, outcome)
        certain = len(self._faults) == len(self._system.faults)
        forgotten = None if forgotten_by is None else fault_actions(forgotten_by, self._actions, what, certain=certain)
        x = insertion(a, made, outcome, forgotten, self._insertions, self.actions, what, before=before)
        self._add_variable(x.pending)
        self._actions[name] = made
        self._insertions.append(x)
        return made

    def initially(self, condition: Value) -> None:
        """Every initial state of this system satisfies ``condition``, as in ``Protocol.initially``."""
        self._beginnings.append(beginning(condition))

    def fair(self, *choices: FairChoice) -> None:
        """Runs of this system are fair to these choices, too, as in ``Protocol.fair``."""
        self._fairness += fair_choices(choices)

    def variable(self, name: str, sort: AnySort, initially: Any, meaning: str = "") -> Any:
        """Add a state variable to this system only, declared as in ``Protocol.variable``."""
        made = declared(name, sort, initially, meaning)
        for v in made.variables:
            self._add_variable(v)
        self._beginnings += made.beginnings
        return made.value

    def _add_variable(self, made: Variable) -> None:
        for v in self._variables:
            self._refuse_second("a variable", v.name == made.name, made.name, v.where)
        given = values_of(self.done())
        given.claim(made.name, "variable")
        given.sort(made.sort)
        self._variables.append(made)

    def _refuse_second(self, kind: str, same: bool, name: str, first: Place | None) -> None:
        if same:
            at = f", first at {first}" if first is not None else ""
            raise DefinitionError(f"{self.reason}: there is {kind} {name} already{at}", remedy="rename one of the two")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("_"):
                raise AttributeError(name)
            raise AttributeError(
                f"a change has no {name!r} ({INSTEAD.get(name) or near(name, public_names(type(self)))})"
            )

    def _condition(self, action: Action, given: object, method: str, before: str = "") -> Term:
        """A condition of an action as its author passed it to ``method``, after the arguments ``before``."""
        form = f'change.{method}("{action.name}", {before}lambda {{}}: …)'
        what = f"{method} of {action.name}"
        return truth(evaluated(self.reason, action, given, form, what), f"{self.reason}: {what}")

    def _find(self, action: str | Action) -> Action:
        name = name_of(action)
        if name not in self._actions:
            raise DefinitionError(
                f"{self.reason}: there is no action {name}",
                remedy=f"{near(name, self._actions)}; of a fault that is off: if change.has({name!r})",
            )
        return self._actions[name]
