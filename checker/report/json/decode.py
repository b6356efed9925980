"""Decoding JSON, possibly from strangers, into the values of reports.

msgspec checks all types, names the place in its messages (``$.properties[0].trace``), and decodes the dataclasses of
``checker.results`` directly. It is small, has no dependencies and is the fastest decoder that supports dataclasses. If
the JSON of a dataclass differs from its fields, a class of this module describes the JSON.

``consistency.py`` then checks what types cannot express, so all later code may trust the report.
"""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from planrace.checker.report.errors import MalformedError, ReadError
from planrace.checker.report.json.write import OF_PROPERTY
from planrace.checker.results.bitstate import Bitstate, BitstateSearch, SearchOrder
from planrace.checker.results.checkpoint import Checkpointed, Resumed
from planrace.checker.results.departure import Departure
from planrace.checker.results.explanation import Causes, Declared, Insight, MemberPicture
from planrace.checker.results.proof import Certificate, Confirmation, Conjunct, InductionCounterexample, Obligation
from planrace.checker.results.report import Coverage, Finding, ModelWarning, Others, Report
from planrace.checker.results.scenario import FactMatch, FullMatch, Match
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.results.temporal import DeadEnd, Fairness, Runbook
from planrace.checker.results.trace import Shown, Source, Trace
from planrace.checker.results.verdict import Verdict

MOST = 256 * 2**20
"""The most bytes of a file: a run of a hundred thousand steps has fewer."""
NESTED = 100
"""The most levels of lists and objects; reports have about fifteen."""
DEEP = f"it is nested too deeply (more than {NESTED} levels)"
BITS = 4096
"""The most binary digits of a number: Python refuses to convert much longer ones to decimal."""

X = TypeVar("X")


def content(path: str | Path) -> bytes:
    """The content of a file. Raises ``ReadError``, also for files that are too large."""
    if not str(path):  # which Python takes for the current directory
        raise ReadError("cannot read '': that names no file (name one)")
    try:
        with Path(path).open("rb") as file:
            found = file.read(MOST + 1)
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise ReadError(f"cannot read {path}: {why} (check the path)") from problem
    if len(found) > MOST:
        raise ReadError(f"{path} has more than {MOST // 2**20} MiB (reports are smaller)")
    return found


