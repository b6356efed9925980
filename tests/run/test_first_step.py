"""A model whose initial state enables nothing is an error in every engine, never a "holds" about one state."""

from __future__ import annotations

import pytest

from planrace import (
    ModelError,
    Options,
    Protocol,
    array,
    boolean,
    check,
    forall,
    index,
    integers,
    invariant,
    prove,
    step,
    update,
    when,
)
from planrace.model.language import Step, Term

ENGINES = ("explicit", "native", "bmc", "induction", "spacer", "simulate", "proof")
NOTHING = "no action is enabled in the initial state, so nothing ever happens"


def handing(*, start: bool = False, ends: bool = False) -> Protocol:
    """Workers hand a token to each other; nobody makes one."""
    p = Protocol("handing")
    workers = p.parameter("workers", 2, 1, 9)
    worker = index("worker", workers)
    has = p.variable("has", array(worker, boolean()), start)

    @p.action(worker, by=worker)
    def drop(w: Term) -> Step:
        return step(when(has[w]), update(has[w], False))

    @p.action(worker, worker, by=worker)
    def hand(v: Term, w: Term) -> Step:
        return step(when(has[v], ~has[w]), update(has[v], False), update(has[w], True))

    if ends:
        p.final(forall(worker, lambda w: ~has[w]))
    p.declare(invariant("unused", forall(worker, lambda w: has[w] if start else ~has[w]), "it stays as it is"))
    return p


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_can_happen(engine: str) -> None:
    with pytest.raises(ModelError, match=f"handing: {NOTHING}") as found:
        check(handing(), options=Options(engine=engine))
    assert found.value.where is not None
    assert found.value.where.file == __file__
    assert "a guard of its 2 actions" in str(found.value.remedy)
    assert check(handing(start=True), options=Options(engine=engine)).verdict.word in ("violated", "unknown")


def test_for_some_sizes_only() -> None:
    """The proof is about the sizes where something happens, too."""
    p = Protocol("numbers")
    most = p.parameter("most", 0, 0, 9)
    made = p.variable("made", integers(0, most), 0)

    @p.action(by="maker")
    def make() -> Step:
        return step(when(made < most), update(made, made + 1))

    p.declare(invariant("in-range", made >= 0, "it only grows"))
    with pytest.raises(ModelError, match=NOTHING):
        check(p)
    with pytest.raises(ModelError, match=NOTHING):
        prove(p, {"most": 0})
    assert check(p, {"most": 1}).verdict.word == "holds"
    assert prove(p).verdict.word == "holds"


@pytest.mark.parametrize("engine", ENGINES)
def test_where_runs_may_end_at_once_it_is_none(engine: str) -> None:
    p = handing(ends=True)
    assert check(p, options=Options(engine=engine)).verdict.word == ("unknown" if engine == "simulate" else "holds")


def test_a_guard_without_a_value_is_reported_instead_of_no_first_step() -> None:
    p = Protocol("reading")
    place = integers(1, 3)
    at, load = p.variable("at", place, 3), p.variable("load", array(place, boolean()), False)

    @p.action(by="reader")
    def look() -> Step:
        return step(when(load[at + 1]), update(at, 1))

    p.declare(invariant("idle", ~load[1], "nothing is loaded"))
    for engine in ("explicit", "bmc", "simulate", "proof"):
        with pytest.raises(ModelError, match="position 4 is not in 1…3"):
            check(p, options=Options(engine=engine))
