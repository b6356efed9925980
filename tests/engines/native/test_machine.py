"""Machine code: its cache, and the dialect of Python that it is made of."""

from __future__ import annotations

import os
from array import array as array_module
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planrace.checker.cli.main import run
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.native import jit, program
from planrace.checker.engines.native.instructions import FAILED
from planrace.checker.engines.native.jit import Machine
from planrace.checker.engines.native.memory import WordArray
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.native.translate import DialectError, Translator
from planrace.properties.dns import fixed

pytestmark = pytest.mark.usefixtures("own_cache", "optimised")


AS_ROOT = pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")

# The cache -----------------------------------------------------------------------------------------------------
SOURCE = "def twice(x):\n return x + x\n"


def machine(source: str = SOURCE) -> Machine:
    translator = Translator("test")
    translator.add(source)
    return Machine(source, lambda: str(translator.module), {"twice": 1})


def test_the_cache_is_used_and_can_be_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANRACE_CACHE", str(tmp_path / "deep" / "cache"))
    assert not machine().cached
    again = machine()
    assert again.cached
    assert again["twice"](21) == 42
    (kept,) = (tmp_path / "deep" / "cache").iterdir()
    kept.write_bytes(b"nonsense")
    repaired = machine()
    assert not repaired.cached
    assert repaired["twice"](21) == 42
    assert machine().cached


def test_code_is_kept_for_each_level_of_optimisation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANRACE_CACHE", str(tmp_path))
    for level in (0, jit.LEVEL):
        monkeypatch.setattr(jit, "LEVEL", level)
        assert not machine().cached
        assert machine().cached
    assert jit.LEVEL == 2, "what users get is what is tested here"


def test_without_a_place_for_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PLANRACE_CACHE", str(tmp_path / "file" / "cache"))
    assert not machine().cached
    assert not machine().cached


def _kept_in(folder: Path) -> Path:
    """The only object in the cache, after a second machine has loaded it."""
    machine()
    assert machine().cached
    (kept,) = folder.iterdir()
    return kept


def _foreign_file(kept: Path, tmp_path: Path) -> None:
    os.chown(kept, 12345, 12345)


def _foreign_folder(kept: Path, tmp_path: Path) -> None:
    os.chown(kept.parent, 12345, 12345)


def _writable_file(kept: Path, tmp_path: Path) -> None:
    kept.chmod(0o620)


def _writable_folder(kept: Path, tmp_path: Path) -> None:
    kept.parent.chmod(0o777)


def _link(kept: Path, tmp_path: Path) -> None:
    kept.rename(tmp_path / "elsewhere.o")
    kept.symlink_to(tmp_path / "elsewhere.o")


def _pipe(kept: Path, tmp_path: Path) -> None:
    kept.unlink()
    os.mkfifo(kept)


def _folder(kept: Path, tmp_path: Path) -> None:
    kept.unlink()
    kept.mkdir()


OWNERS = pytest.mark.skipif(not hasattr(os, "getuid"), reason="the system has no owners of files")


