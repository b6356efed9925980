"""What tools are given, as pydantic models: the input schemas are made from them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

TIME_LIMIT = 60.0
"""Seconds that a call may take unless it says otherwise."""
LONGEST = 3600.0
GRAPH = 200
"""The most states that a graph has by default: an agent reads all of it."""

Names = list[str]
Sizes = dict[str, int | str]


class Timed(BaseModel):
    """Every call has a time limit."""

    model_config = ConfigDict(extra="forbid")

    time_limit: Annotated[
        float, Field(gt=0, le=LONGEST, description="Seconds. What is undecided then is unknown, never holds.")
    ] = TIME_LIMIT


class Choices(BaseModel):
    """What can be chosen for a protocol."""

    model_config = ConfigDict(extra="forbid")

    parameters: Annotated[
        Sizes, Field(description="Sizes and options by name, such as {'workers': 2}; others have their defaults.")
    ] = {}
    with_protections: Annotated[Names, Field(description="Protections to add.")] = []
    without: Annotated[Names, Field(description="Protections to remove.")] = []


class Faulty(Choices):
    """The same with the faults that are on."""

    faults: Annotated[Names, Field(description="Faults that are on.")] = []


PROTOCOL = (
    "file.py:attribute, package.module:attribute, or a built-in one: original, fixed (`list` has others). "
    "The file is executed."
)


class Selected(Faulty, Timed):
    """A protocol, and what is chosen for it."""

    protocol: Annotated[str, Field(description=PROTOCOL)]


class ReportSource(Faulty):
    """A report: that of a protocol, which is checked now, or one from a file."""

    protocol: Annotated[str | None, Field(description=PROTOCOL)] = None
    report: Annotated[
        str | None, Field(description="Instead of a protocol: a JSON report, as `check --format json` writes it.")
    ] = None

    @model_validator(mode="after")
    def _one(self) -> ReportSource:
        if (self.protocol is None) == (self.report is None):
            raise ValueError("give either protocol or report")
        return self


class ListInput(Timed):
    """What ``list`` is given."""

    protocols: Annotated[Names, Field(description="file.py means all in it; without any: the built-in ones.")] = []


class CheckInput(Selected):
    """What ``check`` is given."""

    properties: Annotated[Names, Field(description="Check only these.")] = []
    engine: Annotated[str, Field(description="auto, explicit, native, bmc, induction, … (see list).")] = "auto"
    scenario: Annotated[str | None, Field(description="Instead: the shortest run that shows this scenario.")] = None
    fail_fast: Annotated[bool, Field(description="Stop at the first violation; the rest is then unknown.")] = False
    exhaustive: Annotated[bool, Field(description="Visit every state, even if all is decided earlier.")] = False
    symmetry: Annotated[bool | None, Field(description="Count orbits of interchangeable members.")] = None
    normalise: Annotated[
        str | None, Field(description="Count states up to the normal form of this sort's generations.")
    ] = None
    depth: Annotated[int | None, Field(description="Limit on the depth of the search.")] = None
    max_states: Annotated[int | None, Field(description="Limit on the number of states.")] = None
    seed: Annotated[int | None, Field(description="Of engines simulate and bitstate.")] = None
    runs: Annotated[int | None, Field(description="Of engines simulate and bitstate.")] = None


class ProveInput(Choices, Timed):
    """What ``prove`` is given."""

    protocol: Annotated[str, Field(description=PROTOCOL)]
    faults: Annotated[
        Names | None, Field(description="Under exactly these faults; without: as many as the proof survives.")
    ] = None
    properties: Annotated[Names, Field(description="Prove only these.")] = []
    infer: Annotated[bool, Field(description="Search for lemmas.")] = False


class ExplainInput(ReportSource, Timed):
    """What ``explain`` is given."""

    property: Annotated[str | None, Field(description="Whose run; default: the first violated one.")] = None
    in_depth: Annotated[
        bool, Field(description="Also what each process believes and what else could happen; takes ten seconds more.")
    ] = False
    format: Annotated[Literal["text", "mermaid"], Field(description="Format of the text.")] = "text"


class CompareInput(Timed):
    """What ``compare`` is given."""

    before: ReportSource
    after: ReportSource


class LintInput(Selected):
    """What ``lint`` is given."""


class ForecastInput(Selected):
    """What ``forecast`` is given."""

    properties: Annotated[Names, Field(description="For a search for these only.")] = []
    symmetry: Annotated[bool | None, Field(description="Count orbits of interchangeable members.")] = None
    explain: Annotated[bool, Field(description="Also say what multiplies the states.")] = True


class MutateInput(Selected):
    """What ``mutate`` is given."""

    properties: Annotated[Names, Field(description="Check mutants with these only.")] = []
    actions: Annotated[Names, Field(description="Only mutants of these.")] = []
    max_states: Annotated[int | None, Field(description="Limit on the number of states of each search.")] = None


class EstablishInput(Selected):
    """What ``establish`` is given."""

    at_least: Annotated[float, Field(description="Mutants that the properties must notice, in per cent.")] = 80.0
    violated: Annotated[Names, Field(description="Properties that are meant to be violated.")] = []
    accepted: Annotated[
        Names, Field(description="Warnings and findings that a person has accepted, each as 'kind: subject'.")
    ] = []
    every_size: Annotated[bool, Field(description="Ask for proofs for every size, too.")] = False
    max_states: Annotated[int | None, Field(description="Limit on the number of states of each search.")] = None


class WalkInput(Selected):
    """What ``walk`` is given."""

    steps: Annotated[
        list[int], Field(description="Numbers of enabled steps, from 1, taken one after another from the start.")
    ] = []
    random: Annotated[int, Field(ge=0, le=1000, description="Then take so many random steps.")] = 0
    seed: Annotated[int | None, Field(description="Seed of random steps; default: a new one, told.")] = None


class GraphInput(Selected):
    """What ``graph`` is given."""

    max_states: Annotated[int, Field(ge=1, le=2000, description="Refuse to draw more.")] = GRAPH
