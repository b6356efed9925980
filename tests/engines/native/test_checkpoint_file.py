"""The files of checkpoints: damaged and foreign ones, full disks, and two searches on one."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

from planrace.checker.engines.limits import Deadline, Limits, Progress
from planrace.checker.engines.native import checkpoints as checkpoints_module
from planrace.checker.engines.native import freezing
from planrace.checker.engines.native.checkpoint_file import (
    MAGIC,
    CheckpointReader,
    CheckpointWriter,
    locked,
    written,
)
from planrace.checker.engines.native.checkpoints import Checkpoints
from planrace.checker.engines.native.freezing import squeezer
from planrace.checker.engines.native.memory import WordArray
from planrace.checker.engines.native.search import NativeSearch
from planrace.model.language import Instance, ModelError, Protocol, integers, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import invariant
from planrace.properties.dns import fixed, original
from tests.engines.native.test_native import checkable, shape

pytestmark = pytest.mark.usefixtures("own_cache")
ROOM = 4096


def small_instance() -> tuple[Instance, list[Any]]:
    instance = original.system(["bad-plan"]).instance(enactors=2, endpoints=1, plans=3, keep=1)
    return instance, checkable(instance.system)


def search(path: Path | None, resume: Path | None = None, **options: Any) -> NativeSearch:
    instance, properties = small_instance()
    return NativeSearch(
        instance, properties, exhaustive=True, workers=1, checkpoints=Checkpoints(path, resume), **options
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A checkpoint in the middle of a search."""
    search(tmp_path / "file", limits=Limits(depth=14)).run()
    return tmp_path / "file"


