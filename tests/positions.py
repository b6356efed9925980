"""Random small systems that read and write at computed positions, some of which an array does not have.

What is compared with what is read is often beyond every value of it, so that whoever knows no more than intervals
would say what the comparison is without reading.
"""

from __future__ import annotations

from hypothesis import strategies as st

from planrace.model.language import (
    If,
    Protocol,
    System,
    Term,
    array,
    boolean,
    count,
    each,
    enumeration,
    exists,
    forall,
    integers,
    otherwise,
    outcome,
    primed,
    step,
    subsets,
    such_that,
    update,
    when,
)
from planrace.model.language.actions import Step, Update

PLACE = integers(1, 3, "place")
LOAD = integers(0, 3, "load")
WIDE = integers(0, 70, "wide")
SIDE = enumeration("side", "LEFT RIGHT")
LEFT, RIGHT = SIDE.LEFT, SIDE.RIGHT


class Positions:
    """Draws terms over the variables of one protocol."""

    def __init__(self, draw: st.DrawFn, protocol: Protocol) -> None:
        self.draw = draw
        self.at = protocol.variable("at", PLACE, 1)
        self.spot = protocol.variable("spot", integers(0, 4, "spot"), 0)
        self.far = protocol.variable("far", integers(62, 66, "far"), 64)
        self.full = protocol.variable("full", subsets(SIDE), set())
        self.flag = protocol.variable("flag", boolean(), False)
        self.load = protocol.variable("load", array(PLACE, LOAD), 0)
        self.grid = protocol.variable("grid", array(PLACE, array(boolean(), LOAD)), 1)
        self.held = protocol.variable("held", array(PLACE, subsets(SIDE)), set())
        self.seen = protocol.variable("seen", subsets(WIDE), set())

    def one(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def position(self, depth: int = 1) -> Term:
        """A number that is often 1 to 3."""
        at = self.draw(st.sampled_from([self.at, self.spot]))
        match self.one("at", "more", "less", "set", "count", "half", "rest", "read", "none"):
            case "at":
                return at
            case "more":
                return at + self.number(0, 2)
            case "less":
                return at - self.number(0, 2)
            case "set":
                return If(LEFT.isin(self.full), at, self.number(0, 3))
            case "count":
                return count(SIDE, lambda x: x.isin(self.full)) + self.number(0, 2)
            case "half":
                return 6 // self.position(0)
            case "rest":
                return at % self.position(0)
            case "read" if depth:
                return self.load[self.position(depth - 1)]
            case _:
                return at - at + self.number(0, 4)

    def read(self) -> Term:
        """A number that is read from an array, 0 to 3."""
        p = self.position()
        match self.one("load", "grid", "each", "choice", "row"):
            case "load":
                return self.load[p]
            case "grid":
                return self.grid[p][self.flag]
            case "each":
                return each(PLACE, lambda x: self.load[x + self.number(0, 1)])[p]
            case "choice":
                return If(self.flag, self.load, each(PLACE, lambda x: self.load[x - self.number(0, 1)]))[p]
            case _:
                return If(self.far > 63, self.grid, self.grid)[p][LEFT.isin(self.full)]

    def truth(self, depth: int) -> Term:
        """A condition, often one that reads."""
        beyond = self.number(-2, 6)
        kinds = ["less", "at most", "equal", "member", "set", "far", "flag"]
        if depth:
            kinds += ["and", "or", "implies", "not", "if", "forall", "exists", "subset", "count"]
        match self.one(*kinds):
            case "less":
                return self.read() < beyond
            case "at most":
                return self.read() + self.read() <= beyond
            case "equal":
                return self.read() == beyond
            case "member":
                return LEFT.isin(self.held[self.position()])
            case "set":
                return (self.held[self.position()] | self.full) == such_that(SIDE, lambda x: x == RIGHT)
            case "far":
                item = self.draw(st.sampled_from([self.read() + 66, self.far, self.read() + 5]))
                sets: list[Term | set[Term | int]] = [self.seen, {3, 66, self.read() + 66}, {self.far, 2}]
                return item.isin(self.draw(st.sampled_from(sets)))
            case "and":
                return self.truth(depth - 1) & self.truth(depth - 1)
            case "or":
                return self.truth(depth - 1) | self.truth(depth - 1)
            case "implies":
                return self.truth(depth - 1).implies(self.truth(depth - 1))
            case "not":
                return ~self.truth(depth - 1)
            case "if":
                return If(self.flag, self.truth(0), self.truth(depth - 1))
            case "forall":
                return forall(PLACE, lambda x: (self.load[x + self.number(0, 1)] < beyond) | self.flag)
            case "exists":
                return exists(PLACE, lambda x: (x == self.at) & (self.load[x - self.number(0, 1)] >= beyond))
            case "subset":
                wide = such_that(WIDE, lambda x: (x > 62) & (x <= self.far))
                return (self.seen & wide).issubset(self.draw(st.sampled_from([self.seen, wide])))
            case _:
                return count(PLACE, lambda x: self.load[x + self.number(0, 1)] < beyond) < self.number(0, 4)
        raise AssertionError

    def value(self) -> Term:
        """A number, mostly one of 0 to 3."""
        return self.draw(st.sampled_from([self.read(), If(self.truth(1), self.number(0, 3), self.read()), self.at]))

    def updates(self) -> list[Update]:
        """Some updates, of places that may be the same in some states."""
        p, q = self.position(), self.position()
        found: list[Update] = []
        match self.one("element", "two", "row", "rows", "row and element", "wide", "set"):
            case "element":
                found.append(update(self.load[p], self.value()))
            case "two" if p is not q:
                found += [update(self.load[p], self.number(0, 1)), update(self.load[q], self.number(0, 1))]
            case "row":
                found.append(update(self.grid[p], each(boolean(), lambda b: If(b, self.value(), 0))))
            case "rows":
                found.append(update(self.load, each(PLACE, lambda x: self.load[x - self.number(0, 1)])))
            case "row and element" if p is not q:
                row = each(boolean(), lambda b: If(b, self.number(0, 1), 1))
                both = [update(self.grid[p], row), update(self.grid[q][self.flag], self.number(0, 1))]
                found += both if self.draw(st.booleans()) else both[::-1]
            case "wide":
                found.append(update(self.seen, self.seen | {self.far, self.read() + 63}))
            case _:
                found.append(update(self.held[p], self.held[q] | self.full))
        match self.one("nothing", "on", "around", "spot", "full", "empty", "far"):
            case "on":
                found.append(update(self.at, self.at + 1))
            case "around":
                found += [update(self.at, If(self.at < 3, self.at + 1, 1)), update(self.flag, ~self.flag)]
            case "spot":
                found.append(update(self.spot, self.position()))
            case "full":
                found.append(update(self.full, self.full | {self.draw(st.sampled_from([LEFT, RIGHT]))}))
            case "empty":
                found.append(update(self.full, self.full - {LEFT}))
            case "far":
                found.append(update(self.far, If(self.far < 66, self.far + 1, 62)))
        return found

    def step(self) -> Step:
        guard = when(*(self.truth(1) for _ in range(self.number(0, 3))))
        if self.draw(st.booleans()):
            return step(guard, *self.updates())
        return step(guard, outcome("yes", when(self.truth(1)), *self.updates()), otherwise("no", *self.updates()))

    def of_step(self) -> Term:
        return self.draw(st.sampled_from([primed(self.truth(1)), self.truth(1), primed(self.read()) < 5]))


@st.composite
def systems_of_positions(draw: st.DrawFn) -> tuple[System, list[Term], list[Term]]:
    """A system, some state terms over it, and some step terms."""
    protocol = Protocol("positions")
    drawn = Positions(draw, protocol)
    for n in range(draw(st.integers(1, 2))):

        def act() -> Step:
            return drawn.step()

        act.__name__ = f"act{n}"
        protocol.action(by="environment")(act)
    return protocol.system(), [drawn.truth(2) for _ in range(2)], [drawn.of_step() for _ in range(2)]
