"""Truth values along a run: those of invariants, and of the conditions inside properties about whole runs."""

from __future__ import annotations

from planrace.checker.explain.states import truths
from planrace.checker.results.explanation import Inner
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import record
from planrace.model.language import Protocol, Step, boolean, step, taken, update
from planrace.properties import eventually, eventually_always, infinitely_often, leads_to, reachable, recoverable


def test_every_kind_of_property_has_its_own_condition_along_a_run() -> None:
    """In each state, or at each step for what is said of steps."""
    lamp = Protocol("lamp", "a lamp that is switched on and off")
    lit, used = lamp.variable("lit", boolean(), False), lamp.variable("used", boolean(), False)

    @lamp.action(by="somebody", tags=["hand"])
    def switch() -> Step:
        return step(update(lit, ~lit), update(used, True))

    properties = (
        reachable("by-step", taken("switch") & lit, "it is switched off"),
        recoverable("dark-again", ~lit, "it can be dark", wherever=used, helpers={"hand"}),
        leads_to("answered", lit, ~lit, "light ends"),
        eventually_always("stays", used, "it stays used"),
        infinitely_often("blinks", lit, "it blinks"),
        eventually("shines", lit, "it shines once"),
    )
    interpreter = Interpreter(lamp.system().instance())
    run = record(interpreter, [("switch", ())] * 3)
    found = {(t.property, t.inner): t.holds for t in truths(run, properties)}
    assert found == {
        ("by-step", Inner.EVENT): (None, False, True, False),
        ("dark-again", Inner.GOAL): (True, False, True, False),
        ("answered", Inner.TRIGGER): (False, True, False, True),
        ("answered", Inner.ANSWER): (True, False, True, False),
        ("stays", Inner.ALWAYS): (False, True, True, True),
        ("blinks", Inner.AGAIN): (False, True, False, True),
        ("shines", Inner.ONCE): (False, True, False, True),
    }
