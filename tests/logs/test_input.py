"""What logs from the field look like: other encodings, lines without end, clocks that jump, values of strangers."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from planrace import ModelError, conform, find, render
from planrace.checker.cli.main import run
from planrace.checker.logs.records import LONGEST
from planrace.checker.results.conformance import Conformance, ConformanceReport
from planrace.checker.run.request import select
from tests.logs.logs import Records, logged, random_run

SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
WORDS = [word for n, v in SIZES.items() for word in ("-s", f"{n}={v}")]
PUBLISH = '{"action": "publish"}'
MAPPING = "[[step]]\nmatch = 'publish'\naction = \"publish\"\n"


def asked(path: Path, content: bytes | str, **options: Any) -> ConformanceReport:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return conform("fixed", path, SIZES, **options)


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(r) + "\n" for r in records)


# Encodings -------------------------------------------------------------------------------------------------------
UTF16 = f"{PUBLISH}\n{PUBLISH}\n"
BYTES: dict[str, tuple[bytes, int, str]] = {
    "UTF-16 with a mark": (UTF16.encode("utf-16"), 1, r"not UTF-8: byte 1 is 0xff.*iconv -f utf-16"),
    "UTF-16 without one": (UTF16.encode("utf-16-le"), 1, r"has a NUL character.*iconv -f utf-16"),
    "Latin-1": (
        f'{PUBLISH}\n{{"action": "publish", "note": "Zürich"}}'.encode("latin-1"),
        2,
        "byte 33 is 0xfc.*latin1",
    ),
    "Latin-1 after a mark": (b"\xef\xbb\xbf" + "é".encode("latin-1"), 1, "byte 4 is 0xe9"),
    "a block of NULs": (f"{PUBLISH}\n".encode() + b"\0" * 512, 2, "has a NUL character.*leave the line out"),
    "gzip": (b"\x1f\x8b\x08\x00rest\n", 1, "packed by gzip.*gunzip"),
    "a line cut in a letter": (
        f"{PUBLISH}\n".encode() + b'{"action": "publish", "note": "\xe2\x82',
        2,
        "byte 32 is 0xe2",
    ),
}


@pytest.mark.parametrize("mapped", [False, True], ids=["records", "mapping"])
@pytest.mark.parametrize("name", BYTES)
def test_other_encodings_are_named_with_their_line(name: str, mapped: bool, tmp_path: Path) -> None:
    content, line, message = BYTES[name]
    (tmp_path / "a.toml").write_text(MAPPING)
    options = {"mapping": tmp_path / "a.toml"} if mapped else {}
    with pytest.raises(ModelError) as raised:
        asked(tmp_path / "a.log", content, **options)
    assert raised.value.where is not None
    assert (Path(raised.value.where.file), raised.value.where.line) == (tmp_path / "a.log", line)
    assert re.search(message, str(raised.value))


def test_marks_of_utf_8_and_all_ends_of_lines_are_read(tmp_path: Path) -> None:
    """Files that were joined have a mark in the middle, too; what only Unicode calls an end of a line is none."""
    mark = b"\xef\xbb\xbf"
    odd = '{"action": "publish", "note": "a\u2028b\x85c\x0bd"}'.replace("\x0b", "\\u000b").encode()
    content = mark + PUBLISH.encode() + b"\r\n\r\n" + mark + odd + b"\n\n" + PUBLISH.encode()
    report = asked(tmp_path / "a.log", content)
    assert [e.line.line for e in report.logged] == [1, 3, 5]


def test_a_line_of_a_gigabyte_is_refused_and_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also if the part that is read ends within a letter."""
    path = tmp_path / "a.log"
    path.write_text(f"{PUBLISH}\n")
    os.truncate(path, 1 << 30)  # of NULs, which take no space on the disk
    for content in (None, f"{PUBLISH}\nx" + "€" * (2 * LONGEST)):
        if content is not None:
            path.write_text(content)
        assert run(["conform", "-p", "fixed", *WORDS, str(path)]) == 2
        assert f"{path}:2: the line has more than 1,048,576 characters" in capsys.readouterr().err


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.log", Path("-")):
        with pytest.raises(ModelError, match=f"cannot read {re.escape(str(path))}: "):
            conform("fixed", path, SIZES)


