"""The main job: check a protocol, report, exit code."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from model.language import Variant

from ..catalogue import find, siblings
from ..report import document, write_whole
from ..run import Options, check
from ..vocabulary import Report, Verdict
from .deliver import Delivery, told, writable
from .progress import progress


def check_command(protocol: str, **asked: Any) -> int:
    """Run the check that the options ask for; the exit code."""
    delivery = Delivery(asked["form"], asked["outputs"])
    if asked["dump_ir"] is not None:
        writable(asked["dump_ir"])
    subject = find(protocol)
    explain = bool(delivery.forms - {"text"})
    with progress() as listener:
        report = check(
            subject,
            once(asked["settings"]),
            faults=asked["faults"],
            with_protections=asked["with_"],
            without=asked["without"],
            options=Options(
                engine=asked["engine"],
                properties=asked["properties"],
                scenario=asked["scenario"],
                fail_fast=asked["fail_fast"],
                exhaustive=asked["exhaustive"],
                symmetry=asked["symmetry"],
                slicing=asked["slicing"],
                depth=asked["depth"],
                states=asked["max_states"],
                memory=asked["max_memory"],
                seconds=asked["time_limit"],
                seed=asked["seed"],
                runs=asked["runs"],
                workers=asked["workers"],
                listener=listener,
                explain=explain,
                alternatives=asked["alternatives"],
                beside=_beside(protocol, asked["beside"], explain=explain),
                least_delay=asked["least_delay"],
                all_different=asked["all_different"],
                ir=None if asked["dump_ir"] is None else partial(write_whole, asked["dump_ir"]),
            ),
        )
    code = exit_code(report, asked["expect"], strict=asked["strict"])
    chosen = {"expected": asked["expect"], "everything": asked["sarif_all"]}
    why = reason(report, asked["expect"], strict=asked["strict"])
    delivery.deliver(told(report, document(report, code, why), **chosen))
    return code


def _beside(protocol: str, asked: str | None, *, explain: bool) -> Sequence[Variant]:
    """What may be laid beside traces: the variant that is named, or where all is told those in the same file."""
    if asked is not None:
        return (find(asked),)
    return siblings(protocol) if explain else ()


def exit_code(report: Report, expected: str | None, *, strict: bool = False) -> int:
    """What the process exits with. Undecided stays 3 whatever was expected; ``strict`` makes warnings failures."""
    if report.interrupted:
        return report.exit_code
    if strict and report.verdict is not Verdict.UNKNOWN and any(w.strict for w in report.warnings):
        return 1
    if expected is None or report.verdict is Verdict.UNKNOWN:
        return report.exit_code
    return 0 if report.verdict.word == expected else 1


def reason(report: Report, expected: str | None, *, strict: bool) -> str:
    """Why the process exits with another code than the verdict has by itself."""
    warned = strict and any(w.strict for w in report.warnings)
    return "With --strict the warnings above are failures." if warned else f"Expected was: {expected}."


def once(settings: Sequence[tuple[str, int | str]]) -> dict[str, int | str]:
    """Settings by name; one that is given twice with different values is an error."""
    values: dict[str, int | str] = {}
    for name, value in settings:
        if values.setdefault(name, value) != value:
            raise click.UsageError(f"{name} is set twice: {values[name]} and {value}.")
    return values
