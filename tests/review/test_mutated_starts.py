"""Mutants of initial values: a condition that nothing needs survives, one that a property needs is killed."""

from __future__ import annotations

from planrace.checker import mutate
from planrace.model.language import (
    Protocol,
    Step,
    Term,
    anything,
    array,
    boolean,
    enumeration,
    one_of,
    step,
    update,
    when,
)
from planrace.properties import invariant


def test_conditions_and_values_are_mutated() -> None:
    p = Protocol("rounds")
    sites = enumeration("site", "EAST WEST NORTH")
    here = p.variable("here", sites, one_of(sites.WEST, sites.NORTH))
    way = p.variable("way", array(sites, boolean()), anything)
    done = p.variable("done", boolean(), False)
    p.initially(way[here])
    p.initially(way[sites.EAST] | way[sites.NORTH])

    @p.action(sites, by="inspector")
    def go(s: Term) -> Step:
        return step(when(way[s], s != here), update(here, s))

    @p.action(by="inspector")
    def end() -> Step:
        return step(when(way[here]), update(done, True))

    p.final(done)
    p.declare(invariant("open", way[here], "it is where one can be"))
    found = {j.mutant.change: (j.status.value, j.by, j.how) for j in mutate(p).judged if j.mutant.kind == "start"}
    assert found == {
        "without way[here]": ("killed", "open", ""),
        "without way[EAST] ∨ way[NORTH]": ("survived", None, "1 initial state more"),
        "here never begins as WEST": ("survived", None, "3 initial states fewer"),
        "here never begins as NORTH": ("survived", None, "4 initial states fewer"),
    }


def test_a_protocol_that_cannot_begin_is_noticed() -> None:
    p = Protocol("start")
    ready = p.variable("ready", boolean(), one_of(False, True))
    p.initially(ready)

    @p.action(by="somebody")
    def go() -> Step:
        return step(update(ready, ready))

    p.declare(invariant("ready", ready, "it is"))
    found = {j.mutant.change: (j.status.value, j.by) for j in mutate(p).judged if j.mutant.kind == "start"}
    assert found == {
        "without ready": ("killed", "ready"),
        "ready never begins as false": ("equivalent", None),
        "ready never begins as true": ("killed", "model"),
    }
