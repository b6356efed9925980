"""Traces for other tools: ITF against its schema and against itf-py, TLC's JSON against the form that TLC reads.

TLC itself (tla2tools) is not at hand, so its own reading of the files, ``-loadTrace json``, is not tried: the form is
that of its sources, ``_JsonTrace.tla``, ``CounterExample.java`` and ``Json.java``, read back by a few lines here.
"""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planrace.checker import Options, check, find
from planrace.checker.report.trace.itf import TraceFormatError, read_itf, render_itf
from planrace.checker.report.trace.tlc import render_tlc
from planrace.checker.results.explanation import Declared, Shape
from planrace.checker.results.trace import Shown, ShownState, Trace, TraceStep
from planrace.model.language import Array, Bool, Enum, Index, Instance, SetOf, Sort
from planrace.model.language.sorts import Maybe
from tests import HERE, ROOT

SCHEMA = json.loads((ROOT / "docs" / "itf.schema.json").read_text())
FORM = jsonschema.Draft202012Validator(SCHEMA)
SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}


# Traces to write -------------------------------------------------------------------------------------------------
def shape_of(instance: Instance, sort: Sort) -> Shape:
    """The sort as reports describe it."""
    if isinstance(sort, Array):
        domain, element = shape_of(instance, sort.domain), shape_of(instance, sort.element)
        return Shape("array", sort.name, domain=domain, element=element)
    if isinstance(sort, SetOf):
        return Shape("set", sort.name, element=shape_of(instance, sort.element))
    low, high = instance.bounds(sort)
    kinds = {Bool: "truth value", Enum: "enumeration", Index: "index", Maybe: "optional"}
    return Shape(kinds.get(type(sort), "number"), sort.name, low, high, getattr(sort, "members", ()))


def checked(name: str) -> tuple[Trace, tuple[Declared, ...]]:
    """The counterexample to a property of ``original`` at the small size."""
    (finding,) = check(find("original"), SIZES, options=Options(properties=(name,))).findings
    assert finding.trace is not None
    instance = find("original").system().instance(**SIZES)
    variables = instance.system.variables
    return finding.trace, tuple(Declared(v.name, shape_of(instance, v.sort), v.meaning) for v in variables)


@pytest.fixture(scope="module", params=["plans-never-regress", "endpoints-converge"])
def real(request: pytest.FixtureRequest) -> tuple[Trace, tuple[Declared, ...]]:
    trace, variables = checked(request.param)
    assert (trace.loop is not None) is (request.param == "endpoints-converge")
    return trace, variables


NUMBER, WORKER = Shape("number", "size", -1, 2), Shape("index", "worker", 1, 2)
COLOUR = Shape("enumeration", "colour", 0, 2, ("RED", "GREEN", "BLUE"))
SMALL = (
    Declared("size", NUMBER, "how much of it"),
    Declared("done", Shape("truth value", "truth value", 0, 1)),
    Declared("held", Shape("array", "worker or none for each colour", 0, 0, (), COLOUR, Shape("optional", "w", 0, 2))),
    Declared(
        "seen", Shape("array", "colours for each worker", domain=WORKER, element=Shape("set", "c", element=COLOUR))
    ),
)


def small() -> Trace:
    """Two steps, of which the second repeats for ever; with every kind of sort, and every optional part of a step
    missing once."""
    first: ShownState = {"size": -1, "done": False, "held": [0, 0, 0], "seen": [[], []]}
    then: ShownState = {"size": 2, "done": True, "held": [0, 2, 0], "seen": [["GREEN", "BLUE"], []]}
    grow = TraceStep("grow", {"w": 1, "_c": "GREEN"}, "worker 1", "gardener", "well", None, "grows “it” to 2", then)
    fail = TraceStep("fail", {"w": 2}, "environment", "environment", None, "frost", "it freezes\x1b[31m", then)
    return Trace(first, (grow, fail), loop=1)


scalars = st.one_of(
    st.just(Shape("truth value", "truth value", 0, 1)),
    st.builds(
        lambda low, n: Shape("number", "number", low, low + n), st.integers(-(10**20), 10**20), st.integers(0, 3)
    ),
    st.builds(lambda n: Shape("index", "index", 1, n), st.integers(1, 3)),
    st.builds(lambda n: Shape("optional", "index or none", 0, n), st.integers(1, 3)),
    st.permutations(["RED", "GREEN", "BLUE", "None"]).map(lambda m: Shape("enumeration", "colour", 0, 3, tuple(m))),
)
shapes = st.recursive(
    scalars | scalars.map(lambda s: Shape("set", f"set of {s.name}", element=s)),
    lambda inner: st.builds(lambda d, e: Shape("array", f"{e.name} for each", domain=d, element=e), scalars, inner),
    max_leaves=3,
)


