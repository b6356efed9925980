"""The public calls: their signatures, and that they say what the command says."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import planrace
from planrace import checker
from planrace.checker import (
    Options,
    Report,
    Verdict,
    Walk,
    check,
    compare,
    compare_baseline,
    costs,
    explained,
    find,
    forecast,
    instance_of,
    likelihood,
    lint,
    listing,
    load,
    matrix,
    mutate,
    prove,
    render,
    renew_baseline,
    save,
    save_baseline,
    sweep,
)
from planrace.checker.api.render import RENDERED
from planrace.checker.cli.main import run
from planrace.checker.report.formats import FORMATS, NoTraceError
from planrace.checker.review.baseline.check_entry import Bounds
from planrace.model.language import ModelError, Place, Protocol, Step, boolean, step, taken, update, when
from planrace.properties import reachable
from tests import ROOT
from tests.api.signatures import SIGNATURES

SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
ASKED = ["-p", "original", *(w for n, v in SMALL.items() for w in ("-s", f"{n}={v}"))]


@pytest.fixture(scope="module")
def report() -> Report:
    return check("original", SMALL, options=explained(beside="fixed"))


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_stay(name: str) -> None:
    signature = inspect.signature(getattr(checker, name))
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    assert str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty)) == SIGNATURES[name]
    assert (getattr(checker, name).__doc__ or "").strip()


def test_every_call_is_pinned() -> None:
    calls = {n for n in dir(checker) if inspect.isfunction(getattr(checker, n))}
    assert calls == set(SIGNATURES)


def test_names_and_objects_are_the_same() -> None:
    for subject in (find("original"), find("original").system()):
        found = check(subject, SMALL, options=Options(properties=("plans-never-regress",)))
        assert found.findings[0].depth == 10
    assert check("original", SMALL, options=Options(properties=("plans-never-regress",))).findings[0].depth == 10


def test_what_the_command_writes_is_what_the_call_returns(
    report: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*ASKED, "--format", f"json:{tmp_path / 'r.json'}"]) == 1
    capsys.readouterr()
    theirs = load(tmp_path / "r.json")
    still = [
        replace(r, exploration=replace(r.exploration, seconds=0.0, peak_memory_bytes=0))  # type: ignore[type-var]
        for r in (report, theirs)
    ]
    assert json.loads(render(still[0], "json")) == json.loads(render(still[1], "json"))
    assert not compare(report, theirs).changed


def test_every_format_is_rendered_and_saved(report: Report, tmp_path: Path) -> None:
    for form in FORMATS:
        text = render(report, form)
        save(report, tmp_path / form, form)
        assert text
        saved, rendered = (re.sub('timestamp="[^"]*"', "", t) for t in ((tmp_path / form).read_text(), text))
        assert saved == rendered  # but for the second in which it was written
    assert render(report, "mermaid", trace="plans-never-regress") != render(report, "mermaid")
    assert load(tmp_path / "json").verdict is report.verdict
    with pytest.raises(ValueError, match="'pdf' is not a format of a Report; there are text, json"):
        render(report, "pdf")
    with pytest.raises(NoTraceError):
        render(report, "svg", trace="nobody")


def test_the_last_line_is_that_of_the_command(
    report: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never 0 for what is violated or undecided, whoever writes the text."""
    assert render(report).splitlines()[-1] == "verdict: violated (exit 1)"
    save(report, tmp_path / "r.txt", format="text")
    assert (tmp_path / "r.txt").read_text().splitlines()[-1] == "verdict: violated (exit 1)"
    save(report, tmp_path / "r.json")
    assert run(["explain", str(tmp_path / "r.json")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "verdict: violated (exit 1)"
    undecided = check("fixed", SMALL, options=Options(max_states=5))
    assert render(undecided).splitlines()[-1] == "verdict: unknown (exit 3)"
    assert render(replace(undecided, interrupted=True)).splitlines()[-1] == "verdict: unknown (exit 130)"
    assert render(check("fixed", SMALL)).splitlines()[-1] == "verdict: holds (exit 0)"


def test_a_verdict_is_shown_as_its_word(report: Report) -> None:
    assert str(report.verdict) == f"{report.verdict}" == "violated"
    assert f"{Verdict.HOLDS:>7}" == "  holds"
    assert min(Verdict.UNKNOWN, Verdict.VIOLATED) is Verdict.VIOLATED


def test_sizes_and_options_are_keywords_as_in_the_fixture() -> None:
    found = check("original", SMALL, plans=2, depth=3, properties=["plans-never-regress"])
    assert found.parameters["plans"] == 2
    assert [f.name for f in found.findings] == ["plans-never-regress"]
    assert found.verdict is Verdict.UNKNOWN
    assert check("original", SMALL, options=Options(depth=30), depth=3).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: check("fixed", faults="crash"), "faults='crash' is not a list of names (write faults=['…'])"),
        (lambda: check("fixed", properties="x"), "properties='x' is not a list of names (write properties=['…'])"),
        (lambda: lint("fixed", without="x"), "without='x' is not a list of names"),
        (lambda: prove("fixed", properties="x"), "properties='x' is not a list of names"),
        (lambda: listing("fixed"), "protocols='fixed' is not a list of names"),
        (lambda: forecast("fixed", properties="x"), "properties='x' is not a list of names"),
        (lambda: check(3), "check needs a protocol, not int 3 (pass a Protocol, "),  # type: ignore[arg-type]
        (lambda: prove(3), "prove needs a protocol, not int 3"),  # type: ignore[arg-type]
        (lambda: prove(find("fixed").system()), "not a System (pass the one that made"),  # type: ignore[arg-type]
        (lambda: check("fixed", plan=3), "check has no keyword 'plan', and fixed has no such size (did you mean plans"),
        (lambda: check("fixed", with_=["x"]), "(did you mean with_protections?)"),
        (
            lambda: check("fixed", timeout=3),
            "check has no keyword 'timeout', and fixed has no such size (did you mean time_limit?)",
        ),
        (
            lambda: check("fixed", states=3),
            "has no keyword 'states', and fixed has no such size (did you mean max_states?)",
        ),
        (lambda: check("fixed", engine="sat"), "no engine is called 'sat' (there are: auto, explicit, native"),
        (lambda: matrix("fxed"), "no protocol is called 'fxed' (did you mean fixed?)"),
        (lambda: find("fxed"), "no protocol is called 'fxed' (did you mean fixed?)"),
        (lambda: mutate("fixed", faults=["crsh"]), "no fault of dns is called 'crsh' (did you mean crash"),
        (lambda: instance_of("fixed", {"plan": 1}), "(did you mean plans"),
        (lambda: explained(beside="fxed"), "(did you mean fixed?)"),
        (lambda: checker.state_graph("fxed"), "(did you mean fixed?)"),
        (lambda: save_baseline("no.json", "fxed"), "(did you mean fixed?)"),
    ],
)
def test_a_wrong_request_is_reported_with_its_place_and_remedy(call: Callable[[], object], says: str) -> None:
    with pytest.raises(ModelError) as caught:
        call()
    assert says in str(caught.value)
    assert caught.value.where == Place(__file__, call.__code__.co_firstlineno)


