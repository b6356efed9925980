"""The model checks of one test."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, fields, replace
from itertools import count
from typing import Any

import pytest

from model.language import ModelError, Place, Protocol, System, Variant
from model.language.errors import author

from ..api import check, instance_of
from ..ask import Options
from ..catalogue import find, siblings_of
from ..fingerprint import fingerprint
from ..insight import sources
from ..report import document, render_plain
from ..request import apart, chosen, subject_of
from ..run import split
from ..vocabulary import WITHOUT_FAULTS, Report, Verdict, counted
from .artifacts import forget, write
from .budget import Budget
from .cache import CACHED, Cache
from .naming import command

_FOR_AUTHORS = True  # errors name the line that calls this module

Subject = Protocol | Variant | System | str
KEYWORDS = ("parameters", "faults", "with_", "without", "expect", "allow_unknown", "strict", "options")

__all__ = ["ModelCheck", "ModelCheckError"]


class ModelCheckError(AssertionError):
    """A protocol is not as the test expects; the message is the whole story, its first line the short one."""


@dataclass(frozen=True)
class Request:
    """A protocol with all that was chosen; ``sizes`` are those that were given, options of the protocol too."""

    subject: Subject
    sizes: Mapping[str, int | str]
    chosen: Mapping[str, Sequence[str]]
    options: Options

    def check(self) -> Report:
        return check(self.subject, self.sizes, **self.chosen, options=self.options)

    @property
    def system(self) -> System:
        return instance_of(self.subject, self.sizes, **self.chosen).system

    @property
    def given(self) -> dict[str, int]:
        found = find(self.subject) if isinstance(self.subject, str) else self.subject
        return split(found, self.sizes)[1]

    @property
    def key(self) -> str | None:
        """The hash of all that the answer depends on; None where that cannot be told. A proof for every size depends
        on which sizes were fixed, not on what the others are by default."""
        o = self.options
        if o.ir is not None:
            return None
        asked = [(f.name, getattr(o, f.name)) for f in fields(o) if f.name not in ("listener", "ir", "beside")]
        beside = [v.variant(v.name) if isinstance(v, Protocol) else v for v in o.candidates]
        others = [v.system(self.chosen["faults"]) for v in beside]
        instance = instance_of(self.subject, self.sizes, **self.chosen)
        try:
            return fingerprint(instance, (*asked, others, sorted(self.given.items()) if o.engine == "proof" else ()))
        except TypeError:
            return None


class ModelCheck:
    """What the fixture ``model_check`` is: call it with a protocol. Each check adds to the ``lines`` of the summary."""

    def __init__(self, item: pytest.Item, lines: list[str]) -> None:
        self._item = item
        self._lines = lines
        self._numbers = count(1)
        self._place: Place | None = None
        forget(item)

    def at(self, place: Place | None) -> ModelCheck:
        """The same for a call that stands elsewhere: wrong requests name that line."""
        other = copy(self)
        other._place = place
        return other

    def __call__(
        self,
        subject: Subject,
        /,
        *properties: str,
        parameters: Mapping[str, int | str] | None = None,
        faults: Sequence[str] = (),
        with_: Sequence[str] = (),
        without: Sequence[str] = (),
        expect: str = "holds",
        allow_unknown: bool = False,
        strict: bool = False,
        options: Options | None = None,
        **settings: Any,
    ) -> Report:
        """Check ``properties`` (default: all) and fail unless the verdict is as expected ("holds" or "violated").

        Undecided fails too, unless ``allow_unknown``; so do warnings of the model, if ``strict``. ``settings`` are
        sizes of the protocol, and else fields of ``Options``: ``model_check(fixed, plans=3, depth=20)``. A violation
        that is expected leaves its page where the call says ``explain=True``. Raises ``ModelCheckError``, and
        ``ModelError`` for a wrong request.
        """
        __tracebackhide__ = True
        with _placed(self._place or author()):
            if expect not in ("holds", "violated"):
                raise ModelError(f"expect={expect!r} is no outcome", remedy="write expect='holds' or expect='violated'")
            names = chosen(faults=faults, with_=with_, without=without)
            names["with_protections"] = names.pop("with_")
            if "properties" in settings:
                remedy = "name them after the protocol: (protocol, 'safe')"
                raise ModelError("model_check takes no properties=", remedy=remedy)
            sizes, more = apart(subject_of(subject, "model_check"), settings, "model_check", KEYWORDS)
            request = Request(
                subject,
                {**(parameters or {}), **sizes},
                names,
                self._options(subject, expect, replace(options or Options(), **more, **_if_any(properties))),
            )
            report, cached = self._answer(request)
        if report.interrupted:
            raise KeyboardInterrupt
        self._lines.append(line(report, cached=cached))
        why = None
        if report.verdict.word != expect and not (allow_unknown and report.verdict is Verdict.UNKNOWN):
            why = f"expected {expect}, found {report.verdict.word}"
        elif strict and serious(report):
            why = "warnings are failures where strict=True"
        if why is not None:
            raise ModelCheckError(self._story(report, request, why, strict=strict))
        if report.verdict is Verdict.VIOLATED and request.options.explain:
            list(write(report, self._item, next(self._numbers)))
        return report

    def _options(self, subject: Subject, expect: str, own: Options) -> Options:
        """What the call says, else the budget. A violation that fails the test is told in full, for its page."""
        try:
            budget = Budget.of(self._item.config).marked(self._item)
        except ValueError as problem:
            raise ModelError(f"{self._item.nodeid}: {problem}") from None
        explain = own.explain or expect == "holds"
        beside = own.beside
        if beside is None and explain and isinstance(subject, Protocol | Variant):
            beside = siblings_of(subject)
        return replace(
            own,
            seconds=budget.seconds if own.seconds is None else own.seconds,
            states=budget.states if own.states is None else own.states,
            explain=explain,
            beside=beside,
        )

    def _answer(self, request: Request) -> tuple[Report, bool]:
        """The report, and whether it is an old one; lines of the author's file are those of today."""
        config = self._item.config
        key = request.key if config.getoption("--model-check-cache") else None
        if key is None:
            return request.check(), False
        cache = Cache(getattr(config, "cache", None))
        found = cache.get(key)
        if found is not None:
            return replace(found, sources=sources(request.system)), True
        report = request.check()
        cache.put(key, report)
        return report, False

    def _story(self, report: Report, request: Request, why: str, *, strict: bool) -> str:
        """What the checker says, where the page is, and how to see it again."""
        told = replace(document(replace(report, telling=None)), closing=f"verdict: {report.verdict}")
        lines = [f"model_check: {why}", "", render_plain(told).rstrip(), ""]
        if report.verdict is Verdict.UNKNOWN:
            lines.append("undecided is a failure: widen the budget, or say allow_unknown=True")
        lines += [f"{form}: {path}" for form, path in write(report, self._item, next(self._numbers))]
        again = command(request.subject, request.system, request.given, request.options, report)
        if again and strict:
            again += " --strict"
        again = again or f"pytest {shlex.quote(self._item.nodeid)} (no module has this protocol under a name for check)"
        return "\n".join([*lines, f"to see it again: {again}"])


