"""Decides one point of the fix lab, by the same requests as ``check`` and ``check prove``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from planrace.checker.engines.limits import processor, until
from planrace.checker.results.fixes import EverySizeVerdict, FixPoint, PointVerdict, ToldStep
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.report import Finding
from planrace.checker.results.trace import Trace
from planrace.checker.results.verdict import Verdict
from planrace.checker.review.lab.keep import LabCache
from planrace.checker.review.lab.task import LabTask, command, delta, point_from, proofs_from, to_json
from planrace.checker.review.lab.why import acting, left_open
from planrace.checker.run.fingerprint import fingerprint
from planrace.checker.run.options import Options
from planrace.checker.run.proof_engine import EverySize
from planrace.checker.run.registry import answers_of
from planrace.checker.run.request import Request, Selection, resolve, select, select_properties
from planrace.checker.run.run import run
from planrace.model.language import ModelError, Variant
from planrace.properties.kinds import Checkable, Invariant, StepInvariant, Temporal

PROVABLE = EverySize.abilities.kinds
LAST = 1
"""Changes whenever what is kept of an answer means something else."""


class Bench:
    """Decides points of one variant, which commands call ``name``. ``options`` are those of each search. Answers that
    no limit has cut are kept in ``cache``."""

    def __init__(self, variant: Variant, name: str, options: Options, cache: LabCache | None) -> None:
        self.variant, self.name, self.options, self.cache = variant, name, options, cache

    def selection(self, task: LabTask) -> Selection:
        """The system of a point. Raises ``ModelError``."""
        return select(self.variant, dict(task.sizes), faults=task.faults, **delta(self.variant, task.protections))

    def decide(self, task: LabTask, ends: float | None = None) -> tuple[dict[str, Any], bool]:
        """The answer as JSON values, and whether it was kept from an earlier run. ``ends`` is a time of ``time.time``;
        what is not decided then is unknown."""
        left = None if ends is None else max(0.0, ends - time.time())
        if left == 0.0:
            return to_json(self._late(task), self._command(task)), False
        known = self.kept(task)
        if known is not None:
            return known, True
        value, lasting = self.fresh(task, left)
        if lasting:
            self.keep(task, value)
        return value, False

    def kept(self, task: LabTask) -> dict[str, Any] | None:
        """The answer of an earlier run, if there is one."""
        if self.cache is None:
            return None
        known = self.cache.kept(self._key(self.selection(task), task))
        return {**known, "command": self._command(task)} if known and self._readable(task, known) else None

    def keep(self, task: LabTask, value: dict[str, Any]) -> None:
        """Keep an answer that no limit has cut."""
        if self.cache is not None:
            self.cache.keep(self._key(self.selection(task), task), value)

    def fresh(self, task: LabTask, left: float | None = None) -> tuple[dict[str, Any], bool]:
        """The answer, found anew within so many seconds, and whether no limit has cut it."""
        selection = self.selection(task)
        try:
            with until(left):
                found = self._proved(selection, task) if task.every_size else self._searched(selection, task)
        except TimeUpError:
            found = self._late(task)
        return to_json(found, self._command(task)), _lasting(found, task, _provable(selection, task))

    def _key(self, selection: Selection, task: LabTask) -> str:
        model = selection.system if task.every_size else selection.instance
        asked = [task.properties, task.told, task.first, task.every_size, task.seconds, self.options.slicing]
        asked += [self.options.max_states, self.options.engine, self.options.symmetry, LAST]
        return fingerprint(model, (*asked, tuple(map(tuple, task.sizes))))

    @staticmethod
    def _readable(task: LabTask, known: Mapping[str, Any]) -> bool:
        """Whether what was kept answers the question."""
        try:
            if task.every_size:
                return bool(proofs_from(known))
            found = point_from(known)
        except (LookupError, TypeError, ValueError):
            return False
        names = (found.protections, found.faults, tuple(v.property for v in found.verdicts))
        return names == (task.protections, task.faults, task.properties)

    def _late(self, task: LabTask) -> FixPoint | tuple[EverySizeVerdict, ...]:
        why = "not tried: the time limit was reached"
        if task.every_size:
            return tuple(EverySizeVerdict(p, Verdict.UNKNOWN, why) for p in task.properties)
        declared = {p.name: p.kind for p in self.variant.system().properties}
        missing = tuple(PointVerdict(p, declared.get(p, ""), Verdict.UNKNOWN, why) for p in task.properties)
        return FixPoint(task.protections, task.faults, dict(task.sizes), missing, 0, self._command(task))

    def _command(self, task: LabTask) -> str:
        return command(self.name, self.variant, task)

    # Searches --------------------------------------------------------------------------------------------------
    def _searched(self, selection: Selection, task: LabTask) -> FixPoint:
        options = replace(self.options, properties=task.properties, fail_fast=task.first, listener=None)
        request = resolve(selection, options, Checkable | Temporal)
        chosen = any(r.choosing for r in selection.system.refinements)
        if task.told or chosen:  # whether another choice would do is asked after the search
            report = run(selection, options)
            found = [self._told(request, f) for f in report.findings]
            covered = report.exploration
        else:
            answered = answers_of(request)
            covered = answered.coverage
            by_name = {a.property.name: a for a in answered.answers}
            found = []
            for p in request.properties:
                a = by_name[p.name]
                length = None if a.recording is None else len(a.recording.moves)
                found.append(PointVerdict(p.name, p.kind, a.verdict, a.how, length))
        states = 0 if covered is None else covered.states
        return FixPoint(task.protections, task.faults, request.parameters, tuple(found), states, self._command(task))

    def _told(self, request: Request, f: Finding) -> PointVerdict:
        violated = f.verdict is Verdict.VIOLATED
        steps = told_steps(f.trace) if violated and f.trace is not None else ()
        sentence = left_open(request.selection, f) if violated else ""
        acts = acting(request.selection, f.trace) if violated and f.trace is not None else ()
        return PointVerdict(f.name, f.kind, f.verdict, f.how, f.depth, steps, sentence, acts)

    # Proofs ----------------------------------------------------------------------------------------------------
    def _proved(self, selection: Selection, task: LabTask) -> tuple[EverySizeVerdict, ...]:
        from planrace.checker.run.proving import Proving

        findings: dict[str, Finding] = {}
        chosen, _ = select_properties(selection.system, task.properties)
        safe = [p for p in chosen if isinstance(p, Invariant | StepInvariant)]
        others = [p for p in chosen if isinstance(p, PROVABLE) and p not in safe]
        with until(task.seconds, "processor time for a proof", processor):
            for wanted, infer in ((others, False), (safe, True)):  # lemmas for recovery are not inferred
                if not wanted:
                    continue
                try:
                    report = Proving(selection, survive=False, infer=infer).run(wanted)
                except (TimeUpError, ModelError) as problem:
                    late = (Finding(p.name, p.kind, p.meaning, Verdict.UNKNOWN, str(problem)) for p in wanted)
                    findings.update((f.name, f) for f in late)
                else:
                    findings.update((f.name, f) for f in report.findings)
        return tuple(_about_every_size(p, findings.get(p)) for p in task.properties)


def told_steps(trace: Trace) -> tuple[ToldStep, ...]:
    """The steps of a run in words."""
    return tuple(
        ToldStep(
            s.action,
            s.by if s.role in s.by else f"{s.by} ({s.role})",
            f"{s.text} [{s.outcome}]" if s.outcome else s.text,
            tuple(f"{o.title}{'' if o.member is None else f' {o.member}'} now {o.text}" for o in s.observed),
        )
        for s in trace.steps
    )


def _about_every_size(name: str, f: Finding | None) -> EverySizeVerdict:
    if f is None:
        return EverySizeVerdict(name, Verdict.UNKNOWN, "no proof for every size covers this kind of property")
    sizes = None if f.parameters is None or f.verdict is not Verdict.VIOLATED else dict(f.parameters)
    return EverySizeVerdict(name, f.verdict, f.how, sizes, f.depth if f.verdict is Verdict.VIOLATED else None)


def _provable(selection: Selection, task: LabTask) -> set[str]:
    """The properties of a kind that proofs for every size cover."""
    return {p.name for p in select_properties(selection.system, task.properties)[0] if isinstance(p, PROVABLE)}


def _lasting(found: FixPoint | tuple[EverySizeVerdict, ...], task: LabTask, provable: set[str]) -> bool:
    """Whether an answer depends on no limit: everything is decided, or left unknown by the first violation, or of a
    kind that is never proved."""
    if isinstance(found, tuple):
        return all(v.verdict is not Verdict.UNKNOWN or v.property not in provable for v in found)
    return found.verdict is not Verdict.UNKNOWN and (
        bool(found.violated and task.first) or all(v.verdict is not Verdict.UNKNOWN for v in found.verdicts)
    )
