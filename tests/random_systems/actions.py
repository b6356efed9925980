"""Drawing actions and the protections that change them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from .description import (
    BOOL,
    NUMBER,
    YES,
    Action,
    Bound,
    Change,
    Description,
    Ending,
    Linear,
    Node,
    Sort,
    Variable,
    Write,
    conjunction,
    number,
    variable,
)
from .inserted import endings, performer, root
from .names import Names
from .sorts import Sorts
from .terms import Terms


class Actions:
    """Draws the actions of a system over ``variables``."""

    def __init__(self, rng: Random, sorts: Sorts, names: Names, variables: Sequence[Variable]) -> None:
        self.rng, self.sorts, self.names, self.variables = rng, sorts, names, variables

    def add_to(self, described: Description) -> Description:
        """The description with actions, faults and protections."""
        rng = self.rng
        faults: tuple[str, ...] = ()
        if "faults" in self.sorts.features:
            faults = tuple(self.names.word("crash", "fault") for _ in range(rng.choice((1, 2))))
        actions = [self.action(f"act{n}") for n in range(rng.choice((1, 2, 3, 3, 4, 4)))]
        if faults:
            for _ in range(rng.choice((1, 1, 2))):
                actions.append(replace(self.action("fail"), fault=rng.choice(faults)))
        rng.shuffle(actions)
        if all(a.fault for a in actions):
            actions.append(self.action("go"))
        described = replace(
            described,
            actions=tuple(actions),
            faults=faults,
            on=tuple(f for f in faults if rng.random() < 0.8),
            bounds=tuple((f, self._most()) for f in faults if rng.random() < 0.4),
        )
        return self._protected(described) if "protections" in self.sorts.features else described

    def _most(self) -> Bound:
        """How often a fault may happen."""
        sizes = [p.name for p in self.sorts.parameters if p.low >= 0]
        most: list[Bound] = [1, 1, 2, *sizes, *(Linear(1, n, 1) for n in sizes)]
        return self.rng.choice(most)

    def action(self, fallback: str) -> Action:
        rng = self.rng
        parameters = self._parameters()
        terms = Terms(rng, self.sorts, self.variables, tuple(Node("bound", s, data=n) for n, s in parameters))
        guards: list[Node] = []
        if rng.random() < 0.5:
            guards.append(rng.choice((terms.truth(2), terms.equal(1), terms.less(1), terms.member(1))))
        shared = self.writes(terms, rng.choice((0, 1, 1, 2, 2, 3)), guards)
        told: tuple[Ending, ...] = ()
        if rng.random() < 0.35 or not shared:
            told = self.endings(terms, shared)
            if told and rng.random() < 0.5:
                shared = ()
        helper = frozenset(t for t in ("helper", "lazy") if rng.random() < 0.45)
        indexed = [n for n, s in parameters if s.kind == "index"]
        return Action(
            name=self.names.word(fallback, "action"),
            parameters=parameters,
            guard=conjunction(*guards) if guards else None,
            writes=shared,
            endings=told,
            fairness=rng.choice(("weak", "weak", "strong", "none")),
            tags=helper,
            by=rng.choice(indexed) if indexed and rng.random() < 0.6 else None,
        )

    def _parameters(self) -> tuple[tuple[str, Sort], ...]:
        rng, sorts = self.rng, self.sorts
        small = [s for s in sorts.numbers if sorts._count(s) <= 4]
        options = [*sorts.indices, *sorts.indices, *sorts.enums, *small, BOOL]
        options += [Sort("maybe", of=s) for s in sorts.indices] if "optional" in sorts.features else []
        names = Names(rng, hostile=self.names.hostile)
        return tuple(
            (names.plain(f"q{n}", "own"), rng.choice(options)) for n in range(rng.choice((0, 1, 1, 1, 1, 1, 2)))
        )

    # Writes ----------------------------------------------------------------------------------------------------
    def endings(self, terms: Terms, shared: Sequence[Write]) -> tuple[Ending, ...]:
        """One or two endings with a condition, and mostly the one when no other applies; else the action waits then."""
        rng = self.rng
        taken = [root(t) for t, _ in shared]
        found: list[Ending] = []
        for n in range(rng.choice((1, 1, 2))):
            writes = self.writes(terms, rng.choice((0, 1, 1, 2, 2)), None, taken)
            found.append(Ending(self._ending_name(n, found), _condition(terms), writes))
        last = self.writes(terms, rng.choice((0, 1, 1, 2)), None, taken)
        condition = _condition(terms) if rng.random() < 0.3 else None
        return (*found, Ending(self._ending_name(9, found), condition, last))

    def _ending_name(self, n: int, others: Sequence[Ending]) -> str:
        names = Names(self.rng, hostile=self.names.hostile)
        names.used |= {("ending", str(e.name)) for e in others}
        return names.title(f"ends{n}", "ending")

    def writes(
        self, terms: Terms, count: int, guards: list[Node] | None, taken: Sequence[str] = ()
    ) -> tuple[Write, ...]:
        """So many updates of different places. What they want goes to ``guards``, where these are given."""
        found: list[Write] = []
        if count > 1 and "rows" in self.sorts.features and self.rng.random() < 0.5:
            found += self._row_and_element(terms, taken)
        for _ in range(count):
            made = self._write(terms, guards) or self._write(terms, guards) or self._write(terms, guards)
            if made is not None and not any(_clash(made[0], t) for t, _ in found) and root(made[0]) not in taken:
                found.append(made)
        return tuple(found)

    def _row_and_element(self, terms: Terms, taken: Sequence[str]) -> list[Write]:
        """Updates of a row of a variable and of an element of one, which may be in that row."""
        rows = [v for v in self.variables if v.sort.kind == "array" and v.sort.element.kind == "array"]
        rows = [v for v in rows if v.name not in taken]
        if not rows:
            return []
        v = self.rng.choice(rows)
        over, inner = v.sort.over, v.sort.element
        first, second = terms.position(over, 1), terms.position(over, 1)
        at, value = terms.position(inner.over, 1), terms.row(inner, 2)
        if first is None or second is None or at is None or value is None or first == second:
            return []
        whole = variable(v.name, v.sort)
        row = Node("select", inner, (whole, first))
        element = Node("select", inner.element, (Node("select", inner, (whole, second)), at))
        new = self._value(terms, element, None)
        return [] if new is None else [(row, self._kept(terms, value, inner)), (element, new)]

    def _write(self, terms: Terms, guards: list[Node] | None) -> Write | None:
        rng = self.rng
        v = rng.choice(self.variables)
        target: Node | None = variable(v.name, v.sort)
        while target is not None and target.sort.kind == "array":
            whole = rng.random() < (0.4 if "rows" in self.sorts.features else 0.12)
            if whole:
                value = terms.row(target.sort, 2)
                return None if value is None else (target, self._kept(terms, value, target.sort))
            position = terms.position(target.sort.over, 1)
            target = None if position is None else Node("select", target.sort.element, (target, position))
        if target is None:
            return None
        value = self._value(terms, target, guards)
        return None if value is None else (target, value)

    def _value(self, terms: Terms, target: Node, guards: list[Node] | None) -> Node | None:
        """Often a step that gets somewhere, else anything."""
        rng, sort = self.rng, target.sort
        if sort.kind == "int" and rng.random() < 0.65:
            low, high = terms.ends(sort)
            if rng.random() < 0.7:
                moved, room = Node("add", NUMBER, (target, number(1))), Node("lt", BOOL, (target, high))
            else:
                moved, room = Node("sub", NUMBER, (target, number(1))), Node("lt", BOOL, (low, target))
            if guards is not None and rng.random() < 0.6:
                guards.append(room)
                return moved
            return Node("if", NUMBER, (room, moved, rng.choice((low, high, target))))
        if sort.kind == "set" and rng.random() < 0.4:
            item = terms.value(sort.element, 1)
            if sort.element.kind == "int":
                item = self._kept(terms, terms.number(1, sort.element), sort.element)
            if item is not None and not (item.op == "const" and item.sort.kind == "maybe"):
                held = Node("literal", sort, (item,))
                turned = Node(
                    "if", sort, (Node("member", BOOL, (item, target)), _less(target, held), _more(target, held))
                )
                return rng.choice((turned, _more(target, held), _less(target, held)))
        if sort.kind == "bool" and rng.random() < 0.4:
            return Node("not", BOOL, (target,))
        if sort.kind == "enum" and rng.random() < 0.5:
            return Node("const", sort, data=rng.randrange(len(sort.members)))
        mine = [n for n in terms.names if sort.kind == "maybe" and n.sort in (sort, sort.element)]
        if mine and rng.random() < 0.5:
            return rng.choice(mine)
        value = terms.value(sort, rng.choice((1, 1, 2, 3)))
        return None if value is None else self._kept(terms, value, sort)

    def _kept(self, terms: Terms, value: Node, sort: Sort) -> Node:
        """The value, mostly kept in its range."""
        if self.rng.random() < 0.04:
            return value
        if sort.kind == "int":
            low, high = terms.ends(sort)
            if value.op == "const" and isinstance(sort.low, int) and isinstance(sort.high, int):
                return value if sort.low <= value.data <= sort.high else low
            if value.sort == sort:
                return value
            return Node("if", NUMBER, (terms.between(value, sort), value, self.rng.choice((low, high))))
        if sort.kind == "set" and sort.element.kind == "int":
            name, over = f"kept {id(value)}", sort.element
            whole = Node("such_that", sort, (Node("const", BOOL, data=1),), (name, over))
            return value if value.op in ("const", "such_that") else Node("intersection", sort, (value, whole))
        if sort.kind == "array" and value.op == "each":
            return replace(value, args=(self._kept(terms, value.args[0], sort.element),))
        return value

    # Protections -----------------------------------------------------------------------------------------------
    def _protected(self, described: Description) -> Description:
        rng = self.rng
        there = [a for a in described.actions if a.fault is None]
        changes: list[Change] = []
        if rng.random() < 0.3:
            sort = self.sorts.scalar(small=True)
            extra = Variable(self.names.word("extra"), sort, self.sorts.initially(sort))
            changes.append(Change("variable", "", declared=extra))
            self.variables = [*self.variables, extra]
        for a in rng.sample(there, min(len(there), rng.choice((1, 1, 2)))):
            inserts = rng.random() < 0.3 and not any(c.what in ("before", "after") for c in changes)
            changes.append(self._inserted(a, described) if inserts else self._change(a))
        if rng.random() < 0.25:
            changes.append(Change("action", "", added=self.action("more")))
        named = (self.names.title("better", "protection"), tuple(changes))
        return replace(described, protections=(named,), protected=rng.random() < 0.8)

    def _inserted(self, a: Action, described: Description) -> Change:
        """A step before or after an action."""
        rng = self.rng
        terms = Terms(rng, self.sorts, self.variables, tuple(Node("bound", s, data=n) for n, s in a.parameters))
        guard = terms.truth(1) if rng.random() < 0.2 else None
        writes = self.writes(terms, rng.choice((0, 1, 1)), None)
        told = self.endings(terms, writes) if rng.random() < 0.4 or not writes else ()
        step = Action(self.names.word("between", "action"), a.parameters, guard, writes, told)
        what = rng.choice(("before", "after"))
        named = [e.name for e in (told if what == "before" else a.endings)]
        faults = [b.name for b in described.actions if b.fault is not None and performer(b) == performer(a)]
        forgotten = tuple(f for f in faults if rng.random() < 0.5) if faults else None
        of = rng.choice((None, *named))
        return Change(what, a.name, added=step, before=of, forgotten_by=forgotten)

    def _change(self, a: Action) -> Change:
        rng = self.rng
        terms = Terms(rng, self.sorts, self.variables, tuple(Node("bound", s, data=n) for n, s in a.parameters))
        written = sorted({root(t) for e in endings(a) for t, _ in e.writes})
        named = [e.name for e in a.endings]
        kinds = ["require", "require", "guard", "outcome", "updates", "remove"]
        kinds += ["forget"] * 2 if written else []
        kinds += ["condition", "drop_outcome", "drop_outcome"] if len(named) > 1 else []
        kinds += ["also"] * 2
        kind = rng.choice(kinds)
        match kind:
            case "require" | "guard":
                return Change(kind, a.name, term=terms.truth(2))
            case "outcome":
                before = rng.choice((None, *named)) if named else None
                ending = Ending(self._ending_name(5, a.endings), _condition(terms), self.writes(terms, 1, None))
                return Change(kind, a.name, ending=ending, before=before)
            case "updates":
                writes = self.writes(terms, 1, None)
                return Change(kind, a.name, writes=writes) if writes else Change("require", a.name, term=terms.truth(2))
            case "condition":
                return Change(kind, a.name, term=terms.truth(2), before=rng.choice(named[:-1]))
            case "drop_outcome":
                ending = rng.choice(a.endings)
                waits = rng.random() < 0.4 or ending.condition is None
                return Change(kind, a.name, before=ending.name, waits=waits)
            case "also":
                writes = self.writes(terms, 1, None, written)
                of = rng.choice((None, *named))
                return Change(kind, a.name, writes=writes, before=of) if writes else Change("remove", a.name)
            case "forget":
                return Change(kind, a.name, variable=rng.choice(written))
        return Change("remove", a.name) if rng.random() < 0.4 else Change("require", a.name, term=terms.truth(2))


def _condition(terms: Terms) -> Node:
    """A condition of an ending that others follow: one that is always true is refused."""
    found = terms.truth(2)
    return terms.equal(1) if _always(found) else found


def _always(term: Node) -> bool:
    """Whether the term has no part but constants and connectives, and is true."""
    match term.op:
        case "const":
            return term == YES
        case "not":
            return _constant(term.args[0]) and not _always(term.args[0])
        case "and":
            return all(map(_always, term.args))
        case "or":
            return any(map(_always, term.args)) and _constant(term)
        case "implies":
            return _constant(term) and (not _always(term.args[0]) or _always(term.args[1]))
    return False


def _constant(term: Node) -> bool:
    return all(n.op in ("const", "not", "and", "or", "implies") for n in term.inner)


def _more(target: Node, items: Node) -> Node:
    return Node("union", target.sort, (target, items))


def _less(target: Node, items: Node) -> Node:
    return Node("difference", target.sort, (target, items))


def _clash(a: Node, b: Node) -> bool:
    """The same place, or one that holds the other, whatever the positions are: an error where it is written."""
    return _same(a, b) or _holds(a, b) or _holds(b, a)


def _holds(outer: Node, inner: Node) -> bool:
    while inner.op == "select":
        inner = inner.args[0]
        if _same(inner, outer):
            return True
    return False


def _reads(term: Node) -> bool:
    return any(n.op in ("var", "bound") for n in term.inner)


def _same(a: Node, b: Node) -> bool:
    """Whether both may become one term: a constant may be drawn as a number and as a member of a sort, and what is
    computed from constants alone may be folded where it is written."""
    if not (_reads(a) or _reads(b)) and "const" not in (a.op, b.op):
        return True
    alike = a.op == b.op and a.data == b.data and len(a.args) == len(b.args)
    return alike and all(map(_same, a.args, b.args))
