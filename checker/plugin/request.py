"""The request of one model check in a test: protocol, size, properties, options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

from planrace.checker.results.report import NOT_DECLARED, Report
from planrace.checker.run.contract import Ability
from planrace.checker.run.fingerprint import fingerprint, planrace_version
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find
from planrace.checker.run.registry import able
from planrace.checker.run.request import Selection, variant_of
from planrace.checker.run.run import run
from planrace.model.language import Instance, ModelError, Protocol, System, Variant
from planrace.model.language.name_tables import check_statements
from planrace.model.language.references import check_spoken
from planrace.properties.kinds import Checkable, Property, Temporal

ProtocolLike: TypeAlias = Protocol | Variant | System | str
Named: TypeAlias = "str | Property"

BOUNDS = (
    *("time_limit", "max_states", "max_memory", "workers", "cluster", "shards", "checkpoint", "resume"),
    *("listener", "ir"),
)
"""Options on which decided verdicts do not depend."""
EXPLANATIONS = ("explain", "beside", "alternatives", "least_delay", "all_different", "verbose")
"""Options that only add explanations of counterexamples."""


@dataclass(frozen=True)
class CheckRequest:
    """A protocol with all choices: the selection and the options of the run."""

    subject: ProtocolLike
    selection: Selection
    options: Options

    def check(self) -> Report:
        """The report, without warnings about undeclared properties: other tests may use these."""
        report = run(self.selection, self.options)
        return replace(report, warnings=tuple(w for w in report.warnings if w.kind != NOT_DECLARED))

    @property
    def instance(self) -> Instance:
        return self.selection.instance

    @property
    def every_size(self) -> bool:
        """Whether the answer is about every size that is left open."""
        return able(self.options.engine, Ability.EVERY_SIZE)

    @property
    def key(self) -> str | None:
        """The hash of all that a report with a violation depends on; None if there is none."""
        others = [variant_of(v).system(self.selection.faults) for v in self.options.candidates]
        explained = [(n, getattr(self.options, n)) for n in EXPLANATIONS if n != "beside"]
        return self._hash(*explained, others)

    @property
    def question(self) -> str | None:
        """The hash of all that a report without violations depends on: it has no traces to explain."""
        return self._hash()

    @property
    def described(self) -> dict[str, Any]:
        """The question in values of JSON, for files of the cache."""
        instance = self.instance
        system, o = instance.system, self.options
        sized = self.selection.sizes if self.every_size else instance.parameters
        return {
            "version": planrace_version(),
            "protocol": system.name,
            "parameters": dict([*sized.items(), *system.options]),
            "faults": list(system.faults),
            "protections": list(system.protections),
            "properties": list(o.properties),
            "options": {n: repr(v) for n, v in self._verdict_options},
        }

    @property
    def _verdict_options(self) -> list[tuple[str, Any]]:
        """Options on which verdicts depend."""
        return [
            (f.name, getattr(self.options, f.name)) for f in fields(Options) if f.name not in (*BOUNDS, *EXPLANATIONS)
        ]

    def _hash(self, *more: object) -> str | None:
        """A hash of the question. For a proof for every size it includes which sizes are fixed."""
        o = self.options
        if o.ir is not None:
            return None
        fixed = sorted(self.selection.sizes.items()) if self.every_size else ()
        try:
            return fingerprint(self.instance, (*self._verdict_options, fixed, *more))
        except TypeError:
            return None


# Properties that a test brings along ----------------------------------------------------------------------------
def declaring(subject: ProtocolLike, properties: Sequence[Named]) -> tuple[ProtocolLike, tuple[str, ...]]:
    """The subject, with those of ``properties`` that are not just names declared in it; and the names of all."""
    for p in properties:
        if not isinstance(p, str | Checkable | Temporal):
            raise ModelError(
                f"model_check: {p!r} is not a property",
                remedy="name a declared one, or pass invariant(…), reachable(…)",
            )
    names = tuple(p if isinstance(p, str) else p.name for p in properties)
    new = list(_new(subject, [p for p in properties if not isinstance(p, str)]))
    if not new:
        return subject, names
    found = find(subject) if isinstance(subject, str) else subject
    if isinstance(found, System):
        extended = replace(found, properties=(*found.properties, *new))
        check_statements(extended)
        check_spoken(extended, lambda: {n: (a,) for n, a in extended.actions.items()})
        return extended, names
    return variant_of(found).declaring(properties=new), names


def _new(subject: ProtocolLike, properties: Sequence[Property]) -> Iterator[Property]:
    """The properties that the subject does not declare, each once. Raises ``ModelError`` if two have the same name."""
    found = find(subject) if isinstance(subject, str) and properties else subject
    said = [] if isinstance(found, str) else [*found.properties]
    if isinstance(found, Variant):
        said += found.protocol.properties
    by_name = {p.name: p for p in said}
    for p in properties:
        if by_name.setdefault(p.name, p) is not p:
            raise ModelError(f"property {p.name} is declared twice", where=p.where, remedy="rename one of the two")
        if p not in said:
            said.append(p)
            yield p
