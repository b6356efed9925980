"""The model checks of one test."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from model.language import Protocol, System, Variant

from ..api import check, instance_of, render, save
from ..ask import Options
from ..catalogue import find, sibling_of
from ..fingerprint import fingerprint
from ..report.forms import NoTraceError
from ..vocabulary import Report, Verdict
from .budget import Budget
from .cache import Cache


class ModelCheckError(AssertionError):
    """A protocol is not as the test expects; the message is the whole story."""


class ModelCheck:
    """What the fixture ``model_check`` is: call it with a protocol."""

    def __init__(self, request: pytest.FixtureRequest, record: Callable[[str, object], None]) -> None:
        self._item: pytest.Item = request.node
        self._config = request.config
        self._record = record
        self._count = 0

    def __call__(
        self,
        subject: Protocol | Variant | System | str,
        *properties: str,
        parameters: Mapping[str, int | str] | None = None,
        faults: Sequence[str] = (),
        with_: Sequence[str] = (),
        without: Sequence[str] = (),
        expect: str = "holds",
        allow_unknown: bool = False,
        **settings: Any,
    ) -> Report:
        """Check ``properties`` (default: all) and fail unless the verdict is as expected ("holds" or "violated").

        Undecided fails too, unless ``allow_unknown``. ``settings`` are sizes of the protocol, and else fields of
        ``Options``: ``model_check(fixed, plans=3, depth=20)``. Raises ``ModelCheckError``, and ``ModelError`` for a
        wrong request.
        """
        __tracebackhide__ = True
        if expect not in ("holds", "violated"):
            raise ValueError(f"expect={expect!r}: write expect='holds' or expect='violated'")
        known = {f.name for f in fields(Options)} - _parameters(subject)
        sizes = {**(parameters or {}), **{n: v for n, v in settings.items() if n not in known}}
        options = self._options(properties, {n: v for n, v in settings.items() if n in known})
        request = _Request(subject, sizes, tuple(faults), tuple(with_), tuple(without))
        report = self._checked(request, options)
        self._count += 1
        self._record("planrace", _line(report, request))
        if report.verdict.word == expect or (allow_unknown and report.verdict is Verdict.UNKNOWN):
            return report
        raise ModelCheckError(self._story(report, request, options, expect))

    def _options(self, properties: Sequence[str], settings: Mapping[str, Any]) -> Options:
        budget = Budget.of(self._config).marked(self._item)
        given = {"seconds": budget.seconds, "states": budget.states, "properties": tuple(properties), **settings}
        return Options(**given)

    def _checked(self, request: _Request, options: Options) -> Report:
        if not self._config.getoption("--model-check-cache"):
            return request.check(options)
        cache = Cache(getattr(self._config, "cache", None))
        key = fingerprint(request.instance(), (options.properties, options.engine, options.scenario, options.depth))
        found = cache.get(key)
        if found is None:
            found = request.check(options)
            cache.put(key, found)
        return found

    # What fails ------------------------------------------------------------------------------------------------
    def _story(self, report: Report, request: _Request, options: Options, expect: str) -> str:
        """What the checker says, where the page is, and how to see it again."""
        written = self._artifacts(report, request, options)
        lines = [f"model_check: expected {expect}, found {report.verdict.word}", "", render(report).rstrip(), ""]
        lines += [f"{form}: {path}" for form, path in written.items()]
        command = request.command(options)
        if command is not None:
            lines.append(f"to see it again: {command}")
        return "\n".join(lines)

    def _artifacts(self, report: Report, request: _Request, options: Options) -> dict[str, str]:
        """The page and the trace of what failed, in a directory of the test's own."""
        if not any(f.trace is not None for f in report.findings):
            return {}
        folder = Path(self._config.getoption("--model-check-artifacts"))
        folder = self._config.rootpath / folder / re.sub(r"[^\w.=-]+", "_", self._item.nodeid).strip("_")
        folder.mkdir(parents=True, exist_ok=True)
        full = request.check(replace(options, explain=True, beside=request.beside()))
        name = f"{report.protocol}-{self._count}" if self._count > 1 else re.sub(r"[^\w.-]+", "_", report.protocol)
        written = {}
        for form, ending in {"html": "html", "itf": "itf.json"}.items():
            path = folder / f"{name}.{ending}"
            try:
                save(full, path, form)
            except NoTraceError:
                continue
            written[form] = str(path)
            self._record(f"planrace-{form}", str(path))
        return written


class _Request:
    """A protocol with all that was chosen."""

    def __init__(
        self,
        subject: Protocol | Variant | System | str,
        sizes: Mapping[str, int | str],
        faults: tuple[str, ...],
        with_: tuple[str, ...],
        without: tuple[str, ...],
    ) -> None:
        self.subject = subject
        self.sizes = sizes
        self.chosen: dict[str, Any] = {"faults": faults, "with_protections": with_, "without": without}

    def check(self, options: Options) -> Report:
        return check(self.subject, self.sizes, **self.chosen, options=options)

    def instance(self) -> Any:
        return instance_of(self.subject, self.sizes, **self.chosen)

    def beside(self) -> Variant | None:
        """The most protected variant beside the one that is checked."""
        return sibling_of(self.subject) if isinstance(self.subject, Variant) else None

    def command(self, options: Options) -> str | None:
        """The command that says the same; None where the protocol has no name that the command could take."""
        name = self.subject if isinstance(self.subject, str) else _named(self.subject)
        if name is None:
            return None
        words = ["check", "-p", name]
        for option, values in {"--fault": "faults", "--with": "with_protections", "--without": "without"}.items():
            words += [w for v in self.chosen[values] for w in (option, v)]
        words += [w for n, v in self.sizes.items() for w in ("-s", f"{n}={v}")]
        words += [w for p in options.properties for w in ("--property", p)]
        words += ["--depth", str(options.depth)] if options.depth is not None else []
        words += ["--engine", options.engine] if options.engine != "auto" else []
        return shlex.join(words)


def _parameters(subject: Protocol | Variant | System | str) -> set[str]:
    """The names of sizes and options: they come before settings of the same name."""
    found = find(subject) if isinstance(subject, str) else subject
    if isinstance(found, System):
        return {p.name for p in found.parameters}
    protocol = found.protocol if isinstance(found, Variant) else found
    return {*protocol.parameters, *protocol.options}


def _named(subject: object) -> str | None:
    """``file.py:attribute`` of a protocol that is an attribute of some module."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        for attribute, value in list(vars(module).items()) if file else ():
            if value is subject and not attribute.startswith("_"):
                path = Path(str(file))
                here = Path.cwd()
                return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{attribute}"
    return None


def _line(report: Report, request: _Request) -> str:
    """One line for the summary."""
    sizes = ", ".join(f"{n}={v}" for n, v in report.parameters.items())
    faults = f"; {', '.join(report.faults)}" if report.faults else ""
    told = f"{report.verdict.word:<9} {report.protocol} ({sizes}{faults})"
    if report.exploration is not None:
        told += f": {report.exploration.states:,} states, {report.exploration.seconds:.2f} s"
    return told + (" (cached)" if any(f.how.endswith("(cached)") for f in report.findings) else "")
