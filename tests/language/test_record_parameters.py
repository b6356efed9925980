"""Records as parameters of actions: every engine finds what the same action with a parameter for each field does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from planrace import process
from planrace.checker import Options, check, prove, render
from planrace.checker.engines.explicit.search import Search
from planrace.checker.report.json.read import report_of
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    Changes,
    DefinitionError,
    Protocol,
    Term,
    enabled,
    enumeration,
    index,
    integers,
    mapping,
    optional,
    primed,
    record,
    says,
    sequence,
    step,
    subsets,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.processes import at, some
from planrace.properties import invariant, step_invariant

Worker = index("worker", 2, symmetric=True)
Number = integers(0, 2, "number")
Site = enumeration("site", "EAST WEST")
Batch = record("batch", of=Number, at=Site, by=optional(Worker))
Group = record("group", who=subsets(Worker), size=Number)


def stores(*, whole: bool) -> Protocol:
    """Somebody stores a batch with a greater number than the last one of its site."""
    p = Protocol("stores", "batches are stored")
    last = p.variable("last", Batch, Batch(of=0, at=Site.EAST, by=None))
    n = p.variable("n", Number, 0)

    def store(of: Any, at: Any, by: Any, batch: Any) -> Step:
        return step(
            when((of > last.of) | (at != last.at), by != None),  # noqa: E711
            update(last, batch),
            update(n, of),
            says("stores {of} at {at}", of=of, at=at),
        )

    if whole:

        @p.action(Batch, by="somebody")
        def put(b: Any) -> Step:
            return store(b.of, b.at, b.by, b)
    else:

        @p.action(Number, Site, optional(Worker), by="somebody")
        def put(b_of: Any, b_at: Any, b_by: Any) -> Step:
            return store(b_of, b_at, b_by, Batch(of=b_of, at=b_at, by=b_by))

    p.declare(
        invariant("not-two", n < 2, "no batch has the number 2"),
        invariant("as-last", n == last.of, "what was stored last"),
        step_invariant("taken", taken("put", b_of=n).implies(primed(last).of == n), "it is stored"),
    )
    return p


def test_the_same_system() -> None:
    one, other = (stores(whole=x).system().actions["put"] for x in (True, False))
    assert one.guard is other.guard
    assert list(map(str, one.parameters)) == ["b_of", "b_at", "b_by"]
    for a, b in zip(one.outcomes[0].updates, other.outcomes[0].updates, strict=True):
        assert a.target is b.target
        assert a.value is b.value


def test_engines_and_reports() -> None:
    """As other parameters: searches, solvers, proofs; a report is read back."""
    p = stores(whole=True)
    for engine in ("explicit", "bmc"):
        found = check(p, options=Options(engine=engine, depth=1, properties=("not-two",)))
        assert [(f.verdict.word, f.depth) for f in found.findings] == [("violated", 1)]
    report = check(p)
    (name, *_) = (f.trace.steps[0].parameters for f in report.findings if f.trace is not None)
    assert sorted(name) == ["b_at", "b_by", "b_of"]
    assert render(report_of(json.loads(render(report, "json"))), "text") == render(report, "text")
    assert [f.verdict.word for f in prove(p, properties=["taken"]).findings] == ["holds"]


def test_an_absent_record_is_one_value() -> None:
    """What would be held is blank, so it is chosen once; a set in a record is any subset."""
    p = Protocol("p", "a protocol")
    v = p.variable("v", optional(Batch), None)
    g = p.variable("g", Group, Group(who=set(), size=0))

    @p.action(optional(Batch), by="somebody")
    def put(b: Any) -> Step:
        return step(update(v, b))

    @p.action(Group, by="somebody")
    def join(x: Any) -> Step:
        return step(update(g, x))

    interpreter = Interpreter(p.system().instance())
    steps = [m.action.name for m, _ in interpreter.moves(interpreter.initial())]
    assert steps.count("put") == 1 + 3 * 2 * 3
    assert steps.count("join") == 4 * 3
    _, found = Search(p.system().instance(), [], exhaustive=True).run()
    assert found.states == (1 + 3 * 2 * 3) * 4 * 3


def test_a_process_chooses_a_record() -> None:
    """As an action with that parameter; what it may choose is a condition on the record."""

    def states(*, written: bool) -> tuple[int, int]:
        p = Protocol("p", "a protocol")
        v = p.variable("v", optional(Batch), None)
        if written:

            @process(p, by="somebody")
            def put() -> Any:
                while True:
                    b = some(optional(Batch), lambda b: (b == None) | (b.of > 0))  # noqa: E711
                    update(v, b)
                    yield at("PUT")
        else:

            @p.action(optional(Batch), by="somebody")
            def put(b: Any) -> Step:
                return step(when((b == None) | (b.of > 0)), update(v, b))  # noqa: E711

        _, found = Search(p.system().instance(), [], exhaustive=True).run()
        return found.states, found.transitions

    assert states(written=True) == states(written=False)
    assert states(written=True)[0] == 1 + 2 * 2 * 3


def test_changes_and_references_get_the_record() -> None:
    p = stores(whole=True)
    last = p.variables["last.of"].term

    @p.protection("small", "only small batches are stored")
    def small(change: Changes) -> None:
        change.require("put", lambda b: b.of < 2)

    b = Batch(of=1, at=Site.EAST, by=None)
    p.declare(
        step_invariant("never", ~taken("put", b=b), "by nobody"),
        invariant("waits", ~enabled("put", b=b), "by nobody"),
        invariant("can", (last == 2) | enabled("put", b_of=2), "somebody can"),
    )
    found = {f.name: f.verdict.word for f in check(p, with_protections=["small"]).findings}
    assert found == {
        "not-two": "holds",
        "as-last": "holds",
        "taken": "holds",
        "never": "holds",
        "waits": "holds",
        "can": "violated",
    }
    with pytest.raises(DefinitionError, match=re.escape('write change.require("put", lambda b: …)')):
        _change(p, lambda change: change.require("put", lambda: False))


def _change(p: Protocol, change: Callable[[Changes], object]) -> None:
    change(Changes(p.system(), p.faults))


REFUSED: dict[str, tuple[str, Callable[[Protocol], object]]] = {
    "a sequence": (
        r"is a member, a set or a record of these, not a sequence of number: slots is a number for each position",
        lambda p: p.action(sequence(Number, 2), by="x"),
    ),
    "a map in a record": (
        r"not a r: m.values is a number for each site \(let a variable hold the whole",
        lambda p: p.action(record("r", m=mapping(Site, Number)), by="x"),
    ),
    "the same name": (
        r"action a: two parameters are called b_of",
        lambda p: p.action(Batch, Number, by="x")(_named(lambda b, b_of: step())),
    ),
    "an insertion after a set": (
        r"group is a set of worker, and no term is about some set",
        lambda p: _change(_drain(p), lambda c: c.after("drain", name="rest", steps=lambda group: step())),
    ),
}


def _named(body: Callable[..., Step]) -> Callable[..., Step]:
    body.__name__ = "a"
    return body


def _drain(p: Protocol) -> Protocol:
    down = p.variable("down", subsets(Worker), set())

    @p.action(subsets(Worker), by="operator")
    def drain(group: Term) -> Step:
        return step(update(down, group))

    return p


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    message, makes = REFUSED[case]
    with pytest.raises(DefinitionError, match=message):
        makes(Protocol("p"))