def test_options_want_lists() -> None:
    with pytest.raises(ModelError, match="properties='x' is not a list of names"):
        Options(properties="x")  # type: ignore[arg-type]


def test_the_ending_of_a_file_is_its_form(report: Report, tmp_path: Path) -> None:
    for name in ("page.html", "run.itf.json", "report.json", "report", "a.svg", "a.txt"):
        save(report, tmp_path / name)
    assert (tmp_path / "page.html").read_text() == render(report, "html")
    assert (tmp_path / "run.itf.json").read_text() == render(report, "itf")
    assert (tmp_path / "report").read_text() == (tmp_path / "report.json").read_text() == render(report, "json")
    with pytest.raises(ValueError, match=r"no format of a Report has files that end with '.pdf'; name a format: text"):
        save(report, tmp_path / "a.pdf")


def test_what_there_is_can_be_listed() -> None:
    assert {"check", "Protocol", "invariant"} <= set(dir(planrace))


def test_proofs() -> None:
    found = prove("fixed", properties=["plans-never-regress"])
    assert found.verdict.word == "holds"
    assert found.every_size
    refuted = prove("original", properties=["plans-never-regress"])
    assert refuted.verdict.word == "violated"
    with pytest.raises(ModelError):
        prove("fixed", {"nobody": 1})
    assert matrix(find("fixed"), time_limit=0.0).undecided > 0


def test_walking() -> None:
    walk = Walk(instance_of("original", SMALL, faults=["crash"]), seed=1)
    walk.wander(5)
    assert len(walk.trace) == 5
    assert "crash" in walk.instance.system.faults
    assert checker.state_graph("original", {**SMALL, "enactors": 1, "plans": 1}).number_of_nodes() > 5