def values(shape: Shape) -> st.SearchStrategy[Shown]:
    if shape.kind == "array":
        domain, element = parts(shape)
        return st.tuples(*(values(element) for _ in domain.values)).map(list)
    if shape.kind == "set":
        assert shape.element is not None
        members = shape.element.values
        return st.sets(st.integers(0, len(members) - 1)).map(lambda chosen: [members[n] for n in sorted(chosen)])
    return st.sampled_from(shape.values)


def parts(shape: Shape) -> tuple[Shape, Shape]:
    """The domain and the element of an array's sort."""
    assert shape.domain is not None
    assert shape.element is not None
    return shape.domain, shape.element


@st.composite
def traces(draw: st.DrawFn) -> tuple[Trace, tuple[Declared, ...]]:
    """Any trace of any variables; the last state of a lasso is the one that it returns to."""
    found = draw(st.lists(shapes, min_size=1, max_size=3))
    variables = tuple(Declared(f"x{n}", s, draw(st.text())) for n, s in enumerate(found))
    states = draw(st.lists(st.fixed_dictionaries({v.name: values(v.shape) for v in variables}), min_size=1, max_size=4))
    loop = draw(st.none() | st.integers(0, len(states) - 1))
    if loop is not None:
        states[-1] = states[loop]
    chosen = st.dictionaries(st.text(), st.booleans() | st.integers() | st.text(), max_size=2)
    told, perhaps = st.text(), st.none() | st.text()
    steps = [
        TraceStep(draw(told), draw(chosen), draw(told), draw(told), draw(perhaps), draw(perhaps), draw(told), s)
        for s in states[1:]
    ]
    return Trace(states[0], tuple(steps), loop), variables


def bare(trace: Trace) -> Trace:
    """The trace without changes and observations, which files do not contain."""
    return replace(trace, steps=tuple(replace(s, changed=(), observed=()) for s in trace.steps))


def golden(name: str, text: str) -> None:
    file = HERE / "golden" / name
    if os.environ.get("PLANRACE_GOLDEN") == "write":
        file.write_text(text)
    assert text == file.read_text()


# ITF -------------------------------------------------------------------------------------------------------------
def test_the_text_of_a_small_trace() -> None:
    text = render_itf(small(), SMALL, description="a small one", parameters={"workers": 2, "size": "tall"})
    golden("small.itf.json", text)
    FORM.validate(json.loads(text))


def test_itf_has_what_its_readers_require() -> None:
    data = json.loads(render_itf(small(), SMALL, parameters={"workers": 2, "size": "tall", "class": 0}))
    assert data["#meta"]["varTypes"] == {
        "size": "Int",
        "done": "Bool",
        "held": "Str -> Int",
        "seen": "Int -> Set(Str)",
        "mbt::actionTaken": "Str",
        "mbt::nondetPicks": "{ w: Some(Int) | None(UNIT), c: Some(Str) | None(UNIT) }",
    }
    assert data["vars"] == list(data["#meta"]["varTypes"])
    assert (data["params"], data["loop"]) == (["workers", "size_", "class_"], 1)
    first, grown, failed = data["states"]
    assert (first["workers"], first["size_"], "workers" in grown) == ({"#bigint": "2"}, "tall", False)
    assert first["seen"] == {"#map": [[{"#bigint": "1"}, {"#set": []}], [{"#bigint": "2"}, {"#set": []}]]}
    assert [s["mbt::actionTaken"] for s in data["states"]] == ["init", "grow", "fail"]
    none = {"tag": "None", "value": {"#tup": []}}
    assert first["mbt::nondetPicks"] == {"w": none, "c": none}
    assert failed["mbt::nondetPicks"] == {"w": {"tag": "Some", "value": {"#bigint": "2"}}, "c": none}
    assert (failed["#meta"]["fault"], "outcome" in failed["#meta"]) == ("frost", False)


def test_arrays_of_arrays_have_their_types_in_brackets() -> None:
    inner = Shape("array", "inner", domain=WORKER, element=Shape("truth value", "truth value", 0, 1))
    nested = Declared("x", Shape("array", "nested", domain=COLOUR, element=inner))
    data = json.loads(render_itf(Trace({"x": [[True, False]] * 3}, ()), [nested]))
    assert data["#meta"]["varTypes"]["x"] == "Str -> (Int -> Bool)"
    assert list(data) == ["#meta", "vars", "states"]


