"""The model checks of one test."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from planrace.checker.api.request import apart, given_sizes, selected, subject_of, with_variants
from planrace.checker.explain.model_data import sources
from planrace.checker.plugin.artifacts import forget, write
from planrace.checker.plugin.budget import CheckBudget
from planrace.checker.plugin.cache import CACHED, VerdictCache
from planrace.checker.plugin.naming import command
from planrace.checker.plugin.request import CheckRequest, Named, ProtocolLike, declaring
from planrace.checker.report.text.document import document
from planrace.checker.report.text.plain import render_plain
from planrace.checker.results.report import WITHOUT_FAULTS, Report
from planrace.checker.results.verdict import DECIDED, Verdict
from planrace.checker.results.wording import counted
from planrace.checker.run.arguments import check_arguments
from planrace.checker.run.call_site import placed
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import siblings_of
from planrace.model.language import ModelError, Place, Protocol, Variant
from planrace.model.language.errors import author

_FOR_AUTHORS = True  # errors name the line that calls this module

KEYWORDS = ("parameters", "faults", "with_", "without", "expect", "allow_unknown", "strict", "options")

__all__ = ["ModelCheck", "ModelCheckError"]


class ModelCheckError(AssertionError):
    """A verdict is not as the test expects. The message is the whole report; its first line is a summary."""


class ModelCheck:
    """The fixture ``model_check``: call it with a protocol. Each check adds to the ``lines`` of the summary."""

    def __init__(self, item: pytest.Item, lines: list[str]) -> None:
        self._item = item
        self._lines = lines
        self._numbers = count(1)
        self._place: Place | None = None
        self._words: tuple[str, ...] = KEYWORDS
        self._checks = 0
        self._spent = CheckBudget(0.0, 0)
        forget(item)

    def at(self, place: Place | None, words: Sequence[str]) -> ModelCheck:
        """The same for a call at another place with additional keywords; errors name that place."""
        other = copy(self)
        other._place, other._words = place, (*KEYWORDS, *words)
        return other

    def __call__(
        self,
        subject: ProtocolLike,
        /,
        *properties: Named,
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

        ``properties`` are names or properties; those that the protocol does not declare are declared for this check.
        An undecided check fails, too, unless ``allow_unknown``; so do warnings about the model, if ``strict``.
        ``settings`` are sizes of the protocol, or fields of ``Options``: ``model_check(fixed, plans=3, depth=20)``. An
        expected violation writes its page only with ``explain=True``. Raises ``ModelCheckError``, and
        ``ModelError`` for a wrong request.
        """
        __tracebackhide__ = True
        with placed(self._place or author()):
            words = {"faults": faults, "with_": with_, "without": without, "allow_unknown": allow_unknown}
            words |= {"strict": strict, "options": options}
            check_arguments(words, ModelCheck.__call__.__annotations__)
            if expect not in [v.word for v in DECIDED]:
                raise ModelError(
                    f"expect={expect!r} is not a verdict", remedy="write expect='holds' or expect='violated'"
                )
            names = {"faults": faults, "with_protections": with_, "without": without}
            if "properties" in settings:
                remedy = "name them after the protocol: (protocol, 'safe')"
                raise ModelError("model_check has no keyword properties=", remedy=remedy)
            given = subject_of(subject, "model_check")
            sizes, more = apart(given, settings, "model_check", self._words)
            declared, names_of_properties = declaring(subject, properties)
            own = replace(options or Options(), **more, **_if_any(names_of_properties))
            selection = selected(
                subject_of(declared, "model_check"), {**given_sizes(given, parameters), **sizes}, **names
            )
            wanted = with_variants(declared, self._options(subject, expect, own, self._budget))
            request = CheckRequest(declared, selection, wanted)
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

    @property
    def _budget(self) -> CheckBudget:
        """The budget of all checks of the test together."""
        try:
            return CheckBudget.of(self._item.config).marked(self._item)
        except ValueError as problem:
            raise ModelError(f"{self._item.nodeid}: {problem}") from None

    def _options(self, subject: ProtocolLike, expect: str, own: Options, budget: CheckBudget) -> Options:
        """The options of the call, with the remaining budget where they set no limit. A violation that fails the test
        is explained in full, for its page."""
        left = budget.without(self._spent)
        explain = own.explain or expect == "holds"
        beside = own.beside
        if beside is None and explain and isinstance(subject, Protocol | Variant):
            beside = siblings_of(subject)
        return replace(
            own,
            time_limit=left.seconds if own.time_limit is None else own.time_limit,
            max_states=left.states if own.max_states is None else own.max_states,
            explain=explain,
            beside=beside,
        )

    def _answer(self, request: CheckRequest) -> tuple[Report, bool]:
        """The report, and whether it is cached; a cached one gets the present lines of the author's file."""
        config = self._item.config
        if not config.getoption("--model-check-cache"):
            return self._checked(request), False
        cache = VerdictCache(getattr(config, "cache", None))
        question, key, described = request.question, request.key, request.described
        found = cache.get(question, described, request.instance)
        if found is None:
            found = cache.get(key, described, request.instance)
        if found is not None:
            return replace(found, sources=sources(request.selection.system)), True
        report = self._checked(request)
        cache.put(question if report.verdict is Verdict.HOLDS else key, report, described)
        return report, False

    def _checked(self, request: CheckRequest) -> Report:
        """A new report; its time and states count towards the budget."""
        began = time.monotonic()
        report = request.check()
        states = report.exploration.states if report.exploration is not None else 0
        self._checks += 1
        self._spent = self._spent.plus(time.monotonic() - began, states)
        return report

    @property
    def _before(self) -> str:
        """A note that the budget is for the whole test, if the test has made several checks."""
        return " (it is for the whole test)" if self._checks > 1 and self._budget != CheckBudget() else ""

    def _story(self, report: Report, request: CheckRequest, why: str, *, strict: bool) -> str:
        """The message of a failure: the report, the files, and the command that repeats the check."""
        shown = replace(document(replace(report, full_match=None)), closing=f"verdict: {report.verdict}")
        lines = [f"model_check: {why}", "", render_plain(shown).rstrip(), ""]
        if report.verdict is Verdict.UNKNOWN:
            lines.append(f"undecided is a failure: widen the budget{self._before}, or pass allow_unknown=True")
        lines += [f"{format_name}: {path}" for format_name, path in write(report, self._item, next(self._numbers))]
        again = command(request.subject, request.selection, request.options, report)
        if again and strict:
            again += " --strict"
        again = again or f"pytest {shlex.quote(self._item.nodeid)} (no module has this protocol as an attribute)"
        return "\n".join([*lines, f"to see it again: {again}"])


