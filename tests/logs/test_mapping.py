"""Mapping files: logs of other forms say the same as records, and what is wrong is named with its place."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from planrace import ModelError, conform, render
from planrace.checker.api.conforming import explain_mapping
from planrace.checker.cli.main import run
from planrace.checker.logs.mapping import watch
from planrace.checker.logs.mapping.schema import mapping_schema, mapping_schema_text
from planrace.checker.results.conformance import Conformance, ConformanceReport
from planrace.checker.results.mapping import LineKind
from tests import ROOT
from tests.logs.logs import logged
from tests.logs.test_conform import FAULTS, SIZES, UNSEEN, run_of, written

EVERY = """
[every]
stream = "{stream}"
at = "{at}"
uncertainty = "{uncertainty}"
"""


def conformed(folder: Path, log: str, mapping: str, **options: Any) -> ConformanceReport:
    (folder / "a.log").write_text(log)
    (folder / "a.toml").write_text(mapping)
    return conform("fixed", folder / "a.log", SIZES, mapping=folder / "a.toml", **options)


def steps_of(actions: list[str], json_form: bool) -> str:
    """A step for each action, of texts or of JSON."""
    fields = '{ i = "{parameters.i?}" }' if json_form else '{ i = "{i}" }'
    outcome = '"{outcome?}"' if json_form else '"{outcome}"'
    return "".join(
        "[[step]]\n"
        + (
            f"match = {{ action = '^{a}$' }}\n"
            if json_form
            else f"match = ' {a}(\\((?P<i>\\d)\\))?( (?P<outcome>\\S+))?$'\n"
        )
        + f'action = "{a}"\nrare = true\noutcome = {outcome}\n'
        + (f"parameters = {fields}\n" if a != "publish" else "")
        for a in actions
    )


@pytest.mark.usefixtures("unexplained")
@pytest.mark.parametrize("json_form", [False, True], ids=["text", "json"])
def test_a_mapped_log_says_what_its_records_say(json_form: bool, tmp_path: Path) -> None:
    """The run that is found is the same, step by step and line by line."""
    records = logged(run_of("fixed", SIZES, FAULTS, 40, 3), UNSEEN, 0.4, 3)
    right = conform("fixed", written(tmp_path, records), SIZES, faults=FAULTS)
    actions = sorted({r["action"] for r in records})
    texts = [
        f"{r['at']} {r['stream']} +-{r['uncertainty']}: {r['action']}"
        + "".join(f"({v})" for v in r["parameters"].values())
        + (f" {r['outcome']}" if "outcome" in r else "")
        for r in records
    ]
    head = (
        'form = "json"\n' if json_form else "line = '^(?P<at>[-.\\d]+) (?P<stream>.+) \\+-(?P<uncertainty>[.\\d]+): '\n"
    )
    log = "\n".join(map(json.dumps, records) if json_form else texts)
    found = conformed(tmp_path, log, head + EVERY + steps_of(actions, json_form), faults=FAULTS)
    assert right.verdict is found.verdict is Conformance.CONFORMS
    assert found.trace == right.trace
    assert [x and x.line for x in found.lines] == [x and x.line for x in right.lines]
    assert (found.ignored, found.silent) == (0, right.silent)


TWO = r"""
time = "ms"
ignore = ['^#']
line = '^(?P<at>\d+) '
[tables.member]
a = 1
b = 2
[every]
at = "{at}"
[[step]]
match = 'publish (?P<times>twice)?$'
steps = [{ action = "publish" }, { action = "publish", after = { latest = 2 } }]
[[step]]
match = 'publish'
action = "publish"
rare = true
[[step]]
begin = '(?P<host>\w) asks for a plan'
match = '(?P<host>\w) gets it'
key = "{host}"
action = "pick_up"
parameters = { i = "{host|member}" }
"""


def test_lines_may_be_several_steps_and_steps_several_lines(tmp_path: Path) -> None:
    log = "# begin\n1000 publish twice\n2000 a asks for a plan\n2100 b asks for a plan\n3500 a gets it\nnoise\n"
    report = conformed(tmp_path, log, TWO)
    assert report.trace is not None
    assert [s.action for s in report.trace.steps][:3] == ["publish", "publish", "pick_up"]
    assert report.ignored == 1  # the noise
    assert "In 1 line nothing was recognised; --explain-mapping shows where." in " ".join(render(report).split())
    found = explain_mapping("fixed", tmp_path / "a.log", tmp_path / "a.toml", SIZES)
    kinds = [x.kind for x in found.lines]
    step, begun = LineKind.STEP, LineKind.BEGUN
    assert kinds == [LineKind.IGNORED, step, begun, begun, step, LineKind.UNKNOWN, LineKind.UNFINISHED]
    assert found.lines[-1].line.line == 4
    assert json.loads(found.lines[4].details[0])["at"] == [2.0, 3.5]
    # Nobody saw it begin: only the order of the lines is known.
    joined = conformed(tmp_path, "1000 publish twice\n3500 a gets it\n", TWO)
    assert joined.verdict is Conformance.CONFORMS
    late = explain_mapping("fixed", tmp_path / "a.log", tmp_path / "a.toml", SIZES)
    assert "at" not in json.loads(late.lines[1].details[0])


CUT = r"""
time = "ms"
line = '^(?P<at>\d+) '
ignore = ['^#']
[tables.member]
a = 1
b = 2
[tables.act]
taken = "take_lock"
built = "build_tree"
[every]
at = "{at}"
stream = "{host}"
[[step]]
match = '(?P<host>p) publishes'
action = "publish"
[[step]]
begin = '(?P<host>\w) asks'
match = '(?P<host>\w) gets plan (?P<plan>\d+)'
key = "{host}"
action = "pick_up"
parameters = ["{host|member}"]
after = { plan = { "{host|member}" = "{plan}" } }
[[step]]
match = '(?P<host>\w) has lock of (?P<locks>\d)'
action = "take_lock"
parameters = { i = "{host|member}" }
rare = true
[[step]]
begin = '(?P<host>\w) does'
match = '(?P<host>\w) did: (?P<act>\w+) as (?P<who>\w)'
key = "{host}"
action = "{act|act}"
parameters = { i = "{who|member}" }
rare = true
"""


def test_a_step_that_is_never_completed_may_have_happened(tmp_path: Path) -> None:
    """A picked up the plan, and its process ended before it said so: else it would not have the lock. Or it did not."""
    start = "1000 p publishes\n1500 b asks\n1600 b gets plan 1\n2000 a asks\n"
    for rest, steps in (("3000 a has lock of 1\n", 4), ("5000 a asks\n5100 a gets plan 1\n", 3)):
        report = conformed(tmp_path, f"{start}{rest}", CUT)
        assert report.verdict is Conformance.CONFORMS
        assert report.trace is not None
        assert len(report.trace.steps) == steps
        assert report.ignored == 0
    # It did not happen before it began, nor after it began again.
    for log in (
        "1000 p publishes\n1500 b asks\n1600 b gets plan 1\n2000 a has lock of 1\n3000 a asks\n",
        "100 a asks\n500 a asks\n510 b asks\n600 b gets plan 1\n1000 p publishes\n",
    ):
        assert conformed(tmp_path, log, CUT).verdict is Conformance.DIVERGES, log


def test_what_only_the_other_line_says_is_open(tmp_path: Path) -> None:
    """Also the action, if a table has the actions that there may be."""
    start = "1000 p publishes\n1500 a asks\n1600 a gets plan 1\n2000 b asks\n2100 b gets plan 1\n2200 b does\n"
    for rest, actions in (
        ("3000 a has lock of 1\n", ["take_lock"]),
        ("3000 b does\n3100 b did: built as b\n", ["take_lock", "build_tree"]),
    ):
        report = conformed(tmp_path, start + rest, CUT)
        assert report.verdict is Conformance.CONFORMS
        assert report.trace is not None
        assert [s.action for s in report.trace.steps][3:] == actions
    open_action = CUT.replace("{act|act}", "{act}")
    with pytest.raises(ModelError, match=r"a\.log:6: .*only the line that ends it names its action"):
        conformed(tmp_path, start + "3000 a has lock of 1\n", open_action)


def span(name: str, start: int, end: int, **attributes: Any) -> dict[str, Any]:
    pairs = [{"key": k.replace("_", "."), "value": v} for k, v in attributes.items()]
    nanoseconds = {"startTimeUnixNano": str(start * 10**9), "endTimeUnixNano": end * 10**9}
    return {"name": name, **nanoseconds, "attributes": pairs}


def exported(spans: list[dict[str, Any]], service: str = "region") -> str:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}) + "\n"


OTLP = """
form = "otlp"
[[step]]
match = { kind = "span", name = "publish" }
action = "publish"
[[step]]
match = { kind = "event", name = "taken" }
action = "pick_up"
parameters = { i = "{span.attributes.enactor.id}" }
[[step]]
match = { kind = "log", body = "^locked by (?P<i>\\\\d)" }
action = "take_lock"
parameters = { i = "{i}" }
"""


def test_opentelemetry_is_read(tmp_path: Path) -> None:
    """Spans are boxes, their events and log records are instants; batches may come in any order."""
    work = span("work", 3, 9, enactor_id={"intValue": "2"})
    work["events"] = [{"name": "taken", "timeUnixNano": "4000000000"}]
    record = {"timeUnixNano": 5 * 10**9, "body": {"stringValue": "locked by 2"}}
    logs = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}) + "\n"
    log = logs + exported([work]) + exported([span("publish", 1, 2)], "planner") + '{"resourceMetrics": []}\n'
    report = conformed(tmp_path, log, OTLP)
    assert report.verdict is Conformance.CONFORMS
    assert report.ignored == 1  # the span around the event
    assert {s.name for s in report.streams} == {"planner", "region", "a.log"}
    assert report.trace is not None
    steps = [(s.action, s.parameters) for s in report.trace.steps]
    assert steps == [("publish", {}), ("pick_up", {"i": 2}), ("take_lock", {"i": 2})]
    assert [x and x.line for x in report.lines] == [3, 2, 1]
    found = explain_mapping("fixed", tmp_path / "a.log", tmp_path / "a.toml", SIZES)
    assert json.loads(found.lines[0].details[0])["at"] == [1.0, 2.0]
    assert (found.lines[-1].kind, found.lines[-1].details[0][:16]) == (LineKind.UNKNOWN, "the nearest is s")
    for wrong in ("{}", '{"resourceSpans": 1}', exported([{"startTimeUnixNano": "soon"}])):
        with pytest.raises(ModelError, match="the line is no OTLP JSON") as raised:
            conformed(tmp_path, logs + wrong, OTLP)
        assert raised.value.where is not None
        assert raised.value.where.line == 2


PLAIN = "[[step]]\nmatch = 'published (?P<n>.*)'\naction = \"publish\"\n"
WRONG_MAPPINGS: dict[str, tuple[str, str, int]] = {
    "a key": (PLAIN + "acton = 1\n", "step 1: acton is no key here.*did you mean action", 4),
    "a key above": ("lines = 'x'\n" + PLAIN, "the mapping: lines is no key here.*did you mean line", 1),
    "no step": ("ignore = []\n", "there is no step", 1),
    "a sort": (PLAIN.replace('"publish"', "7"), "step 1: action is not a text: 7", 3),
    "an expression": (PLAIN.replace("(?P<n>.*)", "(.*"), "match is no regular expression: .*unterminated", 2),
    "an unknown action": (
        PLAIN.replace('publish"', 'publsh"'),
        "fixed has no action 'publsh' .did you mean publish",
        1,
    ),
    "an unknown table": (PLAIN + 'outcome = "{n|words}"\n', "step 1: outcome names the table 'words'", 4),
    "a date": (PLAIN + "at = 2025-10-19\n", "step 1: at has the value .*write it as a text", 4),
    "no action": (PLAIN.replace("action", "outcome"), "step 1: names no action", 1),
    "no match": (PLAIN.replace("match", "begin"), "match is missing", 1),
    "begin alone": (PLAIN + "begin = 'x'\n", "begin and key go together", 1),
    "paths of a text": (PLAIN.replace("'published (?P<n>.*)'", "{ a = 'x' }"), "match does not fit form = 'text'", 2),
    "an unknown unit": ("time = 'hours'\n" + PLAIN, "time is 'hours'", 1),
    "a form": ("form = 'xml'\n" + PLAIN, "form .*'xml'", 1),
    "steps beside an action": (PLAIN + 'steps = [{ action = "publish" }]\n', "steps stands beside an action", 4),
}


@pytest.mark.parametrize("name", WRONG_MAPPINGS)
def test_what_is_wrong_in_a_mapping_is_named(name: str, tmp_path: Path) -> None:
    mapping, message, line = WRONG_MAPPINGS[name]
    with pytest.raises(ModelError, match=message) as raised:
        conformed(tmp_path, "published 1\n", mapping)
    assert raised.value.where is not None
    assert (Path(raised.value.where.file).name, raised.value.where.line) == ("a.toml", line)


WRONG_LINES: dict[str, tuple[str, str]] = {
    "a word without translation": (
        PLAIN + 'outcome = "{n|t}"\n[tables.t]\nyes = "x"\n',
        "the table t has no 'no'.*step 1",
    ),
    "no such field": (PLAIN + 'outcome = "{m}"\n', "the line has no field 'm', by step 1.*did you mean|there are: n"),
    "no such outcome": (PLAIN + 'outcome = "{n}"\n', "publish has no outcome 'no', in the record of step 1"),
    "a time": ('time = "%H:%M"\n' + PLAIN + 'at = "{n}"\n', "the time 'no' is not of the form"),
    "no JSON": ('form = "json"\n' + PLAIN.replace("'published (?P<n>.*)'", "{ a = 'x' }"), "the line is not JSON"),
}


@pytest.mark.parametrize("name", WRONG_LINES)
def test_what_is_wrong_with_a_line_is_named(name: str, tmp_path: Path) -> None:
    mapping, message = WRONG_LINES[name]
    with pytest.raises(ModelError, match=message) as raised:
        conformed(tmp_path, "\npublished no\n", mapping)
    assert raised.value.where is not None
    assert (Path(raised.value.where.file).name, raised.value.where.line) == ("a.log", 2)


def test_a_log_that_is_not_recognised_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no event was recognised"):
        conformed(tmp_path, "publishd 1\n", PLAIN)
    two = PLAIN + '[[step]]\nmatch = \'picked up by (?P<i>\\d)\'\naction = "pick_up"\nparameters = { i = "{i}" }\n'
    with pytest.raises(ModelError, match=r"no line of the logs is pick_up.*rare = true") as raised:
        conformed(tmp_path, "published 1\npicked by 1\n", two)
    assert raised.value.where is not None
    assert raised.value.where.line == 4
    report = conformed(tmp_path, "published 1\npicked by 1\n", two + "rare = true\n")
    assert (report.unseen, report.ignored) == (("pick_up",), 1)


@pytest.mark.skipif(not hasattr(signal, "SIGVTALRM"), reason="no timer of CPU time here")
def test_an_expression_that_takes_for_ever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SECONDS", 0.05)
    slow = PLAIN.replace("published (?P<n>.*)", "^(a+)+$")
    with pytest.raises(ModelError, match="took more than") as raised:
        conformed(tmp_path, "published\n" + "a" * 60 + "b\n", slow)
    assert raised.value.where is not None
    assert raised.value.where.line == 2
    assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL


def test_lines_far_down_are_explained_too(tmp_path: Path) -> None:
    """Not all of them, but all are counted."""
    (tmp_path / "a.log").write_text("published 1\n" * 50 + "publishd 1\n" * 50)
    (tmp_path / "a.toml").write_text(PLAIN)
    found = explain_mapping("fixed", tmp_path / "a.log", tmp_path / "a.toml")
    assert [x.line.line for x in found.lines] == [*range(1, 21), *range(51, 71)]
    assert found.counts == {LineKind.STEP: 50, LineKind.UNKNOWN: 50}


def test_a_line_without_end_is_no_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="more than 1,048,576 characters") as raised:
        conformed(tmp_path, "published 1\n" + "x" * (1 << 20) + "x", PLAIN)
    assert raised.value.where is not None
    assert raised.value.where.line == 2


def test_the_command_explains_a_mapping(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_text("published 1\npublished\npublished \x1b[31m\npublished 2 " + "x" * 200 + "\n")
    (tmp_path / "a.toml").write_text(PLAIN.replace(".*)", "\\d+)( x+)?$"))
    command = ["conform", "-p", "fixed", str(tmp_path / "a.log"), "--explain-mapping"]
    assert run([*command, "--mapping", str(tmp_path / "a.toml")]) == 0
    out = capsys.readouterr().out
    assert '  step: {"action": "publish"}' in out
    assert re.search(r"not recognised: the nearest is step 1 of .*a\.toml:1: then .* does not match ''", out)
    assert out.endswith("a.toml: 2 step, 2 not recognised.\n")
    assert "\x1b" not in out
    assert run([*command, "--mapping", str(tmp_path / "a.toml"), "--format", "json"]) == 2
    assert "standard output" in capsys.readouterr().err
    assert run(command) == 2
    assert "--mapping FILE" in capsys.readouterr().err


def test_the_published_schema_is_that_of_the_classes() -> None:
    path = ROOT / "docs" / "mapping.schema.json"
    if os.environ.get("PLANRACE_GOLDEN") == "write":
        path.write_text(mapping_schema_text())
    assert path.read_text() == mapping_schema_text()
    jsonschema.Draft7Validator.check_schema(mapping_schema())
