"""Actions in TLA+: a guard, then what the variables are after the step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from planrace.checker.export.tla_names import comment, title
from planrace.checker.export.tla_sight import Label, TlaSight, branches, conjuncts
from planrace.checker.export.tla_terms import TlaTerms
from planrace.checker.export.tla_text import (
    TRUE,
    K,
    TlaText,
    binder,
    bullet,
    implication,
    infix,
    junction,
    laid_out,
    negation,
)
from planrace.checker.semantics.packing import root_of
from planrace.model.language import Action, Array, Op, Outcome, Term, Update
from planrace.model.language.structural import Structural
from planrace.model.language.terms import TRUE as ALWAYS


@dataclass(frozen=True, eq=False)
class _Write(Structural):
    """A variable, the position in it that is written, the term that is there, and the new value."""

    variable: str
    target: Term
    path: tuple[Term, ...]
    value: Term


class TlaSteps:
    """Writes actions as operators. ``counted`` says whether a guard was wrapped in ``(…) = TRUE``."""

    def __init__(self, terms: TlaTerms) -> None:
        self.terms = terms
        self.counted = False
        self.variables = [v.name for v in terms.instance.system.variables]

    # Names -----------------------------------------------------------------------------------------------------
    def name(self, action: Action) -> str:
        """The operator of an action."""
        return self.terms.names.of("action", action.name, title(action.name), f"Do{title(action.name)}")

    def parameters(self, action: Action, sight: TlaSight) -> tuple[list[TlaText], list[str], TlaSight]:
        """Names for the parameters, the choices ``i \\in Enactor``, and the sight inside."""
        names, among = [], []
        for p in action.parameters:
            fresh, choice, sight = self.terms.opened(p, sight, str(p))
            names.append(fresh)
            among.append(choice)
        return names, among, sight

    def call(self, action: Action, given: Sequence[TlaText]) -> TlaText:
        name = self.name(action)
        return TlaText(f"{name}({', '.join(g.text for g in given)})" if given else name)

    def some(self, action: Action) -> TlaText:
        """The action with any parameters."""
        names, among, _ = self.parameters(action, TlaSight())
        call = self.call(action, names)
        return binder(f"\\E {', '.join(among)} :", call) if among else call

    # Definitions -----------------------------------------------------------------------------------------------
    def definition(self, action: Action) -> list[str]:
        """The operator, after its comments."""
        names, _, sight = self.parameters(action, TlaSight())
        self.terms.where = action.where
        lines = [line for c in self._guard(action.guard, sight) for line in bullet("/\\", c)]
        common = self._common(action)
        for line in self._checks(common, sight):
            lines += bullet("/\\", line)
        lines += self._assigned(common, sight)
        written = {w.variable for u in common for w in self._writes(u)}
        written |= {w.variable for o in action.outcomes for u in o.updates for w in self._writes(u)}
        lines += self._endings(action, 0, common, sight)
        lines += self._unchanged(v for v in self.variables if v not in written)
        head = f"{self.call(action, names).text} =="
        return [head, *(f"    {line}" for line in lines)]

    def _guard(self, guard: Term, sight: TlaSight) -> list[TlaText]:
        return [self.condition(c, sight) for c in conjuncts(guard) if c is not ALWAYS]

    def condition(self, term: Term, sight: TlaSight) -> TlaText:
        """A conjunct of a guard, or of what is initial, which TLC evaluates instead of taking it apart."""
        text = self.terms.write(term, sight)
        if not branches(term):
            return text
        self.counted = True
        return TlaText(f"({text.text}) = TRUE", K.RELATION)

    def _common(self, action: Action) -> list[Update]:
        """The updates of variables that every outcome changes in the same way."""
        first, *others = action.outcomes
        found = []
        for name in dict.fromkeys(w.variable for u in first.updates for w in self._writes(u)):
            mine = self._of(first, name)
            same = [[(u.target, u.value) for u in self._of(o, name)] for o in others]
            if all(_alike([(u.target, u.value) for u in mine], s) for s in same):
                found += mine
        return found

    def _of(self, ending: Outcome, variable: str) -> list[Update]:
        return [u for u in ending.updates if root_of(u.target)[0] == variable]

    def _endings(self, action: Action, n: int, common: Sequence[Update], sight: TlaSight) -> list[str]:
        """The outcomes from number n on: the first whose condition holds happens."""
        ending = action.outcomes[n]
        if len(action.outcomes) == 1:
            return []
        own = {w.variable for u in common for w in self._writes(u)}
        later = {w.variable for o in action.outcomes for u in o.updates for w in self._writes(u)} - own
        body = self._outcome(ending, [u for u in ending.updates if root_of(u.target)[0] not in own], later, sight)
        if ending.name is not None:
            body = [f"\\* {comment(ending.name)}", *body]
        if n + 1 == len(action.outcomes):
            return body
        test = self.terms.write(ending.condition, sight)
        rest = self._endings(action, n + 1, common, sight)
        lines = _led("/\\ IF ", laid_out(test, 80))
        lines += _led("     THEN ", body or ["TRUE"])
        return lines + _led("     ELSE ", rest or ["TRUE"])

    def _outcome(self, ending: Outcome, updates: Sequence[Update], later: set[str], sight: TlaSight) -> list[str]:
        lines = [line for c in self._checks(updates, sight) for line in bullet("/\\", c)]
        lines += self._assigned(updates, sight)
        written = {w.variable for u in updates for w in self._writes(u)}
        return lines + self._unchanged(v for v in self.variables if v in later and v not in written)

    # Assignments -----------------------------------------------------------------------------------------------
    def _writes(self, u: Update) -> Iterator[_Write]:
        name, positions = root_of(u.target)
        yield _Write(name, u.target, tuple(positions), u.value)

    def _assigned(self, updates: Sequence[Update], sight: TlaSight) -> list[str]:
        """``v' = …`` for each variable that is written."""
        by: dict[str, list[_Write]] = {}
        for u in updates:
            for w in self._writes(u):
                by.setdefault(w.variable, []).append(w)
        lines = []
        for name in (v for v in self.variables if v in by):
            mine = self.terms.names.of("variable", name, name)
            lines += _led("/\\ ", self._value(f"{mine}' = ", mine, by[name], sight))
        return lines

    def _value(self, head: str, name: str, writes: Sequence[_Write], sight: TlaSight) -> list[str]:
        if not writes[0].path:
            value = self.terms.write(writes[0].value, sight)
            return _led(head, laid_out(value)) if len(value.text) > 80 else [f"{head}{value.text}"]
        parts = []
        for w in writes:
            at = "".join(f"[{self.terms.write(p, sight).text}]" for p in w.path)
            if len(writes) == 1:  # of several, @ would be what the one before it made
                sight = sight.but(w.target, TlaText("@"))
            parts.append(f"!{at} = {self.terms.write(w.value, sight).text}")
        whole = f"{head}[{name} EXCEPT {', '.join(parts)}]"
        if len(whole) <= 100:
            return [whole]
        lines = [f"{head}[{name} EXCEPT", *(f"{' ' * (len(head) + 4)}{p}," for p in parts)]
        return [*lines[:-1], f"{lines[-1][:-1]}]"]

    def _unchanged(self, names: Iterator[str]) -> list[str]:
        found = [self.terms.names.of("variable", n, n) for n in names]
        if not found:
            return []
        return [f"/\\ UNCHANGED {found[0]}" if len(found) == 1 else f"/\\ UNCHANGED <<{', '.join(found)}>>"]

    # Errors ----------------------------------------------------------------------------------------------------
    def _checks(self, updates: Sequence[Update], sight: TlaSight) -> list[TlaText]:
        """Assertions about what would be silence in TLA+: a position that an array does not have, and two values for
        one place."""
        writes = [w for u in updates for w in self._writes(u)]
        found = []
        for w in writes:
            sort = self.terms.instance.system.sort_of(w.variable)
            for p in w.path:
                assert isinstance(sort, Array)
                low, high = self.terms.instance.bounds(sort.domain)
                least, most = self.terms.reach(p)
                if least < low or most > high:
                    inside = infix("\\in", K.RELATION, self.terms.write(p, sight), self.terms.sort(sort.domain))
                    found.append(self._assert(inside, f"{w.variable} has no such position"))
                sort = sort.element
        for a, b in combinations(writes, 2):
            if a.variable == b.variable and not self._apart(a, b):
                found.append(self._assert(self._agreeing(a, b, sight), f"two values for one place of {a.variable}"))
        return list(dict.fromkeys(found))

    def _assert(self, holds: TlaText, what: str) -> TlaText:
        return TlaText(f'Assert({holds.text}, "{comment(what)}")')

    @staticmethod
    def _apart(a: _Write, b: _Write) -> bool:
        pairs = zip(a.path, b.path, strict=False)
        return any(x.op is Op.CONST and y.op is Op.CONST and x.data != y.data for x, y in pairs)

    def _agreeing(self, a: _Write, b: _Write, sight: TlaSight) -> TlaText:
        """If the shorter path leads to the place of the longer one, both give it the same value."""
        short, long = sorted((a, b), key=lambda w: len(w.path))
        same = [
            infix("=", K.RELATION, self.terms.write(x, sight), self.terms.write(y, sight))
            for x, y in zip(short.path, long.path, strict=False)
            if x is not y
        ]
        value = self.terms.write(short.value, sight)
        rest = "".join(f"[{self.terms.write(p, sight).text}]" for p in long.path[len(short.path) :])
        inner = TlaText(f"{value.within(K.ATOM)}{rest}") if rest else value
        equal = infix("=", K.RELATION, inner, self.terms.write(long.value, sight))
        return implication(junction(K.AND, same), equal) if same else equal

    # Steps in properties ---------------------------------------------------------------------------------------
    def taken(self, term: Term, sight: TlaSight) -> TlaText:
        """That the step could be one of an action, with an outcome."""
        wanted, outcome, given = term.data
        action = self.terms.instance.system.actions.get(wanted)
        if action is None:
            return _FALSE
        names, among, inside = self.parameters(action, sight)
        at = dict(zip((str(p) for p in action.parameters), names, strict=True))
        if any(n not in at for n in given):
            return _FALSE
        fixed = {at[n].text: self.terms.write(a, sight) for n, a in zip(given, term.args, strict=True)}
        ends = [self.ends(action, n, inside) for n, o in enumerate(action.outcomes) if o.name == outcome]
        parts = [self.call(action, names)]
        if outcome is not None:
            parts.append(junction(K.OR, ends))
        body = junction(K.AND, [*(infix("=", K.RELATION, TlaText(n), v) for n, v in fixed.items()), *parts])
        return binder(f"\\E {', '.join(among)} :", body) if among else body

    def ends(self, action: Action, n: int, sight: TlaSight) -> TlaText:
        """That outcome number n of an action happens where it is enabled."""
        before = [negation(self.terms.write(o.condition, sight)) for o in action.outcomes[:n]]
        own = action.outcomes[n].condition
        return junction(K.AND, [*before, *([] if own is ALWAYS else [self.terms.write(own, sight)])])

    def for_each_step(self, holds: Term) -> TlaText:
        """That a formula of steps holds for each action that a step could be one of."""
        found = []
        for action in self.terms.instance.system.actions.values():
            names, among, sight = self.parameters(action, TlaSight())
            given = dict(zip((str(p) for p in action.parameters), names, strict=True))
            cases: dict[str, list[TlaText]] = {}
            for n in range(len(action.outcomes)):
                text = self.terms.write(holds, replace(sight, label=Label(action, n, given)))
                if text.text != TRUE.text:
                    cases.setdefault(text.text, [text]).append(self.ends(action, n, sight))
            for text, *ends in cases.values():
                test = self.call(action, names)
                if len(ends) < len(action.outcomes):
                    test = junction(K.AND, [test, junction(K.OR, ends)])
                body = implication(test, text)
                found.append(binder(f"\\A {', '.join(among)} :", body) if among else body)
        return junction(K.AND, found)

    def rests(self, action: Action) -> bool:
        """Whether a step of the action may change nothing, as far as its text shows: it may unless its guard says that
        a place has a constant value, and each outcome gives it another one."""
        stated = {}
        for c in conjuncts(action.guard):
            if c.op is Op.EQ:
                for place, value in (c.args, c.args[::-1]):
                    if value.op is Op.CONST:
                        stated[place] = value
        return not all(
            any(u.target in stated and u.value.op is Op.CONST and u.value is not stated[u.target] for u in o.updates)
            for o in action.outcomes
        )


_FALSE = TlaText("FALSE")


def _alike(a: Sequence[tuple[Term, Term]], b: Sequence[tuple[Term, Term]]) -> bool:
    return len(a) == len(b) and all(x is y and p is q for (x, p), (y, q) in zip(a, b, strict=True))


def _led(head: str, lines: Sequence[str]) -> list[str]:
    return [head + lines[0], *(" " * len(head) + line for line in lines[1:])]