# Values ----------------------------------------------------------------------------------------------------------
DIGITS = "9" * 4000
HOSTILE: dict[str, tuple[str, str]] = {
    "a number of 4,000 digits": (f'"parameters": [{DIGITS}]', "parameter i of pick_up is 9+…"),
    "a number of 5,000 digits": (f'"parameters": [{"9" * 5000}]', "the line is not JSON: a number has too many digits"),
    "infinity": ('"parameters": [1e400]', "parameter i of pick_up is inf, not a number"),
    "not a number": ('"parameters": [NaN]', "NaN is no number"),
    "a fraction": ('"parameters": [1.0]', "parameter i of pick_up is 1.0, not a number"),
    "depth": ('"note": ' + "[" * 100_000 + "]" * 100_000, "nested too deeply"),
    "depth of a value": ('"after": {"latest": ' + "[" * 900 + "]" * 900 + "}", "nested too deeply|latest is"),
    "control characters": ('"outcome": "\\u0000\\u001b[31m"', "pick_up has no outcome"),
    "half of a pair": ('"outcome": "\\ud800"', "pick_up has no outcome"),
    "a twin key": ('"after": {"latest": 1, "latest": 2}', "has the key 'latest' twice"),
    "a name of 5,000 characters": (f'"stream": "{"s" * 5000}"', "a name of at most 500 characters"),
    "a date that is none": ('"at": "2025-02-30T00:00:00"', "not seconds or a time of ISO 8601"),
    "half a pair of times": ('"at": [1]', "not a time, or a pair of times"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_values_of_strangers_are_refused_in_few_words(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command, on one line, with file and line, and without a control character."""
    text, message = HOSTILE[name]
    path = tmp_path / "a.log"
    path.write_text(f'{PUBLISH}\n{{"action": "pick_up", {text}}}\n')
    assert run(["conform", "-p", "fixed", *WORDS, str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.match(f"Error: {re.escape(str(path))}:2: .*({message})", err)
    assert len(err) < 600
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", err)


def test_values_of_strangers_are_shown_in_few_words(tmp_path: Path) -> None:
    """Numbers that JSON has and a model does not are differences, and times beyond all calendars are times."""
    record = {"action": "publish", "after": {"latest": 10**4000}, "at": 1e308, "uncertainty": 1e300}
    report = asked(tmp_path / "a.log", lines(record), hidden=0)
    assert report.verdict is Conformance.DIVERGES
    for format_name in ("text", "json", "html"):
        text = render(report, format_name)
        assert "9" * 3000 not in text
        assert "0" * 1000 not in text.replace("\\u0030", "0") or format_name == "html"
    early = {"stream": "a", "action": "publish", "at": "0001-01-01T00:00:00+23:59"}
    late = {"stream": "b", "action": "publish", "at": "9999-12-31T23:59:59-23:59", "serials": {"z": 10**4000}}
    assert asked(tmp_path / "a.log", lines(late, early)).verdict is Conformance.CONFORMS


# Streams and clocks ----------------------------------------------------------------------------------------------
def a_run(seed: int, wrong: float = 0.3) -> Records:
    went = random_run(select(find("fixed"), SIZES, faults=["crash"]).instance, 25, seed, ("crash", "lose_lock"))
    return logged(went, ("crash", "lose_lock"), wrong, seed)


@pytest.mark.parametrize("wrong_line", [False, True])
def test_the_order_of_streams_in_files_means_nothing(wrong_line: bool, tmp_path: Path) -> None:
    """One file or many, in any order, with the streams woven in any way: only the order within a stream counts. No line
    is lost."""
    for seed in range(3):
        rng, records = Random(seed), a_run(seed)
        if wrong_line:
            n = next(n for n, r in enumerate(records) if n > 10 and r["parameters"])
            records[n] = {**records[n], "parameters": {k: 3 - v for k, v in records[n]["parameters"].items()}}
        streams = list(dict.fromkeys(r["stream"] for r in records))
        found = set()
        for n in range(3):
            rng.shuffle(streams)
            split = [[r for r in records if r["stream"] == s] for s in streams]
            parts = [woven(split, rng)] if n else split
            files = [tmp_path / f"{n}-{k}.log" for k in range(len(parts))]
            for file, part in zip(files, parts, strict=True):
                file.write_text(lines(*part))
            report = conform("fixed", files, SIZES, faults=["crash"])
            assert report.events == len(records)
            explained = report.events if report.divergence is None else report.divergence.explained
            found.add((report.verdict, explained))
        assert len(found) == 1


def woven(streams: list[Records], rng: Random) -> Records:
    """All records in one list, those of a stream in their order."""
    left, found = [list(s) for s in streams], Records()
    while any(left):
        found.append(rng.choice([s for s in left if s]).pop(0))
    return found


def test_a_clock_that_jumps_ahead_is_believed_only_as_far_as_it_is_right(tmp_path: Path) -> None:
    """The second line of the Planner is an hour ahead. Where its clock is set right later, nobody knows which reading
    is wrong; where it is not, it comes last, unless the uncertainty says how much it may be wrong by."""
    steps: Records = [
        {"stream": "planner", "action": "publish", "at": 1.0},
        {"stream": "enactor", "action": "pick_up", "parameters": [1], "at": 3602.0, "after": {"plan": {"1": 2}}},
        {"stream": "planner", "action": "publish", "at": 3600.0 + 1.5},
        {"stream": "enactor", "action": "take_lock", "parameters": [1], "at": 3603.0},
    ]
    ahead = [{**r, "at": r["at"] + 3600} if n == 2 else r for n, r in enumerate(steps)]
    back = [*ahead, {"stream": "planner", "action": "publish", "at": 3604.0}]
    path = tmp_path / "a.log"
    assert asked(path, lines(*steps)).verdict is Conformance.CONFORMS
    assert asked(path, lines(*ahead)).verdict is Conformance.DIVERGES
    assert asked(path, lines(*ahead), uncertainty=3600).verdict is Conformance.CONFORMS
    report = asked(path, lines(*back))
    assert report.verdict is Conformance.CONFORMS
    assert [x.line for x in report.late] == [5]


@pytest.mark.parametrize("seed", range(12))
def test_one_wrong_reading_that_its_stream_gives_away_makes_no_log_diverge(seed: int, tmp_path: Path) -> None:
    """It is ahead of a later line of its stream, or behind an earlier one."""
    rng, records = Random(seed), a_run(seed, 0.0)
    n = rng.choice([n for n, r in enumerate(records) if [x["stream"] for x in records].count(r["stream"]) > 1])
    same = [r["at"] for r in records if r["stream"] == records[n]["stream"]]
    later, earlier = ([t for t in same if (t - records[n]["at"]) * sign > 0] for sign in (1, -1))
    wrong = rng.choice(later) + rng.choice([0.5, 7]) if later else rng.choice(earlier) - rng.choice([0.5, 7])
    records[n] = {**records[n], "at": wrong}
    report = asked(tmp_path / "a.log", lines(*records), faults=["crash"])
    assert report.late
    assert report.verdict is Conformance.CONFORMS


def test_no_line_is_lost_with_a_mapping(tmp_path: Path) -> None:
    """Each line is a step, ignored, or counted as not recognised; and those that begin a step that never ends."""
    rng = Random(7)
    kinds = [*rng.choices(["publish", "noise", "# comment"], k=200), "begin", "begin"]
    text = "".join(f"{kind}\n" + rng.choice(["", "\n", "  \n"]) for kind in kinds)
    (tmp_path / "a.toml").write_text(
        "ignore = ['^#']\n" + MAPPING + "[[step]]\nbegin = 'begin'\nmatch = 'end'\nkey = 'x'\naction = 'lose_lock'\n"
        "parameters = { i = 1 }\nrare = true\n"
    )
    report = asked(tmp_path / "a.log", text, mapping=tmp_path / "a.toml", hidden=0)
    assert report.ignored == kinds.count("noise")
    assert report.events == kinds.count("publish") + kinds.count("begin")
    assert sum(e.optional for e in report.logged) == kinds.count("begin")
