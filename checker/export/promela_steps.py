"""Steps in Promela: updates that happen at once, as assignments one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from planrace.checker.export.names import comment
from planrace.checker.export.promela_terms import TOP, PromelaTerms, Sight
from planrace.checker.export.promela_text import EQUAL, ORDER, TIMES, PromelaText, conjunction, mentions
from planrace.checker.semantics.packing import root_of
from planrace.model.language import Action, Array, Op, Outcome, SetOf, Term
from planrace.model.language.intervals import leaf
from planrace.model.language.sorts import Sort
from planrace.model.language.terms import subterms


@dataclass(frozen=True)
class Assignment:
    """A place, its value, the variables that are read for either, and the condition that the value is in range, if
    that is not known."""

    variable: str
    path: tuple[PromelaText, ...]
    value: PromelaText
    reads: frozenset[str]
    limit: PromelaText | None


class PromelaSteps:
    """Writes the bodies of actions. ``saved`` is the number of variables that it needs to hold values in between;
    ``watched`` says whether the steps are watched by properties of steps, and ``took`` gives further
    statements for the end of a step, from its action and the parameters."""

    def __init__(
        self, terms: PromelaTerms, took: Callable[[Action, Sequence[PromelaText]], list[str]], *, watched: bool
    ) -> None:
        self.terms = terms
        self.took = took
        self.watched = watched
        self.saved = 0
        self.parameters: tuple[PromelaText, ...] = ()

    def body(self, action: Action, bound: Mapping[Term, PromelaText]) -> list[str]:
        """The statements of a step of ``action``, the guard first."""
        self.terms.where = action.where
        self.parameters = tuple(bound.values())
        sight = Sight(bound)
        lines = [f"{self.terms.write(action.guard, sight).text} ->", f"{self._said(action)};"]
        if self.watched:
            lines.append("before_step();")
        lines += self._endings(action, 0, sight)
        return lines

    def _said(self, action: Action) -> str:
        """The statement that says the step in a simulation."""
        form = said_step(self.terms.names.of("action", action.name), ["%d"] * len(self.parameters))
        return f"say({', '.join([said(form), *(p.text for p in self.parameters)])})"

    def _endings(self, action: Action, n: int, sight: Sight) -> list[str]:
        """The outcomes from number n on: the first whose condition holds happens."""
        ending = action.outcomes[n]
        lines = self._outcome(action, n, ending, sight)
        if n + 1 == len(action.outcomes):
            return lines
        test = self.terms.write(ending.condition, sight)
        rest = self._endings(action, n + 1, sight)
        return ["if", f":: {test.text} ->", *indented(lines), ":: else ->", *indented(rest), "fi"]

    def _outcome(self, action: Action, n: int, ending: Outcome, sight: Sight) -> list[str]:
        lines = [f"/* {comment(ending.name)} */"] if ending.name is not None and len(action.outcomes) > 1 else []
        statements = self._assigned([a for u in ending.updates for a in self._assignments(u.target, u.value, sight)])
        statements += self.took(action, self.parameters)
        if self.watched:
            name = self.terms.names.of("step", action.name, f"step_{action.name}")
            taken = ", ".join([name, str(n), *(sight.bound[p].text for p in action.parameters)])
            statements.append(f"after_{len(action.parameters)}({taken})")
        return [*lines, *joined(statements or ["skip"])]

    # Assignments -----------------------------------------------------------------------------------------------
    def _assignments(self, target: Term, value: Term, sight: Sight) -> Iterator[Assignment]:
        name, positions = root_of(target)
        at = tuple(self.terms.write(p, sight) for p in positions)
        reads = frozenset(t.data for t in subterms(value, *positions) if t.op is Op.VARIABLE)
        if not isinstance(target.sort, Array):
            said = self.terms.write(value, sight)
            yield Assignment(name, at, said, reads, self._limit(target.sort, value, said))
            return
        for path in self.terms.leaves(target.sort):
            said = self.terms.element(value, path, sight)
            yield Assignment(name, (*at, *path), said, reads, self._limit(inner(target.sort), value, said))

    def _limit(self, sort: Sort, value: Term, said: PromelaText) -> PromelaText | None:
        """The condition that a sort holds a value; None if it holds all that the term can be."""
        low, high = self.terms.instance.bounds(leaf(sort))
        least, most = self.terms.reach(value)
        if isinstance(sort, SetOf):
            if (low <= least and most <= high) or (value.op is Op.SET and not value.args):
                return None
            outside = sum(1 << n for n in range(TOP + 1) if not low <= n <= high)
            return PromelaText(f"({said.within(TIMES)} & {outside}) == 0", EQUAL)
        limits = [PromelaText(f"{low} <= {said.within(ORDER)}", ORDER)] if least < low else []
        limits += [PromelaText(f"{said.within(ORDER)} <= {high}", ORDER)] if most > high else []
        return conjunction(limits) if limits else None

    def _assigned(self, assignments: Sequence[Assignment]) -> list[str]:
        """Assignments in an order in which each reads what was there before the step; where there is none, values are
        held in between."""
        statements = [f"assert({a.limit.text})" for a in assignments if a.limit is not None]
        waiting = list(assignments)
        if any(self._indexes_itself(a) for a in waiting):
            return statements + self._held(waiting)
        while waiting:
            free = next((a for a in waiting if not any(a.variable in b.reads for b in waiting if b is not a)), None)
            if free is None:
                return statements + self._held(waiting)
            statements.append(f"{self.terms.place(free.variable, free.path).text} = {free.value.text}")
            waiting.remove(free)
        return statements

    def _indexes_itself(self, a: Assignment) -> bool:
        """Whether a position reads the array that it is a position of, which SPIN refuses."""
        name = self.terms.place(a.variable, ()).text
        return any(mentions(p, name) for p in a.path)

    def _held(self, waiting: Sequence[Assignment]) -> list[str]:
        early, late, held = [], [], 0
        for a in waiting:
            path = []
            for position in a.path:
                if position.value is not None or position in self.parameters:
                    path.append(position)
                    continue
                held += 1  # it may read what is written
                early.append(f"saved_{held} = {position.text}")
                path.append(PromelaText(f"saved_{held}"))
            held += 1
            early.append(f"saved_{held} = {a.value.text}")
            late.append(f"{self.terms.place(a.variable, path).text} = saved_{held}")
        self.saved = max(self.saved, held)
        return early + late


def said(line: str) -> str:
    """A line as an argument of ``say``."""
    return f'"{line}\\n"'


def said_step(name: str, given: Sequence[object]) -> str:
    """How a simulation says a step: ``name`` is that of the model, ``given`` are the numbers of its parameters."""
    return f"step {name}({', '.join(map(str, given))})"


def inner(sort: Sort) -> Sort:
    """The scalar or set inside arrays."""
    while isinstance(sort, Array):
        sort = sort.element
    return sort


def joined(statements: Sequence[str]) -> list[str]:
    """Statements, separated as Promela wants it."""
    return [*(f"{s};" for s in statements[:-1]), statements[-1]]


def indented(lines: Sequence[str]) -> list[str]:
    return [f"\t{line}" for line in lines]


def judged(violation: str, name: str) -> str:
    """A guard that holds where a property is violated, and statements that say so."""
    return f'{violation} -> printf("violated: {name}\\n"); assert(false)'
