"""Proofs under several sets of faults and protections, which add variables and change what is enabled."""

from __future__ import annotations

from pathlib import Path

from planrace import (
    Changes,
    Protocol,
    Step,
    anything,
    boolean,
    enabled,
    integers,
    invariant,
    matrix,
    prove,
    step,
    update,
    when,
)


def switch(*, at_most: int | None = None) -> Protocol:
    """A switch that goes on and off, and a fault that turns a lamp on while the switch is on."""
    p = Protocol("switch", "a switch")
    surge = p.fault("surge", "the lamp goes on", at_most=at_most)
    on = p.variable("on", boolean(), False)
    lamp = p.variable("lamp", boolean(), False)

    @p.action(by="somebody")
    def turn() -> Step:
        return step(update(on, ~on))

    @p.action(by="weather", fault=surge)
    def flash() -> Step:
        return step(when(on, ~lamp), update(lamp, True))

    @p.protection("twice", "it is counted, and one begins anywhere")
    def twice(change: Changes) -> None:
        count = change.variable("count", integers(0, 1), anything)
        change.initially(count == 0)
        change.require("turn", count == 0)

    p.declare(
        invariant("no-flash", ~enabled("flash"), "the lamp cannot go on"),
        invariant("turns", enabled("turn"), "it can be turned"),
        invariant("dark", ~lamp, "the lamp is off"),
    )
    return p


def test_what_is_enabled_is_asked_of_the_system_with_the_fault(tmp_path: Path) -> None:
    """With the fault off its action is never enabled; that says nothing about the system with it."""
    for made in (switch(), switch(at_most=1)):
        found = {f.name: f.how for f in prove(made, dump_smt=tmp_path).findings}
        assert "violated with surge (in 1 step)" in found["no-flash"]
        assert found["turns"].endswith("; also under surge")
        assert "violated with surge (in 2 steps)" in found["dark"]
    assert list(tmp_path.iterdir())


def test_every_set_of_protections_and_faults_is_decided() -> None:
    for made in (switch(), switch(at_most=1)):
        found = {(c.property, c.protections, c.faults): c.verdict.word for c in matrix(made).cells}
        for protections in ((), ("twice",)):
            assert found["no-flash", protections, ()] == found["dark", protections, ()] == "holds"
            assert found["no-flash", protections, ("surge",)] == found["dark", protections, ("surge",)] == "violated"
            assert {found["turns", protections, faults] for faults in ((), ("surge",))} == {"holds"}


def test_lemmas_about_the_count_of_a_fault_are_for_systems_with_it() -> None:
    """They are inferred under all faults, and the system without the fault counts nothing."""
    p = Protocol("bounded", "a number is lost at most once")
    loss = p.fault("loss", "it is lost", at_most=1)
    number = p.variable("number", integers(0, 2), 0)
    lost = p.variable("lost", integers(0, 2), 0)

    @p.action(by="somebody")
    def grow() -> Step:
        return step(when(number < 2), update(number, number + 1))

    @p.action(by="somebody", fault=loss)
    def lose() -> Step:
        return step(when(number == 2, lost < 2), update(number, 0), update(lost, lost + 1))

    p.final(number == 2)
    p.declare(invariant("once", lost <= 1, "it is lost once at most"))
    (found,) = prove(p, infer=True).findings
    assert found.how.startswith("proof at its only size")
    assert found.how.endswith("; also under loss")
