"""What Python code calls: everything that the command does is one call here that returns what it reports.

Small on purpose, and stable: ``tests/api/test_api.py`` holds it to its signatures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from planrace.checker.api.request import apart, beside_of, chosen, subject_of
from planrace.checker.report.html.notebook import paint
from planrace.checker.results.matrix import MatrixReport
from planrace.checker.results.notebook import painted_by
from planrace.checker.results.report import Report
from planrace.checker.run import run, selection
from planrace.checker.run.call_site import public
from planrace.checker.run.options import Options, check_number, check_numbers
from planrace.checker.run.ranges import RANGES
from planrace.model.language import Instance, ModelError, Protocol, System, Variant

if TYPE_CHECKING:
    import networkx

    from planrace.checker.advice.forecast.forecast import Forecast
    from planrace.checker.advice.lint.finding import LintFindings
    from planrace.checker.report.text.comparison import Comparison
    from planrace.checker.review.baseline.changes import Compared
    from planrace.checker.review.baseline.entry import BaselineEntry, BaselineRequest
    from planrace.checker.review.baseline.take import Bounds
    from planrace.checker.review.mutation.judge import Mutation
    from planrace.checker.run.listing import Listing

Rendered: TypeAlias = (
    "Report | MatrixReport | Comparison | Compared | BaselineEntry | Forecast | LintFindings | Listing | Mutation | "
    "networkx.MultiDiGraph"
)
"""What ``render`` makes forms of: whatever a call here returns."""

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
    """Check a protocol at one size, as ``check -p`` does; a name is what the command takes (``file.py:attribute``).

    ``parameters`` gives sizes and options by name (others have their defaults). ``settings`` are sizes too, and else
    fields of ``Options``: ``check(fixed, plans=3, depth=20, properties=["safe"])``. A ``System`` has its faults and
    protections already. Raises ``ModelError`` where the request or the model is wrong.
    """
    subject = subject_of(protocol, "check")
    names = chosen(faults=faults, with_protections=with_protections, without=without)
    sizes, more = apart(subject, settings, "check", ["parameters", *names, "options"])
    wanted = beside_of(protocol, replace(options or Options(), **more))
    return run.check(subject, {**(parameters or {}), **sizes}, **names, options=wanted)


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
    seconds: float | None = None,
    rlimit: int = 3_000_000,
    dump_smt: str | Path | None = None,
    confirm: bool = False,
) -> Report:
    """Prove properties for every size that ``parameters`` leaves open, or find counterexamples on small instances, as
    ``check prove`` does. Without ``faults`` what holds is proved under as many faults as it survives. ``infer`` looks
    for lemmas. ``seconds`` bounds the time, ``rlimit`` Z3's steps in a query. ``dump_smt`` is a directory to write
    every obligation into; ``confirm`` has cvc5 check them, and the report's ``confirmation`` says what came of it.
    Raises ``ModelError`` and ``OutputError``."""
    from planrace.checker.api.proof_files import ProofFiles
    from planrace.checker.engines.limits import Limits, until
    from planrace.checker.engines.proof.smtlib import scripts
    from planrace.checker.run.prove import Proving

    check_numbers(seconds=seconds, rlimit=rlimit)
    wanted = ProofFiles(dump_smt, confirm)
    wanted.prepare()
    variant = _variant(protocol, "prove")
    words, sizes = selection.split(variant, parameters or {})
    selection.refuse(words)
    names = chosen(faults=faults, with_protections=with_protections, without=without)
    asked = chosen(properties=properties)["properties"]
    with until(seconds):
        proving = Proving(variant, sizes, **names, limits=Limits(seconds=seconds), rlimit=rlimit, infer=infer)
        report = proving.run(*selection.chosen(proving.system, asked, selection.provable()))
        return wanted.done(report, lambda: scripts(proving.decider.obligations, proving.discharged()))


@public
def matrix(
    protocol: Protocol | Variant | str = "fixed",
    parameters: Mapping[str, int] | None = None,
    *,
    seconds: float | None = None,
    rlimit: int = 3_000_000,
    dump_smt: str | Path | None = None,
    confirm: bool = False,
) -> MatrixReport:
    """Every set of protections × every safety property × every set of faults, decided for every size that
    ``parameters`` leaves open, as ``check prove --all`` does; the other arguments are those of ``prove``. Raises
    ``ModelError`` and ``OutputError``."""
    from planrace.checker.api.proof_files import ProofFiles
    from planrace.checker.engines.limits import Limits, until
    from planrace.checker.engines.proof.matrix import Matrix
    from planrace.checker.engines.proof.smtlib import scripts

    check_numbers(seconds=seconds, rlimit=rlimit)
    wanted = ProofFiles(dump_smt, confirm)
    wanted.prepare()
    variant = _variant(protocol, "matrix")
    words, sizes = selection.split(variant, parameters or {})
    selection.refuse(words)
    with until(seconds):
        table = Matrix(variant, sizes, limits=Limits(seconds=seconds), rlimit=rlimit)
        return wanted.done(table.run(), lambda: scripts(table.decider.obligations, table.discharged()))


@public
def explained(options: Options | None = None, *, beside: Protocol | Variant | str | None = None) -> Options:
    """The options with all that there is to say of traces, for pages; ``beside`` is a variant to lay beside them."""
    other = _variant(beside, "explained") if beside is not None else None
    return replace(options or Options(), explain=True, beside=other)


def render(report: Rendered, form: str = "text", *, trace: str | None = None) -> str:
    """What any call here returns, in one of its forms: a ``Report`` in those of ``check explain``; a ``Comparison`` and
    what ``compare_baseline`` found as text, json and markdown, for a comment on a pull request; state graphs as dot and
    graphml; everything else as the command has it: text, and json where it writes any.

    Of a ``Report``, forms of a single run take that of the property ``trace``, or the first. Raises ``ValueError`` for
    a form that does not exist, ``NoTraceError`` where there is no run."""
    from planrace.checker.api.render import forms_of

    forms = forms_of(report, trace)
    if form not in forms:
        raise ValueError(f"{form!r} is no form of a {type(report).__name__}; there are {', '.join(forms)}")
    return forms[form]()


def save(report: Rendered, path: str | Path, form: str | None = None, *, trace: str | None = None) -> None:
    """Write a form of what any call here returns, whole or not at all; without ``form`` the one of the path's ending
    (``page.html``), JSON where it has none. Raises ``OutputError``, and ``ValueError`` for an ending that is of no
    form."""
    from planrace.checker.api.render import form_of
    from planrace.checker.report.output import write_whole

    write_whole(path, render(report, form or form_of(report, path), trace=trace))


def load(path: str | Path) -> Report:
    """The report that ``save`` or the command wrote as JSON. Raises ``ReadError``."""
    from planrace.checker.report.json.read import read_report

    return read_report(path)


def compare(before: Report, after: Report) -> Comparison:
    """What differs between two reports, as ``check compare`` says it."""
    from planrace.checker.report.text.comparison import compare as compared

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
    """Drop or weaken every guard, effect, outcome, action and protection in turn, and say which property notices, as
    ``check mutate`` does; ``score`` is the share of mutants that are noticed. ``actions``: only mutants of these.
    Raises ``ModelError``, also where the protocol itself is undecided within the bounds of ``options``."""
    from planrace.checker.review.mutation.judge import mutate as judged

    names = chosen(faults=faults, with_protections=with_protections, without=without, actions=actions)
    return judged(subject_of(protocol, "mutate"), parameters, **names, options=options)


@public
def lint(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
) -> LintFindings:
    """What the author of a model may have overlooked, as ``check lint`` says it: a tuple of findings. Raises
    ``ModelError``."""
    from planrace.checker.advice.lint.lint import lint as linted

    subject = subject_of(protocol, "lint")
    words, sizes = selection.split(subject, parameters or {})
    names = chosen(faults=faults, with_protections=with_protections, without=without)
    return linted(subject, sizes, **names, options=words or None)


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
    explain: bool = False,
) -> Forecast:
    """How many states a complete search will meet, how long it will take and how much memory, as ``check forecast``
    says it. ``sample`` bounds the states of each search in Python; no further search is begun after ``seconds``. With
    ``explain``, ``explosion`` of the forecast says what makes the states so many. Raises ``ModelError``."""
    from planrace.checker.advice.budget import SearchBudget
    from planrace.checker.advice.forecast.explosion import explain_explosion
    from planrace.checker.advice.forecast.forecast import forecast as made

    check_numbers(sample=sample)
    check_number("seconds", seconds, RANGES["total"])
    instance = instance_of(protocol, parameters, faults=faults, with_protections=with_protections, without=without)
    asked, _ = selection.chosen(instance.system, chosen(properties=properties)["properties"], object)
    budget = SearchBudget(states=sample, total=seconds)
    found = made(instance, asked, budget, symmetric=symmetry)
    return replace(found, explosion=explain_explosion(instance, asked, budget)) if explain else found


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
    states: int | None = None,
    bounds: Bounds | None = None,
) -> BaselineEntry:
    """Put what is known of a protocol into a baseline file, beside its other entries, as ``check baseline save`` does.
    ``states`` bounds their number, and the file keeps that; ``bounds`` are the machine's. Raises ``ModelError``, also
    where something is undecided: then nothing is written."""
    from planrace.checker.review.baseline.entry import BaselineRequest
    from planrace.checker.review.baseline.read import read_baseline

    names = chosen(faults=faults, with_protections=with_protections, without=without, properties=properties)
    ordered: dict[str, Any] = {what: tuple(sorted(set(given))) for what, given in names.items()}
    request = BaselineRequest(
        protocol, dict(parameters or {}), **ordered, states=states, symmetry=symmetry, slicing=slicing
    )
    (entry,) = _put(path, read_baseline(path) if Path(path).exists() else (), [request], bounds)
    return entry


@public
def renew_baseline(path: str | Path, *, bounds: Bounds | None = None) -> tuple[BaselineEntry, ...]:
    """Check every entry of a baseline file again and write what is known now, as ``check baseline save`` without a
    protocol does. Raises ``ModelError``, also where something is undecided, and ``ReadError``: then nothing is
    written."""
    from planrace.checker.review.baseline.read import read_baseline

    there = read_baseline(path)
    return _put(path, there, [e.request for e in there], bounds)


def _put(
    path: str | Path, there: Sequence[BaselineEntry], requests: Sequence[BaselineRequest], bounds: Bounds | None
) -> tuple[BaselineEntry, ...]:
    from planrace.checker.report.output import write_whole
    from planrace.checker.review.baseline.take import check_decided, take
    from planrace.checker.review.baseline.text import write_text

    made = []
    for request in requests:
        entry, report = take(request, bounds)
        check_decided(entry, report)
        made.append(entry)
    write_whole(path, write_text({**{e.title: e for e in there}, **{e.title: e for e in made}}.values()))
    return tuple(made)


@public
def compare_baseline(path: str | Path, *, only: Sequence[str] = (), bounds: Bounds | None = None) -> Compared:
    """Check every entry of a baseline file again: what changed in each, as ``check baseline compare`` says it; a tuple,
    which ``render`` makes a comment for a pull request (``markdown``). ``only`` names protocols, or entries by their
    first line. Raises ``ModelError`` and ``ReadError``."""
    from planrace.checker.review.baseline.changes import Compared, changes
    from planrace.checker.review.baseline.read import wanted
    from planrace.checker.review.baseline.take import take

    some = wanted(path, chosen(only=only)["only"])
    return Compared(changes(before, *take(before.request, bounds)) for before in some)


@public
def listing(protocols: Sequence[str] = ()) -> Listing:
    """Protocols, by default all of ours, with parameters, options, protections, faults, properties and scenarios, and
    the engines, as ``check list`` prints them. Raises ``ModelError``."""
    from planrace.checker.run.listing import listing as found

    return found(chosen(protocols=protocols)["protocols"])


@public
def state_graph(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    most: int = 2000,
) -> networkx.MultiDiGraph:
    """The whole state graph of a small instance, as ``check graph`` draws it. Raises ``ModelError`` where there are
    more than ``most`` states."""
    from planrace.checker.run.state_graph import state_graph as drawn

    check_numbers(most=most)
    instance = instance_of(protocol, parameters, faults=faults, with_protections=with_protections, without=without)
    return drawn(instance, instance.system.properties, most)


@public
def instance_of(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Instance:
    """The instance that a request is about: what ``Walk`` walks through. Raises ``ModelError``."""
    names = chosen(faults=faults, with_protections=with_protections, without=without)
    return selection.instance_of(subject_of(protocol, "instance_of"), parameters or {}, **names)


def _variant(protocol: Protocol | Variant | str, call: str) -> Variant:
    found = subject_of(protocol, call)
    if isinstance(found, System):
        raise ModelError(f"{call} wants a Protocol or Variant, not a System", remedy="pass what made the System")
    return found.variant(found.name) if isinstance(found, Protocol) else found
