"""What is wrong with the answers of planrace, held against what is true."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from planrace.checker import Options, check
from planrace.checker.results.report import Finding, Report
from planrace.model.language import DefinitionError, ModelError

from .description import Asked
from .draw import Drawn
from .inserted import endings, root
from .refused import refused
from .runs import wrong_run
from .truth import LIVE, Told, Truth, orbits
from .write import load

LIMIT = "would need", "needs machine code, and there is none"
"""What an engine says where sets or numbers are too wide for it: no answer, and none that is wrong."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """A hang becomes an error after this many seconds of processor time, however busy the machine is."""

    def late(*_: object) -> None:
        raise TimeoutError(f"no answer in {seconds:g} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


LIMITS = "time limit", "may be as great as"
"""Why an engine that decides everything may say unknown: the clock, and numbers that machine code does not hold."""


@dataclass
class Judge:
    """Asks about one drawn system; ``complaints`` is what is wrong. ``seconds`` bounds each search."""

    drawn: Drawn
    seconds: float = 60.0
    complaints: list[str] = field(default_factory=list)
    protocol: Any = None

    def __post_init__(self) -> None:
        self.truth: Truth = self.drawn.truth
        self.asked: dict[str, Asked] = {p.name: p for p in self.drawn.described.properties}

    @property
    def checkable(self) -> list[str]:
        """The properties that a search of states and steps decides."""
        return [n for n, p in self.asked.items() if p.kind in ("invariant", "step_invariant", "reachable")]

    @property
    def about(self) -> dict[str, Any]:
        """The sizes, faults and protections of the run, as calls take them."""
        d = self.drawn.described
        protections = [name for name, _ in d.protections] if d.protected else []
        return {"parameters": d.values, "faults": d.on, "with_protections": protections}

    def complain(self, who: str, what: str) -> None:
        self.complaints.append(f"{who}: {what}")

    # The definition --------------------------------------------------------------------------------------------
    def _assigns_twice(self, problem: DefinitionError) -> bool:
        """Whether two positions that were drawn apart are one term (1 + 1 and 2): the line assigns a place twice."""
        roots = [[root(t) for t, _ in e.writes] for a in self.drawn.described.actions for e in endings(a)]
        return "is assigned twice in one step" in problem.what and any(len(set(r)) < len(r) for r in roots)

    def define(self) -> bool:
        """Read the file; whether there is something to check."""
        why = refused(self.drawn.described)
        with self.crashes("definition"):
            try:
                self.protocol = load(self.drawn.described)
            except DefinitionError as problem:
                if why is None and not self._assigns_twice(problem):
                    self.complain("definition", f"refused: {problem}")
                elif problem.where is None or not problem.where.file.startswith("drawn_"):
                    self.complain("definition", f"names no line: {problem}")
                return False
            except ModelError as problem:
                if "is divided by 0 at these sizes" not in problem.what:  # an initial value that was drawn so
                    raise
                return False
            if why is not None and not self.drawn.described.protections:
                self.complain("definition", f"not refused: {why}")
            return why is None
        return False

    @contextmanager
    def crashes(self, who: str) -> Iterator[None]:
        try:
            yield
        except Exception as problem:
            at = traceback.extract_tb(problem.__traceback__)[-1]
            self.complain(who, f"{type(problem).__name__}: {problem} (at {at.filename.rpartition('/')[2]}:{at.lineno})")

    # Engines ---------------------------------------------------------------------------------------------------
    def ask(self, engine: str, names: Sequence[str] = (), **options: Any) -> Report | None:
        """The report of an engine, after it is compared with the truth; None where the model is refused."""
        who = " ".join([engine, *(f"{n}={v}" for n, v in options.items() if n != "time_limit")])
        wanted = Options(engine=engine, properties=tuple(names), **{"time_limit": self.seconds, **options})
        with self.crashes(who), deadline(2 * self.seconds):
            try:
                report = check(self.protocol, **self.about, options=wanted)
            except ModelError as problem:
                self._refused(who, problem, names)
                return None
            if self.truth.deadlock != -1 and self.truth.nothing:
                self.complain(who, "no error, though nothing can ever happen")
            self.compare(who, report, bounded=engine in ("bmc", "simulate", "bitstate", "induction", "spacer"))
            return report
        return None

    def _refused(self, who: str, problem: ModelError, names: Sequence[str]) -> None:
        """An error of the model; is there one?"""
        if any(limit in str(problem) for limit in LIMIT):
            return
        asked = [self.truth.told[n] for n in names or self.asked]
        right = self.truth.wrong is None and self.truth.deadlock != -1  # -1: final has no value somewhere
        if right and not self.truth.nothing and all(t.wrong is None for t in asked):
            self.complain(who, f"says that the model is wrong, and it is not: {problem}")

    def compare(self, who: str, report: Report, *, bounded: bool = False) -> None:
        """Verdicts, lengths, runs and counts. ``bounded``: unknown is an answer."""
        for f in report.findings:
            for what in self._finding(f, bounded=bounded or report.interrupted):
                self.complain(who, f"{f.kind} {f.name}: {what}")
        covered = report.exploration
        if covered is None or not covered.complete:
            return
        if self.truth.wrong is not None and all(self.asked[f.name].kind not in LIVE for f in report.findings):
            if not any(f.trace for f in report.findings) or "exhaustive" in who:
                self.complain(who, f"a complete search of a model that is wrong: {self.truth.why}")
            return
        main = any(self.asked[f.name].kind not in LIVE for f in report.findings)
        if self.truth.wrong is None and main and not covered.sliced:
            self._counts(who, covered)
        if self.truth.sound and main and "exhaustive" in who:
            self._warnings(who, report)

    def _warnings(self, who: str, report: Report) -> None:
        """Deadlocks, and actions that never happen."""
        stuck = next((w.trace for w in report.warnings if w.kind == "deadlock"), None)
        length, wanted = None if stuck is None else len(stuck), self.truth.deadlock
        if wanted not in (length, -1):
            self.complain(who, f"a deadlock after {length} steps, not {wanted}")
        never = {w.subject for w in report.warnings if w.kind == "never happens"}
        if never != self.truth.never:
            self.complain(who, f"{sorted(never)} never happen, not {sorted(self.truth.never)}")

    def _counts(self, who: str, covered: Any) -> None:
        truth = self.truth
        found = covered.states, covered.transitions, covered.depth
        if not covered.symmetry:
            wanted = len(truth.depths), truth.transitions, truth.depth
            if found != wanted:
                self.complain(who, f"states, transitions and depth are {found}, not {wanted}")
            return
        least, most = orbits(truth), len(truth.depths)
        if not least <= covered.states <= most:
            self.complain(who, f"{covered.states} states of {most} in {least} orbits")
        if covered.states > least * covered.states_per_orbit:
            self.complain(who, f"{covered.states} states stand for {least} orbits")
        if covered.depth < truth.depth or (covered.states_per_orbit == 1 and covered.depth != truth.depth):
            self.complain(who, f"orbits have depth {covered.depth}, not {truth.depth}")

    def _finding(self, f: Finding, *, bounded: bool) -> Iterator[str]:
        told, verdict = self.truth.told[f.name], f.verdict.word
        met = "holds" if self.asked[f.name].kind == "reachable" else "violated"
        if verdict == "unknown":
            if not bounded and told.verdict != "unknown" and not any(limit in f.how for limit in LIMITS):
                yield f"unknown ({f.how}), not {told.verdict}"
            return
        length = f.depth if f.trace is not None else None
        wrong = self._wrong(told, f.name)
        if wrong is not None:
            if verdict != met:
                yield f"{verdict}, though the model is wrong in {wrong} steps: {self.truth.why}"
            elif length is not None and length <= wrong and (told.length is None or told.length > length):
                yield f"{verdict} in {length} steps, not in {told.length}"
        elif verdict != told.verdict:
            yield f"{verdict}, not {told.verdict} (in {told.length} steps)"
        elif told.length is not None and length is None:
            yield f"{verdict} without a run"
        elif told.length is not None and length is not None:
            longer = length > told.length and f.how.startswith("explicit")
            if length < told.length or longer:
                yield f"{verdict} in {length} steps, not {told.length}"
        if f.trace is not None and verdict == met:
            yield from wrong_run(self.truth, self.asked[f.name], f)

    def _wrong(self, told: Told, name: str) -> int | None:
        """The least depth at which a search for a property meets what is wrong, where it does not decide it before."""
        found = [w for w in (self.truth.wrong, told.wrong) if w is not None]
        if self.asked[name].kind in LIVE or self.asked[name].kind == "recoverable":
            return told.wrong if self.asked[name].kind in LIVE else (found[0] if found else None)
        return min(found, default=None)
