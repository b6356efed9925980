"""A finite instance → the source of one Python function that expands packed states.

``expand(s, out, hits)`` appends every successor of ``s`` to ``out``, which must be empty, in the order of the protocol.
It appends ``(k, t)`` to ``hits`` for every step to ``t`` for which step term k holds. It returns a bit mask: a bit for
each state term that holds in ``s``; above them a bit for a deadlock, and one for everything else that was met. With
marks, ``out`` gets ``(t, m)``: bit k of m says that mark k holds for the step.

A successor is the state plus a sum of shifted differences, so a step costs what it changes, not what the state holds.
Actions are specialised to their parameters, and further to each value of a variable that is used as a position
(``lock[cursor[i]]``), so that places are constants. Other positions to which a step writes are computed, with one
branch for each of their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product
from math import prod

from planrace.checker.engines.explicit.expressions import (
    Code,
    Mask,
    Number,
    Truth,
    aligned,
    as_number,
    chained,
    may_fail,
    negate,
    number,
)
from planrace.checker.engines.explicit.instances import Openings, assigned, opened
from planrace.checker.engines.explicit.lines import Plain
from planrace.checker.engines.explicit.lower import Lowering, Scope, valued
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.semantics.packing import WORD, Field, Layout, root_of
from planrace.model.language import Action, Array, Instance, ModelError, Op, Outcome, Term, both
from planrace.model.language.operators import BINDERS

Slot = tuple[str, tuple[int, ...]]

OUTSIDE = Truth("_out_of_range()", fails=True)
"""The code of a value at a place outside its array."""
SEPARATE = 32
"""The largest number of conditions of a guard that are tested one by one, each a level deeper: Python allows 100."""
SPLIT = 256
"""The largest number of values for which an action is specialised to the fields that a position depends on."""


class Emitter:
    """Writes the function for one instance and one ``Watch``."""

    lowers: type[Lowering] = Lowering

    def __init__(self, instance: Instance, layout: Layout, watch: Watch) -> None:
        self.instance = instance
        self.layout = layout
        self.watch = watch
        self.lowering = self.lowers(instance, layout)
        self._openings = Openings(instance)
        self._roles = dict(watch.roles)
        self.failing: set[str] = set()
        """Variables with an update that may be an error."""
        self.fan = 0
        """After ``source``: an upper bound for the number of successors of a state."""
        self._temporaries = 0
        self._endings = {(s.name, s.part): n for n, s in enumerate(watch.met) if s.term is None}

    def source(self) -> str:
        """The source text of ``expand``."""
        self.fan = 0
        scope = Scope(self._roles, self.lowering.base())
        body = [*self._states(scope), *self._steps(scope), *self._stuck(scope)]
        opening, closing = self._frame()
        return "\n".join([opening[0], *_indented([*opening[1:], *self._reads(), *body, *closing])]) + "\n"

    def _frame(self) -> tuple[list[str], list[str]]:
        """The first line of the function with the lines after it, and its last lines."""
        above = len(self.watch.states) + 1
        return ["def expand(s, out, hits):"], [f"return found | c0 << {above}" if self.watch.met else "return found"]

    def _reads(self) -> Iterator[str]:
        base = self.lowering.base()
        for place in self.layout.fields:
            if place in self.lowering.used:
                f = self.layout.fields[place]
                raw = self._raw(f)
                yield (
                    f"{base[place].text} = ({raw}) + {f.low}"
                    if f.low and not f.is_set
                    else f"{base[place].text} = {raw}"
                )

    def _raw(self, field: Field) -> str:
        return f"s >> {field.offset} & {field.mask}" if field.offset else f"s & {field.mask}"

    def _states(self, scope: Scope) -> Iterator[str]:
        yield "found = 0"
        for k, term in enumerate(self.watch.states):
            test = self.lowering.truth(term, scope.but(total=self.watch.report_only))
            if test.known is not False:
                yield f"if {test.text}: found |= {1 << k}"
        if self.watch.met:
            yield from (f"c{w} = 0" for w in range(self._banks()))
        for n, subject in enumerate(self.watch.met):
            if subject.term is not None and not subject.of_steps:
                yield from _if(self.lowering.truth(subject.term, scope.but(total=True)), [self._meet(n)])

    def _stuck(self, scope: Scope) -> list[str]:
        """Report a state that enables nothing and is not final."""
        if self.watch.final is None:
            return []
        return _block(
            f"if {self._nothing()}:", _if(negate(self.lowering.truth(self.watch.final, scope)), [self._lost()])
        )

    def _nothing(self) -> str:
        return "not out"

    def _lost(self) -> str:
        return f"found |= {1 << len(self.watch.states)}"

    def _banks(self) -> int:
        """The number of variables that collect what was met."""
        return 1

    def _meet(self, n: int) -> str:
        return f"c0 |= {1 << n}"

    # Actions ---------------------------------------------------------------------------------------------------
    def _steps(self, scope: Scope) -> Iterator[str]:
        for action, inner in self._openings.instances(scope):
            yield from self._action(action, inner)

    def _action(self, action: Action, scope: Scope) -> list[str]:
        look_at_the_clock()
        guard = list(action.guard.args) if action.guard.op is Op.AND else [action.guard]
        if len(guard) > SEPARATE:
            guard[SEPARATE:] = [both(*guard[SEPARATE:])]
        try:
            return self._guarded(guard, action, scope)
        except ModelError as problem:
            where = problem.where or action.where
            raise ModelError(f"{action.name}: {problem.what}", where=where, remedy=problem.remedy) from None

    def _guarded(self, guard: list[Term], action: Action, scope: Scope) -> list[str]:
        if not guard:
            missing = self._openings.open(None, action, scope)
            return opened(missing, scope, lambda inner: self._outcomes(list(action.outcomes), action, inner))
        if (given := self._openings.given(guard[0], action, scope)) is not None:
            to, value = given
            split = self._to_split([value], scope)
            if split is None:
                return assigned(to, value, scope, self.lowering, lambda inner: self._guarded(guard[1:], action, inner))
        elif missing := self._openings.open(guard[:1], action, scope):
            return opened(missing, scope, lambda inner: self._guarded(guard, action, inner))
        else:
            split = self._to_split(guard[:1], scope)
        if split is not None:
            return self._split(split, scope, lambda inner: self._guarded(guard, action, inner))
        test = self.lowering.truth(guard[0], scope)
        if test.known is False:
            return []
        return self._either(test, self._guarded(guard[1:], action, self._learn(guard[0], scope)), [])

    def _outcomes(self, rest: list[Outcome], action: Action, scope: Scope) -> list[str]:
        if not rest:
            return []
        ending = rest[0]
        split = self._to_split([ending.condition, *_update_terms(ending)], scope)
        if split is not None:
            return self._split(split, scope, lambda inner: self._outcomes(rest, action, inner))
        test = self.lowering.truth(ending.condition, scope)
        if test.known is False:
            return self._outcomes(rest[1:], action, scope)
        lines = self._ending(ending, action, self._learn(ending.condition, scope))
        at = self._endings.get((action.name, ending.name or ""))
        if at is not None:
            lines.append(self._meet(at))
        if test.known:
            return lines
        return self._either(test, lines, self._outcomes(rest[1:], action, scope))

    def _either(self, test: Truth, lines: list[str], other: list[str]) -> list[str]:
        """``lines`` if the test holds, ``other`` if not; the test is not known to be false."""
        if not lines:
            return _if(negate(test), other)
        return [*_if(test, lines), *_else(other)]

    def _ending(self, ending: Outcome, action: Action, scope: Scope) -> list[str]:
        computed = self._computed(ending, scope)
        if computed is not None:
            return self._at_each(*computed, scope, lambda inner: self._ending(ending, action, inner))
        lines: list[str] = []
        after: dict[Slot, Code] = {}
        for u in ending.updates:
            assigned = self._assigned(u.target, u.value, scope)
            lines += [line for place, code in assigned for line in self._write(place, code, after)]
        lines += self._successor(after, scope)
        names = {str(p): valued(scope.bound[p]) for p in action.parameters}
        # Step terms refer to roles, never to the action's parameters, although both may be the same bound terms.
        stepping = scope.but(bound=self._roles, after=after, step=(action.name, names, ending.name))
        for k, term in enumerate(self.watch.steps):
            lines += self._either(self.lowering.truth(term, stepping), [self._hit(k)], [])
        for n, subject in enumerate(self.watch.met):
            if subject.term is not None and subject.of_steps:
                test = self.lowering.truth(subject.term, stepping.but(total=True))
                lines += self._either(test, [self._meet(n)], [])
        self.fan += scope.turns
        return lines + self._append(stepping)

    def _hit(self, k: int) -> str:
        return f"hits.append(({k}, t))"

    def _append(self, scope: Scope) -> list[str]:
        return [*self._marks(scope), "out.append((t, m))"] if self.watch.marks else ["out.append(t)"]

    def _marks(self, scope: Scope) -> list[str]:
        """Set m to the marks of the step."""
        lines = ["m = 0"]
        for k, term in enumerate(self.watch.marks):
            lines += _if(self.lowering.truth(term, scope), [f"m |= {1 << k}"])
        return lines

    # Updates ---------------------------------------------------------------------------------------------------
    def _computed(self, ending: Outcome, scope: Scope) -> tuple[str, Term, range] | None:
        """The first computed position to which an update writes, if any, with the variable and the positions of its
        array."""
        for u in ending.updates:
            name, positions = root_of(u.target)
            sort = self.instance.system.sort_of(name)
            for position in positions:
                assert isinstance(sort, Array)
                if position not in scope.at and not self.lowering.number(position, scope).constant:
                    return name, position, self.instance.members(sort.domain)
                sort = sort.element
        return None

    def _at_each(
        self, name: str, position: Term, members: range, scope: Scope, body: Callable[[Scope], list[str]]
    ) -> list[str]:
        """``body`` once for each value of a position to which an update of ``name`` writes."""
        code = self.lowering.number(position, scope)
        lines, at = self._named(code)
        values = [n for n in members if code.low <= n <= code.high]
        for n in values:
            inner = scope.but(at={**scope.at, position: n})
            lines += _block(f"{'if' if n == values[0] else 'elif'} {at.text} == {n}:", body(inner))
        beyond = code.low < members[0] or code.high > members[-1]
        if beyond:
            lines += ["else:", f" {OUTSIDE.text}"] if values else [OUTSIDE.text]
        if beyond or may_fail(code):
            self.failing.add(name)
        return lines

    def _assigned(self, target: Term, value: Term, scope: Scope) -> Iterator[tuple[Slot, Code]]:
        """The places that an update writes to, and the code of their new values."""
        name, positions = root_of(target)
        path, sort = [], self.lowering.instance.system.sort_of(name)
        for position in positions:
            assert isinstance(sort, Array)
            low, high = self.instance.bounds(sort.domain)
            at = scope.at[position] if position in scope.at else self.lowering.number(position, scope).low
            if not low <= at <= high:
                yield (name, ()), OUTSIDE
                return
            path.append(at - low)
            sort = sort.element
        if not isinstance(sort, Array):
            yield (name, tuple(path)), self.lowering.lower(value, scope)
            return
        for leaf in self.layout.paths(sort):
            yield (name, (*path, *leaf)), self.lowering.element(value, leaf, scope)

    def _write(self, place: Slot, code: Code, after: dict[Slot, Code]) -> list[str]:
        if code.fails:
            self.failing.add(place[0])
        if code == OUTSIDE:
            return [OUTSIDE.text]
        field = self.layout.fields[place]
        lines, made = self._mask(field, code) if isinstance(code, Mask) else self._number(field, as_number(code))
        if place in after and made.text != after[place].text:
            lines.append(self._refuse(f"{made.text} != {after[place].text}", place[0]))
        after[place] = made
        return lines

    def _number(self, field: Field, code: Number) -> tuple[list[str], Code]:
        if code.low >= field.low and code.high <= field.high:
            return self._named(code)
        if code.high < field.low or code.low > field.high:
            self.failing.add(field.variable)
            return [OUTSIDE.text], number(field.low)
        lines, named = self._named(code)
        least = [f"{field.low} <= "] if code.low < field.low else []
        most = [f" <= {field.high}"] if code.high > field.high else []
        lines.append(self._refuse(f"not {''.join([*least, named.text, *most])}", field.variable))
        assert isinstance(named, Number)
        return lines, replace(named, low=max(code.low, field.low), high=min(code.high, field.high))

    def _mask(self, field: Field, code: Mask) -> tuple[list[str], Code]:
        if code.text == "0":
            return [], Mask("0", field.low, field.high)
        lines: list[str] = []
        if code.low < field.low or code.high > field.high:
            lines, named = self._named(code)
            assert isinstance(named, Mask)
            code = named
            if code.low > field.high or code.high < field.low:  # only the empty set is in the range
                return [*lines, self._refuse(code.text, field.variable)], Mask("0", field.low, field.high)
            both = range(max(field.low, code.low), min(field.high, code.high) + 1)
            allowed = sum(1 << (n - code.low) for n in both)
            lines.append(self._refuse(f"{code.text} & ~{allowed}", field.variable))
        more, named = self._named(Mask(aligned(code, field.low), field.low, field.high, code.fails))
        return lines + more, named

    def _named(self, code: Code) -> tuple[list[str], Code]:
        """The code, assigned to a new name unless it is a name or a number already."""
        if code.text.isidentifier() or code.text.lstrip("-").isdigit():
            return [], code
        self._temporaries += 1
        name = f"n{self._temporaries}"
        line = f"{name} = {code.text}"
        return [line if code.fails else Plain(line)], replace(code, text=name, fails=False)

    def _refuse(self, test: str, variable: str) -> str:
        """A line that fails if ``test`` holds, for a value that ``variable`` cannot have."""
        self.failing.add(variable)
        return f"if {test}: {OUTSIDE.text}"

    def _successor(self, after: dict[Slot, Code], scope: Scope) -> list[str]:
        return ["t = " + chained(" + ", ["s", *self._deltas(after, scope, list(after), WORD)])]

    def _deltas(self, after: dict[Slot, Code], scope: Scope, places: list[Slot], word: int) -> list[str]:
        """The differences that are added to the state for each of ``places`` that changes; word w lies at bit ``word``
        · w."""
        fixed, texts = 0, []
        for place in places:
            new, old, field = after[place], self.lowering.read(place, scope), self.layout.fields[place]
            at = field.word * word + field.shift
            if new.text == old.text:
                continue
            if new.text.isdigit() and old.text.isdigit():
                fixed += (int(new.text) - int(old.text)) << at
            else:
                texts.append(f"({new.text} - {old.text} << {at})")
        return [*texts, *([str(fixed)] if fixed else [])]

    # Specialising ----------------------------------------------------------------------------------------------
    def _split(self, place: Slot, scope: Scope, body: Callable[[Scope], list[str]]) -> list[str]:
        """``body`` once for each value of the field at ``place``."""
        read = self.lowering.read(place, scope)
        assert isinstance(read, Number)
        lines: list[str] = []
        for value in range(read.low, read.high + 1):
            known = scope.but(fields={**scope.fields, place: number(value)})
            lines += _block(f"{'elif' if lines else 'if'} {read.text} == {value}:", body(known))
        return lines

    def _to_split(self, terms: Sequence[Term], scope: Scope) -> Slot | None:
        """The first field on which a position in ``terms`` depends, if any."""
        for term in terms:
            for position in _positions(term):
                at, places = self.lowering.seen(position, scope)
                read = [f for f in (self.layout.fields[p] for p in places) if not f.is_set]
                if not read or prod(f.high - f.low + 1 for f in read) > SPLIT:
                    continue
                if not (isinstance(at, Number) and at.constant):
                    return min((f.variable, f.path) for f in read)
        return None

    def _learn(self, condition: Term, scope: Scope) -> Scope:
        """The scope in which ``condition`` holds: fields that it makes equal to a constant are constants."""
        parts = condition.args if condition.op is Op.AND else (condition,)
        known = {}
        for p in parts:
            if p.op is Op.EQ:
                a, b = (self.lowering.peek(x, scope) for x in p.args)
                for field, other in product((a, b), repeat=2):
                    if isinstance(other, Number) and other.constant:
                        place = self.lowering.place_of(field)
                        if place is not None:
                            known[place] = other
        return scope.but(fields={**scope.fields, **known}) if known else scope


@lru_cache(maxsize=128)
def emitted(instance: Instance, watch: Watch) -> tuple[str, frozenset[str]]:
    """The source of ``expand``, and the variables with an update that may be an error. Cached: searches that look for
    the same terms in the same instance share it, as those for a scenario do."""
    emitter = Emitter(instance, Layout(instance), watch)
    return emitter.source(), frozenset(emitter.failing)


def _update_terms(ending: Outcome) -> Iterator[Term]:
    for u in ending.updates:
        yield u.target
        yield u.value


@lru_cache(maxsize=4096)
def _positions(term: Term) -> tuple[Term, ...]:
    """Positions of selections outside binders, inner ones first."""
    if term.op in BINDERS:
        return ()
    inner = (p for a in term.args for p in _positions(a))
    return (*inner, term.args[1]) if term.op is Op.SELECT else tuple(inner)


def _if(test: Truth, lines: list[str]) -> list[str]:
    """``lines`` if ``test`` holds; a test that may fail is evaluated even if there are no lines."""
    if test.known is False:
        return []
    if not lines:
        return [test.text] if may_fail(test) else []
    return lines if test.known else _block(f"if {test.text}:", lines)


def _else(lines: list[str]) -> list[str]:
    """``lines`` otherwise. A further test is no further level, because Python allows 100 only."""
    if lines and lines[0].startswith("if ") and all(x.startswith((" ", "elif ", "else:")) for x in lines[1:]):
        return ["el" + lines[0], *lines[1:]]
    return _block("else:", lines)


def _block(head: str, lines: list[str]) -> list[str]:
    return [head, *_indented(lines)] if lines else []


def _indented(lines: Sequence[str]) -> list[str]:
    return [" " + line for line in lines]
