"""Logs of random runs beside their models: right ones conform, wrong ones diverge where the oracle says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest

from planrace import (
    ModelError,
    Protocol,
    array,
    boolean,
    conform,
    find,
    integers,
    mapping,
    render,
    step,
    update,
)
from planrace.checker.cli.main import run
from planrace.checker.logs.events import LogEvent, StepPattern
from planrace.checker.logs.explain_event import EventSteps
from planrace.checker.logs.states import ModelStates
from planrace.checker.results.conformance import Conformance, LogLine
from planrace.checker.run.request import select
from tests import ROOT
from tests.logs.logs import Records, logged, random_run
from tests.logs.oracle import most_explained

UNSEEN = ("crash", "expire_lock", "lose_lock")
FAULTS = ("crash", "lock-expiry")
SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
LEASE = str(ROOT / "examples" / "lease.py:fixed")


def written(folder: Path, records: Records) -> str:
    path = folder / "run.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in records))
    return str(path)


def run_of(name: str, sizes: dict[str, int], faults: Sequence[str], steps: int, seed: int) -> Any:
    return random_run(select(find(name), sizes, faults=faults).instance, steps, seed, UNSEEN)


@pytest.mark.usefixtures("unexplained")
@pytest.mark.parametrize("wrong", [0.0, 0.4, 1.5])
@pytest.mark.parametrize("name", ["original", "fixed"])
def test_logs_of_the_model_conform(name: str, wrong: float, tmp_path: Path) -> None:
    """Whatever the clocks, and although nobody logs crashes; the run has every line, in the order of each stream."""
    sizes = {"enactors": 3, "endpoints": 2, "plans": 4, "keep": 1}
    for seed in range(3):
        went = run_of(name, sizes, FAULTS, 60, seed)
        records = logged(went, UNSEEN, wrong, seed)
        report = conform(name, written(tmp_path, records), sizes, faults=FAULTS)
        assert report.explained
        assert report.trace is not None
        assert report.events == len(records) == len(report.trace) - len(report.hidden)
        told = [json.loads(line.text) for line in report.lines if line is not None]
        for stream in {r["stream"] for r in records}:
            assert [r for r in told if r["stream"] == stream] == [r for r in records if r["stream"] == stream]
        assert {report.trace.steps[h.step - 1].action for h in report.hidden} <= set(UNSEEN)


def test_a_report_has_every_event_with_its_time(tmp_path: Path) -> None:
    """Also those behind a divergence; the steps of the run name theirs, and came at times that these allow."""
    records = logged(run_of("fixed", SIZES, FAULTS, 40, 3), UNSEEN, 0.4, 3)
    report = conform("fixed", written(tmp_path, records), SIZES, faults=FAULTS)
    assert [json.loads(e.line.text)["stream"] for e in report.logged] == [e.stream for e in report.logged]
    told = [None if n is None else report.logged[n] for n in report.told]
    assert [e and e.line for e in told] == [*report.lines]
    soonest = 0.0
    for e in filter(None, told):
        record = json.loads(e.line.text)
        assert e.earliest is not None
        assert e.latest is not None
        assert record["at"] - 0.4 <= e.earliest <= e.latest <= record["at"] + 0.4
        soonest = max(soonest, e.earliest)
        assert soonest <= e.latest, "the run is in an order that the times allow"
    wrong: Records = [{"action": "publish"}, *({"action": "take_lock", "parameters": [i], "at": i} for i in (1, 2))]
    report = conform("fixed", written(tmp_path, wrong), SIZES, hidden=0)
    assert report.divergence is not None
    assert report.divergence.told == (0,)
    assert [(e.says, e.earliest, e.latest) for e in report.logged] == [
        ("publish", None, 1),
        ("take_lock(1)", 1, 1),
        ("take_lock(2)", 2, 2),
    ]


def mutated(records: Records, rng: Random, how: str) -> Records:
    found = [dict(r) for r in records]
    n = rng.randrange(len(found))
    match how:
        case "dropped":
            del found[n]
        case "repeated":
            found.insert(n, found[n])
        case "another member":
            found[n] = {**found[n], "parameters": {k: 3 - v for k, v in found[n]["parameters"].items()}}
        case "swapped":
            m = min(n + 1, len(found) - 1)
            found[n], found[m] = {**found[m], "at": found[n]["at"]}, {**found[n], "at": found[m]["at"]}
    return found


@pytest.mark.parametrize("how", ["dropped", "repeated", "another member", "swapped"])
def test_wrong_logs_diverge_where_the_oracle_says(how: str, tmp_path: Path) -> None:
    """Hidden steps are taken only where they cannot be postponed, and nothing is lost by that."""
    instance = select(find("fixed"), SIZES, faults=FAULTS).instance
    verdicts = set()
    for seed in range(8):
        rng = Random(seed)
        records = logged(run_of("fixed", SIZES, FAULTS, 25, seed), UNSEEN, rng.choice([0.0, 0.6]), seed)
        records = mutated(records, rng, how)
        report = conform("fixed", written(tmp_path, records), SIZES, faults=FAULTS)
        many = most_explained(instance, records, UNSEEN)
        verdicts.add(report.verdict)
        if many == len(records):
            assert report.verdict is Conformance.CONFORMS, seed
        else:
            assert report.divergence is not None, seed
            assert report.divergence.explained == many, seed
            assert report.divergence.blocked
            assert report.exit_code == 1
    assert Conformance.DIVERGES in verdicts


def test_a_missing_line_is_named(tmp_path: Path) -> None:
    """The line after it, what of its guard is false, and the line to add; then all is explained."""
    records = [
        {"action": "publish", "at": 0},
        {"action": "pick_up", "parameters": [1], "at": 1},
        {"action": "build_tree", "parameters": [1], "at": 2},
        {"action": "flip_alias", "parameters": [1], "outcome": "accepted", "at": 3},
    ]
    report = conform("fixed", written(tmp_path, records), SIZES, logged=["take_lock"])
    assert report.divergence is not None
    (blocked,) = report.divergence.blocked
    assert blocked.line.line == 3
    assert blocked.called == "build_tree(1)"
    assert blocked.why.startswith("is not enabled: phase[i] = BUILD is false (")
    assert "phase[i] = LOCK" in blocked.why
    assert report.divergence.repairs[0].text == "add a line that says take_lock(1)"
    assert report.divergence.repairs[0].whole
    assert "then all is explained" in render(report)
    without = conform("fixed", written(tmp_path, records), SIZES)
    assert [h.text for h in without.hidden] == ["enactor 1 takes the lock of endpoint 1 for plan 1"]
    assert without.silent.count("take_lock") == 1


def test_a_wrong_outcome_and_wrong_values_are_told(tmp_path: Path) -> None:
    begin: Records = [
        {"action": "publish"},
        {"action": "pick_up", "parameters": {"i": 1}, "before": {"latest": 1}, "after": {"plan": {"1": 1}}},
        {"action": "take_lock", "parameters": {"i": 1}},
        {"action": "build_tree", "parameters": {"i": 1}},
    ]
    begin[1]["after"] = {"plan": [1, 0]}
    wrong = [*begin, {"action": "flip_alias", "parameters": {"i": 1}, "outcome": "refused"}]
    report = conform("fixed", written(tmp_path, wrong), SIZES)
    assert report.divergence is not None
    assert [b.why for b in report.divergence.blocked] == ["ends as accepted in the model"]
    assert [r.text.partition(" at ")[0] for r in report.divergence.repairs if r.whole] == ["another outcome"]
    wrong = [*begin, {"action": "flip_alias", "parameters": {"i": 1}, "after": {"alias": [3]}}]
    report = conform("fixed", written(tmp_path, wrong), SIZES)
    assert report.divergence is not None
    assert [b.why for b in report.divergence.blocked] == ["says that after the step alias[1] is 3 (in the model 1)"]


def test_a_log_that_conforms_may_tell_an_outage(tmp_path: Path) -> None:
    """The run is judged, and told as a counterexample with its causes and its match with the post-mortem."""
    trace = find_outage()
    records = [{"action": s["action"], "parameters": s["parameters"]} for s in trace]
    sizes = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
    report = conform("original", written(tmp_path, records), sizes)
    assert report.verdict is Conformance.CONFORMS
    assert report.exit_code == 1
    assert not report
    assert report.judged is not None
    assert "active-plan-never-deleted" in [f.name for f in report.judged.findings]
    text = " ".join(render(report).split())
    assert "the logs conform, and what they tell violates" in text
    assert "deletes" in text


def find_outage() -> list[dict[str, Any]]:
    from planrace import check
    from planrace.checker.report.json.write import to_json

    sizes = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
    report = to_json(check("original", sizes, properties=["active-plan-never-deleted"]))
    steps: list[dict[str, Any]] = report["properties"][0]["trace"]["steps"]
    return steps


def test_a_bound_of_hidden_steps_never_says_that_logs_diverge(tmp_path: Path) -> None:
    records: Records = [{"action": "publish"}, {"action": "build_tree", "parameters": [1]}]
    file = written(tmp_path, records)
    assert conform("fixed", file, SIZES).verdict is Conformance.CONFORMS
    report = conform("fixed", file, SIZES, hidden=1)
    assert (report.verdict, report.exit_code) == (Conformance.UNKNOWN, 3)
    assert "with at most 1 hidden step" in str(report.stopped)
    none = conform("fixed", file, SIZES, hidden=0)
    assert (none.verdict, none.exit_code) == (Conformance.DIVERGES, 1)


def test_serial_numbers_order_what_clocks_do_not(tmp_path: Path) -> None:
    """Two Enactors build in the zone; without serials either may be first, with them only one order is left."""
    steps: Records = [{"action": "publish"}, *({"action": "pick_up", "parameters": [i], "stream": i} for i in (1, 2))]
    for i, serial in ((1, 2), (2, 1)):
        steps.append({"action": "take_lock", "parameters": [i], "stream": i, "serials": {"zone": serial}})
        steps.append({"action": "build_tree", "parameters": [i], "stream": i})
        steps.append({"action": "flip_alias", "parameters": [i], "stream": i})
    report = conform("fixed", written(tmp_path, steps), SIZES)
    assert report.trace is not None
    locks = [s.parameters["i"] for s in report.trace.steps if s.action == "take_lock"]
    assert locks == [2, 1]


def test_a_clock_that_goes_back_is_told_and_the_lines_are_believed(tmp_path: Path) -> None:
    records = [{"action": "publish", "at": 5}, {"action": "publish", "at": 2}]
    report = conform("fixed", written(tmp_path, records), SIZES)
    assert report.verdict is Conformance.CONFORMS
    assert [line.line for line in report.late] == [2]
    assert "behind the line before" in render(report)


WRONG: dict[str, tuple[str, str]] = {
    "no JSON": ("{", "the line is not JSON"),
    "a list": ("[1]", "the line is not a JSON object"),
    "no action": ('{"at": 1}', "the record names no action"),
    "an unknown action": ('{"action": "publsh"}', r"fixed has no action 'publsh'.*publish"),
    "a fault that is off": (
        '{"action": "crash", "parameters": [1]}',
        "a step of the fault crash of fixed, which is off",
    ),
    "an unknown key": ('{"action": "publish", "tiem": 1}', r"a record has no 'tiem'"),
    "a member that is not there": ('{"action": "pick_up", "parameters": [7]}', "parameter i of pick_up is 7"),
    "an unknown parameter": ('{"action": "pick_up", "parameters": {"j": 1}}', "no parameter of pick_up is called 'j'"),
    "an unknown outcome": ('{"action": "flip_alias", "outcome": "ok"}', "flip_alias has no outcome 'ok'"),
    "an unknown variable": ('{"action": "publish", "after": {"lates": 1}}', "fixed has no variable 'lates'"),
    "no time": ('{"action": "publish", "at": "yesterday"}', "not seconds or a time of ISO 8601"),
    "not a number": ('{"action": "publish", "at": NaN}', "NaN is no number"),
    "a time beyond all floats": ('{"action": "publish", "at": 1%s}' % ("0" * 400), "not seconds or a time of ISO 8601"),
    "a key that is no member": (
        '{"action": "publish", "before": {"cursor": {"7": 1}}}',
        "cursor has the key 7, which is no member",
    ),
    "a member that is written twice": (
        '{"action": "publish", "before": {"alias": {"1": 0, "01": 0}}}',
        "alias, a key, is '01', not a number",
    ),
    "an interval backwards": ('{"action": "publish", "at": [2, 1]}', "ends before it begins"),
    "a negative uncertainty": ('{"action": "publish", "uncertainty": -1}', "not a number of seconds"),
    "a serial that is no number": ('{"action": "publish", "serials": {"zone": "1"}}', "an object of whole numbers"),
    "a key twice": ('{"action": "publish", "action": "pick_up"}', "an object has the key 'action' twice"),
    "a deep value": (
        '{"action": "publish", "after": {"latest": ' + "[" * 900 + "]" * 900 + "}}",
        "nested too deeply|latest is",
    ),
    "two statements": ('{"action": "publish", "any": [{"action": "publish"}]}', "has any and an action beside it"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_lines_are_named(name: str, tmp_path: Path) -> None:
    text, message = WRONG[name]
    path = tmp_path / "bad.jsonl"
    path.write_text(f'{{"action": "publish"}}\n\n{text}\n')
    with pytest.raises(ModelError, match=message) as raised:
        conform("fixed", path, SIZES)
    assert raised.value.where is not None
    assert (Path(raised.value.where.file), raised.value.where.line) == (path, 3)


def test_json_follows_its_schema(tmp_path: Path) -> None:
    schema = json.loads((ROOT / "docs" / "conform.schema.json").read_text())
    right: Records = [{"action": "publish", "at": n} for n in (1, 0)]
    wrong: Records = [*right, {"action": "take_lock", "parameters": [1]}]
    told: Records = [{"action": s["action"], "parameters": s["parameters"]} for s in find_outage()]
    for records, name, options in (
        (right, "fixed", {}),
        (wrong, "fixed", {"logged": ["pick_up"]}),
        (wrong, "fixed", {"time_limit": 0.0}),
        (told, "original", {}),
    ):
        report = conform(name, written(tmp_path, records), SIZES, **options)
        data = json.loads(render(report, "json"))
        jsonschema.validate(data, schema)
        assert data["verdict"] == report.verdict
        assert (data["judged"] is not None) == (name == "original")
        assert render(report, "html").startswith("<!doctype html>")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, [{"action": "publish"}])
    sizes = [word for n, v in SIZES.items() for word in ("-s", f"{n}={v}")]
    assert run(["conform", "-p", "fixed", *sizes, file]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.endswith("violates nothing (exit 0)\n")
    assert run(["conform", "-p", "fixed", *sizes, file, "--time-limit", "0"]) == 0
    assert "Not all runs that explain the logs were searched: the time limit of 0 s" in capsys.readouterr()[0]
    many = written(tmp_path, [{"action": "publish"}] * 1024)
    assert run(["conform", "-p", "fixed", *sizes, many, "--time-limit", "0"]) == 3
    assert "before there was anything to report" in capsys.readouterr()[1]
    file = written(tmp_path, [{"action": "publish"}])
    assert run(["conform", "-p", "fixed", *sizes, file, "-o", file]) == 2
    assert Path(file).read_text() == '{"action": "publish"}\n'


def test_files_that_say_nothing_are_no_success(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n")
    with pytest.raises(ModelError, match="no event was recognised"):
        conform("fixed", empty, SIZES)
    with pytest.raises(ModelError, match="cannot read"):
        conform("fixed", tmp_path / "missing.jsonl", SIZES)
    binary = tmp_path / "binary.jsonl"
    binary.write_bytes(b'{"action": "publish"}\n\xff\xfe\n')
    with pytest.raises(ModelError, match="not UTF-8") as raised:
        conform("fixed", binary, SIZES)
    assert raised.value.where is not None
    assert raised.value.where.line == 2


def test_logs_may_be_longer_than_the_sizes_that_are_searched(tmp_path: Path) -> None:
    """`fixed` declares at most 15 plans."""
    records: Records = [{"action": "publish"}] * 40
    records += [{"action": "pick_up", "parameters": [1], "after": {"plan": [40, 0]}}]
    report = conform("fixed", written(tmp_path, records), {**SIZES, "plans": 40})
    assert report.verdict is Conformance.CONFORMS
    assert report.parameters["plans"] == 40


def test_a_log_is_one_of_a_protocol_of_the_users_too(tmp_path: Path) -> None:
    sizes = {"workers": 2, "leases": 2}
    went = random_run(select(find(LEASE), sizes).instance, 40, 1)
    report = conform(LEASE, written(tmp_path, logged(went, (), 0.6)), sizes)
    assert report.verdict is Conformance.CONFORMS
    assert report.hidden == ()


def test_an_event_is_not_taken_for_one_that_was_there_before() -> None:
    """What an event may be is remembered; events of repairs come and go, and take each other's places in memory."""
    states = ModelStates(select(find("fixed"), SIZES, faults=["bad-plan"]).instance)
    steps = EventSteps(states, ())
    (start,) = states.starts()
    for name in ("publish", "publish", "publish_empty") * 20:
        event = LogEvent(LogLine("log", 1), (StepPattern(name, ()),))
        assert [e.picks for e in steps.direct(start, event)] == [((name, ()),)]
        del event


def by_truth() -> Protocol:
    """Arrays and maps by truth values."""
    p = Protocol("by-truth")
    counts = p.variable("counts", array(boolean(), integers(0, 3)), 0)
    known = p.variable("known", mapping(boolean(), integers(0, 3)), {})

    @p.action(by="worker")
    def count():  # type: ignore[no-untyped-def]
        return step(update(counts[True], counts[True] + 1), update(known, known.put(True, counts[True])))

    return p


def test_truth_values_are_keys(tmp_path: Path) -> None:
    """Keys of JSON are texts."""
    right = {"action": "count", "after": {"counts": {"true": 1}, "known": {"true": 0}}}
    assert conform(by_truth(), written(tmp_path, [right])).verdict is Conformance.CONFORMS
    wrong = {**right, "after": {"counts": {"false": 1}}}
    report = conform(by_truth(), written(tmp_path, [wrong]))
    assert report.divergence is not None
    assert "counts[false] is 1 (in the model 0)" in report.divergence.blocked[0].why
    for key in ("True", "1", "yes"):
        with pytest.raises(ModelError, match=r"a key, is .*, not a (truth value|member)"):
            conform(by_truth(), written(tmp_path, [{**right, "after": {"counts": {key: 1}}}]))
