"""Values of states in every format: absent values are "none" or {}, and channels are shown as their messages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import Options, Report, check, render, state_graph
from planrace.checker.cli.main import run
from planrace.checker.explain.beliefs import beliefs
from planrace.checker.explain.model_data import declared
from planrace.checker.report.json.read import read_itf_report, report_of
from planrace.checker.report.text.comparison import compare, comparison_document
from planrace.checker.report.text.plain import render_plain
from planrace.checker.report.text.values import lines, places
from planrace.checker.report.trace.itf import TraceFormatError, read_itf, render_itf
from planrace.checker.report.trace.traffic import deliveries
from planrace.checker.results.explanation import ChannelPart, Declared, Shape
from planrace.checker.results.trace import Trace
from planrace.checker.semantics.describe import performer
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import record
from planrace.model.language import (
    Protocol,
    Step,
    Term,
    array,
    boolean,
    both,
    enumeration,
    forall,
    index,
    integers,
    optional,
    otherwise,
    outcome,
    says,
    step,
    subsets,
    update,
    when,
)
from planrace.model.patterns import ordered, unordered
from planrace.properties import invariant, recoverable
from tests import ROOT
from tests.orders import PICKS, changed, orders, told


# As text -----------------------------------------------------------------------------------------------------------
def test_channels_are_shown_as_their_messages() -> None:
    said = changed(*told(PICKS))
    assert said[0][0] == "queue: [] → [START 1]"
    assert said[1][0] == "queue: [START 1] → [START 1, STOP 1]"
    assert said[2] == [
        "queue: [START 1, STOP 1] → [STOP 1]",
        "inbox[1]: [] → [START]",
        "hints[1]: {} → {1 START}",
    ]
    assert said[3][1:] == ["inbox[1]: [START] → [START, STOP]", "hints[1]: {1 START} → {1 START, 1 STOP}"]
    assert said[4] == ["inbox[1]: [START, STOP] → [STOP]", "acks: {} → {1 START}", "runs[1]: false → true"]
    assert said[5] == ["acks: {1 START} → {}"]


def test_equal_messages_are_counted_without_empty_slots() -> None:
    picks = [("order", (0, 1)), ("duplicate_queue", ()), ("pass_on", (0, 1)), ("pass_on", (0, 1))]
    said = changed(*told(picks, "twice"))
    assert said[1] == ["queue: [START 1] → [START 1, START 1]"]
    assert said[3] == [
        "queue: [START 1] → []",
        "inbox[1]: [START] → [START, START]",
        "hints[1]: {1 START} → {1 START ×2}",
    ]


def test_absent_values_are_none_and_empty_sets_are_empty() -> None:
    trace, variables = told(PICKS[:1])
    said = ["told[1][START]: false → true", "owner[START]: none → 1", "seen: {} → {none}"]
    assert changed(trace, variables)[0][1:] == said
    shown = dict(lines(trace.initial, variables))
    assert shown["owner"] == "[START: none, STOP: none]"
    assert shown["seen"] == "{}"
    assert shown["inbox[2]"] == "[]"
    assert places(trace.initial, variables)["owner[STOP]"] == "none"


def test_a_state_that_does_not_fit_its_channels_is_shown_as_it_is() -> None:
    """As in a report from a stranger."""
    trace, variables = told(PICKS[:1])
    wrong: list[dict[str, Any]] = [{"queue_length": 9}, {"queue_length": "x"}, {"queue_kind": 5}]
    for change in wrong:
        state = {**trace.initial, **change}
        assert "queue_length" in dict(lines(state, variables))
        assert "inbox[1]" in dict(lines(state, variables))
    odd = Declared(
        "odd", Shape("set", "", element=Shape("number", "", 0, 3)), part=ChannelPart("odd", "messages", order=(7,))
    )
    assert lines({"odd": [1]}, (odd,)) == [("odd", "{1}")]


def letters() -> Protocol:
    """A worker sends to another one, who checks what has arrived."""
    p = Protocol("letters")
    kind, worker = enumeration("kind", "START STOP"), index("worker", 2)
    queue = ordered(p, "queue", (kind, worker), 3, (kind.START, None))
    inbox = ordered(p, "inbox", kind, 2, kind.STOP, over=worker)
    acks = unordered(p, "acks", (worker, kind))
    ids = unordered(p, "ids", integers(1, 3))
    hints = unordered(p, "hints", (integers(1, 2), kind), over=worker, copies=2)
    got = p.variable("got", array(worker, kind), kind.STOP)
    phase = p.variable("phase", array(worker, integers(0, 2)), 0)

    @p.action(worker, kind, worker, by=worker)
    def send(w: Term, k: Term, to: Term) -> Step:
        sent = *queue.sending(k, to), *inbox.sending(to, k), acks.sending(to, k), hints.sending(to, 1, k)
        return step(when(inbox.room[to], ~ids.carries(2), phase[w] == 0), *sent, update(phase[w], 1))

    @p.action(worker, kind, worker, by=worker)
    def look(w: Term, k: Term, to: Term) -> Step:
        seen = queue.brings(k, to), acks.carries(to, k), hints.carries(to, 1, k), inbox.waiting[to]
        return step(when(*seen, phase[w] == 0), update(phase[w], 2), update(got[w], inbox.head[to]))

    return p


def test_a_belief_about_a_channel_names_the_channel() -> None:
    run = record(Interpreter(letters().system().instance()), [("send", (1, 0, 1)), ("look", (2, 0, 1))])
    said = [(b.who, b.text) for b in beliefs(run, [performer(m) for m in run.moves])]
    assert said == [
        ("worker 1", "length of inbox[1] < 2"),
        ("worker 1", "2 ∉ ids"),
        ("worker 2", "0 < length of queue"),
        ("worker 2", "kind of message 1 of queue = START"),
        ("worker 2", "worker of message 1 of queue = 1"),
        ("worker 2", "1 START ∈ acks"),
        ("worker 2", "0 < copies of 1 START in hints[1]"),
        ("worker 2", "0 < length of inbox[1]"),
        ("worker 2", "got[2] = message 1 of inbox[1]"),
    ]


def test_an_unchecked_channel_is_named() -> None:
    p = Protocol("blind")
    box = ordered(p, "box", (integers(0, 1), boolean()), 2, (0, False))
    closed = p.variable("closed", boolean(), False)

    @p.action(by="sender")
    def send() -> Step:
        return step(when(box.room), *box.sending(1, True))

    @p.action(by="janitor")
    def close() -> Step:
        return step(when(~closed), update(closed, True))

    p.declare(invariant("empty-when-closed", ~(closed & box.waiting), "nothing is left behind"))
    said = " ".join(render(check(p, options=Options(explain=True)), "text").split())
    assert "close (step 2) never checks box, which the property reads" in said


def test_a_dead_end_names_channels() -> None:
    p = Protocol("stuck")
    worker = index("worker", 2)
    inbox = ordered(p, "inbox", integers(0, 1), 1, 0, over=worker)
    done = p.variable("done", array(worker, boolean()), False)

    @p.action(worker, by=worker, tags=["helps"])
    def send(w: Term) -> Step:
        return step(when(inbox.room[w]), *inbox.sending(w, 1))

    @p.action(worker, by=worker, tags=["helps"])
    def read(w: Term) -> Step:
        read = outcome("read", when(inbox.brings(w, 0)), update(done[w], True))
        return step(when(inbox.waiting[w]), read, otherwise("kept"))

    p.declare(
        recoverable("is-read", forall(worker, lambda w: done[w] & ~inbox.waiting[w]), "it is read", helpers=["helps"])
    )
    (found,) = check(p).findings
    assert found.dead_end is not None
    assert [r.reasons for r in found.dead_end.refused if r.place == "done[1]"] == [("message 1 of inbox[w] = 0",)]


# In all formats ----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def report() -> Report:
    return check(orders(), options=Options(explain=True, alternatives=1, slicing=False))


def test_every_format_shows_channels(report: Report) -> None:
    text = render(report, "text")
    assert "queue: [] → [START 1]" in text
    assert "queue_length" not in text
    again = report_of(json.loads(render(report, "json")))
    for form in ("text", "html", "mermaid", "svg", "sarif", "summary"):
        assert render(again, form) == render(report, form)
    states = re.findall(r'"queue": {\s*"text": "([^"]*)"', render(report, "sarif"))
    assert "[START 1]" in states


def test_json_has_the_variables_of_channels(report: Report) -> None:
    data = json.loads(render(report, "json"))
    assert data["properties"][0]["trace"]["initial"]["queue_length"] == 0
    parts = {v["name"]: v.get("part") for v in data["variables"]}
    assert parts["queue_kind"] == {"channel": "queue", "what": "slots", "over": 0, "order": []}
    assert parts["inbox_length"] == {"channel": "inbox", "what": "length", "over": 1, "order": []}
    assert "part" not in next(v for v in data["variables"] if v["name"] == "runs")
    for v in data["variables"]:
        if "part" in v:
            v["part"]["over"] = bool(v["part"]["over"])  # as in reports from before there were channels for pairs
    assert report_of(data).variables == report.variables


def test_a_trace_read_from_itf_has_its_channels(
    report: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the changes of its steps, which such files do not contain."""
    name = "acks-are-heard"
    (tmp_path / "run.itf.json").write_text(render(report, "itf", trace=name), encoding="utf-8")
    assert run(["explain", str(tmp_path / "run.itf.json")]) == 0
    text = capsys.readouterr().out
    assert "queue: [] → [START 1]" in text
    assert "hints[1]: {} → {1 START}" in text
    assert "queue_length" not in text
    trace = next(f.trace for f in report.findings if f.name == name)
    assert trace is not None
    read = read_itf_report(str(tmp_path / "run.itf.json"))
    assert read.variables == report.variables
    assert read.findings[0].trace is not None
    assert [s.changed for s in read.findings[0].trace.steps] == [tuple(s.changed) for s in trace.steps]


