"""Published specifications in our own words have the published counts, steps and levels, and the verdicts of their
texts; small ones by three searches. Their liveness needs the fairness that they name."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import pytest

from planrace.checker import Options, Report, check, find
from planrace.checker.engines.temporal.liveness import LivenessChecker
from planrace.checker.run.protocols import names_in
from planrace.properties import Liveness
from planrace.properties.members import members
from tests import ROOT, naive
from tests.engines.temporal.made import searched as searched_graph
from tests.ground_truth.published import FOLDER, MODELS, Published

SMALL = [m for m in MODELS if m.states < 2_000]
MIDDLE = [m for m in MODELS if 2_000 <= m.states < 500_000]
LARGE = [m for m in MODELS if m.states >= 500_000]
FAIR = sorted({m.name: m for m in MODELS if any(isinstance(p, Liveness) for p in find(m.name).system().properties)})


def searched(
    model: Published, engine: str = "auto", *, symmetry: bool | None = False, asked: tuple[str, ...] = ()
) -> Report:
    """A complete search; ``asked``: of these properties only."""
    options = Options(engine=engine, properties=asked, exhaustive=True, slicing=False, symmetry=symmetry)
    return check(model.name, model.sizes, options=options)


def counts(report: Report) -> tuple[int, int, int]:
    covered = report.exploration
    assert covered is not None
    assert covered.complete
    return covered.states, covered.transitions, covered.depth


def as_published(model: Published, report: Report) -> None:
    """All verdicts are those of the text."""
    assert report.findings
    for f in report.findings:
        wanted = ("violated", model.violated[f.name]) if f.name in model.violated else ("holds", None)
        assert (f.verdict.word, f.depth if f.verdict.word == "violated" else None) == wanted, f.name
    assert not [w for w in report.warnings if w.strict]


@pytest.mark.parametrize("model", SMALL, ids=str)
def test_small_ones_by_three_searches(model: Published) -> None:
    if model.states < 1_000:  # the others take it seconds
        found = naive.search(model.instance())
        assert (found.states, found.transitions, found.depth) == model.counts
    assert len(naive.initials(model.instance())) == model.initial
    for engine, asked in (("explicit", ()), ("native", model.asked(temporal=False))):
        report = searched(model, engine, asked=asked)
        assert counts(report) == model.counts, engine
        as_published(model, report)


@pytest.mark.parametrize("model", MIDDLE, ids=str)
def test_middle_ones(model: Published) -> None:
    report = searched(model, asked=model.asked(temporal=False))
    assert counts(report) == model.counts
    as_published(model, report)


@pytest.mark.long("published counts of more than half a million states")
@pytest.mark.parametrize("model", LARGE, ids=str)
def test_large_ones(model: Published) -> None:
    report = searched(model)
    assert counts(report) == model.counts
    as_published(model, report)


@pytest.mark.long("liveness and refinement of published specifications with thousands of states")
@pytest.mark.parametrize("model", [m for m in MIDDLE if m.asked(temporal=False) != m.asked(temporal=True)], ids=str)
def test_temporal_properties_of_middle_ones(model: Published) -> None:
    as_published(model, searched(model, symmetry=None))  # one member is asked of those that are interchangeable


@pytest.mark.parametrize("model", [m for m in MODELS if m.symmetric], ids=str)
def test_states_up_to_symmetry(model: Published) -> None:
    assert counts(searched(model, symmetry=True))[0] == model.symmetric


@pytest.mark.parametrize("name", FAIR, ids=lambda n: n.rpartition("/")[2])
def test_liveness_needs_its_fairness(name: str) -> None:
    """Where nothing has to happen, no promise is kept."""
    system = find(name).system()
    actions = {n: replace(a, fairness="none") for n, a in system.actions.items()}
    lazy = replace(system, actions=actions, fairness=())
    sizes = {p.name: min(p.default, 2) for p in system.parameters}
    instance = lazy.instance(**sizes)
    search, make = searched_graph(instance)
    every = [q for p in system.properties for q in (members(instance, p) or (p,))]
    asked = [p for p in every if isinstance(p, Liveness)]
    verdicts = {p.name: LivenessChecker(search, make).answer(p).verdict.word for p in asked}
    assert verdicts == dict.fromkeys(verdicts, "violated")


def test_every_file_is_published() -> None:
    """No protocol of the folder is without its published count."""
    there = {name for file in FOLDER.glob("*.py") for name in names_in(str(file))}
    imported = {f":{file.stem}" for file in FOLDER.glob("*.py")}
    assert {m.name for m in MODELS} == {n for n in there if n[n.rindex(":") :] not in imported}
    assert len({m.file for m in MODELS}) >= 16
    assert len({str(m) for m in MODELS}) == len(MODELS)


def test_what_differs_from_tlc_is_explained() -> None:
    for m in MODELS:
        assert (m.transitions is None) == (m.why is None), m
        assert m.transitions is None or m.transitions != m.generated - m.initial, m


def test_the_page_has_the_published_numbers() -> None:
    page = (ROOT / "docs" / "ground-truth.md").read_text()
    for m in MODELS:
        states, taken, _ = m.counts
        steps = f"{taken:,}" if m.transitions is None else f"{taken:,}; TLC {m.generated - m.initial:,}"
        file = f"`{m.file}.py`" if m.attribute == "protocol" else f"`{m.file}.py`, `{m.attribute}`"
        assert f"\n| {m.title} | {file} | {states:,} | {steps} | `{m.spec.removesuffix('.tla')}` |\n" in page
    assert len(re.findall(r"^\| .*`\w+/\w+` \|$", page, re.MULTILINE)) == len(MODELS)


@pytest.mark.parametrize("file", sorted({m.file for m in MODELS}))
def test_the_story_names_its_source_and_its_command(file: str) -> None:
    """The docstring tells the published count and where it is from, and how to repeat it."""
    story = ast.get_docstring(ast.parse((FOLDER / f"{file}.py").read_text()))
    assert story is not None
    mine = [m for m in MODELS if m.file == file]
    for m in mine:
        assert f"{m.states:,}" in story
        assert m.symmetric is None or f"{m.symmetric:,}" in story
    folder, _ = mine[0].spec.split("/")
    assert re.search(rf"Source: .*the folder\s{folder}\s", story, re.DOTALL)
    for words in (line.split() for line in story.splitlines() if line.startswith("    check ")):
        assert find(next(w for w in words if w.startswith("examples/")).replace("examples", f"{ROOT}/examples", 1))


def test_the_comparison_is_of_all_of_them() -> None:
    page = (ROOT / "docs" / "comparison.md").read_text()
    table = page.partition("## Published specifications\n")[2]
    said = re.findall(r"^\| ([^|]+) \| ([\d,]+) \| [\d.]+ \| [\d.]+ \|", table, re.MULTILINE)
    assert said == [(m.title, f"{m.states:,}") for m in MODELS]