@OWNERS
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(_foreign_file, "belongs to another user", marks=AS_ROOT),
        pytest.param(_foreign_folder, "belongs to another user", marks=AS_ROOT),
        (_writable_file, "may be written by other users"),
        (_writable_folder, "may be written by other users"),
        (_link, "is a link"),
        (_pipe, "is not a regular file"),
        (_folder, "is not a regular file"),
    ],
)
def test_what_others_may_have_written_is_not_loaded(
    spoil: Callable[[Path, Path], None], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANRACE_CACHE", str(tmp_path / "cache"))
    spoil(_kept_in(tmp_path / "cache"), tmp_path)
    again = machine()
    assert not again.cached
    assert why in (again.refused or "")
    assert again["twice"](21) == 42


@OWNERS
def test_a_cache_that_others_may_exchange_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may write to a folder above it, or to one with a link on the way to it. In a sticky folder they cannot
    rename what is not theirs."""
    private, shared = tmp_path / "private", tmp_path / "shared"
    shared.mkdir()
    for name in (private / "cache", shared / "cache"):
        monkeypatch.setenv("PLANRACE_CACHE", str(name))
        machine()
    (tmp_path / "link").symlink_to("private")
    (shared / "link").symlink_to("../private")
    (tmp_path / "by way of it").symlink_to("shared/link")
    found: dict[tuple[str, int], str | None] = {}
    places = ("private/cache", "shared/cache", "shared/../private/cache", "link/cache", "shared/link/cache")
    for mode in (0o777, 0o770, 0o1777, 0o755):
        shared.chmod(mode)
        for place in (*places, "by way of it/cache"):
            monkeypatch.setenv("PLANRACE_CACHE", str(tmp_path / place))
            again = machine()
            found[place, mode] = again.refused
            assert again.cached is (again.refused is None)
    refused = {key for key, why in found.items() if why is not None}
    elsewhere = {"private/cache", "link/cache"}
    assert {(p, m) for p, m in refused if m == 0o777} == {(p, 0o777) for p, m in found if p not in elsewhere}
    assert refused <= {(p, m) for p, m in found if p not in elsewhere and m in (0o777, 0o770)}
    assert found["shared/cache", 0o777] == f"{shared} may be written by other users (chmod go-w takes that away)"


@AS_ROOT
def test_a_cache_below_what_belongs_to_another_user_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANRACE_CACHE", str(tmp_path / "folder" / "cache"))
    machine()
    os.chown(tmp_path / "folder", 12345, 12345)
    assert machine().refused == f"{tmp_path / 'folder'} belongs to another user"
    os.chown(tmp_path / "folder", 0, 0)
    (tmp_path / "link").symlink_to("folder")
    os.lchown(tmp_path / "link", 12345, 12345)
    monkeypatch.setenv("PLANRACE_CACHE", str(tmp_path / "link" / "cache"))
    assert machine().refused == f"{tmp_path / 'link'} belongs to another user"


@OWNERS
def test_what_is_made_for_the_cache_is_for_the_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANRACE_CACHE", str(tmp_path / "deep" / "cache"))
    before = os.umask(0)
    try:
        machine()
    finally:
        os.umask(before)
    assert [p.stat().st_mode & 0o777 for p in (tmp_path / "deep", tmp_path / "deep" / "cache")] == [0o700, 0o700]
    assert machine().cached


def test_a_folder_that_depends_on_where_one_stands_is_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the specification of XDG has it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PLANRACE_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    machine()
    assert [p.name for p in tmp_path.iterdir()] == ["home"]
    assert len(list((tmp_path / "home" / ".cache" / "planrace").iterdir())) == 1


def test_the_code_of_the_store_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all instances of so many words and workers; what is kept of it on disk is trusted no more than other code."""
    monkeypatch.setattr(program, "_MADE", {})
    monkeypatch.setenv("PLANRACE_CACHE", str(tmp_path / "cache"))
    small = [fixed.system().instance(enactors=2, endpoints=1, plans=n, keep=1) for n in (2, 3)]
    found = [NativeSearch(i, [], exhaustive=True, workers=n) for n in (1, 2) for i in small]
    assert len({id(s.program["take"]) for s in found}) == 2
    assert len({id(s.program["advance"]) for s in found}) == 4
    counts = [s.run()[1].states for s in found]
    assert counts[:2] == counts[2:] == [Search(i, [], exhaustive=True).run()[1].states for i in small]
    of_instances = {s.program.machine.key for s in found}
    kept = [p for p in (tmp_path / "cache").iterdir() if p.stem not in of_instances]
    assert len(kept) == 2
    for path in kept:
        path.chmod(0o620)
    assert NativeSearch(small[0], [], workers=1).program.refused is None  # this process has it
    monkeypatch.setattr(program, "_MADE", {})
    assert "may be written by other users" in (NativeSearch(small[0], [], workers=1).program.refused or "")


def test_an_object_under_the_name_of_another_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANRACE_CACHE", str(tmp_path / "cache"))
    kept = _kept_in(tmp_path / "cache")
    other = machine("def twice(x):\n return x + x + x\n")
    (second,) = (p for p in (tmp_path / "cache").iterdir() if p != kept)
    second.write_bytes(kept.read_bytes())
    again = machine("def twice(x):\n return x + x + x\n")
    assert not again.cached
    assert again["twice"](2) == other["twice"](2) == 6


def test_there_is_one_warning_about_a_cache_that_others_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(0o777)
    monkeypatch.setenv("PLANRACE_CACHE", str(folder))
    small = ["-s", "enactors=2", "-s", "endpoints=1", "-s", "plans=2", "-s", "keep=1"]
    assert run(["-p", "fixed", *small, "--engine", "native"]) == 0
    assert " ".join(capsys.readouterr().out.split()).count("the cached one on disk was not loaded") == 1
    assert not list(folder.iterdir())


# The dialect ---------------------------------------------------------------------------------------------------
EXPRESSIONS = [
    "x + y - 3",
    "x * y",
    "(x | y) & ~7 ^ x",
    "x << 3 | y >> 2",
    "x << y",
    "x >> y",
    "1 if x < y <= 40 else 2",
    "(x == y or x > 5 and not y)",
    "min(x, y)",
    "(10, 20, 30, 40)[x & 3]",
    "-x",
    "(x != 2) + (y >= 3)",
    "min(x, y) if int(x < y) else int(x) + 1",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_dialect_is_python(expression: str) -> None:
    source = f"def f(x, y):\n return {expression}\n"
    translator = Translator("test")
    translator.add(source)
    native = Machine(source, lambda: str(translator.module), {"f": 2})["f"]
    names: dict[str, Any] = {}
    exec(source, names)
    for x in (0, 1, 2, 3, 7, 30, 63, 64, 65):
        for y in (0, 1, 2, 5, 40, 63, 64, 70):
            assert native(x, y) & 2**64 - 1 == int(names["f"](x, y)) & 2**64 - 1, (x, y)


def test_the_ir_can_be_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import llvmlite.binding as llvm

    small = ["-p", "fixed", "-s", "enactors=2", "-s", "plans=3", "-s", "keep=1"]
    assert run([*small, "--dump-ir", str(tmp_path / "search.ll")]) == 0
    assert "in machine code" in capsys.readouterr().out
    module = llvm.parse_assembly((tmp_path / "search.ll").read_text())
    module.verify()
    assert {"expand", "advance", "take"} <= {f.name for f in module.functions}
    assert run([*small, "--dump-ir", str(tmp_path / "no" / "search.ll")]) == 2
    assert run([*small, "--engine", "bmc", "--dump-ir", str(tmp_path / "search.ll")]) == 2


def test_the_lowest_bit() -> None:
    source = "def f(x):\n return lowest(x)\n"
    translator = Translator("test")
    translator.add(source)
    native = Machine(source, lambda: str(translator.module), {"f": 1})["f"]
    for x in (1, 2, 3, 8, 96, 2**63, 2**64 - 2):
        assert native(x) == (x & -x).bit_length() - 1


@pytest.mark.parametrize(("name", "code"), [("byte", "B"), ("quarter", "H"), ("half", "I")])
def test_parts_of_words(name: str, code: str) -> None:
    source = (
        f"def f(p, q, n):\n k = 0\n while k < n:\n  set_{name}(q, n - 1 - k, {name}(p, k) + 1)\n  k += 1\n return 0\n"
    )
    translator = Translator("test")
    translator.add(source)
    native = Machine(source, lambda: str(translator.module), {"f": 3})["f"]
    most = 2 ** (8 * array_module(code).itemsize) - 1
    values, found = array_module(code, [1, 2, most, 7, most - 1]), array_module(code, [0] * 5)
    native(values.buffer_info()[0], found.buffer_info()[0], 5)
    assert list(found) == [(v + 1) & most for v in reversed(values)]


def test_statements_of_the_dialect() -> None:
    source = (
        "def f(p, n):\n"
        " total = 0\n"
        " k = 0\n"
        " while True:\n"
        "  if k == n:\n"
        "   break\n"
        "  total += p[k]\n"
        "  p[k] = total\n"
        "  k += 1\n"
        " for w in range(LAST):\n"
        "  total = total * 10 + w\n"
        " return total if total < 100000 or _out_of_range() else 0\n"
    )
    translator = Translator("test", {"LAST": 3})
    translator.add(source)
    f = Machine(source, lambda: str(translator.module), {"f": 2})["f"]
    words = WordArray(4)
    for k in range(4):
        words[k] = k + 1
    assert f(words.address, 4) == 10012
    assert [words[k] for k in range(4)] == [1, 3, 6, 10]
    assert f(words.address, 4) == 20012
    for k in range(4):
        words[k] = 50
    assert f(words.address, 4) == FAILED


@pytest.mark.parametrize("source", ["def f(x):\n return x / 2\n", "def f(x):\n y.z = 1\n", "def f(x):\n return g(x)\n"])
def test_what_is_not_of_the_dialect(source: str) -> None:
    with pytest.raises(DialectError):
        Translator("test").add(source)
