"""Protocols: what an author declares, and the systems made from it.

``Protocol`` collects declarations while the author's file runs. ``Protocol.system`` makes an immutable ``System`` of it
with some protections and faults; ``System.instance`` fixes the sizes. Unbounded proofs work on the system, searches on
the instance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, overload

from planrace.model.language import declarations as written
from planrace.model.language import stating
from planrace.model.language.actions import Action, Step
from planrace.model.language.author_code import applying
from planrace.model.language.change_functions import changing
from planrace.model.language.changes import Changes
from planrace.model.language.composite import AnySort, C, CompositeSort
from planrace.model.language.composite_variables import Split
from planrace.model.language.declarations import Circumstances
from planrace.model.language.decorators import Decorators
from planrace.model.language.errors import DefinitionError, ModelError, Place, author, known, listed
from planrace.model.language.fairness import FairChoice
from planrace.model.language.ledger import handed_on
from planrace.model.language.name_tables import Names, bound_in, check_own
from planrace.model.language.named_terms import NamedTerm, name_term
from planrace.model.language.names import meant, usable
from planrace.model.language.options import Choice, Option, check_only, exists_in, picked
from planrace.model.language.references import COSTS, PROOFS, SCENARIOS, check_declared
from planrace.model.language.refining import Refining
from planrace.model.language.sorts import Index, Parameter, Scalar, SetOf, Size, SizeValue, Sort, check_number
from planrace.model.language.starts import Start
from planrace.model.language.structural import same
from planrace.model.language.system import Beginning, FaultBound, Messages, Observation, Picture, System, Variable
from planrace.model.language.terms import Term, Value
from planrace.model.language.timekeeping import PlaceClock
from planrace.model.language.timing import Occasions, clock_name, clock_of, clock_variables, timing_of
from planrace.model.language.variant import Protection, Variant
from planrace.model.language.weaving import fault_bound

INSTEAD = {
    "action": "write @change.action(…), which takes the same arguments as @protocol.action",
    "variable": "write x = change.variable(name, sort, initially, meaning), or declare it outside of the function",
}
"""For declarations inside a function that changes a system: what to write instead."""


class Protocol(Refining):
    """A protocol under construction; see ``docs/language.md``."""

    def __init__(self, name: str, meaning: str = "") -> None:
        super().__init__()
        self.name = usable(name, "protocol")
        self.meaning = meant(meaning, f"protocol {name}")
        self.where = author()
        self.parameters: dict[str, Parameter] = {}
        self.variables: dict[str, Variable] = {}
        self.actions: dict[str, Action] = {}
        self.faults: dict[str, str] = {}
        self.fault_bounds: dict[str, FaultBound] = {}
        self.protections: dict[str, Protection] = {}
        self.options: dict[str, Option] = {}
        self._only: dict[str, dict[str, Choice]] = {"variable": {}, "action": {}}
        self.observations: dict[str, Observation] = {}
        self.pictures: list[Picture] = []
        self.channels: list[Messages] = []
        self.named_terms: list[NamedTerm] = []
        self.place_clocks: list[PlaceClock] = []
        self.properties: list[Any] = []
        self.scenarios: list[Any] = []
        self.proofs: list[Any] = []
        self.costs: list[Any] = []
        self.ends: list[Term] = []
        self._ended: Place | None = None
        self.beginnings: list[Beginning] = []
        self.fairness: list[FairChoice] = []
        self._changing: str | None = None
        self._everything_known: tuple[tuple[Any, ...], dict[str, tuple[Action, ...]]] | None = None
        self._names = Names()
        self.decorators = Decorators()

    # Declaring -------------------------------------------------------------------------------------------------
    def parameter(self, name: str, default: int, low: int, high: int, meaning: str = "") -> Parameter:
        """A size with its default and the range that instances may choose from."""
        for what, number in (("default", default), ("low", low), ("high", high)):
            check_number(number, f"parameter {name}: {what}")
        found = Parameter(name, default, low, high, meant(meaning, f"parameter {name}"), author())
        self._fresh(name, "parameter")
        self.parameters[name] = found
        return found

    def option(self, name: str, meaning: str, default: str, means: str) -> Option:
        """A choice that each run makes by a word (``-s NAME=WORD``); ``default`` applies unless the run names another
        ``choice`` of the option."""
        made = Option(name, meant(meaning, f"option {name}"), where=author())
        made.choice(default, means)
        self._fresh(name, "option")
        self.options[name] = made
        return made

    @overload
    def variable(
        self, name: str, sort: CompositeSort[C], initially: Any, meaning: str = "", *, only: Choice | None = None
    ) -> C: ...
    @overload
    def variable(
        self, name: str, sort: Sort, initially: Start, meaning: str = "", *, only: Choice | None = None
    ) -> Term: ...
    def variable(
        self, name: str, sort: AnySort, initially: Any, meaning: str = "", *, only: Choice | None = None
    ) -> Any:
        """A state variable; with ``only``, it exists where that choice is made. ``initially`` is a constant; of an
        array the value of every element, or a function of a member; or several, ``one_of(…)`` and ``anything``."""
        return self._variable(name, written.declared(name, sort, initially, meaning), only)

    def history(
        self, name: str, sort: AnySort, initially: Any, meaning: str = "", *, only: Choice | None = None
    ) -> Any:
        """A variable that only properties, lemmas and histories read, which is checked; it costs others no states."""
        return self._variable(name, written.declared(name, sort, initially, meaning).histories(), only)

    def _variable(self, name: str, made: Split, only: Choice | None) -> Any:
        check_only(only, self.options, f"variable {name}")
        for v in made.variables:
            check_own(v.sort, self.parameters, f"variable {name}", author())
            self._names.sort(v.sort)
        self._fresh(name, "variable")
        self.variables |= {v.name: v for v in made.variables}
        self.beginnings += made.beginnings
        self._only["variable"] |= {} if only is None else dict.fromkeys((v.name for v in made.variables), only)
        return made.value

    def let(self, name: str, *given: Any) -> Any:
        """A name for a term in reports: ``free = p.let("free slots", slots - used)``. For one about members,
        ``load = p.let("load", Worker, lambda w: size_of(jobs[w]))`` makes a function, ``load(w)``."""
        made = name_term(name, given)
        self._fresh(name, "name of a term")
        self.named_terms.append(made)
        return made.used

    def initially(self, condition: Value) -> None:
        """Every initial state satisfies ``condition``; it chooses among the values of variables that start with
        ``anything`` or ``one_of(…)``. Several conditions hold together."""
        self._open("initial states", "write change.initially(…)")
        self.beginnings.append(written.beginning(condition))

    def fault(self, name: str, meaning: str, *, at_most: Size | Term | None = None) -> str:
        """A kind of fault that runs may switch on; actions name it by ``fault=``. With ``at_most``, a bound such as
        ``n + 1``, at most so many steps of it happen in a run; liveness is then promised although they happen."""
        self._fresh(name, "fault")
        if at_most is not None:
            made = fault_bound(name, at_most, author())
            check_own(made.counter.sort, self.parameters, f"fault {name}", author())
            self._fresh(made.counter.name, "variable")
            self.fault_bounds[name] = made
        self.faults[name] = meant(meaning, f"fault {name}")
        return name

    def action(
        self,
        *sorts: Scalar | SetOf | CompositeSort[Any],
        by: str | Index | None = None,
        role: str | None = None,
        fault: str | None = None,
        fairness: str | None = None,
        tags: Iterable[str] = (),
        only: Choice | None = None,
        awaits: str | None = None,
        within: SizeValue | None = None,
        after: SizeValue | None = None,
        since: Occasions | None = None,
        until: Occasions | None = None,
    ) -> Callable[[Callable[..., Step]], Action]:
        """Decorator: the function's body is an action with one parameter for each of ``sorts``.

        ``by`` is who performs it: a word, or the index sort of a parameter (then that member does it, and ``role`` may
        give it another word, such as cleaner). Actions of a fault are unfair by default; with ``only``, the action
        exists only in systems that have made that choice. ``awaits`` names a fault without which the action is not
        expected to happen. It happens ``within`` so many ticks and not before ``after`` so many, since the last
        occasion in ``since`` with none in ``until`` behind it: actions, ``taken(…)``, or ``"initially"``.
        """
        timing = timing_of(within, after, since, until)
        circumstances = Circumstances(sorts, by, role, fault, fairness, tags, awaits, timing)
        circumstances.check(self.faults)
        check_only(only, self.options, "action")
        begun = self.decorators.begin(f"{self.name}.action(…)")

        def add(body: Callable[..., Step]) -> Action:
            self.decorators.end(begun)
            name, _ = written.named(body)
            self._open(f"action {name}", INSTEAD["action"])
            made = self.add(circumstances.action(body))
            if only is not None:
                self._only["action"][made.name] = only
            return made

        return add

    def add(self, made: Action) -> Action:
        """Add an action that was made without a decorator. Raises ``DefinitionError`` if it does not fit in."""
        self._open(f"action {made.name}", INSTEAD["action"])
        self._check_action(made, (*self.variables.values(), *clock_variables(self.actions)))
        for t in (*made.parameters, *bound_in(made)):
            self._names.sort(t.sort)
        self._names.claim(made.name, "action", made.where)
        if made.timing is not None:
            self._names.claim(clock_name(made.name), "variable", made.where)
        self.actions[made.name] = made
        return made

    def protection(
        self, name: str, meaning: str, *, plausible: bool = False
    ) -> Callable[[Callable[[Changes], None]], Protection]:
        """Decorator: the function changes the protocol when the protection is on; its docstring is the argument for it.
        A ``plausible`` one may not suffice: ``check list`` lists it apart, and ``check prove --all`` leaves it out."""
        begun = self.decorators.begin(f"{self.name}.protection({name!r}, …)")

        def add(change: Callable[[Changes], None]) -> Protection:
            self.decorators.end(begun)
            what = f"protection {name}"
            made = Protection(name, meant(meaning, what), change, changing(change, what), plausible)
            self._fresh(name, "protection", made.where)
            self.protections[name] = made
            return made

        return add

    def observe(self, title: str, over: Scalar | None = None) -> Callable[[Callable[..., Any]], Observation]:
        """Decorator: what the outside world sees, as cases ``(condition, says(…))``. With ``over``, each member of that
        sort is observed; the function gets it as its parameter."""
        written.check_observed(title, over)
        begun = self.decorators.begin(f"{self.name}.observe({title!r})")

        def add(body: Callable[..., Any]) -> Observation:
            self.decorators.end(begun)
            self._open(f"observation {title}")
            made = written.observation(title, over, body)
            self._names.claim(title, "observation")
            self.observations[title] = made
            return made

        return add

    def picture(self, things: Term, *pointers: Term, holder: Term | None = None) -> None:
        """How reports draw the state: ``things`` is a set, ``pointers`` are numbers that name one of its members (0:
        none), ``holder`` is the holder of a lock. All of these may be arrays over the same index."""
        self._open("a picture")
        self.pictures.append(written.picture(things, pointers, holder))

    def fair(self, *choices: FairChoice) -> None:
        """Runs are fair to these choices between actions, beside the fairness of every action: ``fair(weak(flip,
        clean))``, ``fair(strong(everything))``. It matters for liveness only."""
        self._open("fairness", "write change.fair(…)")
        self.fairness += written.fair_choices(choices)

    def final(self, condition: Value) -> None:
        """Runs may end in states where ``condition`` holds: such a state is no deadlock, although nothing is
        enabled."""
        self._open("final states")
        where = author()
        if self._ended is not None:
            raise DefinitionError(
                f"final states of {self.name} are declared twice, first at {self._ended}",
                where=where,
                remedy="declare them in one call: final(a | b)",
            )
        self.ends.append(written.state_condition(condition, f"final states of {self.name}", where))
        self._ended = where

    def declare(self, *properties: Any) -> None:
        """Declare properties that are checked by default. Raises ``DefinitionError`` for anything that is not a
        property."""
        self._open("properties")
        for p in properties:
            written.check_property(p)
            self._fresh(p.name, "property", getattr(p, "where", None))
            self.properties.append(p)
            handed_on(p)

    def scenario(self, *scenarios: Any) -> None:
        """Declare scenarios to match traces against."""
        self._open("scenarios")
        check_declared(scenarios, "scenario", "scenario", "facts", SCENARIOS)
        for s in scenarios:
            self._fresh(s.name, "scenario")
            self.scenarios.append(s)
            handed_on(s)

    def argue(self, *proofs: Any) -> None:
        """Declare lemmas that proofs for all sizes may use."""
        self._open("lemmas")
        check_declared(proofs, "argue", "proof", "lemmas", PROOFS)
        for p in proofs:
            for x in p.lemmas:
                self._names.claim(x.name, "lemma", x.where, x.holds)
            self.proofs.append(p)
            handed_on(p)

    def measure(self, *costs: Any) -> None:
        """Declare what ``check costs`` measures, as ``planrace.properties.costs`` has it."""
        self._open("costs")
        check_declared(costs, "measure", "cost", "measured", COSTS)
        for c in costs:
            self._fresh(c.name, "cost", c.where)
            self.costs.append(c)

    # Using -----------------------------------------------------------------------------------------------------
    def variant(self, name: str, protections: Iterable[str] = (), meaning: str = "") -> Variant:
        """This protocol under another name, with these protections on by default."""
        usable(name, "variant")
        chosen = listed(protections, f"protections of {name}", author())
        for p in chosen:
            known(p, self.protections, f"protection of {self.name}", author())
        return Variant(name, self, chosen, meant(meaning, f"variant {name}"))

    def system(
        self,
        protections: Iterable[str] = (),
        faults: Iterable[str] = (),
        *,
        name: str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> System:
        """The immutable system with these protections and faults on and options chosen; sizes are still open."""
        system = self.bare_system(protections, faults, name=name, options=options)
        return self.with_statements(system, self.properties, self.scenarios, self.proofs)

    def with_statements(self, system: System, *said: Iterable[Any]) -> System:
        """``system`` with these ``Statements``. Raises ``ModelError`` if they refer to something that the system does
        not have."""
        return stating.with_statements(system, stating.Statements(*said), self._remembered, self._everything)

    def bare_system(
        self,
        protections: Iterable[str] = (),
        faults: Iterable[str] = (),
        *,
        name: str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> System:
        """The system without properties, scenarios and proofs."""
        self.decorators.check()
        picks = picked(self.options, options or {}, self.name)
        protected = {self.find_protection(p).name for p in listed(protections, "protections")}
        faulty = {known(f, self.faults, f"fault of {self.name}") for f in listed(faults, "faults")}
        chosen = tuple(p for p in self.protections if p in protected)
        on = tuple(f for f in self.faults if f in faulty)
        if not self.variables or not self.actions:
            lacking = "variables" if not self.variables else "actions"
            raise ModelError(f"protocol {self.name} has no {lacking}", where=self.where, remedy="declare some")
        bounds = tuple(self.fault_bounds[f] for f in on if f in self.fault_bounds)
        only = self._only["variable"]
        variables = (v for n, v in self.variables.items() if exists_in(only.get(n), picks))
        base = System(
            name=name or self.name,
            parameters=tuple(self.parameters.values()),
            variables=(*variables, *(b.counter for b in bounds)),
            actions={n: a for n, a in self.actions.items() if self._exists(a, on, picks)},
            protections=chosen,
            faults=on,
            bounds=bounds,
            clocks=tuple(clock_of(a, self.actions) for a in self.actions.values() if a.timing is not None),
            place_clocks=tuple(self.place_clocks),
            observations=tuple(self.observations.values()),
            pictures=tuple(self.pictures),
            channels=tuple(self.channels),
            named_terms=tuple(self.named_terms),
            final=tuple(self.ends),
            ended=self._ended,
            beginnings=tuple(b for b in self.beginnings if exists_in(only.get(b.of), picks)),
            fairness=tuple(self.fairness),
            options=tuple((c.option, c.name) for c in picks),
            where=self.where,
            refinements=tuple(self.refinements),
        )
        changes = Changes(base, self.faults)
        for p in chosen:
            self._apply(changes, f"protection {p}", self.protections[p].change)
        for c in picks:
            if c.effect is not None:
                self._apply(changes, f"{c.option}={c.name}", c.effect)
        system = changes.done()
        for action in system.actions.values():
            self._check_action(action, system.variables)
        return system

    def _apply(self, changes: Changes, reason: str, change: Callable[[Changes], None]) -> None:
        """Run the author's function that changes the system; meanwhile it cannot declare anything in the protocol."""
        changes.reason, self._changing = reason, reason
        try:
            with applying(reason, change):
                change(changes)
        finally:
            self._changing = None

    def _exists(self, action: Action, faults: tuple[str, ...], picks: list[Choice]) -> bool:
        only = self._only["action"].get(action.name)
        return (action.fault is None or action.fault in faults) and exists_in(only, picks)

    def _remembered(self, system: System) -> dict[str, tuple[Action, ...]]:
        """The table of actions made for an earlier system of this protocol, unless more was declared since: otherwise
        proving all protocols would build it hundreds of times."""
        effects = [c.effect for o in self.options.values() for c in o.choices.values()]
        declared = (*self.actions.values(), *self.protections.values(), *effects)
        known = self._everything_known
        if known is None or not same(known[0], declared):
            known = self._everything_known = declared, self._everything(system)
        return known[1]

    def actions_anywhere(self) -> Mapping[str, tuple[Action, ...]]:
        """Actions by name, as they are under any protections and choices; none while one of those is applied."""
        return {} if self._changing is not None else self._remembered(self.bare_system())

    def _everything(self, system: System) -> dict[str, tuple[Action, ...]]:
        """Actions by name: as declared, as ``system`` has them, and as single protections, faults and choices do."""
        base = replace(system, actions={**self.actions, **system.actions}, faults=tuple(self.faults))
        found = {n: [a, *(b for b in (self.actions.get(n),) if b is not None)] for n, a in base.actions.items()}
        effects = [c.effect for o in self.options.values() for c in o.choices.values() if c.effect is not None]
        for change in (*(p.change for p in self.protections.values()), *effects):
            changes = Changes(base, self.faults)
            try:
                self._apply(changes, "what might be", change)
            except ModelError:
                continue  # this change is applied already, or it needs another change first
            for n, a in changes.done().actions.items():
                found.setdefault(n, []).append(a)
        return {n: tuple(actions) for n, actions in found.items()}

    def find_protection(self, name: str) -> Protection:
        """The protection of that name, or an error that suggests near ones."""
        return self.protections[known(name, self.protections, f"protection of {self.name}")]

    def _open(self, what: str, instead: str = "") -> None:
        """Refuse declarations in a function that changes one variant: they would apply to all variants."""
        if self._changing is not None:
            raise DefinitionError(
                f"{self._changing} declares {what} in {self.name} itself, for all its variants",
                remedy=instead or "declare it outside of the function",
            )

    def _fresh(self, name: str, kind: str, where: Place | None = None) -> None:
        """Record the name of a declaration; it must be valid and free."""
        self._open(f"{kind} {name}", INSTEAD.get(kind, ""))
        self._names.claim(name, kind, where)

    def _check_action(self, action: Action, variables: Iterable[Variable]) -> None:
        written.check_action(action, {v.name: v.sort for v in variables}, self.parameters, self.name)
