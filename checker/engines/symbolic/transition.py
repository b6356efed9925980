"""The step relation of a finite instance: one selected move from a state to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import z3

from planrace.checker.engines.symbolic import sets
from planrace.checker.engines.symbolic.bitvectors import Encoder, FieldPath, Frame, label
from planrace.checker.engines.symbolic.definedness import some, undefined
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.checker.semantics.packing import Field, Layout, root_of
from planrace.model.language import Action, Array, Instance, ModelError, Outcome, Term, both
from planrace.model.language.render import start_text


@dataclass(frozen=True)
class StepChoice:
    """An action with its parameters and outcome fixed: one value of the selector."""

    action: Action
    values: tuple[int, ...]
    outcome: Outcome


class Steps:
    """The initial states, the step relation and properties of one instance, over two template states.

    Formulas are about ``before``, ``after`` and ``selector``; ``at`` moves them to the states and steps of a run.
    ``terms`` are those that will be encoded besides the actions: they affect the width of numbers. ``look`` is called
    regularly, and may raise an exception to end the work. Raises ``ModelError`` if there is no initial state.
    """

    def __init__(
        self, instance: Instance, terms: Iterable[Term] = (), *, look: Callable[[], None] = lambda: None
    ) -> None:
        self.instance = instance
        self.layout = Layout(instance)
        self.interpreter = Interpreter(instance)
        self._variables = {v.name: v for v in instance.system.variables}
        self._check_initial()
        self.encoder = Encoder(instance, self.layout, [*terms, *_terms(instance)], look)
        self.choices = [
            StepChoice(a, values, o)
            for a in instance.system.actions.values()
            for values in instance.choices(a)
            for o in a.outcomes
        ]
        self._bits = max(1, len(self.choices).bit_length())
        self._before, self._after = self.encoder.fields("before"), self.encoder.fields("after")
        self.before, self.after = self.encoder.state(self._before), self.encoder.state(self._after)
        self.selector = z3.BitVec("step@", self._bits)
        self.relation, self.out_of_range = self._relation()

    def at(self, formula: Any, step: int) -> Any:
        """A formula of the templates, about step number ``step`` (from 0) of a run and the states around it."""
        pairs = [(self.selector, self.selector_at(step))]
        for place, f in self.layout.fields.items():
            for constants, n in ((self._before, step), (self._after, step + 1)):
                constant = constants[place]
                pairs.append((constant, self._field(f, n, constant)))
        return z3.substitute(formula, *pairs)

    def selector_at(self, step: int) -> Any:
        """The constant that selects the move of a step."""
        return z3.BitVec(f"step@{step}", self._bits)

    def initial(self) -> Any:
        """The formula that the state before is initial: its values are, and all conditions are true."""
        return z3.simplify(z3.And(self._begun(), *(self.holds(c.holds) for c in self.interpreter.starting.conjuncts)))

    def unvalued(self) -> Any:
        """The formula that a condition on initial states has no value in the state before, and that none is false."""
        parts = [(self.holds(c.holds), self.undefined(c.holds)) for c in self.interpreter.starting.conjuncts]
        wrong = [u for _, u in parts if not z3.is_false(u)]
        return z3.simplify(z3.And(self._begun(), z3.Or(*wrong), *(z3.Or(t, u) for t, u in parts)))

    def _begun(self) -> Any:
        """The formula that each place has an initial value of its variable."""
        found = []
        for place, field in self.layout.fields.items():
            v, here = self._variables[field.variable], self.before[place]
            if v.starts:
                found.append(z3.Or(*(self.encoder.same(here, x) for x in map(self._literal, self._values(place)))))
            else:
                found.append(self.encoder.inside(field, here))
        return z3.And(*found)

    def _values(self, place: FieldPath) -> Iterator[Any]:
        """The initial values of a place whose variable has not all values of its sort."""
        name, path = place
        return self.interpreter.starting.values(self._variables[name], path)

    def legal(self) -> Any:
        """The formula that every field of the state before is in range (fields are packed in whole bits, so it is not
        trivial)."""
        return z3.And(*(self.encoder.inside(f, self.before[p]) for p, f in self.layout.fields.items()))

    def differ(self, first: int, second: int) -> Any:
        """The formula that the states after ``first`` and ``second`` steps differ."""
        pairs = [(self._field(f, first, c), self._field(f, second, c)) for f, c in self.constants()]
        return z3.Or(*(a != b for a, b in pairs))

    def state_of(self, model: Any, step: int) -> State:
        """The interpreter's state after ``step`` steps in a model."""
        packed = 0
        for f, constant in self.constants():
            packed |= model.eval(self._field(f, step, constant), model_completion=True).as_long() << f.offset
        return self.layout.decode(packed)

    def constants(self, *, after: bool = False) -> Iterator[tuple[Field, Any]]:
        """Every field with its constant in the template state before, or after."""
        return ((f, (self._after if after else self._before)[place]) for place, f in self.layout.fields.items())

    @staticmethod
    def _field(field: Field, step: int, like: Any) -> Any:
        return z3.BitVec(f"{label(field)}@{step}", like.size())

    def holds(self, term: Term, *, of_step: bool = False) -> Any:
        """A closed term in the state before, or of the step; arbitrary if it has no value (see ``undefined``)."""
        return z3.simplify(self.encoder.truth(term, self._frame(of_step)))

    def _frame(self, of_step: bool) -> Frame:
        """The context for terms of the state before, or of the step."""

        def taken(action: str, outcome: str | None, wanted: Mapping[str, Any]) -> Any:
            fitting = []
            for n, c in enumerate(self.choices):
                pairs = zip(c.action.parameters, c.values, strict=True)
                given = {str(p): self.encoder.chosen(p.sort, v) for p, v in pairs}
                if c.action.name == action and outcome in (None, c.outcome.name) and set(wanted) <= set(given):
                    same = [self.encoder.same(given[k], w) for k, w in wanted.items()]
                    fitting.append(z3.And(self.selector == n, *same))
            return z3.Or(*fitting)

        return Frame({}, self.before, self.after, taken) if of_step else Frame({}, self.before)

    def undefined(self, term: Term, *, of_step: bool = False) -> Any:
        """The formula that a closed term has no value in the state before, or for the step."""
        return z3.simplify(undefined(self.encoder, term, self._frame(of_step)))

    def pick(self, model: Any, step: int) -> tuple[str, tuple[int, ...]]:
        """The action and parameters that a model selects for a step."""
        choice = self.choices[model.eval(self.selector_at(step), model_completion=True).as_long()]
        return choice.action.name, choice.values

    # Moves -----------------------------------------------------------------------------------------------------
    def _relation(self) -> tuple[Any, Any]:
        """The formula that the selected move leads from before to after, and the formula that it is an error."""
        moves, wrong = [], []
        for n, choice in enumerate(self.choices):
            enabled, written, outside, wronged = self._move(choice)
            frame = [self.encoder.same(self.after[p], written.get(p, self.before[p])) for p in self.before]
            if not z3.is_false(wronged):
                enabled = z3.And(z3.Not(wronged), enabled)
                wrong.append(z3.And(self.selector == n, wronged))
            moves.append(z3.Implies(self.selector == n, z3.And(enabled, *frame)))
            wrong.append(z3.And(self.selector == n, enabled, z3.Or(*outside)))
        ranges = [self.encoder.inside(f, self.after[p]) for p, f in self.layout.fields.items()]
        bound = z3.ULT(self.selector, z3.BitVecVal(len(self.choices), self._bits))
        return z3.simplify(z3.And(bound, *moves, *ranges)), z3.simplify(z3.Or(*wrong))

    def _move(self, choice: StepChoice) -> tuple[Any, dict[FieldPath, Any], list[Any], Any]:
        """For a move: when it is enabled; what it assigns; when a value is out of range; and when it leads nowhere
        because something that is evaluated has no value, or a place gets two values."""
        frame = Frame(dict(zip(choice.action.parameters, choice.values, strict=True)), self.before)
        e = self.encoder
        earlier = choice.action.outcomes[: choice.action.outcomes.index(choice.outcome)]
        enabled = z3.And(
            e.truth(choice.action.guard, frame),
            *(z3.Not(e.truth(o.condition, frame)) for o in earlier),
            e.truth(choice.outcome.condition, frame),
        )
        written: dict[FieldPath, Any] = {}
        outside: list[Any] = []
        twice: list[Any] = []
        for u in choice.outcome.updates:
            for place, here, value in self._assigned(u.target, u.value, frame):
                outside.append(z3.And(here, z3.Not(e.inside(self.layout.fields[place], value))))
                if place in written:
                    differs = z3.Not(e.same(written[place], value))
                    twice.append(z3.And(enabled, here, self._claimed(choice, place, frame, u.target), differs))
                written[place] = e.choice(here, value, written.get(place, self.before[place]))
        conditions = both(choice.action.guard, *(~o.condition for o in earlier), choice.outcome.condition)
        assigned = some(undefined(e, t, frame) for u in choice.outcome.updates for t in (u.value, u.target))
        wronged = some(
            [undefined(e, conditions, frame), assigned if z3.is_false(assigned) else z3.And(enabled, assigned), *twice]
        )
        return enabled, written, outside, wronged

    def _claimed(self, choice: StepChoice, place: FieldPath, frame: Frame, target: Term) -> Any:
        """The formula that an earlier update than that of ``target`` writes ``place``: two values for one place are an
        error."""
        earlier = []
        for u in choice.outcome.updates:
            if u.target is target:
                break
            earlier += [here for p, here, _ in self._assigned(u.target, u.value, frame) if p == place]
        return z3.Or(*earlier)

    def _assigned(self, target: Term, value: Term, frame: Frame) -> Iterator[tuple[FieldPath, Any, Any]]:
        """The places that an update may write to, under which condition, and the value."""
        name, positions = root_of(target)
        sort = self.instance.system.sort_of(name)
        paths: list[tuple[tuple[int, ...], list[Any]]] = [((), [])]
        for position in positions:
            assert isinstance(sort, Array)
            low, high = self.instance.bounds(sort.domain)
            at = self.encoder.number(position, frame)
            paths = [((*p, n - low), [*c, at == n]) for p, c in paths for n in range(low, high + 1)]
            sort = sort.element
        for path, conditions in paths:
            for leaf in self.layout.paths(sort):
                found = self.encoder.element(value, list(leaf), frame) if leaf else self.encoder.encode(value, frame)
                yield (name, (*path, *leaf)), z3.And(*conditions), self.encoder.as_number(found)

    def _check_initial(self) -> None:
        """Check that every initial value is in range: otherwise no state is initial, and everything would hold."""
        for place, f in self.layout.fields.items():
            variable = self._variables[f.variable]
            values = self._values(place) if variable.starts else ()
            if not all(f.low <= n <= f.high for value in values for n in (value if f.is_set else (value,))):
                raise ModelError(
                    f"variable {f.variable} starts with {start_text(variable.starts)}, which its sort does not hold",
                    where=variable.where,
                    remedy="correct the initial value or widen the sort",
                )

    def _literal(self, value: Any) -> Any:
        return sets.literal(value) if isinstance(value, frozenset) else self.encoder.constant(int(value))


def _terms(instance: Instance) -> Iterator[Term]:
    """Every term of the actions and variables."""
    for v in instance.system.variables:
        yield v.term
        yield from v.starts
    for b in instance.system.beginnings:
        yield b.holds
    for a in instance.system.actions.values():
        yield a.guard
        for o in a.outcomes:
            yield o.condition
            for u in o.updates:
                yield u.target
                yield u.value