def test_channels_in_itf_from_strangers_are_checked(report: Report) -> None:
    text = render(report, "itf", trace="acks-are-heard")
    assert read_itf(text)[1] == report.variables
    for wrong in ('\\"what\\": 5', '\\"wrong\\": \\"slots\\"'):
        with pytest.raises(TraceFormatError, match=r"planrace\[\d\]\.part: .*leave planrace out of #meta"):
            read_itf(text.replace('\\"what\\": \\"slots\\"', wrong))


def test_the_state_graph_has_the_same_texts() -> None:
    small = Protocol("small")
    worker = index("worker", 2)
    owner = small.variable("owner", optional(worker), None)
    doomed = small.variable("doomed", subsets(worker), set())
    queue = ordered(small, "queue", worker, 1)

    @small.action(worker, by=worker)
    def take(w: Term) -> Step:
        return step(when(owner == None, queue.room), update(owner, w), *queue.sending(w), update(doomed, doomed | {w}))  # noqa: E711

    graph = state_graph(small)
    assert graph.nodes[0]["label"] == "owner = none\ndoomed = {}\nqueue = []"
    assert graph.nodes[1]["label"] == "owner = 1\ndoomed = {1}\nqueue = [1]"


def vacated(*, hurry: bool = False) -> Protocol:
    """A member, or no member, is put in charge; with ``hurry``, only soon."""
    p = Protocol("vacated")
    worker = index("worker", 2)
    owner = p.variable("owner", optional(worker), None)
    begun = p.variable("begun", boolean(), False)

    @p.action(optional(worker), boolean(), by="board")
    def appoint(new: Term, soon: Term) -> Step:
        possible = when(~begun, soon) if hurry else when(~begun)
        return step(possible, update(owner, new), update(begun, True), says("appoints {new}", new=new))

    @p.observe("desk", optional(worker))
    def desk(of: Term) -> list[Any]:
        return [(owner == of, says("taken")), (both(), says("free"))]

    p.declare(invariant("somebody", ~begun | (owner != None), "somebody is in charge"))  # noqa: E711
    return p