@contextmanager
def _placed(place: Place | None) -> Iterator[None]:
    """Errors that have no place of their own get the one of the test."""
    try:
        yield
    except ModelError as problem:
        if problem.where is not None:
            raise
        raise ModelError(problem.what, where=place, remedy=problem.remedy) from problem.__cause__


def _if_any(properties: tuple[str, ...]) -> dict[str, Any]:
    """Those of the call, else what the options say."""
    return {"properties": properties} if properties else {}


def line(report: Report, *, cached: bool) -> str:
    """One line for the summary."""
    chosen = [", ".join(f"{n}={v}" for n, v in report.parameters.items()), ", ".join(report.faults)]
    instance = "; ".join(c for c in chosen if c)
    told = f"{report.verdict.word:<9} {report.protocol}" + (f" ({instance})" if instance else "")
    if report.exploration is not None:
        told += f": {report.exploration.states:,} states, {report.exploration.seconds:.2f} s"
    if report.left_out:
        told += f"; left out: {', '.join(name for name, _, _ in report.left_out)}"
    unfaulted = (f"{w.subject} {w.message}" for w in report.warnings if w.kind == WITHOUT_FAULTS)
    warned = "; ".join([*serious(report), *unfaulted])
    return told + (f"; warning: {warned}" if warned else "") + (CACHED if cached else "")


def serious(report: Report) -> list[str]:
    """What the report warns of, in a few words each."""
    return [
        f"deadlock after {counted(len(w.trace), 'step')}"
        if w.kind == "deadlock" and w.trace
        else f"{w.subject} {w.message}"
        for w in report.warnings
        if w.strict
    ]
