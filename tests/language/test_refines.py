"""What ``protocol.refines`` accepts, and its errors, each at the author's line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planrace.checker.api.calls import check
from planrace.model.language import (
    DefinitionError,
    If,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    each,
    enumeration,
    first,
    index,
    integers,
    optional,
    primed,
    record,
    step,
    subsets,
    update,
    when,
)


def register() -> Any:
    """A register for each cell, which moves forward, and the last that was written."""
    p = Protocol("register", "only moves forward")
    cells, top = p.parameter("cells", 2, 1, 4), p.parameter("top", 2, 1, 9)
    cell = index("cell", cells)
    value = p.variable("value", array(cell, integers(0, top)), 0)
    p.variable("last", optional(cell), None)

    @p.action(cell, integers(1, top), by="writer")
    def write(c: Term, v: Term) -> Step:
        return step(when(v > value[c]), update(value[c], v), update(p.variables["last"].term, c))

    return p


class Store:
    """A store that refines the register, with other names for its sorts and sizes."""

    def __init__(self, size: str = "slots", *, ordered: bool = False, least: int = 0) -> None:
        self.p = Protocol("store")
        self.slots, self.most = self.p.parameter(size, 2, 1, 4), self.p.parameter("most", 2, 1, 9)
        self.slot = index("slot", self.slots, ordered=ordered)
        self.held = self.p.variable("held", array(self.slot, integers(least, self.most)), 0)
        self.written = self.p.variable("written", optional(self.slot), None)
        self.busy = self.p.variable("busy", boolean(), False)
        slot, held, written, busy = self.slot, self.held, self.written, self.busy

        @self.p.action(slot, by="somebody")
        def bump(s: Term) -> Step:
            return step(when(held[s] < self.most), update(held[s], held[s] + 1), update(written, s))

        @self.p.action(by="somebody")
        def toggle() -> Step:
            return step(update(busy, ~busy))

    @property
    def mapping(self) -> dict[Any, Any]:
        return {"value": self.held, "last": self.written}


def test_sorts_and_sizes_follow_from_the_mapping() -> None:
    s = Store()
    made = s.p.refines(register(), s.mapping)
    assert made.sizes == {"cells": s.slots, "top": s.most}
    assert bool(check(s.p, {"slots": 2, "most": 2}))
    assert [f.name for f in check(s.p, slots=1, most=1).findings] == ["starts-as-register", "refines-register"]


def test_variables_stand_for_themselves_or_their_names() -> None:
    s, r = Store(), register()
    s.p.refines(r, {r.variables["value"].term: s.held, r.variables["last"].term: s.written})
    assert bool(check(s.p))


def test_what_is_written_as_a_function_of_members() -> None:
    s = Store()
    s.p.refines(register(), {"value": each(s.slot, lambda x: If(s.busy, s.held[x], s.held[x])), "last": s.written})
    assert bool(check(s.p))


def test_a_register_that_is_too_small_is_left() -> None:
    s = Store()
    s.p.refines(register(), s.mapping, sizes={"top": 1})
    report = check(s.p, slots=1, most=2)
    assert [(f.verdict.word, f.depth) for f in report.findings] == [("holds", None), ("violated", 2)]


def test_a_refinement_that_is_not_asked_by_default() -> None:
    s = Store()
    s.p.refines(register(), s.mapping, by_default=False)
    assert s.p.system().properties == ()
    assert len(s.p.system().refinements) == 1


def refuse(words: str, mapping: Any, s: Store | None = None, **more: Any) -> None:
    store = s or Store()
    with pytest.raises(DefinitionError) as problem:
        store.p.refines(more.pop("abstract", None) or register(), mapping, **more)
    assert words in str(problem.value), str(problem.value)
    assert problem.value.where is not None
    assert Path(problem.value.where.file).name == "test_refines.py"


def test_mistakes_in_the_mapping() -> None:
    s = Store()
    refuse("no term stands for last of register", {"value": s.held}, s)
    refuse("valeu is no variable of register (did you mean value?)", {"valeu": s.held}, s)
    refuse("value of register: busy is a truth value", {"value": s.busy, "last": s.written}, s)
    refuse("[held] is no mapping", [s.held], s)
    refuse("refers to a step", {"value": primed(s.held), "last": s.written}, s)
    other = Store("cells")
    refuse(
        "is a parameter of another protocol",
        {"value": each(other.slot, lambda x: 0), "last": None},
        s,
        sizes={"top": 2},
    )
    foreign = Protocol("foreign").variable("elsewhere", boolean(), False)
    refuse("elsewhere is no variable", {"value": s.held, "last": If(foreign, s.written, None)}, s)


def test_mistakes_in_sizes() -> None:
    s = Store()
    refuse("slot, with members 1…slots, stands for cell of register, which has 1…3", s.mapping, s, sizes={"cells": 3})
    refuse("toop is no parameter of register (did you mean top?)", s.mapping, s, sizes={"toop": 3})
    numbers = {"value": each(s.slot, lambda x: s.held[x] + 0), "last": s.written}
    refuse("nothing stands for the parameter top of register", numbers, s)


def test_indexes_that_are_mixed_up() -> None:
    p = Protocol("mixed")
    n = p.parameter("n", 2, 1, 4)
    a, b = index("a", n), index("b", n)
    held, written = p.variable("held", array(a, integers(0, 2)), 0), p.variable("written", optional(b), None)
    with pytest.raises(DefinitionError, match="b stands for cell of register, and elsewhere a does"):
        p.refines(register(), {"value": held, "last": written})


def ordered_register() -> Any:
    p = Protocol("ordered")
    cell = index("cell", p.parameter("cells", 2, 1, 4), ordered=True)
    value = p.variable("value", array(cell, boolean()), False)

    @p.action(by="writer")
    def write() -> Step:
        return step(update(value[first(cell)], True))

    return p


def test_an_order_that_is_not_there() -> None:
    s = Store()
    mapping = {"value": each(s.slot, lambda x: s.held[x] > 0)}
    refuse("cell of ordered is ordered, and slot is not", mapping, s, abstract=ordered_register())


def test_other_mistakes() -> None:
    s = Store()
    refuse("3 is no protocol", s.mapping, s, abstract=3)
    named = Protocol("store")
    named.variable("x", boolean(), False)
    named.action(by="somebody")(lambda_step)
    refuse("both protocols are called store", {"x": s.busy}, s, abstract=named)
    s.p.refines(register(), s.mapping)
    refuse("property starts-as-register is declared twice", s.mapping, s)


def lambda_step() -> Step:
    return step()


def bag() -> Any:
    """Takes any numbers out at once."""
    p = Protocol("bag")
    number = integers(1, 3)
    inside = p.variable("inside", subsets(number), {1, 2, 3})

    @p.action(subsets(number), by="somebody")
    def take_out(some: Term) -> Step:
        return step(when(some.issubset(inside), some != set()), update(inside, inside - some))

    return p


def shelf(back: bool) -> tuple[Any, Term, Any]:
    p = Protocol("shelf")
    number = integers(1, 3)
    there = p.variable("there", subsets(number), {1, 2, 3})

    @p.action(number, by="somebody")
    def up_to(n: Term) -> Step:
        return step(update(there, {n} if back else there - {1, n}))

    return p, there, number


def test_a_set_that_is_chosen_must_be_said() -> None:
    p, there, _ = shelf(False)
    with pytest.raises(DefinitionError, match=r"some of take_out of bag is a set.*choosing=\{'take_out': \{'some'"):
        p.refines(bag(), {"inside": there})
    with pytest.raises(DefinitionError, match="choosing: bag has no action 'take'"):
        p.refines(bag(), {"inside": there}, choosing={"take": {}})
    with pytest.raises(DefinitionError, match="choosing: take_out has no parameter 'sum'"):
        p.refines(bag(), {"inside": there}, choosing={"take_out": {"sum": there}})
    p.refines(bag(), {"inside": there}, choosing={"take_out": {"some": there - primed(there)}})
    assert bool(check(p))


def test_a_set_that_is_said_decides() -> None:
    p, there, _ = shelf(True)
    p.refines(bag(), {"inside": there}, choosing={"take_out": {"some": lambda: there - primed(there)}})
    assert [(f.verdict.word, f.depth) for f in check(p).findings] == [("holds", None), ("violated", 2)]


def test_records_stand_for_records() -> None:
    def made(name: str) -> tuple[Any, Any]:
        p = Protocol(name)
        pair = record("pair", a=integers(0, 2), b=boolean())
        x = p.variable("x", pair, pair(a=0, b=False))

        @p.action(by="somebody")
        def up() -> Step:
            return step(when(x.a < 2), update(x, pair(a=x.a + 1, b=~x.b)))

        return p, x

    (p, x), (q, y) = made("one"), made("other")
    p.refines(q, {y: x})
    assert bool(check(p))


def test_the_phases_of_another_enumeration() -> None:
    phase, coarse = enumeration("phase", "IDLE BUSY DONE"), enumeration("coarse", "OFF ON")
    p, q = Protocol("fine"), Protocol("rough")
    at, on = p.variable("at", phase, phase.IDLE), q.variable("on", coarse, coarse.OFF)

    @p.action(by="somebody")
    def go() -> Step:
        return step(update(at, If(at == phase.IDLE, phase.BUSY, phase.DONE)))

    @q.action(by="somebody")
    def turn() -> Step:
        return step(when(on == coarse.OFF), update(on, coarse.ON))

    p.refines(q, {on: If(at == phase.IDLE, coarse.OFF, coarse.ON)})
    assert bool(check(p))
