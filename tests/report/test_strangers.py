"""Damaged reports, runs and traces are refused with a sentence or shown; nothing else ever happens.

The damage is drawn from a seed. ``PLANRACE_MUTANTS`` asks for more cases, ``PLANRACE_SEED`` for other ones.
"""

from __future__ import annotations

import copy
import json
import os
import random
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from planrace.checker.cli.main import run
from planrace.checker.engines.limits import peak_memory
from planrace.checker.report.formats import OF_TRACE, WHOLE
from planrace.checker.report.json.read import TRACE_SCHEMA
from tests import ROOT

CASES = int(os.environ.get("PLANRACE_MUTANTS", "400"))
PARTS = 12
SEED = os.environ.get("PLANRACE_SEED", "planrace")
EXAMPLES = ROOT / "examples"
FORMS = sorted({*WHOLE, *OF_TRACE})
SECONDS = 20.0
"""Seconds for one case on a busy machine."""
SMALL = ("-s", "enactors=2", "-s", "endpoints=1", "-s", "plans=3", "-s", "keep=1")
BITSTATE = ("--engine", "bitstate", "--seed", "1", "--runs", "2", "--bit-array", "64K")

ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    3,
    2**31,
    2**63,
    2**64,
    10**400,
    -(10**4000),
    0.5,
    1e308,
    "",
    "\0",
    "\x1b[31m",
    "<script>&\"'",
    "\u202e\ufffe\uffff",
    "²",
    "a" * 5000,
    [],
    [[]],
    [0],
    {},
    {"a": 1},
    "#bigint",
    {"#bigint": "7"},
    {"#set": [1, 1]},
    {"#map": [[1, 2]]},
    {"#tup": []},
]
"""Replacements of values."""


