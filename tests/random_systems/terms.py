"""Drawing terms of every sort and operator over some variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .description import BOOL, NO, NUMBER, YES, Action, Node, Sort, Variable, conjunction, number, variable
from .sorts import Sorts

ARITHMETIC = ("add", "sub", "mul", "div", "mod", "min", "max")


@dataclass
class Terms:
    """Draws over ``variables``, with ``names`` as bound variables in reach. ``steps``: also of the state after a step,
    and of which of the actions ``taken`` it is. ``asked``: also of which of these actions are enabled."""

    rng: Random
    sorts: Sorts
    variables: Sequence[Variable]
    names: tuple[Node, ...] = ()
    steps: bool = False
    taken: Sequence[Action] = ()
    _count: list[int] = field(default_factory=lambda: [0])
    asked: Sequence[Action] = ()

    def within(self, *names: Node) -> Terms:
        """The same with more bound variables."""
        within = (*self.names, *names)
        return Terms(self.rng, self.sorts, self.variables, within, self.steps, self.taken, self._count, self.asked)

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    # Reads -----------------------------------------------------------------------------------------------------
    def place(self, want: Callable[[Sort], bool], depth: int = 1) -> Node | None:
        """A read of a variable, or of an element, or a bound variable, of a wanted sort."""
        found: list[Node | Variable] = [*(n for n in self.names if want(n.sort))] * 2
        found += [v for v in self.variables if self._reaches(v.sort, want)]
        if not found:
            return None
        picked = self.rng.choice(found)
        chosen = self._path(variable(picked.name, picked.sort), want, depth) if isinstance(picked, Variable) else picked
        if chosen is None or not self.steps or self.chance(0.6):
            return chosen
        free = all(n.op not in ("primed", "taken") for n in chosen.inner)
        return Node("primed", chosen.sort, (chosen,)) if free else chosen

    def _reaches(self, sort: Sort, want: Callable[[Sort], bool]) -> bool:
        return want(sort) or (sort.kind == "array" and self._reaches(sort.element, want))

    def _path(self, term: Node, want: Callable[[Sort], bool], depth: int) -> Node | None:
        """``term`` or an element of it, at a drawn position."""
        if want(term.sort):
            return term
        position = self.position(term.sort.over, depth)
        if position is None:
            return None
        return self._path(Node("select", term.sort.element, (term, position)), want, depth)

    def position(self, over: Sort, depth: int) -> Node | None:
        """A position of an array: a parameter or bound variable, what some place holds, or something computed."""
        rng = self.rng
        bound = [n for n in self.names if n.sort == over]
        if bound and self.chance(0.7):
            return rng.choice(bound)
        if over.kind == "int":
            return self._computed(over, depth)
        if over.kind == "bool":
            return self.truth(depth - 1) if depth > 0 else rng.choice((YES, NO))
        if over.kind == "enum":
            options = [Node("const", over, data=rng.randrange(len(over.members)))]
        elif over.kind == "maybe":
            options = [Node("const", over, data=0)] if not bound else []
        else:
            options = [Node("first", over), Node("last", over)] if over.ordered else []
        free = Terms(rng, self.sorts, self.variables, self.names, False, (), self._count)
        read = free.place(lambda s: s == over, depth - 1) if depth > 0 else None
        if read is not None:
            options += [read, read]
            options += [Node(self.chosen_step(), over, (read,))] if over.ordered else []
        if options and depth > 0 and "set positions" in self.sorts.features and self.chance(0.5):
            one, other = rng.choice(options), rng.choice(options)
            if not (_none(one) and _none(other)):
                return Node("if", over, (self.member(depth - 1), one, other))
        return rng.choice(options) if options else (rng.choice(bound) if bound else None)

    def _computed(self, over: Sort, depth: int) -> Node:
        low, high = self.sorts.bounds(over)
        constant = Node("const", over, data=self.rng.randint(low, high))
        if not (isinstance(over.low, int) and isinstance(over.high, int)):
            constant = Node("size", NUMBER, data=over.high if isinstance(over.low, int) else over.low)
        if depth <= 0 or self.chance(0.25):
            return constant
        value = self.number(depth - 1)
        if self.chance(0.4):
            away = number(self.rng.choice((1, 1, 2)))
            value = Node(self.rng.choice(("add", "sub")), NUMBER, (value, away))
        if "positions" in self.sorts.features and self.chance(0.5):
            return value
        return Node("if", NUMBER, (self.between(value, over), value, constant))

    def between(self, value: Node, sort: Sort) -> Node:
        """``value`` is in the range of ``sort``."""
        low, high = self.ends(sort)
        return conjunction(Node("le", BOOL, (low, value)), Node("le", BOOL, (value, high)))

    def ends(self, sort: Sort) -> tuple[Node, Node]:
        """The bounds of a sort of numbers as terms."""
        low, high = (number(b) if isinstance(b, int) else Node("size", NUMBER, data=b) for b in (sort.low, sort.high))
        return low, high

    # Values ----------------------------------------------------------------------------------------------------
    def value(self, sort: Sort, depth: int) -> Node | None:
        """A term that fits ``sort``; None where there is none. Numbers may be out of range."""
        match sort.kind:
            case "bool":
                return self.truth(depth)
            case "int" | "number":
                return self.number(depth, sort)
            case "set":
                return self.set(sort, depth)
            case "array":
                return self.row(sort, depth)
        rng = self.rng
        fitting = [sort, sort.element] if sort.kind == "maybe" else [sort]
        read = self.place(lambda s: s in fitting, depth - 1)
        if depth > 0 and self.chance(0.2):
            a, b = self.value(sort, depth - 1), self.value(sort, depth - 1)
            if a is not None and b is not None and not (_none(a) and _none(b)):
                return Node("if", sort, (self.truth(depth - 1), a, b))
        if sort.kind == "enum":
            options = [Node("const", sort, data=rng.randrange(len(sort.members)))]
        elif sort.kind == "maybe":
            options = [Node("const", sort, data=0)]
        else:
            options = [Node("first", sort), Node("last", sort)] if sort.ordered else []
            if sort.ordered and read is not None:
                options.append(Node(self.chosen_step(), sort, (read,)))
        if depth > 0 and options and (sort.ordered or sort.kind == "enum") and self.chance(0.1):
            return self.least(sort, depth, rng.choice(options))
        options += [read, read] if read is not None else []
        return rng.choice(options) if options else None

    def chosen_step(self) -> str:
        """The operator of a step along an order."""
        return self.rng.choice(("following", "preceding"))

    def least(self, sort: Sort, depth: int, fallback: Node) -> Node:
        """The first member with some property, mostly guarded."""
        name = self._name(sort)
        body, over = (self.within(name).truth(depth - 1),), (name.data, sort)
        found = Node("least", sort, body, over)
        return found if self.chance(0.15) else Node("if", sort, (Node("exists", BOOL, body, over), found, fallback))

    def number(self, depth: int, sort: Sort | None = None) -> Node:
        """A whole number, mostly near those of ``sort``."""
        rng = self.rng
        own = sort if sort is not None and sort.kind == "int" else None
        loose = own is None or self.chance(0.3)
        read = self.place(lambda s: s.kind == "int" and (loose or s == own), depth - 1)
        roll = rng.random()
        if read is not None and (roll < 0.4 or depth <= 0):
            return read
        if depth <= 0 or roll < 0.48:
            return self.constant(own)
        if roll < 0.65:
            return self.computed(depth, own)
        if roll < 0.75:
            other = number(1) if self.chance(0.6) else self.number(depth - 1, own)
            return Node(rng.choice(("add", "sub")), NUMBER, (self.number(depth - 1, own), other))
        if roll < 0.83:
            held = self.place(lambda s: s.kind == "set", depth - 1) if self.chance(0.5) else None
            if held is not None:
                return Node("card", NUMBER, (held,))
            return self.quantified("count", NUMBER, depth)
        if roll < 0.88:
            domain = rng.choice(self.sorts.indices)
            name = self._name(domain)
            held = self.within(name).number(depth - 1, own)
            position = self.position(domain, depth - 1)
            if position is not None:
                each = Node("each", Sort("array", of=NUMBER, domain=domain), (held,), (name.data, domain))
                return Node("select", NUMBER, (each, position))
        return Node("if", NUMBER, (self.truth(depth - 1), self.number(depth - 1, own), self.number(depth - 1, own)))

    def computed(self, depth: int, own: Sort | None) -> Node:
        """A product, quotient, rest, extreme or sum over a sort."""
        op = self.rng.choice(("mul", "div", "mod", "min", "max", "sum", "least", "position", "position"))
        small = [s for s in self.sorts.numbers if self.sorts._count(s) <= 4]
        if op == "least" and small:
            over = self.rng.choice(small)
            return self.least(over, depth, self.constant(over))
        ordered = [s for s in self.sorts.indices if s.ordered]
        member = self.value(self.rng.choice(ordered), depth - 1) if op == "position" and ordered else None
        if member is not None:
            return Node("position", NUMBER, (member,))
        if op in ("sum", "least", "position"):
            op = "sum"
            name = self._name(self.rng.choice(self.sorts.indices))
            return Node(op, NUMBER, (self.within(name).number(depth - 1, own),), (name.data, name.sort))
        if op == "mul":
            return Node(op, NUMBER, (self._factor(depth), self._factor(depth)))
        left, right = self.number(depth - 1, own), self.number(depth - 1, own)
        if op in ("div", "mod") and all(n.op in ("const", *ARITHMETIC) for n in right.inner):
            right = number(self.rng.choice((1, 2, 3, -2)))  # a constant that is 0 is refused
        return Node(op, NUMBER, (left, right))

    def _factor(self, depth: int) -> Node:
        """A number whose square is in the range of numbers, which a product must not leave at any size."""
        read = self.place(lambda s: s.kind == "int" and max(map(abs, self.sorts.bounds(s))) < 2**31, depth - 1)
        if read is not None and self.chance(0.8):
            return read
        return number(self.rng.choice((-1, 0, 2, 3)))

    def constant(self, sort: Sort | None) -> Node:
        rng = self.rng
        sizes = [p.name for p in self.sorts.parameters]
        if sizes and self.chance(0.2):
            return Node("size", NUMBER, data=rng.choice(sizes))
        if sort is None:
            return number(rng.choice((0, 1, 2, 3)))
        low, high = self.sorts.bounds(sort)
        return number(rng.choice((low, high, rng.randint(low, min(high, low + 3)))))

    def set(self, sort: Sort, depth: int) -> Node:
        """A set; elements of numbers may be out of range."""
        rng, element = self.rng, sort.element
        same = self.place(lambda s: s == sort, depth - 1)
        if depth <= 0 or self.chance(0.25):
            return same if same is not None and self.chance(0.7) else self.all_or_nothing(sort)
        roll = rng.random()
        if roll < 0.55:
            left = same if same is not None else self.set(sort, depth - 1)
            item = self.value(element, depth - 1)
            if item is not None and not _none(item) and self.chance(0.7):
                right = Node("literal", sort, (item,))
            else:
                right = self.set(sort, depth - 1)
            return Node(rng.choice(("union", "union", "difference", "intersection")), sort, (left, right))
        if roll < 0.75:
            name = self._name(element)
            return Node("such_that", sort, (self.within(name).truth(depth - 1),), (name.data, element))
        if roll < 0.9:
            return Node("if", sort, (self.truth(depth - 1), self.set(sort, depth - 1), self.set(sort, depth - 1)))
        return self.all_or_nothing(sort)

    def all_or_nothing(self, sort: Sort) -> Node:
        """The whole set or the empty one."""
        if self.chance(0.5):
            return Node("const", sort, data=frozenset())
        element = sort.element
        return Node("such_that", sort, (YES,), (self._name(element).data, element))

    def row(self, sort: Sort, depth: int) -> Node | None:
        """A whole array: one that there is, or one value for each member."""
        same = self.place(lambda s: s == sort, depth - 1)
        if same is not None and self.chance(0.4):
            return same
        name = self._name(sort.over)
        held = self.within(name).value(sort.element, depth - 1)
        if held is None or _none(held):
            return same
        return Node("each", sort, (held,), (name.data, sort.over))

    # Conditions ------------------------------------------------------------------------------------------------
    def quantified(self, op: str, sort: Sort, depth: int) -> Node:
        """A quantifier over a sort, or over the members of a set that some place holds."""
        held = self.place(lambda s: s.kind == "set", depth - 1) if self.chance(0.2) else None
        if held is None:
            over, body = self.bound(depth)
            return Node(op, sort, (body,), over)
        name = self._name(held.sort.element)
        return Node(op, sort, (self.within(name).truth(depth - 1), held), (name.data, name.sort))

    def bound(self, depth: int) -> tuple[tuple[str, Sort], Node]:
        """What a quantifier binds, and a condition with it."""
        small = [s for s in self.sorts.numbers if self.sorts._count(s) <= 4]
        name = self._name(self.rng.choice([*self.sorts.indices, *self.sorts.indices, *self.sorts.enums, *small, BOOL]))
        return (name.data, name.sort), self.within(name).truth(depth - 1)

    def truth(self, depth: int) -> Node:
        rng = self.rng
        if depth <= 0:
            read = self.place(lambda s: s.kind == "bool", 0)
            if read is not None and self.chance(0.8):
                return read
            return rng.choice((YES, NO)) if self.chance(0.4) else self.equal(0)
        if self.steps and self.taken and self.chance(0.2):
            return self.of_action(rng.choice(self.taken))
        if self.asked and self.chance(0.1):
            return self.enabled(rng.choice(self.asked))
        match rng.choice(
            ("join", "join", "not", "equal", "equal", "equal", "less", "less", "member", "member", "bind")
        ):
            case "join":
                op = rng.choice(("and", "or", "implies"))
                return Node(op, BOOL, (self.truth(depth - 1), self.truth(depth - 1)))
            case "not":
                return Node("not", BOOL, (self.truth(depth - 1),))
            case "equal":
                return self.equal(depth - 1)
            case "less":
                return self.less(depth - 1)
            case "member":
                return self.member(depth - 1)
        return self.quantified(rng.choice(("forall", "exists")), BOOL, depth)

    def equal(self, depth: int) -> Node:
        """Two things are the same, or not."""
        if self.chance(0.1):
            row = self.place(lambda s: s.kind == "array", max(depth, 0))
            other = None if row is None else self.place(lambda s: s == row.sort, max(depth, 0))
            if row is not None and other is not None:
                return Node(self.rng.choice(("eq", "ne")), BOOL, (row, other))
        left = self.place(lambda s: s.kind != "array", max(depth, 0))
        if left is None:
            return self.less(depth)
        right = self.value(left.sort, depth if self.chance(0.5) else 0)
        if right is None:
            right = left
        return Node(self.rng.choice(("eq", "eq", "ne")), BOOL, (left, right))

    def less(self, depth: int) -> Node:
        """An order of numbers or of members of an ordered index."""
        ordered = [s for s in self.sorts.indices if s.ordered]
        op = self.rng.choice(("lt", "le"))
        if ordered and self.chance(0.3):
            sort = self.rng.choice(ordered)
            pair = self.value(sort, depth), self.value(sort, depth)
            if pair[0] is not None and pair[1] is not None:
                return Node(op, BOOL, (pair[0], pair[1]))
        read = self.place(lambda s: s.kind == "int", max(depth, 0))
        left = read if read is not None and self.chance(0.7) else self.number(max(depth, 0))
        near = left.sort if left.sort.kind == "int" else None
        return Node(op, BOOL, (left, self.number(depth, near)))

    def member(self, depth: int) -> Node:
        """Membership or inclusion in a set that some place holds."""
        held = self.place(lambda s: s.kind == "set", max(depth, 0))
        if held is None:
            return self.equal(depth)
        if self.chance(0.25):
            return Node("subset", BOOL, (held, self.set(held.sort, depth)))
        item = self.value(held.sort.element, depth)
        if item is None or _none(item):
            return Node("eq", BOOL, (held, self.set(held.sort, depth)))
        return Node("member", BOOL, (item, held))

    def of_action(self, action: Action) -> Node:
        """The step is one of ``action``, perhaps of a certain ending, or for certain parameters."""
        named = [e.name for e in action.endings if e.name is not None]
        ending = self.rng.choice(named) if named and self.chance(0.5) else None
        told: dict[str, Node] = {}
        for name, sort in action.parameters:
            value = self.value(sort, 1) if self.chance(0.4) else None
            if value is not None and not _none(value):
                told[name] = value
        return Node("taken", BOOL, tuple(told[n] for n in sorted(told)), (action.name, ending, tuple(sorted(told))))

    def enabled(self, action: Action) -> Node:
        """``action`` is enabled, perhaps for certain parameters."""
        told: dict[str, Node] = {}
        for name, sort in action.parameters:
            value = self.value(sort, 1) if self.chance(0.4) else None
            if value is not None and not _none(value) and all(n.op not in ("primed", "taken") for n in value.inner):
                told[name] = value
        return Node("enabled", BOOL, tuple(told[n] for n in sorted(told)), (action.name, tuple(sorted(told))))

    def _name(self, sort: Sort) -> Node:
        self._count[0] += 1
        return Node("bound", sort, data=f"bound {self._count[0]}")


def _none(t: Node) -> bool:
    """It is written as None, which needs a sort from around it."""
    return t.op == "const" and t.sort.kind == "maybe"


def constant_of(sort: Sort, value: Any) -> Node | None:
    """A constant for a value that a state holds, where there is a way to write one."""
    if sort.kind in ("bool", "enum"):
        return Node("const", sort, data=int(value))
    if sort.kind == "int":
        return number(int(value))
    if sort.kind == "maybe" and value == 0:
        return Node("const", sort, data=0)
    if sort.kind == "set" and sort.element.kind in ("int", "enum"):
        return Node("const", sort, data=value)
    return None