def _if_any(properties: tuple[str, ...]) -> dict[str, Any]:
    """The properties of the call; if there are none, those of the options remain."""
    return {"properties": properties} if properties else {}


def line(report: Report, *, cached: bool) -> str:
    """One line for the summary."""
    sizes = ", ".join(f"{n}={v}" for n, v in report.parameters.items())
    if report.every_size:
        sizes = f"every size with {sizes}" if sizes else "every size"
    choices = [sizes, ", ".join(report.faults)]
    instance = "; ".join(c for c in choices if c)
    text = f"{report.verdict.word:<9} {report.protocol}" + (f" ({instance})" if instance else "")
    if report.exploration is not None:
        text += f": {counted(report.exploration.states, 'state')}, {report.exploration.seconds:.2f} s"
    if report.left_out:
        text += f"; left out: {', '.join(name for name, _, _ in report.left_out)}"
    noted = [f"{w.subject} {w.message}" for w in report.warnings if w.kind == WITHOUT_FAULTS]
    for word, said in (("warning", serious(report)), ("note", noted)):
        text += f"; {word}: {'; '.join(said)}" if said else ""
    return text + (CACHED if cached else "")


def serious(report: Report) -> list[str]:
    """The warnings of the report that count with ``strict``, in a few words each."""
    return [
        f"deadlock after {counted(len(w.trace), 'step')}"
        if w.kind == "deadlock" and w.trace
        else f"{w.subject} {w.message}"
        for w in report.warnings
        if w.strict
    ]