def test_notebooks_show_reports_and_runs(report: Report) -> None:
    text = report._repr_html_()
    assert text is not None
    assert "violated" in text
    assert "Cause:" in text
    trace = report.findings[0].trace
    assert trace is not None
    listed = trace._repr_html_()
    assert listed is not None
    assert listed.count("<li>") == len(trace)
    assert "▶" not in listed
    for said in ("in 12 steps", "lock[1]: none → 2", "▶ <i>enactor 2 (cleaner)</i>", "reached in 11 steps"):
        assert said in text
    assert "<p></p>" not in text
    assert "never ends as" in text  # what the report warns of
    bad = replace(trace, steps=(replace(trace.steps[0], text="<script>alert(1)</script>", by="<b>"), *trace.steps[1:]))
    shown = bad._repr_html_()
    assert shown is not None
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    hostile = replace(report, protocol="<img src=x>")._repr_html_()
    assert hostile is not None
    assert "<img" not in hostile


def test_at_the_prompt_an_answer_is_a_line(report: Report) -> None:
    text = repr(report)
    assert text.startswith("<Report original: violated; active-plan-never-deleted: violated in 12 steps, ")
    assert text.endswith("cleanup-deletes: holds in 11 steps>")
    assert repr(report.findings[0]) == "<Finding active-plan-never-deleted: violated in 12 steps>"
    assert repr(report.findings[0].trace).startswith("<Trace in 12 steps: publish, pick_up, ")


def test_advice_is_what_the_command_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["forecast", *ASKED, "--format", "json"]) == 0
    told, made = json.loads(capsys.readouterr().out), forecast("original", SMALL)
    assert made.states is not None
    assert told["states"]["low"] == made.states.low == made.at_least
    assert lint("fixed") == ()
    broken = Protocol("broken")
    broken.variable("idle", boolean(), False)
    used = broken.variable("used", boolean(), False)

    @broken.action(by="a")
    def flip() -> Step:
        return step(when(~used), update(used, True))

    broken.declare(reachable("flips", taken("flip"), "it flips"))
    assert [x.subject for x in lint(broken) if x.kind == "never read"] == ["idle"]


def test_baselines_are_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    entry = save_baseline(mine, "original", SMALL, properties=["plans-never-regress"])
    save_baseline(mine, "fixed", SMALL, faults=["lock-expiry"])
    assert run(["baseline", "save", *ASKED, "--property", "plans-never-regress", "-o", str(theirs)]) == 0
    words = [w for w in ASKED if w not in ("-p", "original")]
    assert run(["baseline", "save", "-p", "fixed", *words, "--fault", "lock-expiry", "-o", str(theirs)]) == 0
    assert mine.read_text() == theirs.read_text()
    assert [c.title for c in compare_baseline(mine)][1] == entry.title
    assert all(c.same for c in compare_baseline(mine))
    mine.write_text(mine.read_text().replace("violated, 10 steps", "violated, 11 steps"))
    assert [c.depths[0].before for c in compare_baseline(mine) if not c.same] == ["11 steps"]


def test_renewing_and_comparing_some_entries(tmp_path: Path) -> None:
    file = tmp_path / "planrace.baseline"
    save_baseline(file, "original", SMALL, properties=["plans-never-regress"], max_states=5000, symmetry=False)
    save_baseline(file, "fixed", SMALL)
    there = file.read_text()
    assert "--max-states 5000 --no-symmetry" in there
    file.write_text(there.replace("violated, 10 steps", "violated, 11 steps"))
    (found,) = compare_baseline(file, only=["original"])
    assert found.depths[0].before == "11 steps"
    with pytest.raises(ModelError, match="entry of"):
        compare_baseline(file, only=["orignal"])
    assert len(renew_baseline(file)) == 2
    assert file.read_text() == there
    undecided = Bounds(time_limit=0.0)
    with pytest.raises(ModelError, match="so nothing is saved"):
        renew_baseline(file, bounds=undecided)
    assert file.read_text() == there


def results(tmp_path: Path) -> dict[str, Any]:
    """What every call returns, on something small."""
    lease = str(ROOT / "examples" / "lease.py")
    one = {"workers": 1, "leases": 1}
    file = tmp_path / "planrace.baseline"
    entry = save_baseline(file, f"{lease}:fixed", one)
    broken, fixed = check(f"{lease}:protocol"), check(f"{lease}:fixed")
    return {
        "check": broken,
        "prove": prove(f"{lease}:fixed"),
        "matrix": matrix(f"{lease}:fixed", one),
        "compare": compare(broken, fixed),
        "mutate": mutate(f"{lease}:fixed", one),
        "lint": lint(f"{lease}:fixed"),
        "forecast": forecast(f"{lease}:fixed", one, explain=True),
        "likelihood": likelihood(f"{lease}:fixed", one),
        "sweep": sweep(f"{lease}:fixed", {"workers": 1}, vary={"leases": (1,)}),
        "costs": costs("fixed", {"enactors": 2, "endpoints": 1, "plans": 2}, each=False),
        "save_baseline": entry,
        "compare_baseline": compare_baseline(file),
        "listing": listing([f"{lease}:fixed"]),
        "state_graph": checker.state_graph(f"{lease}:fixed", one, faults=["crash"]),
    }


