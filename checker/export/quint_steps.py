"""Actions in Quint, and the initial states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from planrace.checker.export.quint_names import field_name, outcome_texts, remark, step_label
from planrace.checker.export.quint_terms import QuintSight, QuintTerms
from planrace.checker.export.quint_text import (
    ATOM,
    QuintText,
    assigned,
    call,
    choose,
    compared,
    disjunction,
    function,
    laid_out,
    number,
)
from planrace.checker.semantics.packing import root_of
from planrace.model.language import Action, Array, Op, Outcome, SetOf, Term, Update, Variable
from planrace.model.language.sorts import Sort
from planrace.model.language.terms import TRUE, subterms


class QuintSteps:
    """Writes actions. ``before`` are the variables whose values before the step are kept, each with the name of what
    keeps them; with ``watched`` the step itself is kept, too."""

    def __init__(self, terms: QuintTerms, before: Mapping[str, str], watched: bool) -> None:
        self.terms = terms
        self.names = terms.names
        self.system = terms.instance.system
        self.before = before
        self.watched = watched

    def name(self, variable: str) -> str:
        return self.terms.variable(variable, QuintSight()).text

    # Initial states --------------------------------------------------------------------------------------------
    def init(self) -> list[str]:
        """The action that chooses an initial state."""
        read = {t.data for b in self.system.beginnings for t in subterms(b.holds) if t.op is Op.VARIABLE}
        chosen, values, called = [], {}, {}
        for v in self.system.variables:
            free = v.initially is None
            found = self._choice(v) if free else self._start(v.sort, v.initially, [])  # type: ignore[arg-type]
            if free or v.name in read:
                name = self.names.of("start", f"first_{v.name}")
                chosen += laid_out(f"nondet {name} = oneOf({found.text})" if free else f"val {name} = {found.text}", 2)
                found = QuintText(name)
                if free:
                    found = self._which(v, found)
                called[v.name] = found.text
            values[v.name] = found
        sight = QuintSight(called=called, named=False)
        parts = [self.terms.write(b.holds, sight).text for b in self.system.beginnings]
        parts += [assigned(self.name(v), value) for v, value in values.items()]
        parts += [assigned(kept, values[v]) for v, kept in self.before.items()]
        parts += ["lastStep' = Start"] if self.watched else []
        lines = _together("all", parts, 2)
        return ["  action init = {", *chosen, *lines, "  }"] if chosen else _headed("action init = ", "all", parts)

    def _start(self, sort: Sort, term: Term, path: Sequence[str]) -> QuintText:
        """The value that an array has where it starts with ``term`` (an array with as many dimensions, or fewer)."""
        if isinstance(sort, Array) and _depth(term.sort) != _depth(sort) + len(path):
            deep = len(path) < _depth(term.sort)
            name = self.names.local("k", frozenset(path)) if deep else "_"
            inner = self._start(sort.element, term, [*path, name])
            return call(self.terms.members(sort.domain), "mapBy", function([name], inner))
        if not path or not isinstance(term.sort, Array):
            return self.terms.write(term, QuintSight())
        far = (0, -1)  # nothing is known of where it is, which is inside
        at = [(QuintText(p), far) for p in path[: _depth(term.sort)]]
        return self.terms.element(term, at, QuintSight())

    def _choice(self, v: Variable) -> QuintText:
        """The set that an initial value is chosen from; for arrays that differ from each other, that of all choices
        between them, place by place."""
        if v.among and self._differ(v):
            return self._maps(v.sort, call(number(0), "to", number(len(v.among) - 1)))
        if not v.among:
            return self._maps(v.sort, None)
        values = ", ".join(self.terms.write(a, QuintSight()).text for a in v.among)
        return self._maps(v.sort, QuintText(f"Set({values})"))

    @staticmethod
    def _differ(v: Variable) -> bool:
        return any(isinstance(a.sort, Array) for a in v.among)

    def _maps(self, sort: Sort, values: QuintText | None) -> QuintText:
        """The set of all values of a sort whose innermost elements are among ``values`` (None: any of theirs)."""
        if isinstance(sort, Array):
            return call(self.terms.members(sort.domain), "setOfMaps", self._maps(sort.element, values))
        if values is not None:
            return values
        if isinstance(sort, SetOf):
            return call(self.terms.members(sort.element), "powerset")
        return self.terms.members(sort)

    def _which(self, v: Variable, choice: QuintText) -> QuintText:
        """The initial value, given what was chosen."""
        if not self._differ(v):
            return choice

        def value(sort: Sort, path: list[str]) -> QuintText:
            if isinstance(sort, Array):
                name = self.names.local("k", frozenset(path))
                inner = value(sort.element, [*path, name])
                return call(self.terms.members(sort.domain), "mapBy", function([name], inner))
            here = choice
            for p in path:
                here = call(here, "get", p)
            options = [self._start(sort, a, path) for a in v.among]
            found = options[-1]
            for n, option in reversed(list(enumerate(options[:-1]))):
                found = choose(compared("==", here, number(n)), option, found)
            return found

        return value(v.sort, [])

    # Actions ---------------------------------------------------------------------------------------------------
    def action(self, action: Action) -> list[str]:
        """The definition of an action."""
        bound, seen = {}, frozenset[str]()
        for p in action.parameters:
            name = self.names.local(str(p), seen)
            bound[p], seen = QuintText(name), seen | {name}
        sight = QuintSight(bound)
        given = ", ".join(f"{bound[p].text}: {self.terms.type_of(p.sort)}" for p in action.parameters)
        name = self.names.of("action", action.name, f"do_{action.name}")
        head = f"action {name}({given}): bool = " if given else f"action {name} = "
        told = [s.template for s in (action.says, *(o.says for o in action.outcomes)) if s is not None][:1]
        told += [f"a fault: {action.fault}"] if action.fault is not None else []
        return [*(f"  /// {remark(t)}" for t in told), *_headed(head, "all", self._parts(action, sight))]

    def _parts(self, action: Action, sight: QuintSight) -> list[str | list[str]]:
        guard = action.guard.args if action.guard.op is Op.AND else (action.guard,)
        parts: list[str | list[str]] = [self.terms.write(c, sight).text for c in guard if c is not TRUE]
        written = {n for o in action.outcomes for n in (root_of(u.target)[0] for u in o.updates)}
        if len(action.outcomes) == 1:
            parts += self._outcome(action, action.outcomes[0], written, sight)
        else:
            parts.append(self._endings(action, written, sight))
        kept = [f"{self.name(v.name)}' = {self.name(v.name)}" for v in self.system.variables if v.name not in written]
        kept += [f"{name}' = {self.name(v)}" for v, name in self.before.items()]
        return [*parts, *_in_lines(kept)]

    def _endings(self, action: Action, written: set[str], sight: QuintSight) -> list[str]:
        """The outcomes: the first whose condition holds happens."""
        lines: list[str] = []
        for n, o in enumerate(action.outcomes):
            last = n == len(action.outcomes) - 1
            test = [] if last else laid_out(f"if ({self.terms.write(o.condition, sight).text}) all {{", 2)
            head = ["    all {"] if last else test
            if n:
                head = [f"    }} else {head[0].strip()}", *head[1:]]
            lines += [*head, *([] if o.name is None else [f"      // {remark(o.name)}"])]
            lines += _items_of(self._outcome(action, o, written, sight), 3)
        return [*lines, "    }"]

    def _outcome(self, action: Action, o: Outcome, written: set[str], sight: QuintSight) -> list[str | list[str]]:
        updates: dict[str, list[Update]] = {}
        for u in o.updates:
            updates.setdefault(root_of(u.target)[0], []).append(u)
        parts: list[str | list[str]] = []
        for found in updates.values():
            parts += [f"assert({t.text})" for t in self._agreements(found, sight)]
        kept = [v.name for v in self.system.variables if v.name in written and v.name not in updates]
        for v in self.system.variables:
            if v.name in updates:
                parts.append(assigned(self.name(v.name), self._updated(v, updates[v.name], sight)))
        parts += _in_lines([f"{self.name(v)}' = {self.name(v)}" for v in kept])
        return parts + ([f"lastStep' = {self._step(action, o, sight)}"] if self.watched else [])

    def _step(self, action: Action, o: Outcome, sight: QuintSight) -> str:
        fields = [f'outcome: "{outcome_texts(action)[o.name]}"'] if action.outcome_names else []
        fields += [f"{field_name(str(p))}: {sight.bound[p].text}" for p in action.parameters]
        label = step_label(self.names, action.name)
        return f"{label}({{ {', '.join(fields)} }})" if fields else label

    def step_type(self) -> list[str]:
        """The type of steps, for properties of steps."""
        labels = ["Start"]
        for a in self.system.actions.values():
            fields = ["outcome: str"] if a.outcome_names else []
            fields += [f"{field_name(str(p))}: {self.terms.type_of(p.sort)}" for p in a.parameters]
            label = step_label(self.names, a.name)
            labels.append(f"{label}({{ {', '.join(fields)} }})" if fields else label)
        return ["  type LastStep =", *(f"    | {label}" for label in labels)]

    # Updates ---------------------------------------------------------------------------------------------------
    def _updated(self, v: Variable, updates: Sequence[Update], sight: QuintSight) -> QuintText:
        """The value of a variable after updates."""
        found = QuintText(self.name(v.name))
        for u in updates:
            _, positions = root_of(u.target)
            value = self.terms.write(u.value, sight)
            at = [self.terms.write(p, sight) for p in positions]
            found = self._placed(found, at, value, sight.seen) if at else value
        return found

    def _placed(self, whole: QuintText, at: Sequence[QuintText], value: QuintText, seen: frozenset[str]) -> QuintText:
        """An array with a value at a path of positions."""
        if len(at) == 1:
            return call(whole, "set", at[0], value)
        name = self.names.local("row", seen)
        inner = self._placed(QuintText(name, ATOM), at[1:], value, seen | {name})
        return call(whole, "setBy", at[0], function([name], inner))

    def _agreements(self, updates: Sequence[Update], sight: QuintSight) -> Iterator[QuintText]:
        """The conditions that no place gets two values, which would be an error of the model."""
        for n, u in enumerate(updates):
            for earlier in updates[:n]:
                pairs = list(zip(root_of(u.target)[1], root_of(earlier.target)[1], strict=False))
                constant = [a.data != b.data for a, b in pairs if a.op is b.op is Op.CONST]
                if u.value is earlier.value or any(constant):
                    continue
                apart = [compared("!=", *(self.terms.write(x, sight) for x in pair)) for pair in pairs]
                deepest = max((root_of(x.target)[1] for x in (u, earlier)), key=len)
                alike = compared("==", *(self._value_at(x, deepest, sight) for x in (u, earlier)))
                yield disjunction([*apart, alike])

    def _value_at(self, u: Update, positions: Sequence[Term], sight: QuintSight) -> QuintText:
        """The value that an update writes to a place in its target."""
        inner = [(self.terms.write(p, sight), self.terms.reach(p)) for p in positions[len(root_of(u.target)[1]) :]]
        return self.terms.element(u.value, inner, sight) if inner else self.terms.write(u.value, sight)


def _depth(sort: Sort) -> int:
    return 1 + _depth(sort.element) if isinstance(sort, Array) else 0


def _in_lines(parts: Sequence[str], width: int = 100) -> list[str | list[str]]:
    """Short parts, several in a line."""
    lines: list[str | list[str]] = []
    line = ""
    for p in parts:
        if line and len(line) + len(p) > width:
            lines.append(line)
            line = ""
        line = f"{line}, {p}" if line else p
    return [*lines, line] if line else lines


def _items_of(parts: Sequence[str | list[str]], indent: int) -> list[str]:
    """The lines of parts, which end with commas; a part that is lines already stays as it is."""
    lines: list[str] = []
    for p in parts:
        lines += laid_out(p, indent, ",") if isinstance(p, str) else [*p[:-1], f"{p[-1]},"]
    return lines


def _together(word: str, parts: Sequence[str | list[str]], indent: int) -> list[str]:
    start = "  " * indent
    return [f"{start}{word} {{", *_items_of(parts, indent + 1), f"{start}}}"]


def _headed(head: str, word: str, parts: Sequence[str | list[str]]) -> list[str]:
    first, *others = _together(word, parts, 1)
    return [f"  {head}{first.strip()}", *others]