def test_a_parameter_without_a_member_is_none() -> None:
    labels = {data["label"] for _, _, data in state_graph(vacated()).edges(data=True)}
    assert "appoint(new=none, soon=false)" in labels
    assert not any("0" in label for label in labels)
    board, hasty = (check(vacated(hurry=h), options=Options(explain=True)) for h in (False, True))
    (f,) = board.findings
    assert f.trace is not None
    assert f.trace.steps[0].parameters == {"new": "none", "soon": False}
    for form in ("text", "mermaid", "dot", "svg", "html", "shiviz", "sarif"):
        assert "new=0" not in render(board, form)
        assert "desk 0" not in render(board, form)
    again = report_of(json.loads(render(board, "json")))
    assert render(again, "dot") == render(board, "dot")
    told = render(compare(board, hasty), "text")
    assert "appoint(new=none, soon=false)" in told


def test_no_member_is_no_pick_of_quint() -> None:
    (f,) = check(vacated()).findings
    text = render_itf(f.trace, declared(vacated().system().instance()))  # type: ignore[arg-type]
    data = json.loads(text)
    types = data["#meta"]["varTypes"]["mbt::nondetPicks"]
    assert types == "{ new: Some(Int) | None(UNIT), soon: Some(Bool) | None(UNIT) }"
    assert data["states"][1]["mbt::nondetPicks"]["new"]["tag"] == "None"
    assert read_itf(text)[0].steps[0].parameters["new"] == "none"