def parsed(text: bytes) -> Any:
    """The values of a JSON text. Raises ``MalformedError``."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise MalformedError(f"it is not JSON: {problem}") from None
    except RecursionError:
        raise MalformedError(DEEP) from None
    _shallow(found)
    return found


def _shallow(found: Any) -> None:
    """Refuse values nested so deeply that recursion would overflow the stack, and very long numbers."""
    level = [found]
    for _ in range(NESTED):
        level = [x for v in level if isinstance(v, dict | list) for x in (v.values() if isinstance(v, dict) else v)]
        if not level:
            return
        if any(isinstance(x, int) and x.bit_length() > BITS for x in level):
            raise MalformedError("a number has thousands of digits")
    raise MalformedError(DEEP)


def typed(found: Any, kind: type[X]) -> X:
    """JSON values as a class of this module or of ``checker.results``. Raises ``MalformedError``."""
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as problem:
        raise MalformedError(_placed(str(problem))) from None


def _placed(message: str) -> str:
    """A message of msgspec, with the place first as in our messages."""
    what, _, place = message.partition(" - at ")
    where = place.strip("`").removeprefix("$").removeprefix(".")
    if lacking := re.fullmatch("Object missing required field `(.*)`", what):
        return f"{where}.{lacking[1]} is missing".removeprefix(".")
    return f"{where or 'it'}: {what[0].lower()}{what[1:]}"


# JSON that differs from the dataclasses --------------------------------------------------------------------------
class LeftOut(msgspec.Struct):
    """A property that was not checked."""

    name: str
    kind: str
    why: str


class MatchForm(msgspec.Struct):
    """The facts of a scenario that a run shows."""

    scenario: str
    facts: tuple[FactMatch, ...]
    roles: dict[str, Shown]

    def made(self) -> Match:
        return Match(self.scenario, self.facts, self.roles)


class FullMatchForm(msgspec.Struct):
    """The best match of a report: of a run found by search, or of the run of a property."""

    how: str
    scenario: str | None = None
    facts: tuple[FactMatch, ...] = ()
    roles: dict[str, Shown] = {}
    trace: Trace | None = None
    insight: Insight | None = None

    def made(self) -> FullMatch | None:
        """The result of the search for a run that shows the scenario in full; None if there was no search."""
        if self.trace is None:
            return None if self.how == OF_PROPERTY else FullMatch(None, None, self.how)
        if self.scenario is None:
            raise MalformedError("postmortem: it has a trace and no scenario")
        return FullMatch(Match(self.scenario, self.facts, self.roles), self.trace, self.how, self.insight)


class OtherRun(msgspec.Struct):
    """A further counterexample and its causes."""

    trace: Trace
    causes: Causes


class OthersForm(msgspec.Struct):
    """Counterexamples that differ from the first."""

    runs: tuple[OtherRun, ...]
    how: str

    def made(self) -> Others:
        return Others(tuple((r.trace, r.causes) for r in self.runs), self.how)


class FindingForm(msgspec.Struct, rename={"cti": "unreached", "dead_end": "hopeless"}):
    """The answer for one property."""

    name: str
    kind: str
    meaning: str
    verdict: Literal["violated", "unknown", "holds"]
    how: str
    trace: Trace | None = None
    postmortem: MatchForm | None = None
    parameters: dict[str, int] | None = None
    cti: InductionCounterexample | None = None
    dead_end: DeadEnd | None = None
    fairness: tuple[Fairness, ...] = ()
    runbook: Runbook | None = None
    insight: Insight | None = None
    others: OthersForm | None = None
    variables: tuple[Declared, ...] = ()
    departure: Departure | None = None

    def made(self) -> Finding:
        same = {f.name: getattr(self, f.name) for f in fields(Finding) if f.name in self.__struct_fields__}
        return Finding(
            **{
                **same,
                "verdict": Verdict[self.verdict.upper()],
                "match": None if self.postmortem is None else self.postmortem.made(),
                "others": None if self.others is None else self.others.made(),
            }
        )


class ObligationForm(msgspec.Struct):
    """An obligation of a proof."""

    kind: str
    fact: str
    action: str
    proved: bool
    uses: tuple[str, ...]
    seconds: float
    reason: str | None = None


class ProofForm(msgspec.Struct):
    """A proof for every size."""

    properties: tuple[str, ...]
    statement: str
    assumptions: str
    conjuncts: tuple[Conjunct, ...]
    obligations: tuple[ObligationForm, ...]

    def made(self) -> Certificate:
        obligations = tuple(
            Obligation(o.kind, o.fact, o.action, o.proved, o.uses, o.seconds, o.reason or "") for o in self.obligations
        )
        return Certificate(self.properties, self.statement, self.assumptions, self.conjuncts, obligations)


class BitstateSearchForm(msgspec.Struct):
    """One bitstate search; its probabilities are computed anew."""

    order: SearchOrder
    most: int
    bound: int
    states: int
    transitions: int
    depth: int
    dropped: int
    cut: int
    set: int
    stopped: str


class BitstateForm(msgspec.Struct):
    """Bitstate searches."""

    bits: int
    hashes: int
    searches: tuple[BitstateSearchForm, ...]

    def made(self) -> Bitstate:
        rows = ({f.name: getattr(s, f.name) for f in fields(BitstateSearch)} for s in self.searches)
        return Bitstate(self.bits, self.hashes, tuple(BitstateSearch(**row) for row in rows))


class CoverageForm(msgspec.Struct):
    """What a search covered; of why it stopped, JSON has the sentence."""

    states: int
    transitions: int
    depth: int
    complete: bool
    symmetry: bool
    seconds: float
    peak_memory_bytes: int
    stopped: str | None = None
    seed: int | None = None
    workers: int = 1
    sliced: tuple[str, ...] = ()
    states_per_orbit: int = 1
    normalised: str | None = None
    partition: str | None = None
    resumed: Resumed | None = None
    checkpoint: Checkpointed | None = None
    bitstate: BitstateForm | None = None
    found_share: tuple[float, float] | None = None

    def made(self) -> Coverage:
        same = {f.name: getattr(self, f.name) for f in fields(Coverage) if f.name not in ("stopped", "bitstate")}
        stopped = StopReason(StopKind.REPORTED, self.stopped) if self.stopped else None
        return Coverage(**same, stopped=stopped, bitstate=None if self.bitstate is None else self.bitstate.made())


class ReportForm(msgspec.Struct):
    """A report: what ``check --format json`` writes."""

    protocol: str
    parameters: dict[str, int | str]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    engine: str
    properties: tuple[FindingForm, ...]
    exploration: CoverageForm | None
    left_out: tuple[LeftOut, ...]
    interrupted: bool
    warnings: tuple[ModelWarning, ...]
    proofs: tuple[ProofForm, ...]
    confirmation: Confirmation | None
    every_size: bool
    variables: tuple[Declared, ...]
    pictures: tuple[MemberPicture, ...]
    sources: dict[str, Source]
    postmortem: FullMatchForm | None = None
    at_most: dict[str, int | str] = msgspec.field(default_factory=dict)

    def made(self) -> Report:
        same = {f.name: getattr(self, f.name) for f in fields(Report) if f.name in self.__struct_fields__}
        return Report(
            **{
                **same,
                "findings": tuple(f.made() for f in self.properties),
                "exploration": None if self.exploration is None else self.exploration.made(),
                "left_out": tuple((x.name, x.kind, x.why) for x in self.left_out),
                "full_match": None if self.postmortem is None else self.postmortem.made(),
                "proofs": tuple(p.made() for p in self.proofs),
            }
        )


class SavedForm(msgspec.Struct):
    """A trace alone, as ``check walk`` saves it."""

    protocol: str
    trace: Trace
    parameters: dict[str, int | str]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    variables: tuple[Declared, ...] = ()
    pictures: tuple[MemberPicture, ...] = ()

    def made(self) -> Report:
        """A report with nothing but the trace."""
        found = Finding("run", "run", "a run that was saved", Verdict.UNKNOWN, "not judged", self.trace)
        settled = {n: getattr(self, n) for n in ("parameters", "faults", "protections", "variables", "pictures")}
        return Report(protocol=self.protocol, engine="none", findings=(found,), exploration=None, **settled)
