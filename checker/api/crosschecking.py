"""Protocols in other languages, and the answers of other checkers about them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from planrace.checker.api.request import selected, subject_of
from planrace.checker.engines.limits import until
from planrace.checker.export.promela import PromelaModel, promela
from planrace.checker.export.spin import PeerError, Spin, SpinCounts
from planrace.checker.report.output import write_whole
from planrace.checker.results.crosscheck import ComparedAnswer, Crosscheck
from planrace.checker.results.report import Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted
from planrace.checker.run.call_site import public
from planrace.checker.run.options import Options
from planrace.checker.run.request import Selection
from planrace.checker.run.run import run
from planrace.model.language import Protocol, System, Variant
from planrace.model.language.terms import TRUE
from planrace.properties.kinds import Invariant

NOTHING = Invariant("the number of states", TRUE, "a search that asks nothing")
"""What is searched for where the protocol declares nothing that SPIN is asked about."""
MAX_STATES = 1_000_000


@dataclass(frozen=True)
class ExportedModel:
    """A model in another language. ``summary`` says of what, and what it does not have."""

    text: str
    summary: str

    def __str__(self) -> str:
        return self.text

    def write(self, place: str | Path) -> None:
        """Write a file, whole or not at all. Raises ``OutputError``."""
        write_whole(place, self.text)


@public
def export_promela(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
) -> ExportedModel:
    """The protocol at one size as a model for SPIN, as ``check export --to promela`` writes it. Raises ``ModelError``
    for what Promela cannot say."""
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "export"), parameters, **names)
    model = promela(selection.instance, _command(protocol, selection))
    left_out = f"; without {', '.join(p.name for p in model.left_out)}" if model.left_out else ""
    properties = counted(len(model.judged), "property", "properties")
    return ExportedModel(model.text, f"{selection.instance.system.name} for SPIN, with {properties}{left_out}")


@public
def crosscheck(
    protocol: Protocol | Variant | System | str,
    parameters: Mapping[str, int | str] | None = None,
    *,
    faults: Sequence[str] = (),
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    options: Options | None = None,
) -> Crosscheck:
    """Search the protocol here and as a model in SPIN, and compare states, transitions and the verdicts of invariants,
    step invariants and reachability. Nothing is reduced on either side, so the numbers must be equal. Raises
    ``ModelError``."""
    options = options or Options()
    names = {"faults": faults, "with_protections": with_protections, "without": without}
    selection = selected(subject_of(protocol, "crosscheck"), parameters, **names)
    with until(options.time_limit):
        model = promela(selection.instance, _command(protocol, selection))
        ours = _ours(selection, model, options)
        return _compared(selection, model, ours, options)


def _ours(selection: Selection, model: PromelaModel, options: Options) -> Report:
    """The complete search of planrace."""
    system = selection.instance.system
    asked = tuple(j.property for j in model.judged) or (NOTHING,)
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
    return run(selected(replace(system, properties=asked), parameters), wanted)


def _compared(selection: Selection, model: PromelaModel, ours: Report, options: Options) -> Crosscheck:
    covered = ours.exploration
    complete = covered is not None and covered.complete
    undecided = None if complete else "the search of planrace is not complete (raise --max-states)"
    before = 1 + model.initial  # transitions of SPIN that are none of the protocol
    counts: SpinCounts | None = None
    judged: SpinCounts | None = None
    peer = "SPIN"
    if covered is not None and complete:
        try:
            spin = Spin(options.limits.memory)
            peer = spin.version()
            counts = spin.counts(model, (), covered.states)
            if model.judged:
                judged = spin.counts(model, [j.switch for j in model.judged], covered.states)
        except PeerError as problem:
            undecided = str(problem)
    answers = [
        ComparedAnswer(what, f"{mine:,}" if complete else None, theirs)
        for what, mine, theirs in (
            ("states", covered.states if covered else 0, _count(counts, lambda c: c.states - (model.initial > 0))),
            # SPIN counts the way into its first state, too.
            ("transitions", covered.transitions if covered else 0, _count(counts, lambda c: c.transitions - before)),
            ("values out of range", 0, _count(counts, lambda c: c.errors)),
        )
    ]
    verdicts = {f.name: f.verdict for f in ours.findings}
    for j in model.judged:
        mine = verdicts[j.property.name]
        theirs_word = None
        if judged is not None:
            met = j.switch in judged.violated
            theirs_word = (Verdict.HOLDS if met == j.inverted else Verdict.VIOLATED).word
        answers.append(ComparedAnswer(j.property.name, None if mine is Verdict.UNKNOWN else mine.word, theirs_word))
    system = selection.instance.system
    return Crosscheck(
        system.name,
        selection.instance.parameters,
        system.faults,
        system.protections,
        peer,
        tuple(answers),
        tuple((p.name, model.why(p)) for p in model.left_out),
        undecided,
    )


def _count(counts: SpinCounts | None, of: Callable[[SpinCounts], int]) -> str | None:
    return None if counts is None else f"{of(counts):,}"


def _command(protocol: object, selection: Selection) -> str:
    """The command that exports the selection."""
    system = selection.instance.system
    name = protocol if isinstance(protocol, str) else system.name
    words = ["check", "export", "-p", name, "--to", "promela"]
    for option, value in (*selection.words.items(), *selection.instance.parameters.items()):
        words += ["-s", f"{option}={value}"]
    for flag, names in (
        ("--fault", selection.faults),
        ("--with", selection.with_protections),
        ("--without", selection.without),
    ):
        words += [w for n in names for w in (flag, n)]
    return shlex.join(words)