def test_walk_and_explain_show_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = (ROOT / "tests" / "orders.py").read_text()
    body = source[source.index("def orders()") : source.index("def runs_all")]
    imports = [
        f"from {name} import *"
        for name in ("planrace.model.language", "planrace.model.patterns", "planrace.properties")
    ]
    helper = "def runs_all(runs, worker):\n    return forall(worker, lambda w: runs[w])\n"
    (tmp_path / "orders.py").write_text("\n".join([*imports, helper, body, "protocol = orders()\n"]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", iter_lines(["1", "state", "save walked.json", "quit"]))
    assert run(["walk", "-p", "orders.py:protocol"]) == 0
    out = capsys.readouterr().out
    assert "   queue: [] → [START 1], told[1][START]: false → true, owner[START]: none → 1" in out
    assert "  queue = [START 1]\n  inbox[1] = []\n" in out
    assert run(["explain", "walked.json"]) == 0
    assert "queue: [] → [START 1]" in capsys.readouterr().out


def iter_lines(given: list[str]) -> Any:
    class Lines:
        def isatty(self) -> bool:
            return False

        def readline(self) -> str:
            return f"{given.pop(0)}\n" if given else ""

    return Lines()


def test_diverging_runs_are_compared_by_their_channels(report: Report) -> None:
    other = check(orders(), faults=["twice"], options=Options(slicing=False))
    trace, variables = told([("order", (0, 1)), ("order", (1, 2))])
    changed_ = report.findings[0].__class__(**{**vars(report.findings[0]), "trace": trace})
    again = Report(**{**vars(other), "findings": (changed_,), "variables": variables})
    text = " ".join(render_plain(comparison_document(compare(report, again), 0)).split())
    assert "queue: [START 1, START 2] → [START 1, STOP 2]" in text
    assert "owner[STOP]: none → 2" in text


# Senders and receivers ----------------------------------------------------------------------------------------------
def sent(trace: Trace, variables: tuple[Declared, ...]) -> list[list[tuple[str, str, str]]]:
    return [[(d.sender, d.message, d.place) for d in taken] for taken in deliveries(trace, variables)]


def test_messages_come_from_their_senders() -> None:
    found = sent(*told(PICKS))
    assert found == [
        [],
        [],
        [("controller", "START 1", "queue")],
        [("controller", "STOP 1", "queue")],
        [("dispatcher", "START", "inbox[1]")],
        [("worker 1", "1 START", "acks")],
        [("dispatcher", "STOP", "inbox[1]")],
    ]


def test_duplicated_and_lost_messages_keep_their_sender() -> None:
    picks = [("order", (0, 1)), ("duplicate_queue", ()), ("pass_on", (0, 1)), ("lose_queue", ())]
    found = sent(*told(picks, "twice", "loss"))
    assert found == [[], [], [("controller", "START 1", "queue")], [("controller", "START 1", "queue")]]


def test_mermaid_draws_arrows_from_sender_to_receiver(report: Report) -> None:
    f = next(f for f in report.findings if f.trace is not None)
    assert f.trace is not None
    text = render(report, "mermaid")
    ids = dict(re.findall(r"participant (\w+) as (.*)", text))
    names = {n: i for i, n in ids.items()}
    arrows = re.findall(r"^ +(p\d+)(?:->>|-x)(p\d+): (.*)$", text, re.MULTILINE)
    assert len(arrows) == len(f.trace)
    by_step = deliveries(f.trace, report.variables)
    assert any(by_step)
    for (a, b, words), step_, taken in zip(arrows, f.trace.steps, by_step, strict=True):
        if taken:
            assert (ids[a], ids[b]) == (taken[0].sender, step_.by)
            assert words.startswith(f"{taken[0].message}:")
        else:
            assert a == b == names[step_.by]
    assert f"{names['controller']}->>{names['dispatcher']}: START 1: passes START on" in text
    assert render(report, "svg").count('class="arrow"') == sum(map(bool, by_step))