def test_whatever_is_returned_can_be_rendered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the words of the command; what is no report has no JSON where the command has none."""
    made = results(tmp_path)
    texts = {name: render(one) for name, one in made.items() if name != "state_graph"}
    assert "verdict: violated (exit 1)" in texts["check"]
    assert "verdict: holds (exit 0)" in texts["prove"]
    assert "(exit 0)" in texts["matrix"]
    assert "verdicts: changed (exit 1)" in texts["compare"]
    assert "mutants killed (exit " in texts["mutate"]
    assert "nothing found (exit 0)" in texts["lint"]
    assert "What multiplies the states" in texts["forecast"]
    assert texts["save_baseline"] == (tmp_path / "planrace.baseline").read_text()
    assert "baseline: the same (exit 0)" in texts["compare_baseline"]
    assert run(["list", "-p", made["listing"].protocols[0].name]) == 2
    capsys.readouterr()
    for name in (
        "check",
        "prove",
        "matrix",
        "compare",
        "mutate",
        "lint",
        "forecast",
        "likelihood",
        "costs",
        "sweep",
        "compare_baseline",
    ):
        assert json.loads(render(made[name], "json"))["schema"].startswith("planrace/"), name
    for name in ("compare", "compare_baseline"):
        assert render(made[name], "markdown").startswith("### ")
    assert render(made["state_graph"], "dot").startswith("digraph")
    save(made["compare"], tmp_path / "comment.md")
    assert (tmp_path / "comment.md").read_text() == render(made["compare"], "markdown")
    save(made["state_graph"], tmp_path / "graph")
    assert (tmp_path / "graph").read_text() == render(made["state_graph"], "dot")
    with pytest.raises(ValueError, match=r"no format of a LintFindings has files that end with '.html'; name a"):
        save(made["lint"], tmp_path / "lint.html")
    with pytest.raises(ValueError, match="'sarif' is not a format of a Comparison; there are text, json, markdown"):
        render(made["compare"], "sarif")
    with pytest.raises(TypeError, match="int is not a result that can be rendered"):
        render(3)


def test_everything_that_calls_return_is_known_to_render() -> None:
    """A call whose result nobody can render would be one that the command can do and Python cannot."""
    known = set(RENDERED)
    for name in SIGNATURES:
        returned = inspect.signature(getattr(checker, name)).return_annotation
        inner = re.sub(r"tuple\[(\w+), \.\.\.\]", r"\1", str(returned)).rpartition(".")[2]
        assert inner in known | {"Options", "Instance", "Variant", "str", "None", "type[RuleBasedStateMachine]"}, name


def test_the_listing_is_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list"]) == 0
    assert capsys.readouterr().out == render(listing())
    original = listing().protocols[0]
    assert [p.name for p in original.parameters] == ["enactors", "endpoints", "plans", "keep"]
    assert original.on == ()
    assert "crash" in original.faults
    lease = str(ROOT / "examples" / "lease.py")
    assert [p.name for p in listing([lease]).protocols] == [
        p.name for p in listing([f"{lease}:protocol", f"{lease}:fixed"]).protocols
    ]


def test_obligations_are_written_and_confirmed(tmp_path: Path) -> None:
    lease = str(ROOT / "examples" / "lease.py") + ":fixed"
    report = prove(lease, dump_smt=tmp_path / "smt", confirm=True)
    there = list((tmp_path / "smt").glob("*.smt2"))
    assert report.confirmation is not None
    assert report.confirmation.solver.startswith("cvc5")
    assert (report.confirmation.asked, report.confirmation.doubted) == (len(there), ())
    assert there
    assert report
    doubted = replace(report, confirmation=replace(report.confirmation, doubted=(("one", "unknown"),)))
    assert doubted.verdict.word == "holds"
    assert not doubted
    assert doubted.exit_code == 3
    assert "Not confirmed by the second solver: one: unknown." in render(doubted)
    save(doubted, tmp_path / "doubted.json")
    assert load(tmp_path / "doubted.json").exit_code == 3
    assert render(doubted).endswith("verdict: holds (exit 3)\n")
    assert prove("fixed", properties=["plans-never-regress"], rlimit=1).verdict.word == "unknown"
    table = matrix(lease, {"workers": 1, "leases": 1}, confirm=True)
    assert table.confirmation is not None
    assert table.confirmation.doubted == ()
    assert table.exit_code == 0
    assert replace(table, confirmation=doubted.confirmation).exit_code == 3