# States as bytes -------------------------------------------------------------------------------------------------
def squeezed(states: list[int], words: int) -> bytes:
    room, data = WordArray(len(states) * words + 1), WordArray(ROOM)
    for n, s in enumerate(states):
        for w in range(words):
            room[n * words + w] = s >> 64 * w
    size = squeezer(words)["squeeze"](room.address, len(states), data.address)
    return b"".join(data[n].to_bytes(8, "little") for n in range(-(-size // 8)))[:size]


def unsqueezed(data: bytes, count: int, words: int) -> list[int] | None:
    """The states of some bytes, None if they have none."""
    room, copy = WordArray(max(1, count) * words), WordArray(len(data) // 8 + 1)
    for n in range(len(copy)):
        copy[n] = int.from_bytes(data[8 * n : 8 * n + 8], "little")
    size = squeezer(words)["unsqueeze"](copy.address, len(data), count, room.address)
    if size != len(data):
        return None
    return [sum(room[n * words + w] << 64 * w for w in range(words)) for n in range(count)]


@pytest.mark.parametrize("words", [1, 2, 3])
def test_states_come_back(words: int) -> None:
    """Small and large differences, carries over words, the first and the last state that there may be."""
    chosen = random.Random(words)
    most = 2 ** (64 * words) - 2
    for bits in (1, 7, 8, 56, 63, 64, 64 * words):
        some = {min(most, chosen.getrandbits(bits) + (chosen.getrandbits(64 * words) >> 7)) for _ in range(50)}
        edges = {0, 1, 127, 128, most, most - 1, 2**64 - 2, 2**63, 2**63 - 1, (most >> 64) << 64}
        states = sorted(s for s in some | edges if s & 2**64 - 1 != 2**64 - 1)
        assert unsqueezed(squeezed(states, words), len(states), words) == states


def test_a_difference_borrows_over_equal_words() -> None:
    states = [5 << 64 | 7, 1 << 128 | 5 << 64 | 3]
    assert unsqueezed(squeezed(states, 3), 2, 3) == states


def test_the_bytes_are_those_of_the_format() -> None:
    """Files of today must be read by later versions, or be refused."""
    assert squeezed([5, 6, 133, 133 + 300], 1) == bytes([5, 1, 127, 0xAC, 0x02])
    assert squeezed([1, 1 + 2**64], 2) == bytes([1, *[128] * 9, 2])


@pytest.mark.parametrize("data", [[5, 0], [5], [5, 128], [128] * 9 + [2], [255] * 9 + [1], [255, *[255] * 8, 127]])
def test_bytes_that_are_no_states_are_not_taken(data: list[int]) -> None:
    """The same state twice, too few bytes, a number of more bits, and the one that no table holds."""
    assert unsqueezed(bytes(data), 2 if data[0] == 5 else 1, 1) is None


# Damage ----------------------------------------------------------------------------------------------------------
def refused(path: Path, match: str) -> None:
    """The file alone says that it is damaged."""
    with pytest.raises(ModelError, match=match):
        CheckpointReader(path)


def refused_by_a_search(path: Path, match: str) -> None:
    with pytest.raises(ModelError, match=match):
        search(None, path).run()


def test_a_file_that_is_cut_anywhere_is_refused(file: Path) -> None:
    """At each place of the first bytes, around each border, and in the middle of each section."""
    content = file.read_bytes()
    reader = CheckpointReader(file)
    borders = {s.place + k for s in reader.sections for k in (-1, 0, 1, s.size // 2, s.size, s.size + 3, s.size + 4)}
    reader.close()
    assert len(reader.sections) == 15
    for end in {*range(40), *borders, *range(len(content) - 40, len(content))}:
        file.write_bytes(content[:end])
        refused(file, "ends too early" if end >= len(MAGIC) else "ends too early|not a checkpoint")
    file.write_bytes(content + b"x")
    refused(file, "is damaged")


def test_a_file_with_another_bit_is_refused(file: Path) -> None:
    content = file.read_bytes()
    chosen = random.Random(5)
    for place in {*range(30), *(chosen.randrange(len(content)) for _ in range(400))}:
        file.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        refused(file, "damaged|ends too early|not a checkpoint|format")


def test_sections_that_are_left_out_or_exchanged_are_noticed(file: Path) -> None:
    content = file.read_bytes()
    reader = CheckpointReader(file)
    reader.close()
    begins = [s.place - 25 for s in reader.sections] + [len(content) - 29]
    parts = [content[a:b] for a, b in pairwise(begins)]
    head, tail = content[: begins[0]], content[begins[-1] :]
    for some in (parts[:-1], parts[1:], [*parts[:3], *parts[4:]], [parts[1], parts[0], *parts[2:]], [*parts, parts[3]]):
        file.write_bytes(head + b"".join(some) + tail)
        refused(file, "is damaged")
    file.write_bytes(head + b"".join(parts) + tail)
    assert search(None, file).run()[1].complete


def rewritten(file: Path, change: Any, keep: Any = lambda _section: True) -> None:
    """Write a file again, with right checksums, and another header or fewer sections."""
    reader = CheckpointReader(file)
    header = json.loads(json.dumps(reader.header))
    change(header)
    with written(file, header) as writer:
        for s in filter(keep, reader.sections):
            writer.add(s.kind, s.level, s.count, bytes(reader.data(s)))
    reader.close()


def test_counts_that_are_not_those_of_the_states_are_noticed(file: Path) -> None:
    """Checksums are right: a defect, not a disk."""
    content = file.read_bytes()
    for change, keep in (
        (lambda h: h.update(states=h["states"] + 1), lambda _: True),
        (lambda h: h.update(frontier=h["frontier"] - 1), lambda _: True),
        (lambda _: None, lambda s: s.level != 3),
        (lambda h: h["answers"].update({"no-such-property": {"start": 0, "steps": []}}), lambda _: True),
        (lambda h: h["answers"]["plans-never-regress"].update(start=7), lambda _: True),
        (lambda h: h["answers"]["plans-never-regress"]["steps"].pop(), lambda _: True),
        (lambda h: h["answers"]["plans-never-regress"]["steps"].pop(0), lambda _: True),
        (lambda h: h["answers"]["plans-never-regress"]["steps"][0].__setitem__(0, "no_such_action"), lambda _: True),
    ):
        file.write_bytes(content)
        rewritten(file, change, keep)
        refused_by_a_search(file, "is damaged")


def test_another_version_and_another_format_are_refused(file: Path) -> None:
    content = file.read_bytes()
    rewritten(file, lambda h: h.update(planrace="0.0.1"))
    refused_by_a_search(file, r"was written by planrace 0\.0\.1, and this is .* \(use that version")
    file.write_bytes(content[: len(MAGIC)] + struct.pack("<I", 99) + content[len(MAGIC) + 4 :])
    refused(file, "is a checkpoint of format 99; this planrace reads format 1")


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    for content in (b"", b"{}", b"planrace checkpoint", bytes(1000), json.dumps({"protocol": "x"}).encode()):
        (tmp_path / "other").write_bytes(content)
        refused(tmp_path / "other", "not a checkpoint|ends too early")
    refused(tmp_path / "none", "cannot be read: No such file or directory")
    refused(tmp_path, "cannot be read: Is a directory")


# Another search --------------------------------------------------------------------------------------------------
def counting(start: int = 0, most: int = 40, by: int = 1, name: str = "tick", low: int = 30) -> Instance:
    """A protocol of which a part may be another one."""
    protocol = Protocol("counting", "a counter")
    n = protocol.variable("n", integers(0, 60), start)

    def tick() -> Step:
        return step(when(n < most), update(n, n + by))

    tick.__name__ = name
    protocol.action(by="somebody")(tick)
    protocol.declare(invariant("low", n < low, "it stays low"))
    return protocol.system().instance()


@pytest.mark.parametrize("change", [{"start": 1}, {"most": 41}, {"by": 2}, {"name": "tack"}, {"low": 31}])
def test_another_protocol_of_the_same_name_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "file"
    first = counting()
    NativeSearch(first, first.system.properties, limits=Limits(depth=5), checkpoints=Checkpoints(path)).run()
    other = counting(**change)
    with pytest.raises(ModelError, match="the protocol or its properties have changed since"):
        NativeSearch(other, other.system.properties, checkpoints=Checkpoints(None, path)).run()
    assert (
        NativeSearch(first, first.system.properties, checkpoints=Checkpoints(None, path)).run()[1].stopped is not None
    )


@pytest.mark.parametrize(
    ("name", "faults", "sizes", "options", "why"),
    [
        ("fixed", ["bad-plan"], {}, {}, "protocol original, not fixed"),
        ("original", [], {}, {}, "faults bad-plan, not none"),
        ("original", ["bad-plan"], {"plans": 2}, {}, "sizes .*plans=3, .*, not .*plans=2"),
        ("original", ["bad-plan"], {}, {"symmetric": True}, "symmetry reduction off, not on"),
    ],
)
def test_another_search_is_refused(
    name: str, faults: list[str], sizes: dict[str, int], options: dict[str, Any], why: str, file: Path
) -> None:
    sizes = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1, **sizes}
    instance = {"fixed": fixed, "original": original}[name].system(faults).instance(**sizes)
    other = NativeSearch(instance, checkable(instance.system), checkpoints=Checkpoints(None, file), **options)
    with pytest.raises(ModelError, match=f"is the checkpoint of another search, with {why}"):
        other.run()


def test_a_search_of_other_variables_is_refused(tmp_path: Path) -> None:
    protocol = Protocol("noisy", "a counter, and one that nothing reads")
    n, noise = (protocol.variable(name, integers(0, 60), 0) for name in ("n", "noise"))

    @protocol.action(by="somebody")
    def tick() -> Step:
        return step(when(n < 40), update(n, n + 1), update(noise, 7))

    instance, saved = protocol.system().instance(), Checkpoints(tmp_path / "file")
    NativeSearch(instance, [], sliced=("noise",), limits=Limits(depth=5), checkpoints=saved).run()
    with pytest.raises(ModelError, match="with ignored variables noise, not none"):
        NativeSearch(instance, [], checkpoints=Checkpoints(None, saved.path)).run()


def test_other_properties_are_refused(file: Path) -> None:
    instance, properties = small_instance()
    other = NativeSearch(instance, properties[:2], checkpoints=Checkpoints(None, file))
    with pytest.raises(ModelError, match=f"with properties .*, not {properties[0].name}, {properties[1].name}"):
        other.run()


# Writing ---------------------------------------------------------------------------------------------------------
@contextmanager
def file_size(most: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_ends_the_checkpoint_and_not_the_search(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier one stays, and the search goes on."""
    monkeypatch.setattr(checkpoints_module, "RATIO", 0)
    content = file.read_bytes()
    wanted = shape(search(None))
    running = search(file, file)
    with file_size(len(content) + 10):
        assert shape(running) == wanted
    assert running.checkpoints.problem is None  # the last one is small
    assert sorted(tmp_path.iterdir()) == [file]
    file.write_bytes(content)
    monkeypatch.setattr(checkpoints_module, "RATIO", 10**9)
    running = search(file, file, limits=Limits(depth=20))
    with file_size(len(content) + 10):
        running.run()
    assert running.checkpoints.problem == os.strerror(errno.EFBIG)
    assert file.read_bytes() == content
    assert sorted(tmp_path.iterdir()) == [file]


def test_nothing_is_lost_if_it_fails_at_its_end(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it is made durable, or gets its name."""
    content = file.read_bytes()

    def failing(*_: Any) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for of, name in ((os, "fsync"), (Path, "replace")):
        with monkeypatch.context() as some:
            some.setattr(of, name, failing)
            running = search(file, file, limits=Limits(depth=20))
            running.run()
        assert running.checkpoints.problem == os.strerror(errno.EIO)
        assert file.read_bytes() == content
        assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_memory_that_is_short_ends_the_checkpoint_and_not_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*_: Any) -> int:
        raise MemoryError("none is left")

    monkeypatch.setattr(checkpoints_module, "freeze", short)
    running = search(tmp_path / "file", limits=Limits(depth=20))
    assert running.run()[1].depth == 20
    assert running.checkpoints.problem == "there is not enough memory (none is left)"
    assert not list(tmp_path.iterdir())


def test_two_searches_do_not_write_one_file(tmp_path: Path) -> None:
    """Also under the name of a link. After the one, the other may."""
    path = tmp_path / "file"
    (tmp_path / "link").symlink_to(path)
    with locked(path):
        for other in (path, tmp_path / "link"):
            with pytest.raises(ModelError, match="another search writes its checkpoints to"):
                search(other).run()
    assert search(tmp_path / "link", limits=Limits(depth=9)).run()[1].depth == 9
    assert (tmp_path / "link").is_symlink()
    assert {p.name for p in tmp_path.iterdir()} == {"file", "link"}


def test_other_files_are_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("important")
    for place, why in ((path, "exists and is not a checkpoint"), (tmp_path, "is a folder")):
        with pytest.raises(ModelError, match=why):
            search(place).run()
    with pytest.raises(ModelError, match=r"no checkpoint can be written to .*: No such file or directory"):
        search(tmp_path / "none" / "file").run()
    assert path.read_text() == "important"


def test_they_are_written_when_it_is_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least twenty times as long after the last one as the next will take, judged by the states."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    frozen: list[tuple[float, int]] = []

    def freeze(crew: Any, depth: int, writer: CheckpointWriter) -> int:
        now[0] += crew.states / 1000  # it takes a second for 1000 states
        frozen.append((now[0], crew.states))
        return freezing.freeze(crew, depth, writer)

    monkeypatch.setattr(checkpoints_module, "freeze", freeze)
    running = search(tmp_path / "file")
    heard: list[str] = []
    running._limit_guard.listener = lambda p: heard.append(p.task)
    begin = running.checkpoints.begin

    def level(of: NativeSearch) -> None:
        now[0] += 4.0
        begin(of)

    monkeypatch.setattr(running.checkpoints, "begin", level)
    running.run()
    assert 2 <= len(frozen) < 10
    for (before, _), (after, states) in pairwise(frozen):
        assert 20 * states / 1000 <= after - states / 1000 - before <= 20 * states / 1000 + 8.0
    assert sum("writing a checkpoint at depth" in task for task in heard) == len(frozen) + 1


def test_the_time_of_the_last_one_is_kept_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search ends so long before the time limit as the checkpoint will take, but not before half of it."""
    running = search(tmp_path / "file", limits=Limits(depth=12))
    running.run()
    saved = running.checkpoints
    assert saved.reserve(100.0) == 0.0  # it has been written
    saved._depth = -1
    saved._cost = 0.01
    assert saved._level is not None
    assert saved.reserve(100.0) == saved._level.states * 0.01
    assert saved.reserve(2.0) == 1.0
    assert Checkpoints(None, tmp_path / "file").reserve(100.0) == 0.0


def test_the_time_limit_leaves_a_checkpoint(tmp_path: Path) -> None:
    """Of a search that would take longer: it ends before the limit by the time of a checkpoint."""
    looks = count()
    running = search(tmp_path / "file")
    running._limit_guard.deadline = Deadline(60.0, 60.0, clock=lambda: float(next(looks)))
    running.checkpoints._cost = 0.002
    stopped = running.run()[1].stopped
    assert stopped is not None
    assert stopped.sentence == "the time limit of 60 s was reached"
    level = running.checkpoints._level
    assert level is not None
    assert 0.0 < 0.002 * level.states - 3 < 60.0 - next(looks) < 0.002 * level.states + 3
    reader = CheckpointReader(tmp_path / "file")
    reader.close()
    assert reader.header["states"] == level.states


def test_progress_says_what_is_read(file: Path) -> None:
    heard: list[Progress] = []
    instance, properties = small_instance()
    NativeSearch(instance, properties, checkpoints=Checkpoints(None, file), listener=heard.append).run()
    assert "reading the checkpoint" in [p.task for p in heard]
