"""Records: what authors write, what it means, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker import check, mutate, prove, render
from planrace.checker.report.json.read import report_of
from planrace.checker.run.options import Options
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    Changes,
    DefinitionError,
    If,
    ModelError,
    Protocol,
    Step,
    Term,
    anything,
    array,
    boolean,
    changed,
    each,
    enumeration,
    forall,
    index,
    integers,
    one_of,
    optional,
    primed,
    record,
    step,
    subsets,
    update,
    when,
)
from planrace.properties import invariant, step_invariant

from ..batches import batches, fixed, held
from ..naive import initials

Worker = index("worker", 2, symmetric=True)
Number = integers(0, 2, "number")
Site = enumeration("end", "EAST WEST")
Batch = record("batch", of=Number, at=Site)
Pair = record("pair", left=Batch, right=optional(Batch))


def declared(sort: Any, initially: Any) -> Protocol:
    """A protocol with one variable, and an action that changes nothing."""
    p = Protocol("p", "a protocol")
    p.variable("v", sort, initially)

    @p.action(by="somebody")
    def rest() -> Step:
        return step()

    return p


def starts(sort: Any, initially: Any) -> list[tuple[Any, ...]]:
    return initials(declared(sort, initially).system().instance())


# Reports -----------------------------------------------------------------------------------------------------------
def test_a_record_is_one_value_in_texts() -> None:
    report = check(batches)
    text = render(report, "text")
    assert "held[1]: none → {of 0, at 1}" in text
    assert "worker 1 finishes {of 0, at 1}" in text
    assert "held.held" not in text


def test_json_names_what_a_variable_is_a_leaf_of() -> None:
    report = check(batches)
    data = json.loads(render(report, "json"))
    wholes = {v["name"]: v.get("whole") for v in data["variables"]}
    assert wholes["held.held.of"]["variable"] == "held"
    assert wholes["held.held.of"]["structure"]["parts"][0]["kind"] == "optional"
    assert wholes["latest"] is None
    assert render(report_of(data), "text") == render(report, "text")


def test_a_strange_structure_is_refused_or_shown_flat() -> None:
    data = json.loads(render(check(batches), "json"))
    leaf = next(v for v in data["variables"] if v["name"] == "held.present")
    plain = {"kind": "leaf", "label": "", "parts": []}
    leaf["whole"]["structure"] = {"kind": "array", "label": "", "parts": [plain, plain]}
    with pytest.raises(Exception, match="number of parts"):
        report_of(data)
    leaf["whole"]["structure"] = plain
    assert "held" in render(report_of(data), "text")


# Engines -----------------------------------------------------------------------------------------------------------
def test_symmetry_counts_orbits() -> None:
    plain = check(batches, options=Options(symmetry=False)).exploration
    orbits = check(batches, options=Options(symmetry=True)).exploration
    assert plain is not None
    assert orbits is not None
    assert (plain.states, orbits.states) == (446, 133)


@pytest.mark.parametrize("engine", ["explicit", "native", "bmc", "induction", "spacer"])
def test_every_engine_has_the_same_verdicts(engine: str) -> None:
    told = {
        f.name: f.verdict.word
        for f in check(batches, options=Options(engine=engine, depth=6 if engine == "bmc" else None)).findings
    }
    assert told == {"bounded": "unknown" if engine == "bmc" else "holds", "never-back": "violated"}


def test_proofs_for_every_size() -> None:
    report = prove(fixed)
    assert {f.name: f.verdict.word for f in report.findings} == {"bounded": "holds", "never-back": "holds"}
    assert report.every_size


def test_mutants_of_records_are_killed() -> None:
    found = mutate("tests.batches:fixed")
    assert "held" in str(found)


# Initial values ----------------------------------------------------------------------------------------------------
def test_initial_values() -> None:
    assert starts(Batch, Batch(of=1, at=Site.WEST)) == [(1, 1)]
    assert len(starts(Batch, anything)) == 6
    assert starts(Batch, one_of(Batch(of=1, at=Site.EAST), Batch(of=2, at=Site.WEST))) == [(1, 0), (2, 1)]
    assert len(starts(optional(Batch), anything)) == 7
    assert len(starts(optional(Batch), one_of(None, Batch(of=2, at=Site.WEST)))) == 2
    each_worker = starts(array(Worker, Batch), one_of(Batch(of=0, at=Site.EAST), Batch(of=1, at=Site.WEST)))
    assert len(each_worker) == 4
    by_site = starts(array(Site, Batch), lambda s: Batch(of=If(s == Site.EAST, 1, 2), at=s))
    assert by_site == [((1, 2), (0, 1))]
    several = starts(array(Site, Batch), lambda s: one_of(Batch(of=0, at=s), Batch(of=1, at=s)))
    assert len(several) == 4


# Terms -------------------------------------------------------------------------------------------------------------
def test_a_record_in_records_and_arrays() -> None:
    p = Protocol("p", "a protocol")
    v = p.variable("v", array(Worker, array(Site, Pair)), Pair(left=Batch(of=0, at=Site.EAST), right=None))
    assert repr(v.left.of) == "v.left.of"
    assert repr(v.left) == "v.left"

    @p.action(Worker, by=Worker)
    def act(w: Term) -> Step:
        return step(
            when(v[w][Site.EAST].left.of < 2),
            update(v[w], each(Site, lambda s: v[w][s].replace(left=Batch(of=v[w][s].left.of + 1, at=s)))),
        )

    def west(w: Term) -> Any:
        return v[w][Site.WEST].left.of

    p.final(forall(Worker, lambda w: v[w][Site.EAST].left.of == 2))
    p.declare(
        step_invariant(
            "grows", forall(Worker, lambda w: primed(v)[w][Site.WEST].left.of >= v[w][Site.WEST].left.of), "m"
        ),
        invariant("together", forall(Worker, lambda w: v[w][Site.EAST].left.of == v[w][Site.WEST].left.of), "m"),
    )
    report = check(p)
    assert report.verdict.word == "holds"
    assert report.exploration is not None
    assert report.exploration.states == 9


def test_a_field_of_an_absent_record_is_an_error_of_the_model() -> None:
    p = Protocol("p", "a protocol")
    o = p.variable("o", optional(Batch), None)

    @p.action(by="somebody")
    def act() -> Step:
        return step(when(o.of < 2), update(o, o.replace(of=o.of + 1)))

    p.declare(invariant("small", (o != None).implies(o.of < 2), "it never grows"))  # noqa: E711
    for engine in ("explicit", "native", "bmc"):
        with pytest.raises(ModelError, match=r"o is none"):
            check(p, options=Options(engine=engine))


def test_changes() -> None:
    without = changed(batches.system(), lambda c: c.forget("finish", held))
    assert {str(u.variable) for u in without.actions["finish"].outcomes[0].updates} == {"done"}

    def value(c: Changes) -> None:
        c.value("take", held.held.of, lambda old, w, s: 0)

    assert repr(changed(batches.system(), value).actions["take"].outcomes[0].updates[1].value) == "0"

    def more(c: Changes) -> None:
        spare = c.variable("spare", Batch, one_of(Batch(of=0, at=Site.EAST), Batch(of=1, at=Site.WEST)))
        c.also("plan", update(spare, spare.replace(of=0)))

    assert Interpreter(changed(batches.system(), more).instance()).initials()[1][-2:] == (1, 1)


# Errors ------------------------------------------------------------------------------------------------------------
def protocol_with(body: Callable[[Any, Any, Any], Any]) -> None:
    p = Protocol("p", "a protocol")
    b, x, o = (
        p.variable("b", Batch, Batch(of=0, at=Site.EAST)),
        p.variable("x", Number, 0),
        p.variable("o", optional(Batch), None),
    )
    body(b, x, o)


REFUSED: list[tuple[Callable[[Any, Any, Any], Any], str]] = [
    (lambda b, x, o: b.off, r"b has no field 'off' \(did you mean of\?\)"),
    (lambda b, x, o: o.off, r"o has no field 'off' \(did you mean of\?\)"),
    (lambda b, x, o: b.zone, r"b has no field 'zone' \(it has 2 fields: of, at\)"),
    (lambda b, x, o: Batch(of=x), r"batch lacks its field at \(write Batch\(of=…, at=…\)"),
    (lambda b, x, o: Batch(of=x, att=Site.EAST), r"batch has no field 'att' \(did you mean at\?\)"),
    (lambda b, x, o: Batch(x, Site.EAST), "fields are given by name"),
    (lambda b, x, o: Batch(of=Site.EAST, at=Site.EAST), "field of of batch: EAST is an end, but a number is expected"),
    (lambda b, x, o: Batch(of=7, at=Site.EAST), "7 is out of the range"),
    (lambda b, x, o: b.replace(att=x), "b has no field 'att'"),
    (lambda b, x, o: when(b), r"b is a batch, and a term is expected \(name a field: b.of\)"),
    (lambda b, x, o: b == x, "x is a number, but a batch is expected"),
    (lambda b, x, o: x == b, "b is a batch"),
    (lambda b, x, o: b + 1, "b is a batch"),
    (lambda b, x, o: b < x, "b is a batch"),
    (lambda b, x, o: b and x, "b, a batch, has no truth value"),
    (lambda b, x, o: b[1], "b is a batch"),
    (
        lambda b, x, o: update(b, o),
        r"o is a batch or none, but a batch is expected \(it may be absent",
    ),
    (lambda b, x, o: update(b, None), "None is given, but a batch is expected"),
    (lambda b, x, o: update(o.of, 1), r"o.held.of cannot be assigned to .*b.replace"),
    (lambda b, x, o: update(b.replace(of=x), b), "cannot be assigned to"),
    (lambda b, x, o: If(x == 0, b, x), "If: x is a number, but a batch is expected"),
    (lambda b, x, o: forall(b, lambda y: y), "b is a batch; quantifiers are over"),
    (lambda b, x, o: x.isin(b), "b is no set but a batch"),
    (lambda b, x, o: subsets(Batch), "subsets.. needs a bounded scalar sort, not batch"),  # type: ignore[arg-type]
    (lambda b, x, o: array(Batch, Number), "a dimension for each field"),  # type: ignore[call-overload]
    (lambda b, x, o: optional(array(Worker, Batch)), "an index sort or a record"),  # type: ignore[call-overload]
    (lambda b, x, o: record("r"), "record r has no fields"),
    (lambda b, x, o: record("r", replace=Number), "'replace' cannot name a field"),
    (lambda b, x, o: record("r", a=3), "field a: 3 is not a sort"),  # type: ignore[arg-type]
    (lambda b, x, o: optional(record("r", held=Number)), "held has the name of a part"),
]


@pytest.mark.parametrize(("body", "error"), REFUSED)
def test_mistakes_are_refused_at_their_line(body: Any, error: str) -> None:
    with pytest.raises(DefinitionError, match=error) as found:
        protocol_with(body)
    assert re.search(r"test_records\.py:\d+", str(found.value))


def test_what_is_made_and_never_used_is_told() -> None:
    p = Protocol("p", "a protocol")
    b = p.variable("b", Batch, Batch(of=0, at=Site.EAST))
    done = p.variable("done", boolean(), False)
    with pytest.raises(DefinitionError, match=r"update\(b.of, …\) is made here and never used"):

        @p.action(by="somebody")
        def act() -> Step:
            update(b, Batch(of=1, at=Site.EAST))
            return step(when(~done), update(done, True))
