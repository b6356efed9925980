"""The rules of the architecture: which rooms import which, what is public, and how long files are."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx
import pytest

import planrace
from tests import ROOT

FILES = [
    *sorted(p for room in ("model", "checker", "properties") for p in (ROOT / room).rglob("*.py")),
    ROOT / "planrace" / "drive.py",
]

FLOORS = (
    ("results",),
    ("semantics",),
    ("engines",),
    ("advice", "explain", "export"),
    ("run",),
    ("drive", "imports", "review"),
    ("logs",),
    ("api",),
    ("cli", "mcp", "plugin"),
)
"""The rooms of the checker. Each may import those before it, and nothing beside it."""

MAY_IMPORT = {
    "drive": [],  # what users' programs import in production
    "model.language": [],
    "model.patterns": ["model.language", "model.processes"],
    "model.processes": ["model.language"],
    "model.dns": ["model.language"],
    "properties": ["model.dns", "model.language"],
    "checker": ["checker"],  # the list of public names
    "checker.report": ["checker.results"],
    **{
        f"checker.{room}": [
            *(f"checker.{lower}" for lower in sum(FLOORS[:floor], ())),
            *(["checker.report"] if floor >= FLOORS.index(("run",)) else []),
            "model.language",
            "properties",
        ]
        for floor, rooms in enumerate(FLOORS)
        for room in rooms
    },
}
MAY_IMPORT["checker.drive"].append("drive")
MAY_IMPORT["checker.cli"].append("checker.mcp")  # ``check mcp`` starts that face
"""What a room may import beside itself."""

KNOWN_CIRCLES = {
    # A term has a sort, and a sort has terms for its sizes. Both are made from what authors write in place of terms.
    frozenset(f"model.language.{m}" for m in ("arithmetic", "fitting", "render", "sorts", "terms", "unsettled"))
}


def module_of(file: Path) -> str:
    """The name without ``planrace.``."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts).removeprefix("planrace.")


MODULES = {module_of(f) for f in FILES}


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


@cache
def imports(file: Path) -> list[tuple[str, bool]]:
    """The modules of ours that a file imports, also inside functions; whether type checkers alone read it."""
    return list(_imports(file))


def _imports(file: Path) -> Iterator[tuple[str, bool]]:
    tree = parsed(file)
    typed = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports within planrace are written out"
            whole = [f"{node.module}.{a.name}" for a in node.names]
            names = [n if n.removeprefix("planrace.") in MODULES else str(node.module) for n in whole]
        else:
            continue
        for name in names:
            if name == "planrace" or name.startswith("planrace."):
                yield name.removeprefix("planrace").removeprefix("."), id(node) in typed


def inside(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def room_of(module: str) -> str:
    return max((r for r in MAY_IMPORT if inside(module, r)), key=len)


@pytest.mark.parametrize("file", [f for f in FILES if module_of(f) != "model"], ids=module_of)
def test_arrows_point_down_only(file: Path) -> None:
    module = module_of(file)
    room = room_of(module)
    for name, _ in imports(file):
        assert any(inside(name, allowed) for allowed in (room, *MAY_IMPORT[room])), f"{module} imports {name}"


def test_the_rule_would_catch_an_engine_that_knows_the_protocol() -> None:
    assert not any(inside("model.dns", a) for a in MAY_IMPORT["checker.engines"])
    assert "checker.run.run" in {name for name, _ in imports(ROOT / "checker" / "api" / "calls.py")}


def test_modules_import_each_other_in_no_circle() -> None:
    graph = networkx.DiGraph(
        (module_of(f), name) for f in FILES for name, typed in imports(f) if not typed and module_of(f) != name
    )
    circles = {frozenset(c) for c in networkx.strongly_connected_components(graph) if len(c) > 1}
    assert circles == KNOWN_CIRCLES


def test_the_checker_consists_of_rooms() -> None:
    loose = {p.name for p in (ROOT / "checker").iterdir() if p.is_file()}
    assert loose == {"__init__.py", "__init__.pyi"}


def test_no_public_name_is_that_of_a_room() -> None:
    """The names of the checker are found when they are used; a room that was imported before would stand there."""
    rooms = {p.stem for p in (ROOT / "checker").iterdir()}
    assert rooms & set(importlib.import_module("planrace.checker").__all__) == set()


PUBLIC = {
    "planrace.properties": (
        "Claim Event Fact Invariant Lemma Liveness Plan Proof Property Reachability Recoverability Scenario Schedule "
        "StepInvariant event eventually_always fact infinitely_often invariant leads_to lemma never plan proof "
        "reachable recoverable role scenario schedule step_invariant take take_for_some"
    ),
}


def test_names_of_planrace_are_those_of_its_rooms() -> None:
    rooms = [
        importlib.import_module(f"planrace.{n}") for n in ("model.language", "model.processes", "properties", "checker")
    ]
    names = [n for room in rooms for n in room.__all__]
    assert len(names) == len(set(names)), "a public name means two things"
    assert sorted(names) == dir(planrace)
    assert all(getattr(planrace, n) is getattr(room, n) for room in rooms for n in room.__all__)


def classes() -> Iterator[tuple[str, str]]:
    """Public classes and aliases of types, and their modules."""
    for file in FILES:
        for node in parsed(file).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, module_of(file)


def test_no_public_class_is_defined_twice() -> None:
    homes: dict[str, list[str]] = {}
    for name, module in classes():
        homes.setdefault(name, []).append(module)
    assert {n: m for n, m in homes.items() if len(m) > 1} == {}


def test_files_can_be_read_in_one_sitting() -> None:
    files = [*FILES, *sorted((ROOT / "tests").rglob("*.py"))]
    long = {module_of(f): n for f in files if (n := len(f.read_text().splitlines())) > 450}
    assert long == {}
