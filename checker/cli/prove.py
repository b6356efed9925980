"""``check prove``: proofs for every size, the table of all of them, and their obligations as files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from model.language import Variant

from ..catalogue import find
from ..limits import Limits
from ..proof import Matrix, Proving, confirm, confirmer, scripts
from ..report import OutputError, document, matrix_document, matrix_json, write_whole
from ..report.forms import FORMS
from ..report.outcome import UNDECIDED, Asked, Outcome
from ..run import chosen, provable, refuse, split
from ..vocabulary import INTERRUPTED
from .command import once
from .deliver import Delivery, Told, told
from .progress import progress


def prove_command(protocol: str, **asked: Any) -> int:
    """Prove what the options ask for; the exit code."""
    delivery = Delivery(asked["form"], asked["outputs"], ("text", "json") if asked["all_"] else tuple(FORMS))
    if asked["dump_smt"] is not None:
        _directory(asked["dump_smt"])
    with delivery.answering(protocol):
        if asked["confirm"]:
            confirmer()  # a proof may take long: what is missing is said first
        result, code, texts = (_table if asked["all_"] else _proof)(protocol, asked)
    delivery.deliver(result)
    if asked["dump_smt"] is not None:
        written = _dump(asked["dump_smt"], texts())
        click.echo(f"{written} obligations written to {asked['dump_smt']}", err=True)
    return code


def _proof(name: str, asked: Any) -> tuple[Told, int, Any]:
    variant = find(name)
    with progress() as listener:
        proving = Proving(
            variant,
            _sizes(variant, asked),
            faults=asked["faults"] or None,
            with_protections=asked["with_"],
            without=asked["without"],
            limits=Limits(seconds=asked["time_limit"]),
            listener=listener,
            rlimit=asked["rlimit"],
            infer=asked["infer"],
        )
        report = proving.run(*chosen(proving.system, asked["properties"], provable()))

    def texts() -> Iterable[tuple[str, str]]:
        return scripts(proving.decider.obligations, proving.discharged())

    doubted, interrupted = _doubted(texts()) if asked["confirm"] else ((), False)
    report = replace(report, interrupted=report.interrupted or interrupted)
    wanted = Asked(asked["expect"], doubted=doubted)
    outcome = Outcome(report, wanted)
    return told(report, document(report, outcome.code, outcome.reason), asked=wanted), outcome.code, texts


def _sizes(variant: Variant, asked: Any) -> dict[str, int]:
    words, sizes = split(variant, once(asked["settings"]))
    refuse(words)
    return sizes


def _table(name: str, asked: Any) -> tuple[Told, int, Any]:
    for option, given in {"--fault": asked["faults"], "--with": asked["with_"], "--without": asked["without"]}.items():
        if given:
            raise click.UsageError(f"--all tries every set of faults and protections; leave out {option}.")
    if asked["properties"] or asked["infer"] or asked["expect"]:
        raise click.UsageError("--all takes no --property, --infer or --expect.")
    with progress() as listener:
        limits = Limits(seconds=asked["time_limit"])
        table = Matrix(find(name), _sizes(find(name), asked), limits=limits, listener=listener, rlimit=asked["rlimit"])
        report = table.run()

    def texts() -> Iterable[tuple[str, str]]:
        return scripts(table.decider.obligations, table.discharged())

    doubted, interrupted = _doubted(texts()) if asked["confirm"] else ((), False)
    report = replace(report, interrupted=report.interrupted or interrupted)
    code = INTERRUPTED if report.interrupted else UNDECIDED if report.undecided or doubted else 0
    table_told = Told(matrix_document(report, code), {"json": lambda: json.dumps(matrix_json(report), indent=2) + "\n"})
    return table_told, code, texts


def _directory(path: str) -> None:
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OutputError(f"cannot write to {path}: {problem.strerror} (name a directory)") from problem


def _dump(path: str, texts: Iterable[tuple[str, str]]) -> int:
    count = 0
    for name, text in texts:
        write_whole(Path(path) / name, text)
        count += 1
    return count


def _doubted(texts: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], bool]:
    """The obligations to which the second solver does not agree, and whether that was interrupted."""
    try:
        with progress() as listener:
            answer = confirm(texts, listener)
    except KeyboardInterrupt:
        return (), True
    agreed = answer.asked - len(answer.doubted)
    click.echo(f"{agreed} of {answer.asked} obligations confirmed by {answer.solver}", err=True)
    for name, why in answer.doubted:
        click.echo(f"not confirmed: {name}: {why}", err=True)
    return tuple(f"{name}: {why}" for name, why in answer.doubted), False
