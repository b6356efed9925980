"""What tools return, as types: the output schemas are made from them.

They name what an agent reads; more fields may be there. ``docs/report.schema.json`` describes reports in full.
"""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

Word = Literal["violated", "unknown", "holds"]
Json = dict[str, Any]


class PropertyOutput(TypedDict):
    """The answer for one property. ``depth`` is the length of its run, which ``explain`` tells."""

    name: str
    kind: str
    meaning: str
    verdict: Word
    how: str
    depth: int | None
    trace: Json | None


class WarningOutput(TypedDict):
    """A warning about the model or the run; ``strict`` is false for a note."""

    kind: str
    subject: str
    message: str
    strict: bool


class CoverageOutput(TypedDict):
    """What a search covered; ``stopped`` says why it is incomplete."""

    states: int
    transitions: int
    depth: int
    complete: bool
    stopped: str | None


class ReportOutput(TypedDict):
    """A report (planrace/report/1). Only "holds" is green: unknown means that a bound was reached."""

    schema: Literal["planrace/report/1"]
    protocol: str
    parameters: dict[str, int | str]
    faults: list[str]
    protections: list[str]
    engine: str
    verdict: Word
    interrupted: bool
    exploration: CoverageOutput | None
    properties: list[PropertyOutput]
    left_out: list[Json]
    warnings: list[WarningOutput]
    every_size: bool
    proofs: list[Json]


class LintOutput(TypedDict):
    """Findings of lint (planrace/lint/1)."""

    schema: Literal["planrace/lint/1"]
    protocol: str
    findings: list[FindingOutput]


class FindingOutput(TypedDict):
    """Something that the author of a model may have overlooked."""

    kind: str
    subject: str
    file: str | None
    line: int | None
    sentence: str
    remedy: str


class IntervalOutput(TypedDict):
    """An estimate."""

    low: float
    middle: float
    high: float


class ForecastOutput(TypedDict):
    """A forecast (planrace/forecast/1): seconds, and bytes of memory; null where only a lower bound is known."""

    schema: Literal["planrace/forecast/1"]
    protocol: str
    at_least: int
    states: IntervalOutput | None
    transitions: IntervalOutput | None
    seconds: IntervalOutput | None
    memory: IntervalOutput | None
    how: str
    explosion: Json | None


class MutantOutput(TypedDict):
    """A mutant, and which property noticed it."""

    kind: str
    subject: str
    change: str
    file: str | None
    line: int | None
    status: Literal["killed", "survived", "equivalent", "undecided"]
    by: str | None
    how: str


class MutationOutput(TypedDict):
    """The mutants of a protocol (planrace/mutation/1). ``score`` and ``best`` are shares from 0 to 1."""

    schema: Literal["planrace/mutation/1"]
    protocol: str
    verdicts: dict[str, Word]
    score: float | None
    best: float | None
    interrupted: bool
    mutants: list[MutantOutput]


class DifferenceOutput(TypedDict):
    """Something that differs; null: it does not exist."""

    what: str
    before: str | None
    after: str | None


class ComparisonOutput(TypedDict):
    """The differences between two reports (planrace/comparison/1)."""

    schema: Literal["planrace/comparison/1"]
    changed: bool
    request: list[DifferenceOutput]
    verdicts: list[DifferenceOutput]
    depths: list[DifferenceOutput]
    counts: list[DifferenceOutput]
    warnings: list[DifferenceOutput]
    partings: list[Json]


class ListingOutput(TypedDict):
    """Protocols with what can be chosen for each, and the engines (planrace/listing/1)."""

    schema: Literal["planrace/listing/1"]
    protocols: list[Json]
    engines: dict[str, str]


class EnabledOutput(TypedDict):
    """A step that can be taken, by its number."""

    number: int
    by: str
    action: str
    parameters: Json
    text: str


class WalkOutput(TypedDict):
    """The end of a walk (planrace/walk/1)."""

    schema: Literal["planrace/walk/1"]
    protocol: str
    seed: int
    taken: list[str]
    state: Json
    enabled: list[EnabledOutput]
    violated: list[str]
    judged: list[str]


class GraphOutput(TypedDict):
    """A state graph in Graphviz DOT (planrace/graph/1)."""

    schema: Literal["planrace/graph/1"]
    states: int
    transitions: int
    dot: str


class ConditionOutput(TypedDict):
    """A condition of the gate, and what keeps it from being met (or what is left, where it is met)."""

    condition: Literal["decided", "as expected", "specified", "no warnings", "acts"]
    status: Literal["met", "not met", "undecided"]
    why: str
    open: list[str]


class EstablishmentOutput(TypedDict):
    """The answer of the gate (planrace/establishment/1). ``established`` is true only if every condition is met."""

    schema: Literal["planrace/establishment/1"]
    protocol: str
    established: bool
    outcome: Literal["established", "not established", "undecided"]
    interrupted: bool
    at_least: float
    score: float | None
    violated: list[str]
    accepted: list[str]
    verdicts: dict[str, Word]
    conditions: list[ConditionOutput]