def test_traces_come_back(real: tuple[Trace, tuple[Declared, ...]]) -> None:
    trace, variables = real
    text = render_itf(trace, variables, description="original", parameters=SIZES)
    FORM.validate(json.loads(text))
    assert read_itf(text) == (bare(trace), variables)


@settings(deadline=None)
@given(traces(), st.text(), st.dictionaries(st.text(), st.integers() | st.text(), max_size=2), st.booleans())
def test_any_trace_comes_back(
    told: tuple[Trace, tuple[Declared, ...]], description: str, parameters: dict[str, int | str], picks: bool
) -> None:
    text = render_itf(*told, description=description, parameters=parameters, picks=picks)
    FORM.validate(json.loads(text))
    assert read_itf(text) == told
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(loop=None),
        lambda d: d["#meta"].update(steps=3),
        lambda d: d["states"][0].update(size=1),
        lambda d: d["states"][0].update(held={"#map": [["RED"]]}),
        lambda d: d["states"][0].update({"#more": True}),
        lambda d: d["states"][1]["#meta"].update(outcome=None),
        lambda d: d["states"][1].update({"mbt::nondetPicks": {"_c": {"tag": "None", "value": {"#tup": []}}}}),
        lambda d: d["states"][1].update({"mbt::nondetPicks": {"c": {"tag": "None", "value": {}}}}),
    ],
)
def test_the_schema_refuses_what_is_not_itf(change: Callable[[Any], None]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    data = json.loads(render_itf(small(), SMALL))
    change(data)
    with pytest.raises(jsonschema.ValidationError):
        FORM.validate(data)


# ITF files of other tools ----------------------------------------------------------------------------------------
def test_a_trace_of_apalache_is_read() -> None:
    """Without our ``#meta``, sorts are inferred, steps have no names, and a loop is closed."""
    states = [
        {"N": 3, "bank": "E", "who": {"#map": [["W", {"#set": []}], ["E", {"#set": ["m2", "c1"]}]]}},
        {"bank": "W", "who": {"#map": [["E", {"#set": ["c1"]}], ["W", {"#set": ["m2"]}]]}},
    ]
    trace, (bank, who) = read_itf(json.dumps({"params": ["N"], "vars": ["bank", "who"], "states": states, "loop": 0}))
    names = Shape("set", "set of who", element=Shape("enumeration", "who", 0, 1, ("c1", "m2")))
    sides = Shape("enumeration", "key of who", 0, 1, ("E", "W"))
    assert bank == Declared("bank", replace(sides, name="bank"))
    assert who == Declared("who", Shape("array", "set of who for each key of who", domain=sides, element=names))
    assert trace.initial == {"bank": "E", "who": [["c1", "m2"], []]}
    assert [(s.action, s.parameters) for s in trace.steps] == [("step", {}), ("step", {})]
    assert trace.steps[1].state == trace.initial
    assert trace.loop == 0


def test_a_trace_of_quint_is_read() -> None:
    none = {"tag": "None", "value": {"#tup": []}}
    picks = {"to": {"tag": "Some", "value": "bob"}, "all": {"tag": "Some", "value": {"#set": [2, 1]}}, "n": none}
    states = [
        {"#meta": {"index": 0}, "b::x": {"#bigint": "-7"}, "mbt::actionTaken": "init", "mbt::nondetPicks": {"n": none}},
        {"#meta": {"index": 1}, "b::x": {"#bigint": "9"}, "mbt::actionTaken": "pay_in", "mbt::nondetPicks": picks},
    ]
    names = ["b::x", "mbt::actionTaken", "mbt::nondetPicks", "mbt::actionTaken", "mbt::nondetPicks"]
    trace, (x,) = read_itf(json.dumps({"vars": names, "states": states}))
    assert x == Declared("b::x", Shape("number", "number", -7, 9))
    assert (trace.initial, trace.loop) == ({"b::x": -7}, None)
    step = TraceStep("pay_in", {"to": "bob", "all": [1, 2]}, "", "", None, None, "pay in", {"b::x": 9})
    assert trace.steps == (step,)


def test_traces_of_other_tools_can_be_written() -> None:
    states = [{"x": {"#map": [[k, {"#bigint": str(n)}] for k in (False, True)]}} for n in range(3)]
    told = read_itf(json.dumps({"vars": ["x"], "states": states, "loop": 1}))
    assert told[0].steps[-1].state == {"x": [1, 1]}
    assert read_itf(render_itf(*told)) == told


def one(value: Any, **more: Any) -> str:
    """A trace of a variable ``x`` that is 0 first."""
    return json.dumps({"vars": ["x"], "states": [{"x": 0}, {"x": value}], **more})


def ours(place: str, found: Any) -> str:
    """The small trace with something else in its first ``#meta``."""
    data = json.loads(render_itf(small(), SMALL))
    data["#meta"]["planrace"] = (
        found if place == "whole" else json.dumps([{"name": "size", "meaning": "", place: found}])
    )
    return json.dumps(data)


TEXT = render_itf(small(), SMALL)
BAD = {
    "{": "the file: it is not JSON",
    "[]": "states: there is no list",
    '{"states": [], "vars": []}': "states: it is not a list of states",
    '{"states": [3], "vars": []}': "states: it is not a list of states",
    '{"states": [{}]}': "vars: there is no list",
    '{"states": [{}], "vars": ["x\\u001b"]}': "states[0].x\ufffd: the state has no value for it",
    "[" * 100_000: "the file: it is nested too deeply",
    one("yes"): "states[1].x: it is of another type than before",
    one(True): "states[1].x: it is of another type than before",
    one(1.5): "states[1].x: 1.5 is not a value",
    one(None): "states[1].x: null is not a value",
    one([1]): "states[1].x: [1] is not a value",
    one({"#tup": []}): 'states[1].x: {"#tup": []} is not a value',
    one({"#bigint": "1_0"}): 'states[1].x: {"#bigint": "1_0"} is not a value',
    one({"#bigint": "9" * 5000}): "states[1].x: ",
    one({"#set": [{"#set": []}]}): "states[1].x[0]: it is a set or map",
    one({"#map": [[1]]}): "states[1].x[0]: it is not a pair",
    one({"#map": [[1, 1], [1, 2]]}): "states[1].x: a key stands there twice",
    one(1, loop=2): "loop: there is no state 2",
    one(1, loop=True): "loop: there is no state True",
    json.dumps({"vars": ["x"], "states": [{"x": {"#map": [[1, 1], [3, 1]]}}]}): "states[0].x: its keys are not a range",
    ours("whole", "{"): "#meta.planrace: it is not JSON",
    ours("whole", 3): "#meta.planrace: there is no string",
    ours("shape", 3): "#meta.planrace[0].shape: there is no object",
    ours("shape", {"kind": "number", "name": ""}): "states[0].size: -1 is not of its sort",
    ours("shape", {"kind": "real", "name": "r"}): "#meta.planrace[0].shape: it is not a sort",
    ours("shape", {"kind": "set", "name": "r"}): "#meta.planrace[0].shape.element: there is no object",
    TEXT.replace(
        '"held": {"#map": [["RED"', '"held": {"#map": [["PINK"'
    ): "states[0].held: 'PINK' is not of its sort, colour",
    TEXT.replace('[["RED", {"#bigint": "0"}], ', "["): "states[0].held: it lacks keys of colour",
    TEXT.replace('"done": false', '"done": {"#set": []}'): "states[0].done: it is not of its sort, truth value",
    TEXT.replace('\\"w\\": 1', '\\"w\\": null'): "states[1].#meta.parameters: these are not parameters",
    TEXT.replace('"by": "worker 1"', '"by": 1'): "states[1].#meta.by: there is no string",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_errors_name_the_place(text: str) -> None:
    with pytest.raises(TraceFormatError, match=f"^{re.escape(BAD[text])}") as raised:
        read_itf(text)
    assert re.search(r"\(.+\)$", str(raised.value)), "there is no remedy"
    assert str(raised.value).isprintable()


def test_a_file_that_claims_a_large_sort_is_refused_at_once() -> None:
    huge = {"kind": "number", "name": "n", "high": 10**18}
    text = ours("shape", {"kind": "array", "name": "a", "domain": huge, "element": huge})
    with pytest.raises(TraceFormatError, match=r"states\[0\]\.size: it lacks keys"):
        read_itf(text.replace('"size": {"#bigint": "-1"}', '"size": {"#map": [[0, 0]]}'))


# The oracle: itf-py, by the format's author ------------------------------------------------------------------------
@pytest.fixture(scope="module")
def itf_py() -> Any:
    """The library itf-py; without it these tests are skipped, except in CI."""
    try:
        return importlib.import_module("itf_py")
    except ImportError:
        if os.environ.get("CI"):
            pytest.fail("itf-py not installed")
        pytest.skip("itf-py not installed")


def plain(value: Shown, shape: Shape) -> Any:
    """A value as itf-py represents it."""
    if not isinstance(value, list):
        return value
    if shape.kind == "set":
        return frozenset(value)
    domain, element = parts(shape)
    return {k: plain(x, element) for k, x in zip(domain.values, value, strict=True)}


def agree(itf_py: Any, trace: Trace, variables: tuple[Declared, ...]) -> None:
    """itf-py reads what we wrote, and we read what it then writes.

    Without Quint's picks: itf-py 0.5 makes a named tuple of every variant, and ``None`` and ``#bigint`` are no names.
    """
    read = itf_py.trace_from_json(json.loads(render_itf(trace, variables, parameters={"N": 3}, picks=False)))
    states = [trace.initial, *(s.state for s in trace.steps)]
    assert [read.vars, read.params, read.loop] == [
        [*(v.name for v in variables), "mbt::actionTaken"],
        ["N"],
        trace.loop,
    ]
    assert read.states[0].values["N"] == 3
    for theirs, state in zip(read.states, states, strict=True):
        for v in variables:
            expected = plain(state[v.name], v.shape)
            assert theirs.values[v.name] == expected
            assert type(theirs.values[v.name]) is type(expected) or isinstance(expected, dict)
    assert read_itf(json.dumps(itf_py.trace_to_json(read))) == (bare(trace), variables)


def test_itf_py_agrees(itf_py: Any, real: tuple[Trace, tuple[Declared, ...]]) -> None:
    agree(itf_py, *real)


@settings(deadline=None)
@given(told=traces())
def test_itf_py_agrees_on_any_trace(itf_py: Any, told: tuple[Trace, tuple[Declared, ...]]) -> None:
    agree(itf_py, *told)


# TLC -------------------------------------------------------------------------------------------------------------
def back(value: Any, shape: Shape) -> Shown:
    """A value of TLC's JSON as reports show it."""
    if shape.kind != "array":
        return value  # type: ignore[no-any-return]
    domain, element = parts(shape)
    keys = [str(k).upper() if isinstance(k, bool) else str(k) for k in domain.values]
    assert isinstance(value, dict) is (keys != [str(n + 1) for n in range(len(keys))])
    found = [value[k] for k in keys] if isinstance(value, dict) else value
    assert len(found) == len(keys)
    return [back(x, element) for x in found]


def followed(text: str, trace: Trace, variables: tuple[Declared, ...]) -> None:
    """TLC's actions lead through the states of the trace, and in a lasso back to the state that it returns to."""
    data = json.loads(text)
    assert list(data) == ["counterexample", "vars"]
    assert data["vars"] == [v.name for v in variables]
    actions, states = data["counterexample"]["action"], data["counterexample"]["state"]
    assert [n for n, _ in states] == list(range(1, len(states) + 1))
    table = {n: {v.name: back(s[v.name], v.shape) for v in variables} for n, s in states}
    assert table[1] == trace.initial
    for n, ((source, action, target), step) in enumerate(zip(actions, trace.steps, strict=False), 1):
        assert [source, target] == [states[n - 1], states[target[0] - 1]]
        assert table[target[0]] == step.state
        assert (action["name"], action["context"]) == (step.action, step.parameters)
        assert action["parameters"] == list(step.parameters)
    if trace.loop is None:
        assert len(actions) == len(states) - 1 == len(trace)
    else:
        assert len(actions) == len(states)
        assert actions[-1][0] == states[-1]
        assert actions[-1][2] == states[trace.loop]
    assert all(target[0] == source[0] + 1 for source, _, target in actions[: len(states) - 1])


def test_the_text_of_a_small_trace_for_tlc() -> None:
    text = render_tlc(small(), SMALL, module="Garden")
    golden("small.tlc.json", text)
    followed(text, small(), SMALL)
    (source, action, target) = json.loads(text)["counterexample"]["action"][1]
    assert (source[0], action["name"], target[0]) == (2, "fail", 2)
    assert action["location"]["module"] == "Garden"


def test_tlc_accepts_a_stuttering_run() -> None:
    trace = replace(small(), loop=2)
    followed(render_tlc(trace, SMALL), trace, SMALL)
    (source, action, target) = json.loads(render_tlc(trace, SMALL))["counterexample"]["action"][2]
    assert (source[0], action["name"], action["parameters"], target[0]) == (3, "UnnamedAction", [], 3)


def test_tlc_follows_real_traces(real: tuple[Trace, tuple[Declared, ...]]) -> None:
    followed(render_tlc(*real), *real)


@settings(deadline=None)
@given(traces())
def test_tlc_follows_any_trace(told: tuple[Trace, tuple[Declared, ...]]) -> None:
    text = render_tlc(*told)
    followed(text, *told)
    assert text.isascii()
