"""The Python API: for every command there is one function, which returns what the command reports.

It is small on purpose, and stable: ``tests/api/test_api.py`` tests its signatures.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from planrace.checker.api.request import (
    apart,
    check_settings,
    given_sizes,
    selected,
    subject_of,
    variant_for,
    with_variants,
)
from planrace.checker.report.html.notebook import paint
from planrace.checker.results.matrix import MatrixReport
from planrace.checker.results.notebook import painted_by
from planrace.checker.results.report import Report
from planrace.checker.results.reports import Reports
from planrace.checker.run.call_site import public
from planrace.checker.run.options import Options, check_number, check_numbers
from planrace.checker.run.ranges import RANGES
from planrace.checker.run.request import select_properties
from planrace.checker.run.run import run
from planrace.model.language import Instance, ModelError, Protocol, System, Variant

if TYPE_CHECKING:
    import networkx

    from planrace.checker.advice.forecast.forecast import Forecast
    from planrace.checker.advice.lint.finding import LintFindings
    from planrace.checker.api.project.template import CreatedProject
    from planrace.checker.report.text.comparison import Comparison
    from planrace.checker.results.conformance import ConformanceReport
    from planrace.checker.results.costs import CostTable
    from planrace.checker.results.driving import CoverReport, ReplayReport
    from planrace.checker.results.fixes import FixReport
    from planrace.checker.results.likelihood import Likelihood
    from planrace.checker.results.sweep import Sweep
    from planrace.checker.review.baseline.changes import Compared
    from planrace.checker.review.baseline.check_entry import Bounds
    from planrace.checker.review.baseline.entry import BaselineEntry
    from planrace.checker.review.gate.conditions import Establishment
    from planrace.checker.review.mutation.judge import Mutation
    from planrace.checker.review.postmortem.answers import Postmortem
    from planrace.checker.run.listing import Listing

Rendered: TypeAlias = (
    "Report | Reports | MatrixReport | FixReport | Comparison | Compared | BaselineEntry | Forecast | Likelihood | "
    "LintFindings | Listing | CostTable | Sweep | "
    "CoverReport | ReplayReport | ConformanceReport | Mutation | Establishment | Postmortem | "
    "CreatedProject | networkx.MultiDiGraph"
)
"""Everything that ``render`` accepts: the results of all functions here."""

painted_by(paint)


@public
def check(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    options: Options | None = None,
    **settings: Any,
) -> Report:
    """Check a protocol at one size, as ``check -p`` does; a name is as for the command (``file.py:attribute``).

    ``parameters`` gives sizes and options by name (others have their defaults). ``settings`` are sizes, or fields
    of ``Options``: ``check(fixed, plans=3, depth=20, properties=["safe"])``. The faults and protections of a ``System``
    are fixed. Raises ``ModelError`` if the request or the model is wrong.
    """
    subject = subject_of(protocol, "check")
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    sizes, more = apart(subject, settings, "check", ["parameters", *names, "options"])
    wanted = with_variants(protocol, replace(options or Options(), **more))
    return run(selected(subject, {**given_sizes(subject, parameters), **sizes}, **names), wanted)


@public
def check_project(
    path: str | Path | None = None,
    *,
    only: Sequence[str] = (),
    strict: bool = False,
    explain: bool = False,
    **settings: Any,
) -> Reports:
    """Run the checks of ``[tool.planrace]``, as ``check`` without a protocol does.

    ``path`` is a ``pyproject.toml``; by default the closest one with the section, from the working directory upwards.
    ``only`` are names of checks. ``settings`` are fields of ``Options`` that replace those of each check. A check that
    is wrong is a result, too. No artifacts are written. Raises ``ModelError`` if the section is wrong or there is none.
    """
    from planrace.checker.api.project.checks import run_checks
    from planrace.checker.api.project.read import required_project

    check_settings(settings, "check_project", ["path", "only", "strict", "explain"])
    project = required_project(path)
    return run_checks(project, project.selected(only), strict=strict, explain=explain, **settings)


@public
def prove(
    protocol: Protocol | Variant | str,
    parameters: Mapping[str, int] | None = None,
    *,
    properties: Sequence[str] = (),
    faults: Sequence[str] | None = None,
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    infer: bool = False,
    time_limit: float | None = None,
    rlimit: int = 3_000_000,
    dump_smt: str | Path | None = None,
    confirm: bool = False,
    cluster: str | None = None,
) -> Report:
    """Prove properties for every size that ``parameters`` leaves open, or find counterexamples on small instances, as
    ``check prove`` does. Without ``faults``, what holds is proved under as many faults as possible. ``infer`` searches
    for lemmas. ``time_limit`` limits the seconds, ``rlimit`` Z3's steps in a query. ``dump_smt`` is a directory for
    the obligations; with ``confirm`` cvc5 checks them, and the report's ``confirmation`` has the result. With a
    ``cluster`` (``local``, ``auto`` or ``ray://…``), each task of its machines proves a property.
    Raises ``ModelError`` and ``OutputError``."""
    from planrace.checker.api.proofs import ProofRun

    work = ProofRun(dump_smt, confirm=confirm, time_limit=time_limit, rlimit=rlimit, cluster=cluster)
    subject = variant_for(protocol, "prove")
    names = {"with_protections": with_protections, "without": without}
    report = work.prove(subject, parameters, properties, faults=faults, **names, infer=infer)
    work.write()
    return report


@public
def matrix(
    protocol: Protocol | Variant | str = "fixed",
    parameters: Mapping[str, int] | None = None,
    *,
    time_limit: float | None = None,
    rlimit: int = 3_000_000,
    dump_smt: str | Path | None = None,
    confirm: bool = False,
) -> MatrixReport:
    """Every set of protections × every safety property × every set of faults, decided for every size that
    ``parameters`` leaves open, as ``check prove --all`` does; the other arguments are those of ``prove``. Raises
    ``ModelError`` and ``OutputError``."""
    from planrace.checker.api.proofs import ProofRun

    work = ProofRun(dump_smt, confirm=confirm, time_limit=time_limit, rlimit=rlimit)
    report = work.table(variant_for(protocol, "matrix"), parameters)
    work.write()
    return report


@public
def explained(options: Options | None = None, *, beside: Protocol | Variant | str | None = None) -> Options:
    """The options with full explanations of traces, as for pages; ``beside`` is a variant to compare traces with."""
    other = variant_for(beside, "beside") if beside is not None else None
    return replace(options or Options(), explain=True, beside=other)


@public
def render(report: Rendered, format: str = "text", *, trace: str | None = None) -> str:  # noqa: A002
    """The result of any function here, in one of its formats. A ``Report`` has the formats of ``check explain``;
    results of ``compare`` and ``compare_baseline`` have text, json and markdown (for a comment on a pull request);
    state graphs have dot and graphml; all others have the formats of the command: text, and json, html and those for CI
    if the command has them.

    For formats of a ``Report`` that show a single run, ``trace`` names the property; the default is the first run.
    Raises ``ValueError`` for a format that does not exist, and ``NoTraceError`` if there is no run."""
    from planrace.checker.api.render import formats_of

    formats = formats_of(report, trace)
    if format not in formats:
        raise ValueError(f"{format!r} is not a format of a {type(report).__name__}; there are {', '.join(formats)}")
    return formats[format]()


@public
def save(report: Rendered, path: str | Path, format: str | None = None, *, trace: str | None = None) -> None:  # noqa: A002
    """Write the result of any function here to a file, completely or not at all. The default of ``format`` is given by
    the path's ending (``page.html``), or is JSON if it has none. Raises ``OutputError``, and ``ValueError`` for an
    ending without a format."""
    from planrace.checker.api.render import format_of
    from planrace.checker.report.output import write_whole

    write_whole(path, render(report, format or format_of(report, path), trace=trace))


@public
def load(path: str | Path) -> Report:
    """The report that ``save`` or the command wrote as JSON, a run that ``check walk`` saved, or a trace in ITF
    (``run.itf.json``). Raises ``ReadError``."""
    from planrace.checker.report.json.read import is_itf, read_itf_report, read_report

    return read_itf_report(str(path)) if is_itf(Path(path)) else read_report(path)


@public
def compare(before: Report, after: Report) -> Comparison:
    """The differences between two reports, as in ``check compare``. Raises ``ModelError`` if only one of them is a run
    that ``check walk`` saved."""
    return compare_named(before, after, ("before", "after"))


def compare_named(before: Report, after: Report, named: tuple[str, str]) -> Comparison:
    """``compare``, with names of the two reports for errors."""
    from planrace.checker.report.text.comparison import compare as compared

    saved = [name for report, name in zip((before, after), named, strict=True) if report.is_saved_run]
    if len(saved) == 1:
        (other,) = set(named) - set(saved)
        remedy = "compare two reports, or two saved runs"
        raise ModelError(f"{saved[0]} is a saved run and {other} a report", remedy=remedy)
    return compared(before, after)


@public
def mutate(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    actions: Sequence[str] = (),
    options: Options | None = None,
) -> Mutation:
    """Drop or weaken every guard, effect, outcome, action and protection in turn, and find which property notices, as
    ``check mutate`` does; ``score`` is the share of mutants that are noticed. ``actions``: only mutants of these.
    Raises ``ModelError``, also if the protocol itself is undecided within the limits of ``options``."""
    from planrace.checker.review.mutation.judge import mutate as judged

    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "mutate"), parameters, **names)
    return judged(selection, actions, options)


@public
def establish(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    violated: Sequence[str] = (),
    accepted: Sequence[str] = (),
    at_least: float = 80.0,
    every_size: bool = False,
    options: Options | None = None,
) -> Establishment:
    """Whether a protocol is established, as ``check establish`` judges it: every property is decided by a complete
    search and has its expected verdict, at least so many per cent of all mutants are noticed, no warning or finding of
    lint is open, and the model does something. What is undecided is never established.

    ``violated`` are properties that are meant to be violated; ``accepted`` are warnings and findings that you accept,
    each as ``"kind: subject"``. With ``every_size``, whatever can be proved for every size must be, too; if nothing can
    be, the answer is undecided.
    ``options.time_limit`` is for all of it. Raises ``ModelError``."""
    from planrace.checker.api.establish import establish as judged
    from planrace.checker.review.gate.conditions import GateRequest

    check_number("at_least", at_least, RANGES["at_least"])
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "establish"), parameters, **names)
    request = GateRequest(tuple(violated), tuple(accepted), at_least, every_size)
    return judged(selection, request, options)


@public
def lint(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
) -> LintFindings:
    """What the author of a model may have overlooked, as in ``check lint``: a tuple of findings. Raises
    ``ModelError``."""
    from planrace.checker.advice.lint.lint import lint as linted

    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "lint"), parameters, **names)
    return linted(selection.subject, selection.instance, selection.with_all_faults)


@public
def forecast(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    properties: Sequence[str] = (),
    symmetry: bool | None = None,
    sample: int = 20_000,
    seconds: float = 15.0,
    node_memory: int = 16 * 2**30,
    explain: bool = False,
) -> Forecast:
    """Forecast the states, time and memory of a complete search, as ``check forecast`` does. ``sample`` limits the
    states of each sample search; no further search is started after ``seconds``; ``node_memory`` is the memory in bytes
    of one of several machines. With ``explain``, ``explosion`` of the forecast explains why there are so many states.
    Raises ``ModelError``."""
    from planrace.checker.advice.budget import SearchBudget
    from planrace.checker.advice.forecast.explosion import explain_explosion
    from planrace.checker.advice.forecast.forecast import forecast as made

    check_numbers(sample=sample)
    check_number("node_memory", node_memory, RANGES["node_memory"])
    check_number("seconds", seconds, RANGES["total"])
    instance = instance_of(protocol, parameters, faults=faults, with_protections=with_protections, without=without)
    checked, _ = select_properties(instance.system, properties)
    began, budget = time.monotonic(), SearchBudget(states=sample, total=0.75 * seconds if explain else seconds)
    found = made(instance, checked, budget, symmetric=symmetry, node_memory=node_memory)
    if not explain:
        return found
    left = max(seconds / 4, began + seconds - time.monotonic())
    return replace(found, explosion=explain_explosion(instance, checked, replace(budget, total=left)))


@public
def save_baseline(
    path: str | Path,
    protocol: str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    properties: Sequence[str] = (),
    symmetry: bool | None = None,
    slicing: bool = True,
    max_states: int | None = None,
    bounds: Bounds | None = None,
) -> BaselineEntry:
    """Check a protocol and write the results into a baseline file, as ``check baseline save`` does; other entries are
    kept. ``max_states`` is stored in the file; ``bounds`` depend on the machine and are not. Raises ``ModelError``,
    also if something is undecided: then nothing is written."""
    from planrace.checker.api.baseline import BaselineFile
    from planrace.checker.review.baseline.entry import BaselineRequest

    names = {"faults": faults, "with_protections": with_protections, "without": without, "properties": properties}
    ordered: dict[str, Any] = {what: tuple(sorted(set(given))) for what, given in names.items()}
    request = BaselineRequest(
        protocol,
        given_sizes(subject_of(protocol, "save_baseline"), parameters),
        **ordered,
        max_states=max_states,
        symmetry=symmetry,
        slicing=slicing,
    )
    return BaselineFile(path, new=True).put(request, bounds)


@public
def renew_baseline(path: str | Path, *, bounds: Bounds | None = None) -> tuple[BaselineEntry, ...]:
    """Check every entry of a baseline file again and write the new results, as ``check baseline save`` without a
    protocol does. Raises ``ModelError``, also if something is undecided, and ``ReadError``: then nothing is
    written."""
    from planrace.checker.api.baseline import BaselineFile

    return BaselineFile(path).renew(bounds)


@public
def compare_baseline(path: str | Path, *, only: Sequence[str] = (), bounds: Bounds | None = None) -> Compared:
    """Check every entry of a baseline file again and return what changed in each, as ``check baseline compare`` does.
    ``render`` turns the result into a comment for a pull request (``markdown``). ``only`` names protocols, or entries
    by their first line. Raises ``ModelError`` and ``ReadError``."""
    from planrace.checker.api.baseline import compare_entries

    return compare_entries(path, only, bounds)


@public
def listing(protocols: Sequence[str] = (), *, steps: bool = False) -> Listing:
    """Protocols, by default the built-in ones, with parameters, options, protections, faults, properties and scenarios;
    and the engines, as ``check list`` prints them. With ``steps``, also the steps of each: guard, outcomes and updates.
    Raises ``ModelError``."""
    from planrace.checker.run.listing import listing as found

    return found(protocols, steps=steps)


@public
def state_graph(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    max_states: int = 2000,
) -> networkx.MultiDiGraph:
    """The whole state graph of a small instance, as ``check graph`` draws it. Raises ``ModelError`` if there are
    more than ``max_states`` states."""
    from planrace.checker.run.state_graph import state_graph as drawn

    check_number("max_states", max_states, RANGES["most"])
    instance = instance_of(protocol, parameters, faults=faults, with_protections=with_protections, without=without)
    return drawn(instance, instance.system.properties, max_states)


@public
def instance_of(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Instance:
    """The instance of a protocol for these choices, for example for ``Walk``. Raises ``ModelError``."""
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    return selected(subject_of(protocol, "instance_of"), parameters, **names).instance