# Damage ----------------------------------------------------------------------------------------------------------
def places(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every value."""
    yield at
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(value, (*at, key))


def damaged(data: Any, draw: random.Random) -> Any:
    """A copy in which one to three values are replaced, removed, duplicated, exchanged or moved."""
    data = copy.deepcopy(data)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        ways = list(places(data))[1:]
        if not ways:
            break
        *way, last = draw.choice(ways)
        owner = data
        for key in way:
            owner = owner[key]
        kind = draw.randrange(7)
        if kind == 0:
            del owner[last]
        elif kind == 1 and isinstance(owner, list):
            owner.insert(last, copy.deepcopy(owner[last]))
        elif kind == 2 and isinstance(owner, dict):
            owner[draw.choice(["", "x", "\ud800", "²", last + "\0"])] = owner.pop(last)
        elif kind == 3 and isinstance(owner[last], int | float):
            owner[last] += draw.choice((-1, 1, 1000, -(2**33)))
        elif kind == 4:
            found = data
            for key in draw.choice(ways):
                found = found[key] if isinstance(found, dict | list) else found
            owner[last] = copy.deepcopy(found)
        elif kind == 5 and isinstance(owner[last], list):
            draw.shuffle(owner[last])
        else:
            owner[last] = copy.deepcopy(draw.choice(ODD))
    return data


def spoiled(text: bytes, draw: random.Random) -> bytes:
    """The bytes with some changed or removed, or truncated."""
    found = bytearray(text)
    kind, at = draw.randrange(4), draw.randrange(len(found))
    if kind == 0:
        del found[at:]
    elif kind == 1:
        del found[at : at + draw.randrange(1, 40)]
    elif kind == 2:
        found[at:at] = draw.choice(
            [b"\xff", b"\x00", b'"', b"\\ud800", b"\\udc00x", b"1e999", b"NaN", b"[" * 20_000, b"9" * 5000]
        )
    else:
        found[at] = draw.randrange(256)
    return bytes(found)


# Originals -------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Reports with everything in them, a proof, bitstate searches, a saved run, a trace in ITF."""
    folder = tmp_path_factory.mktemp("originals")

    def made(name: str, *arguments: str) -> bytes:
        path = folder / name
        form = f"itf:{path}" if name.endswith(".itf.json") else f"json:{path}"
        assert run([*arguments, "-o", form]) in (0, 1, 3)
        return path.read_bytes()

    lease = f"{EXAMPLES / 'lease.py'}:protocol"
    blue = f"{EXAMPLES / 'blue_green.py'}:protocol"
    found = {
        "run.json": made("run.json", "-p", "original", *SMALL, "--with-alternatives", "1", "--beside", "fixed"),
        "others.json": made("others.json", "-p", blue, "--all-different", "--least-delay"),
        "lease.json": made("lease.json", "-p", lease),
        "proof.json": made("proof.json", "prove", "-p", "fixed", "--property", "plans-never-regress"),
        "bits.json": made("bits.json", "-p", "fixed", *SMALL, *BITSTATE),
        "run.itf.json": made("run.itf.json", "-p", "original", *SMALL),
    }
    report = json.loads(found["run.json"])
    shared = {n: report[n] for n in ("protocol", "parameters", "faults", "protections", "variables", "pictures")}
    saved = {"schema": TRACE_SCHEMA, **shared, "trace": report["properties"][0]["trace"]}
    return {**found, "saved.json": json.dumps(saved).encode()}


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_file_is_refused_or_shown(
    part: int, originals: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = random.Random(f"{SEED} {part}")
    names = sorted(originals)
    for n in range(CASES // PARTS):
        name = draw.choice(names)
        text = originals[name]
        if draw.randrange(4):
            text = json.dumps(damaged(json.loads(text), draw)).encode("utf-8", "surrogatepass")
        else:
            text = spoiled(text, draw)
        path = tmp_path / name
        path.write_bytes(text)
        form = draw.choice(FORMS)
        told = tmp_path / "told"
        told.unlink(missing_ok=True)
        began = time.monotonic()
        if draw.randrange(8) or name.endswith(".itf.json"):
            code = run(["explain", str(path), "-o", f"{form}:{told}"])
        else:
            whole = tmp_path / f"whole {name}"
            whole.write_bytes(originals[name])
            code = run(["compare", *map(str, draw.sample((path, whole), 2))])
        err = capsys.readouterr().err
        case = f"seed {SEED!r}, part {part}, case {n}: {name} as {form}: {err[-2000:]}"
        assert code in (0, 1, 2), case
        assert "Traceback" not in err, case
        assert (code == 2) == err.startswith("Error: "), case
        assert time.monotonic() - began < SECONDS, case
        if told.exists():
            CHECKS.get(form, str)(told.read_bytes().decode())


CHECKS: dict[str, Callable[[str], object]] = {
    "json": json.loads,
    "itf": json.loads,
    "tlc": json.loads,
    "sarif": json.loads,
    "graphml": ET.fromstring,
    "svg": ET.fromstring,
    "junit": ET.fromstring,
}
"""What every output must satisfy."""


# Single cases ----------------------------------------------------------------------------------------------------
def test_a_huge_sort_takes_no_memory(originals: dict[str, bytes], tmp_path: Path) -> None:
    data = json.loads(originals["run.json"])
    for v in data["variables"]:
        inner = v["shape"]["domain"] or v["shape"]
        inner["high"] = 2**31
    path = tmp_path / "large.json"
    path.write_text(json.dumps(data))
    before = peak_memory()
    for form in FORMS:
        assert run(["explain", str(path), "-o", f"{form}:{tmp_path / 'told'}"]) == 2
    assert peak_memory() < before + 100 * 2**20


def test_a_sentence_quotes_little_of_a_file(
    originals: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads(originals["run.json"])
    path = tmp_path / "long.json"
    for verdict, pointer in (("violated" * 2000, None), ("violated", "x" * 20_000)):
        data["properties"][0]["verdict"] = verdict
        data["pictures"][0]["pointers"] = [pointer] if pointer else []
        path.write_text(json.dumps(data))
        assert run(["explain", str(path)]) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"Error: {path}: {'pictures[0]' if pointer else 'properties[0].verdict'}: ")
        assert len(error) < 1000


@pytest.mark.parametrize("name", ["run.json", "run.itf.json"])
def test_an_undamaged_file_is_shown(name: str, originals: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(originals[name])
    for form in FORMS:
        assert run(["explain", str(path), "-o", f"{form}:{tmp_path / 'told'}"]) == 0
