"""The ``check`` command that does the same check as a test."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from planrace.checker.results.report import Report
from planrace.checker.run.fingerprint import fingerprint
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import BUILT_IN, find
from planrace.checker.run.request import Selection, variant_of
from planrace.model.language import ModelError, Protocol, System, Variant

FLAGS = {
    "engine": "--engine",
    "scenario": "--scenario",
    "normalise": "--normalise",
    "depth": "--depth",
    "max_states": "--max-states",
    "max_memory": "--max-memory",
    "time_limit": "--time-limit",
    "seed": "--seed",
    "runs": "--runs",
    "bit_array": "--bit-array",
    "hashes": "--hashes",
    "order": "--order",
    "workers": "--workers",
    "cluster": "--cluster",
    "shards": "--shards",
    "store": "--store",
    "spill": "--spill",
    "checkpoint": "--checkpoint",
    "resume": "--resume",
}
SWITCHES = {
    "fail_fast": {True: "--fail-fast"},
    "exhaustive": {True: "--exhaustive"},
    "symmetry": {True: "--symmetry", False: "--no-symmetry"},
    "slicing": {False: "--no-slicing"},
    "least_delay": {True: "--least-delay"},
    "all_different": {True: "--all-different"},
    "verbose": {True: "--verbose"},
}


def command(
    subject: Protocol | Variant | System | str, selection: Selection, options: Options, report: Report
) -> str | None:
    """The command for the same check; None if the protocol has no name that the command accepts."""
    system, sizes = selection.system, selection.sizes
    found = named(subject, system)
    if found is None:
        return None
    name, variant = found
    request = selection_arguments(variant, system)
    words = ["check", "-p", name]
    words += [w for n, v in (*sizes.items(), *system.options) for w in ("-s", f"{n}={v}")]
    for flag, key in {"--fault": "faults", "--with": "with_protections", "--without": "without"}.items():
        words += [w for v in request[key] for w in (flag, v)]
    words += [w for p in options.properties for w in ("--property", p)]
    return shlex.join([*words, *_settings(options, report)])


def _settings(options: Options, report: Report) -> Iterator[str]:
    """Options that differ from their defaults; and a simulation's seed, even if it was random."""
    usual = Options()
    seen = {n: getattr(options, n) for n in (*FLAGS, *SWITCHES)}
    if report.exploration is not None and report.exploration.seed is not None:
        seen["seed"] = report.exploration.seed
    for name, value in seen.items():
        if value == getattr(usual, name):
            continue
        if name in FLAGS:
            yield from (FLAGS[name], f"{value:g}" if isinstance(value, float) else str(value))
        elif value in SWITCHES[name]:
            yield SWITCHES[name][value]


def selection_arguments(variant: Variant, system: System) -> dict[str, Any]:
    """The choices with which the variant makes this system."""
    return {
        "faults": system.faults,
        "with_protections": [p for p in system.protections if p not in variant.protections],
        "without": [p for p in variant.protections if p not in system.protections],
    }


# Names -----------------------------------------------------------------------------------------------------------
def named(subject: Protocol | Variant | System | str, system: System) -> tuple[str, Variant] | None:
    """The protocol's name for the command, and the variant of that name: one that makes exactly the same system."""
    if isinstance(subject, str):
        return subject, find(subject)
    candidates = [(name, m) for name, m in _attributes() if _makes(m, system)]
    home = subject.protocol.where if isinstance(subject, Variant) else getattr(subject, "where", None)
    here = [c for c in candidates if home is not None and _file(c[1][0]) == Path(home.file)]
    for name, (module, value) in here or candidates:
        return _written(module, name), variant_of(value)
    return None


def _attributes() -> Iterator[tuple[str, tuple[ModuleType, Protocol | Variant]]]:
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType) and _file(module) is not None:
            for name, value in list(vars(module).items()):
                if isinstance(value, Protocol | Variant) and not name.startswith("_"):
                    yield name, (module, value)


def _makes(candidate: tuple[ModuleType, Protocol | Variant], system: System) -> bool:
    variant = variant_of(candidate[1])
    if variant.name != system.name:
        return False
    try:
        made = variant.system(**selection_arguments(variant, system), options=dict(system.options))
        return fingerprint(made) == fingerprint(system)
    except (ModelError, TypeError):
        return False


def _written(module: ModuleType, attribute: str) -> str:
    """``original``, ``file.py:attribute``, or ``package.module:attribute`` for installed modules."""
    place = f"{module.__name__}:{attribute}"
    for short, there in BUILT_IN.items():
        if there == place:
            return short
    file, here = _file(module), _here()
    assert file is not None
    if "site-packages" in file.parts:
        return place
    return f"{file.relative_to(here) if file.is_relative_to(here) else file}:{attribute}"


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:  # the working directory was deleted, so no file is below it
        return Path("?")


def _file(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if isinstance(file, str) and file.endswith(".py") else None
