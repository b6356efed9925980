"""Protocols in other languages, and the answers of other checkers about them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from planrace.checker.api.request import selected, subject_of
from planrace.checker.engines.limits import Progress, until
from planrace.checker.export.languages import ModelText, language, peer
from planrace.checker.export.peers import (
    RANGE_ERRORS,
    STATES,
    TRANSITIONS,
    Peer,
    PeerAnswers,
    PeerError,
    PeerLimits,
)
from planrace.checker.report.output import OutputPlace
from planrace.checker.results.crosscheck import ComparedAnswer, ComparedKind, Crosscheck, NotAsked
from planrace.checker.results.report import Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted
from planrace.checker.run.call_site import public
from planrace.checker.run.options import Options
from planrace.checker.run.request import Selection
from planrace.checker.run.run import run
from planrace.model.language import ModelError, Protocol, System, Variant
from planrace.model.language.terms import TRUE
from planrace.properties.kinds import Checkable, Invariant, Property

NOTHING = Invariant("the number of states", TRUE, "a search that asks nothing")
"""What is searched for where the peer is asked about no property of states or steps."""
MAX_STATES = 1_000_000


@dataclass(frozen=True)
class ExportedModel:
    """A model in another language. ``summary`` says of what, and what it does not have; ``beside`` are further files
    that belong to it, by the endings of their names; ``stem`` is the name that its file must have without its ending,
    if the language says so."""

    text: str
    summary: str
    beside: Mapping[str, str]
    stem: str | None = None

    def __str__(self) -> str:
        return self.text

    def write(self, place: str | Path) -> None:
        """Write the file, and those that belong to it beside it. All places are tried before the first is written.
        Raises ``OutputError``, and ``ModelError`` if a name is that of two of them, or not that of the module."""
        if self.stem is not None and Path(place).stem != self.stem:
            right = Path(place).with_name(f"{self.stem}{Path(place).suffix or '.tla'}")
            raise ModelError(f"{place}: the file must have the name of its module", remedy=f"write it to {right}")
        texts = {Path(place): self.text, **{Path(place).with_suffix(end): t for end, t in self.beside.items()}}
        if len(texts) != 1 + len(self.beside):
            raise ModelError(f"{place} has the ending of a file that belongs beside it", remedy="choose another name")
        places = [(OutputPlace(path), text) for path, text in texts.items()]
        for where, _ in places:
            where.attempt()
        for where, text in places:
            where.write(text)


@public
def export_model(
    protocol: Protocol | Variant | System | str,
    language: str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
) -> ExportedModel:
    """The protocol at one size in the language of another checker (``promela``, ``tla``, ``quint``, ``smtlib``), as
    ``check export --to`` writes it. Raises ``ModelError`` for what that language cannot say."""
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "export_model"), parameters, **names)
    model, reader = _written(protocol, selection, language)
    left_out = f"; without {', '.join(p.name for p, _ in model.left_out)}" if model.left_out else ""
    properties = counted(len(model.asked), "property", "properties")
    summary = f"{selection.instance.system.name} for {reader}, with {properties}{left_out}"
    if model.beside:
        summary += f" (-o FILE writes {', '.join(model.beside)} beside it)"
    return ExportedModel(model.text, summary, model.beside, getattr(model, "module", None))


def _written(protocol: object, selection: Selection, word: str) -> tuple[ModelText, str]:
    to = language(word)
    return to.write(selection.instance, command_of(protocol, selection, word)), to.reader


@public
def crosscheck(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    peer: str = "spin",
    options: Options | None = None,
) -> Crosscheck:
    """Search the protocol here and as a model in another checker (``peer``), and compare states, transitions and the
    verdicts of all properties that the peer decides. Nothing is reduced on either side, so the numbers must be equal.
    Raises ``ModelError``."""
    options = options or Options()
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "crosscheck"), parameters, **names)
    other = _peer(peer)
    with until(options.time_limit):
        model = other.model(selection.instance, command_of(protocol, selection, other.language))
        ours = _ours(selection, model.asked, options)
        return _compared(selection, other, model, ours, options)


_peer = peer  # the argument of the call has the same name


def _ours(selection: Selection, asked: Sequence[Property], options: Options) -> Report:
    """The complete search of planrace."""
    system = selection.instance.system
    wanted = replace(
        options,
        engine="explicit",
        properties=(),
        exhaustive=True,
        symmetry=False,
        slicing=False,
        max_states=options.max_states or MAX_STATES,
    )
    parameters: dict[str, int | str] = dict(selection.instance.parameters)
    if not any(isinstance(p, Checkable) for p in asked):
        asked = (*asked, NOTHING)  # liveness alone is searched without faults
    return run(selected(replace(system, properties=tuple(asked)), parameters), wanted)


def _compared(
    selection: Selection, other: Peer[ModelText], model: ModelText, ours: Report, options: Options
) -> Crosscheck:
    covered = ours.exploration
    complete = covered is not None and covered.complete
    name, theirs = other.title, PeerAnswers(undecided="the search of planrace is not complete (raise --max-states)")
    if covered is not None and complete:
        try:
            name = other.version()
            if options.listener is not None:
                task = f"{name} searches the same {counted(covered.states, 'state')}"
                options.listener(Progress(task, 0, 0, 0, 0.0, 0))
            theirs = other.answers(model, PeerLimits(covered.states, options.limits.memory))
        except PeerError as problem:
            theirs = PeerAnswers(undecided=str(problem))
    known = {RANGE_ERRORS: 0}  # an error of the model ends our search
    if covered is not None and complete:
        known |= {STATES: covered.states, TRANSITIONS: covered.transitions}
    count, verdict = ComparedKind.COUNT, ComparedKind.VERDICT
    answers = [ComparedAnswer(count, q, known.get(q) if complete else None, theirs.counts.get(q)) for q in other.counts]
    found = {f.name: f.verdict for f in ours.findings}
    answers += [
        ComparedAnswer(verdict, p.name, _word(found[p.name]), _word(theirs.verdicts.get(p.name))) for p in model.asked
    ]
    system = selection.instance.system
    return Crosscheck(
        system.name,
        {**selection.instance.parameters, **dict(system.options)},
        system.faults,
        system.protections,
        name,
        tuple(answers),
        tuple(NotAsked(p.name, p.kind, why) for p, why in model.left_out),
        theirs.undecided,
    )


def _word(verdict: Verdict | None) -> str | None:
    return None if verdict is None or verdict is Verdict.UNKNOWN else verdict.word


def command_of(protocol: object, selection: Selection, word: str) -> str:
    """The command that exports the selection to the language of that name."""
    system = selection.instance.system
    name = protocol if isinstance(protocol, str) else system.name
    words = ["check", "export", "-p", name, "--to", word]
    for option, value in (*selection.words.items(), *selection.instance.parameters.items()):
        words += ["-s", f"{option}={value}"]
    for flag, names in (
        ("--fault", selection.faults),
        ("--with", selection.with_protections),
        ("--without", selection.without),
    ):
        words += [w for n in names for w in (flag, n)]
    return shlex.join(words)
