"""The rules of the house: who may import whom, what is public, and how long files are."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(p for room in ("model", "checker", "properties") for p in (ROOT / room).rglob("*.py"))

MAY_IMPORT = {
    "model.language": ["model.language"],
    "model.dns": ["model.dns", "model.language"],
    "model.patterns": ["model.patterns", "model.language"],
    "properties": ["properties", "model.dns", "model.language"],
    "checker.trace": ["checker.painted"],
    "checker.vocabulary": ["checker.annotations", "checker.confirmation", "checker.painted", "checker.trace"],
    "checker.wording": [],  # all rooms of checker may use its words
    "checker.confirmation": [],
    "checker.painted": [],
    "checker.annotations": ["checker.trace"],
    "checker.table": ["checker.confirmation", "checker.vocabulary"],
    "checker.limits": ["model.language"],
    "checker.interrupts": [],
    "checker.guarded": ["checker.limits", "checker.vocabulary"],
    "checker.symbols": [],
    "checker.interpreter": ["model.language"],
    "checker.intervals": ["model.language"],
    "checker.layout": ["checker.interpreter", "model.language"],
    "checker.answers": [
        "checker.interpreter",
        "checker.layout",
        "checker.replay",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
    ],
    "checker.replay": ["checker.interpreter", "checker.vocabulary", "model.language"],
    "checker.explore": [
        "checker.answers",
        "checker.explore",
        "checker.interpreter",
        "checker.intervals",
        "checker.layout",
        "checker.limits",
        "checker.replay",
        "checker.symbols",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
    ],
    "checker.native": [
        "checker.native",
        "checker.answers",
        "checker.explore",
        "checker.layout",
        "checker.limits",
        "checker.replay",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
    ],
    "checker.smt": [
        "checker.smt",
        "checker.interrupts",
        "checker.answers",
        "checker.interpreter",
        "checker.intervals",
        "checker.layout",
        "checker.limits",
        "checker.replay",
        "checker.symbols",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
        "properties.proof",
        "properties.schedule",
    ],
    "checker.proof": [
        "checker.interrupts",
        "checker.confirmation",
        "checker.forgotten",
        "checker.insight",
        "checker.proof",
        "checker.table",
        "checker.smt",
        "checker.answers",
        "checker.explore",
        "checker.interpreter",
        "checker.limits",
        "checker.replay",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
        "properties.proof",
        "checker.guarded",
    ],
    "checker.temporal": [
        "checker.temporal",
        "checker.answers",
        "checker.explore",
        "checker.interpreter",
        "checker.layout",
        "checker.limits",
        "checker.native",
        "checker.replay",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
        "checker.guarded",
    ],
    "checker.scenario": [
        "checker.answers",
        "checker.explore",
        "checker.scenario",
        "checker.interpreter",
        "checker.layout",
        "checker.limits",
        "checker.replay",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
        "properties.scenario",
    ],
    "checker.insight": [
        "checker.insight",
        "checker.annotations",
        "checker.answers",
        "checker.explore",
        "checker.interpreter",
        "checker.layout",
        "checker.limits",
        "checker.replay",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
        "checker.guarded",
    ],
    "checker.advice": [
        "checker.advice",
        "checker.answers",
        "checker.explore",
        "checker.interpreter",
        "checker.layout",
        "checker.limits",
        "checker.native",
        "checker.report.blocks",
        "checker.smt",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
    ],
    "checker.baseline": [
        "checker.baseline",
        "checker.catalogue",
        "checker.limits",
        "checker.report",
        "checker.run",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
    ],
    "checker.mutation": [
        "checker.mutation",
        "checker.annotations",
        "checker.answers",
        "checker.ask",
        "checker.insight",
        "checker.interpreter",
        "checker.limits",
        "checker.replay",
        "checker.report",
        "checker.run",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
    ],
    "checker.report": [
        "checker.trace",
        "checker.report",
        "checker.annotations",
        "checker.confirmation",
        "checker.table",
        "checker.vocabulary",
        "checker.guarded",
    ],
    "checker.stategraph": [
        "checker.annotations",
        "checker.insight",
        "checker.interpreter",
        "checker.limits",
        "checker.replay",
        "checker.report.graphs",
        "checker.report.values",
        "model.language",
        "properties.kinds",
    ],
    "checker.walk": [
        "checker.answers",
        "checker.interpreter",
        "checker.replay",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
    ],
    "checker.tell": [
        "checker.answers",
        "checker.ask",
        "checker.insight",
        "checker.limits",
        "checker.replay",
        "checker.scenario",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
        "properties.scenario",
        "checker.guarded",
        "checker.catalogue",
    ],
    "checker.loaded": [],
    "checker.forgotten": ["checker.vocabulary", "model.language"],
    "checker.placing": ["checker.loaded", "model.language"],
    "checker.catalogue": ["checker.loaded", "checker.placing", "checker.ranges", "model.language"],
    "checker.offers": ["checker.ask", "checker.catalogue", "model.language", "properties.kinds"],
    "checker.obligations": [
        "checker.limits",
        "checker.proof",
        "checker.report",
        "checker.table",
        "checker.vocabulary",
    ],
    "checker.rendering": ["checker"],
    "checker.ranges": [],
    "checker.ask": [
        "checker.searches",
        "checker.ranges",
        "checker.answers",
        "checker.explore",
        "checker.limits",
        "checker.native",
        "checker.smt",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
    ],
    "checker.searches": [
        "checker.answers",
        "checker.ask",
        "checker.explore",
        "checker.intervals",
        "checker.limits",
        "checker.native",
        "checker.temporal",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
        "checker.guarded",
    ],
    "checker.scenes": [
        "checker.insight",
        "checker.limits",
        "checker.tell",
        "checker.ask",
        "checker.interpreter",
        "checker.replay",
        "checker.scenario",
        "checker.vocabulary",
        "model.language",
        "properties.scenario",
        "checker.guarded",
    ],
    "checker.plugin": ["checker", "model.language", "properties.kinds"],
    "checker.request": ["checker.ask", "checker.catalogue", "model.language"],
    "checker.fingerprint": ["model.language"],
    "checker.api": [
        "checker",
        "model.language",
    ],
    "checker.run": [
        "checker.advice",
        "checker.forgotten",
        "checker.insight",
        "checker.tell",
        "checker.scenes",
        "checker.proof",
        "checker.answers",
        "checker.ask",
        "checker.scenario",
        "checker.limits",
        "checker.replay",
        "checker.vocabulary",
        "model.language",
        "properties.kinds",
        "properties.scenario",
        "checker.guarded",
    ],
    "checker.cli": ["checker", "model.language"],
    "checker": ["checker"],
    "model": [],
}
PUBLIC = {
    "checker": (
        "Exploration Finding Match MatrixReport Options Report Step Trace Verdict Walk check compare explained find "
        "compare_baseline forecast instance_of lint listing load matrix mutate prove render renew_baseline save "
        "save_baseline state_graph"
    ),
    "properties": (
        "Claim Event Fact Invariant Lemma Liveness Plan Proof Property Reachability Recoverability Scenario Schedule "
        "StepInvariant event eventually_always fact infinitely_often invariant leads_to lemma never plan proof "
        "reachable recoverable role scenario schedule step_invariant take take_for_some"
    ),
    "model.dns": "BASE dns endless fixed hands original",
    "model.patterns": "Ordered Timer Unordered clock crash duplicating lossy ordered timer unordered",
    "model.language": (
        "Action Array Bool Changes Choice DefinitionError Enum If Index Instance Int Maybe ModelError "
        "Observation Op Option Outcome Parameter Place Protection Protocol Says SetOf Sort Step System Term "
        "Update Variable Variant array boolean both count each either enumeration exists first following "
        "forall index integers last optional otherwise outcome primed says step subsets such_that taken "
        "update when"
    ),
}


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(file: Path) -> set[str]:
    """The modules of ours that a file imports, also inside functions."""
    module, found = module_of(file), set()
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            found.add(".".join([*base, *([node.module] if node.module else [])]))
    return {f for f in found if f.split(".")[0] in ("model", "checker", "properties")}


def inside(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_arrows_point_down_only(file: Path) -> None:
    module = module_of(file)
    room = max((r for r in MAY_IMPORT if inside(module, r)), key=len)
    for name in imports(file):
        words = inside(name, "checker.wording") and inside(module, "checker")
        assert words or any(inside(name, allowed) for allowed in MAY_IMPORT[room]), f"{module} imports {name}"


def test_the_rule_would_catch_an_engine_that_knows_the_protocol() -> None:
    assert not any(inside("model.dns", a) for a in MAY_IMPORT["checker.explore"])
    assert "checker.vocabulary" in imports(ROOT / "checker" / "report" / "json.py")


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names(name: str) -> None:
    module = importlib.import_module(name)
    assert sorted(module.__all__) == sorted(PUBLIC[name].split())
    assert all(hasattr(module, n) for n in module.__all__)


def test_files_can_be_read_in_one_sitting() -> None:
    files = [*FILES, *sorted((ROOT / "tests").glob("*.py"))]
    long = {module_of(f): n for f in files if (n := len(f.read_text().splitlines())) > 450}
    assert long == {}
