"""What Python code calls: everything that the command does is one call here that returns what it reports.

Small on purpose, and stable: ``tests/test_api.py`` holds it to its signatures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.language import Instance, ModelError, Protocol, System, Variant

from . import run
from .ask import Options
from .report.notebook import paint
from .request import apart, chosen, subject_of
from .table import MatrixReport
from .vocabulary import Report, painted_by

if TYPE_CHECKING:
    import networkx

    from .advice import Forecast, Lint
    from .baseline import Changed, Entry
    from .mutation import Mutation
    from .report.compare import Comparison

painted_by(paint)


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
    wanted = replace(options or Options(), **more)
    return run.check(subject, {**(parameters or {}), **sizes}, **names, options=wanted)


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
) -> Report:
    """Prove properties for every size that ``parameters`` leaves open, or find counterexamples on small instances, as
    ``check prove`` does. Without ``faults`` what holds is proved under as many faults as it survives. ``seconds``
    bounds the time. Raises ``ModelError``."""
    from .limits import Limits
    from .proof import Proving

    variant = _variant(protocol, "prove")
    words, sizes = run.split(variant, parameters or {})
    run.refuse(words)
    names = chosen(faults=faults, with_protections=with_protections, without=without)
    asked = chosen(properties=properties)["properties"]
    proving = Proving(variant, sizes, **names, limits=Limits(seconds=seconds), infer=infer)
    return proving.run(*run.chosen(proving.system, asked, run.provable()))


def matrix(protocol: Protocol | Variant | str = "fixed", *, seconds: float | None = None) -> MatrixReport:
    """Every set of protections × every safety property × every set of faults, decided for every size, as ``check prove
    --all`` does."""
    from .limits import Limits
    from .proof import Matrix

    return Matrix(_variant(protocol, "matrix"), limits=Limits(seconds=seconds)).run()


def explained(options: Options | None = None, *, beside: Protocol | Variant | str | None = None) -> Options:
    """The options with all that there is to say of traces, for pages; ``beside`` is a variant to lay beside them."""
    other = _variant(beside, "explained") if beside is not None else None
    return replace(options or Options(), explain=True, beside=other)


def render(report: Report, form: str = "text", *, trace: str | None = None) -> str:
    """A report in one of the forms of ``check explain``. Forms of a single run take that of the property ``trace``, or
    the first. Raises ``ValueError`` for a form that does not exist, ``NoTraceError`` where there is no run."""
    from .report import document, render_plain
    from .report.forms import FORMS, OF_TRACE, render_trace, render_whole

    if form not in FORMS:
        raise ValueError(f"{form!r} is no form of a report; there are {', '.join(FORMS)}")
    if form == "text":
        return render_plain(document(report))
    return render_trace(form, report, trace) if form in OF_TRACE else render_whole(form, report)


def save(report: Report, path: str | Path, form: str | None = None, *, trace: str | None = None) -> None:
    """Write a form of a report, whole or not at all; without ``form`` the one of the path's ending (``page.html``),
    JSON where it has none. Raises ``OutputError``, and ``ValueError`` for an ending that is of no form."""
    from .report import write_whole
    from .report.forms import form_of

    write_whole(path, render(report, form or form_of(path), trace=trace))


def load(path: str | Path) -> Report:
    """The report that ``save`` or the command wrote as JSON. Raises ``ReadError``."""
    from .report.read import read_report

    return read_report(path)


def compare(before: Report, after: Report) -> Comparison:
    """What differs between two reports, as ``check compare`` says it."""
    from .report.compare import compare as compared

    return compared(before, after)


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
    from .mutation import mutate as judged

    names = chosen(faults=faults, with_protections=with_protections, without=without, actions=actions)
    return judged(subject_of(protocol, "mutate"), parameters, **names, options=options)


def lint(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
) -> tuple[Lint, ...]:
    """What the author of a model may have overlooked, as ``check lint`` says it. Raises ``ModelError``."""
    from .advice import lint as linted

    subject = subject_of(protocol, "lint")
    words, sizes = run.split(subject, parameters or {})
    names = chosen(faults=faults, with_protections=with_protections, without=without)
    return linted(subject, sizes, **names, options=words or None)


def forecast(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    symmetry: bool | None = None,
    seconds: float = 15.0,
) -> Forecast:
    """How many states a complete search will meet, how long it will take and how much memory, as ``check forecast``
    says it. No further search is begun after ``seconds``. Raises ``ModelError``."""
    from .advice import Budget
    from .advice import forecast as made

    instance = instance_of(protocol, parameters, faults=faults, with_protections=with_protections, without=without)
    return made(instance, budget=Budget(total=seconds), symmetric=symmetry)


def save_baseline(
    path: str | Path,
    protocol: str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    properties: Sequence[str] = (),
) -> Entry:
    """Put what is known of a protocol into a baseline file, beside its other entries, as ``check baseline save`` does.
    Raises ``ModelError``, also where something is undecided: then nothing is written."""
    from .baseline import Request, check_decided, read_baseline, take, write_text
    from .report import write_whole

    names = chosen(faults=faults, with_protections=with_protections, without=without, properties=properties)
    ordered: dict[str, Any] = {what: tuple(sorted(set(given))) for what, given in names.items()}
    request = Request(protocol, dict(parameters or {}), **ordered)
    entry, report = take(request)
    check_decided(entry, report)
    there = read_baseline(path) if Path(path).exists() else ()
    write_whole(path, write_text({**{e.title: e for e in there}, entry.title: entry}.values()))
    return entry


def compare_baseline(path: str | Path) -> tuple[Changed, ...]:
    """Check every entry of a baseline file again: what changed in each, as ``check baseline compare`` says it. Raises
    ``ModelError`` and ``ReadError``."""
    from .baseline import changes, read_baseline, take

    return tuple(changes(before, *take(before.request)) for before in read_baseline(path))


def state_graph(
    protocol: Protocol | Variant | System | str, parameters: Mapping[str, int | str] | None = None, *, most: int = 2000
) -> networkx.MultiDiGraph:
    """The whole state graph of a small instance, as ``check graph`` draws it. Raises ``ModelError`` where there are
    more than ``most`` states."""
    from .stategraph import state_graph as drawn

    instance = instance_of(protocol, parameters)
    return drawn(instance, instance.system.properties, most)


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
    return run.instance_of(subject_of(protocol, "instance_of"), parameters or {}, **names)


def _variant(protocol: Protocol | Variant | str, call: str) -> Variant:
    found = subject_of(protocol, call)
    if isinstance(found, System):
        raise ModelError(f"{call} wants a Protocol or Variant, not a System", remedy="pass what made the System")
    return found.variant(found.name) if isinstance(found, Protocol) else found
