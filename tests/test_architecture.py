"""The rules of the house: who may import whom, what is public, and how long files are."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(p for room in ("model", "checker", "properties") for p in (ROOT / room).rglob("*.py"))

MAY_IMPORT = {
    "planrace.model.language": ["planrace.model.language"],
    "planrace.model.dns": ["planrace.model.dns", "planrace.model.language"],
    "planrace.model.patterns": ["planrace.model.patterns", "planrace.model.language"],
    "properties": ["properties", "planrace.model.dns", "planrace.model.language"],
    "planrace.checker.results.trace": ["planrace.checker.results.notebook"],
    "planrace.checker.results.report": [
        "planrace.checker.results.explanation",
        "planrace.checker.results.proof",
        "planrace.checker.results.notebook",
        "planrace.checker.results.trace",
    ],
    "planrace.checker.results.wording": [],  # all rooms of checker may use its words
    "planrace.checker.results.proof": [],
    "planrace.checker.results.notebook": [],
    "planrace.checker.results.explanation": ["planrace.checker.results.trace"],
    "planrace.checker.results.matrix": ["planrace.checker.results.proof", "planrace.checker.results.report"],
    "planrace.checker.engines.limits": ["planrace.model.language"],
    "planrace.checker.engines.interrupts": [],
    "planrace.checker.results.guard": ["planrace.checker.engines.limits", "planrace.checker.results.report"],
    "planrace.checker.engines.symbols": [],
    "planrace.checker.semantics.interpreter": ["planrace.model.language"],
    "planrace.checker.semantics.intervals": ["planrace.model.language"],
    "planrace.checker.semantics.packing": ["planrace.checker.semantics.interpreter", "planrace.model.language"],
    "planrace.checker.engines.answer": [
        "planrace.checker.semantics.interpreter",
        "planrace.checker.semantics.packing",
        "planrace.checker.semantics.replay",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
    ],
    "planrace.checker.semantics.replay": [
        "planrace.checker.semantics.interpreter",
        "planrace.checker.results.report",
        "planrace.model.language",
    ],
    "planrace.checker.engines.explicit": [
        "planrace.checker.engines.answer",
        "planrace.checker.engines.explicit",
        "planrace.checker.semantics.interpreter",
        "planrace.checker.semantics.intervals",
        "planrace.checker.semantics.packing",
        "planrace.checker.engines.limits",
        "planrace.checker.semantics.replay",
        "planrace.checker.engines.symbols",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
    ],
    "planrace.checker.engines.native": [
        "planrace.checker.engines.native",
        "planrace.checker.engines.answer",
        "planrace.checker.engines.explicit",
        "planrace.checker.semantics.packing",
        "planrace.checker.engines.limits",
        "planrace.checker.semantics.replay",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
    ],
    "planrace.checker.engines.symbolic": [
        "planrace.checker.engines.symbolic",
        "planrace.checker.engines.interrupts",
        "planrace.checker.engines.answer",
        "planrace.checker.semantics.interpreter",
        "planrace.checker.semantics.intervals",
        "planrace.checker.semantics.packing",
        "planrace.checker.engines.limits",
        "planrace.checker.semantics.replay",
        "planrace.checker.engines.symbols",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
        "planrace.properties.proof",
        "planrace.properties.schedule",
    ],
    "planrace.checker.engines.proof": [
        "planrace.checker.engines.interrupts",
        "planrace.checker.results.proof",
        "planrace.checker.advice.lint.undeclared",
        "planrace.checker.explain",
        "planrace.checker.engines.proof",
        "planrace.checker.results.matrix",
        "planrace.checker.engines.symbolic",
        "planrace.checker.engines.answer",
        "planrace.checker.engines.explicit",
        "planrace.checker.semantics.interpreter",
        "planrace.checker.engines.limits",
        "planrace.checker.semantics.replay",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
        "planrace.properties.proof",
        "planrace.checker.results.guard",
    ],
    "planrace.checker.engines.temporal": [
        "planrace.checker.engines.temporal",
        "planrace.checker.engines.answer",
        "planrace.checker.engines.explicit",
        "planrace.checker.semantics.interpreter",
        "planrace.checker.semantics.packing",
        "planrace.checker.engines.limits",
        "planrace.checker.engines.native",
        "planrace.checker.semantics.replay",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
        "planrace.checker.results.guard",
    ],
    "planrace.checker.engines.scenario": [
        "planrace.checker.engines.answer",
        "planrace.checker.engines.explicit",
        "planrace.checker.engines.scenario",
        "planrace.checker.semantics.interpreter",
        "planrace.checker.semantics.packing",
        "planrace.checker.engines.limits",
        "planrace.checker.semantics.replay",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
        "planrace.properties.scenario",
    ],
    "planrace.checker.explain": [
        "planrace.checker.explain",
        "planrace.checker.results.explanation",
        "planrace.checker.engines.answer",
        "planrace.checker.engines.explicit",
        "planrace.checker.semantics.interpreter",
        "planrace.checker.semantics.packing",
        "planrace.checker.engines.limits",
        "planrace.checker.semantics.replay",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
        "planrace.checker.results.guard",
    ],
    "planrace.checker.advice": [
        "planrace.checker.advice",
        "planrace.checker.engines.answer",
        "planrace.checker.engines.explicit",
        "planrace.checker.semantics.interpreter",
        "planrace.checker.semantics.packing",
        "planrace.checker.engines.limits",
        "planrace.checker.engines.native",
        "planrace.checker.results.blocks",
        "planrace.checker.engines.symbolic",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
    ],
    "planrace.checker.review.baseline": [
        "planrace.checker.review.baseline",
        "planrace.checker.run.protocols",
        "planrace.checker.engines.limits",
        "planrace.checker.report",
        "planrace.checker.run.run",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
    ],
    "planrace.checker.review.mutation": [
        "planrace.checker.review.mutation",
        "planrace.checker.results.explanation",
        "planrace.checker.engines.answer",
        "planrace.checker.run.engines",
        "planrace.checker.explain",
        "planrace.checker.semantics.interpreter",
        "planrace.checker.engines.limits",
        "planrace.checker.semantics.replay",
        "planrace.checker.report",
        "planrace.checker.run.run",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
    ],
    "planrace.checker.report": [
        "planrace.checker.results.trace",
        "planrace.checker.report",
        "planrace.checker.results.explanation",
        "planrace.checker.results.proof",
        "planrace.checker.results.matrix",
        "planrace.checker.results.report",
        "planrace.checker.results.guard",
    ],
    "planrace.checker.run.state_graph": [
        "planrace.checker.results.explanation",
        "planrace.checker.explain",
        "planrace.checker.semantics.interpreter",
        "planrace.checker.engines.limits",
        "planrace.checker.semantics.replay",
        "planrace.checker.report.trace.graphs",
        "planrace.checker.report.text.values",
        "planrace.model.language",
        "planrace.properties.kinds",
    ],
    "planrace.checker.run.walk": [
        "planrace.checker.engines.answer",
        "planrace.checker.semantics.interpreter",
        "planrace.checker.semantics.replay",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
    ],
    "planrace.checker.run.findings": [
        "planrace.checker.engines.answer",
        "planrace.checker.run.engines",
        "planrace.checker.explain",
        "planrace.checker.engines.limits",
        "planrace.checker.semantics.replay",
        "planrace.checker.engines.scenario",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
        "planrace.properties.scenario",
        "planrace.checker.results.guard",
        "planrace.checker.run.protocols",
    ],
    "planrace.checker.run.author_files": [],
    "planrace.checker.advice.lint.undeclared": ["planrace.checker.results.report", "planrace.model.language"],
    "planrace.checker.run.call_site": ["planrace.checker.run.author_files", "planrace.model.language"],
    "planrace.checker.run.protocols": [
        "planrace.checker.run.author_files",
        "planrace.checker.run.call_site",
        "planrace.checker.run.ranges",
        "planrace.model.language",
    ],
    "planrace.checker.run.listing": [
        "planrace.checker.run.engines",
        "planrace.checker.run.protocols",
        "planrace.model.language",
        "planrace.properties.kinds",
    ],
    "planrace.checker.api.proof_files": [
        "planrace.checker.engines.limits",
        "planrace.checker.engines.proof",
        "planrace.checker.report",
        "planrace.checker.results.matrix",
        "planrace.checker.results.report",
    ],
    "planrace.checker.api.render": ["checker"],
    "planrace.checker.run.ranges": [],
    "planrace.checker.run.engines": [
        "planrace.checker.run.explicit",
        "planrace.checker.run.ranges",
        "planrace.checker.engines.answer",
        "planrace.checker.engines.explicit",
        "planrace.checker.engines.limits",
        "planrace.checker.engines.native",
        "planrace.checker.engines.symbolic",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
    ],
    "planrace.checker.run.explicit": [
        "planrace.checker.engines.answer",
        "planrace.checker.run.engines",
        "planrace.checker.engines.explicit",
        "planrace.checker.semantics.intervals",
        "planrace.checker.engines.limits",
        "planrace.checker.engines.native",
        "planrace.checker.engines.temporal",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
        "planrace.checker.results.guard",
    ],
    "planrace.checker.run.scenario": [
        "planrace.checker.explain",
        "planrace.checker.engines.limits",
        "planrace.checker.run.findings",
        "planrace.checker.run.engines",
        "planrace.checker.semantics.interpreter",
        "planrace.checker.semantics.replay",
        "planrace.checker.engines.scenario",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.scenario",
        "planrace.checker.results.guard",
    ],
    "planrace.checker.plugin": ["checker", "planrace.model.language", "planrace.properties.kinds"],
    "planrace.checker.api.request": [
        "planrace.checker.run.engines",
        "planrace.checker.run.protocols",
        "planrace.model.language",
    ],
    "planrace.checker.plugin.fingerprint": ["planrace.model.language"],
    "planrace.checker.api.calls": [
        "checker",
        "planrace.model.language",
    ],
    "planrace.checker.run.run": [
        "planrace.checker.advice",
        "planrace.checker.advice.lint.undeclared",
        "planrace.checker.explain",
        "planrace.checker.run.findings",
        "planrace.checker.run.scenario",
        "planrace.checker.engines.proof",
        "planrace.checker.engines.answer",
        "planrace.checker.run.engines",
        "planrace.checker.engines.scenario",
        "planrace.checker.engines.limits",
        "planrace.checker.semantics.replay",
        "planrace.checker.results.report",
        "planrace.model.language",
        "planrace.properties.kinds",
        "planrace.properties.scenario",
        "planrace.checker.results.guard",
    ],
    "planrace.checker.cli": ["checker", "planrace.model.language"],
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
    "planrace.model.dns": "BASE dns endless fixed hands original",
    "planrace.model.patterns": "Ordered Timer Unordered clock crash duplicating lossy ordered timer unordered",
    "planrace.model.language": (
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
        words = inside(name, "planrace.checker.results.wording") and inside(module, "checker")
        assert words or any(inside(name, allowed) for allowed in MAY_IMPORT[room]), f"{module} imports {name}"


def test_the_rule_would_catch_an_engine_that_knows_the_protocol() -> None:
    assert not any(inside("planrace.model.dns", a) for a in MAY_IMPORT["planrace.checker.engines.explicit"])
    assert "planrace.checker.results.report" in imports(ROOT / "checker" / "report" / "json.py")


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names(name: str) -> None:
    module = importlib.import_module(name)
    assert sorted(module.__all__) == sorted(PUBLIC[name].split())
    assert all(hasattr(module, n) for n in module.__all__)


def test_files_can_be_read_in_one_sitting() -> None:
    files = [*FILES, *sorted((ROOT / "tests").glob("*.py"))]
    long = {module_of(f): n for f in files if (n := len(f.read_text().splitlines())) > 450}
    assert long == {}
